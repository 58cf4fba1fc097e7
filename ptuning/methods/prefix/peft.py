"""PEFT's PREFIX_TUNING: adapter_config.json and adapter_model.safetensors.

`prompt_embeddings` are our rows (pre_seq_len, layers * 2 * kv heads * head_dim), but the text after them starts at position
pre_seq_len, unless the base is run by GLM-4's original code, which counts from 0 whatever PEFT does. A mark in the file's
metadata says which positions the rows had before.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open

from ptuning.base.models import Base
from ptuning.base.tokenizers.glm4 import Glm4Tokenizer
from ptuning.base.weight_files import read_weights
from ptuning.errors import PtuningError
from ptuning.files import read_json, write_json, write_together
from ptuning.methods.method import Layout, Weights
from ptuning.methods.prefix.encoder import EMBEDDING, TITLE, PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.rotation import rotated
from ptuning.methods.weights import misfit, require_base, write_tensors

ADAPTER_FILE, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
ROWS = "prompt_embeddings"
MARK = "caibao"  # the entry in a file's metadata that says which positions its rows had before
OF_ORIGINAL_GLM4 = r"glm-4-9b(-chat)?(-1m)?"  # names on the hub; those of transformers' own layout end in -hf


def text_starts(base: Base, length: int, trained_on: str = "") -> int:
    """Position id of the first token behind a PEFT prefix of `length`.

    PEFT sets position_ids to None for a prefix. transformers' models then count from the past's length, GLM-4's original
    code from 0. trained_on: base_model_name_or_path, for a base that may be read in another layout than it was trained in.
    """
    name = re.split(r"[/\\]", trained_on.rstrip("/\\"))[-1].lower()
    original = base.original and isinstance(base.tokenizer, Glm4Tokenizer) and not name.endswith("-hf")
    return 0 if original or re.fullmatch(OF_ORIGINAL_GLM4, name) else length


def holds(folder: Path) -> bool:
    return (folder / ADAPTER_CONFIG).is_file()


def read(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    """A file of PEFT's own does not say which base it belongs to: the shape alone is compared."""
    settings = folder / ADAPTER_CONFIG
    told = read_json(settings)
    kind = told.get("peft_type")
    if kind != "PREFIX_TUNING":
        raise PtuningError(f"{settings} 的 peft_type 是“{kind}”，这里只能读 PREFIX_TUNING，请换一个检查点。")
    path = folder / ADAPTER_FILE
    if not path.is_file():
        path = folder / "adapter_model.bin"  # PEFT without safe_serialization
    if not path.is_file():
        raise PtuningError(f"PEFT检查点 {folder} 缺少权重 {ADAPTER_FILE}，请把它下载完整。")
    weights = dict(read_weights(path))
    rows = weights.get(ROWS)
    if rows is None or rows.ndim != 2 or rows.shape[1] != PrefixConfig.for_model(base.model, 1).kv_size:
        raise misfit(TITLE, folder, weights, base)
    config = PrefixConfig.for_model(base.model, len(rows))
    note = _note(path)
    if not note:
        start = text_starts(base, len(rows), str(told.get("base_model_name_or_path") or ""))
        return replace(config, text_start=start), {EMBEDDING: rows.float()}
    try:
        mark = json.loads(note)
        require_base(TITLE, folder, mark["base"], base)
        by = mark["text_start"] - mark.get("written_for", len(rows))
        back = rotated(rows, base.model, by).float() if by else rows.float()
        for position, column, value in mark["exact"]:
            back[position, column] = value
        return replace(config, text_start=mark["text_start"]), {EMBEDDING: back}
    except (ValueError, KeyError, IndexError):
        raise PtuningError(f"{path} 元数据里的 {MARK} 已损坏，请重新导出这个前缀。") from None


def _note(path: Path) -> str | None:
    """What `write` noted (base, text_start, the values that turning back would miss); None in PEFT's own files."""
    if path.suffix != ".safetensors":
        return None
    with safe_open(path, framework="pt") as file:
        return (file.metadata() or {}).get(MARK)


def write(folder: Path, encoder: PrefixEncoder, base: Base) -> None:
    """An MLP is folded into its result, and rotary keys are turned to where PEFT's text starts over this base's layout.

    Rows that were turned are kept in float64, which PEFT rounds to its float32 and `read` turns back to the
    very bits."""
    c, metadata = encoder.config, {"format": "pt"}
    rows = encoder().detach().float().cpu().contiguous()
    start = text_starts(base, c.pre_seq_len)
    by = start - c.text_start
    if start != c.pre_seq_len and not by:  # as it is, but not to be taken for transformers' positions
        mark = {"text_start": start, "written_for": start, "base": base.identity, "exact": []}
        metadata[MARK] = json.dumps(mark, ensure_ascii=False)
    if by:
        turned = rotated(rows, base.model, by)
        back = rotated(turned, base.model, -by).float()
        # What rounding takes from a number that is tiny beside the other of its pair.
        missed = (back.view(torch.int32) != rows.view(torch.int32)).nonzero().tolist()
        exact = [(i, j, rows[i, j].item()) for i, j in missed]
        mark = {"text_start": c.text_start, "written_for": start, "base": base.identity, "exact": exact}
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
    write_together(
        folder,
        {
            ADAPTER_FILE: lambda path: write_tensors(path, {ROWS: rows}, metadata),
            ADAPTER_CONFIG: lambda path: write_json(path, settings),
        },
    )


PEFT = Layout(holds, read, write)
