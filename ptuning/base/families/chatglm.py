"""ChatGLM's own formats: the one file that knows how ChatGLM2/3 and GLM-4 name their settings, weights and prefix checkpoints.

The architecture is transformers' Glm: query_key_value holds the queries of all heads, then the keys, then the values of the
`multi_query_group_num` groups; everything else is a rename (modeling_chatglm.py of THUDM/chatglm2-6b). In a quantised
folder (chatglm2-6b-int4) the decoder's linear weights are int8, with a `weight_scale` per row beside them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import GlmConfig

from ptuning.errors import PtuningError
from ptuning.files import read_json

SETTINGS = {  # ChatGLM's name: transformers' name
    "padded_vocab_size": "vocab_size",
    "hidden_size": "hidden_size",
    "ffn_hidden_size": "intermediate_size",
    "num_layers": "num_hidden_layers",
    "num_attention_heads": "num_attention_heads",
    "multi_query_group_num": "num_key_value_heads",
    "kv_channels": "head_dim",
    "layernorm_epsilon": "rms_norm_eps",
    "add_qkv_bias": "attention_bias",
    "seq_length": "max_position_embeddings",
}
FIXED = {  # settings with which the architecture is Glm's; a folder that says otherwise is another model
    "rmsnorm": True,
    "multi_query_attention": True,
    "post_layer_norm": True,
    "add_bias_linear": False,
    "apply_residual_connection_post_layernorm": False,
}
RENAMES = {
    "transformer.embedding.word_embeddings.": "model.embed_tokens.",
    "transformer.encoder.layers.": "model.layers.",
    "transformer.encoder.final_layernorm.": "model.norm.",
    "transformer.output_layer.": "lm_head.",
    ".self_attention.dense.": ".self_attn.o_proj.",
    ".mlp.dense_h_to_4h.": ".mlp.gate_up_proj.",
    ".mlp.dense_4h_to_h.": ".mlp.down_proj.",
}
FUSED = ".self_attention.query_key_value."
COMPUTED = "rotary_pos_emb.inv_freq"  # saved by some versions; transformers computes it
PREFIX = "transformer.prefix_encoder."
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def glm_config(settings: dict[str, Any], source: Path) -> GlmConfig:
    """ChatGLM's settings as transformers'; `source` is config.json, named in errors.

    Raises:
        PtuningError: not a ChatGLM2/3 or GLM-4 (ChatGLM-6B has another architecture).
    """
    missing = [name for name in SETTINGS if name not in settings]
    if missing:
        raise PtuningError(
            f"{source} 缺少{'、'.join(missing)}，不是ChatGLM2、ChatGLM3或GLM-4的配置，请换用它们的模型文件夹。"
        )
    for name, wanted in FIXED.items():
        if settings.get(name, wanted) != wanted:
            raise PtuningError(
                f"{source} 的 {name} 是{settings[name]}，目前只支持{wanted}，请换用ChatGLM2、ChatGLM3或GLM-4。"
            )
    return GlmConfig(
        **{theirs: settings[name] for name, theirs in SETTINGS.items()},
        rope_parameters=_rope(settings.get("rope_ratio", 1), source.parent / "modeling_chatglm.py"),
        attention_dropout=0.0,  # the base is frozen
        tie_word_embeddings=settings.get("tie_word_embeddings", False),
        pad_token_id=settings.get("pad_token_id") or 0,
        eos_token_id=settings.get("eos_token_id") or 2,
    )


def _rope(ratio: float, code: Path) -> dict[str, Any]:
    """Rotary settings. `rope_ratio` stretches the base of the frequencies (ChatGLM3-32k, GLM-4), but in chatglm2-6b-32k, which
    has no setting of its own for that, the positions: told by its code, which is read as text and never run."""
    linear = code.is_file() and "/ self.rope_ratio" in code.read_text(encoding="utf-8", errors="replace")
    if linear and ratio != 1:
        return {"rope_type": "linear", "factor": float(ratio), "rope_theta": 10000.0, "partial_rotary_factor": 0.5}
    return {"rope_type": "default", "rope_theta": 10000.0 * ratio, "partial_rotary_factor": 0.5}


def shards(folder: Path) -> list[Path]:
    """The weight files of a folder: those of an index, or the single one.

    Raises:
        PtuningError: there are none, or one that the index names is missing.
    """
    for name in WEIGHT_FILES:
        index = folder / f"{name}.index.json"
        if index.is_file():
            found = [folder / shard for shard in sorted(set(read_json(index).get("weight_map", {}).values()))]
            absent = [path.name for path in found if not path.is_file()]
            if absent or not found:
                raise PtuningError(f"模型文件夹 {folder} 缺少权重文件{'、'.join(absent)}，请把它们下载完整。")
            return found
        if (folder / name).is_file():
            return [folder / name]
    raise PtuningError(f"模型文件夹 {folder} 里没有权重（{' 或 '.join(WEIGHT_FILES)}），请把权重文件放进去。")


def read_weights(path: Path) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of one weight file. Tensors are mapped, not read: memory holds what is touched.

    Raises:
        PtuningError: the file is damaged, or is something else (a git-lfs pointer, say).
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                yield from ((name, file.get_tensor(name)) for name in file.keys())  # noqa: SIM118
        else:
            mapped = is_zipfile(path)  # torch before 1.6 wrote another format, which is read as a whole
            yield from torch.load(path, map_location="cpu", weights_only=True, mmap=mapped).items()
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, AttributeError, ValueError, KeyError):
        raise PtuningError(f"无法读取权重文件 {path}（已损坏或没有下载完整），请重新下载。") from None


def renamed(name: str, tensor: Tensor, settings: dict[str, Any], source: Path) -> Iterator[tuple[str, Tensor]]:
    """One of ChatGLM's weights under transformers' name; query_key_value (weight, scale or bias) becomes three.

    Raises:
        PtuningError: query_key_value has other rows than config.json says; the folder `source` is named.
    """
    if name.endswith(COMPUTED) or name.startswith(PREFIX):
        return
    original = name
    for old, new in RENAMES.items():
        name = name.replace(old, new)
    if FUSED not in name:
        yield name, tensor
        return
    heads, groups, width = (settings[key] for key in ("num_attention_heads", "multi_query_group_num", "kv_channels"))
    rows = [heads * width, groups * width, groups * width]
    if len(tensor) != sum(rows):
        raise PtuningError(
            f"基座模型 {source} 的权重 {original} 有{len(tensor)}行，config.json 要的是{sum(rows)}行，请换用配套的 config.json。"
        )
    for letter, part in zip("qkv", tensor.split(rows)):
        halves = letter != "v" and not settings.get("original_rope", True)
        yield name.replace(FUSED, f".self_attn.{letter}_proj."), interleaved(part, width) if halves else part


def interleaved(rows: Tensor, width: int) -> Tensor:
    """Rows of q or k whose rotary pairs are (i, i + half), as in `original_rope: false`, in Glm's order (2i, 2i + 1).

    The rotary part is the first half of each head; q and k turned alike give the same scores. Shape kept: [heads * width, …].
    """
    order = torch.cat((torch.arange(width // 2).view(2, -1).T.flatten(), torch.arange(width // 2, width)))
    return rows.unflatten(0, (-1, width))[:, order].flatten(0, 1)


def read_prefix(folder: Path) -> tuple[int, bool, dict[str, Tensor]]:
    """A prefix checkpoint of ChatGLM's ptuning folder: (pre_seq_len, prefix_projection, the encoder's weights).

    Whether there is an MLP, and how long the prefix is, is read off the weights: they cannot be wrong.

    Raises:
        PtuningError: the weight file is damaged or holds no prefix.
    """
    state = {
        name.removeprefix(PREFIX): tensor.float()
        for shard in shards(folder)
        for name, tensor in read_weights(shard)
        if name.startswith(PREFIX)
    }
    if "embedding.weight" not in state:
        raise PtuningError(f"检查点 {folder} 的权重里没有 {PREFIX}embedding.weight，不是前缀检查点，请检查路径。")
    return len(state["embedding.weight"]), any(name.startswith("trans.") for name in state), state
