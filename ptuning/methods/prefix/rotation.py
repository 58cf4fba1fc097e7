"""Moves a prefix to another start of the text behind it."""

from __future__ import annotations

import sys

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig


def rotated(rows: Tensor, model: PreTrainedModel, by: int) -> Tensor:
    """A prefix whose text starts `by` positions later, and which gives the same scores: its keys move with the text.

    Rotary scores depend on distances only, (R_p q)·k = (R_{p+by} q)·(R_by k) (Su et al. 2021, arXiv 2104.09864). The
    turn is the model's own: its frequencies and its layout of pairs. Shape kept, float64 on the CPU.

    Raises:
        PtuningError: the model has other positions (learned ones, say), or frequencies that depend on the length.
    """
    decoder = model.get_decoder()
    rotary = dict(decoder.named_children()).get("rotary_emb")
    turn = vars(sys.modules[type(decoder).__module__]).get("apply_rotary_pos_emb")
    if rotary is None or turn is None or "dynamic" in rotary.rope_type or rotary.rope_type == "longrope":
        raise PtuningError(
            f"{type(model).__name__} 的位置编码不是固定频率的旋转编码，前缀不能换到另一个起始位置，请用 caibao 格式保存。"
        )
    c = PrefixConfig.for_model(model, len(rows))
    keys, values = rows.cpu().double().view(len(rows), c.num_layers, 2, c.num_kv_heads, c.head_dim).unbind(2)
    angles = (by * rotary.inv_freq.cpu().double()).repeat(2)[None, None]
    keys = turn(keys, keys, angles.cos(), angles.sin())[1]
    return torch.stack((keys, values), 2).view(rows.shape)
