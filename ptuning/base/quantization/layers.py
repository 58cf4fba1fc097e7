"""Frozen linear layers of 8 or 4 bits a weight.

A product is computed with the dequantised weight, so gradients are exact for that weight (the same idea as QLoRA, Dettmers
et al. 2023, arXiv 2305.14314, which ptuning.base.quantization.nf4 is).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ptuning.base.quantization.integers import BITS, check_even, dequantize, quantize
from ptuning.errors import PtuningError


class Product(torch.autograd.Function):
    """x @ weight.T + bias; keeps the quantised weight, not the dequantised one, for the gradient of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor | None, bits: int) -> Tensor:
        ctx.save_for_backward(weight, scale)
        ctx.bits = bits
        return functional.linear(x, dequantize(weight, scale, bits, x.dtype), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, scale = ctx.saved_tensors
        (gradient,) = gradients
        return gradient @ dequantize(weight, scale, ctx.bits, gradient.dtype), None, None, None, None


class QuantizedLinear(nn.Module):
    """A frozen linear layer of 8 or 4 bits a weight. All of it is buffers, so no optimizer can find anything to train.

    weight: int8 [out, in], or [out, in / 2] in 4 bits. weight_scale: [out], float32. bias: [out] or None.

    Raises:
        PtuningError: bits that are not 8 or 4, or an odd in_features in 4 bits.
    """

    weight: Tensor
    weight_scale: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bits: int,
        bias: bool = False,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        if bits not in BITS:
            raise PtuningError(f"quantization_bit 只能是 4 或 8，现在是{bits}。")
        if bits == 4:
            check_even(in_features)
        self.in_features, self.out_features, self.bits = in_features, out_features, bits
        stored = (out_features, in_features * bits // 8)
        self.register_buffer("weight", torch.zeros(stored, dtype=torch.int8, device=device))
        self.register_buffer("weight_scale", torch.zeros(out_features, dtype=torch.float32, device=device))
        self.register_buffer("bias", torch.zeros(out_features, dtype=dtype, device=device) if bias else None)

    def quantize(self, weight: Tensor) -> None:
        """Takes over float weights [out, in], on the device where they are. Raises as `quantize` and `load`."""
        self.load(*quantize(weight, self.bits))

    def load(self, weight: Tensor, weight_scale: Tensor) -> None:
        """Takes over weights as ChatGLM's int4 and int8 checkpoints store them, on the device where they are.

        Raises:
            PtuningError: another shape, or not int8.
        """
        if weight.shape != self.weight.shape or weight.dtype != torch.int8:
            raise PtuningError(
                f"{self.bits}位量化的权重应是 int8 的{list(self.weight.shape)}，现在是 "
                f"{str(weight.dtype).removeprefix('torch.')} 的{list(weight.shape)}，请检查 quantization_bit 与权重文件是否配套。"
            )
        if weight_scale.numel() != self.out_features:
            raise PtuningError(
                f"weight_scale 应有{self.out_features}个数，现在是{weight_scale.numel()}个，请检查权重文件是否完整。"
            )
        self.weight = weight.contiguous()
        self.weight_scale = weight_scale.flatten().to(weight.device, torch.float32)

    def forward(self, x: Tensor) -> Tensor:
        """Shape: [..., in] to [..., out]."""
        return Product.apply(autocast(x), self.weight, self.weight_scale, self.bias, self.bits)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bits={self.bits}"


def autocast(x: Tensor) -> Tensor:
    """x in the dtype in which torch.autocast, where it is on, would multiply."""
    kind = x.device.type
    return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x
