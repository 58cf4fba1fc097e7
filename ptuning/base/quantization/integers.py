"""Weights as integers of 8 or 4 bits, in ChatGLM's format: symmetric, one scale a row, two 4-bit weights to a byte."""

from __future__ import annotations

import torch
from torch import Tensor

from ptuning.base.quantization.cuda_kernels import dequantize_on_cuda
from ptuning.errors import PtuningError

BITS = (4, 8)


def quantize(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Rounds every row to integers of `bits` bits: row ≈ scale * integers, scale = max|row| / (2**(bits-1) - 1).

    Shape: weight [out, in]. Returns int8 [out, in] (8 bits) or [out, in / 2] (4 bits, see `pack`), and scales [out], float32.
    No number moves by more than half a scale; a row of zeros stays zeros.

    Raises:
        PtuningError: a number that is not finite, or an odd row in 4 bits.
    """
    exact = weight.detach().float()
    largest = exact.abs().amax(dim=1)
    if not largest.isfinite().all():
        raise PtuningError("权重里有 NaN 或无穷大，不能量化，请检查基座模型的权重文件。")
    scale = (largest / (2 ** (bits - 1) - 1)).clamp_min(torch.finfo(torch.float32).tiny)
    integers = (exact / scale[:, None]).round_().to(torch.int8)
    return (pack(integers) if bits == 4 else integers), scale


def pack(integers: Tensor) -> Tensor:
    """Two signed 4-bit numbers to a byte, the even column in the high half: int8 [out, in] to int8 [out, in / 2].

    Raises:
        PtuningError: an odd number of columns.
    """
    check_even(integers.shape[1])
    return (integers[:, 0::2] << 4) | (integers[:, 1::2] & 0xF)


def unpack(packed: Tensor, dtype: torch.dtype = torch.int8) -> Tensor:
    """What `pack` packed: int8 [out, in / 2] to [out, in] in `dtype`."""
    integers = torch.empty(packed.shape[0], 2 * packed.shape[1], dtype=dtype, device=packed.device)
    integers[:, 0::2] = packed >> 4
    integers[:, 1::2] = (packed << 4) >> 4
    return integers


def check_even(columns: int) -> None:
    """Raises PtuningError where two 4-bit weights to a byte leave one over."""
    if columns % 2:
        raise PtuningError(
            f"4位量化每个字节放两个权重，每行要有偶数个，现在是{columns}个，请改用 --quantization_bit 8。"
        )


def dequantize(weight: Tensor, scale: Tensor, bits: int, dtype: torch.dtype) -> Tensor:
    """The weights [out, in] of what `quantize` gave or a ChatGLM checkpoint holds: integers * scale in float32, then `dtype`.

    Shape: weight int8 [out, in] or packed [out, in / 2], scale [out]. On CUDA a kernel of ours does it without temporaries
    where it can; it gives the same bits.
    """
    scale = scale.float()
    if weight.is_cuda and weight.is_contiguous():
        result = dequantize_on_cuda(weight, scale, bits, dtype, dequantize_in_torch)
        if result is not None:
            return result
    return dequantize_in_torch(weight, scale, bits, dtype)


def dequantize_in_torch(weight: Tensor, scale: Tensor, bits: int, dtype: torch.dtype) -> Tensor:
    """`dequantize` on any device, for float32 scales."""
    # Multiplying half by float32 in place rounds once too and spares a GPU the float32 copy, but a CPU is slow at it.
    working = torch.promote_types(dtype, torch.float32) if weight.device.type == "cpu" else dtype
    integers = unpack(weight, working) if bits == 4 else weight.to(working)
    return integers.mul_(scale[:, None]).to(dtype)
