"""What an engine is asked and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from ptuning.sampling import GREEDY, Sampling


class Matcher(Protocol):
    """What a constraint allows of one answer, token by token."""

    def allowed(self) -> Tensor:
        """Which tokens may come next: bool, [vocabulary]."""

    def accept(self, token: int) -> None: ...

    def forced(self) -> list[int]:
        """Tokens that must come next, accepted already; empty where there is a choice."""


class Constraint(Protocol):
    def matcher(self) -> Matcher: ...


@dataclass(frozen=True)
class Request:
    """What to do with one prompt: write after it, or (choices) only score given answers.

    prompt: token ids, the special head included. prefix: a name that the engine knows; None: the bare base.
    """

    prompt: Sequence[int]
    prefix: str | None = None
    max_new_tokens: int = 64
    choices: tuple[tuple[int, ...], ...] = ()
    constraint: Constraint | None = None
    sampling: Sampling = GREEDY


@dataclass
class Result:
    """ids: what was written, without the end token; scores: log-probability of each choice, over all its tokens;
    logprob: of what was written, end token included; ended: False where max_new_tokens cut it off."""

    ids: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    logprob: float = 0.0
    ended: bool = False
    error: str | None = None
