"""BitFit (Ben Zaken et al. 2022, arXiv 2106.10199): only biases train. Ours: peft's own (BEFT) takes those of the values alone.

What trains is the change of each bias, so a layer without one (GLM, Llama have hardly any) gets its first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from ptuning.base.models import Base
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.methods.injected import key, names
from ptuning.methods.method import Delta, Method, Tuning


@dataclass(frozen=True)
class BitFitConfig:
    """widths: the name of each layer in the base's decoder, and its outputs."""

    widths: dict[str, int]


class BitFit(Tuning):
    """A vector [out] for each layer, added to its output; 0 at first."""

    def __init__(self, config: BitFitConfig) -> None:
        super().__init__()
        self.config: BitFitConfig = config
        self.bias = nn.ParameterDict({key(name): torch.zeros(width) for name, width in config.widths.items()})

    def deltas(self) -> Mapping[str, Delta]:
        return {name: _delta(bias) for name, bias in zip(names(self.bias), self.bias.values())}


def _delta(bias: Tensor) -> Delta:
    return lambda x: bias.expand(*x.shape[:-1], -1)


def width_of(layer: nn.Module) -> int | None:
    """The outputs of a layer that can have a bias; None of any other module."""
    if isinstance(layer, (nn.Linear, QuantizedLinear)):
        return layer.out_features
    if isinstance(layer, Conv1D):
        return layer.nf
    return layer.normalized_shape[-1] if isinstance(layer, nn.LayerNorm) else None


@dataclass
class BitFitOptions:
    bitfit: bool = field(default=False, metadata={"help": "只训练各层的偏置（同 --method bitfit）"})

    @property
    def given(self) -> bool:
        return self.bitfit

    def wrong(self) -> list[str]:
        return []

    def fresh(self, base: Base) -> BitFit:
        layers = {name: width_of(layer) for name, layer in base.model.get_decoder().named_modules()}
        return BitFit(BitFitConfig({name: width for name, width in layers.items() if width}))

    def differs(self, trained: BitFit, checkpoint: str) -> str | None:
        return None


BITFIT = Method(
    title="BitFit",
    tuning=BitFit,
    config=BitFitConfig,
    options=BitFitOptions,
    needs="",
    random="给了 --bitfit 而没有 --ptuning_checkpoint，偏置还没有训练；请给出检查点",
    weights_file="bitfit.safetensors",
    config_file="bitfit_config.json",
    name="bitfit",
    learning_rate=1e-2,
)
