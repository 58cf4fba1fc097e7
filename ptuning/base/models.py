"""Loads a frozen base with its tokenizer, and says which base it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel

from ptuning.base.families.family import Family
from ptuning.base.families.registry import family_of
from ptuning.base.folders import Folder, locate, open_folder
from ptuning.base.loading import fill, require_room
from ptuning.base.quantization.models import memory_bytes, replace_linears
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError


@dataclass(frozen=True)
class Base:
    """A base model. identity: its folder's name, and a fingerprint of its weights."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    identity: dict[str, str]
    original: bool  # the folder was in ChatGLM's own layout
    folder: Path  # where it was read from


def load_base(
    folder: str | Path,
    dtype: torch.dtype | None = None,
    device: str = "cpu",
    quantization_bit: int = 0,
    quantization_scheme: str = "int",
) -> Base:
    """A frozen model in evaluation mode, of a folder or a name on the hub.

    Kinds: ChatGLM2/3 and GLM-4 in their own layout (`model_type: chatglm`), also in 8 or 4 bits, and the decoder-only
    models of transformers. One shard after another is read, straight into `dtype` on `device`: host memory holds at most
    the model and a shard. No code of the folder is run.

    dtype: float32 on the CPU and float16 elsewhere unless given. quantization_bit: 8 or 4 quantises the decoder's linear
    layers (ptuning.base.quantization); 0 leaves them as the folder has them.

    Raises:
        PtuningError: the folder is missing, incomplete, of a kind that cannot be read, or too large for the device.
    """
    name, path = str(folder), locate(folder)
    target = torch.device(device)
    dtype = dtype or (torch.float32 if target.type == "cpu" else torch.float16)
    opened = open_folder(path)
    family = family_of(opened)
    model = _skeleton(opened, family)
    tokenizer = family.tokenizer(opened)  # before the weights: it is quick, and they are not
    if model.config.vocab_size < tokenizer.vocab_size:
        raise PtuningError(
            f"{path} 的分词模型有{tokenizer.vocab_size}个词元，多于模型的词表，请换用与权重配套的 tokenizer.model。"
        )
    bits = _bits(opened, family, quantization_bit)
    require_room(memory_bytes(model, bits, dtype), target, path)
    if bits:
        replace_linears(model, bits, dtype, quantization_scheme)
    fingerprint = _fill(model, opened, family, dtype, target)
    identity = {"name": Path(name).resolve().name, "fingerprint": fingerprint}
    return Base(model.requires_grad_(False).eval(), tokenizer, identity, family.original, path)


def _skeleton(folder: Folder, family: Family) -> PreTrainedModel:
    """The model of a folder without weights (on the meta device); what no file holds, like rotary frequencies, is real.

    Raises:
        PtuningError: config.json is of a kind that transformers does not know, or is no decoder.
    """
    try:
        settings: Any = family.config(folder)
        with init_empty_weights(include_buffers=False):
            model = AutoModelForCausalLM.from_config(settings, dtype=torch.float32, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StrictDataclassError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(
            f"{folder.config_file} 的 model_type 是“{folder.model_type}”，不能作为基座（{reason}），"
            "支持 chatglm、glm 与 transformers 里的解码器模型。"
        ) from None
    model.generation_config = family.generation(folder) or model.generation_config
    model.tie_weights()
    return model


def _bits(folder: Folder, family: Family, wanted: int) -> int:
    """Bits of the decoder's linear layers: those of a folder that is quantised, else as wanted; 0: not quantised."""
    stored = family.stored_bits(folder)
    if stored and wanted not in (0, stored):
        raise PtuningError(
            f"{folder.path} 是{stored}位量化的模型，不能再按{wanted}位读，请去掉 --quantization_bit 或换用未量化的权重。"
        )
    return stored or wanted


def _fill(model: PreTrainedModel, folder: Folder, family: Family, dtype: torch.dtype, device: torch.device) -> str:
    """Reads one shard after another into the model; returns the fingerprint.

    Raises:
        PtuningError: a file is missing or damaged, or the device has no room for the weights.
    """
    weights = (
        known
        for name, tensor in family.weights(folder)
        for known in family.renamed(name, tensor, folder)
    )
    try:
        return fill(model, weights, dtype, device, folder.path)
    except torch.OutOfMemoryError:
        raise PtuningError(
            f"{device} 的显存放不下基座模型 {folder.path}，请用 --quantization_bit 8 或 4，或换一个更大的设备。"
        ) from None
    except (OSError, SafetensorError) as error:
        reason = str(error).partition("\n")[0]
        raise PtuningError(f"无法读取基座模型 {folder.path} 的权重（{reason}），请重新下载。") from None
