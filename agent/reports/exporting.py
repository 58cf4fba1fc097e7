"""Cells as lines of JSON, one a cell, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from agent.reports.store import About, Cell

_TEXT = ("基本信息",)


def lines(about: About, cells: Iterable[Cell]) -> Iterator[str]:
    """A line a cell: file, company, code, year, period, scope, item, value (元), page, column, span, unit, label and more."""
    for cell in cells:
        yield json.dumps(_record(about, cell), ensure_ascii=False)


def _record(about: About, cell: Cell) -> dict[str, Any]:
    value: Any = cell.value
    if value is not None and cell.statement not in _TEXT:
        number = Decimal(value)
        value = int(number) if number == int(number) else float(number)
    year, period = of(about, cell)
    record = {
        "file": about.file,
        "company": about.company,
        "code": about.code,
        "year": year,
        "period": period,
        "scope": cell.scope,
        "item": cell.item,
        "value": value,
        "page": cell.page,
        "statement": cell.statement,
        "column": cell.column,
        "span": cell.span,
        "unit": cell.unit,
        "label": cell.label,
        "printed": cell.printed,
        "row": cell.row,
        "box": None if cell.x0 is None else [cell.x0, cell.top, cell.x1, cell.bottom],
    }
    optional = {"reason": cell.reason, "failed": cell.failed, "restated": cell.restated}
    return record | {name: said for name, said in optional.items() if said}


def of(about: About, cell: Cell) -> tuple[int, str]:
    """(year, period) of a cell: a column before is a year earlier, and of a balance sheet the end of that year."""
    if cell.column == "current":
        return about.year, about.period
    at_a_date = cell.statement == "资产负债表" or cell.item in ("资产总计", "归属于母公司所有者权益合计")
    return about.year - 1, "FY" if at_a_date else about.period
