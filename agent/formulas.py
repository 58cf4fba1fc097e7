"""Computed columns: exact arithmetic over a row, and their place in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache

import sqlglot
from sqlglot import exp

from agent import schema

PRECISION = 50  # digits of a division; money has at most 20


@lru_cache(maxsize=4096)
def _tree(expression: str) -> exp.Expression:
    return sqlglot.parse_one(expression)


@lru_cache(maxsize=4096)
def operands(expression: str) -> tuple[str, ...]:
    """The columns of a formula, in the order they are written."""
    return tuple(dict.fromkeys(c.name for c in _tree(expression).find_all(exp.Column, bfs=False)))


def evaluate(expression: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    """The exact value; None where an operand is missing (COALESCE aside) or a divisor is zero.

    >>> evaluate("(a-b)/a", {"a": Decimal(4), "b": Decimal(3)})
    Decimal('0.25')
    """
    with localcontext() as context:
        context.prec = PRECISION
        return _evaluate(_tree(expression), values)


def _evaluate(node: exp.Expression, values: Mapping[str, Decimal | None]) -> Decimal | None:
    if isinstance(node, exp.Paren):
        return _evaluate(node.this, values)
    if isinstance(node, exp.Column):
        return values.get(node.name)
    if isinstance(node, exp.Literal):
        return Decimal(node.this)
    if isinstance(node, exp.Coalesce):
        found = (_evaluate(part, values) for part in (node.this, *node.expressions))
        return next((value for value in found if value is not None), None)
    left, right = _evaluate(node.this, values), _evaluate(node.expression, values)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Div):
        return left / right if right else None
    if isinstance(node, exp.Add):
        return left + right
    if isinstance(node, exp.Sub):
        return left - right
    if isinstance(node, exp.Mul):
        return left * right
    raise ValueError(f"formula node {node.key}")


def _is_computed(name: str, real: Collection[str]) -> bool:
    return name not in real and schema.computed(name) is not None


def _last_year(column: str, table: str) -> exp.Subquery:
    """The same company's value in the year before."""
    previous = exp.select(exp.column(column, "p")).from_(exp.alias_(exp.table_(table), "p", table=True)).where(
        exp.column(schema.COMPANY, "p").eq(exp.column(schema.COMPANY, table)), exp.column(schema.YEAR, "p").eq(exp.Sub(this=exp.column(schema.YEAR, table), expression=exp.Literal.number(1))))
    return previous.limit(1).subquery()


def _operand(name: str, real: Collection[str], table: str) -> exp.Expression:
    base = name.removeprefix(schema.LAST_YEAR)
    return _last_year(base, table) if name.startswith(schema.LAST_YEAR) and name not in real else exp.column(name)


def _as_sql(name: str, real: Collection[str], table: str) -> exp.Expression:
    """A computed column as an SQL expression: real division, NULL for a zero divisor."""
    formula = schema.computed(name)
    assert formula is not None

    tree = exp.paren(_tree(formula.expression).copy())
    for column in list(tree.find_all(exp.Column)):
        column.replace(_operand(column.name, real, table))
    for division in list(tree.find_all(exp.Div)):
        # 1.0 * keeps SQLite from dividing integers as integers; NULLIF gives what a missing value would give.
        division.set("this", exp.Mul(this=exp.Literal.number("1.0"), expression=division.this))
        division.set("expression", exp.func("NULLIF", division.expression, exp.Literal.number(0)))
    return tree


def _projection(select: exp.Select, real: Collection[str], table: str) -> None:
    """公司全称, 年份, then every asked column, computed ones as their operands."""
    shown: dict[str, exp.Expression] = {name: exp.column(name) for name in schema.KEY if name in real}
    for column in [c for e in select.expressions for c in e.find_all(exp.Column)]:
        if not _is_computed(column.name, real):
            shown.setdefault(column.name, exp.column(column.name))
            continue
        formula = schema.computed(column.name)
        assert formula is not None
        for name in operands(formula.expression):
            part = _operand(name, real, table)
            shown.setdefault(name, exp.alias_(part, name, quoted=True) if isinstance(part, exp.Subquery) else part)
    select.set("expressions", list(shown.values()))


def _rank_nulls_last(select: exp.Select, order: exp.Order, real: Collection[str]) -> None:
    """NULL never ranks; ties go by 公司全称."""
    keys = [key.this.copy() for key in order.expressions]
    for key in keys:
        if not (isinstance(key, exp.Column) and key.name in schema.KEY):
            select.where(exp.Not(this=exp.Is(this=key, expression=exp.Null())), copy=False)
    if schema.COMPANY in real and not any(isinstance(k, exp.Column) and k.name == schema.COMPANY for k in keys):
        order.append("expressions", exp.Ordered(this=exp.column(schema.COMPANY), desc=False, nulls_first=True))


def expand(select: exp.Select, real: Collection[str], table: str = schema.TABLE) -> exp.Select:
    """The statement over real columns only.

    In a plain list of columns a computed one becomes its operands (the caller evaluates them exactly); elsewhere it becomes an expression.
    """
    select = select.copy()
    aggregated = any(e.find(exp.AggFunc) for e in select.expressions)
    derived = select.find(exp.Subquery) is not None
    if not aggregated and not derived and not select.args.get("group"):
        _projection(select, real, table)
    for column in list(select.find_all(exp.Column)):
        if column.table == "" and _is_computed(column.name, real):
            column.replace(_as_sql(column.name, real, table))
    for order in list(select.find_all(exp.Order)):
        scope = order.parent_select
        if scope is not None:
            _rank_nulls_last(scope, order, real)
    return select
