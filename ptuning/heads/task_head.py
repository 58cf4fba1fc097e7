"""A trained layer over the last hidden states: which class a text is of, or each of its words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ptuning.errors import PtuningError
from ptuning.files import read_json, write_json, write_together
from ptuning.methods.weights import write_tensors

KINDS = ("classification", "token")
POOLINGS = ("last", "first", "mean")
CONFIG_FILE, WEIGHTS_FILE = "task_head.json", "task_head.safetensors"


@dataclass(frozen=True)
class HeadConfig:
    """labels: in the order of the outputs. pooling: what stands for a whole text: its last real token, its first, the mean
    of all; without effect for tokens."""

    kind: str
    labels: tuple[str, ...]
    width: int
    pooling: str = "last"


class TaskHead(nn.Module):
    """A linear layer."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        self.output = nn.Linear(config.width, len(config.labels))
        nn.init.normal_(self.output.weight, std=0.02)  # as BERT's
        nn.init.zeros_(self.output.bias)

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """Shape: [rows, length, hidden] → [rows, labels], or [rows, length, labels] for tokens."""
        hidden = hidden.float()
        return self.output(hidden if self.config.kind == "token" else self._pooled(hidden, attention_mask))

    def _pooled(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        if self.config.pooling == "first":
            return hidden[:, 0]
        if self.config.pooling == "mean":
            mask = attention_mask[:, :, None].to(hidden.dtype)
            return (hidden * mask).sum(1) / mask.sum(1)
        return hidden[torch.arange(len(hidden), device=hidden.device), attention_mask.sum(1) - 1]


def save_head(folder: str | Path, head: TaskHead) -> None:
    """Beside the files of the method."""
    weights = {name: weight.detach().float().cpu().contiguous() for name, weight in head.state_dict().items()}
    write_together(
        Path(folder),
        {
            WEIGHTS_FILE: lambda path: write_tensors(path, weights, {"format": "pt"}),
            CONFIG_FILE: lambda path: write_json(path, asdict(head.config)),
        },
    )


def load_head(folder: str | Path) -> TaskHead:
    """The head of a checkpoint.

    Raises:
        PtuningError: there is none, or it is damaged.
    """
    folder = Path(folder)
    if not (folder / CONFIG_FILE).is_file():
        raise PtuningError(
            f"检查点 {folder} 没有输出头（{CONFIG_FILE}），请去掉 --head，或换一个带输出头训练的检查点。"
        )
    settings = read_json(folder / CONFIG_FILE)
    try:
        config = HeadConfig(settings["kind"], tuple(settings["labels"]), settings["width"], settings["pooling"])
        head = TaskHead(config)
        head.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (KeyError, TypeError, OSError, RuntimeError, SafetensorError):
        raise PtuningError(f"检查点 {folder} 的输出头（{WEIGHTS_FILE}）已损坏或不完整，请重新训练。") from None
    return head
