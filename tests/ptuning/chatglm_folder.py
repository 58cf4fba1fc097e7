"""Writes a tiny transformers GLM as a folder in ChatGLM's own layout, for tests that need one without its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from ptuning.base.families.chatglm import PREFIX, RENAMES, settings_of
from ptuning.base.models import Base


def write_chatglm(folder: Path, base: Base, prefix: dict[str, torch.Tensor] | None = None, **settings: Any) -> Path:
    """config.json and pytorch_model.bin; prefix: weights of a prefix encoder that stand among the model's."""
    folder.mkdir(parents=True, exist_ok=True)
    state = dict(base.model.state_dict())
    if base.model.config.tie_word_embeddings:
        del state["lm_head.weight"]
    for name in [name for name in state if "q_proj" in name]:
        parts = [state.pop(name.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        state[name.replace(".self_attn.q_proj.", ".self_attention.query_key_value.")] = torch.cat(parts)
    original = {}
    for name, weight in state.items():
        for theirs, ours in RENAMES.items():
            name = name.replace(ours, theirs)
        original[name] = weight.half()
    original |= {PREFIX + name: weight for name, weight in (prefix or {}).items()}
    torch.save(original, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(settings_of(base.model.config) | settings))
    return folder
