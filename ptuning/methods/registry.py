"""The tuning methods there are, a line each."""

from __future__ import annotations

from ptuning.methods.bitfit import BITFIT
from ptuning.methods.full import FULL
from ptuning.methods.head_only import HEAD_ONLY
from ptuning.methods.ia3 import IA3
from ptuning.methods.lora import LORA
from ptuning.methods.method import Method, Tuning
from ptuning.methods.prefix import PREFIX
from ptuning.methods.prompts import P_TUNING, PROMPT

METHODS: list[Method] = [
    PREFIX,
    P_TUNING,
    PROMPT,
    LORA,
    IA3,
    BITFIT,
    FULL,
    HEAD_ONLY,
]


def method_of(tuning: Tuning) -> Method:
    """The method that a tuning is of."""
    return next(method for method in METHODS if isinstance(tuning, method.tuning))
