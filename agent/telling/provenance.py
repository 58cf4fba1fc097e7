"""Where an answer's figures come from: the rows (公司全称, 年份) behind it, and every formula with its values put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import sqlglot
from sqlglot import exp

from agent.figures import schema
from agent.figures.formulas import operands
from agent.figures.values import Style, compute, is_computed, show, show_computed
from agent.records import QueryResult, SqlQuery, Trace, Value
from agent.table.database import Database

_COALESCE = re.compile(r"COALESCE\((?P<name>[^,()]+),0\)")


def source_rows(trace: Trace, database: Database) -> QueryResult | None:
    """The rows that the answer was made of, key first: those of the answer, or those that a COUNT, SUM or AVG went over.

    None where there are none to show: no statement ran, or it ranks within years first (the answer's names are its rows then).

    Raises:
        DatabaseError: the database is gone.
    """
    evidence = trace.answer.evidence
    if trace.sql is None or evidence is None:
        return None
    if set(schema.KEY) <= set(evidence.columns):
        return evidence
    query = behind(trace.sql, database.dialect)
    return database.execute(query.text, query.parameters) if query else None


def behind(query: SqlQuery, dialect: str) -> SqlQuery | None:
    """The statement for the rows that an aggregate went over: the same conditions, the key and the aggregated columns."""
    tree = sqlglot.parse_one(query.text, dialect=dialect)
    if not isinstance(tree, exp.Select) or tree.find(exp.Subquery) or not tree.find(exp.AggFunc):
        return None
    names = [c.name for e in tree.expressions for c in e.find_all(exp.Column)]
    tree.set("expressions", [exp.column(name) for name in dict.fromkeys([*schema.KEY, *names])])
    for part in ("group", "having", "order", "limit", "offset"):
        tree.set(part, None)
    tree = tree.order_by(*(exp.column(name) for name in schema.KEY))
    return replace(query, text=tree.sql(dialect=dialect, identify=True))


def formula_lines(trace: Trace) -> Iterator[str]:
    """毛利率 = (营业收入-营业成本)/营业收入 = (1200-900)/1200 = 25.00%, for every computed column of every row of the answer."""
    evidence = trace.answer.evidence
    if trace.keywords is None or evidence is None:
        return
    style = Style.of(trace.entities.text if trace.entities else "")
    for values in evidence.rows:
        row = dict(zip(evidence.columns, values))
        for column in dict.fromkeys(c.column for c in trace.keywords.columns):
            if is_computed(column, row) and (line := _formula_line(column, row, style)):
                yield line


def _formula_line(column: str, row: Mapping[str, Value], style: Style) -> str | None:
    formula = schema.computed(column)
    result = compute(column, row) if formula else None
    if formula is None or result is None:
        return None
    shown = _COALESCE.sub(lambda found: found["name"], formula.expression)
    names = sorted(operands(formula.expression), key=len, reverse=True)
    plain = Style()

    def value(found: re.Match[str]) -> str:
        cell = row.get(found[0])
        text = show(found[0], 0 if cell is None else cell, plain).rstrip("元人")
        return f"({text})" if text.startswith("-") else text

    filled = re.sub("|".join(map(re.escape, names)), value, shown)
    where = f"{row.get(schema.YEAR, '')}年{row.get(schema.COMPANY, '')}"
    return f"{where}：{column} = {shown} = {filled} = {show_computed(formula, result, style)}"
