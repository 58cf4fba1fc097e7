"""ChatGLM's own formats: the one file that knows how ChatGLM2/3 name their settings, weights and prefix checkpoints.

The architecture is transformers' Glm: query_key_value holds the queries of all heads, then the keys, then the values of the
`multi_query_group_num` groups; everything else is a rename (modeling_chatglm.py of THUDM/chatglm2-6b).
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import GlmConfig, GlmForCausalLM

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
    "original_rope": True,
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
    """ChatGLM's settings as transformers'; `source` is named in errors.

    Raises:
        PtuningError: not a ChatGLM2/3 (ChatGLM-6B has another architecture), or a quantised folder.
    """
    missing = [name for name in SETTINGS if name not in settings]
    if missing:
        raise PtuningError(f"{source} 缺少{'、'.join(missing)}，不是ChatGLM2或ChatGLM3的配置，请换用它们的模型文件夹。")
    for name, wanted in FIXED.items():
        if settings.get(name, wanted) != wanted:
            raise PtuningError(f"{source} 的 {name} 是{settings[name]}，目前只支持{wanted}，请换用ChatGLM2或ChatGLM3。")
    if settings.get("quantization_bit"):
        bits = settings["quantization_bit"]
        raise PtuningError(f"{source} 是{bits}位量化的模型，不能在它上面训练前缀，请换用未量化的权重。")
    return GlmConfig(
        **{theirs: settings[name] for name, theirs in SETTINGS.items()},
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0 * settings.get("rope_ratio", 1),
            "partial_rotary_factor": 0.5,
        },
        attention_dropout=0.0,  # the base is frozen
        tie_word_embeddings=settings.get("tie_word_embeddings", False),
        pad_token_id=settings.get("pad_token_id") or 0,
        eos_token_id=settings.get("eos_token_id") or 2,
    )


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
            yield from torch.load(path, map_location="cpu", weights_only=True, mmap=True).items()
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, AttributeError):
        raise PtuningError(f"无法读取权重文件 {path}（已损坏或没有下载完整），请重新下载。") from None


def renamed(name: str, tensor: Tensor, settings: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """One of ChatGLM's weights under transformers' name; query_key_value becomes three."""
    if name.endswith(COMPUTED) or name.startswith(PREFIX):
        return
    for old, new in RENAMES.items():
        name = name.replace(old, new)
    if FUSED not in name:
        yield name, tensor
        return
    heads, groups = settings["num_attention_heads"], settings["multi_query_group_num"]
    parts = tensor.split([count * settings["kv_channels"] for count in (heads, groups, groups)])
    for letter, part in zip("qkv", parts):
        yield name.replace(FUSED, f".self_attn.{letter}_proj."), part.clone()


def load_chatglm(folder: Path) -> tuple[GlmForCausalLM, list[str]]:
    """A ChatGLM2/3 folder (.bin or safetensors, in one file or several), in the dtype of its files; and the weights it lacks.

    Raises:
        PtuningError: settings or weights are missing, damaged, or another model's.
    """
    settings = read_json(folder / "config.json")
    config = glm_config(settings, folder / "config.json")
    state: dict[str, Tensor] = {}
    for shard in shards(folder):
        for name, tensor in read_weights(shard):
            state.update(renamed(name, tensor, settings))
    loaded: Any = GlmForCausalLM.from_pretrained(
        None, config=config, state_dict=state, dtype="auto", output_loading_info=True
    )
    model, report = loaded
    return model, sorted(report["missing_keys"])


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
