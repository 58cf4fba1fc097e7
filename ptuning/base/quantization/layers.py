"""The frozen base in 8 or 4 bits, in ChatGLM's format: symmetric, one scale a row, two 4-bit weights to a byte.

Only the linear layers of the decoder are quantised; embeddings, norms and the output layer stay as they are, and so does
the prefix, which is trained. A product is computed with the dequantised weight, so gradients are exact for that weight
(the same idea as QLoRA, Dettmers et al. 2023, arXiv 2305.14314, which `scheme="nf4"` is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ptuning.base.quantization.cuda_kernels import dequantize_on_cuda
from ptuning.errors import PtuningError

BITS = (4, 8)
SCHEMES = ("int", "nf4")


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
