"""Full tuning: every weight trains, in a copy, so that the base beside it stays what it is."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from ptuning.base.models import Base
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.errors import PtuningError
from ptuning.methods.merged import MERGED, write_model
from ptuning.methods.method import Layout, Method, Tuning


@dataclass(frozen=True)
class FullConfig:
    """embeddings: whether those of the words train too."""

    embeddings: bool = True


class Full(Tuning):
    """A model of its own, float32, that starts as the base."""

    def __init__(self, config: FullConfig, base: PreTrainedModel) -> None:
        super().__init__()
        if any(isinstance(layer, QuantizedLinear) for layer in base.modules()):
            raise PtuningError("量化的基座不能全量微调，请去掉 --quantization_bit，或改用 --method qlora。")
        self.config: FullConfig = config
        own: Any = copy.deepcopy(base)
        self.own: PreTrainedModel = own.to(torch.float32)

    @classmethod
    def of(cls, config: FullConfig, model: PreTrainedModel) -> Full:
        return cls(config, model)

    def model(self, base: PreTrainedModel) -> PreTrainedModel:
        return self.own

    def frozen(self) -> set[int]:
        """ids of the weights that do not train."""
        return set() if self.config.embeddings else {id(self.own.get_input_embeddings().weight)}

    def state_dict(self, *arguments: Any, **options: Any) -> Any:
        """Each weight once: an output layer tied to the words' embeddings is theirs."""
        found = super().state_dict(*arguments, **options)
        kept: dict[int, str] = {}
        for name in list(found):
            if kept.setdefault(found[name].data_ptr(), name) != name:
                del found[name]
        return found

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Raises RuntimeError as torch does for weights that are missing or of another shape."""
        held = set(self.state_dict())
        if strict and held != set(state_dict):
            raise RuntimeError(f"weights differ: {sorted(held ^ set(state_dict))[:3]}")
        return super().load_state_dict(state_dict, strict=False, assign=assign)


def _write_model(folder: Path, tuning: Full, base: Base) -> None:
    write_model(folder, tuning.own, base)


def _no_read(folder: Path, base: Base) -> Any:
    raise PtuningError(f"{folder} 是一个完整的模型，请用 --model_name_or_path 装载它。")


@dataclass
class FullOptions:
    full_embeddings: bool = field(default=True, metadata={"help": "全量微调时词向量也训练"})

    @property
    def given(self) -> bool:
        return False  # by --method only

    def wrong(self) -> list[str]:
        return []

    def fresh(self, base: Base) -> Full:
        return Full(FullConfig(self.full_embeddings), base.model)

    def differs(self, trained: Full, checkpoint: str) -> str | None:
        return None


FULL = Method(
    title="全量微调",
    tuning=Full,
    config=FullConfig,
    options=FullOptions,
    needs="",
    random="",
    weights_file="full.safetensors",
    config_file="full_config.json",
    layouts={MERGED: Layout(lambda folder: False, _no_read, _write_model)},
    name="full",
    learning_rate=1e-3,
)
