"""Rows of several sources, joined by what they are of: a company, a year, a 报告期 and a 口径. They wait in a temporary SQLite file, so
that they need not fit into memory, and come out by year.

A company is known by its code; where it has none, by its name, in whatever spelling. Two sources may each bring columns of one row;
where both bring the same column, it has to be the same.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from types import TracebackType

from agent.errors import CaibaoError
from agent.figures import schema
from agent.figures.periods import ANNUAL, GROUP, PERIODS
from agent.table.sheet_rows import Record
from agent.text import normalise

_CHUNK = 5000  # rows
_KEYS = 9  # columns of the staging table before the figures
Figure = str | None


@dataclass
class Identity:
    """What a company is called in the table."""

    code: str | None = None
    companies: dict[str, None] = field(default_factory=dict)  # 公司全称, as first spelt, in order of appearance
    shorts: dict[str, None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return next(reversed(self.companies), None) or next(reversed(self.shorts), None) or self.code or ""


@dataclass(frozen=True)
class Merged:
    """A row of the new table."""

    company: str
    code: str | None
    short: str | None
    year: int
    period: str
    scope: str
    figures: tuple[Figure, ...]
    sources: frozenset[int]


def _alike(text: str) -> str:
    """A name without what spellings differ in: brackets, blanks, width, case."""
    return "".join(c for c in normalise(text) if c not in "()·•・").casefold()


class Staging:
    """Rows of all sources; a context, gone with its file at the end."""

    def __init__(self, columns: Sequence[str], numbers: Iterable[str]) -> None:
        """columns: of figures, in the order of the table; numbers: those of them that hold numbers."""
        self.columns, self._numbers = tuple(columns), frozenset(numbers)
        self._folder = tempfile.TemporaryDirectory(prefix="caibao-")
        self._rows = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        made = ", ".join(f"f{at}" for at in range(len(self.columns)))
        self._rows.execute(
            f"CREATE TABLE staged (source, line, version, code, company, short, year, period, scope{', ' + made if made else ''})"
        )
        self._sources: list[str] = []
        self._owner: dict[tuple[str | None, str | None, str | None], str] = {}
        self._identities: dict[str, Identity] = {}

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._folder.cleanup()

    def add(self, source: str, records: Iterable[Record]) -> int:
        """Stages the rows of a source, returns how many."""
        number, before = len(self._sources), self._rows.total_changes
        self._sources.append(source)
        statement = f"INSERT INTO staged VALUES ({', '.join('?' * (_KEYS + len(self.columns)))})"
        self._rows.execute("BEGIN")
        self._rows.executemany(statement, (self._row(number, record) for record in records))
        self._rows.execute("COMMIT")
        return self._rows.total_changes - before

    def _row(self, source: int, record: Record) -> tuple[object, ...]:
        figures = (record.figures.get(name) for name in self.columns)
        return (
            source,
            record.line,
            "\x1f".join(record.version),
            record.code,
            record.company,
            record.short,
            record.year,
            PERIODS.index(record.period),
            record.scope,
            *(f"{value:f}" if isinstance(value, Decimal) else value for value in figures),
        )

    # --- companies

    def _tell_companies(self) -> None:
        """Gives every row its company: by its code, else by its name where a row with that name has a code, else by the name."""
        triples = self._rows.execute(
            "SELECT code, company, short, MIN(source), MIN(rowid) FROM staged GROUP BY 1, 2, 3 ORDER BY 4, 5"
        ).fetchall()
        unsure = self._codes_of_several(triples)
        by_name: dict[str, dict[str, None]] = defaultdict(dict)
        for code, company, short, *_ in triples:
            if code and code not in unsure:
                for name in (company, short):
                    if name:
                        by_name[_alike(name)][code] = None
        for code, company, short, *_ in triples:
            owner = self._owned(code if code not in unsure else None, company, short, by_name)
            self._owner[code, company, short] = owner
            identity = self._identities.setdefault(owner, Identity())
            identity.code = identity.code or code
            for name, said in ((company, identity.companies), (short, identity.shorts)):
                if name and _alike(name) not in map(_alike, said):
                    said[name] = None

    @staticmethod
    def _owned(
        code: str | None, company: str | None, short: str | None, by_name: Mapping[str, Mapping[str, None]]
    ) -> str:
        if code:
            return f"code {code}"
        name = company or short or ""
        known = by_name.get(_alike(name), {})
        return f"code {next(iter(known))}" if len(known) == 1 else f"name {_alike(name)}"

    def _codes_of_several(self, triples: Sequence[tuple[str | None, ...]]) -> frozenset[str]:
        """Codes that two names have in one report of one source: a dash, a 0, a mistake. They say nothing."""
        names: dict[str, set[str]] = defaultdict(set)
        for code, company, *_ in triples:
            if code and company:
                names[code].add(_alike(company))
        several = [code for code, found in names.items() if len(found) > 1]
        unsure = set()
        for code in several:
            rows = self._rows.execute(
                "SELECT source, year, period, scope, company FROM staged WHERE code = ? AND company IS NOT NULL",
                (code,),
            )
            found: dict[tuple[object, ...], set[str]] = defaultdict(set)
            for *report, company in rows:
                found[tuple(report)].add(_alike(company))
            if any(len(said) > 1 for said in found.values()):
                unsure.add(code)
        return frozenset(unsure)

    def _called(self, owner: str, said: Iterable[str | None]) -> str:
        """What a company is called in a row: as the row says, in the spelling that came first; else as it was called last."""
        identity = self._identities[owner]
        given = next((name for name in said if name), None)
        if given is None:
            return identity.name
        return next((name for name in identity.companies if _alike(name) == _alike(given)), given)

    # --- what comes out

    def merged(self) -> Iterator[Merged]:
        """One row a company, year, 报告期 and 口径, by year.

        Raises:
            CaibaoError: two rows are of the same and say different things; the message names them.
        """
        if not self._owner:
            self._tell_companies()
        self._rows.create_function("owner", 3, lambda *triple: self._owner[triple], deterministic=True)
        rows = self._rows.execute(
            "SELECT *, owner(code, company, short) AS o, rowid FROM staged ORDER BY year, o, period, scope, source, version, rowid"
        )
        last = _KEYS + len(self.columns)
        for (year, period, scope, owner), group in groupby(rows, key=lambda r: (r[6], r[7], r[8], r[last])):
            yield self._joined(owner, year, PERIODS[period], scope, list(group))

    def _joined(self, owner: str, year: int, period: str, scope: str, rows: list[tuple]) -> Merged:  # type: ignore[type-arg]
        kept = self._latest(owner, year, period, scope, rows) if len(rows) > 1 else rows
        if len(kept) == 1:
            return self._named(owner, year, period, scope, kept, kept[0][_KEYS : _KEYS + len(self.columns)])
        figures: list[Figure] = [None] * len(self.columns)
        brought: list[int] = [0] * len(self.columns)
        for row in kept:
            for at, value in enumerate(row[_KEYS : _KEYS + len(self.columns)]):
                if value is None:
                    continue
                if figures[at] is None:
                    figures[at], brought[at] = value, row[0]
                elif not self._same(self.columns[at], figures[at], value):
                    raise self._differs(owner, year, period, scope, at, (figures[at], brought[at]), (value, row[0]))
        return self._named(owner, year, period, scope, kept, tuple(figures))

    def _named(
        self,
        owner: str,
        year: int,
        period: str,
        scope: str,
        kept: Sequence[tuple],  # type: ignore[type-arg]
        figures: tuple[Figure, ...],
    ) -> Merged:
        """The row under what its company is called."""
        company = self._called(owner, (row[4] for row in kept))
        identity = self._identities[owner]
        short = next((row[5] for row in kept if row[5]), None) or next(reversed(identity.shorts), None)
        code = next((row[3] for row in kept if row[3]), None) or identity.code
        return Merged(company, code, short, year, period, scope, figures, frozenset(row[0] for row in kept))

    def _latest(self, owner: str, year: int, period: str, scope: str, rows: list[tuple]) -> list[tuple]:  # type: ignore[type-arg]
        """Of rows of one source the last version.

        Raises:
            CaibaoError: a source has two of the same version.
        """
        kept: dict[int, tuple] = {}  # type: ignore[type-arg]
        for row in rows:
            before = kept.get(row[0])
            if before is not None and (not row[2] or before[2] == row[2]) and before[_KEYS:-1] != row[_KEYS:-1]:
                raise self._twice(owner, year, period, scope, before, row)
            if before is not None and not row[2]:
                raise self._twice(owner, year, period, scope, before, row)
            kept[row[0]] = row
        return list(kept.values())

    def _same(self, column: str, one: Figure, other: Figure) -> bool:
        if one == other:
            return True
        if column not in self._numbers or one is None or other is None:
            return False
        try:
            return Decimal(one) == Decimal(other) or float(one) == float(other)
        except (InvalidOperation, ValueError):
            return False

    def _said(self, owner: str, year: int, period: str, scope: str) -> str:
        report = "" if (period, scope) == (ANNUAL, GROUP) else f"{period}（{scope}）"
        return f"{self._identities[owner].name}{year}年{report}"

    def _twice(self, owner: str, year: int, period: str, scope: str, one: tuple, other: tuple) -> CaibaoError:  # type: ignore[type-arg]
        first, second = sorted((one[1], other[1]))
        return CaibaoError(
            f"{self._sources[one[0]]} 第{first}行与第{second}行都是{self._said(owner, year, period, scope)}，"
            "请去掉一行后重新导入（什么都没有导入）。"
        )

    def _differs(
        self,
        owner: str,
        year: int,
        period: str,
        scope: str,
        at: int,
        one: tuple[Figure, int],
        other: tuple[Figure, int],
    ) -> CaibaoError:
        return CaibaoError(
            f"{self._said(owner, year, period, scope)}的{self.columns[at]}在{self._sources[one[1]]}里是{one[0]}，"
            f"在{self._sources[other[1]]}里是{other[0]}，请改正后重新导入，或用 --replace 换掉整张表（什么都没有导入）。"
        )

    # --- what the columns hold

    def is_needed(self, column: str) -> bool:
        """Whether some row has another 报告期 or 口径 than a consolidated annual report."""
        if column == schema.PERIOD:
            query = f"SELECT 1 FROM staged WHERE period <> {PERIODS.index(ANNUAL)} LIMIT 1"
        else:
            query = f"SELECT 1 FROM staged WHERE scope <> '{GROUP}' LIMIT 1"
        return self._rows.execute(query).fetchone() is not None

    def longest(self) -> list[int]:
        """The characters of the longest text of each column."""
        if not self.columns:
            return []
        wanted = ", ".join(f"COALESCE(MAX(LENGTH(f{at})), 0)" for at in range(len(self.columns)))
        return list(self._rows.execute(f"SELECT {wanted} FROM staged").fetchone())
