"""Training of a prefix with transformers' Trainer: only the prefix is optimised, saved and loaded."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from ptuning.errors import PtuningError
from ptuning.models import Base
from ptuning.prefix import PrefixModel, load_prefix, save_prefix

PATIENCE = 60  # logged losses after which a loss that has not fallen at all stops the run


class LossWatch(TrainerCallback):
    """Stops with a sentence where the loss is no number, or does not fall."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._last: list[float] = []

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise PtuningError(f"第{state.global_step}步的损失不是数（{loss}），请降低 --learning_rate（现在是{args.learning_rate}），半精度时加 --bf16 或改用float32。")
        if len(self._first) < 3:
            self._first.append(loss)
        self._last = [*self._last, loss][-PATIENCE:]
        if len(self._last) == PATIENCE and min(self._last) >= min(self._first):
            raise PtuningError(f"到第{state.global_step}步损失没有下降（开始{self._first[0]:.3f}，现在{loss:.3f}），请检查数据与 --learning_rate（现在是{args.learning_rate}）。")


class PrefixTrainer(Trainer):
    """Saves a whole prefix checkpoint (weights, shape, base identity) beside optimiser, scheduler and random state."""

    def __init__(self, model: PrefixModel, base: Base, meta: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(model=model, **kwargs)
        self._base, self._meta = base, meta
        self.add_callback(LossWatch())
        self.can_return_loss = True

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        model = self.accelerator.unwrap_model(self.model)
        save_prefix(output_dir or str(self.args.output_dir), model.prefix_encoder, self._base.identity, self._meta)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        target = self.accelerator.unwrap_model(model or self.model)
        target.prefix_encoder.load_state_dict(load_prefix(resume_from_checkpoint, self._base).state_dict())


def last_whole_checkpoint(folder: str | Path) -> str | None:
    """The newest checkpoint-N of a run that was written to its end; a kill while saving leaves one that was not."""
    found = get_last_checkpoint(str(folder)) if Path(folder).is_dir() else None
    candidates = sorted(Path(folder).glob("checkpoint-*"), key=lambda p: int(p.name.rsplit("-", 1)[1]), reverse=True) if found else []
    return next((str(path) for path in candidates if is_whole(path)), None)


def is_whole(checkpoint: Path) -> bool:
    """The trainer's state is the last file of a checkpoint to be written."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return False
    return (checkpoint / "optimizer.pt").exists()
