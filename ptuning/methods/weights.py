"""What the checkpoint layouts of all methods share: plain weights, and whose base they are for."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save

from ptuning.base.models import Base
from ptuning.errors import PtuningError
from ptuning.methods.method import Tuning, Weights


def plain_weights(tuning: Tuning) -> Weights:
    """All that is saved of a tuning, float32 on the CPU."""
    return {name: weight.detach().float().cpu().contiguous() for name, weight in tuning.state_dict().items()}


def write_tensors(path: Path, weights: Weights, metadata: dict[str, str]) -> None:
    """A safetensors file."""
    path.write_bytes(save(weights, metadata))  # save_file would leave it readable for its owner only


def misfit(title: str, folder: Path, weights: Weights, base: Base) -> PtuningError:
    """The error for weights of another shape than the base's; title: the method's."""
    found = {name: list(weight.shape) for name, weight in weights.items()}
    return PtuningError(
        f"{title} {folder} 的形状{found}与基座“{base.identity['name']}”不符，请换用它的基座，或重新训练。"
    )


def require_base(title: str, folder: Path, trained_on: dict[str, str], base: Base) -> None:
    """Raises PtuningError where weights were trained on another base."""
    if trained_on.get("fingerprint") != base.identity["fingerprint"]:
        names = f"“{trained_on.get('name')}”（{trained_on.get('fingerprint')}）"
        loaded = f"“{base.identity['name']}”（{base.identity['fingerprint']}）"
        raise PtuningError(
            f"{title} {folder} 是在基座{names}上训练的，不能用在{loaded}上，请换用它的基座，或重新训练。"
        )
