"""Step 3: the masked question becomes SQL. The model writes it over surrogates; code checks it and puts the real names and values back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from sqlglot import exp

from agent.errors import SqlRejected
from agent.figures import schema
from agent.figures.formulas import operands
from agent.model import LanguageModel
from agent.records import Candidate, Intent, Masked, Shape, SqlQuery, Value
from agent.table import sql_guard
from agent.table.sql_guard import RANK
from agent.writing.conditions import describe
from agent.writing.expansion import expand
from agent.writing.grammar import grammar_of
from agent.writing.sql_checks import doubts, settle
from agent.writing.surrogates import KTH, THEMSELVES, TOP


def candidates(
    model: LanguageModel, questions: Sequence[Masked], table_columns: Collection[str], n: int = 1
) -> list[list[Candidate]]:
    """Up to `n` statements of the model for each masked question, held to its grammar, the likeliest first."""
    grammars = [grammar_of(masked, table_columns) for masked in questions]
    return model.candidates("nl2sql", [masked.text for masked in questions], grammars, n) if questions else []


def _text_value(text: str, masked: Masked) -> str:
    bare = text.strip("%")
    for table in (masked.companies, masked.places):
        if bare in table:
            return text.replace(bare, table[bare])
    raise SqlRejected(f"语句里的“{text}”不是问题中的公司或地点")


def _rank_of(number: Decimal, masked: Masked) -> int:
    """The k behind LIMIT k and 名次<=k; 第一 is the first 1."""
    if number == TOP and masked.top:
        return masked.top
    if number == 1 or (number == KTH and masked.kth == 1):
        return 1
    raise SqlRejected(f"语句里的前{number}名不在问题中")


def _number_value(literal: exp.Literal, masked: Masked) -> Value:
    """The real value behind a surrogate number, by where it stands."""
    number, parent = Decimal(literal.this), literal.parent
    if isinstance(parent, exp.Offset):
        if number and not (number == KTH - 1 and masked.kth):
            raise SqlRejected(f"语句里的第{number + 1}名不在问题中")
        return (masked.kth or 1) - 1
    if isinstance(parent, exp.Limit):
        return _rank_of(number, masked)
    columns = {c.name for c in parent.find_all(exp.Column)} if parent else set()
    if schema.YEAR in columns:
        if int(number) not in masked.years:
            raise SqlRejected(f"语句里的年份{number}不在问题中")
        return masked.years[int(number)]
    if RANK in columns:
        return _rank_of(number, masked)
    if isinstance(parent, exp.Binary) and parent.find(exp.Count):
        return int(number)
    if int(number) in masked.amounts:
        return masked.amounts[int(number)]
    if number == 0:
        return 0
    raise SqlRejected(f"语句里的数{number}不在问题中")


def _real_column(name: str, masked: Masked) -> str:
    if name in masked.columns:
        return masked.columns[name]
    base, suffix = schema.over_last_year(name)
    if base not in masked.columns:
        return name
    real = masked.columns[base]
    # 增长率最高的三家及增长率: the column is a growth rate already.
    return real if schema.over_last_year(real)[1] else real + suffix


def restore(select: exp.Select, masked: Masked) -> tuple[exp.Select, dict[str, Value]]:
    """The statement with real columns; every value but LIMIT, OFFSET and counts becomes a bound parameter v1, v2, …

    Raises:
        SqlRejected: a value that does not come from the question.
    """
    select, parameters = select.copy(), dict[str, Value]()
    for literal in list(select.find_all(exp.Literal)):
        value = _text_value(literal.this, masked) if literal.is_string else _number_value(literal, masked)
        if isinstance(literal.parent, (exp.Limit, exp.Offset)) or (
            isinstance(literal.parent, exp.Binary) and literal.parent.find(exp.Count)
        ):
            literal.replace(exp.Literal.number(int(str(value))))
        else:
            name = f"v{len(parameters) + 1}"
            parameters[name] = value
            literal.replace(exp.Placeholder(this=name))
    for column in select.find_all(exp.Column):
        column.set("this", exp.to_identifier(_real_column(column.name, masked)))
    return select, parameters


def _shape(select: exp.Select, aggregated: Sequence[tuple[str, str]], by_company: bool) -> Shape:
    """Which sentence a statement's rows make."""
    ordered = select.args.get("order") is not None
    if select.find(exp.Subquery):
        return "intersection"
    if aggregated and ordered:
        return "totals"
    if aggregated:
        return "count" if aggregated[0][0] == "COUNT" else "aggregate"
    if ordered and by_company:
        where = select.args["where"]
        named = [e for e in where.find_all(exp.EQ) if e.this.name in (schema.COMPANY, schema.CODE, schema.SHORT_NAME)]
        one = bool(named) and select.args.get("limit") is not None
        return "best_year" if one else "lookup"
    return "ranking" if ordered else "lookup" if by_company else "list"


