"""Reports as text: the line-JSON of the FinGLM challenge (`page`, `type`, `inside`), and plain text with running heads."""

from __future__ import annotations

import ast
import json
import re
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Literal

from agent.errors import CaibaoError
from agent.reports.pages import Line, Page

_KINDS: dict[str, Literal["head", "foot"]] = {"页眉": "head", "页脚": "foot"}
_TEXTS = ("inside", "text", "content")  # the key of the text, of lines or of whole pages
_NUMBER = re.compile(r"\s*(?:第\s*)?-?\s*(\d{1,4})\s*-?(?:\s*页)?(?:\s*[/共]\s*(?:共\s*)?\d{1,4}\s*页?)?\s*")
_LEAST_PAGES = 3  # that a line must head before it counts as a running head
_SHORTEST = 500  # characters of a report


def is_json_lines(text: str) -> bool:
    """Whether the first line is an object."""
    first = text.lstrip().split("\n", 1)[0].strip()
    return first.startswith("{") and '"' in first


def read_json_lines(text: str, path: Path) -> tuple[Page, ...]:
    """The pages of line-JSON: an object a line of the report, or an object a page.

    Raises:
        CaibaoError: the first line that is no object of this kind.
    """
    found: list[tuple[int, Line]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.strip():
            found += _lines(_record(raw, number, path), number, path)
    return tuple(Page(page, tuple(line for _, line in lines)) for page, lines in groupby(found, key=lambda f: f[0]))


def _record(raw: str, number: int, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise CaibaoError(f'{path} 第{number}行不是JSON对象，每行要像{{"page": 1, "type": "text", "inside": "…"}}。')
    return record


def _lines(record: dict[str, Any], number: int, path: Path) -> list[tuple[int, Line]]:
    if not record:  # ends some files of the challenge
        return []
    page, said = record.get("page"), next((record[key] for key in _TEXTS if key in record), None)
    if not isinstance(said, str) or not re.fullmatch(r"\d{1,5}", str(page)):
        raise CaibaoError(f"{path} 第{number}行没有页码（page）或文字（inside），请检查文件。")
    kind = record.get("type")
    if kind == "excel":
        cells = _cells(said)
        return [(int(str(page)), Line(" ".join(c for c in cells if c), cells))]
    return [(int(str(page)), Line(line, (), _KINDS.get(str(kind), "text"))) for line in said.splitlines() or [""]]


def _cells(said: str) -> tuple[str, ...]:
    """The cells of a row written as a Python list."""
    try:
        row = ast.literal_eval(said) if len(said) < 100_000 else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        row = None
    if not isinstance(row, list):
        return (said,)
    return tuple("" if cell is None else str(cell) for cell in row)


def read_text(text: str, path: Path) -> tuple[Page, ...]:
    """The pages of plain text: form feeds, or a running head with a page number beside it; else one page.

    Raises:
        CaibaoError: there is too little text for a report.
    """
    if len(text.strip()) < _SHORTEST:
        raise CaibaoError(f"{path} 只有{len(text.strip())}个字，不是一份报告。")
    if text.count("\f") >= _LEAST_PAGES:
        return tuple(_page(number, part.splitlines()) for number, part in enumerate(text.split("\f"), 1) if part)
    lines = text.splitlines()
    starts = _starts(lines)
    if not starts:
        return (_page(1, lines),)
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    return tuple(_page(number, lines[start:end], 2) for (start, number), end in zip(starts, ends))


def _starts(lines: list[str]) -> list[tuple[int, int]]:
    """(line of a running head, page number below it), the numbers growing by one."""
    pairs: dict[str, list[tuple[int, int]]] = {}
    for i, (line, below) in enumerate(pairwise(lines)):
        if line.strip() and not _NUMBER.fullmatch(line) and (number := _NUMBER.fullmatch(below)):
            pairs.setdefault(line.strip(), []).append((i, int(number[1])))
    if not pairs or len(found := max(pairs.values(), key=len)) < _LEAST_PAGES:
        return []
    starts = found[:1]
    for start, page in found[1:]:
        if starts[-1][1] < page <= starts[-1][1] + 2:
            starts.append((start, page))
    return starts


def _page(number: int, lines: list[str], heads: int = 0) -> Page:
    return Page(number, tuple(Line(line, (), "head" if i < heads else "text") for i, line in enumerate(lines)))
