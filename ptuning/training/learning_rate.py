"""Which learning rate to take: a short run whose rate rises from step to step (the range test of Smith 2017, arXiv 1506.01186)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ptuning.errors import PtuningError
from ptuning.files import write_text
from ptuning.training.trainer import TuningTrainer

LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 60
WORSE = 1.5  # times the least (smoothed) loss: from there on the rate is too high
SMOOTH = 0.7  # weight of what was before in the smoothed loss
SAFE = 3.0  # the rate that is taken is this much below the one where the loss is least


class RangeTest(TuningTrainer):
    """The rate rises from LOWEST to HIGHEST, the same factor a step."""

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        factor = (HIGHEST / LOWEST) ** (1 / (STEPS - 1))
        rising: Any = optimizer or self.optimizer
        self.lr_scheduler = LambdaLR(rising, lambda step: factor**step)
        return self.lr_scheduler


class Record(TrainerCallback):
    """(rate, loss) of every step; ends the run where the loss has risen too far."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if logs and "loss" in logs:
            self.points.append((float(logs["learning_rate"]), float(logs["loss"])))
            losses = smoothed([loss for _, loss in self.points])
            control.should_training_stop |= len(losses) > 10 and losses[-1] > WORSE * min(losses) + 0.1


def smoothed(losses: Sequence[float]) -> list[float]:
    """The running mean, weighted towards the last; the first is itself."""
    found: list[float] = []
    for loss in losses:
        found.append(loss if not found else SMOOTH * found[-1] + (1 - SMOOTH) * loss)
    return found


def suggestion(points: Sequence[tuple[float, float]]) -> float:
    """The rate SAFE times below the one where the smoothed loss is least, to two digits.

    Raises:
        PtuningError: the loss never fell.
    """
    losses = smoothed([loss for _, loss in points])
    if not losses or min(losses) >= losses[0]:
        raise PtuningError("试过的学习率都没有让损失下降，请检查数据。")
    rate = points[losses.index(min(losses))][0] / SAFE
    digits = 1 - math.floor(math.log10(rate))
    return round(rate, digits)


def tell(record: Record, folder: Path) -> None:
    """Prints the curve and the suggestion, and writes find_lr.json. Raises as `suggestion`."""
    losses = smoothed([loss for _, loss in record.points])
    for (rate, loss), mean in list(zip(record.points, losses))[:: max(1, len(losses) // 20)]:
        print(f"  {rate:9.2e}  损失 {loss:8.4f}  平滑 {mean:8.4f}")
    rate = suggestion(record.points)
    content = {"suggestion": rate, "points": [[rate, loss] for rate, loss in record.points]}
    write_text(folder / "find_lr.json", json.dumps(content, indent=1) + "\n")
    print(f"建议 --learning_rate {rate:g}")
