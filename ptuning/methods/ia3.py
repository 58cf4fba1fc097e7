"""(IA)³ (Liu et al. 2022, arXiv 2205.05638): keys, values and the inner states of the MLP, each times a trained vector; by peft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.models import Base
from ptuning.methods import peft_files
from ptuning.methods.injected import ADAPTER, decoder_path, injected, key, names, weight_of
from ptuning.methods.merged import MERGED, write_merged
from ptuning.methods.method import Delta, Layout, Method, Tuning, Weights

USUAL = ["k_proj", "v_proj", "down_proj"]  # of a model that peft does not list: as Llama, and the last is in the MLP


@dataclass(frozen=True)
class Ia3Config:
    """targets: ends of the names of the layers; inner: of those whose input is scaled instead of their output."""

    targets: tuple[str, ...]
    inner: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))
        object.__setattr__(self, "inner", tuple(self.inner))

    def peft(self) -> Any:
        """As peft's IA3Config."""
        from peft import IA3Config

        return IA3Config(target_modules=list(self.targets), feedforward_modules=list(self.inner))


class Ia3(Tuning):
    """A vector for each layer, 1 at first: over its outputs, [out, 1], or its inputs, [1, in]."""

    def __init__(self, config: Ia3Config, model: PreTrainedModel) -> None:
        super().__init__()
        self.config: Ia3Config = config
        layers = injected(model, config.peft())
        self.scale = nn.ParameterDict({key(name): layer.ia3_l[ADAPTER].float() for name, layer in layers.items()})
        decoder = model.get_decoder()
        self._layers = {name: (decoder.get_submodule(name), made.is_feedforward) for name, made in layers.items()}

    @classmethod
    def of(cls, config: Ia3Config, model: PreTrainedModel) -> Ia3:
        return cls(config, model)

    def deltas(self) -> Mapping[str, Delta]:
        scales = zip(names(self.scale), self.scale.values())
        return {name: _delta(*self._layers[name], scale.flatten()) for name, scale in scales}

    def weights(self) -> Mapping[str, Any]:
        """A layer's name → its weight [out, in] with the vector taken up."""
        return {
            name: lambda layer, scale=scale: weight_of(layer) * scale
            for name, scale in zip(names(self.scale), self.scale.values())
        }


def _delta(layer: nn.Module, inner: bool, scale: Tensor) -> Delta:
    """What the scaled layer gives more than the layer; `forward` itself, since a call would come back here by its hook."""
    forward: Any = layer.forward

    def outer_delta(x: Tensor) -> Tensor:
        found = forward(x)
        return found * (scale - 1).to(found.dtype)

    def inner_delta(x: Tensor) -> Tensor:
        found = forward(x * (scale - 1).to(x.dtype))
        bias = getattr(layer, "bias", None)
        return found if bias is None else found - bias

    return inner_delta if inner else outer_delta


def _write(folder: Path, tuning: Ia3, base: Base) -> None:
    path = decoder_path(base.model)
    stored = zip(names(tuning.scale), tuning.scale.values())
    peft_files.write(folder, tuning.config.peft(), {f"{path}{name}.ia3_l": scale for name, scale in stored}, base)


def _read(folder: Path, base: Base) -> tuple[Ia3Config, Weights]:
    """The names of the layers are those of the weights: the settings may hold a pattern."""
    _, stored = peft_files.read(folder, base)
    path = decoder_path(base.model)
    scales = {name.removeprefix(path).removesuffix(".ia3_l"): weight.float() for name, weight in stored.items()}
    inner = tuple(sorted(name for name, scale in scales.items() if scale.shape[0] == 1))
    return Ia3Config(tuple(sorted(scales)), inner), {f"scale.{key(name)}": scale for name, scale in scales.items()}


def _write_merged(folder: Path, tuning: Ia3, base: Base) -> None:
    """A layer whose outputs are scaled has its bias scaled, too."""
    with torch.no_grad():
        scales = zip(names(tuning.scale), tuning.scale.values())
        outer = {name: scale.flatten() for name, scale in scales if scale.shape[1] == 1}
        write_merged(folder, base, tuning.weights(), outer)


@dataclass
class Ia3Options:
    ia3_targets: list[str] | None = field(
        default=None, metadata={"help": "ia3 缩放哪些层（名字的末尾）；默认键、值和 MLP 的最后一层"}
    )
    ia3_inner: list[str] | None = field(default=None, metadata={"help": "ia3_targets 里缩放输入而不是输出的那些"})

    @property
    def given(self) -> bool:
        return self.ia3_targets is not None

    def wrong(self) -> list[str]:
        extra = set(self.ia3_inner or ()) - set(self.ia3_targets or self.ia3_inner or ())
        return [f"--ia3_inner 的 {'、'.join(sorted(extra))} 不在 --ia3_targets 里"] if extra else []

    def fresh(self, base: Base) -> Ia3:
        from peft.utils import constants

        kind = base.model.config.model_type
        known = constants.TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING.get(kind, USUAL)
        inner = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.get(kind, USUAL[-1:])
        targets = self.ia3_targets or known
        chosen = self.ia3_inner if self.ia3_inner is not None else [name for name in inner if name in targets]
        return Ia3(Ia3Config(tuple(targets), tuple(chosen)), base.model)

    def differs(self, trained: Ia3, checkpoint: str) -> str | None:
        return None


IA3 = Method(
    title="IA3",
    tuning=Ia3,
    config=Ia3Config,
    options=Ia3Options,
    needs="",
    random="给了 --ia3_targets 而没有 --ptuning_checkpoint，IA3 还没有训练；请给出检查点",
    weights_file="ia3.safetensors",
    config_file="ia3_config.json",
    layouts={
        "peft": peft_files.layout("IA3", _read, _write),
        MERGED: Layout(lambda folder: False, _read, _write_merged),
    },
    name="ia3",
    learning_rate=5e-2,
)
