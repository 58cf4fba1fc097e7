"""Why a line of the statements changed, as the report says it: sentences 营业收入变动原因说明：…, and the column 变动原因 of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.reports.document import Document
from agent.reports.pages import Line
from agent.reports.text import ruled
from agent.reports.text.passages import Passage

_HEAD = re.compile(r"(?:变动|变化|增减|重大变动|情况)?(?:的)?(?:主要)?(?:原因|说明)(?:说明|及说明)?")
_HEAD_IN_LINE = re.compile(r"变动原因|变动说明|情况说明|变动的?主要原因|增减原因|主要原因|原因说明|变化原因")
_SENTENCE = re.compile(r"([^，。；：:]{2,30}?)(?:的?(?:变动|变化|增减|增加|减少))?的?(?:主要)?(?:原因|变动)(?:的?说明)?[：:]\s*(.{4,})")
_ROW_START = re.compile(r"([^\d。；：:]{2,40}?)\s+[-－(（]?\d")
_ROW_END = re.compile(r"(?<=[\d%)）用])\s*((?:增加|减少)?(?:主要|系|由于|因).{3,})$")
_GIVEN = re.compile("主要|系|由于|因|所致|导致|增加|减少|上升|下降|影响")
_FINISHED = re.compile(r"(?:所致|导致|影响|原因|增加|减少|[。；;])[。；;]?\s*$")
_NUMBER = re.compile(r"[-－(（]?\d[\d,，]*(?:\.\d+)?[)）]?%?")
_NOTE = re.compile(r"[(（](?:损失|亏损|净亏损|净损失).*?[)）]|_.*$|\s")
_LONGEST_REASON = 600


class Reason(NamedTuple):
    """item: the line as the report names it; said: its reason, as printed."""

    page: int
    path: tuple[str, ...]
    item: str
    said: str


def of(document: Document, passages: Sequence[Passage]) -> list[Reason]:
    """All that a report says of this kind, in its order; each item's reason on a page once."""
    in_tables = list(_in_tables(document, passages))
    ruled_pages = {r.page for r in in_tables}
    in_words = (r for r, is_row in _in_words(passages) if not (is_row and r.page in ruled_pages))
    unique = {(r.page, r.item, r.said): r for r in sorted([*in_words, *in_tables], key=lambda r: r.page)}
    return list(unique.values())


def name(item: str) -> str:
    """The name of a line without blanks, notes and what stands behind an underline."""
    return _NOTE.sub("", item)


def _in_words(passages: Sequence[Passage]) -> Iterator[tuple[Reason, bool]]:
    """Reasons in sentences, and in rows of a table that end with one (True)."""
    for passage in passages:
        for line in passage.lines:
            item, said = _said(line)
            if item and _GIVEN.search(said):
                yield Reason(passage.page, passage.path, item, said), not _SENTENCE.fullmatch(line)


def _said(line: str) -> tuple[str, str]:
    """Item and reason of a sentence or a row that ends with a reason; empty where it is none."""
    if found := _SENTENCE.fullmatch(line):
        return found[1].strip(), found[2].strip()
    start, end = _ROW_START.match(line), _ROW_END.search(line)
    return (start[1].strip(), end[1].strip()) if start and end and start.end() <= end.start() else ("", "")


def _in_tables(document: Document, passages: Sequence[Passage]) -> Iterator[Reason]:
    paths = {passage.page: passage.path for passage in reversed(passages)}
    columns: list[_Column] = []
    for page in document.pages:
        headed = any(len(line.text) < 120 and _HEAD_IN_LINE.search(line.text) for line in page.lines)
        found: list[tuple[str, str]] = []
        if any(line.cells for line in page.lines):
            found = _in_cells(page.lines)
        elif document.layout and (headed or columns):
            cells = ruled.cells(document.layout(page.number))
            here = _columns(cells)
            for column in [*(column._replace(head=0.0) for column in columns[-1:]), *here]:
                found += _in_column(cells, column)
            columns = here or (columns if found else [])
        for item, said in found:
            yield Reason(page.number, _path(passages, paths, page.number, item), item, said)


def _path(
    passages: Sequence[Passage], paths: dict[int, tuple[str, ...]], page: int, item: str
) -> tuple[str, ...]:
    """Titles of the passage of a page that names the item."""
    plain = re.sub(r"\s", "", item)[:6]
    named = (p.path for p in passages if p.page == page and plain in re.sub(r"\s", "", p.text))
    return next(named, paths.get(page, ()))


class _Column(NamedTuple):
    """A column of reasons by its place; end: where the next table with such a column begins."""

    left: float
    right: float
    head: float  # bottom of its head; 0 where the table goes on from the page before
    end: float


def _columns(cells: Sequence[ruled.Cell]) -> list[_Column]:
    heads = [c for c in cells if len(c.text) < 14 and _HEAD.fullmatch(c.text) and ruled.beside(cells, c)]
    ends = [*(c.box[1] for c in heads[1:]), float("inf")]
    return [_Column(c.box[0], c.box[2], c.box[3], end) for c, end in zip(heads, ends)]


def _in_column(cells: Sequence[ruled.Cell], column: _Column) -> list[tuple[str, str]]:
    """Each line's name is the first cell of its row, its reason the cell in the column; one reason may stand for several lines."""
    found = []
    for cell in cells:
        in_column = abs(cell.box[0] - column.left) < 6 and abs(cell.box[2] - column.right) < 6
        in_table = column.head - 1 <= cell.box[1] < column.end
        if not (in_column and in_table and _GIVEN.search(cell.text) and len(cell.text) <= _LONGEST_REASON):
            continue
        rows = {c.box[1]: c for c in reversed(ruled.beside(cells, cell)) if c.box[0] < cell.box[0]}
        found += [(c.text, cell.text) for c in rows.values() if not _NUMBER.fullmatch(c.text)]
    return found


def _in_cells(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Rows whose cells the file keeps apart, though it may break a row into several: amounts, name and reason come once each."""
    found: list[tuple[str, str]] = []
    at: int | None = None
    group = _Group()
    for line in lines:
        head = next((i for i, c in enumerate(line.cells) if _HEAD.fullmatch(re.sub(r"\s", "", c))), None)
        if head is not None or not line.cells:
            found += group.said()
            at, group = (head if line.cells else None), _Group()
        elif at is not None and at < len(line.cells):
            item, said = line.cells[0].strip(), line.cells[at].strip()
            amounts = any(_NUMBER.fullmatch(c.strip()) and not c.strip().endswith("%") for c in line.cells[1:at])
            if group.is_full(item, said, amounts):
                found += group.said()
                group = _Group()
            group.add(item, said, amounts)
    return found + group.said()


class _Group:
    """The rows of one line of a table."""

    def __init__(self) -> None:
        self.item, self.reason, self.amounts = "", "", False

    def is_full(self, item: str, said: str, amounts: bool) -> bool:
        """Whether a row begins another line."""
        if (item and self.item and self.amounts and _FINISHED.search(self.reason)) or (amounts and self.amounts):
            return True
        return bool(said and not item and not amounts and self.item and self.amounts and _FINISHED.search(self.reason))

    def add(self, item: str, said: str, amounts: bool) -> None:
        self.item, self.reason, self.amounts = self.item + item, self.reason + said, self.amounts or amounts

    def said(self) -> list[tuple[str, str]]:
        return [(self.item, self.reason)] if self.item and _GIVEN.search(self.reason) else []
