"""What a tuning method is: what trains on a frozen base, what is saved of it and how, and what it adds to a pass.

A method is one file (or folder) with a `Tuning`, its `Options`, and a `Method` that names both; ptuning.methods.registry lists
it. Training, checkpoints and the engine know methods by these classes only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.models import Base

Delta = Callable[[Tensor], Tensor]  # the input of a layer, [..., in] → what is added to its output, [..., out]
Head = Callable[[Tensor], Tensor]  # last hidden states, [..., hidden] → logits, [..., vocabulary]
Weights = dict[str, Tensor]


class Tuning(nn.Module):
    """What trains: its parameters are all that is optimised, and its state_dict is all that is saved.

    A method overrides what it adds to a pass of the base; what it leaves out it does not add. config: a dataclass from which
    it can be made again.
    """

    config: Any

    @property
    def text_start(self) -> int:
        """Position id of the text's first token."""
        return 0

    def key_values(self) -> Tensor | None:
        """Keys and values before the text. Shape: [layers, 2, kv_heads, length, head_dim]."""
        return None

    def deltas(self) -> Mapping[str, Delta]:
        """What is added to the output of layers: the name of each in the base's decoder, and a function of its input."""
        return {}

    def head(self, output: nn.Module) -> Head | None:
        """What reads the last hidden states instead of `output`, the base's output layer."""
        return None


class Options(Protocol):
    """A dataclass of command-line arguments, each with a default, with which a method trains anew."""

    @property
    def given(self) -> bool:
        """Whether the command line asks for this method."""

    def wrong(self) -> list[str]:
        """What is wrong with the values, a phrase each."""

    def fresh(self, model: PreTrainedModel) -> Tuning:
        """A new tuning to train."""

    def differs(self, trained: Any, checkpoint: str) -> str | None:
        """What to say where a checkpoint overrules an argument that was given too."""


@dataclass(frozen=True)
class Layout:
    """Another program's checkpoints of a method. holds: whether a folder has one; read: its config and weights; write: into
    a folder; inside: whether a base's own folder has one among the base's weights. The last three raise PtuningError."""

    holds: Callable[[Path], bool]
    read: Callable[[Path, Base], tuple[Any, Weights]]
    write: Callable[[Path, Any, Base], None]
    inside: Callable[[Base], bool] = lambda base: False


@dataclass(frozen=True)
class Method:
    """title: its name in messages. tuning: made from a `config`, a dataclass whose fields are saved. needs, random: what to
    say where its arguments are missing, or given for an evaluation without a checkpoint. layouts: of other programs."""

    title: str
    tuning: type[Tuning]
    config: type
    options: type[Options]
    needs: str
    random: str
    weights_file: str
    config_file: str
    layouts: Mapping[str, Layout] = field(default_factory=dict)
