"""Statements over one part of a table: one 报告期, one 口径, with numbers read as numbers. Every statement, whoever wrote it, has the table
replaced by a view of it before it runs, so that nothing can be added up that does not belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.figures.periods import Slice
from agent.records import Value
from agent.table import cells
from agent.table.care import Care, quoted

NUMBER, CODE = "caibao_number", "caibao_code"  # functions that a SQLite connection is given
_PLAIN = "^ *-?[0-9,]+([.][0-9]+)? *$"


def as_number(cell: Any) -> float | int | None:
    """A cell as the number it spells; None where it is none. Whole numbers below 2**53 keep their kind."""
    if isinstance(cell, int):
        return cell if abs(cell) < 10**20 else None
    if isinstance(cell, float):
        return cell if abs(cell) < 1e20 else None
    try:
        amount = cells.number(cell)
    except cells.OddCell:
        return None
    return None if amount is None else float(amount.value)


class Narrowed:
    """A table through the eyes of a question."""

    def __init__(self, table: str, columns: Sequence[str], care: Care, part: Slice, dialect: str) -> None:
        self._table, self._care, self._dialect = table, care, dialect
        self._bad = care.bad
        wanted = {schema.PERIOD: part.period, schema.SCOPE: part.scope}
        chosen = ", ".join(f"{self._cell(name)} AS {quoted(name, dialect)}" for name in columns)
        conditions = [self._among(column, care.spelt.get((key, wanted[key]), [])) for key, column in care.keys.items()]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        distinct = "DISTINCT " if care.repeated else ""
        text = f"SELECT {distinct}{chosen} FROM {quoted(table, dialect)}{where}"
        self._view = sqlglot.parse_one(text, dialect=dialect, into=exp.Select)

    def _literal(self, value: Any) -> str:
        return (exp.Literal.number(value) if isinstance(value, int) else exp.Literal.string(str(value))).sql(
            self._dialect
        )

    def _among(self, column: str, values: Sequence[Any]) -> str:
        given, q = [value for value in values if value is not None], quoted(column, self._dialect)
        parts = [f"{q} IN ({', '.join(map(self._literal, given))})"] if given else []
        parts += [f"{q} IS NULL"] if None in values else []
        return f"({' OR '.join(parts)})" if parts else "1 = 0"

    def _cell(self, column: str) -> str:
        care, q = self._care, quoted(column, self._dialect)
        if column == schema.COMPANY and care.companies:
            cases = " ".join(f"WHEN {self._literal(a)} THEN {self._literal(b)}" for a, b in care.companies.items())
            return f"CASE {q} {cases} ELSE {q} END"
        if column == schema.CODE and care.codes and self._dialect == "sqlite":
            return f"{CODE}({q})"
        if marks := care.nothing.get(column):
            return f"CASE WHEN {q} IN ({', '.join(map(self._literal, marks))}) THEN NULL ELSE {q} END"
        made = q
        if column in care.numbers:
            made = f"{NUMBER}({q})" if self._dialect == "sqlite" else self._mysql_number(q)
        if column in care.points:
            made = f"{made} / 100.0"
        return made

    def _mysql_number(self, q: str) -> str:
        return f"CASE WHEN {q} REGEXP {self._literal(_PLAIN)} THEN CAST(REPLACE({q}, ',', '') AS DECIMAL(38, 10)) END"

    def over(self, text: str, parameters: Mapping[str, Value], checked: bool = True) -> str:
        """The statement over the view; checked: not where it needs a cell that no figure can be made of.

        Raises:
            NotAnswerable: it needs a cell that no figure can be made of.
        """
        tree = sqlglot.parse_one(text, dialect=self._dialect)
        if self._bad and checked:
            self._refuse(tree, parameters)
        for node in list(tree.find_all(exp.Table)):
            if node.name == self._table:
                node.replace(self._view.copy().subquery(node.alias or self._table, copy=False))
        return tree.sql(dialect=self._dialect, identify=True, comments=False)

    def _refuse(self, tree: exp.Expr, parameters: Mapping[str, Value]) -> None:
        read = {column.name for column in tree.find_all(exp.Column)}
        values = list(parameters.values())
        years = {value for value in values if isinstance(value, int) and 1900 <= value < 2100}
        only = _companies(tree, parameters)
        for cell in self._bad:
            touched = cell.column in read or (not cell.column and read != {schema.COMPANY})
            there = only is None or self._care.companies.get(cell.company, cell.company) in only or cell.company in only
            if touched and there and (not years or cell.year in years):
                raise NotAnswerable(f"表里{cell}，不能用来计算和比较，无法回答该问题。")


def _companies(tree: exp.Expr, parameters: Mapping[str, Value]) -> set[str] | None:
    """The companies that a statement is about; None where it is about all but some, or all."""
    found: set[str] = set()
    for node in tree.find_all(exp.EQ, exp.In):
        if not (isinstance(node.this, exp.Column) and node.this.name == schema.COMPANY) or node.find_ancestor(
            exp.Not, exp.Or
        ):
            continue
        right = [node.expression] if isinstance(node, exp.EQ) else node.expressions
        found |= {str(parameters[v.name]) for v in right if isinstance(v, exp.Placeholder) and v.name in parameters}
    return found or None
