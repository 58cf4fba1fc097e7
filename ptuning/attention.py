"""Attention with grouped keys and values as they are: transformers repeats them for every query head when there is a mask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface, PreTrainedModel

NAME = "caibao_grouped"


def grouped_attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """query [rows, heads, tokens, dim]; key, value [rows, kv_heads, columns, dim]; the mask is added to the scores.

    Computed in the dtype of the keys.
    """
    found = functional.scaled_dot_product_attention(
        query.to(key.dtype), key, value, attn_mask=attention_mask, scale=options.get("scaling"), enable_gqa=True
    )
    return found.transpose(1, 2).to(query.dtype).contiguous(), None


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
