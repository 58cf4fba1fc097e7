"""Quantises a model: puts frozen layers of 8 or 4 bits in the place of its linear ones.

Only the linear layers of the decoder are quantised; embeddings, norms and the output layer stay as they are, and so does
what is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import torch
from torch import nn

from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.errors import PtuningError

SCHEMES = ("int", "nf4")


def replace_linears(model: nn.Module, bits: int, dtype: torch.dtype, scheme: str = "int") -> int:
    """Puts an empty quantised layer in the place of every linear one of the decoder, on its device; returns how many.

    Meant for a model on the meta device: a loader then hands each layer its weights by `.quantize` or `.load`.
    dtype: of the biases, and of nf4's products. scheme: "int" (ChatGLM's) or "nf4" (bitsandbytes, 4 bits).

    Raises:
        PtuningError: the decoder has no linear layers (GPT-2's are of another kind), one of them does not fit, or
            bitsandbytes is not installed.
    """
    return replace(model, lambda linear: empty_like(linear, bits, dtype, scheme, linear.weight.device))


def quantize_model(model: nn.Module, bits: int, scheme: str = "int") -> int:
    """Quantises a loaded model in place, one layer after another; returns how many. Raises as `replace_linears`."""

    def quantized(linear: nn.Linear) -> QuantizedLinear:
        layer = empty_like(linear, bits, linear.weight.dtype, scheme, "meta")
        layer.quantize(linear.weight)
        layer.bias = None if linear.bias is None else linear.bias.detach()
        return layer.train(linear.training)

    return replace(model, quantized)


def memory_bytes(model: nn.Module, bits: int, dtype: torch.dtype) -> int:
    """Bytes that the weights of a float model (say on the meta device) will take.

    bits: of the decoder's linear layers; 0: as the rest, which is of `dtype`. NF4 takes one byte for 64 weights more.
    """
    tensors = chain(model.parameters(), model.buffers())
    total = sum(t.numel() * (dtype.itemsize if t.is_floating_point() else t.element_size()) for t in tensors)
    for _, _, linear in decoder_linears(model) if bits else ():
        weights = linear.weight.numel()
        total += weights * bits // 8 + linear.out_features * torch.float32.itemsize - weights * dtype.itemsize
    return total


def replace(model: nn.Module, quantized: Callable[[nn.Linear], QuantizedLinear]) -> int:
    """Exchanges the decoder's linear layers one by one.

    Raises:
        PtuningError: there are none.
    """
    count = 0
    for parent, name, linear in decoder_linears(model):
        setattr(parent, name, quantized(linear))
        count += 1
    if not count:
        raise PtuningError(f"{type(model).__name__} 的各层里没有可以量化的线性层，请去掉 --quantization_bit。")
    return count


def decoder_linears(model: Any) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    """(parent, attribute, layer) of every nn.Linear inside the decoder's stack of num_hidden_layers layers."""
    depth = model.config.get_text_config().num_hidden_layers
    stacks = (m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) == depth)
    for parent in list(next(stacks, nn.ModuleList()).modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                yield parent, name, child


def empty_like(
    linear: nn.Linear, bits: int, dtype: torch.dtype, scheme: str, device: torch.device | str
) -> QuantizedLinear:
    """A quantised layer of the shape of `linear`, without its weights."""
    if scheme not in SCHEMES:
        raise PtuningError(f"quantization_scheme 只能是 {' 或 '.join(SCHEMES)}，现在是“{scheme}”。")
    kind = nf4_linear() if scheme == "nf4" else QuantizedLinear
    return kind(linear.in_features, linear.out_features, bits, linear.bias is not None, dtype, device)


def nf4_linear() -> type[QuantizedLinear]:
    """The layer of ptuning.base.quantization.nf4, which needs bitsandbytes.

    Raises:
        PtuningError: it is not installed.
    """
    try:
        from ptuning.base.quantization.nf4 import Nf4Linear
    except ImportError as error:
        raise PtuningError(
            f"quantization_scheme 为 nf4 时需要 bitsandbytes（{error}），请运行 pip install bitsandbytes。"
        ) from None
    return Nf4Linear
