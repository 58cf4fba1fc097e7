"""Lines that a person types: with prompt_toolkit in a terminal, checked while they are typed; from standard input elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable


def line_reader() -> Callable[..., str]:
    """Reads a line after a prompt. check: why what is typed so far is wrong, "" where it is not; shown below the line.

    The reader raises EOFError at the end of input.
    """
    if not sys.stdin.isatty():
        return lambda prompt, check=None: _piped(prompt)
    from prompt_toolkit import PromptSession
    from prompt_toolkit.formatted_text import AnyFormattedText
    from prompt_toolkit.history import InMemoryHistory

    session: PromptSession[str] = PromptSession(history=InMemoryHistory())

    def typed(prompt: str, check: Callable[[str], str] | None = None) -> str:
        def fault() -> AnyFormattedText:
            from prompt_toolkit.application import get_app

            return check(get_app().current_buffer.text.strip()) or "可以" if check else None

        return session.prompt(prompt, bottom_toolbar=fault if check else None, refresh_interval=0.5 if check else 0)

    return typed


def _piped(prompt: str) -> str:
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    print(line, end="")
    return line.rstrip("\n")
