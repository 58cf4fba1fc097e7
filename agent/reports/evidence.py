"""Where the figures of an answer stand in reports: rows of the table, told by company, year, 报告期 and 口径, against the cells of the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.figures import schema
from agent.figures.periods import GROUP, USUAL, Slice
from agent.reports.store import About, Cell, Store
from agent.reports.table_rows import PERIODS, in_table

_FIELD, _VALUE = "字段", "值"


@dataclass(frozen=True)
class Place:
    """A figure and where it stands. `section`: 合并利润表; `row`: as printed."""

    column: str
    file: str
    page: int
    section: str
    row: str

    def __str__(self) -> str:
        return f"{self.column}：{self.file} 第{self.page}页 {self.section}“{self.row}”"


def places(store: Store, columns: Sequence[str], rows: Sequence[Sequence[Any]], part: Slice = USUAL) -> list[Place]:
    """The places of all figures of the rows that came from reports: a cell counts only where it holds that very value.

    columns: names of the table's columns, or 字段 and 值 of one cell a row; part: what a row without 报告期 and 口径 is of.
    """
    reports = {(about.company, about.year, PERIODS[about.period]): (i, about) for i, about in store.documents()}
    found: dict[Place, None] = {}
    for values in rows:
        row = dict(zip(columns, values))
        if _FIELD in row and _VALUE in row:
            row[str(row[_FIELD])] = row[_VALUE]
        key = (str(row.get(schema.COMPANY)), _year(row.get(schema.YEAR)), str(row.get(schema.PERIOD) or part.period))
        if key in reports:
            number, about = reports[key]
            found |= dict.fromkeys(_of_row(row, about, store.cells(number), part))
    return list(found)


def _of_row(row: Mapping[str, Any], about: About, cells: Sequence[Cell], part: Slice) -> Iterator[Place]:
    scope = row.get(schema.SCOPE) or part.scope
    for cell in cells:
        column = in_table(cell)
        if column and column in row and (cell.scope or GROUP) == scope and cell.page and _same(row[column], cell.value):
            yield Place(column, about.file, cell.page, cell.scope + cell.statement, cell.row)


def _year(value: Any) -> int:
    return int(str(value)) if str(value).isdecimal() else 0


def _same(value: Any, known: str | None) -> bool:
    if value is None or known is None:
        return False
    try:
        return abs(Decimal(str(value)) - Decimal(known)) <= Decimal("0.005")
    except InvalidOperation:
        return str(value) == known
