"""From the store into the table that questions are answered from: a row for each company, year, 报告期 and 口径."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agent.figures import schema
from agent.figures.aliases import aliases
from agent.figures.periods import ANNUAL, FIRST, GROUP, HALF, THIRD
from agent.reports import items, key_figures
from agent.reports.store import About, Cell, Store
from agent.table.importer import import_table

PERIODS = {"FY": ANNUAL, "H1": HALF, "Q1": FIRST, "Q3": THIRD}
_MORE = ("扣除非经常性损益的净利润", "研发投入合计", "股东总户数")
_RENAMED = {"母公司职工人数": "母公司在职员工人数", "博士员工人数": "博士及以上的员工人数"}
_LEFT_OUT = frozenset({schema.COMPANY, schema.CODE, schema.SHORT_NAME})  # of the report itself, in every row


def rows(documents: Iterable[tuple[About, Sequence[Cell]]]) -> Iterator[dict[str, str]]:
    """A row for each report and scope: the figures of its own period, from the beginning of the year, as exact numbers."""
    for about, cells in documents:
        scopes = dict.fromkeys(cell.scope or GROUP for cell in cells if cell.value is not None)
        for scope in scopes:
            row = {
                schema.COMPANY: about.company,
                schema.YEAR: str(about.year),
                schema.PERIOD: PERIODS[about.period],
                schema.SCOPE: scope,
                schema.CODE: about.code,
                schema.SHORT_NAME: about.short_name,
            }
            own = [(name, cell) for cell in cells if (cell.scope or GROUP) == scope and (name := in_table(cell))]
            for name, cell in sorted(own, key=lambda pair: pair[1].statement == key_figures.STATEMENT):
                row.setdefault(name, cell.value or "")
            yield row


def in_table(cell: Cell) -> str | None:
    """The column of the table that a cell goes into; None where it goes into none."""
    if cell.value is None or cell.column != "current" or cell.span != "cumulative" or cell.item in _LEFT_OUT:
        return None
    name = _RENAMED.get(cell.item, cell.item)
    known = name in schema.columns() or name in items.names() or name in _MORE
    return (
        name if known and aliases().get(name, name) == name else None
    )  # 其他权益工具 is said of the investment in such


def bring(store: Store, url: str, table: str) -> int:
    """Adds the rows of all reports of the store to the table of a database; how many rows there are.

    Raises:
        CaibaoError: the table holds other figures for one of them.
        DatabaseError: the database cannot be written.
    """
    found = list(rows((about, store.cells(number)) for number, about in store.documents()))
    if not found:
        return 0
    headings = list(dict.fromkeys(name for row in found for name in row))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "报告库.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, headings, restval="")
            writer.writeheader()
            writer.writerows(found)
        import_table(path, url, table)
    return len(found)
