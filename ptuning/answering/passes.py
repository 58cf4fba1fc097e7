"""Passes of the base over rows in a pool: where every row's tokens go, what each sees, and how many rows fit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from ptuning.answering.attention import grouped
from ptuning.answering.recorded import RecordedPasses
from ptuning.answering.rows import Row
from ptuning.answering.slots import Segment, SlotPool, additive
from ptuning.base.loading import free_memory
from ptuning.base.shapes import KeyValueShape
from ptuning.methods.deltas import added
from ptuning.methods.method import Tuning

# Prompt tokens read in one pass: rows of like length share it, and what it holds fits a CPU's cache.
PASS_TOKENS = 2_048


class Passes:
    """What reads tokens with one base. One pool is kept from call to call."""

    def __init__(self, base: PreTrainedModel, pad: int, memory: int | None = None, graphs: bool = False) -> None:
        """memory: bytes for keys and values; a quarter of what is free unless given. graphs: short passes are recorded as
        CUDA graphs."""
        self.base, self.pad, self.device = base, pad, base.device
        # A CPU multiplies matrices faster in bfloat16, but not the small ones of attention.
        single = base.device.type == "cpu" and base.config._attn_implementation == "sdpa"
        self.dtype = torch.float32 if single else base.dtype  # of keys and values
        self.bare = self._bare()
        self._recorded = RecordedPasses(self.read) if graphs else None
        self._memory = memory
        self._pool: SlotPool | None = None

    def _bare(self) -> Segment:
        """What a row of the base alone begins with: nothing."""
        layers, heads, width = KeyValueShape.of(self.base)
        return Segment(torch.zeros((layers, 2, heads, 0, width), dtype=self.dtype, device=self.device), 0)

    def segment(self, tuning: Tuning) -> Segment:
        """What rows with this tuning begin with, and what it adds to their passes."""
        with torch.inference_mode():
            key_values, first = tuning.key_values(), tuning.embeddings()
            if first is not None:
                key_values = self._read_once(first)
            held = self.bare.keys_values if key_values is None else key_values.to(self.device, self.dtype)
        return Segment(held, tuning.text_start, tuning.deltas(), tuning.head(self.base.get_output_embeddings()))

    def _read_once(self, inputs: Tensor) -> Tensor:
        """The keys and values that trained inputs leave: no text changes them, so rows with them need nothing else.
        Shape: [length, hidden] → [layers, 2, kv_heads, length, head_dim]."""
        given = inputs.to(self.device, self.base.dtype)[None]
        cache = self.base.get_decoder()(inputs_embeds=given, past_key_values=DynamicCache(), use_cache=True).past_key_values
        return torch.stack([torch.stack((layer.keys[0], layer.values[0])) for layer in cache.layers])

    def pool(self, rows: Sequence[Row], more: int, slots: int) -> tuple[SlotPool, int]:
        """The kept pool, with room for the largest row and `more` columns; and how many rows memory allows, at most `slots`."""
        wanted, capacity = self._room(rows, more, slots)
        if self._pool is None or self._pool.slots < wanted or self._pool.capacity < capacity:
            self._pool = None  # first: both would not fit
            self._pool = SlotPool(self.bare.keys_values, wanted, capacity)
        return self._pool, wanted

    def pool_of_its_own(self, row: Row, more: int) -> SlotPool:
        """For a row that is written while other calls may use the kept pool."""
        return SlotPool(self.bare.keys_values, 1, self._room([row], more, 1)[1])

    def free_pool(self) -> None:
        """Gives the kept pool's memory back."""
        self._pool = None

    def _room(self, rows: Sequence[Row], more: int, slots: int) -> tuple[int, int]:
        """(rows that memory allows, at most `slots`; columns of the largest)."""
        like = self.bare.keys_values
        capacity = max(row.filled for row in rows) + max(len(row.pending) for row in rows) + more + 1
        layers, _, heads, _, width = like.shape
        a_row = layers * 2 * heads * width * like.element_size() * capacity
        memory = self._memory if self._memory is not None else free_memory(like.device) // 4
        return max(1, min(slots, len(rows), memory // a_row)), capacity

    def read_short(self, pool: SlotPool, ids: Tensor, filled: Tensor, position: Tensor, width: int) -> Tensor:
        """`read` from the first slot on, by a recorded pass where there is one; good until the next pass."""
        recorded = None
        if self._recorded and not pool.deltas(0, pool.slots):  # a graph is the same for all rows
            recorded = self._recorded.read(pool, ids, filled, position, width)
        return self.read(pool, ids, filled, position, width) if recorded is None else recorded

    def read(self, pool: SlotPool, ids: Tensor, filled: Tensor, position: Tensor, width: int, first: int = 0) -> Tensor:
        """Last hidden states of tokens [rows, tokens] that go into slots first, first + 1, … behind the columns `filled`
        [rows], their first at position `position` [rows]; columns from `width` on are not read."""
        among = torch.arange(ids.shape[1], device=ids.device)
        behind = filled[:, None] + among
        pool.window(first, first + len(ids), behind.clamp(max=pool.capacity - 1), width)
        allowed = torch.arange(width, device=ids.device) <= behind[:, :, None]
        return self.hidden(pool, ids, position[:, None] + among, allowed)

    def hidden(self, pool: SlotPool, ids: Tensor, positions: Tensor, allowed: Tensor) -> Tensor:
        """Last hidden states [rows, tokens, hidden]; allowed: which columns each token sees, [rows, tokens, columns]."""
        mask = additive(allowed, self.dtype)
        decoder = self.base.get_decoder()
        with grouped(self.base), added(decoder, pool.deltas(*pool.read_slots)):
            read = decoder(
                input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=pool, use_cache=True
            )
        return read.last_hidden_state

    def logits(self, hidden: Tensor, rows: Sequence[Row]) -> Tensor:
        """Of the rows' last hidden states. Shape: [rows, ..., hidden] → [rows, ..., vocabulary], float32."""
        logits = self.base.get_output_embeddings()(hidden).float()
        for head in {row.segment.head for row in rows if row.segment.head}:
            own = [at for at, row in enumerate(rows) if row.segment.head is head]
            logits[own] = head(hidden[own]).float()
        return logits
