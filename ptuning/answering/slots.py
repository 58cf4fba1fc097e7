"""Keys and values of many rows in one pool: each row has a slot and fills it from its first column, so nothing is padded
on the left, and rows of any length, with any prefix, share a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import Cache

from ptuning.methods.method import Delta, Head


@dataclass(frozen=True)
class Segment:
    """What rows begin with: keys and values (a prefix, the part of a prompt that they share), and what is added to all of
    their passes.

    keys_values: [layers, 2, kv_heads, length, head_dim]; position: position id of what follows; deltas, head: as a Tuning's.
    """

    keys_values: Tensor
    position: int
    deltas: Mapping[str, Delta] = field(default_factory=dict)
    head: Head | None = None

    @property
    def length(self) -> int:
        return self.keys_values.shape[3]


class SlotPool(Cache):
    """A transformers cache of `slots` rows and `capacity` columns.

    Before a pass `window` says which slots it reads and into which columns its tokens go. The last column takes what
    padding writes and is never read.
    """

    def __init__(self, like: Tensor, slots: int, capacity: int) -> None:
        """like: keys and values of any length, [layers, 2, kv_heads, length, head_dim], for shape, dtype and device."""
        super().__init__(layers=[])
        layers, _, heads, _, width = like.shape
        self.slots, self.capacity = slots, capacity
        self._pool = like.new_zeros(layers, 2, slots, capacity, heads, width)
        self._rows = torch.arange(slots, device=like.device)[:, None]
        self._first = self._end = self._longest = 0
        self._columns = self._rows
        self._added: list[tuple[Mapping[str, Delta], Head | None]] = [({}, None)] * slots  # to each slot's passes

    def window(self, first: int, end: int, columns: Tensor, longest: int) -> None:
        """Slots first..end-1; columns: where their tokens go, [rows, tokens]; columns from `longest` on are not read."""
        self._first, self._end, self._columns, self._longest = first, end, columns, longest

    @property
    def read_slots(self) -> tuple[int, int]:
        """(first, end) of the window."""
        return self._first, self._end

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any) -> Any:
        """Writes [rows, kv_heads, tokens, head_dim] each; returns all that the window reads, [rows, kv_heads, longest, …]."""
        rows = self._rows[: self._end - self._first]
        read = []
        for pool, new in zip(self._pool[layer_idx, :, self._first : self._end], (key_states, value_states)):
            pool[rows, self._columns] = new.transpose(1, 2).to(pool.dtype)
            read.append(pool[:, : self._longest].transpose(1, 2))
        return tuple(read)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self._longest

    def begin(self, slot: int, segment: Segment) -> None:
        """The slot's row starts with the segment."""
        self._pool[:, :, slot, : segment.length] = segment.keys_values.transpose(2, 3)
        self._added[slot] = segment.deltas, segment.head

    def move(self, source: int, target: int, columns: int) -> None:
        """The first columns of one slot into another."""
        self._pool[:, :, target, :columns] = self._pool[:, :, source, :columns]
        self._added[target] = self._added[source]

    def segment(self, slot: int, columns: int, position: int) -> Segment:
        """A copy of a slot's first columns, to begin other rows of the same tuning with."""
        return Segment(self._pool[:, :, slot, :columns].transpose(2, 3).clone(), position, *self._added[slot])

    def deltas(self, first: int, end: int) -> list[tuple[Mapping[str, Delta], Tensor]]:
        """What slots first..end-1 add to layers: the deltas of each tuning, and its rows of the window."""
        rows: dict[int, tuple[Mapping[str, Delta], list[int]]] = {}
        for row, (deltas, _) in enumerate(self._added[first:end]):
            if deltas:
                rows.setdefault(id(deltas), (deltas, []))[1].append(row)
        return [(deltas, torch.tensor(among, device=self._rows.device)) for deltas, among in rows.values()]


def padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Right-padded ids [rows, longest] and the lengths [rows]."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)
    return ids, torch.tensor([len(row) for row in rows], device=device)


def additive(allowed: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask that is added to scores, from a boolean one; every attention of transformers takes it. [rows, 1, tokens, keys]"""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(
        ~allowed, torch.finfo(dtype).min
    )[:, None]
