"""What an engine is asked and what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from torch import Tensor

from ptuning.answering.sampling import GREEDY, Sampling


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

    prompt: token ids, the special head included. prefix: a name that the engine knows, of a prefix
    or what else was trained; None: the bare base. begun: what the
    answer begins with, held to the constraint like what follows; its probability is not counted.
    """

    prompt: Sequence[int]
    prefix: str | None = None
    max_new_tokens: int = 64
    choices: tuple[tuple[int, ...], ...] = ()
    constraint: Constraint | None = None
    sampling: Sampling = GREEDY
    begun: tuple[int, ...] = ()


class Decision(NamedTuple):
    """A token that was taken where the constraint left several: `at` is its place in Result.ids (behind the last: the end
    token); other: the likeliest of the rest; margin: how much less its log-probability is (below 0 where one was drawn)."""

    at: int
    logprob: float
    other: int
    margin: float


@dataclass
class Result:
    """ids: the whole answer, without the end token; scores: log-probability of each choice, over all its tokens;
    logprob: of what was written, end token included, under the constraint, what that forces being certain; ended: False where
    max_new_tokens cut it off."""

    ids: list[int] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    logprob: float = 0.0
    ended: bool = False
    error: str | None = None

    @property
    def margin(self) -> float:
        """Of the closest decision; infinite where there was none."""
        return min((decision.margin for decision in self.decisions), default=math.inf)
