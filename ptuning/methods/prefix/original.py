"""Prefix checkpoints of ChatGLM's own ptuning folder: pytorch_model.bin with transformer.prefix_encoder.*, and ChatGLM's config.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ptuning.base.families import chatglm
from ptuning.base.models import Base
from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.base.weight_files import WEIGHT_FILES, read_weights, shards
from ptuning.errors import PtuningError
from ptuning.files import read_json, write_json, write_together
from ptuning.methods.method import Layout, Weights
from ptuning.methods.prefix import peft
from ptuning.methods.prefix.encoder import EMBEDDING, PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.rotation import rotated
from ptuning.methods.weights import plain_weights


def holds(folder: Path) -> bool:
    """Whether there are weights; those beside PEFT's settings are PEFT's."""
    weights = [folder / f"{name}{end}" for name in WEIGHT_FILES for end in ("", ".index.json")]
    return any(path.is_file() for path in weights) and not peft.holds(folder)


def read(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    """A checkpoint does not say which base it belongs to: the shape alone is compared, by who loads it."""
    pre_seq_len, projection, weights = read_weights_of(folder)
    return PrefixConfig.for_model(base.model, pre_seq_len, projection), weights


def read_weights_of(folder: Path) -> tuple[int, bool, Weights]:
    """A prefix checkpoint of ChatGLM's ptuning folder: (pre_seq_len, prefix_projection, the encoder's weights).

    Whether there is an MLP, and how long the prefix is, is read off the weights: they cannot be wrong.

    Raises:
        PtuningError: the weight file is damaged or holds no prefix.
    """
    state = {
        name.removeprefix(chatglm.PREFIX): tensor.float()
        for shard in shards(folder)
        for name, tensor in read_weights(shard)
        if name.startswith(chatglm.PREFIX)
    }
    if EMBEDDING not in state:
        raise PtuningError(f"检查点 {folder} 的权重里没有 {chatglm.PREFIX}{EMBEDDING}，不是前缀检查点，请检查路径。")
    return len(state[EMBEDDING]), any(name.startswith("trans.") for name in state), state


def write(folder: Path, encoder: PrefixEncoder, base: Base) -> None:
    """Needs a ChatGLM; a text that starts elsewhere than at 0 is moved there."""
    config_file = folder / "config.json"
    if config_file.is_file() and not read_json(config_file).get("pre_seq_len"):
        raise PtuningError(f"{folder} 里已有一个模型的 config.json，前缀会覆盖它，请换一个文件夹。")
    settings = _settings(base) | {
        "pre_seq_len": encoder.config.pre_seq_len,
        "prefix_projection": encoder.config.prefix_projection,
    }
    if encoder.config.text_start:
        rows = rotated(encoder().detach(), base.model, -encoder.config.text_start).float()
        settings["prefix_projection"], weights = False, {EMBEDDING: rows}
    else:
        weights = plain_weights(encoder)
    state = {chatglm.PREFIX + name: weight for name, weight in weights.items()}
    write_together(
        folder,
        {
            "config.json": lambda path: write_json(path, settings),
            "pytorch_model.bin": lambda path: torch.save(state, path),
        },
    )


def _settings(base: Base) -> dict[str, Any]:
    """The base's config.json where it is ChatGLM's own, else one that says the same.

    Raises:
        PtuningError: the base is no ChatGLM2 or ChatGLM3: GLM-4's own code has no prefix, so nothing could load one.
    """
    config: Any = base.model.config
    if isinstance(base.tokenizer, GlmTokenizer):
        if base.original:
            return read_json(base.folder / "config.json")
        if config.model_type == "glm" and config.rope_parameters["rope_type"] == "default":
            return chatglm.settings_of(config)
    raise PtuningError(
        f"基座“{base.identity['name']}”不是ChatGLM2或ChatGLM3，没有程序能装载 original 格式的前缀，请改用 caibao 或 peft。"
    )


def inside(base: Base) -> bool:
    """Whether a base's own folder holds a prefix, as ChatGLM3's finetune_demo leaves it: the whole model with pre_seq_len.

    Raises:
        PtuningError: its settings and its weights do not agree whether there is one.
    """
    if not base.original:
        return False
    told = bool(read_json(base.folder / "config.json").get("pre_seq_len"))
    held = any(name == chatglm.PREFIX + EMBEDDING for shard in shards(base.folder) for name, _ in read_weights(shard))
    if told and not held:
        raise PtuningError(
            f"{base.folder / 'config.json'} 写着 pre_seq_len，权重里却没有前缀（它会是随机的），"
            "请给出前缀检查点，或去掉 pre_seq_len。"
        )
    if held and not told:
        raise PtuningError(
            f"{base.folder} 的权重里有前缀，config.json 却没有 pre_seq_len，请补上它（前缀的长度），或换一个文件夹。"
        )
    return held


ORIGINAL = Layout(holds, read, write, inside)
