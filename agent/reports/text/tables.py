"""Pages of a PDF with the rows of their ruled tables whole: a cell's lines are one text, its cells stay apart.

Reading the places of words takes longer than all else, so only pages that seem to hold tables before the financial report
are read so, and later ones with an amount that a cell broke; the notes of the statements print most rows on one line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.reports.document import Document
from agent.reports.pages import Layout, Line, Page, Word
from agent.reports.text import lines, ruled
from agent.reports.text.ruled import Cell

_SHORT_REPORT = 40  # pages; of a quarter: all of them are read
_FINANCIAL_REPORT = re.compile(r"第[一二三四五六七八九十]{1,3}[节章]\s*财务(?:会计)?报告|财务报告")
# An amount that its cell broke: 225,633,071.3 above 4. A part of it is another amount.
_BROKEN = re.compile(r"\d,\d{3}\.\d?(?![\d])|\d,\d{0,2}(?=\s|$)|^\s*[.,]\d{1,3}(?=\s|$)|(?<=,\d{3}\.\d)\s")
_FRAGMENT = 30  # width of a line that may be a part of a cell
_FRAGMENTS = 4


def whole_rows(document: Document) -> tuple[Page, ...]:
    """The pages of a document, tables as rows as far as their ruled lines are known."""
    if document.layout is None:
        return document.pages
    last = _last(document)
    return tuple(
        _ruled(page, document.layout(page.number)) if _is_read(page, last) else page
        for page in document.pages
    )


def _is_read(page: Page, last: int) -> bool:
    return _has_table(page) if page.number <= last else any(_BROKEN.search(line.text) for line in page.lines)


def _last(document: Document) -> int:
    """The last page to read so."""
    if len(document.pages) <= _SHORT_REPORT:
        return len(document.pages)
    for page in document.pages[len(document.pages) // 5 :]:
        if any(_FINANCIAL_REPORT.fullmatch(line.text.strip()) for line in page.lines):
            return page.number
    return len(document.pages) * 2 // 3


def _has_table(page: Page) -> bool:
    read = lines.of([page])
    fragments = sum(line.width < _FRAGMENT for line in read)
    return fragments >= _FRAGMENTS or sum(line.kind == "row" for line in read) > 1


def _ruled(page: Page, layout: Layout) -> Page:
    cells = ruled.cells(layout)
    rows = _rows(cells)
    if not rows:
        return page
    inside = {id(word) for cell in cells for word in cell.words}
    free = [word for word in layout.words if id(word) not in inside]
    placed = [(row[0].box[1] + 0.1, _row(row)) for row in rows]
    placed += [(line[0].top, Line(_text(line))) for line in ruled.on_lines(free)]
    return Page(page.number, tuple(line for _, line in sorted(placed, key=lambda p: p[0])))


def _rows(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells that begin at one height."""
    rows: list[list[Cell]] = []
    for cell in cells:
        if rows and abs(rows[-1][0].box[1] - cell.box[1]) < 1:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows


def _row(row: Sequence[Cell]) -> Line:
    texts = tuple(cell.text for cell in row)
    return Line(" ".join(texts), texts if len(texts) > 1 else ())


def _text(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line)
