"""Fills a model with weights that come one by one: cast, moved, quantised on the way, so no second copy is ever held."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.errors import PtuningError

SAMPLES = 64  # numbers of each weight that the fingerprint takes
GIGABYTE = 1e9


class Fingerprint:
    """Which base it is: SHA-256 (16 hex digits) over name, shape and samples of every weight, in the order of the names.

    Taken of the weights as they are stored, before any change of dtype: rounding to bfloat16, or quantising, would make
    another base of the same folder. ChatGLM's layout and transformers' give the same.
    """

    def __init__(self) -> None:
        self._pieces: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._pieces

    def add(self, name: str, weight: Tensor) -> None:
        flat = weight.flatten()
        sample = flat[:: max(1, len(flat) // SAMPLES)][:SAMPLES].to("cpu", torch.float16)
        self._pieces[name] = str(tuple(weight.shape)).encode() + sample.numpy().tobytes()

    def same(self, name: str, known: str) -> None:
        """`name` is tied to the weight `known`."""
        self._pieces[name] = self._pieces[known]

    def value(self) -> str:
        digest = hashlib.sha256()
        for name in sorted(self._pieces):
            digest.update(name.encode() + self._pieces[name])
        return digest.hexdigest()[:16]


def fill(
    model: PreTrainedModel,
    weights: Iterable[tuple[str, Tensor]],
    dtype: torch.dtype,
    device: torch.device | str,
    source: Path,
) -> str:
    """Puts weights in the place of a model's empty (meta) ones, floats in `dtype`; returns the fingerprint.

    A float weight of a quantised layer is quantised on `device`. What the model has no place for is left out (masks and
    frequencies that old versions saved), except for layers that config.json does not count.

    Raises:
        PtuningError: a weight is missing, or of another shape or kind than config.json says; `source` is named.
    """
    targets = model.state_dict(keep_vars=True)
    missing, stacked = set(targets), {_anywhere(name) for name in targets}
    fingerprint = Fingerprint()
    for stored, weight in weights:
        name = _as_now(stored, stacked, model.base_model_prefix)
        if name not in targets:
            if _anywhere(name) in stacked:
                raise PtuningError(
                    f"基座模型 {source} 的权重 {stored} 在 config.json 说的层数之外，请换用配套的 config.json。"
                )
            continue
        fingerprint.add(name, weight)
        missing -= _assign(model, name, weight, targets[name], dtype, device, source)
    model.tie_weights(missing_keys=missing, recompute_mapping=False)
    if missing:  # they would be random numbers
        raise PtuningError(f"基座模型 {source} 的权重缺少 {min(missing)} 等{len(missing)}项，请把权重文件下载完整。")
    tied = model.state_dict(keep_vars=True)
    names = {id(tensor): name for name, tensor in tied.items() if name in fingerprint}
    for name, tensor in tied.items():
        if name not in fingerprint and id(tensor) in names:
            fingerprint.same(name, names[id(tensor)])
    model.config.dtype = dtype
    model.to(device)  # type: ignore[arg-type]  # the rotary frequencies and the like, which no file holds
    return fingerprint.value()


def _anywhere(name: str) -> str:
    return re.sub(r"\.\d+\.", ".*.", name)


def _as_now(name: str, stacked: set[str], prefix: str) -> str:
    """Its name in the model: files of a bare decoder lack the prefix (h.0… of GPT-2 is transformer.h.0…), and the output
    layer of GPT-NeoX had another one before transformers 5."""
    names = (name, f"{prefix}.{name}", re.sub(r"^embed_out\.", "lm_head.", name))
    return next((known for known in names if _anywhere(known) in stacked), name)


def _assign(
    model: nn.Module,
    name: str,
    weight: Tensor,
    target: Tensor,
    dtype: torch.dtype,
    device: torch.device | str,
    source: Path,
) -> set[str]:
    """Puts one weight in its place; returns the names that it fills."""
    path, _, attribute = name.rpartition(".")
    module = model.get_submodule(path)
    quantised = hasattr(module, "quantize") and attribute == "weight" and weight.is_floating_point()
    shape = (module.out_features, module.in_features) if quantised else tuple(target.shape)
    if tuple(weight.shape) != shape:
        raise PtuningError(
            f"基座模型 {source} 的权重 {name} 形状是{list(weight.shape)}，config.json 要的是{list(shape)}，请换用配套的 config.json。"
        )
    if quantised:
        module.quantize(weight.to(device))  # type: ignore[operator]
        return {name, f"{path}.weight_scale"}
    if weight.is_floating_point() != target.is_floating_point():
        raise PtuningError(
            f"基座模型 {source} 的权重 {name} 是{weight.dtype}，应是{target.dtype}，请检查 config.json 的 quantization_bit。"
        )
    if isinstance(target, nn.Parameter):
        setattr(module, attribute, nn.Parameter(weight.to(device, dtype, copy=True), requires_grad=False))
    else:  # of a quantised layer
        setattr(module, attribute, weight.to(device, target.dtype, copy=True))
    return {name}


def require_room(needed: int, device: torch.device, source: Path) -> None:
    """Refuses before anything is read.

    Raises:
        PtuningError: `needed` bytes of weights are more than the device has free.
    """
    free = free_memory(device)
    if needed > free:
        memory = "内存" if device.type == "cpu" else f"{device} 的显存"
        raise PtuningError(
            f"基座模型 {source} 的权重要{needed / GIGABYTE:.1f}GB，而{memory}只剩{free / GIGABYTE:.1f}GB，"
            "请用 --quantization_bit 8 或 4，或换一个更大的设备。"
        )


def free_memory(device: torch.device) -> int:
    """Bytes that a device has left."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available
