"""Companies that changed their name: one 股票代码, another 公司全称 in other years. A question finds the rows under all of them.

Names are linked to the latest one; a statement that asks for it is widened to the former ones, and the rows come back under the latest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import sqlglot
from sqlglot import exp

from agent.figures import schema
from agent.records import QueryResult, SqlQuery
from agent.table.database import Database

Renamed = tuple[tuple[str, ...], ...]  # of each such company its 公司全称, oldest first
_MOST_NAMES = 6  # a code that more names share is no company's: a dash, or 0


def years_of_names(database: Database, companies: Iterable[tuple[str, str, str]]) -> dict[str, set[int]]:
    """公司全称 → years of its rows, for the names that share a 股票代码; the others cannot be former names."""
    by_code: dict[str, set[str]] = defaultdict(set)
    for full, _, code in companies:
        if code:
            by_code[code].add(full)
    names = sorted(name for shared in by_code.values() if 1 < len(shared) <= _MOST_NAMES for name in shared)
    years: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(names), 100):
        parameters = {f"n{i}": name for i, name in enumerate(names[start : start + 100])}
        query = (
            exp.select(exp.column(schema.COMPANY), exp.column(schema.YEAR))
            .from_(exp.table_(database.table))
            .where(exp.column(schema.COMPANY).isin(*(exp.Placeholder(this=name) for name in parameters)))
        )
        text = query.sql(dialect=database.dialect, identify=True)
        for name, year in database.execute(text, parameters, max_rows=100_000, checked=False).rows:
            years[str(name)].add(int(str(year)))
    return dict(years)


def widen(query: SqlQuery, renamed: Renamed, dialect: str) -> SqlQuery:
    """The statement with 公司全称 = 'latest' widened to every name of that company; others are returned as they are.

    The year before, which a growth rate joins by 公司全称, is joined by 股票代码 instead.
    """
    names_of = {names[-1]: names for names in renamed}
    asked = {key: names_of[str(value)] for key, value in query.parameters.items() if str(value) in names_of}
    if not asked:
        return query
    tree, parameters = sqlglot.parse_one(query.text, dialect=dialect), dict(query.parameters)
    for condition in list(tree.find_all(exp.EQ, exp.In)):
        left = condition.this
        if not (isinstance(left, exp.Column) and left.name == schema.COMPANY):
            continue
        right = [condition.expression] if isinstance(condition, exp.EQ) else condition.expressions
        if isinstance(right[0], exp.Column):
            for side in (left, right[0]):
                side.set("this", exp.to_identifier(schema.CODE))
            continue
        wanted: list[exp.Expr] = []
        for value in right:
            wanted.append(value.copy())
            for number, former in enumerate(asked.get(value.name, ())[:-1], 1):
                parameters[f"{value.name}_{number}"] = former
                wanted.append(exp.Placeholder(this=f"{value.name}_{number}"))
        condition.replace(left.copy().isin(*wanted))
    return replace(query, text=tree.sql(dialect=dialect, identify=True), parameters=parameters)


def under_latest(result: QueryResult, renamed: Renamed) -> QueryResult:
    """The rows with each former name replaced by the latest, as the question was linked."""
    latest = {former: names[-1] for names in renamed for former in names[:-1]}
    if not latest or schema.COMPANY not in result.columns:
        return result
    at = result.columns.index(schema.COMPANY)
    rows = tuple((*row[:at], latest.get(str(row[at]), row[at]), *row[at + 1 :]) for row in result.rows)
    return replace(result, rows=rows)


def notes(result: QueryResult, renamed: Renamed) -> list[str]:
    """Which rows stand under a former name."""
    former = {name for names in renamed for name in names[:-1]}
    if not former or not set(schema.KEY) <= set(result.columns):
        return []
    company, year = (result.columns.index(name) for name in schema.KEY)
    return [f"公司改过名，{row[year]}年的公司全称是{row[company]}。" for row in result.rows if row[company] in former]
