"""The rows of a page with their cells, whatever the file: ruled tables and bare columns of a PDF, rows that the file keeps apart, lines of text.

In a PDF a cell lies between ruled lines where there are some, else it is a group of words with a gap around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from agent.reports.document import Document
from agent.reports.pages import Box, Layout, Line, Page, Word

_SAME_RULE = 3.0  # points between two lines that draw one rule
_SAME_SIDE = 8.0  # points between the lines that draw one side of cells with margins
_LEAST_RULE = 60.0  # points of all rules at one height that make a row's edge
_TALLEST_ROW = 120.0
_MARGIN = (0.076, 0.94)  # of the page's height: running head above, page number below
_FOOT = 0.88  # of the page's height, below which a lone number is the page's
_PAGE_NUMBER = re.compile(
    r"^(?:第\s*)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*页)?(?:\s*[/,，共]\s*(?:共\s*)?\d{1,4}(?:\s*页)?)?$"
)


class Cell(NamedTuple):
    """Text of one cell. [x0, x1): where its words stand, in points; its index in rows that have no places.

    `sides`: the ruled lines to its left and right.
    """

    text: str
    x0: float
    x1: float
    box: Box | None = None
    sides: tuple[float, float] | None = None


@dataclass(frozen=True)
class Row:
    """Cells from left to right, none empty. `ruled`: between ruled lines, so that nothing above or below belongs to it.

    `width`: how many cells, empty ones too, a row without places has; 0 of rows with places.
    """

    page: int
    cells: tuple[Cell, ...]
    ruled: bool = False
    width: int = 0

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)


def rows(document: Document, page: Page) -> list[Row]:
    """The rows of a page from top to bottom."""
    if document.layout is not None:
        return list(_of_layout(page.number, document.layout(page.number)))
    lines = [line for line in page.lines if line.kind == "text"]
    if document.kind == "text":
        return [Row(page.number, cells, width=_width(line.text)) for line in lines if (cells := _spaced(line.text))]
    return [
        Row(page.number, cells, bool(line.cells), max(len(line.cells), 1)) for line in lines if (cells := _apart(line))
    ]


def _apart(line: Line) -> tuple[Cell, ...]:
    texts: Sequence[str] = line.cells or (line.text,)
    if len({text for text in texts if text.strip()}) == 1:  # one cell over all columns
        texts = (next(text for text in texts if text.strip()),)
    return tuple(Cell(text.strip(), i, i + 0.5) for i, text in enumerate(texts) if text.strip())


_IN_DATE = re.compile(r"(?<=\d) +(?=[年月日])|(?<=[年月]) +(?=\d{1,2}(?!\d))")
_FIGURE = re.compile(r"^[(（]?-?[\d,]*\d(\.\d+)?%?[)）]?$|^-+$")


def _spaced(text: str) -> tuple[Cell, ...]:
    """The cells of a line of text: a blank ends each cell, so that two blanks in a row are an empty one.

    A label may hold blanks; what counts is where the figures stand behind it.
    """
    body = _IN_DATE.sub("", text)
    if not _FIGURE.match(body.split(" ")[0] or (body.split() or [""])[0]):
        body = body.lstrip(" \u3000")
    parts = body.split(" ")
    first = next((i for i, part in enumerate(parts) if _FIGURE.match(part)), None)
    if first is None:
        return (Cell(body.strip(), 0, 0.5),) if body.strip() else ()
    start = max(first, 1)
    while start > 1 and not parts[start - 1]:  # empty cells between the label and its first figure
        start -= 1
    label = " ".join(parts[:start]).strip()
    if _FIGURE.match(parts[0]) or not parts[0]:  # a wrapped label stands above: the figures begin the line
        label, start = "", 0
    cells = [Cell(label, 0, 0.5)] if label else []
    return (*cells, *(Cell(part, i, i + 0.5) for i, part in enumerate(parts[start:], 1) if part))


def _width(text: str) -> int:
    """How many cells a line of text has where a blank ends each; the label counts as one."""
    cells = _spaced(text)
    if not cells or not any(_FIGURE.match(cell.text) for cell in cells):
        return 1
    behind = len(text) - len(text.rstrip(" "))
    return int(cells[-1].x0) + max(behind, 1)


def _of_layout(number: int, layout: Layout) -> Iterator[Row]:
    top, bottom = (share * layout.height for share in _MARGIN)
    words = [word for word in layout.words if top < (word.top + word.bottom) / 2 < bottom]
    edges = _edges(layout.rulings)
    sides = [box for box in layout.rulings if box[2] - box[0] < _SAME_RULE <= box[3] - box[1]]
    loose: list[Word] = []
    at = 0
    for high, low in pairwise([0.0, *edges, layout.height]):
        inside = []
        while at < len(words) and (words[at].top + words[at].bottom) / 2 < low:
            inside.append(words[at])
            at += 1
        middle = (high + low) / 2
        columns = _merged(sorted(x0 for x0, y0, _, y1 in sides if y0 - 1 <= middle <= y1 + 1), _SAME_SIDE)
        if len(columns) < 2 or low - high > _TALLEST_ROW or not inside:
            loose += inside
            continue
        yield from _unruled(number, loose)
        loose = []
        yield from _ruled(number, inside, columns)
    for row in _unruled(number, loose):
        box = row.cells[0].box
        low = box is not None and box[1] > _FOOT * layout.height
        if not (low and len(row.cells) == 1 and _PAGE_NUMBER.match(row.text)):
            yield row


def _edges(rulings: Iterable[Box]) -> list[float]:
    """Heights at which rules run that are long enough together."""
    flat = sorted((y0, x1 - x0) for x0, y0, x1, y1 in rulings if y1 - y0 < _SAME_RULE <= x1 - x0)
    edges: list[float] = []
    start, length = -1e9, 0.0
    for y, width in flat:
        if y - start > _SAME_RULE:
            start, length = y, 0.0
        length += width
        if length >= _LEAST_RULE and (not edges or y - edges[-1] > _SAME_RULE):
            edges.append(y)
    return edges


def _merged(places: Sequence[float], apart: float) -> list[float]:
    found: list[float] = []
    for place in places:
        if not found or place - found[-1] > apart:
            found.append(place)
    return found


def _ruled(number: int, words: Sequence[Word], columns: Sequence[float]) -> Iterator[Row]:
    cells = []
    for left, right in zip([-1e9, *columns[1:]], [*columns[1:-1], 1e9, 1e9]):
        inside = [word for word in words if left <= (word.x0 + word.x1) / 2 < right]
        if inside:
            cell = _cell([word for line in _lines(inside) for word in line])
            cells.append(cell._replace(sides=(left, right)))
    if cells:
        yield Row(number, tuple(cells), True)


def _unruled(number: int, words: Sequence[Word]) -> Iterator[Row]:
    for line in _lines(words):
        groups: list[list[Word]] = [[line[0]]]
        for before, word in pairwise(line):
            near = word.x0 - before.x1 < 0.9 * max(word.bottom - word.top, before.bottom - before.top)
            if near and not (_FIGURE.match(before.text) and _FIGURE.match(word.text)):
                groups[-1].append(word)
            else:
                groups.append([word])
        yield Row(number, tuple(_cell(group) for group in groups))


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words from top to bottom and left to right, those of one height together."""
    lines: list[list[Word]] = []
    middle = -1e9
    for word in sorted(words, key=lambda w: w.top + w.bottom):
        height = word.bottom - word.top
        if not lines or (word.top + word.bottom) / 2 - middle > max(0.4 * height, 2.0):
            lines.append([])
            middle = (word.top + word.bottom) / 2
        lines[-1].append(word)
    return [sorted(line, key=lambda w: w.x0) for line in lines]


def _cell(words: Sequence[Word]) -> Cell:
    text = words[0].text
    for before, word in pairwise(words):
        apart = word.x0 - before.x1 > 1 or word.top > before.bottom
        text += (" " if apart and before.text[-1].isascii() and word.text[0].isascii() else "") + word.text
    box = (
        min(word.x0 for word in words),
        min(word.top for word in words),
        max(word.x1 for word in words),
        max(word.bottom for word in words),
    )
    return Cell(text, box[0], box[2], box)
