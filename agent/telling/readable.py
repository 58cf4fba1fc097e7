"""Figures that a person can read: thousands separators in tables, and a round figure after a long amount.

For screens only: what programs are given stays exact and plain.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from agent.figures import schema
from agent.records import Value

_AMOUNT = re.compile(r"(?<![\d.,])(-?\d{7,}(?:\.\d+)?)元(?!/|（约?-?[\d.]+[亿万]元）)")
_UNITS = (("亿元", Decimal(10**8)), ("万元", Decimal(10**4)))
_DIGITS = Decimal("0.01")


def is_figure(column: str, value: Value) -> bool:
    """A number that is more than a name: not a year, nor a code."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and column != schema.YEAR


def grouped(column: str, value: Value) -> str:
    """A cell of a table: 69853744345.07 as 69,853,744,345.07; "" for none."""
    if value is None:
        return ""
    if not is_figure(column, value):
        return str(value)
    assert not isinstance(value, str)
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def with_round(text: str) -> str:
    """净利润是69853744345.07元 → 净利润是69853744345.07元（约698.54亿元）, for every amount of a million or more."""

    def rounded(found: re.Match[str]) -> str:
        amount = Decimal(found[1])
        unit, scale = next((u for u in _UNITS if abs(amount) >= u[1]), _UNITS[-1])
        about = (amount / scale).quantize(_DIGITS, ROUND_HALF_EVEN)
        shown = f"{about:f}".rstrip("0").rstrip(".")
        return f"{found[0]}（{'' if about * scale == amount else '约'}{shown}{unit}）"

    return _AMOUNT.sub(rounded, text)
