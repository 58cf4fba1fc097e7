"""The three statements of a report: found by their titles, read row by row over the pages, columns told apart by their heads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from agent.reports import heads, items
from agent.reports.amounts import is_dash, is_figure, is_plain_count, unit
from agent.reports.document import Document
from agent.reports.heads import Column
from agent.reports.rows import Cell, Row, rows
from agent.reports.titles import Title, title

_MOST_PAGES = 8  # of one statement
_KEY_ITEMS = {"资产负债表": "资产总计", "利润表": "净利润", "现金流量表": "经营活动产生的现金流量净额"}
_LAST_ITEMS = {"资产负债表": "负债和所有者权益总计", "利润表": "稀释每股收益", "现金流量表": "期末现金及现金等价物余额"}
_LEAST_ITEMS = 6
_END = re.compile(
    r"^(?:法定代表人|公司负责人|企业负责人|单位负责人|后附|载于|所附|此财务报表|财务报表附注|本财务报表|董事长)|主管会计工作"
)
_HEADING = re.compile(r"[:：]$")
_OTHER_STATEMENT = re.compile(r"权益变动表|公司基本情况$|财务报表附注$")
_NO_HEAD = re.compile(r"单位|币种|编制|审计类型|除特别注明")
_DATE_LINE = re.compile(r"^\d{4}年(?:\d{1,2}月\d{1,2}日|半?年?度|\d{1,2}[-—–~至]+\d{1,2}月)?$")
_SCOPE_HEAD = re.compile(r"^(?:合并|母公司|公司|本公司|本集团|集团|本行|银行)$")


@dataclass
class Entry:
    """A line of a statement: its label, and the cells of its row that hold figures or dashes."""

    label: str
    figures: list[Cell]
    page: int
    text: str
    ruled: bool
    width: int = 0
    unclear: bool = False  # its figures cannot be told by their columns


@dataclass
class Table:
    """A statement as it was read. `unit`: as printed, "" where none was found."""

    title: Title
    page: int
    unit: str = ""
    heads: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)

    @property
    def kind(self) -> items.Statement:
        return self.title.kind

    def items(self) -> set[str]:
        return {name for entry in self.entries if (name := items.item(self.kind, entry.label))}


def tables(document: Document) -> list[Table]:
    """All statements of a document that hold their key line, in order."""
    reader = _Reader()
    done: set[int] = set()
    for index, page in enumerate(document.pages):
        if page.number in done or not any(title(line.text) for line in page.lines):
            continue
        reader.start()
        for following in document.pages[index:]:
            if reader.over(following.number):
                break
            done.add(following.number)
            for row in rows(document, following):
                reader.read(row)
    return [_with_columns(table) for table in reader.tables if _is_statement(table)]


class _Reader:
    """Takes rows and keeps the statements among them."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self._open: Table | None = None
        self._before: list[Row] = []  # rows above a title may state the unit

    def start(self) -> None:
        self._open, self._before = None, []

    def over(self, page: int) -> bool:
        """Whether nothing more is expected on a page."""
        if self._open is None:
            return bool(self._before)
        return page - self._open.page >= _MOST_PAGES or (not self._open.entries and page - self._open.page > 1)

    def read(self, row: Row) -> None:
        found = title(row.text) if not any(is_figure(cell.text) for cell in row.cells) else None
        if found:
            self._begin(found, row)
        elif self._open is None:
            self._before.append(row)
        elif self._open.entries and (_END.search(row.text) or _OTHER_STATEMENT.search(row.text)):
            self._close()
        else:
            self._take(self._open, row)

    def _begin(self, found: Title, row: Row) -> None:
        last = self.tables[-1] if self.tables else None
        goes_on = (
            last and last.kind == found.kind and last.title.scopes == found.scopes and last.title.single == found.single
        )
        if last and goes_on and (found.more or _LAST_ITEMS[last.kind] not in last.items()):
            self._open = last
            return
        stated = (unit(above.text) for above in [row, *reversed(self._before[-4:])])
        self._open = Table(found, row.page, next(filter(None, stated), ""))
        self.tables.append(self._open)

    def _close(self) -> None:
        self._open, self._before = None, [Row(0, ())]

    def _take(self, table: Table, row: Row) -> None:
        label, figures = _parted(row)
        known = items.item(table.kind, label) if label else None
        if (
            not table.entries
            and not known
            and not (figures and label and len(figures) > 1 and items.begins_item(label))
        ):
            if _opens(table.kind, label):
                table.entries.append(Entry(label, [], row.page, row.text, row.ruled))
            else:
                table.unit = table.unit or unit(row.text) or ""
                if _is_head(row):
                    table.heads.append(row)
            return
        if not figures and (unit(row.text) or _repeats(row, table.heads)):
            return
        if not row.ruled and not figures and len(label) > 45:
            if _LAST_ITEMS[table.kind] in table.items():
                self._close()
            return
        if table.kind == "资产负债表" and known == "货币资金" and _LAST_ITEMS[table.kind] in table.items():
            self._close()  # a second balance sheet whose title is missing: never taken for the first
            return
        entry = Entry(label, figures, row.page, row.text, row.ruled, row.width)
        if (
            _ended(table)
            and label
            and not known
            and not items.begins_item(label)
            and not _continues(table.entries[-1], entry)
        ):
            self._close()
            return
        _add(table, entry)


