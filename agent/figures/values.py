"""A column's value as it is printed: unit, digits, and for a computed column its formula with the operands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from agent.errors import NotAnswerable
from agent.figures import formulas, schema
from agent.figures.numbers import format_number, format_percent, requested_digits, requested_unit
from agent.records import Value

_SCALES = {"亿元": Decimal(10**8), "万元": Decimal(10**4)}


@dataclass(frozen=True)
class Style:
    """How the asker wants figures: digits after the point (None: as they are), 万元 or 亿元 instead of 元."""

    digits: int | None = None
    unit: str | None = None

    @classmethod
    def of(cls, question: str) -> Style:
        return cls(requested_digits(question), requested_unit(question))


def show(column: str, value: Value, style: Style) -> str:
    """The value of a real column with its unit; money is exact unless the asker wants it rounded."""
    unit = schema.unit_of(column)
    if value is None or isinstance(value, str):
        return str(value)
    number = Decimal(value)
    if unit == "money" and style.unit in _SCALES:
        return format_number(number / _SCALES[style.unit], style.digits) + style.unit
    if unit == "count":
        return f"{format_number(number)}人"
    return format_number(number, style.digits if unit != "text" else None) + schema.UNIT_WORD.get(unit or "text", "")


def show_computed(formula: schema.Formula, value: Decimal, style: Style) -> str:
    """The result of a formula in its printed form, or in percent where the asker wants that."""
    digits = formula.digits if style.digits is None else style.digits
    if formula.unit in ("money", "count"):
        return show(formula.name, value, style)
    if formula.unit == "percent" or (formula.unit == "ratio" and style.unit == "百分比"):
        return format_percent(value, digits)
    return format_number(value, digits) + schema.UNIT_WORD.get(formula.unit, "")


def is_computed(column: str, row: Mapping[str, Value]) -> bool:
    """Computed here: the row holds operands, not the column itself."""
    return column not in row and schema.computed(column) is not None


def compute(column: str, row: Mapping[str, Value]) -> Decimal | None:
    """Exact value of a computed column over a row of operands; None where an operand is missing or the divisor is zero."""
    formula = schema.computed(column)
    assert formula is not None
    return formulas.evaluate(
        formula.expression,
        {k: Decimal(str(v)) if v is not None and not isinstance(v, str) else None for k, v in row.items()},
    )


def explain(column: str, said: str, row: Mapping[str, Value], where: str, style: Style) -> str:
    """The formula, the result, and every operand with its value.

    Raises:
        NotAnswerable: an operand is missing, or the divisor is zero.
    """
    formula = schema.computed(column)
    assert formula is not None
    result = compute(column, row)
    names = formulas.operands(formula.expression)
    if result is None:
        missing = [name for name in names if row.get(name) is None]
        reason = f"未查询到{where}的{'、'.join(missing)}" if missing else f"{where}的{said}的分母为0"
        raise NotAnswerable(f"{reason}，无法计算{said}，无法回答该问题。")
    known = "，".join(
        f"{name}为{show(name, row[name], Style(unit=style.unit if style.unit in _SCALES else None))}"
        for name in names
        if row.get(name) is not None
    )
    return f"根据公式，{column}={formula.expression.replace('COALESCE', '').replace(',0)', ')').replace('((', '(')}，得出{where}的{said}是{show_computed(formula, result, style)}，其中{known}。"
