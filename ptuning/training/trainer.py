"""Training with transformers' Trainer: only what the method trains is optimised, saved and loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ptuning.base.models import Base
from ptuning.errors import PtuningError
from ptuning.heads.model import HeadedModel
from ptuning.heads.task_head import load_head, save_head
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.registry import method_of
from ptuning.methods.saving import load, save
from ptuning.training.dataset import EncodedRows, LengthGroups

Scorer = Callable[[], dict[str, float]]
PATIENCE = 200  # steps within which the loss of a new tuning must have fallen
LEARNED = 0.1  # a loss (nats per token) below which a task counts as learned: it need not fall further
RECENT = 5  # logged losses whose mean counts as the loss now


class FallingLoss(TrainerCallback):
    """Stops a run whose loss, PATIENCE steps on, is no lower than the first one logged (a resumed run knows its first)."""

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
        if state.global_step < PATIENCE or len(losses) <= RECENT:
            return
        now = sum(losses[-RECENT:]) / RECENT
        if now >= losses[0] and now > LEARNED:
            raise PtuningError(
                f"到第{state.global_step}步损失没有下降（开始{losses[0]:.3f}，现在{now:.3f}），"
                f"请检查数据与 --learning_rate（现在是{args.learning_rate:g}）。"
            )


class TuningTrainer(Trainer):
    """Checkpoints hold the tuning (weights, config, base identity) beside optimiser, scheduler and random state.

    The loss is the mean over all labelled tokens of a step, however many batches the step accumulates.
    """

    model: AdaptedModel
    train_dataset: EncodedRows

    def __init__(
        self, model: AdaptedModel, base: Base, meta: dict[str, Any], scorer: Scorer | None = None, **kwargs: Any
    ) -> None:
        """scorer: scores of what the model writes for the held-out rows, told beside eval_loss; any of them may choose
        the best checkpoint (--metric_for_best_model accuracy)."""
        super().__init__(model=model, **kwargs)
        self._base, self._meta, self._scorer = base, meta, scorer
        self.model_accepts_loss_kwargs = True  # so that compute_loss is told the labels of the whole step

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Raises PtuningError where the loss is not finite, before it reaches the weights."""
        outputs = model(**inputs)
        loss = outputs.loss
        if not torch.isfinite(loss):
            raise PtuningError(
                f"第{self.state.global_step + 1}步的损失不是有限的数（{loss.item()}），"
                f"请降低 --learning_rate（现在是{self.args.learning_rate:g}），半精度时改用 --bf16 或 float32。"
            )
        if num_items_in_batch is not None:
            loss = loss * self._own(model).counted(inputs["labels"]) / num_items_in_batch
            if self.args.average_tokens_across_devices:  # gradients are averaged over devices, tokens were summed
                loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> Any:
        output = super().evaluation_loop(dataloader, description, prediction_loss_only, ignore_keys, metric_key_prefix)
        if self._scorer:  # every process scores alike: all must come to the same best checkpoint
            (output.metrics or {}).update(
                {f"{metric_key_prefix}_{name}": value for name, value in self._scorer().items()}
            )
        return output

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int] | None:
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        lengths = [len(row.input_ids) for row in self.train_dataset.rows]
        step_rows = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size
        return LengthGroups(lengths, step_rows, self.args.seed)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        if not self.args.should_save:  # every process is asked; one writes
            return
        model, folder = self._own(self.model), output_dir or str(self.args.output_dir)
        if isinstance(model, HeadedModel):  # first: who looks for a checkpoint looks for the method's
            save_head(folder, model.task_head)
        save(folder, model.tuning, self._base.identity, self._meta)

    def _own(self, model: nn.Module) -> AdaptedModel:
        """Without what several processes put around it."""
        return self.accelerator.unwrap_model(model)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        own = self._own(model or self.model)
        tuning = own.tuning
        saved = load(resume_from_checkpoint, self._base)
        if saved.config != tuning.config:
            raise PtuningError(
                f"检查点 {resume_from_checkpoint} 的{method_of(saved).title}是 {saved.config}，"
                f"与现在的参数 {tuning.config} 不同，请用原来的参数继续，或另换 --output_dir。"
            )
        tuning.load_state_dict(saved.state_dict())
        if isinstance(own, HeadedModel):
            own.task_head.load_state_dict(load_head(resume_from_checkpoint).state_dict())

    def _load_best_model(self) -> None:
        self._load_from_checkpoint(str(self.state.best_model_checkpoint))
