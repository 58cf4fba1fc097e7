"""QLoRA's 4-bit NormalFloat (Dettmers et al. 2023, arXiv 2305.14314), by bitsandbytes; the one file that imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bitsandbytes
import torch
from bitsandbytes.functional import QuantState, quantize_4bit
from torch import Tensor

from ptuning.base.quantization.layers import QuantizedLinear, autocast
from ptuning.errors import PtuningError

BLOCK = 64  # weights that share a scale


class Nf4Linear(QuantizedLinear):
    """A frozen linear layer in NF4: blocks of 64 weights with a scale each, and the scales in 8 bits.

    weight: bitsandbytes' packed bytes, uint8 [out * in / 2, 1]; no weight_scale, `state` holds the scales.

    Raises:
        PtuningError: bits is not 4, or in_features is no multiple of 64 (bitsandbytes 0.50 then dequantises wrongly on a
            CPU: its scales start anew in each row, while those of its quantisation run on over the rows).
    """

    state: QuantState | None = None

    def __init__(self, in_features: int, out_features: int, bits: int, *arguments: Any, **settings: Any) -> None:
        if bits != 4:
            raise PtuningError(f"nf4 是4位的，现在 quantization_bit 是{bits}，请改为 --quantization_bit 4。")
        if in_features % BLOCK:
            raise PtuningError(
                f"nf4 要求每行的权重数是{BLOCK}的倍数，这一层是{in_features}个，请去掉 --quantization_scheme。"
            )
        super().__init__(in_features, out_features, bits, *arguments, **settings)
        self.weight_scale = None

    def quantize(self, weight: Tensor) -> None:
        """Takes over float weights [out, in], on the device where they are.

        Raises:
            PtuningError: another shape.
        """
        if weight.shape != (self.out_features, self.in_features):
            raise PtuningError(
                f"这一层的权重应是{[self.out_features, self.in_features]}，现在是{list(weight.shape)}，请检查权重文件。"
            )
        values = weight.detach().contiguous()
        self.weight, self.state = quantize_4bit(values, blocksize=BLOCK, quant_type="nf4", compress_statistics=True)

    def load(self, weight: Tensor, weight_scale: Tensor) -> None:
        """Raises PtuningError: ChatGLM's integers are not NF4."""
        raise PtuningError("这个基座已按 ChatGLM 的格式量化，不能再转成 nf4，请去掉 --quantization_scheme。")

    def forward(self, x: Tensor) -> Tensor:
        """Shape: [..., in] to [..., out]. The gradient goes through the dequantised weight (bitsandbytes' matmul_4bit)."""
        x = autocast(x)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return bitsandbytes.matmul_4bit(x, self.weight, self.state, bias=bias)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Nf4Linear:
        """`.to(device)` takes the scales along; they are no buffers, since bitsandbytes wants them in its own object."""
        super()._apply(fn, recurse)
        if self.state is not None and self.weight.device != torch.device("meta"):
            self.state.to(self.weight.device)
        return self
