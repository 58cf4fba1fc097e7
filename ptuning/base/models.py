"""Loads a frozen base with its tokenizer, and says which base it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from huggingface_hub import snapshot_download
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedModel

from ptuning.base.families import chatglm
from ptuning.base.loading import fill, require_room
from ptuning.base.tokenizers.glm import MODEL_FILE, ChatGlm3Tokenizer, GlmTokenizer, Tokenizer
from ptuning.base.tokenizers.glm4 import Glm4Tokenizer, is_rank_file
from ptuning.base.tokenizers.hub import HubTokenizer
from ptuning.errors import PtuningError
from ptuning.files import read_json

RAW_MODELS = Path(__file__).resolve().parents[2] / "RawModels"
SMALL_FILES = ["*.json", "*.model", "*.txt", "*chatglm.py"]  # the code is read as text, for its settings, and never run
WEIGHT_FILES = ("model*.safetensors", "pytorch_model*.bin")


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
    layers (ptuning.base.quantization.layers); 0 leaves them as the folder has them.

    Raises:
        PtuningError: the folder is missing, incomplete, of a kind that cannot be read, or too large for the device.
    """
    name, folder = str(folder), locate(folder)
    place = torch.device(device)
    dtype = dtype or (torch.float32 if place.type == "cpu" else torch.float16)
    kind = model_type(folder)
    model = skeleton(folder, kind)
    tokenizer = load_tokenizer(folder, kind)  # before the weights: it is quick, and they are not
    if model.config.vocab_size < tokenizer.vocab_size:
        raise PtuningError(
            f"{folder} 的分词模型有{tokenizer.vocab_size}个词元，多于模型的词表，请换用与权重配套的 tokenizer.model。"
        )
    bits = _bits(folder, kind, quantization_bit)
    _make_room(model, bits, dtype, place, folder)
    if bits:
        from ptuning.base.quantization.models import replace_linears

        replace_linears(model, bits, dtype, quantization_scheme)
    try:
        fingerprint = fill(model, weights(folder, kind), dtype, place, folder)
    except torch.OutOfMemoryError:
        raise PtuningError(
            f"{device} 的显存放不下基座模型 {folder}，请用 --quantization_bit 8 或 4，或换一个更大的设备。"
        ) from None
    except (OSError, SafetensorError) as error:
        reason = str(error).partition("\n")[0]
        raise PtuningError(f"无法读取基座模型 {folder} 的权重（{reason}），请重新下载。") from None
    identity = {"name": Path(name).resolve().name, "fingerprint": fingerprint}
    return Base(model.requires_grad_(False).eval(), tokenizer, identity, kind == "chatglm", folder)


def locate(name: str | Path) -> Path:
    """The folder of a model: itself; else, of a hub name like THUDM/chatglm2-6b, RawModels/chatglm2-6b or a download.

    Raises:
        PtuningError: there is neither folder nor hub.
    """
    folder = Path(name)
    if (
        folder.exists()
        or not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", str(name))
        or str(name).startswith("RawModels/")
    ):
        return folder
    local = RAW_MODELS / folder.name
    if local.exists():
        return local
    try:
        for patterns in ([*SMALL_FILES, WEIGHT_FILES[0]], [WEIGHT_FILES[1]]):  # .bin only where there is nothing better
            found = Path(snapshot_download(str(name), allow_patterns=patterns))
            if any(found.glob(WEIGHT_FILES[0])):
                break
    except Exception as error:  # network, proxy, unknown name: hub and HTTP client raise many kinds
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(
            f"没有模型文件夹 {name}，也无法从模型库下载它（{reason}），请在能上网的机器上下载 {name} 的全部文件，放到 {local}。"
        ) from None
    return found


def model_type(folder: Path) -> str:
    """What config.json says: chatglm, or one of transformers' names.

    Raises:
        PtuningError: there is no such folder.
    """
    config_file = folder / "config.json"
    if not config_file.is_file():
        raise PtuningError(
            f"找不到基座模型 {folder}（没有 config.json），请把模型文件夹放到那里，或用 --model_name_or_path 指定。"
        )
    return str(read_json(config_file).get("model_type"))


def load_tokenizer(folder: Path, kind: str) -> Tokenizer:
    """The tokenizer of a folder: of the GLM kinds by tokenizer.model, of others by what transformers reads.

    Raises:
        PtuningError: it is missing or damaged.
    """
    file = folder / MODEL_FILE
    if kind != "chatglm" and not (kind == "glm" and file.is_file()):
        return HubTokenizer(folder)
    if is_rank_file(file):
        return Glm4Tokenizer(file)
    about = (folder / name for name in ("tokenizer_config.json", "tokenization_chatglm.py"))
    roles = any("<|user|>" in path.read_text(encoding="utf-8", errors="replace") for path in about if path.is_file())
    return (ChatGlm3Tokenizer if roles else GlmTokenizer)(file)


def skeleton(folder: Path, kind: str) -> PreTrainedModel:
    """The model of a folder without weights (on the meta device); what no file holds, like rotary frequencies, is real.

    Raises:
        PtuningError: config.json is of a kind that transformers does not know, or is no decoder.
    """
    file = folder / "config.json"
    settings: Any
    try:
        if kind == "chatglm":
            settings = chatglm.glm_config(read_json(file), file)
        else:
            settings = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        with init_empty_weights(include_buffers=False):
            model = AutoModelForCausalLM.from_config(settings, dtype=torch.float32, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StrictDataclassError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(
            f"{file} 的 model_type 是“{kind}”，不能作为基座（{reason}），支持 chatglm、glm 与 transformers 里的解码器模型。"
        ) from None
    if kind != "chatglm" and (folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
    model.tie_weights()
    return model


def weights(folder: Path, kind: str) -> Iterator[tuple[str, Tensor]]:
    """(transformers' name, tensor as stored) of every weight, a shard after another.

    Raises:
        PtuningError: a file is missing or damaged.
    """
    settings = read_json(folder / "config.json")
    for shard in chatglm.shards(folder):
        for name, tensor in chatglm.read_weights(shard):
            if kind == "chatglm":
                yield from chatglm.renamed(name, tensor, settings, folder)
            else:
                yield name, tensor


def stored_dtype(folder: Path) -> torch.dtype:
    """The dtype of a folder's first float weight.

    Raises:
        PtuningError: no weights there.
    """
    for _, tensor in chatglm.read_weights(chatglm.shards(folder)[0]):
        if tensor.is_floating_point():
            return tensor.dtype
    raise PtuningError(f"模型文件夹 {folder} 里没有浮点权重，请换用未量化的模型。")


def _bits(folder: Path, kind: str, wanted: int) -> int:
    """Bits of the decoder's linear layers: those of a folder that is quantised, else as wanted; 0: not quantised."""
    settings = read_json(folder / "config.json")
    if kind != "chatglm":
        if "quantization_config" in settings:
            raise PtuningError(
                f"{folder} 是已量化的模型（quantization_config），请换用未量化的权重，再加 --quantization_bit。"
            )
        return wanted
    stored = settings.get("quantization_bit") or 0
    if stored and wanted not in (0, stored):
        raise PtuningError(
            f"{folder} 是{stored}位量化的模型，不能再按{wanted}位读，请去掉 --quantization_bit 或换用未量化的权重。"
        )
    return stored or wanted


def _make_room(model: PreTrainedModel, bits: int, dtype: torch.dtype, device: torch.device, folder: Path) -> None:
    from ptuning.base.quantization.models import memory_bytes

    require_room(memory_bytes(model, bits, dtype), device, folder)
