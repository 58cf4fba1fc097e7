"""Tuning of a frozen GLM (P-Tuning v2 first) and answering with what was tuned. Knows nothing of finance.

The names below are what other programs import; they stay where the rooms behind them move. Each is imported on first
use, so that `import ptuning` costs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptuning.answering.beginnings import shared_beginning as shared_beginning
    from ptuning.answering.candidates import candidates as candidates
    from ptuning.answering.constraints import Grammar as Grammar
    from ptuning.answering.engine import Engine as Engine
    from ptuning.answering.requests import Request as Request
    from ptuning.answering.requests import Result as Result
    from ptuning.answering.tuned import load as load
    from ptuning.base.models import Base as Base
    from ptuning.base.models import load_base as load_base
    from ptuning.checkpoints import load_prefix as load_prefix
    from ptuning.errors import PtuningError as PtuningError

_DOOR = {
    "load": "ptuning.answering.tuned",
    "load_base": "ptuning.base.models",
    "Base": "ptuning.base.models",
    "load_prefix": "ptuning.checkpoints",
    "Engine": "ptuning.answering.engine",
    "shared_beginning": "ptuning.answering.beginnings",
    "Request": "ptuning.answering.requests",
    "Result": "ptuning.answering.requests",
    "Grammar": "ptuning.answering.constraints",
    "candidates": "ptuning.answering.candidates",
    "PtuningError": "ptuning.errors",
}
__all__ = [
    "Base",
    "Engine",
    "Grammar",
    "PtuningError",
    "Request",
    "Result",
    "candidates",
    "load",
    "load_base",
    "load_prefix",
    "shared_beginning",
]


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_DOOR[name]), name)
