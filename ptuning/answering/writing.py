"""Rows that write token after token, while others come and go."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ptuning.answering.passes import PASS_TOKENS, Passes
from ptuning.answering.rows import Chosen, Row
from ptuning.answering.slots import SlotPool, padded


class Writing:
    """Rows that write. The active ones are always in slots 0, 1, …: a pass reads one slice of the pool."""

    def __init__(self, passes: Passes, rows: Sequence[Row], pool: SlotPool, slots: int) -> None:
        """pool: has room for `slots` of the rows at a time, and for all that they may write."""
        self._reading, self.waiting = passes, deque(rows)
        self.active: list[Row] = []
        self.pool, self.slots = pool, slots

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
        return max(1, sum(pending) // len(pending)) if self._reading.device.type == "cpu" else max(pending)

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
        reading = self._reading
        parts = [row.pending[:most] for row in rows]
        ids, lengths = padded(parts, reading.pad, reading.device)
        filled = torch.tensor([row.filled for row in rows], device=ids.device)
        position = torch.tensor([row.position for row in rows], device=ids.device)
        width = max(row.filled + len(part) for row, part in zip(rows, parts))
        if first:
            hidden = reading.read(self.pool, ids, filled, position, width, first)
        else:
            hidden = reading.read_short(self.pool, ids, filled, position, width)
        for row, part in zip(rows, parts):
            row.filled, row.position = row.filled + len(part), row.position + len(part)
            row.pending = row.pending[len(part) :]
        ready = [at for at, row in enumerate(rows) if not row.pending]
        if not ready:
            return
        asking = [rows[at] for at in ready]
        logits = reading.logits(hidden[ready, lengths[ready] - 1], asking)
        chosen = _chosen(asking, logits)
        finished = [first + at for at, row, token in zip(ready, asking, chosen) if row.take(token)]
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
