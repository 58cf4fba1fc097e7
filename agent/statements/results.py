"""What the evaluation of a statement comes to: rows of companies, and the cells they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agent.records import Value
from agent.statements.syntax import Select

Cells = dict[tuple[str, str, str], Value]  # (company, year, column) → value
Got = Decimal | str | bool | None


@dataclass(frozen=True)
class Row:
    """One company's values of the items; shown: sort key and operands of conditions by their spelling."""

    company: str
    values: tuple[Got, ...]
    shown: Mapping[str, Got] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """rows: one a company, or a single one without a company; cells: what they were made of; truncated: there are more; tied: companies
    that share the place of the first or the last row and were not asked for."""

    rows: tuple[Row, ...]
    cells: Cells = field(default_factory=dict)
    truncated: bool = False
    inner: Mapping[str, Got] = field(default_factory=dict)  # of subqueries and other companies' figures, by spelling
    tied: tuple[Row, ...] = ()


def window(select: Select) -> tuple[int | None, int]:
    """LIMIT and rows to skip: OFFSET k is the k-th, LIMIT i,j from the i-th to the j-th."""
    if select.last:
        first, last = sorted((int(select.limit), int(select.last)))
        return last - first + 1, max(first - 1, 0)
    return (int(select.limit) if select.limit else None), (max(int(select.offset) - 1, 0) if select.offset else 0)


def cut(select: Select, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Of sorted rows those that LIMIT and OFFSET ask for."""
    limit, offset = window(select)
    return rows[offset : None if limit is None else offset + limit]
