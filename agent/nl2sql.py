"""Step 3: the masked question becomes SQL. The model writes it over surrogates; code checks it and puts the real names and values back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from agent import schema, sql_guard
from agent.conditions import describe
from agent.errors import SqlRejected
from agent.formulas import expand, operands
from agent.grammar import grammar_of
from agent.model import LanguageModel
from agent.records import SqlQuery, Value
from agent.sql_guard import RANK
from agent.surrogates import KTH, THEMSELVES, TOP, Masked

_AGGREGATE_WORDS: dict[type[exp.Expression], tuple[str, tuple[str, ...]]] = {
    exp.Avg: ("平均值", ("均",)),
    exp.Sum: ("总和", ("合计", "总", "和", "共", "加", "累", "合")),
}
Shape = Literal["lookup", "ranking", "count", "aggregate", "list", "intersection"]


@dataclass(frozen=True)
class Intent:
    """What a statement asks for, read off its AST before computed columns are expanded.

    columns: asked columns, real or computed, without the key; order: column sorted by; k: rows wanted; offset: rows skipped.
    """

    shape: Shape
    columns: tuple[str, ...]
    aggregates: tuple[tuple[str, str], ...] = ()
    order: str | None = None
    descending: bool = True
    k: int | None = None
    offset: int = 0
    by_year: bool = False
    conditions: str = ""


def write(
    model: LanguageModel, prompts: Sequence[str], questions: Sequence[Masked], table_columns: Collection[str]
) -> list[str]:
    """The model's statement for each prompt, held to the grammar of its masked question."""
    grammars = [grammar_of(masked, table_columns) for masked in questions]
    return model.write("nl2sql", prompts, grammars) if prompts else []


def repair_prompt(masked: str, sql: str, error: str) -> str:
    """The question again, with what was wrong with the first statement."""
    return f"{masked}\n上次:{sql}\n错误:{error}"


def _text_value(text: str, masked: Masked) -> str:
    bare = text.strip("%")
    for table in (masked.companies, masked.places):
        if bare in table:
            return text.replace(bare, table[bare])
    raise SqlRejected(f"语句里的“{text}”不是问题中的公司或地点")


def _number_value(literal: exp.Literal, masked: Masked) -> Value:
    """The real value behind a surrogate number, by where it stands."""
    number, parent = Decimal(literal.this), literal.parent
    if isinstance(parent, exp.Offset):
        return (masked.kth or 0) - 1 if number == KTH - 1 and masked.kth else int(number)
    if isinstance(parent, exp.Limit):
        return masked.top if number == TOP and masked.top else int(number)
    columns = {c.name for c in parent.find_all(exp.Column)} if parent else set()
    if schema.YEAR in columns:
        if int(number) not in masked.years:
            raise SqlRejected(f"语句里的年份{number}不在问题中")
        return masked.years[int(number)]
    if RANK in columns:
        return masked.top if number == TOP and masked.top else int(number)
    if isinstance(parent, exp.Binary) and parent.find(exp.Count):
        return int(number)
    if int(number) in masked.amounts:
        return masked.amounts[int(number)]
    if number == 0:
        return 0
    raise SqlRejected(f"语句里的数{number}不在问题中")


def _real_column(name: str, masked: Masked) -> str:
    base = name.removesuffix(schema.GROWTH)
    if name in masked.columns:
        return masked.columns[name]
    return masked.columns[base] + schema.GROWTH if base != name and base in masked.columns else name


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


def unused(select: exp.Select, masked: Masked) -> list[str]:
    """Linked surrogates that the statement leaves out: a condition was dropped."""
    literals = [str(x.this) for x in select.find_all(exp.Literal)]
    text = " ".join(literals)
    missing = [s for s in (*masked.companies, *masked.places) if s not in text]
    missing += [str(a) for a in masked.amounts if str(a) not in literals]
    named = {c.name for c in select.find_all(exp.Column)}
    missing += [c for c in masked.columns if c not in named and c + schema.GROWTH not in named]
    years = [str(y) for y in masked.years if str(y) not in literals]
    # A growth rate speaks of two years and asks for one row.
    if len(years) == len(masked.years) or not any(c.endswith(schema.GROWTH) for c in named):
        missing += years
    return [f"缺少{name}" for name in missing]


def unasked(select: exp.Select, masked: Masked) -> list[str]:
    """Aggregates that no word of the question asks for."""
    return [
        f"问题没有问{name}"
        for node, (name, words) in _AGGREGATE_WORDS.items()
        if select.find(node) and not any(word in masked.text for word in words)
    ]


def unselective(select: exp.Select) -> list[str]:
    """A list of all companies of a year: the question's company or condition was not found."""
    shaped = select.args.get("order") or select.args.get("group") or select.find(exp.AggFunc)
    conditions = (
        {column.name for column in select.args["where"].find_all(exp.Column)} if select.args.get("where") else set()
    )
    return [] if shaped or conditions - {schema.YEAR} else ["没有选出公司的条件"]


def intent_of(select: exp.Select, parameters: Mapping[str, Value]) -> Intent:
    """What the statement (real names, not yet expanded) asks for."""
    inner = next((s for s in select.find_all(exp.Subquery)), None)
    order = next(iter(select.find_all(exp.Ordered)), None)
    sorted_by = next((c.name for c in order.find_all(exp.Column)), None) if order else None
    limit, offset = select.args.get("limit"), select.args.get("offset")
    aggregates = tuple(
        (type(a).__name__.upper(), next((c.name for c in a.find_all(exp.Column)), "*"))
        for e in select.expressions
        for a in e.find_all(exp.AggFunc)
    )
    columns = tuple(
        dict.fromkeys(c.name for e in select.expressions for c in e.find_all(exp.Column) if c.name not in schema.KEY)
    )
    group = select.args.get("group")
    where = select.args.get("where")
    by_company = where is not None and any(
        c.name in (schema.COMPANY, schema.CODE, schema.SHORT_NAME) for c in where.find_all(exp.Column)
    )
    shape: Shape
    if inner is not None:
        shape = "intersection"
    elif aggregates:
        shape = "count" if aggregates[0][0] == "COUNT" else "aggregate"
    elif order is not None and not by_company:
        shape = "ranking"
    else:
        shape = "lookup" if by_company else "list"
    if shape == "lookup" and not columns:
        columns = (schema.COMPANY,)
    return Intent(
        shape,
        columns,
        aggregates,
        sorted_by,
        bool(order.args.get("desc")) if order else True,
        int(limit.expression.this) if limit else None,
        int(offset.expression.this) if offset else 0,
        bool(group and any(c.name == schema.YEAR for c in group.find_all(exp.Column))),
        describe(select, parameters),
    )


def lookup_statement(masked: Masked, columns: Sequence[str]) -> str:
    """The statement that a plain lookup (these columns, the named companies and years) needs; used where the model's fails twice."""
    companies = ",".join(f"'{c}'" for c in masked.companies)
    years = ",".join(map(str, masked.years))
    shown = ",".join(dict.fromkeys(masked.column(c) for c in columns))
    return f"SELECT {shown} FROM {schema.TABLE} WHERE {schema.COMPANY} IN ({companies}) AND {schema.YEAR} IN ({years})"


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
    expanded = expand(select, table_columns, table)
    return SqlQuery(sql_guard.emit(expanded, dialect), parameters), intent_of(select, parameters)


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
    select = checked(sql, masked, table_columns)
    wrong = [*unused(select, masked), *unasked(select, masked), *unselective(select)]
    if wrong:
        raise SqlRejected("；".join(wrong))
    return restored(select, masked, table_columns, dialect, table)
