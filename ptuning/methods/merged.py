"""The layout `merged`: a plain model folder into whose weights a tuning was taken up; any program loads it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.models import Base
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.errors import PtuningError

MERGED = "merged"


def write_merged(
    folder: Path,
    base: Base,
    weights: Mapping[str, Callable[[nn.Module], Tensor]],
    biases: Mapping[str, Tensor] | None = None,
) -> None:
    """The base with other weights in some layers of its decoder. weights: a layer's name → the new weight [out, in] of it;
    biases: what the bias of a layer that has one is multiplied with, [out].

    Raises:
        PtuningError: the base is quantised, or the folder holds a model.
    """
    if any(isinstance(layer, QuantizedLinear) for layer in base.model.modules()):
        raise PtuningError("量化的基座不能合并（会再损失一次精度），请去掉 --quantization_bit 装载原来的权重再合并。")
    model = copy.deepcopy(base.model)
    decoder = model.get_decoder()
    for name, weight in weights.items():
        layer = decoder.get_submodule(name)
        new = weight(layer)
        layer.weight = nn.Parameter((new if isinstance(layer, nn.Linear) else new.T).contiguous(), requires_grad=False)
    for name, scale in (biases or {}).items():
        layer = decoder.get_submodule(name)
        if getattr(layer, "bias", None) is not None:
            layer.bias = nn.Parameter(layer.bias * scale, requires_grad=False)  # type: ignore[operator]
    write_model(folder, model, base)


def write_model(folder: Path, model: PreTrainedModel, base: Base) -> None:
    """A whole model and the base's tokenizer. Raises PtuningError where the folder holds a model already."""
    if (folder / "config.json").exists():
        raise PtuningError(f"{folder} 里已有一个模型的 config.json，请换一个文件夹。")
    written = folder.with_name(f"{folder.name}.tmp")
    with torch.no_grad():
        model.save_pretrained(written)
    base.tokenizer.save_pretrained(written)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(written.iterdir(), key=lambda path: path.name == "config.json"):  # last: readers look for it
        os.replace(path, folder / path.name)
    written.rmdir()
