"""LoRA (Hu et al. 2021, arXiv 2106.09685): a product of two thin matrices beside frozen linear layers; made by peft.

On a base of 4 bits it is QLoRA (Dettmers et al. 2023, arXiv 2305.14314).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.models import Base
from ptuning.errors import PtuningError
from ptuning.methods import peft_files
from ptuning.methods.injected import ADAPTER, decoder_path, injected, key, names, weight_of
from ptuning.methods.merged import MERGED, write_merged
from ptuning.methods.method import Delta, Layout, Method, Tuning, Weights

# Settings of peft's under which an adapter is what is read here: nothing beside the products, and a base as it stands
# (PiSSA, OLoRA and the like begin with another one).
PLAIN = {
    "use_dora": (),
    "bias": ("none",),
    "rank_pattern": (),
    "alpha_pattern": (),
    "modules_to_save": (),
    "init_lora_weights": (True, "gaussian", "orthogonal", "eva"),
}
ALL = "all-linear"  # peft's name for every linear layer of a decoder


@dataclass(frozen=True)
class LoraTuningConfig:
    """targets: ends of the layers' names, or `all-linear`. rslora: scaled by alpha / sqrt(r) (Kalajdzievski 2023)."""

    r: int
    alpha: float
    dropout: float = 0.0
    targets: tuple[str, ...] = (ALL,)
    rslora: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))  # a list in JSON

    def peft(self, **more: Any) -> Any:
        """As peft's LoraConfig."""
        from peft import LoraConfig

        targets = ALL if self.targets == (ALL,) else list(self.targets)
        options: dict[str, Any] = {"lora_alpha": self.alpha, "lora_dropout": self.dropout, "use_rslora": self.rslora}
        return LoraConfig(r=self.r, target_modules=targets, **options, **more)


class Lora(Tuning):
    """Matrices down [r, in] and up [out, r] for each layer; up starts at 0."""

    def __init__(self, config: LoraTuningConfig, model: PreTrainedModel) -> None:
        super().__init__()
        self.config: LoraTuningConfig = config
        layers = injected(model, config.peft())
        self.down = nn.ModuleDict({key(name): layer.lora_A[ADAPTER] for name, layer in layers.items()})
        self.up = nn.ModuleDict({key(name): layer.lora_B[ADAPTER] for name, layer in layers.items()})
        self.dropout = nn.Dropout(config.dropout)
        self._scaling = next(iter(layers.values())).scaling[ADAPTER]
        self.float()

    @classmethod
    def of(cls, config: LoraTuningConfig, model: PreTrainedModel) -> Lora:
        return cls(config, model)

    def deltas(self) -> Mapping[str, Delta]:
        return {name: self._delta(a, b) for name, a, b in zip(names(self.down), self.down.values(), self.up.values())}

    def _delta(self, down: nn.Module, up: nn.Module) -> Delta:
        return lambda x: up(down(self.dropout(x.to(torch.float32)))) * self._scaling

    def products(self) -> dict[str, Tensor]:
        """What is added to each layer's weight, [out, in]."""
        pairs: Any = zip(names(self.down), self.down.values(), self.up.values())
        return {name: (b.weight @ a.weight * self._scaling).detach() for name, a, b in pairs}


def _peft_weights(tuning: Lora, model: PreTrainedModel) -> Weights:
    path = decoder_path(model)
    sides = (("lora_A", tuning.down), ("lora_B", tuning.up))
    found: dict[str, Any] = {
        f"{path}{name}.{side}.weight": layer.weight
        for side, layers in sides
        for name, layer in zip(names(layers), layers.values())
    }
    return found


def _write(folder: Path, tuning: Lora, base: Base) -> None:
    ends = sorted({name.rpartition(".")[2] for name in names(tuning.down)})
    peft_files.write(folder, tuning.config.peft(), _peft_weights(tuning, base.model), base, {"target_modules": ends})


def _read(folder: Path, base: Base) -> tuple[LoraTuningConfig, Weights]:
    settings, stored = peft_files.read(folder, base)
    strange = [name for name, usual in PLAIN.items() if settings.get(name) not in (*usual, None, False, [], {})]
    if strange:
        raise PtuningError(
            f"{folder} 的 {'、'.join(strange)} 这里不支持，请用 peft 把它合并进模型（merge_and_unload）再装载。"
        )
    path, weights, targets = decoder_path(base.model), {}, set()
    for name, weight in stored.items():
        layer, _, end = name.removeprefix(path).rpartition(".lora_")
        weights[f"{'down' if end[0] == 'A' else 'up'}.{key(layer)}.weight"] = weight.float()
        targets.add(layer)
    known = {"r": settings["r"], "alpha": settings["lora_alpha"], "dropout": settings.get("lora_dropout", 0.0)}
    return LoraTuningConfig(**known, targets=tuple(sorted(targets)), rslora=bool(settings.get("use_rslora"))), weights


def _write_merged(folder: Path, tuning: Lora, base: Base) -> None:
    with torch.no_grad():
        write_merged(folder, base, {name: partial(_plus, product) for name, product in tuning.products().items()})


def _plus(product: Tensor, layer: nn.Module) -> Tensor:
    return weight_of(layer) + product


@dataclass
class LoraOptions:
    lora_r: int | None = field(default=None, metadata={"help": "LoRA 的秩；--method lora 时默认8"})
    lora_alpha: float | None = field(default=None, metadata={"help": "LoRA 的缩放 alpha；默认是秩的两倍"})
    lora_dropout: float = field(default=0.0, metadata={"help": "LoRA 输入的丢弃率"})
    lora_targets: list[str] = field(
        default_factory=lambda: [ALL], metadata={"help": "LoRA 调整哪些层（名字的末尾，例如 q_proj v_proj）"}
    )
    lora_rslora: bool = field(default=False, metadata={"help": "LoRA 按 alpha/√r 缩放"})

    @property
    def given(self) -> bool:
        return self.lora_r is not None

    def wrong(self) -> list[str]:
        found = []
        if self.lora_r is not None and self.lora_r < 1:
            found.append(f"--lora_r 至少为1，现在是{self.lora_r}")
        if not 0 <= self.lora_dropout < 1:
            found.append(f"--lora_dropout 在0到1之间，现在是{self.lora_dropout}")
        return found

    def fresh(self, base: Base) -> Lora:
        r = self.lora_r or 8
        targets = tuple(self.lora_targets)
        return Lora(
            LoraTuningConfig(r, self.lora_alpha or 2 * r, self.lora_dropout, targets, self.lora_rslora), base.model
        )

    def differs(self, trained: Lora, checkpoint: str) -> str | None:
        if self.lora_r in (None, trained.config.r):
            return None
        return f"提示：LoRA 的秩以检查点 {checkpoint} 的 {trained.config.r} 为准，--lora_r {self.lora_r} 不起作用。"


LORA = Method(
    title="LoRA",
    tuning=Lora,
    config=LoraTuningConfig,
    options=LoraOptions,
    needs="",
    random="给了 --lora_r 而没有 --ptuning_checkpoint，LoRA 还没有训练；请给出检查点",
    weights_file="lora.safetensors",
    config_file="lora_config.json",
    layouts={
        "peft": peft_files.layout("LORA", _read, _write),
        MERGED: Layout(lambda folder: False, _read, _write_merged),
    },
    name="lora",
    learning_rate=5e-3,
)
