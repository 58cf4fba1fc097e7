"""Loads a frozen base with its tokenizer, and says which base it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import GlmForCausalLM, PreTrainedModel

from ptuning.chatglm import load_chatglm
from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.tokenizer import GlmTokenizer


@dataclass(frozen=True)
class Base:
    """A base model. identity: its folder's name, and a fingerprint of its weights."""

    model: PreTrainedModel
    tokenizer: GlmTokenizer
    identity: dict[str, str]
    original: bool  # the folder was in ChatGLM's own layout


def fingerprint(model: PreTrainedModel) -> str:
    """SHA-256 (16 hex digits) over the shape and samples of every weight.

    Taken of the weights as they are stored, before any change of dtype: rounding to bfloat16 would make another base of
    the same folder. ChatGLM's layout and transformers' give the same.
    """
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
    kind = model_type(folder)
    tokenizer = GlmTokenizer.from_pretrained(folder)  # first: it is quick, and weights are not
    model = load_weights(folder, kind)
    identity = {"name": folder.resolve().name, "fingerprint": fingerprint(model)}
    cast(model, dtype or (torch.float32 if torch.device(device).type == "cpu" else torch.float16))
    if model.config.vocab_size < tokenizer.vocab_size:
        raise PtuningError(f"{folder} 的分词模型有{tokenizer.vocab_size}个词元，多于模型的词表，请换用与权重配套的 tokenizer.model。")
    return Base(model.requires_grad_(False).eval().to(device), tokenizer, identity, kind == "chatglm")


def model_type(folder: Path) -> str:
    """chatglm or glm, as config.json says.

    Raises:
        PtuningError: there is no such folder, or it holds another kind of model.
    """
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise PtuningError(
            f"找不到基座模型 {folder}（没有 config.json），请把模型文件夹放到那里，或用 --model_name_or_path 指定。"
        )
    kind = read_json(config_file).get("model_type")
    if kind not in ("chatglm", "glm"):
        raise PtuningError(f"{config_file} 的 model_type 是“{kind}”，目前支持 chatglm 与 glm。")
    return kind


def load_weights(folder: Path, kind: str) -> PreTrainedModel:
    """The model of a folder on the CPU, in the dtype of its files.

    Raises:
        PtuningError: weights are missing, damaged, or of other shapes than config.json says.
    """
    try:
        if kind == "chatglm":
            model, missing = load_chatglm(folder)
        else:
            loaded: Any = GlmForCausalLM.from_pretrained(
                folder, dtype="auto", local_files_only=True, output_loading_info=True
            )
            model, report = loaded
            missing = sorted(report["missing_keys"])
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise PtuningError(f"无法加载基座模型 {folder}，权重不完整或与 config.json 不符（{reason}），请重新下载。") from None
    if missing:  # transformers would fill them with random numbers
        raise PtuningError(f"基座模型 {folder} 的权重缺少 {missing[0]} 等{len(missing)}项，请把权重文件下载完整。")
    return model


def cast(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Changes the parameters' dtype in place; the rotary frequencies, a buffer, stay float32."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    model.config.dtype = dtype
