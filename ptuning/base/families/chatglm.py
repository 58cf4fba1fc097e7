"""ChatGLM2/3 and GLM-4 in their own layout: the one file that knows how they name settings and weights.

The architecture is transformers' Glm: query_key_value holds the queries of all heads, then the keys, then the values of the
`multi_query_group_num` groups; everything else is a rename (modeling_chatglm.py of THUDM/chatglm2-6b). `original_rope` is a
setting that their code never reads. In a quantised folder (chatglm2-6b-int4) the decoder's linear weights are int8, with a `weight_scale` per row beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import GlmConfig

from ptuning.base.families.family import Family
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.errors import PtuningError

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
PREFIX = "transformer.prefix_encoder."  # in the checkpoints of ChatGLM's ptuning folder


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


def settings_of(config: Any) -> dict[str, Any]:
    """ChatGLM's settings that say the same as a GlmConfig with ordinary rotary positions."""
    return {
        "model_type": "chatglm",
        "architectures": ["ChatGLMForConditionalGeneration"],
        **{theirs: getattr(config, ours) for theirs, ours in SETTINGS.items()},
        **FIXED,
        "rope_ratio": config.rope_parameters["rope_theta"] / 10000.0,
        "tie_word_embeddings": config.tie_word_embeddings,
        "vocab_size": config.vocab_size,
        "pad_token_id": config.pad_token_id,
        "eos_token_id": config.eos_token_id,
    }


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
        yield name.replace(FUSED, f".self_attn.{letter}_proj."), part


CHATGLM = Family(
    holds=lambda folder: folder.model_type == "chatglm",
    config=lambda folder: glm_config(folder.settings, folder.config_file),
    renamed=lambda name, tensor, folder: renamed(name, tensor, folder.settings, folder.path),
    tokenizer=lambda folder: glm_tokenizer(folder.path, sure=True),
    stored_bits=lambda folder: folder.settings.get("quantization_bit") or 0,
    original=True,
)
