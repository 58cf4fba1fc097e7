"""The tuning methods there are, a line each."""

from __future__ import annotations

from ptuning.methods.method import Method, Tuning
from ptuning.methods.prefix import PREFIX

METHODS: list[Method] = [
    PREFIX,
]


def method_of(tuning: Tuning) -> Method:
    """The method that a tuning is of."""
    return next(method for method in METHODS if isinstance(tuning, method.tuning))
