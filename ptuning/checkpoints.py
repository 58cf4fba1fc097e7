"""Prefix checkpoints on disk, in three layouts that turn into each other without loss.

- caibao: prefix_config.json (shape, base, meta) and prefix_encoder.safetensors.
- original: pytorch_model.bin with transformer.prefix_encoder.* and ChatGLM's config.json, as ChatGLM's ptuning folder has it.
- peft: adapter_config.json and adapter_model.safetensors of PEFT's PREFIX_TUNING; `prompt_embeddings` are the same rows
  (pre_seq_len, layers * 2 * kv heads * head_dim), but the text after them starts at position pre_seq_len.

    python -m ptuning.checkpoints output/prefix/classify --base RawModels/caibao-mini --to peft output/peft/classify
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from ptuning.base.families import chatglm
from ptuning.base.models import Base, load_base
from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.methods.prefix.model import PrefixConfig, PrefixEncoder

LAYOUTS = ("caibao", "original", "peft")
PREFIX_FILE, CONFIG_FILE = "prefix_encoder.safetensors", "prefix_config.json"
ADAPTER_FILE, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
EMBEDDING, ROWS = "embedding.weight", "prompt_embeddings"
MARK = "caibao"  # the entry in a PEFT file's metadata that says which positions its rows had before
Weights = dict[str, Tensor]


def layout_of(folder: Path) -> str | None:
    """Which of LAYOUTS a folder holds; None for none of them. Where there are several (training writes them side by side): ours."""
    if (folder / CONFIG_FILE).is_file():
        return "caibao"
    if (folder / ADAPTER_CONFIG).is_file():
        return "peft"
    weights = [folder / f"{name}{end}" for name in chatglm.WEIGHT_FILES for end in ("", ".index.json")]
    return "original" if any(path.is_file() for path in weights) else None


def load_prefix(folder: str | Path, base: Base) -> PrefixEncoder:
    """The encoder of a checkpoint in any of the layouts, on the base's device, float32.

    ChatGLM's own checkpoints and PEFT's do not say which base they belong to: there only the shape is compared.

    Raises:
        PtuningError: no checkpoint there, damaged, or trained on another base (both are named).
    """
    folder = Path(folder)
    layout = layout_of(folder)
    if layout is None:
        raise PtuningError(f"{folder} 不是前缀检查点：没有 {CONFIG_FILE}，请检查路径或重新训练。")
    config, weights = {"caibao": _read_caibao, "original": _read_original, "peft": _read_peft}[layout](folder, base)
    encoder = PrefixEncoder(config)
    try:
        encoder.load_state_dict(weights)
    except RuntimeError:
        raise _misfit(folder, weights, base) from None
    return encoder.to(base.model.device)


def save_prefix(
    folder: str | Path, encoder: PrefixEncoder, base_identity: dict[str, str], meta: dict[str, Any] | None = None
) -> None:
    """Writes the checkpoint folder: weights (float32), shape and base identity together."""
    config = {**asdict(encoder.config), "base": base_identity, "meta": meta or {}}
    weights = _plain_weights(encoder)
    _write(
        Path(folder),
        {
            PREFIX_FILE: lambda path: _write_tensors(path, weights, {"format": "pt"}),
            CONFIG_FILE: lambda path: _write_json(path, config),
        },
    )


def export_prefix(folder: str | Path, encoder: PrefixEncoder, base: Base, layout: str) -> None:
    """Writes the checkpoint in one of LAYOUTS.

    peft: an MLP is folded into its result, and rotary keys are turned to where PEFT's text starts; a mark in the file's
    metadata lets `load_prefix` turn them back to the very bits. original: needs a ChatGLM; a text that starts elsewhere
    than at 0 is moved there.

    Raises:
        PtuningError: the base cannot have this layout, or the folder holds a model that would be overwritten.
    """
    writers = {"caibao": _write_caibao, "original": _write_original, "peft": _write_peft}
    if layout not in writers:
        raise PtuningError(f"没有叫“{layout}”的前缀格式，请用 {'、'.join(LAYOUTS)} 之一。")
    writers[layout](Path(folder), encoder, base)


def _write(folder: Path, files: dict[str, Callable[[Path], None]]) -> None:
    """Writes files beside their place, then renames them in order; the last is the one that `layout_of` looks for.

    It is removed before the first is renamed: a kill in between leaves nothing that speaks of other weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in files.items():
        write(folder / f"{name}.tmp")
    (folder / list(files)[-1]).unlink(missing_ok=True)
    for name in files:
        os.replace(folder / f"{name}.tmp", folder / name)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_tensors(path: Path, weights: Weights, metadata: dict[str, str]) -> None:
    path.write_bytes(save(weights, metadata))  # save_file would leave it readable for its owner only


