"""What is wrong in a table that was not imported here: numbers held as text, infinite ones, marks of absence, percent points, two spellings
of a company, the same row twice, amounts in other currencies. Found once at the start, mended where that is certain, and said.

What cannot be mended is empty to every statement, and a question that would have needed it is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agent.figures import schema
from agent.figures.periods import ANNUAL, GROUP, USUAL, NoPeriod, Slice, period_of, scope_of
from agent.table import cells
from agent.table.existing import key_columns
from agent.table.headings import CURRENCY, read
from agent.table.measures import points_or_fractions
from agent.table.providers import common
from agent.table.sheet_rows import is_rmb
from agent.text import normalise

_MOST = 100_000  # cells of a column that are looked at
_SAID = 3  # of a kind that are named
Rows = Callable[[str], list[tuple[Any, ...]]]  # runs a SELECT


@dataclass(frozen=True)
class BadCell:
    """A cell that no figure can be made of, or (column "") a row that stands there twice."""

    company: str
    year: int
    column: str
    value: str

    def __str__(self) -> str:
        if not self.column:
            return f"{self.company}{self.year}年有{self.value}行不同的数"
        return f"{self.company}{self.year}年的{self.column}是“{self.value[:30]}”"


@dataclass
class Care:
    """keys: 报告期 and 口径 → the column that says it; spelt: (key, what it means) → what the table writes for it; numbers: columns held as
    text that are read as numbers; points: columns to be divided by 100; nothing: column → marks of absence in it; companies: spelling
    → the one used; repeated: identical rows; bad: what is left; codes: whether codes are written otherwise than 600001."""

    keys: dict[str, str] = field(default_factory=dict)
    spelt: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    slices: frozenset[Slice] = frozenset({USUAL})
    numbers: set[str] = field(default_factory=set)
    points: set[str] = field(default_factory=set)
    nothing: dict[str, list[str]] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    repeated: bool = False
    bad: list[BadCell] = field(default_factory=list)
    codes: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def mends(self) -> bool:
        """Whether statements have to read the table through a view."""
        return bool(
            self.keys
            or self.numbers
            or self.points
            or self.nothing
            or self.companies
            or self.repeated
            or self.bad
            or self.codes
        )

    def say(self, what: str, some: Iterable[object], count: int) -> None:
        named = "、".join(str(one) for one, _ in zip(some, range(_SAID)))
        self.said.append(f"提醒：{what}（{count}处，如{named}）。")


def quoted(name: str, dialect: str) -> str:
    mark = "`" if dialect == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


class Inspector:
    """Looks a table over. trusted: it was written by an import, so that its numbers are numbers and its rows stand once."""

    def __init__(self, run: Rows, table: str, dialect: str, kinds: dict[str, bool], trusted: bool) -> None:
        """kinds: column → whether it is declared to hold text."""
        self._run, self._dialect, self._trusted = run, dialect, trusted
        self._table, self._kinds = quoted(table, dialect), kinds
        self.care = Care(keys=key_columns(tuple(kinds)))

    def look(self) -> Care:
        self._slices()
        if not self._trusted:
            for column in self._kinds:
                if column not in (*schema.KEY, schema.CODE, *self.care.keys.values()):
                    self._column(column)
            self._currency()
            self._spellings()
            self._codes()
            self._doubles()
        return self.care

    def _q(self, name: str) -> str:
        return quoted(name, self._dialect)

    def _slices(self) -> None:
        """What the table writes for 年报, 合并 and the others."""
        keys = self.care.keys
        readers = {schema.PERIOD: lambda cell: period_of(cell)[1], schema.SCOPE: scope_of}
        usual = {schema.PERIOD: ANNUAL, schema.SCOPE: GROUP}
        meant: dict[tuple[str, Any], str | None] = {}
        for key, column in keys.items():
            for (cell,) in self._run(f"SELECT DISTINCT {self._q(column)} FROM {self._table}"):
                try:
                    means = usual[key] if cells.is_nothing(cell) else readers[key](cell)
                except NoPeriod:
                    self.care.said.append(f"提醒：{column}“{cell}”读不懂，这样的行不会用来回答。")
                    continue
                meant[key, cell] = means
                self.care.spelt[key, means].append(cell)
        if not keys:
            return
        found = set()
        for row in self._run(f"SELECT DISTINCT {', '.join(map(self._q, keys.values()))} FROM {self._table}"):
            said = {key: meant.get((key, cell)) for key, cell in zip(keys, row)}
            if None not in said.values():
                found.add(Slice(said.get(schema.PERIOD) or ANNUAL, said.get(schema.SCOPE) or GROUP))
        self.care.slices = frozenset(found)

    def _column(self, column: str) -> None:
        unit, q = schema.unit_of(column), self._q(column)
        if unit == "text":
            if marks := {
                str(cell)
                for (cell,) in self._run(self._distinct(column))
                if cell is not None and cells.is_nothing(str(cell))
            }:
                self.care.nothing[column] = sorted(marks)
            return
        where = f"typeof({q}) = 'text'" if self._dialect == "sqlite" else f"{q} IS NOT NULL"
        may_be_text = self._dialect == "sqlite" or self._kinds[column]
        held: Sequence[tuple[Any, ...]] = ()
        if may_be_text:
            held = self._run(
                f"SELECT {self._q(schema.COMPANY)}, {self._q(schema.YEAR)}, {q} FROM {self._table} WHERE {where} LIMIT {_MOST}"
            )
        amounts, odd, marks = _sorted_out(held)
        if unit is None and (len(odd) > len(amounts) or (self._kinds[column] and not amounts)):
            if marks:
                self.care.nothing[column] = sorted(marks)
            return
        infinite = self._infinite(column)
        if held and (amounts or odd or marks):
            self.care.numbers.add(column)
        if amounts:
            self.care.say(f"{column}以文字存放，按数读", [repr(v) for v in amounts], len(amounts))
        self._bad(column, [*odd, *infinite])
        if unit == "percent" and not (held and any("%" in text for text in map(str, amounts))):
            self._points(column)

    def _distinct(self, column: str) -> str:
        """The short texts of a column, each once; marks of absence are among them."""
        q = self._q(column)
        return f"SELECT DISTINCT {q} FROM {self._table} WHERE LENGTH({q}) <= 24 LIMIT {_MOST}"

    def _infinite(self, column: str) -> list[tuple[Any, ...]]:
        if self._dialect != "sqlite":
            return []
        q = self._q(column)
        found = self._run(
            f"SELECT {self._q(schema.COMPANY)}, {self._q(schema.YEAR)}, {q} FROM {self._table}"
            f" WHERE typeof({q}) IN ('real', 'integer') AND abs({q}) >= 1e20 LIMIT {_MOST}"
        )
        if found:
            self.care.numbers.add(column)
        return found

    def _bad(self, column: str, found: Sequence[tuple[Any, ...]]) -> None:
        bad = [BadCell(str(company), int(year), column, str(cell)) for company, year, cell in found]
        if bad:
            self.care.bad += bad
            self.care.say(f"{column}里有不是数的内容，用到它们的问题会拒答", bad, len(bad))

    def _points(self, column: str) -> None:
        rows = self._run(f"SELECT {self._q(column)} FROM {self._table} WHERE {self._q(column)} IS NOT NULL LIMIT 2000")
        values = []
        for (cell,) in rows:
            try:
                amount = cells.number(cell)
            except cells.OddCell:
                continue
            if amount is not None and not amount.percent:
                values.append(amount.value)
        if points_or_fractions(values) == "points":
            self.care.points.add(column)
            self.care.said.append(f"提醒：{column}看来是百分点（如{_shown(values)}），除以100当作比例。")

    def _currency(self) -> None:
        """Amounts that are not in 元 are empty."""
        column = next((name for name in self._kinds if read(name, common()).column == CURRENCY), None)
        if column is None:
            return
        rows = self._run(
            f"SELECT {self._q(schema.COMPANY)}, {self._q(schema.YEAR)}, {self._q(column)} FROM {self._table} WHERE {self._q(column)} IS NOT NULL"
        )
        foreign = [row for row in rows if not cells.is_nothing(row[2]) and not is_rmb(row[2])]
        money = [name for name in self._kinds if schema.unit_of(name) in ("money", "share")]
        self.care.bad += [
            BadCell(str(company), int(year), name, f"以{said}计") for company, year, said in foreign for name in money
        ]
        if foreign:
            self.care.say(
                f"{column}不都是人民币，不同币种不能相加和比较，用到它们的问题会拒答",
                [f"{company}{year}年{said}" for company, year, said in foreign],
                len(foreign),
            )

    def _spellings(self) -> None:
        """甲（集团） and 甲(集团) are one company."""
        spelt: dict[str, list[str]] = defaultdict(list)
        for (name,) in self._run(f"SELECT DISTINCT {self._q(schema.COMPANY)} FROM {self._table}"):
            if isinstance(name, str):
                spelt["".join(c for c in normalise(name) if c not in "()·•・").casefold()].append(name)
        alike = [names for names in spelt.values() if len(names) > 1]
        codes = self._codes_by_name() if alike else {}
        several = [names for names in alike if not _have_codes_of_their_own(names, codes) and not self._both(names)]
        for first, *others in several:
            self.care.companies |= dict.fromkeys(others, first)
        if several:
            self.care.say("同一家公司有几种写法，当作一家", ["与".join(names) for names in several], len(several))

    def _codes_by_name(self) -> dict[str, set[str | None]]:
        """公司全称 → its 股票代码 in the one spelling."""
        codes: dict[str, set[str | None]] = defaultdict(set)
        if schema.CODE in self._kinds:
            for name, code in self._run(
                f"SELECT DISTINCT {self._q(schema.COMPANY)}, {self._q(schema.CODE)} FROM {self._table}"
            ):
                if code:
                    codes[name].add(cells.code(code))
        return codes

    def _both(self, names: Sequence[str]) -> bool:
        """Whether two spellings have rows of one report: then neither may be taken for the other, and those rows say nothing."""
        key = ", ".join(self._q(name) for name in (schema.YEAR, *self.care.keys.values()))
        among = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
        company = self._q(schema.COMPANY)
        twice = self._run(
            f"SELECT {self._q(schema.YEAR)}, COUNT(*) FROM {self._table} WHERE {company} IN ({among}) GROUP BY {key} HAVING COUNT(*) > 1"
        )
        self.care.bad += [BadCell(name, int(year), "", str(count)) for year, count in twice for name in names]
        if twice:
            self.care.say("同一家公司以几种写法在同一年有几行，用到它们的问题会拒答", names, len(twice))
        return bool(twice)

    def _codes(self) -> None:
        if schema.CODE in self._kinds:
            found = self._run(f"SELECT DISTINCT {self._q(schema.CODE)} FROM {self._table}")
            self.care.codes = any(cell is not None and cells.code(cell) != cell for (cell,) in found)

    def _doubles(self) -> None:
        """A company, year, 报告期 and 口径 that stands there twice: once where the rows are alike, else not at all."""
        key = [self._q(name) for name in (*schema.KEY, *self.care.keys.values())]
        company, year = f"MIN({key[0]})", key[1]
        if self._dialect == "mysql":
            key[0] = f"CAST({key[0]} AS BINARY)"  # a collation may take abc and ABC for one
        twice = self._run(
            f"SELECT {company}, {year}, COUNT(*) FROM {self._table} GROUP BY {', '.join(key)} HAVING COUNT(*) > 1 LIMIT {_MOST}"
        )
        if not twice:
            return
        all_columns = ", ".join(map(self._q, self._kinds))
        different = self._run(
            f"SELECT {company}, {year}, COUNT(*) FROM (SELECT DISTINCT {all_columns} FROM {self._table}) AS d"
            f" GROUP BY {', '.join(key)} HAVING COUNT(*) > 1 LIMIT {_MOST}"
        )
        self.care.repeated = True
        bad = [BadCell(str(name), int(when), "", str(count)) for name, when, count in different]
        self.care.bad += bad
        if bad:
            self.care.say("同一家公司同一年有几行不同的数，用到它们的问题会拒答", bad, len(bad))
        else:
            self.care.say("有重复的行，只算一次", [f"{n}{y}年" for n, y, _ in twice], len(twice))


def _have_codes_of_their_own(names: Sequence[str], codes: Mapping[str, set[str | None]]) -> bool:
    """Whether 股票代码 tells names apart that differ in their spelling only."""
    own = [codes.get(name, set()) for name in names]
    return all(own) and len(set().union(*own)) == sum(map(len, own))


def _sorted_out(held: Sequence[tuple[Any, ...]]) -> tuple[list[Any], list[tuple[Any, ...]], set[str]]:
    """(numbers, rows with odd cells, marks of absence) among (company, year, cell)."""
    amounts, odd, marks = [], [], set()
    for row in held:
        try:
            found = cells.number(row[2])
        except cells.OddCell:
            odd.append(row)
            continue
        if found is None:
            marks.add(str(row[2]))
        else:
            amounts.append(row[2])
    return amounts, odd, marks


def _shown(values: Sequence[Decimal]) -> str:
    return f"{values[0]:f}"
