"""Computed columns: exact arithmetic over a row, and their place in SQL."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache

import sqlglot
from sqlglot import exp

from agent.errors import NotAnswerable
from agent.figures import schema

PRECISION = 50  # digits of a division; money has at most 20
# (X-上年X)/上年X and X-上年X; X is any text, so it is never parsed: 研发机构数(个) is a name, and so is what a model made up.
_CHANGE = re.compile(rf"(?P<base>.+)-{schema.LAST_YEAR}(?P=base)", re.DOTALL)
_GROWTH = re.compile(rf"\((?P<base>.+)-{schema.LAST_YEAR}(?P=base)\)/{schema.LAST_YEAR}(?P=base)", re.DOTALL)


@lru_cache(maxsize=4096)
def _tree(expression: str) -> exp.Expr:
    growth = _GROWTH.fullmatch(expression)
    found = growth or _CHANGE.fullmatch(expression)
    if found is None:
        return sqlglot.parse_one(expression)
    now, before = exp.column(found["base"]), exp.column(schema.LAST_YEAR + found["base"])
    change = exp.Sub(this=now, expression=before)
    return exp.Div(this=exp.paren(change), expression=before.copy()) if growth else change


@lru_cache(maxsize=4096)
def operands(expression: str) -> tuple[str, ...]:
    """The columns of a formula, in the order they are written."""
    return tuple(dict.fromkeys(c.name for c in _tree(expression).find_all(exp.Column, bfs=False)))


def missing(expression: str, real: Collection[str]) -> list[str]:
    """The operands that the table does not have; 上年X needs X."""
    return [
        name for name in operands(expression) if name not in real and name.removeprefix(schema.LAST_YEAR) not in real
    ]


def evaluate(expression: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    """The exact value; None where an operand is missing (COALESCE aside) or a divisor is zero.

    >>> evaluate("(a-b)/a", {"a": Decimal(4), "b": Decimal(3)})
    Decimal('0.25')
    """
    with localcontext() as context:
        context.prec = PRECISION
        return _evaluate(_tree(expression), values)


def _evaluate(node: exp.Expr, values: Mapping[str, Decimal | None]) -> Decimal | None:
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


def _formula(name: str, real: Collection[str]) -> schema.Formula | None:
    """The formula of a computed column; None for a real one, which always wins.

    Raises:
        NotAnswerable: the table lacks an operand.
    """
    formula = None if name in real else schema.computed(name)
    absent = missing(formula.expression, real) if formula else []
    if absent:
        raise NotAnswerable(f"表中没有字段“{'、'.join(absent)}”，无法计算{name}，无法回答该问题。")
    return formula


def _last_year(column: str, table: str) -> exp.Subquery:
    """The same company's value in the year before."""
    year_before = exp.Sub(this=exp.column(schema.YEAR, table), expression=exp.Literal.number(1))
    previous = exp.select(exp.column(column, "p")).from_(exp.alias_(exp.table_(table), "p", table=True))
    previous = previous.where(
        exp.column(schema.COMPANY, "p").eq(exp.column(schema.COMPANY, table)),
        exp.column(schema.YEAR, "p").eq(year_before),
    )
    return previous.limit(1).subquery()


def _operand(name: str, real: Collection[str], table: str) -> exp.Expr:
    base = name.removeprefix(schema.LAST_YEAR)
    return _last_year(base, table) if name.startswith(schema.LAST_YEAR) and name not in real else exp.column(name)


def _as_sql(formula: schema.Formula, real: Collection[str], table: str) -> exp.Expr:
    """A computed column as an SQL expression: real division, NULL for a zero divisor."""
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
    shown: dict[str, exp.Expr] = {name: exp.column(name) for name in schema.KEY if name in real}
    for column in [c for e in select.expressions for c in e.find_all(exp.Column)]:
        formula = _formula(column.name, real)
        if formula is None:
            shown.setdefault(column.name, exp.column(column.name))
            continue
        for name in operands(formula.expression):
            part = _operand(name, real, table)
            shown.setdefault(name, exp.alias_(part, name, quoted=True) if isinstance(part, exp.Subquery) else part)
    select.set("expressions", list(shown.values()))


def _rank_nulls_last(select: exp.Select, order: exp.Order, real: Collection[str]) -> None:
    """NULL never ranks; ties go by 公司全称, in a grouped statement only where it is grouped by."""
    keys = [key.this.copy() for key in order.expressions]
    for key in keys:
        if not (isinstance(key, exp.Column) and key.name in schema.KEY):
            known = exp.Not(this=exp.Is(this=key, expression=exp.Null()))
            _ = select.having(known, copy=False) if key.find(exp.AggFunc) else select.where(known, copy=False)
    group = select.args.get("group")
    single = any(isinstance(e, exp.AggFunc) for e in select.expressions) or group is not None
    available = {key.name for key in group.expressions} if group else set() if single else {schema.COMPANY}
    if schema.COMPANY in available & set(real) and not any(
        isinstance(k, exp.Column) and k.name == schema.COMPANY for k in keys
    ):
        order.append("expressions", exp.Ordered(this=exp.column(schema.COMPANY), desc=False, nulls_first=True))


def expand(select: exp.Select, real: Collection[str], table: str = schema.TABLE) -> exp.Select:
    """The statement over real columns only, FROM `table`.

    In a plain list of columns a computed one becomes its operands (the caller evaluates them exactly); elsewhere it becomes an expression.

    Raises:
        NotAnswerable: the table lacks an operand of a computed column; the message is the refusal.
    """
    select = select.copy()
    for source in select.find_all(exp.Table):
        source.set("this", exp.to_identifier(table))
    aggregated = any(e.find(exp.AggFunc) for e in select.expressions)
    derived = select.find(exp.Subquery) is not None
    if not aggregated and not derived and not select.args.get("group"):
        _projection(select, real, table)
    for column in list(select.find_all(exp.Column)):
        # Over a derived table a computed column has been computed inside it, under its own name.
        formula = None if column.table or (derived and column.parent_select is select) else _formula(column.name, real)
        if formula is not None:
            made = _as_sql(formula, real, table)
            column.replace(
                exp.alias_(made, formula.name, quoted=True) if isinstance(column.parent, exp.Select) else made
            )
    for order in list(select.find_all(exp.Order)):
        scope = order.parent_select
        if scope is not None:
            _rank_nulls_last(scope, order, real)
    return select