def _plain_weights(encoder: PrefixEncoder) -> Weights:
    return {name: weight.detach().float().cpu().contiguous() for name, weight in encoder.state_dict().items()}


def _misfit(folder: Path, weights: Weights, base: Base) -> PtuningError:
    found = {name: list(weight.shape) for name, weight in weights.items()}
    return PtuningError(f"前缀 {folder} 的形状{found}与基座“{base.identity['name']}”不符，请换用它的基座，或重新训练。")


def _require_base(folder: Path, trained_on: dict[str, str], base: Base) -> None:
    if trained_on.get("fingerprint") != base.identity["fingerprint"]:
        names = f"“{trained_on.get('name')}”（{trained_on.get('fingerprint')}）"
        loaded = f"“{base.identity['name']}”（{base.identity['fingerprint']}）"
        raise PtuningError(f"前缀 {folder} 是在基座{names}上训练的，不能用在{loaded}上，请换用它的基座，或重新训练。")


def _read_caibao(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    settings = read_json(folder / CONFIG_FILE)
    _require_base(folder, settings.get("base", {}), base)
    path = folder / PREFIX_FILE
    try:
        known = [field for field in fields(PrefixConfig) if field.name in settings or field.default is MISSING]
        return PrefixConfig(**{field.name: settings[field.name] for field in known}), load_file(path)
    except KeyError as error:
        raise PtuningError(f"{folder / CONFIG_FILE} 缺少 {error.args[0]}，检查点已损坏，请重新训练。") from None
    except (OSError, SafetensorError):
        raise PtuningError(f"无法读取前缀的权重 {path}（没有这个文件或已损坏），请重新训练。") from None


def _write_caibao(folder: Path, encoder: PrefixEncoder, base: Base) -> None:
    save_prefix(folder, encoder, base.identity)


def _read_original(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    pre_seq_len, projection, weights = chatglm.read_prefix(folder)
    return PrefixConfig.for_model(base.model, pre_seq_len, projection), weights


def _write_original(folder: Path, encoder: PrefixEncoder, base: Base) -> None:
    place = folder / "config.json"
    if place.is_file() and not read_json(place).get("pre_seq_len"):
        raise PtuningError(f"{folder} 里已有一个模型的 config.json，前缀会覆盖它，请换一个文件夹。")
    settings = _chatglm_settings(base) | {
        "pre_seq_len": encoder.config.pre_seq_len,
        "prefix_projection": encoder.config.prefix_projection,
    }
    if encoder.config.text_start:
        rows = rotated(encoder().detach(), base.model, -encoder.config.text_start).float()
        settings["prefix_projection"], weights = False, {EMBEDDING: rows}
    else:
        weights = _plain_weights(encoder)
    state = {chatglm.PREFIX + name: weight for name, weight in weights.items()}
    _write(
        folder,
        {
            "config.json": lambda path: _write_json(path, settings),
            "pytorch_model.bin": lambda path: torch.save(state, path),
        },
    )


def _chatglm_settings(base: Base) -> dict[str, Any]:
    """The base's config.json where it is ChatGLM's own, else one that says the same.

    Raises:
        PtuningError: the base is no ChatGLM.
    """
    if base.original:
        return read_json(base.folder / "config.json")
    config: Any = base.model.config
    if config.model_type != "glm" or config.rope_parameters["rope_type"] != "default":
        name = base.identity["name"]
        raise PtuningError(f"基座“{name}”不是ChatGLM2或ChatGLM3，前缀不能写成original格式，请改用 caibao 或 peft。")
    return {
        "model_type": "chatglm",
        "architectures": ["ChatGLMForConditionalGeneration"],
        **{theirs: getattr(config, ours) for theirs, ours in chatglm.SETTINGS.items()},
        **chatglm.FIXED,
        "rope_ratio": config.rope_parameters["rope_theta"] / 10000.0,
        "tie_word_embeddings": config.tie_word_embeddings,
        "vocab_size": config.vocab_size,
        "pad_token_id": config.pad_token_id,
        "eos_token_id": config.eos_token_id,
    }


def _read_peft(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    settings = folder / ADAPTER_CONFIG
    kind = read_json(settings).get("peft_type")
    if kind != "PREFIX_TUNING":
        raise PtuningError(f"{settings} 的 peft_type 是“{kind}”，这里只能读 PREFIX_TUNING，请换一个检查点。")
    path = folder / ADAPTER_FILE
    if not path.is_file():
        path = folder / "adapter_model.bin"  # PEFT without safe_serialization
    if not path.is_file():
        raise PtuningError(f"PEFT检查点 {folder} 缺少权重 {ADAPTER_FILE}，请把它下载完整。")
    weights = dict(chatglm.read_weights(path))
    rows = weights.get(ROWS)
    if rows is None or rows.ndim != 2 or rows.shape[1] != PrefixConfig.for_model(base.model, 1).kv_size:
        raise _misfit(folder, weights, base)
    config = PrefixConfig.for_model(base.model, len(rows))
    note = _note(path)
    if not note:
        return replace(config, text_start=len(rows)), {EMBEDDING: rows.float()}
    try:
        mark = json.loads(note)
        _require_base(folder, mark["base"], base)
        back = rotated(rows, base.model, mark["text_start"] - len(rows)).float()
        for position, column, value in mark["exact"]:
            back[position, column] = value
        return replace(config, text_start=mark["text_start"]), {EMBEDDING: back}
    except (ValueError, KeyError, IndexError):
        raise PtuningError(f"{path} 元数据里的 {MARK} 已损坏，请重新导出这个前缀。") from None


def _note(path: Path) -> str | None:
    """What `_write_peft` noted (base, text_start, the values that turning back would miss); None in PEFT's own files."""
    if path.suffix != ".safetensors":
        return None
    with safe_open(path, framework="pt") as file:
        return (file.metadata() or {}).get(MARK)


def _write_peft(folder: Path, encoder: PrefixEncoder, base: Base) -> None:
    """Rows that were turned are kept in float64, which PEFT rounds to its float32 and `_read_peft` turns back."""
    c, metadata = encoder.config, {"format": "pt"}
    rows = encoder().detach().float().cpu().contiguous()
    by = c.pre_seq_len - c.text_start
    if by:
        turned = rotated(rows, base.model, by)
        back = rotated(turned, base.model, -by).float()
        # What rounding takes from a number that is tiny beside the other of its pair.
        missed = (back.view(torch.int32) != rows.view(torch.int32)).nonzero().tolist()
        exact = [(i, j, rows[i, j].item()) for i, j in missed]
        mark = {"text_start": c.text_start, "base": base.identity, "exact": exact}
        rows, metadata[MARK] = turned, json.dumps(mark, ensure_ascii=False)
    settings = {
        "peft_type": "PREFIX_TUNING",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(base.folder),
        "inference_mode": True,
        "num_virtual_tokens": c.pre_seq_len,
        "token_dim": c.num_kv_heads * c.head_dim,
        "num_transformer_submodules": 1,
        "num_attention_heads": c.num_kv_heads,
        "num_layers": c.num_layers,
        "encoder_hidden_size": c.num_kv_heads * c.head_dim,
        "prefix_projection": False,
    }
    _write(
        folder,
        {
            ADAPTER_FILE: lambda path: _write_tensors(path, {ROWS: rows}, metadata),
            ADAPTER_CONFIG: lambda path: _write_json(path, settings),
        },
    )


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


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m ptuning.checkpoints",
        description="把前缀检查点转换成另一种格式（读入的格式自动识别）。",
        epilog="例：python -m ptuning.checkpoints output/prefix/classify --base RawModels/caibao-mini --to peft output/peft",
    )
    parser.add_argument("source", metavar="IN", help="前缀检查点文件夹，三种格式都可以")
    parser.add_argument("target", metavar="OUT", type=Path, help="写到哪个文件夹")
    parser.add_argument("--base", required=True, metavar="MODEL", help="前缀的基座模型文件夹")
    layouts = "caibao；original：ChatGLM官方ptuning的格式；peft：PEFT的PREFIX_TUNING"
    parser.add_argument("--to", required=True, choices=LAYOUTS, help=layouts)
    args = parser.parse_args(argv)
    transformers_logging.disable_progress_bar()
    try:
        if layout_of(args.target) not in (None, args.to):
            raise PtuningError(f"{args.target} 里已有另一种格式的检查点或模型，请换一个文件夹。")
        base = load_base(args.base)
        export_prefix(args.target, load_prefix(args.source, base), base, args.to)
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"已写到 {args.target}（{args.to} 格式）。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
