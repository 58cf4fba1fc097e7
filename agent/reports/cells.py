"""From the statements that were read to cells: one value for each item, column, scope and span, in 元, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from agent.figures.numbers import format_number
from agent.reports import items
from agent.reports.amounts import UNITS, amount, is_dash
from agent.reports.heads import Column
from agent.reports.rows import Cell as Place
from agent.reports.statements import Entry, Table
from agent.reports.store import Cell

_PER_SHARE = ("基本每股收益", "稀释每股收益")
_BLANK, _DASH, _NO_UNIT = "报告里这一格是空的", "报告里这一格是横线", "没有找到金额单位"
_UNCLEAR = "这一行的数看不出是哪一列的"
_PARTS_OF_FINANCE = ("利息费用", "利息收入")  # under 财务费用, except where they stand under the revenue of a bank
_OWNERS = ("归属于母公司所有者权益合计", "少数股东权益", "归属于母公司所有者的净利润", "少数股东损益")


def cells(tables: Sequence[Table], interim: bool) -> list[Cell]:
    """The cells of all statements, the first table of each statement, scope and span.

    interim: of a quarter or half-year, whose flows have a span.
    """
    found: list[Cell] = []
    seen: set[tuple[str, str, str]] = set()
    for table in tables:
        for scope, columns in _by_scope(table, tables).items():
            for single in (False, True):
                chosen = [c for c in columns if (c.single or table.title.single) is single]
                mark = (table.kind, scope, "single quarter" if single else "cumulative")
                if chosen and mark not in seen:
                    seen.add(mark)
                    found += _of_table(table, scope, chosen, mark[2])
    return found


def _by_scope(table: Table, tables: Sequence[Table]) -> dict[str, list[Column]]:
    """Scope → its columns with a role; a title without a scope is the group's where owners of two kinds are told apart."""
    columns = [column for column in table.columns if column.role]
    told = {column.scope for column in columns} - {""}
    if len(told) > 1:
        return {scope: [c for c in columns if c.scope == scope] for scope in sorted(told)}
    if len(table.title.scopes) == 1:
        return {table.title.scopes[0]: columns}
    if told:
        return {told.pop(): columns}
    if len(table.title.scopes) > 1:
        return {}  # group and parent in one table whose heads do not tell which is which
    return {"合并" if _tells_owners(table) and not _has_group(table, tables) else "母公司": columns}


def _tells_owners(table: Table) -> bool:
    if table.kind == "现金流量表":
        return True  # says nothing of owners
    named = {
        items.item(table.kind, entry.label) for entry in table.entries if any(amount(c.text) for c in entry.figures)
    }
    return bool(named & set(_OWNERS))


def _has_group(table: Table, tables: Sequence[Table]) -> bool:
    return any(other is not table and other.kind == table.kind and "合并" in other.title.scopes for other in tables)


def _of_table(table: Table, scope: str, columns: Sequence[Column], span: str) -> Iterator[Cell]:
    taken: dict[str, Entry] = {}
    for name, entry in _named(table):
        old = taken.get(name)
        if old is None or (not _filled(old) and _filled(entry)):
            taken[name] = entry
    roles: dict[str, Column] = {}
    for column in columns:
        kept = roles.get(column.role)
        if kept is None or (column.restated and not kept.restated):
            roles[column.role] = column
    for name, entry in taken.items():
        for role, column in roles.items():
            yield _cell(table, name, entry, scope, column, role, span)


def _filled(entry: Entry) -> bool:
    return any(amount(cell.text) is not None for cell in entry.figures)


def _named(table: Table) -> Iterator[tuple[str, Entry]]:
    """Each line with the item that it is: by the standard formats, else its own label where it holds figures."""
    bank = any(items.item(table.kind, entry.label) == "利息净收入" for entry in table.entries)
    finance = False
    for entry in table.entries:
        name = items.item(table.kind, entry.label)
        finance = finance or name == "财务费用"
        if name in _PARTS_OF_FINANCE and table.kind == "利润表" and not bank and not finance:
            name = f"{name}（营业总收入）" if name == "利息收入" else name
        if name is None and _filled(entry):
            name = items.plain(entry.label)
        if name:
            yield name, entry


def _cell(table: Table, name: str, entry: Entry, scope: str, column: Column, role: str, span: str) -> Cell:
    place = next((c for c in entry.figures if column.x0 <= (c.x0 + c.x1) / 2 <= column.x1), None)
    per_share = name in _PER_SHARE
    unit = "元/股" if per_share else table.unit
    value, reason = (None, _UNCLEAR) if entry.unclear else _value(place, 1 if per_share else UNITS.get(table.unit))
    x0, top, x1, bottom = place.box if place and place.box else (None, None, None, None)
    return Cell(
        scope, name, role, span, table.kind, value, place.text if place else "", unit, entry.label, entry.text,
        entry.page, x0, top, x1, bottom, reason,
        restated=column.restated,
    )  # fmt: skip


def _value(place: Place | None, scale: int | None) -> tuple[str | None, str]:
    """(exact value in 元, "") or (None, why there is none)."""
    if place is None:
        return None, _BLANK
    if is_dash(place.text):
        return None, _DASH
    number = amount(place.text)
    if number is None or scale is None:
        return None, _NO_UNIT
    return format_number(Decimal(number * scale)), ""