def _ended(table: Table) -> bool:
    return bool(table.entries) and items.item(table.kind, table.entries[-1].label) == _LAST_ITEMS[table.kind]


def _is_head(row: Row) -> bool:
    """Not a line between title and table: company, date, unit."""
    if len(row.cells) == 1 and not row.ruled:
        text = "".join(row.text.split())
        return bool(_SCOPE_HEAD.match(text)) or (" " in row.text and text.startswith(("项目", "资产")))
    return not _NO_HEAD.search(row.text) and not _DATE_LINE.match("".join(row.text.split()))


def _opens(kind: str, label: str) -> bool:
    """流动资产： and 一、经营活动产生的现金流量： stand above the first item."""
    return bool(re.match(r"^(流动资产|资产|经营活动产生现金流量)$", items.key(label))) and kind != "利润表"


def _repeats(row: Row, above: Sequence[Row]) -> bool:
    """The heads of a table stand again on each page."""
    return any(row.text == head.text for head in above) or row.text.startswith(("项目 ", "项 目"))


def _parted(row: Row) -> tuple[str, list[Cell]]:
    """(label, cells with figures) of a row."""
    if not row.cells:
        return "", []
    first = row.cells[0]
    rest = row.cells
    label = ""
    if not is_figure(first.text):
        label, rest = first.text, row.cells[1:]
    return label, [cell for cell in rest if is_figure(cell.text)]


def _add(table: Table, entry: Entry) -> None:
    """Appends a line, or what continues the line before: a label that wraps, figures beside its second half."""
    last = table.entries[-1] if table.entries else None
    apart = entry.ruled and last is not None and last.ruled and last.page == entry.page
    if last is None or apart or not _continues(last, entry):
        if entry.label:
            table.entries.append(entry)
        return
    last.label += entry.label
    last.text += " " + entry.text
    if not last.figures:
        last.figures, last.page, last.width = entry.figures, entry.page, entry.width


def _continues(last: Entry, entry: Entry) -> bool:
    if last.figures and entry.figures:
        return False
    if not entry.label:
        return not last.figures
    if items.is_item(entry.label) or _HEADING.search(last.label):
        return False
    joined = last.label + entry.label
    if items.is_open(last.label) or items.is_item(joined):
        return True
    return not items.is_item(last.label) and items.begins_item(joined)


def _is_statement(table: Table) -> bool:
    found = table.items()
    adjusted = any(
        "调整数" in row.text for row in table.heads
    )  # of the notes: how a new standard changed the year's beginning
    return _KEY_ITEMS[table.kind] in found and len(found) >= _LEAST_ITEMS and not adjusted


def _with_columns(table: Table) -> Table:
    """The table with its columns; those with the numbers of notes are taken out."""
    _align(table)
    figures = [cell for entry in table.entries for cell in entry.figures]
    places = heads.places(figures)
    notes = [place for place in places if _are_notes([c for c in figures if place[0] <= c.x0 < place[1]], figures)]
    if len(places) - len(notes) >= 2:
        places = [place for place in places if place not in notes]
    for entry in table.entries:
        entry.figures = [c for c in entry.figures if any(x0 <= c.x0 < x1 for x0, x1 in places)]
    columns = heads.columns(table.heads, places)
    return replace(table, columns=columns, unit=table.unit or _guess(figures))


def _align(table: Table) -> None:
    """Rows without places that have more or fewer cells than most: their figures go into the columns in order, where all columns are filled
    on that page, and nowhere where they are not."""
    filled = [entry for entry in table.entries if entry.figures and entry.width]
    if not filled:
        return
    usual = Counter(entry.width for entry in filled).most_common(1)[0][0]
    wanted = sorted({cell.x0 for entry in filled if entry.width == usual for cell in entry.figures})
    for (_, width), group in groupby(filled, key=lambda entry: (entry.page, entry.width)):
        odd = list(group)
        have = sorted({cell.x0 for entry in odd for cell in entry.figures})
        if width == usual:
            continue
        for entry in odd:
            entry.unclear = len(have) != len(wanted)
            moved = dict(zip(have, wanted))
            entry.figures = [
                Cell(cell.text, moved[cell.x0], moved[cell.x0] + 0.5) for cell in entry.figures if not entry.unclear
            ]


def _are_notes(inside: Sequence[Cell], figures: Sequence[Cell]) -> bool:
    return all(is_plain_count(c.text) and len(c.text) <= 3 for c in inside) and any("," in c.text for c in figures)


def _guess(figures: Sequence[Cell]) -> str:
    """元 where nearly all figures have two decimals."""
    real = [cell.text for cell in figures if not is_dash(cell.text)]
    cents = sum(bool(re.search(r"\.\d\d[)）]?$", text)) for text in real)
    return "元" if real and cents >= 0.8 * len(real) else ""
