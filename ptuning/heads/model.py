"""A base, what a method trains on it, and a head over its last hidden states."""

from __future__ import annotations

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from ptuning.errors import PtuningError
from ptuning.heads.task_head import TaskHead
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.method import Tuning


class HeadedModel(AdaptedModel):
    """An AdaptedModel that names classes instead of writing."""

    def __init__(self, base_model: PreTrainedModel, tuning: Tuning, task_head: TaskHead) -> None:
        """Raises PtuningError: the head is for another width."""
        if task_head.config.width != base_model.config.hidden_size:
            raise PtuningError(
                f"输出头的宽度是{task_head.config.width}，基座是{base_model.config.hidden_size}，请换用它的基座，或重新训练。"
            )
        super().__init__(base_model, tuning)
        self.task_head = task_head.to(base_model.device).requires_grad_(True)

    @staticmethod
    def counted(labels: Tensor) -> Tensor:
        """How many labels count in the loss."""
        return (labels != -100).sum()

    def forward(  # type: ignore[override]
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """logits as TaskHead's; labels: [rows], or [rows, length] with -100 where none counts."""
        logits = self.task_head(self.hidden_states(input_ids, attention_mask), attention_mask)
        if labels is None:
            return SequenceClassifierOutput(logits=logits)
        return SequenceClassifierOutput(
            loss=nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=-100), logits=logits
        )
