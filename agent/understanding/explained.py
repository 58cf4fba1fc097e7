"""Which words of a question nothing explains: stretches whose neighbouring characters none of our wordings and sayings has.

A company that the table has not, a word for something new, a half-typed name: whatever the model makes of them, it has never read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from agent.files import read_text
from agent.text import normalise

SLOT = re.compile(r"\[\w+\]")
_APART = re.compile(r"[,，。?？!！、:：;；~“”\"()（）【】/]")


def _cut(text: str) -> str:
    """Slots and punctuation as one mark, which stands next to everything."""
    return f"#{_APART.sub('#', SLOT.sub('#', text))}#"


class KnownPairs:
    """Pairs of neighbouring characters that have been read."""

    def __init__(self, pairs: Iterable[str]) -> None:
        self._pairs = frozenset(pairs)

    @classmethod
    def of(cls, texts: Iterable[str]) -> KnownPairs:
        """The pairs of texts, slots in brackets left out."""
        found: set[str] = set()
        for text in texts:
            cut = _cut(normalise(text))
            found |= {cut[i : i + 2] for i in range(len(cut) - 1)}
        return cls(pair for pair in found if "#" not in pair)

    @classmethod
    def load(cls, path: Path) -> KnownPairs:
        """Pairs from a file: a line each first character, then all that may follow it.

        Raises:
            CaibaoError: the file cannot be read.
        """
        return cls(line[0] + second for line in read_text(path).split("\n") for second in line[1:])

    def save(self, path: Path) -> None:
        after: dict[str, list[str]] = {}
        for pair in sorted(self._pairs):
            after.setdefault(pair[0], []).append(pair[1])
        path.write_text("".join(f"{first}{''.join(seconds)}\n" for first, seconds in after.items()), encoding="utf-8")

    def unread(self, text: str) -> str:
        """The longest stretch of a slotted question without a known pair in it; "" where every pair is known."""
        cut, longest, current = _cut(text), "", ""
        for first, second in pairwise(cut):
            if "#" in (first, second) or first + second in self._pairs:
                current = ""
            else:
                current = (current or first) + second
                longest = max(longest, current, key=len)
        return longest
