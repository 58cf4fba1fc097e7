"""Answers as files: a table as csv or xlsx, a whole chat as Markdown or xlsx.

A text that a spreadsheet would take for a formula stays a text: in xlsx it is written as one, in csv an apostrophe stands before it.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

from agent.faces.web.store import Turn

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_EXACT = 15  # digits that a spreadsheet's numbers hold
_LONGEST = 32_000  # characters of a cell
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~!])")


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def table_csv(table: dict[str, Any]) -> bytes:
    """With the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([_safe(name) for name in table["columns"]])
    for row, figures in zip(table["rows"], table["figures"]):
        lines.writerow([(cell or "") if figure else _safe(cell or "") for cell, figure in zip(row, figures)])
    return text.getvalue().encode("utf-8-sig")


def table_xlsx(table: dict[str, Any]) -> bytes:
    book, sheet = _book("依据")
    _fill(sheet, table)
    return _saved(book)


def _book(title: str) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    return book, sheet


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _put(sheet: Worksheet, row: int, column: int, text: str | None, figure: bool = False) -> None:
    """A number where it is one that the cell holds exactly, a text otherwise, never a formula."""
    if text is None:
        return
    number = Decimal(text) if figure else None
    if number is not None and len(number.normalize().as_tuple().digits) <= _EXACT:
        sheet.cell(row, column, int(number) if number == number.to_integral_value() else float(number))
        return
    cell = sheet.cell(row, column)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_LONGEST]
    cell.data_type = "s"


def _fill(sheet: Worksheet, table: dict[str, Any], first: int = 1) -> None:
    for column, name in enumerate(table["columns"], 1):
        _put(sheet, first, column, name)
    for at, (row, figures) in enumerate(zip(table["rows"], table["figures"]), first + 1):
        for column, (cell, figure) in enumerate(zip(row, figures), 1):
            _put(sheet, at, column, cell, figure)


def chat_xlsx(title: str, turns: Sequence[Turn]) -> bytes:
    """A sheet of questions and answers, and one for each table."""
    book, sheet = _book("对话")
    heads = ("序号", "问题", "理解为", "回答", "把握", "SQL", "参数")
    lines: Iterable[Sequence[str | None]] = [heads, *(_line(turn) for turn in turns if turn.told)]
    for at, line in enumerate(lines, 1):
        for column, text in enumerate(line, 1):
            _put(sheet, at, column, text)
    for turn in turns:
        if turn.told and turn.told["table"]:
            _fill(book.create_sheet(f"依据{turn.number}"), turn.told["table"])
    book.properties.title = ILLEGAL_CHARACTERS_RE.sub("", title)
    return _saved(book)


def _line(turn: Turn) -> tuple[str | None, ...]:
    told = turn.told or {}
    sure = "" if told["sure"] is None else f"{told['sure']:.0%}"
    parameters = "\n".join(f":{name} = {value}" for name, value in told["parameters"].items())
    return str(turn.number), turn.said, told["resolved"], told["answer"], sure, told["sql"], parameters


def chat_markdown(title: str, turns: Sequence[Turn]) -> str:
    """Every question with its reading, answer, table, and statement."""
    parts = [f"# {_plain(title)}"]
    for turn in turns:
        parts.append(f"## {turn.number}. {_plain(turn.said)}")
        if turn.told is not None:
            parts += _told(turn.told)
    return "\n\n".join(parts) + "\n"


def _told(told: dict[str, Any]) -> Iterable[str]:
    if told["resolved"]:
        yield f"理解为：{_plain(told['resolved'])}"
    yield _plain(told["answer"])
    if told["sure"] is not None:
        yield f"把握：{told['sure']:.0%}"
    if told["table"]:
        yield _markdown_table(told["table"])
    places = (f"{place['file']} 第{place['page']}页 {place['section']}" for place in told["sources"])
    yield from (f"- {_plain(line)}" for line in (*told["formulas"], *places, *told["notes"]))
    if told["sql"]:
        values = "".join(f"\n-- :{name} = {_one_line(value)}" for name, value in told["parameters"].items())
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", told["sql"] + values)), 0)
        yield f"{fence}sql\n{told['sql']}{values}\n{fence}"


def _markdown_table(table: dict[str, Any]) -> str:
    lines = [table["columns"], ["---"] * len(table["columns"]), *table["rows"]]
    return "\n".join(
        "| " + " | ".join(cell if at == 1 else _plain(cell or "") for cell in line) + " |"
        for at, line in enumerate(lines)
    )


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _plain(text: str) -> str:
    """As it is: neither Markdown nor HTML."""
    return _MARKDOWN.sub(r"\\\1", html.escape(_one_line(text), quote=False))
