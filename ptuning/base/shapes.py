"""Shapes that every kind of decoder has under names of its own."""

from __future__ import annotations

from typing import NamedTuple

from transformers import PreTrainedModel


class KeyValueShape(NamedTuple):
    """Of the keys and values that one position leaves in a decoder."""

    layers: int
    kv_heads: int
    head_dim: int

    @classmethod
    def of(cls, model: PreTrainedModel) -> KeyValueShape:
        config = model.config
        heads = config.num_attention_heads
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
        return cls(config.num_hidden_layers, getattr(config, "num_key_value_heads", None) or heads, head_dim)
