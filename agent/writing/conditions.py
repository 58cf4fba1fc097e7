"""How the WHERE of a statement reads in Chinese; an answer states the conditions that were really applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sqlglot import exp

from agent.figures import schema
from agent.figures.numbers import format_number
from agent.records import Value

_WORDS: dict[type[exp.Expr], str] = {
    exp.GT: "大于",
    exp.GTE: "不低于",
    exp.LT: "小于",
    exp.LTE: "不超过",
    exp.EQ: "等于",
    exp.NEQ: "不等于",
}


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.And):
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node


def _value(node: exp.Expr, parameters: Mapping[str, Value]) -> Value:
    return parameters.get(node.name) if isinstance(node, exp.Placeholder) else node.name


def _column(node: exp.Expr) -> str:
    return next((c.name for c in node.find_all(exp.Column)), "")


def _figure(column: str, value: Value) -> str:
    """A threshold with the unit of its column."""
    if not isinstance(value, (int, Decimal)):
        return str(value)
    unit = schema.unit_of(column) or ""
    if unit == "percent":
        return format_number(Decimal(value) * 100) + "%"
    return format_number(Decimal(value)) + schema.UNIT_WORD.get(unit, "")


def _between(node: exp.Between, column: str, parameters: Mapping[str, Value]) -> str:
    low, high = (_value(node.args[end], parameters) for end in ("low", "high"))
    if column == schema.YEAR:
        return f"{low}年至{high}年"
    return f"{column}在{_figure(column, low)}到{_figure(column, high)}之间"


def _phrase(node: exp.Expr, parameters: Mapping[str, Value]) -> str:
    """One condition; unusual ones read as SQL."""
    node = node.unnest()
    if isinstance(node, exp.Or):
        return f"{_phrase(node.left, parameters)}或{_phrase(node.right, parameters)}"
    if isinstance(node, exp.And):
        return f"{_phrase(node.left, parameters)}且{_phrase(node.right, parameters)}"
    column = _column(node)
    if isinstance(node, exp.Not):
        inside = node.this.unnest()
        negated = _phrase(inside, parameters)
        return negated.replace("含“", "不含“", 1) if isinstance(inside, exp.Like) else f"不满足“{negated}”"
    if isinstance(node, exp.Like):
        return f"{column}含“{str(_value(node.expression, parameters)).strip('%')}”"
    if isinstance(node, exp.Between):
        return _between(node, column, parameters)
    if isinstance(node, exp.In):
        values = [str(_value(v, parameters)) for v in node.expressions]
        return "、".join(f"{v}年" for v in values) if column == schema.YEAR else f"{column}为{'、'.join(values)}"
    if type(node) in _WORDS:
        value = _value(node.expression, parameters)
        if column == schema.YEAR:
            return f"{value}年" if isinstance(node, exp.EQ) else f"{column}{_WORDS[type(node)]}{value}"
        return f"{column}{_WORDS[type(node)]}{_figure(column, value)}"
    return node.sql()


def describe(select: exp.Select, parameters: Mapping[str, Value]) -> tuple[str, str]:
    """The years, and the other conditions: ("2019年", "注册地址含“杭州”、负债合计大于500000000元")."""
    where = select.args.get("where")
    if where is None:
        return "", ""
    phrases = [(_column(part) == schema.YEAR, _phrase(part, parameters)) for part in _parts(where.this)]
    return "".join(p for years, p in phrases if years), "、".join(p for years, p in phrases if not years)
