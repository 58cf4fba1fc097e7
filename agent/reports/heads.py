"""What the columns of a table are, from their heads: this period or the one before, whole period or one quarter, group or parent."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.reports.rows import Cell, Row

_OTHER = re.compile(r"增减|变动|变化|比例|幅度|差异|调整数|影响|说明|附注|注释|调整前|占比|行次|比上年|比本年")
_NO_VALUE = re.compile(
    r"^(?:项\s*目|科\s*目|资\s*产|负债.*|主要会计数据|主要财务指标|财务指标|附\s*注.*|注\s*释.*|注|行\s*次)$"
)
_CLEAR = 0.6  # of the distance to the second column: what is nearer is clearly the first one's
_OVER_ALL = re.compile(r"^(?:合并|母公司|公司|本公司|本?集团|本行|银行|.*(?:19|20)\d\d.*)$")
_DATE = re.compile(r"((?:19|20)\d\d)(?:年(?:(\d{1,2})月(\d{1,2})日)?|[.\-/](\d{1,2})[.\-/](\d{1,2}))")
_NOW = re.compile(r"年初[至到]报告期末|期末|年末|本期|本年|本报告期|当期|本季|季度末")
_BEFORE = re.compile(r"上年|上期|去年|期初|年初|上季")
_SINGLE = re.compile(r"(?<!前)(?:第?[二三四]季度)|[(]?(?:4-6|7-9|10-12)月|本季")
_WHOLE = re.compile(r"前三季度|1-[369]月|半年度|年初[至到]")
_RESTATED = re.compile(r"重述|调整后|重列|追溯")
_PARENT = re.compile(r"母公司|本公司|本行|银行|^公司|(?<!子)公司$")
_GROUP = re.compile(r"合并|集团")


@dataclass(frozen=True)
class Column:
    """[x0, x1): where its figures stand. `role`: current, prior, or "" for what is neither. `scope`: 合并, 母公司 or "" (the title says)."""

    x0: float
    x1: float
    head: str = ""
    role: str = ""
    scope: str = ""
    single: bool = False
    restated: bool = False


def columns(heads: Sequence[Row], places: Sequence[tuple[float, float]]) -> list[Column]:
    """The columns at `places`, from left to right."""
    said = ["" for _ in places]
    for row in heads:
        for i, text in enumerate(_of_row(row, places)):
            said[i] += text
    found = [_column(x0, x1, _plain(text)) for (x0, x1), text in zip(places, said)]
    return _told_apart(_dated(_only_single(found)))


def places(figures: Sequence[Cell]) -> list[tuple[float, float]]:
    """Figures of one column lie above each other, however they are aligned: their extents, merged."""
    merged: list[tuple[float, float]] = []
    for cell in sorted(figures, key=lambda c: c.x0):
        if merged and cell.x0 < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], cell.x1))
        else:
            merged.append((cell.x0, cell.x1))
    return merged


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", "".join(text.split()))
    return plain.translate({0x2014: "-", 0x2013: "-", 0x2212: "-", 0x301C: "-"}).replace("~", "-").replace("--", "-")


def _of_row(row: Row, places: Sequence[tuple[float, float]]) -> list[str]:
    """The head that one row of heads gives to each column; "" where it cannot be told."""
    cells = [cell for cell in row.cells if not _NO_VALUE.match(_plain(cell.text))]
    if cells and all(cell.sides for cell in cells):
        return [_within(cells, (x0 + x1) / 2) for x0, x1 in places]
    texts = [cell.text for cell in cells]
    if len(cells) == 1 and cells[0].box is None and " " in texts[0]:  # text whose cells only blanks keep apart
        texts = [text for text in texts[0].split() if not _NO_VALUE.match(_plain(text))]
    one = len(texts) == 1 and len(places) > 1 and not _OVER_ALL.search(_plain(texts[0]))
    if texts and not one and len(places) % len(texts) == 0:
        share = len(places) // len(texts)
        return [texts[i // share] for i in range(len(places))]
    found = ["" for _ in places]
    for cell in cells if cells and cells[0].box else ():
        at = _nearest((cell.x0 + cell.x1) / 2, places)
        if at is not None:
            found[at] += cell.text
    return found


def _within(cells: Sequence[Cell], x: float) -> str:
    return next((cell.text for cell in cells if cell.sides and cell.sides[0] <= x < cell.sides[1]), "")


def _nearest(x: float, places: Sequence[tuple[float, float]]) -> int | None:
    """The column whose middle is nearest; None where the next one is hardly farther."""
    far = sorted((abs((x0 + x1) / 2 - x), i) for i, (x0, x1) in enumerate(places))
    clear = len(far) == 1 or far[0][0] < _CLEAR * far[1][0]
    return far[0][1] if far and clear else None


def _column(x0: float, x1: float, head: str) -> Column:
    role = ""
    if not _OTHER.search(head):
        if re.search(r"上年.*(?:年初[至到]|同期)|上年度?末|上期|去年", head):
            role = "prior"
        elif re.search(r"年初[至到]报告期末", head):
            role = "current"
        elif _BEFORE.search(head):
            role = "prior"
        elif _NOW.search(head):
            role = "current"
    scope = "合并" if _GROUP.search(head) else "母公司" if _PARENT.search(head) else ""
    single = bool(_SINGLE.search(head)) and not _WHOLE.search(head)
    return Column(x0, x1, head, role, scope, single, bool(_RESTATED.search(head)))


def _only_single(found: list[Column]) -> list[Column]:
    """本报告期 is one quarter where another column runs from the beginning of the year; 上年同期 is of the column before it."""
    if not any(re.search(r"年初[至到]报告期", c.head) for c in found):
        return found
    known: list[Column] = []
    single = False
    for column in found:
        if column.role == "current":
            single = column.single or bool(re.search("^本报告期(?!末)", column.head))
        known.append(replace(column, single=single))
    return known


def _dated(found: list[Column]) -> list[Column]:
    """Dates and years decide where each column has one: the last is this period, the last of an earlier year the one before."""
    dates = {i: date for i, c in enumerate(found) if not _OTHER.search(c.head) and (date := _date(c.head))}
    if not dates:
        return found
    last = max(dates.values())
    earlier = [date for date in dates.values() if date[0] < last[0]]
    before = max(earlier) if earlier else None
    roles = {i: "current" if date == last else "prior" if date == before else "" for i, date in dates.items()}
    return [replace(c, role=roles.get(i, c.role if not c.head else "")) for i, c in enumerate(found)]


def _told_apart(found: list[Column]) -> list[Column]:
    """Two columns that seem to be the same, and neither restated, are taken for neither."""
    marks = Counter((c.role, c.scope, c.single, c.restated) for c in found if c.role)
    return [replace(c, role="") if marks[c.role, c.scope, c.single, c.restated] > 1 else c for c in found]


def _date(head: str) -> tuple[int, int, int] | None:
    if match := _DATE.search(head):
        return int(match[1]), int(match[2] or match[4] or 12), int(match[3] or match[5] or 31)
    year = re.search(r"(?:19|20)\d\d(?!\d)", head)
    return (int(year[0]), 12, 31) if year else None
