"""The rows of a laid-out sheet as figures of companies: keys read, units applied, every odd cell named.

Two readings: the first (`measured`) finds out what each column holds, the second (`rows`) gives the rows; the file need not fit into memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from agent.errors import CaibaoError
from agent.figures import schema
from agent.figures.periods import ANNUAL, GROUP, NoPeriod, period_of, scope_of
from agent.table import cells as cell_reader
from agent.table.cells import PLAIN, OddCell, is_nothing
from agent.table.headings import CURRENCY, Heading
from agent.table.layout import Layout, filled, is_figure
from agent.table.measures import Measure, may_be_points, points_or_fractions
from agent.text import normalise

LONGEST_KEY = 191  # characters of a text that can be indexed on every MySQL
OddCells = Literal["refuse", "null"]
_TOTALS = re.compile(
    r"(?:合计|总计|小计|共计|汇总|总和|平均值?|均值|中位数|中值|最[大小高低]值|全部|合共)(?:数|值|行)?[::]?|.{0,6}(?:合计|总计|平均值)"
)
_NOTE = re.compile(
    r"^(?:数据|资料|信息)?来源|^[*※]|^注[::1-9一]|^备注|^说明[::]|^单位[::]|^制表|^审核|^以上|^本表|^\(?注|^免责|wind资讯|choice数据|csmar",
    re.IGNORECASE,
)
_RMB = re.compile(r"cny|rmb|人民币元?|元|本币|156", re.IGNORECASE)
_YEAR_CELL = re.compile(r"(?:fy)?((?:19|20)\d\d)(?:\.0+)?(?:年|年度)?", re.IGNORECASE)


@dataclass(frozen=True)
class Odd:
    """A cell that cannot be read, and where it stands."""

    where: str
    column: str
    value: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.where}的{self.column}{self.why or f'“{self.value[:40]}”不是能导入的数'}"


@dataclass(frozen=True)
class Record:
    """A row: figures by column. version: the greater counts where a provider has written the row again."""

    line: int
    code: str | None
    company: str | None
    short: str | None
    year: int
    period: str
    scope: str
    figures: Mapping[str, str | Decimal | None]
    version: tuple[str, ...] = ()


@dataclass
class Notes:
    """What was left out of a sheet, for the report: sentence → how many rows."""

    skipped: Counter[str] = field(default_factory=Counter)
    odd: list[Odd] = field(default_factory=list)
    short_rows: list[int] = field(default_factory=list)


class SheetRows:
    """A laid-out sheet, measured."""

    def __init__(self, layout: Layout) -> None:
        """Raises CaibaoError where the columns of ratios do not tell percent points from fractions."""
        self.layout, self.notes = layout, Notes()
        self._figures = [(at, h) for at, h in enumerate(layout.headings) if h is not None and is_figure(h)]
        self.measures = {at: Measure(schema.unit_of(h.column) == "percent") for at, h in self._figures}
        self.lines = 0
        for _, cells in layout.lines():
            self.lines += 1
            for at, heading in self._figures:
                if at < len(cells) and not is_nothing(cells[at]):
                    self.measures[at].see(cells[at], heading.power)
        self.points: dict[int, bool] = self._told_points()

    # --- what the columns hold

    def is_text(self, column: str) -> bool:
        """Whether a column of figures holds text in this sheet."""
        unit = schema.unit_of(column)
        if unit:
            return unit == "text"
        return any(self.measures[at].is_text for at in self.layout.where(column))

    def columns(self) -> list[str]:
        """The columns of figures, in the order of the sheet."""
        return list(dict.fromkeys(heading.column for _, heading in self._figures))

    def _told_points(self) -> dict[int, bool]:
        """Of each column of ratios whether its plain numbers are percent points."""
        ratios = [(at, h) for at, h in self._figures if schema.unit_of(h.column) == "percent"]
        told = {at: h.percent for at, h in ratios if h.percent is not None}
        open_ones = [(at, h) for at, h in ratios if h.percent is None]
        if self.layout.provider.ratios != "seen":
            return told | {at: self.layout.provider.ratios == "points" for at, _ in open_ones}
        seen = {at: points_or_fractions(self.measures[at].ratios) for at, _ in open_ones}
        for at, heading in open_ones:
            if seen[at] == "either":
                raise self._unsure(heading)
            found = self.measures[at].ratios
            if seen[at] == "fractions" and "points" in seen.values() and found and may_be_points(found):
                raise self._unsure(heading)
        return told | {at: seen[at] == "points" for at, _ in open_ones}

    def _unsure(self, heading: Heading) -> CaibaoError:
        return CaibaoError(
            f"{self.layout.sheet} 的“{heading.text}”看不出是百分点（15.6）还是小数（0.156），"
            f"请把标题写成“{heading.text}(%)”或“{heading.text}(小数)”后重新导入（什么都没有导入）。"
        )

    # --- rows

    def rows(self, texts: frozenset[str], odd_cells: OddCells) -> Iterator[Record]:
        """The rows; `texts`: the columns that hold text; odd cells are gathered in `notes` and empty.

        Raises:
            CaibaoError: a row without company or year, with more cells than headings, or with a key that cannot be read.
        """
        self.notes = Notes()
        width = len(self.layout.headings)
        parts = self._parts()
        for line, cells in self.layout.lines():
            if self._is_left_out(cells):
                continue
            if len(cells) < width:
                if any(at >= len(cells) for at, _ in self._figures):
                    self.notes.short_rows.append(line)
                cells = [*cells, *[None] * (width - len(cells))]
            elif filled(cells[width:]):
                raise CaibaoError(
                    f"{self._at(line)}有{len(cells)}格，标题只有{width}个，请检查多出的逗号（什么都没有导入）。"
                )
            yield from self._records(line, cells, parts, texts)

    def _parts(self) -> list[tuple[int | None, str, str, list[tuple[int, Heading]]]]:
        """(year, 报告期, 口径, columns) of each row that a line holds: one, where no heading names a year."""
        always = [(at, h) for at, h in self._figures if not (h.year or h.scope)]
        timed = sorted({(h.year, h.period, h.scope) for _, h in self._figures if h.year or h.scope}, key=str)
        if not timed:
            return [(None, "", "", always)]
        if len({year for year, _, _ in timed if year}) == 1 and any(year is None for year, _, _ in timed):
            timed = [key for key in timed if key[0]]
        # 资产负债率 of 2021 without a 口径 stands beside the consolidated figures of 2021.
        whole: dict[tuple[int | None, str, str], list[tuple[int, Heading]]] = {}
        for year, period, scope in timed:
            own = [(at, h) for at, h in self._figures if (h.year, h.period, h.scope) == (year, period, scope)]
            whole.setdefault((year, period, scope or GROUP), []).extend(own)
        return [
            (year, period, scope, [*own, *(always if scope == GROUP else [])])
            for (year, period, scope), own in whole.items()
        ]

    def _is_left_out(self, cells: Sequence[Any]) -> bool:
        """A sum or a mean of the rows above, or a note below them."""
        names = [
            cells[at]
            for name in (schema.COMPANY, schema.SHORT_NAME)
            for at in self.layout.where(name)
            if at < len(cells)
        ]
        codes = [cells[at] for at in self.layout.where(schema.CODE) if at < len(cells)]
        given = [normalise(str(cell)) for cell in (*names, *codes) if not is_nothing(cell)]
        if given and all(_TOTALS.fullmatch(text) for text in given):
            self.notes.skipped[f"“{given[0]}”是合计或平均，不是一家公司"] += 1
            return True
        some = {cell for cell in cells if cell is not None and cell != ""}
        note = normalise(str(some.pop())) if len(some) == 1 else ""
        if _NOTE.search(note):
            self.notes.skipped[f"“{note[:20]}”是注解"] += 1
            return True
        return False

    def _at(self, line: int) -> str:
        return f"{self.layout.sheet} 第{line}行"

    def _records(
        self,
        line: int,
        cells: Sequence[Any],
        parts: Sequence[tuple[int | None, str, str, list[tuple[int, Heading]]]],
        texts: frozenset[str],
    ) -> Iterator[Record]:
        code, company, short = self._names(line, cells)
        try:
            year, period = self._time(line, cells)
            scope = self._scope(line, cells)
        except _LeftOut as reason:
            self.notes.skipped[str(reason)] += 1
            return
        foreign = self._foreign(line, cells)
        version = tuple(
            normalise(str(cells[at] or "")) for at in self._positions(self.layout.provider.latest) if at < len(cells)
        )
        for own_year, own_period, own_scope, columns in parts:
            figures = self._read(line, cells, columns, texts, foreign)
            when = own_year or year
            if when is None:
                raise CaibaoError(f"{self._at(line)}没有公司全称或年份，请补上后重新导入（什么都没有导入）。")
            if own_year and not any(value is not None for value in figures.values()):
                continue
            yield Record(line, code, company, short, when, own_period or period, own_scope or scope, figures, version)

    def _positions(self, folded: Sequence[str]) -> list[int]:
        from agent.table.providers import folded as fold

        given = [fold(h.text) if h else "" for h in self.layout.headings]
        return [given.index(name) for name in folded if name in given]

    def _names(self, line: int, cells: Sequence[Any]) -> tuple[str | None, str | None, str | None]:
        """(code, 公司全称, 简称).

        Raises:
            CaibaoError: none of them is there, or one is too long.
        """
        found: dict[str, str | None] = {}
        for name in (schema.CODE, schema.COMPANY, schema.SHORT_NAME):
            reader = cell_reader.code if name == schema.CODE else cell_reader.text
            try:
                given = [reader(cells[at]) for at in self.layout.where(name)]
            except OddCell as odd:
                raise CaibaoError(f"{self._at(line)}的{name}{odd}，请改正后重新导入（什么都没有导入）。") from None
            found[name] = next((value for value in given if value is not None), None)
            if len(found[name] or "") > LONGEST_KEY:
                raise CaibaoError(
                    f"{self._at(line)}的{name}有{len(found[name] or '')}个字，最多{LONGEST_KEY}个（什么都没有导入）。"
                )
        if not any(found.values()):
            raise CaibaoError(f"{self._at(line)}没有公司全称或年份，请补上后重新导入（什么都没有导入）。")
        return found[schema.CODE], found[schema.COMPANY], found[schema.SHORT_NAME]

    def _wrong(self, line: int, column: str, cell: Any, wanted: str) -> CaibaoError:
        return CaibaoError(
            f"{self._at(line)}的{column}“{str(cell)[:40]}”不是{wanted}，请改正后重新导入（什么都没有导入）。"
        )

    def _time(self, line: int, cells: Sequence[Any]) -> tuple[int | None, str]:
        year, period = self.layout.year, self.layout.period
        for at in self.layout.where(schema.YEAR):
            cell = cells[at]
            if is_nothing(cell):
                raise CaibaoError(f"{self._at(line)}没有公司全称或年份，请补上后重新导入（什么都没有导入）。")
            if plain := _YEAR_CELL.fullmatch(normalise(str(cell))):
                year = int(plain[1])
                continue
            try:
                year, period = period_of(cell)
            except NoPeriod:
                year = None
            if year is None:
                raise self._wrong(line, schema.YEAR, cell, "年份（如2020）")
        for at in self.layout.where(schema.PERIOD):
            year, period = self._period(line, cells[at], year, period)
        return year, period or ANNUAL

    def _period(self, line: int, cell: Any, year: int | None, period: str) -> tuple[int | None, str]:
        """Year and 报告期, where a cell of 报告期 adds to what the row has said so far."""
        if is_nothing(cell):
            return year, period
        try:
            own, found = period_of(cell)
        except NoPeriod as said:
            if re.fullmatch(r"(?:19|20)\d\d-01-01", str(said)):
                raise _LeftOut("报告期是1月1日（期初数）") from None
            raise self._wrong(line, schema.PERIOD, cell, "报告期（如2021-12-31、2021三季报）") from None
        if own and year and own != year:
            raise self._wrong(line, schema.PERIOD, cell, f"{year}年的报告期")
        is_year_alone = _YEAR_CELL.fullmatch(normalise(str(cell)))
        return own or year, period if period and is_year_alone else found

    def _scope(self, line: int, cells: Sequence[Any]) -> str:
        for at in self.layout.where(schema.SCOPE):
            cell = cells[at]
            if is_nothing(cell):
                continue
            said = normalise(str(cell)).removesuffix(".0")
            codes = self.layout.provider.scopes
            if said in codes:
                return codes[said]
            try:
                return scope_of(cell)
            except NoPeriod:
                heading = self.layout.headings[at]
                assert heading is not None
                if codes:
                    raise _LeftOut(f"{heading.text}为{said}，既不是合并报表也不是母公司报表") from None
                raise self._wrong(line, heading.text, cell, "合并或母公司") from None
        return GROUP

    def _foreign(self, line: int, cells: Sequence[Any]) -> Odd | None:
        """What is odd about amounts in another currency; they are never put beside 元."""
        for at in self.layout.where(CURRENCY):
            cell, heading = cells[at], self.layout.headings[at]
            if not is_nothing(cell) and not is_rmb(cell):
                assert heading is not None
                return Odd(
                    self._at(line),
                    heading.text,
                    str(cell),
                    f"“{str(cell)[:20]}”不是人民币，不同币种的金额不能放在一起比较和相加",
                )
        return None

    def _read(
        self,
        line: int,
        cells: Sequence[Any],
        columns: Sequence[tuple[int, Heading]],
        texts: frozenset[str],
        foreign: Odd | None,
    ) -> dict[str, str | Decimal | None]:
        figures: dict[str, str | Decimal | None] = {}
        if foreign:
            self.notes.odd.append(foreign)
        for at, heading in columns:
            cell, column = cells[at], heading.column
            try:
                value = cell_reader.text(cell) if column in texts else self._amount(at, heading, cell, bool(foreign))
            except OddCell as odd:
                why = str(odd) and f"“{str(cell)[:40]}”{odd}" if not isinstance(cell, cell_reader.Formula) else str(odd)
                self.notes.odd.append(Odd(self._at(line), column, str(cell), why))
                value = None
            if column in figures and value is not None and figures[column] not in (None, value):
                self.notes.odd.append(
                    Odd(
                        self._at(line),
                        column,
                        str(cell),
                        f"有两个不同的数（{figures[column]}和{value}，标题“{heading.text}”）",
                    )
                )
            elif figures.get(column) is None:
                figures[column] = value
        return figures

    def _amount(self, at: int, heading: Heading, cell: Any, foreign: bool) -> Decimal | str | None:
        points = self.points.get(at, False)
        if type(cell) is str and heading.power == 0 and not points and not foreign and PLAIN.fullmatch(cell):
            return cell
        unit = schema.unit_of(heading.column)
        if foreign and unit not in ("percent", "ratio", "count"):
            return None
        amount = cell_reader.number(cell)
        if amount is None:
            return None
        if amount.percent:
            if unit not in ("percent", "ratio", None):
                raise OddCell
            return amount.value
        if points and not amount.has_unit:
            return amount.value.scaleb(-2)
        return amount.value if amount.has_unit else amount.value.scaleb(heading.power)


def is_rmb(cell: Any) -> bool:
    """Whether a cell of 币种 says 人民币."""
    return _RMB.fullmatch(normalise(str(cell))) is not None


class _LeftOut(Exception):
    """A row that is none of the table's; the message says why."""
