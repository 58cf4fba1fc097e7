"""Exact decimals: arithmetic, comparisons and aggregates where figures may be missing (None)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from agent.errors import NotAnswerable
from agent.statements.results import Got

PRECISION = 50


def number(value: Any) -> Decimal | None:
    """A cell as an exact number.

    Raises:
        NotAnswerable: it holds a text that is none.
    """
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        raise NotAnswerable(f"表里有不是数字的内容（“{value}”），无法回答该问题。") from None


def logic(op: str, left: Got, right: Got) -> Got:
    """AND, OR of three values, as SQL has them."""
    if op == "AND":
        if left is False or right is False:
            return False
        return None if left is None or right is None else bool(left and right)
    return True if left or right else None if left is None or right is None else False


def compare(op: str, left: Got, right: Got) -> bool:
    """Texts without the blanks around them, numbers by value."""
    if isinstance(left, str) or isinstance(right, str):
        a: Any = str(left).strip()
        b: Any = str(right).strip()
    else:
        a, b = Decimal(left or 0), Decimal(right or 0)
    return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def arithmetic(op: str, left: Decimal, right: Decimal) -> Decimal | None:
    """+ - * /; nothing over 0 is a number."""
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def compound(start: Decimal, end: Decimal, years: int) -> Decimal | None:
    """Growth a year: (end / start) ** (1 / years) - 1."""
    if years <= 0 or not start or end / start <= 0:
        return None
    return (end / start) ** (Decimal(1) / years) - 1


def over(name: str, numbers: Sequence[Decimal]) -> Decimal:
    """SUM, AVG, MEDIAN, MAX or MIN of at least one number."""
    with localcontext() as context:
        context.prec = PRECISION
        if name == "SUM":
            return sum(numbers, Decimal(0))
        if name == "AVG":
            return sum(numbers, Decimal(0)) / len(numbers)
        if name == "MEDIAN":
            ordered = sorted(numbers)
            return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return max(numbers) if name == "MAX" else min(numbers)
