"""PEFT's PREFIX_TUNING: adapter_config.json and adapter_model.safetensors.

`prompt_embeddings` are our rows (pre_seq_len, layers * 2 * kv heads * head_dim), but the text after them starts at position
pre_seq_len. A mark in the file's metadata says which positions the rows had before.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open

from ptuning.base.models import Base
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


def holds(folder: Path) -> bool:
    return (folder / ADAPTER_CONFIG).is_file()


def read(folder: Path, base: Base) -> tuple[PrefixConfig, Weights]:
    """A file of PEFT's own does not say which base it belongs to: the shape alone is compared."""
    settings = folder / ADAPTER_CONFIG
    kind = read_json(settings).get("peft_type")
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
        return replace(config, text_start=len(rows)), {EMBEDDING: rows.float()}
    try:
        mark = json.loads(note)
        require_base(TITLE, folder, mark["base"], base)
        back = rotated(rows, base.model, mark["text_start"] - len(rows)).float()
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
    """An MLP is folded into its result, and rotary keys are turned to where PEFT's text starts.

    Rows that were turned are kept in float64, which PEFT rounds to its float32 and `read` turns back to the
    very bits."""
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
    write_together(
        folder,
        {
            ADAPTER_FILE: lambda path: write_tensors(path, {ROWS: rows}, metadata),
            ADAPTER_CONFIG: lambda path: write_json(path, settings),
        },
    )


PEFT = Layout(holds, read, write)
