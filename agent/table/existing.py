"""The rows that a table holds already, as an import joins new ones with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from agent.errors import CaibaoError, DatabaseError
from agent.figures import schema
from agent.figures.periods import ANNUAL, GROUP, NoPeriod, period_of, scope_of
from agent.table import cells
from agent.table.database_errors import connect
from agent.table.headings import read
from agent.table.providers import common
from agent.table.sheet_rows import Record

_NAMES = (schema.CODE, schema.SHORT_NAME)
_CHUNK = 2000  # rows in memory


@dataclass(frozen=True)
class Existing:
    """A table. figures: its columns that are asked for; texts: those of them that hold text; decimals: places of the others;
    names: 股票代码 and 股票简称, where it has them; keys: 报告期 and 口径 → its columns of that meaning."""

    url: URL
    table: str
    figures: tuple[str, ...]
    texts: frozenset[str]
    decimals: Mapping[str, int]
    names: tuple[str, ...]
    keys: Mapping[str, str]

    def rows(self) -> Iterator[Record]:
        """Every row.

        Raises:
            CaibaoError: a row that no import could have written: the table is somebody's own, and is left alone.
        """
        wanted = [schema.COMPANY, schema.YEAR, *self.names, *self.keys.values(), *self.figures]
        query: Any = sqlalchemy.select(*map(sqlalchemy.column, wanted)).select_from(sqlalchemy.table(self.table))
        with _opened(self.url) as connection:
            found = connection.execution_options(stream_results=True, yield_per=_CHUNK).execute(query)
            for line, row in enumerate(found, 1):
                yield self._record(line, dict(zip(wanted, row)))

    def _record(self, line: int, row: Mapping[str, Any]) -> Record:
        try:
            return Record(
                line,
                cells.code(row.get(schema.CODE)),
                cells.text(row[schema.COMPANY]),
                cells.text(row.get(schema.SHORT_NAME)),
                int(row[schema.YEAR]),
                self._key(row, schema.PERIOD, lambda cell: period_of(cell)[1], ANNUAL),
                self._key(row, schema.SCOPE, scope_of, GROUP),
                {name: self._figure(name, row[name]) for name in self.figures},
            )
        except (TypeError, ValueError) as error:
            said = f"（{error}）" if isinstance(error, cells.OddCell | NoPeriod) and str(error) else ""
            raise CaibaoError(
                f"表 {self.table} 里{row[schema.COMPANY]}{row[schema.YEAR]}年的那一行不能与新的行放在一起{said}，"
                "请先改正，或用 --replace 换掉整张表（什么都没有导入）。"
            ) from None

    def _key(self, row: Mapping[str, Any], key: str, reader: Any, usual: str) -> str:
        cell = row.get(self.keys.get(key, ""))
        return usual if cells.is_nothing(cell) else str(reader(cell))

    def _figure(self, name: str, cell: Any) -> str | Decimal | None:
        if name in self.texts:
            return cells.text(cell)
        if isinstance(cell, float):
            return Decimal(repr(cell)) if abs(cell) < float(cells.LARGEST) else self._odd(name, cell)
        amount = cells.number(cell)
        return amount.value if amount else None

    @staticmethod
    def _odd(name: str, cell: Any) -> Decimal:
        raise cells.OddCell(f"{name}“{cell}”不是数")


@contextmanager
def _opened(url: URL) -> Iterator[Connection]:
    read_only = url
    if url.get_backend_name() == "sqlite":
        path = quote(str(Path(url.database or "").resolve()))
        read_only = URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = sqlalchemy.create_engine(read_only, hide_parameters=True)
    try:
        with connect(engine, url) as connection:
            yield connection
    finally:
        engine.dispose()


def key_columns(columns: tuple[str, ...]) -> dict[str, str]:
    """报告期 and 口径 → the column of a table that says it, by its own name or another one (报表类型)."""
    meant: dict[str, str] = {}
    for name in columns:
        column = read(name, common()).column
        if column in (schema.PERIOD, schema.SCOPE) and (column not in meant or name == column):
            meant[column] = name
    return meant


def read_existing(url: URL, table: str) -> Existing | None:
    """The table as it is; None where there is none.

    Raises:
        DatabaseError: the address is none that can be written.
        sqlalchemy.exc.SQLAlchemyError: what the database says.
    """
    if url.get_backend_name() not in ("sqlite", "mysql"):
        raise DatabaseError(f"不支持数据库“{url.get_backend_name()}”，请用SQLite或MySQL。")
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise DatabaseError("SQLite地址里没有文件，应类似 sqlite:///data/company.sqlite3。")
        if not Path(url.database).exists():
            return None
    with _opened(url) as connection:
        inspector = sqlalchemy.inspect(connection)
        if not inspector.has_table(table):
            return None
        types = {column["name"]: column["type"] for column in inspector.get_columns(table)}
    if not set(schema.KEY) <= set(types):
        raise CaibaoError(
            f"表 {table} 没有公司全称和年份，不能往里加，请用 --table 换一个表名，或用 --replace 换掉它。"
        )
    keys = key_columns(tuple(types))
    own = (*schema.KEY, *_NAMES, *keys.values())
    figures = tuple(name for name in types if name not in own)
    texts = frozenset(
        n for n in figures if schema.unit_of(n) == "text" or (schema.unit_of(n) is None and _is_text(types[n]))
    )
    decimals = {name: scale for name in figures if (scale := getattr(types[name], "scale", None)) is not None}
    return Existing(url, table, figures, texts, decimals, tuple(n for n in _NAMES if n in types), keys)


def _is_text(kind: Any) -> bool:
    return isinstance(kind, (sqlalchemy.String, sqlalchemy.types.NullType))
