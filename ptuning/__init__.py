"""P-Tuning v2 on a frozen GLM: prefix encoders, their training and generation. Knows nothing of finance.

`ptuning.load` is the way in for other programs (ptuning/tuned.py); it is imported on first use, so that `import ptuning`
costs no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptuning.tuned import load as load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    if name == "load":
        from ptuning.tuned import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