def _rank_limit(select: exp.Select, parameters: Mapping[str, Value]) -> int | None:
    """The k of 名次<=k."""
    where = select.args.get("where")
    values = [parameters.get(p.name) for p in where.find_all(exp.Placeholder)] if where else []
    return int(str(values[0])) if values else None


def _grown(select: exp.Select, parameters: Mapping[str, Value]) -> tuple[int, ...]:
    """Years whose figures are compared with the year before's."""
    where = select.args.get("where")
    if where is None or not any(schema.over_last_year(c.name)[1] for c in select.find_all(exp.Column)):
        return ()
    tests = [c.parent for c in where.find_all(exp.Column) if c.name == schema.YEAR and c.parent is not None]
    values = [parameters.get(p.name) for test in tests for p in test.find_all(exp.Placeholder)]
    return tuple(sorted(int(str(value)) for value in values if value is not None))


def intent_of(select: exp.Select, parameters: Mapping[str, Value]) -> Intent:
    """What the statement (real names, not yet expanded) asks for."""
    derived = select.find(exp.Subquery)
    inner = derived.this if derived is not None and isinstance(derived.this, exp.Select) else select
    order = next(iter(select.find_all(exp.Ordered)), None)
    limit, offset = select.args.get("limit"), select.args.get("offset")
    aggregates = tuple(
        (type(a).__name__.upper(), next((c.name for c in a.find_all(exp.Column)), "*"))
        for e in select.expressions
        for a in e.find_all(exp.AggFunc)
    )
    columns = tuple(
        dict.fromkeys(c.name for e in select.expressions for c in e.find_all(exp.Column) if c.name not in schema.KEY)
    )
    group, where, having = (select.args.get(part) for part in ("group", "where", "having"))
    named = {c.name for c in where.find_all(exp.Column)} if where is not None else set()
    shape = _shape(select, aggregates, bool(named & {schema.COMPANY, schema.CODE, schema.SHORT_NAME}))
    if shape == "lookup" and not columns:
        columns = (schema.COMPANY,)
    years, conditions = describe(inner, parameters)
    return Intent(
        shape,
        columns,
        aggregates,
        next((c.name for c in order.find_all(exp.Column)), None) if order else None,
        bool(order.args.get("desc")) if order else True,
        _rank_limit(select, parameters) if shape == "intersection" else int(limit.expression.this) if limit else None,
        int(offset.expression.this) if offset else 0,
        bool(group and any(c.name == schema.YEAR for c in group.find_all(exp.Column))),
        years,
        conditions,
        isinstance(having.this, exp.EQ) if having is not None else None,
        _grown(inner, parameters),
    )


def checked(sql: str, masked: Masked, table_columns: Collection[str]) -> exp.Select:
    """The model's statement past the guard, still over surrogates: it may name those in use and no other column.

    Raises:
        SqlRejected: the guard says no.
    """
    known = {*masked.columns, *(THEMSELVES & set(table_columns))}
    return sql_guard.check(sql, known, schema.TABLE)


def restored(
    select: exp.Select, masked: Masked, table_columns: Collection[str], dialect: str, table: str = schema.TABLE
) -> tuple[SqlQuery, Intent]:
    """The statement that can run: real names, bound values, computed columns expanded; and what it asks for.

    Raises:
        SqlRejected: a value is not from the question, or a column is not in the table.
    """
    select, parameters = restore(select, masked)
    for name in {c.name for c in select.find_all(exp.Column)} - {RANK}:
        if not _is_there(name, table_columns):
            raise SqlRejected(f"表中没有字段“{name}”")
    intent = intent_of(select, parameters)
    if intent.shape in ("lookup", "best_year"):
        select.set("limit", None)  # the companies and years that were named are the limit; a missing one is told
    return SqlQuery(sql_guard.emit(expand(select, table_columns, table), dialect), parameters), intent


def _is_there(name: str, table_columns: Collection[str]) -> bool:
    """A column of the table, or computed from such."""
    formula = schema.computed(name)
    return name in table_columns or (
        formula is not None
        and all(_is_there(o.removeprefix(schema.LAST_YEAR), table_columns) for o in operands(formula.expression))
    )


def complete(
    sql: str, masked: Masked, table_columns: Collection[str], dialect: str, table: str = schema.TABLE
) -> tuple[SqlQuery, Intent]:
    """From the model's statement over surrogates to one that can run.

    Raises:
        SqlRejected: the guard says no, a condition of the question was dropped, or a column is not in the table.
    """
    select = settle(checked(sql, masked, table_columns), masked)
    wrong = doubts(select, masked)
    if wrong:
        raise SqlRejected("；".join(wrong))
    return restored(select, masked, table_columns, dialect, table)
