"""Checkpoints of every method on disk: in our own layout, and in those of other programs that the method knows.

Ours is the same for all methods: a config file (the tuning's config, base and meta) and a safetensors file.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from ptuning.base.models import Base
from ptuning.errors import PtuningError
from ptuning.files import read_json, write_json, write_together
from ptuning.methods.method import Method, Tuning, Weights
from ptuning.methods.registry import METHODS, method_of
from ptuning.methods.weights import misfit, plain_weights, require_base, write_tensors

OWN = "caibao"


def layouts() -> tuple[str, ...]:
    """The names of all layouts."""
    return (OWN, *dict.fromkeys(name for method in METHODS for name in method.layouts))


def found(folder: Path) -> tuple[Method, str] | None:
    """What a folder holds: a method and one of its layouts; None for neither. Where there are several (training writes them
    side by side): ours."""
    for method in METHODS:
        if (folder / method.config_file).is_file():
            return method, OWN
    known = ((method, name) for method in METHODS for name in method.layouts)
    return next(((method, name) for method, name in known if method.layouts[name].holds(folder)), None)


def layout_of(folder: Path) -> str | None:
    """Which layout a folder holds; None for none."""
    held = found(folder)
    return held[1] if held else None


def within(base: Base) -> Path | None:
    """The base's own folder where a tuning stands among its weights (a whole fine-tuned model); None where none does.

    Raises:
        PtuningError: the folder's settings and weights do not agree.
    """
    layouts = [layout for method in METHODS for layout in method.layouts.values()]
    return base.folder if any(layout.inside(base) for layout in layouts) else None


def load(folder: str | Path, base: Base) -> Any:
    """The tuning of a checkpoint in any layout, on the base's device, float32.

    Checkpoints of other programs do not say which base they belong to: there only the shape is compared.

    Raises:
        PtuningError: no checkpoint there, damaged, or trained on another base (both are named).
    """
    folder = Path(folder)
    held = found(folder)
    if held is None:
        names = " 或 ".join(method.config_file for method in METHODS)
        titles = "或".join(method.title for method in METHODS)
        raise PtuningError(f"{folder} 不是{titles}检查点：没有 {names}，请检查路径或重新训练。")
    method, layout = held
    config, weights = _read(method, folder, base) if layout == OWN else method.layouts[layout].read(folder, base)
    tuning = method.tuning(config)
    try:
        tuning.load_state_dict(weights)
    except RuntimeError:
        raise misfit(method.title, folder, weights, base) from None
    return tuning.to(base.model.device)


def save(folder: str | Path, tuning: Tuning, base_identity: dict[str, str], meta: dict[str, Any] | None = None) -> None:
    """Writes the checkpoint folder in our layout: weights (float32), config and base identity together."""
    method = method_of(tuning)
    config = {**asdict(tuning.config), "base": base_identity, "meta": meta or {}}
    weights = plain_weights(tuning)
    write_together(
        Path(folder),
        {
            method.weights_file: lambda path: write_tensors(path, weights, {"format": "pt"}),
            method.config_file: lambda path: write_json(path, config),
        },
    )


def export(folder: str | Path, tuning: Tuning, base: Base, layout: str) -> None:
    """Writes the checkpoint in one of `layouts`.

    Raises:
        PtuningError: the method or the base cannot have this layout, or the folder holds a model that would be overwritten.
    """
    if layout == OWN:
        return save(folder, tuning, base.identity)
    method = method_of(tuning)
    if layout not in method.layouts:
        names = "、".join((OWN, *method.layouts))
        raise PtuningError(f"没有叫“{layout}”的{method.title}格式，请用 {names} 之一。")
    method.layouts[layout].write(Path(folder), tuning, base)


def _read(method: Method, folder: Path, base: Base) -> tuple[Any, Weights]:
    settings = read_json(folder / method.config_file)
    require_base(method.title, folder, settings.get("base", {}), base)
    path = folder / method.weights_file
    try:
        known = [field for field in fields(method.config) if field.name in settings or field.default is MISSING]
        return method.config(**{field.name: settings[field.name] for field in known}), load_file(path)
    except KeyError as error:
        raise PtuningError(f"{folder / method.config_file} 缺少 {error.args[0]}，检查点已损坏，请重新训练。") from None
    except (OSError, SafetensorError):
        raise PtuningError(f"无法读取{method.title}的权重 {path}（没有这个文件或已损坏），请重新训练。") from None
