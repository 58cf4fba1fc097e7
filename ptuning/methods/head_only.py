"""Nothing of the base trains: only the head that --head puts on it (a linear probe)."""

from __future__ import annotations

from dataclasses import dataclass

from ptuning.base.models import Base
from ptuning.methods.method import Method, Tuning


@dataclass(frozen=True)
class HeadOnlyConfig:
    """Nothing to choose."""


class HeadOnly(Tuning):
    """Adds nothing."""

    def __init__(self, config: HeadOnlyConfig) -> None:
        super().__init__()
        self.config: HeadOnlyConfig = config


@dataclass
class HeadOnlyOptions:
    @property
    def given(self) -> bool:
        return False  # by --method only

    def wrong(self) -> list[str]:
        return []

    def fresh(self, base: Base) -> HeadOnly:
        return HeadOnly(HeadOnlyConfig())

    def differs(self, trained: HeadOnly, checkpoint: str) -> str | None:
        return None


HEAD_ONLY = Method(
    title="只训练输出头",
    tuning=HeadOnly,
    config=HeadOnlyConfig,
    options=HeadOnlyOptions,
    needs="",
    random="",
    weights_file="head_only.safetensors",
    config_file="head_only_config.json",
    name="head",
    learning_rate=1e-2,
)
