"""Computed columns in SQL: their operands where rows are listed, an expression where something is counted, sorted or filtered."""

from __future__ import annotations

from collections.abc import Collection

from sqlglot import exp

from agent.errors import NotAnswerable
from agent.figures import formulas, schema


def _formula(name: str, real: Collection[str]) -> schema.Formula | None:
    """The formula of a computed column; None for a real one, which always wins.

    Raises:
        NotAnswerable: the table lacks an operand.
    """
    formula = None if name in real else schema.computed(name)
    absent = formulas.missing(formula.expression, real) if formula else []
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
    made = exp.paren(formulas.tree(formula.expression).copy())
    for column in list(made.find_all(exp.Column)):
        column.replace(_operand(column.name, real, table))
    for division in list(made.find_all(exp.Div)):
        # 1.0 * keeps SQLite from dividing integers as integers; NULLIF gives what a missing value would give.
        division.set("this", exp.Mul(this=exp.Literal.number("1.0"), expression=division.this))
        division.set("expression", exp.func("NULLIF", division.expression, exp.Literal.number(0)))
    return made


def _projection(select: exp.Select, real: Collection[str], table: str) -> None:
    """公司全称, 年份, then every asked column, computed ones as their operands."""
    shown: dict[str, exp.Expr] = {name: exp.column(name) for name in schema.KEY if name in real}
    for column in [c for e in select.expressions for c in e.find_all(exp.Column)]:
        formula = _formula(column.name, real)
        if formula is None:
            shown.setdefault(column.name, exp.column(column.name))
            continue
        for name in formulas.operands(formula.expression):
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
