"""The weight files of a folder, whoever wrote them: safetensors or .bin, in shards or whole."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from zipfile import is_zipfile

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ptuning.errors import PtuningError
from ptuning.files import read_json

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


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


def stored_dtype(folder: Path) -> torch.dtype:
    """The dtype of a folder's first float weight.

    Raises:
        PtuningError: no weights there.
    """
    for _, tensor in read_weights(shards(folder)[0]):
        if tensor.is_floating_point():
            return tensor.dtype
    raise PtuningError(f"模型文件夹 {folder} 里没有浮点权重，请换用未量化的模型。")
