"""Adapters on disk as peft has them: adapter_config.json and adapter_model.safetensors; peft and servers such as vLLM load them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from ptuning.base.models import Base
from ptuning.base.weight_files import read_weights
from ptuning.errors import PtuningError
from ptuning.files import read_json, write_json, write_together
from ptuning.methods.method import Layout, Weights
from ptuning.methods.weights import require_base, write_tensors

ADAPTER_FILE, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
MARK = "caibao"  # the entry in a file's metadata that says whose base it is for
OUTER = "base_model.model."  # what peft puts before the names of a model's weights


def holds_any(folder: Path) -> bool:
    """Whether there is an adapter of peft's, of whatever type."""
    return (folder / ADAPTER_CONFIG).is_file()


def layout(
    kind: str, read: Callable[[Path, Base], tuple[Any, Weights]], write: Callable[[Path, Any, Base], None]
) -> Layout:
    """The layout of a method that peft calls `kind` (peft_type)."""

    def holds(folder: Path) -> bool:
        return holds_any(folder) and read_json(folder / ADAPTER_CONFIG).get("peft_type") == kind

    return Layout(holds, read, write, kind=kind)


def weight_path(folder: Path) -> Path:
    """The adapter's weights.

    Raises:
        PtuningError: there are none.
    """
    for path in (folder / ADAPTER_FILE, folder / "adapter_model.bin"):  # the latter without safe_serialization
        if path.is_file():
            return path
    raise PtuningError(f"PEFT检查点 {folder} 缺少权重 {ADAPTER_FILE}，请把它下载完整。")


def note(path: Path) -> str | None:
    """What was noted in a file's metadata when it was written here (JSON); None in peft's own files."""
    if path.suffix != ".safetensors":
        return None
    with safe_open(path, framework="pt") as file:
        return (file.metadata() or {}).get(MARK)


def read(folder: Path, base: Base) -> tuple[dict[str, Any], Weights]:
    """The settings, and the weights under the base's names. A file of peft's own does not say which base it is for.

    Raises:
        PtuningError: damaged, incomplete, or of another base.
    """
    settings, path = read_json(folder / ADAPTER_CONFIG), weight_path(folder)
    weights = {name.removeprefix(OUTER): weight for name, weight in read_weights(path)}
    try:
        noted = note(path)
        of = json.loads(noted)["base"] if noted else None
    except (ValueError, KeyError, TypeError):
        raise PtuningError(f"{path} 元数据里的 {MARK} 已损坏，请重新导出。") from None
    if of is not None:
        require_base(f"{settings.get('peft_type')}适配器", folder, of, base)
    return settings, weights


def write(
    folder: Path, config: Any, weights: Weights, base: Base, more: Mapping[str, Any] | None = None, outer: str = OUTER
) -> None:
    """config: a PeftConfig; weights: under the base's names; more: settings that are told otherwise than in config."""
    settings = {
        **{name: plain(value) for name, value in config.to_dict().items()},
        "base_model_name_or_path": str(base.folder),
        "task_type": "CAUSAL_LM",
        "inference_mode": True,
        **(more or {}),
    }
    stored = {outer + name: weight.detach().float().cpu().contiguous() for name, weight in weights.items()}
    mark = {"format": "pt", MARK: json.dumps({"base": base.identity}, ensure_ascii=False)}
    write_together(
        folder,
        {
            ADAPTER_FILE: lambda path: write_tensors(path, stored, mark),
            ADAPTER_CONFIG: lambda path: write_json(path, settings),
        },
    )


def plain(value: Any) -> Any:
    """A setting as JSON has it."""
    if isinstance(value, (set, tuple)):
        return sorted(value)
    return getattr(value, "value", value)
