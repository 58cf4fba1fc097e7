"""What prompts of one prefix begin with, read once: the keys and values of the prefix and of that text behind it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch

from ptuning.answering.passes import Passes
from ptuning.answering.requests import Request
from ptuning.answering.slots import Segment, SlotPool

SHORTEST = 8  # tokens from which a shared beginning is worth a pass of its own
KEPT = 32


class Beginnings:
    """Beginnings that were read; the ones used longest ago make room."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._read: OrderedDict[tuple[str | None, tuple[int, ...]], Segment] = OrderedDict()

    def __len__(self) -> int:
        return len(self._read)

    def forget(self, prefix: str | None) -> None:
        """Those of a prefix that is replaced."""
        for known in [known for known in self._read if known[0] == prefix]:
            del self._read[known]

    def longest(self, request: Request, start: Segment) -> tuple[tuple[int, ...], Segment]:
        """The longest known beginning of the prompt, at least one token left over; and its keys and values, `start` where
        none is known."""
        best: tuple[int, ...] = ()
        for name, known in self._read:
            if name == request.prefix and len(best) < len(known) < len(request.prompt):
                best = known if tuple(request.prompt[: len(known)]) == known else best
        if not best:
            return (), start
        self._read.move_to_end((request.prefix, best))
        return best, self._read[request.prefix, best]

    @torch.inference_mode()
    def remember(self, prefix: str | None, tokens: Sequence[int], own: Segment) -> None:
        """Reads a beginning that prompts of this prefix will share, so that they need not. own: the prefix itself."""
        beginning = tuple(tokens)
        if len(beginning) < SHORTEST or (prefix, beginning) in self._read:
            return
        passes = self._passes
        known, start = self.longest(Request([*beginning, passes.pad], prefix), own)
        if known == beginning:
            return
        rest = torch.tensor([beginning[len(known) :]], device=passes.device)
        filled, position = torch.tensor([[start.length], [start.position]], device=rest.device)
        width = start.length + rest.shape[1]
        pool = SlotPool(start.keys_values, 1, width + 1)
        pool.begin(0, start)
        passes.read(pool, rest, filled, position, width)
        self._read[prefix, beginning] = pool.segment(0, width, start.position + rest.shape[1])
        while len(self._read) > KEPT:
            self._read.popitem(last=False)


def shared_beginning(prompts: Sequence[list[int]]) -> list[int]:
    """What all prompts begin with: as much as the first and the last in order do."""
    first, last = min(prompts), max(prompts)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return first[:same]
