"""Loads a frozen base with its tokenizer, and says which base it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import GlmForCausalLM, PreTrainedModel

from ptuning.errors import PtuningError
from ptuning.tokenizer import GlmTokenizer


@dataclass(frozen=True)
class Base:
    """A base model. identity: its folder's name, and a fingerprint of its configuration and weights."""

    model: PreTrainedModel
    tokenizer: GlmTokenizer
    identity: dict[str, str]
    original: bool  # the folder was in ChatGLM's own layout


def fingerprint(model: PreTrainedModel) -> str:
    """SHA-256 (16 hex digits) over the shape and over samples of every weight: the same for a folder in any dtype or layout."""
    digest = hashlib.sha256()
    for name, parameter in sorted(model.state_dict().items()):
        flat = parameter.flatten()
        sample = flat[:: max(1, len(flat) // 64)][:64].to("cpu", torch.float16)
        digest.update(f"{name}{tuple(parameter.shape)}".encode())
        digest.update(sample.numpy().tobytes())
    return digest.hexdigest()[:16]


def load_base(folder: str | Path, dtype: torch.dtype | None = None, device: str = "cpu") -> Base:
    """A frozen model in evaluation mode from a ChatGLM folder (`model_type: chatglm`) or a transformers GLM folder.

    dtype: float32 on the CPU and float16 elsewhere unless given.

    Raises:
        PtuningError: the folder is missing, incomplete, or of a kind that cannot be read.
    """
    folder = Path(folder)
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise PtuningError(f"找不到基座模型 {folder}（没有 config.json），请把模型文件夹放到那里，或用 --model_name_or_path 指定。")
    kind = json.loads(config_file.read_text(encoding="utf-8")).get("model_type")
    dtype = dtype or (torch.float32 if device == "cpu" else torch.float16)
    if kind == "chatglm":
        from ptuning.chatglm import load_chatglm

        model: PreTrainedModel = load_chatglm(folder, dtype)
    elif kind == "glm":
        try:
            model = GlmForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
        except OSError as error:
            raise PtuningError(f"基座模型 {folder} 不完整：{str(error).splitlines()[0]}") from None
    else:
        raise PtuningError(f"{config_file} 的 model_type 是“{kind}”，目前支持 chatglm 与 glm。")
    model.requires_grad_(False)
    return Base(model.eval().to(device), GlmTokenizer.from_pretrained(folder), {"name": folder.resolve().name, "fingerprint": fingerprint(model)}, kind == "chatglm")
