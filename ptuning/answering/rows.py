"""A request on its way to its answer."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from ptuning.answering.requests import Decision, Matcher, Request, Result
from ptuning.answering.slots import Segment
from ptuning.errors import PtuningError


class Chosen(NamedTuple):
    """A next token; other: the likeliest of the rest, `margin` less likely (infinitely where nothing else is allowed)."""

    token: int
    logprob: float
    other: int
    margin: float


@dataclass
class Row:
    """A request on its way. segment: what its slot begins with; pending: tokens not read yet; most: tokens it may write;
    ends: what ends the answer;
    filled: columns of the slot in use; position: next position id."""

    request: Request
    result: Result
    segment: Segment
    pending: list[int]
    most: int
    draws: torch.Generator | None
    matcher: Matcher | None
    ends: Collection[int]
    filled: int = field(init=False)
    position: int = field(init=False)

    def __post_init__(self) -> None:
        self.filled, self.position = self.segment.length, self.segment.position

    def begin(self) -> bool:
        """What the answer has to begin with is read together with the prompt; True when that is all of it."""
        self.result.ids, self.result.decisions, self.result.logprob = [], [], 0.0
        return self._write(self.request.begun)

    def take(self, chosen: Chosen) -> bool:
        """Notes the chosen token and what it forces; True when the answer is finished."""
        self.result.logprob += chosen.logprob
        if chosen.margin < math.inf:
            decision = Decision(len(self.result.ids), chosen.logprob, chosen.other, chosen.margin)
            self.result.decisions.append(decision)
        return self._write((chosen.token,))

    def _write(self, tokens: Sequence[int]) -> bool:
        """Adds these tokens and those they force to the answer; True when it is finished."""
        if self.matcher and not any(token in self.ends for token in tokens):
            try:
                for token in tokens:
                    self.matcher.accept(token)
                tokens = [*tokens, *self.matcher.forced()]
            except PtuningError as error:  # a constraint that leaves no way on fails alone
                self.result.error = str(error)
                return True
        for token in tokens:
            if token in self.ends:
                self.result.ended = True
                return True
            self.pending.append(token)
            self.result.ids.append(token)
            if len(self.result.ids) == self.most:
                return True
        return False
