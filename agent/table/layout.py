"""How a sheet is laid out: which line holds the headings, what each of them means, where the figures begin, and what titles, sheet and
file name say of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from agent.errors import CaibaoError
from agent.figures import schema
from agent.figures.periods import NoPeriod, period_of
from agent.table import providers
from agent.table.cells import is_nothing
from agent.table.cells import number as read_number
from agent.table.headings import CURRENCY, Heading, is_known, read
from agent.table.providers import Provider
from agent.table.table_file import Line, Sheet
from agent.text import normalise

NAMES = (schema.COMPANY, schema.SHORT_NAME, schema.CODE)  # one of them says whose row it is
_LOOKED_AT = 30  # lines among which the headings are looked for
_MOST_LINES = 3  # of headings
_UNIT_CELL = re.compile(r"没有单位|无单位|元|千元|万元|百万元|亿元|%|股|万股|人|倍|次|-", re.IGNORECASE)
_TITLE_UNIT = re.compile(r"单位[::]?(?:人民币)?(?P<unit>千元|万元|百万元|亿元|千|万|百万|亿|元)(?![一-鿿])")
_TIME = re.compile(
    r"(?<!\d)(?P<time>(?:19|20)\d\d(?:[-_.]?(?:0[1-9]|1[0-2])[-_.]?[0-3]\d|年?(?:年报|年度报告|年度|年|中报|半年报|半年度|上半年|一季报|一季度|三季报|三季度|前三季度)|[qQ][1-4])?)(?!\d)"
)


@dataclass(frozen=True)
class Layout:
    """headings: one a column, None where the column has none; first: the number of the first line of figures."""

    sheet: Sheet
    provider: Provider
    headings: tuple[Heading | None, ...]
    first: int
    year: int | None = None  # of every row, where neither a column nor a heading says it
    period: str = ""

    def where(self, column: str) -> list[int]:
        """The positions of the headings that mean a column."""
        return [at for at, heading in enumerate(self.headings) if heading and heading.column == column]

    def lines(self) -> Iterator[Line]:
        """The lines of figures, blank ones left out."""
        return ((n, cells) for n, cells in self.sheet.lines() if n >= self.first and filled(cells))


def filled(cells: Sequence[Any]) -> bool:
    return any(cell is not None and cell != "" and str(cell).strip() for cell in cells)


def lay_out(sheet: Sheet, provider: str) -> Layout | None:
    """The layout of a sheet, None where nothing stands on it.

    Raises:
        CaibaoError: no company or no year can be told, two headings mean one column, or there is nothing under the headings.
    """
    head = list(islice(((n, cells) for n, cells in sheet.lines() if filled(cells)), _LOOKED_AT))
    if not head:
        return None
    at, depth = _heading_lines(head, provider)
    texts = _joined([cells for _, cells in head[at : at + depth]])
    found = providers.find(provider, [text for text in texts if text])
    headings = _read(texts, found)
    depth, headings = _further_lines(head, at, depth, headings, found)
    if at + depth >= len(head):
        raise CaibaoError(f"{sheet} 只有标题，没有数据。")
    titles = [" ".join(str(cell) for cell in cells if not is_nothing(cell)) for _, cells in head[:at]]
    headings = _in_unit(headings, titles)
    layout = Layout(sheet, found, headings, head[at + depth][0])
    _check(layout)
    return _with_year(layout, titles)


def _read(texts: Sequence[str], provider: Provider) -> tuple[Heading | None, ...]:
    """每股收益 beside 基本每股收益 is a column of its own: an alias gives way to the name itself."""
    own = {normalise(text) for text in texts}
    made = []
    for text in texts:
        heading = read(text, provider) if text else None
        plain = normalise(text)
        if heading and heading.column != plain and heading.column in own and plain == text and not provider.repeats:
            says_more = heading.has_unit or heading.year or heading.scope
            if not says_more and schema.unit_of(heading.column) not in (None, "text"):
                heading = replace(heading, column=plain)
        made.append(heading)
    return tuple(made)


def _texts(cells: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell).strip().removesuffix(".0") for cell in cells]


def _heading_lines(head: Sequence[Line], provider: str) -> tuple[int, int]:
    """(index of the heading line, how many lines it is): the one with the most headings that are known; the first line where none is."""
    best, chosen = 1, (0, 1)
    for depth in (1, 2):  # a title above is no heading where the line below it says as much alone
        for at in range(len(head) - depth + 1):
            if depth == 2 and not _are_headings(head[at + 1][1], head[at][1]):
                continue
            texts = [text for text in _joined([line for _, line in head[at : at + depth]]) if text]
            found = providers.find(provider, texts)
            known = sum(is_known(text, found) for text in texts)
            if known > best:
                best, chosen = known, (at, depth)
    return chosen


def _are_headings(cells: Sequence[Any], above: Sequence[Any]) -> bool:
    """Whether a line is the second one of the headings: no figure in it but years, and under 公司全称 nothing or the same."""
    texts, upper = _texts(cells), _texts(above)
    if not any(texts) or texts == upper:
        return False
    for text, over in zip(texts, [*upper, *[""] * len(texts)]):
        if over and is_known(over, providers.common()) and text not in ("", over):
            return False
        if text and _is_number(text) and not re.fullmatch(r"(?:19|20)\d\d", text):
            return False
    return True


def _is_number(text: str) -> bool:
    try:
        return read_number(text) is not None
    except ValueError:
        return False


def _joined(lines: Sequence[Sequence[Any]]) -> list[str]:
    """One heading a column: the lower line's; where that is only a time, the upper one's with it."""
    upper = _texts(lines[0])
    if len(lines) == 1:
        return upper
    lower = _texts(lines[1])
    width = max(len(upper), len(lower))
    upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
    group, joined = "", []
    for top, bottom in zip(upper, lower):
        group = top or group
        if not bottom or bottom == top:
            joined.append(top)
        elif _is_time(bottom) and group:
            joined.append(f"{group}[{bottom}]")
        elif _is_time(group):
            joined.append(f"{bottom}[{group}]")
        else:
            joined.append(bottom)
    return joined


def _is_time(text: str) -> bool:
    try:
        return period_of(text)[0] is not None
    except NoPeriod:
        return False


def _further_lines(
    head: Sequence[Line], at: int, depth: int, headings: tuple[Heading | None, ...], provider: Provider
) -> tuple[int, tuple[Heading | None, ...]]:
    """Lines below that say the headings once more (their Chinese names, their units) are skipped, and the units taken."""
    made = list(headings)
    for _, cells in head[at + depth : at + _MOST_LINES]:
        texts = [normalise(text) for text in _texts(cells)]
        units = [bool(_UNIT_CELL.fullmatch(text)) for text in texts]
        names = [is_known(text, provider) for text in texts]
        if sum(map(bool, texts)) < 2 or not all(a or b or not t for a, b, t in zip(units, names, texts)):
            break
        if not any(names) and not any(text in ("没有单位", "无单位") or text.endswith("元") for text in texts):
            break
        depth += 1
        for index, (text, is_unit) in enumerate(zip(texts, units)):
            heading = made[index] if index < len(made) else None
            if (
                is_unit
                and heading
                and heading.column
                and not heading.has_unit
                and text not in ("没有单位", "无单位", "-")
            ):
                unit = read(f"{heading.column}({text})", provider)
                made[index] = replace(heading, power=unit.power, percent=unit.percent, has_unit=True)
    return depth, tuple(made)


def _in_unit(headings: tuple[Heading | None, ...], titles: Sequence[str]) -> tuple[Heading | None, ...]:
    """单位：万元 in a title is that of all amounts of money whose headings say nothing else."""
    said = {found["unit"] for title in titles if (found := _TITLE_UNIT.search(normalise(title)))}
    if not said:
        return headings
    if len(said) > 1:
        raise CaibaoError(f"标题上面写着几种单位（{'、'.join(sorted(said))}），请在各列的标题里写明单位。")
    power = read(f"资产总计({said.pop()})", providers.common()).power
    return tuple(
        replace(h, power=power, has_unit=True) if h and not h.has_unit and schema.unit_of(h.column) == "money" else h
        for h in headings
    )


def _check(layout: Layout) -> None:
    """Raises CaibaoError where a column is named twice, or no heading says whose rows they are."""
    seen: dict[tuple[str, int | None, str, str], int] = {}
    for at, heading in enumerate(layout.headings):
        if heading is None or not heading.column:
            continue
        key = (heading.column, heading.year, heading.period, heading.scope)
        if key in seen and not layout.provider.repeats and heading.column not in (schema.PERIOD, schema.CODE):
            before = layout.headings[seen[key]]
            assert before is not None
            raise CaibaoError(
                f"{layout.sheet} 的标题“{before.text}”（第{seen[key] + 1}列）与“{heading.text}”（第{at + 1}列）"
                f"都是字段“{heading.column}”，请去掉一个。"
            )
        seen.setdefault(key, at)
    if not any(layout.where(name) for name in NAMES):
        raise CaibaoError(f"{layout.sheet} 没有字段“公司全称”（也没有股票简称或股票代码），标题行需要有公司和年份。")


def _with_year(layout: Layout, titles: Sequence[str]) -> Layout:
    """The year of all rows, where no column says it: from titles, sheet or file name.

    Raises:
        CaibaoError: nothing says it, or a heading says one beside a column of years.
    """
    timed = [h for h in layout.headings if h and h.column and h.year]
    bare = [h for h in layout.headings if h and re.fullmatch(r"(?:19|20)\d\d年?", normalise(h.text))]
    has_column = bool(layout.where(schema.YEAR) or layout.where(schema.PERIOD))
    if bare:
        raise CaibaoError(
            f"{layout.sheet} 的标题“{bare[0].text}”只是一个年份，看不出是什么数，请写明，如“{bare[0].text}年净利润”。"
        )
    if timed and layout.where(schema.YEAR):
        raise CaibaoError(
            f"{layout.sheet} 的标题“{timed[0].text}”里有年份，而表里另有年份一列，看不出是哪一年的数，请改标题或去掉这一列。"
        )
    if timed or has_column:
        return layout
    for said in (*reversed(titles), layout.sheet.name, _stem(layout.sheet)):
        found = {match["time"] for match in _TIME.finditer(said)}
        times = {_time(text) for text in found} - {None}
        if len(times) == 1:
            year, period = times.pop()  # type: ignore[misc]
            return replace(layout, year=year, period=period)
    raise CaibaoError(
        f"{layout.sheet} 没有字段“年份”，也没有报告期，标题、工作表名和文件名里也看不出是哪一年的数，请加上一列年份，或把年份写进文件名。"
    )


def _stem(sheet: Sheet) -> str:
    return sheet.path.name.split(".")[0] if not re.search(r"\d\.\d", sheet.path.name) else sheet.path.stem


def _time(text: str) -> tuple[int, str] | None:
    try:
        year, period = period_of(text.replace("_", "-"))
    except NoPeriod:
        return None
    return (year, period) if year else None


def is_figure(heading: Heading) -> bool:
    """Whether a column holds what is asked for, not whose row it is and of when."""
    return bool(heading.column) and heading.column not in (*NAMES, schema.YEAR, schema.PERIOD, schema.SCOPE, CURRENCY)
