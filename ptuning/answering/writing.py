"""Rows that write token after token, while others come and go."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ptuning.answering.requests import Decision, Matcher, Request, Result
from ptuning.answering.slots import Segment, padded
from ptuning.errors import PtuningError

if TYPE_CHECKING:
    from ptuning.answering.engine import Engine

# Prompt tokens read in one pass: rows of like length share it, and what it holds fits a CPU's cache.
PASS_TOKENS = 2_048


class Chosen(NamedTuple):
    """A next token; other: the likeliest of the rest, `margin` less likely (infinitely where nothing else is allowed)."""

    token: int
    logprob: float
    other: int
    margin: float


@dataclass
class Row:
    """A request on its way. segment: what its slot begins with; pending: tokens not read yet; most: tokens it may write;
    filled: columns of the slot in use; place: next position id."""

    request: Request
    result: Result
    segment: Segment
    pending: list[int]
    most: int
    draws: torch.Generator | None
    matcher: Matcher | None
    filled: int = field(init=False)
    place: int = field(init=False)

    def __post_init__(self) -> None:
        self.filled, self.place = self.segment.length, self.segment.place

    def begin(self, ends: Collection[int]) -> bool:
        """What the answer has to begin with is read together with the prompt; True when that is all of it."""
        self.result.ids, self.result.decisions, self.result.logprob = [], [], 0.0
        return self._write(self.request.begun, ends)

    def take(self, chosen: Chosen, ends: Collection[int]) -> bool:
        """Notes the chosen token and what it forces; True when the answer is finished."""
        self.result.logprob += chosen.logprob
        if chosen.margin < math.inf:
            decision = Decision(len(self.result.ids), chosen.logprob, chosen.other, chosen.margin)
            self.result.decisions.append(decision)
        return self._write((chosen.token,), ends)

    def _write(self, tokens: Sequence[int], ends: Collection[int]) -> bool:
        """Adds these tokens and those they force to the answer; True when it is finished."""
        if self.matcher and not any(token in ends for token in tokens):
            try:
                for token in tokens:
                    self.matcher.accept(token)
                tokens = [*tokens, *self.matcher.forced()]
            except PtuningError as error:  # a constraint that leaves no way on fails alone
                self.result.error = str(error)
                return True
        for token in tokens:
            if token in ends:
                self.result.ended = True
                return True
            self.pending.append(token)
            self.result.ids.append(token)
            if len(self.result.ids) == self.most:
                return True
        return False


class Writing:
    """Rows that write. The active ones are always in slots 0, 1, …: a pass reads one slice of the pool."""

    def __init__(self, engine: Engine, rows: Sequence[Row], slots: int) -> None:
        self.engine, self.waiting = engine, deque(rows)
        self.active: list[Row] = []
        self.pool, self.slots = engine.pool(rows, max(row.most for row in rows), slots)

    def passes(self) -> Iterator[None]:
        """Goes on by a pass each time, to the end of the last row."""
        while self.waiting or self.active:
            if self.waiting and len(self.active) <= self.slots * 3 // 4:
                self._admit()
            else:
                self._pass(0, self.active, self._even())
            yield

    def _even(self) -> int:
        """Tokens of a row that a pass reads. A CPU pays for padding, so rows with many forced tokens read on while others
        write; a GPU reads all at once."""
        pending = [len(row.pending) for row in self.active]
        return max(1, sum(pending) // len(pending)) if self.engine.base.device.type == "cpu" else max(pending)

    def _admit(self) -> None:
        """Waiting rows into the free slots, as many as one pass reads."""
        first = len(self.active)
        joining: list[Row] = []
        while self.waiting and first + len(joining) < self.slots:
            longest = max(len(row.pending) for row in (*joining, self.waiting[0]))
            if joining and longest * (len(joining) + 1) > PASS_TOKENS:
                break
            joining.append(self.waiting.popleft())
        for slot, row in enumerate(joining, first):
            self.pool.begin(slot, row.segment)
        self.active += joining
        self._pass(first, joining, max(len(row.pending) for row in joining))

    def _pass(self, first: int, rows: Sequence[Row], most: int) -> None:
        """Reads up to `most` pending tokens of rows in slots first, first + 1, …; a row that has none left then has its next
        token, or leaves."""
        engine = self.engine
        parts = [row.pending[:most] for row in rows]
        ids, lengths = padded(parts, engine.pad, engine.base.device)
        filled = torch.tensor([row.filled for row in rows], device=ids.device)
        place = torch.tensor([row.place for row in rows], device=ids.device)
        width = max(row.filled + len(part) for row, part in zip(rows, parts))
        hidden = None
        if engine.recorded and first == 0:
            hidden = engine.recorded.read(self.pool, ids, filled, place, width)
        if hidden is None:
            hidden = engine.read(self.pool, ids, filled, place, width, first)
        for row, part in zip(rows, parts):
            row.filled, row.place = row.filled + len(part), row.place + len(part)
            row.pending = row.pending[len(part) :]
        ready = [at for at, row in enumerate(rows) if not row.pending]
        if not ready:
            return
        asking = [rows[at] for at in ready]
        logits = engine.logits(hidden[ready, lengths[ready] - 1])
        finished = [
            first + at
            for at, row, chosen in zip(ready, asking, _chosen(asking, logits))
            if row.take(chosen, engine.ends)
        ]
        for slot in reversed(finished):
            self._leave(slot)

    def _leave(self, slot: int) -> None:
        """The last active row takes the slot of one that has ended."""
        last = self.active.pop()
        if slot < len(self.active):
            self.pool.move(len(self.active), slot, last.filled)
            self.active[slot] = last


def _chosen(rows: Sequence[Row], logits: Tensor) -> Iterator[Chosen]:
    """The next token of each row. logits: [rows, vocabulary]."""
    for at, row in enumerate(rows):
        if row.matcher:
            logits[at].masked_fill_(~row.matcher.allowed().to(logits.device), -torch.inf)
    tokens = torch.empty(len(rows), dtype=torch.long, device=logits.device)
    for sampling in {row.request.sampling for row in rows}:
        alike = [at for at, row in enumerate(rows) if row.request.sampling == sampling]
        tokens[alike] = sampling.choose(logits[alike], [rows[at].draws for at in alike])
    logprobs = logits.log_softmax(-1)
    own = logprobs.gather(1, tokens[:, None])[:, 0]
    best, others = logprobs.scatter_(1, tokens[:, None], -torch.inf).max(-1)
    yield from map(Chosen, tokens.tolist(), own.tolist(), others.tolist(), (own - best).tolist())
