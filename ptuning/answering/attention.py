"""Attention with grouped keys and values as they are: transformers repeats them for every query head when there is a mask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel

NAME = "caibao_grouped"
SHORT = 16  # tokens; the mask of a long pass would grow by the groups


def grouped_attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, **options: Any
) -> tuple[Tensor, None]:
    """query [rows, heads, tokens, dim]; key, value [rows, kv_heads, columns, dim]; the mask [rows, 1, tokens, columns] is added
    to the scores.

    Computed in the dtype of the keys. In a short pass the heads that share keys stand one behind the other as further tokens:
    more products at once, and no kernel has to know about groups.
    """
    rows, heads, tokens, dim = query.shape
    groups, short = heads // key.shape[1], tokens <= SHORT
    if short:
        query = query.reshape(rows, -1, groups * tokens, dim)
        attention_mask = attention_mask.expand(-1, groups, -1, -1).reshape(rows, 1, groups * tokens, -1)
    found = functional.scaled_dot_product_attention(
        query.to(key.dtype), key, value, attention_mask, scale=options.get("scaling"), enable_gqa=not short
    )
    return found.view(rows, heads, tokens, dim).transpose(1, 2).to(query.dtype).contiguous(), None


AttentionInterface.register(NAME, grouped_attention)


@contextmanager
def grouped(model: PreTrainedModel) -> Iterator[None]:
    """For passes that bring their own mask, where the model would use PyTorch's attention."""
    config = model.config
    usual = config._attn_implementation
    if usual != "sdpa":
        yield
        return
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = usual
