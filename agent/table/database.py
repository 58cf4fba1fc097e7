"""The table of figures: SQLite or MySQL through SQLAlchemy, read-only, with row, size and time limits, numbers exact.

Layers: the connection is opened read-only (SQLite mode=ro and query_only; MySQL a read-only transaction; use an account that may only SELECT);
on SQLite an authorizer lets nothing through but reading the one table and a few functions; rows, characters and seconds are limited.
"""

from __future__ import annotations

import copy
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, CursorResult
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from agent.errors import DatabaseError, QueryLimit
from agent.figures import schema
from agent.figures.periods import USUAL, Slice
from agent.records import QueryResult, Value
from agent.table import cells, exact, grants, narrowed
from agent.table.care import Care, Inspector
from agent.table.database_errors import connect, explained, parse_url, shown
from agent.table.narrowed import Narrowed
from agent.table.table_writer import NAMES_INDEX, unique_index

MAX_ROWS, MAX_CHARACTERS, TIMEOUT = 2000, 1_000_000, 10.0
START_TIMEOUT = 60.0  # for the list of all companies, read once
_READ_TIMEOUT = START_TIMEOUT + 15  # a server that is silent for longer is gone: it stops every statement before
_FUNCTIONS = frozenset(
    {
        "sum",
        "avg",
        "count",
        "max",
        "min",
        "coalesce",
        "nullif",
        "row_number",
        "like",
        "abs",
        narrowed.NUMBER,
        narrowed.CODE,
    }
)
_BINARY = "utf8mb4_bin"  # compares as SQLite does: no two characters are alike


def _escaped(text: str, parameters: Mapping[str, Value], collation: str | None) -> str:
    """For SQLAlchemy :name is a parameter wherever it stands; in a quoted column (其中):受限 it is not."""

    def written(found: re.Match[str]) -> str:
        if found[1] not in parameters:
            return "\\" + found[0]
        return f"{found[0]} COLLATE {collation}" if collation and isinstance(parameters[found[1]], str) else found[0]

    return re.sub(r"(?<![:\w\\]):(\w+)", written, text)


def _fetched(result: CursorResult[Any], max_rows: int) -> list[tuple[Value, ...]]:
    """Rows one by one, one more than wanted at most.

    Raises:
        QueryLimit: they hold more than MAX_CHARACTERS characters.
    """
    rows: list[tuple[Value, ...]] = []
    size = 0
    for row in result:
        rows.append(tuple(map(exact.exact, row)))
        size += sum(len(str(value)) for value in rows[-1])
        if size > MAX_CHARACTERS:
            raise QueryLimit(f"查询结果超过{MAX_CHARACTERS}个字的上限，请少问几项或加上条件，无法回答该问题。")
        if len(rows) > max_rows:
            break
    return rows


class Database:
    """One table, opened to be read."""

    def __init__(self, url: str, table: str = schema.TABLE) -> None:
        """Nothing is opened yet.

        Raises:
            DatabaseError: the URL is none, its driver is missing, or its SQLite file is not there.
        """
        self.url, self.table = parse_url(url), table
        self.dialect = self.url.get_backend_name()
        if self.dialect not in ("sqlite", "mysql"):
            raise DatabaseError(f"不支持数据库“{self.dialect}”，请用SQLite或MySQL（包括MySQL协议的数据库）。")
        self.part = USUAL  # 报告期 and 口径 of the rows that statements see
        self._guarded = threading.local()
        self._is_view = False  # until the table has been looked at

    def over(self, part: Slice) -> Database:
        """The same table, of whose rows statements see those of another 报告期 and 口径."""
        self.columns()
        other = copy.copy(self)
        other.part = part
        other.__dict__.pop("_narrowed", None)
        return other

    @property
    def slices(self) -> frozenset[Slice]:
        """The 报告期 and 口径 that the table has rows of."""
        return self._care.slices

    @property
    def said(self) -> tuple[str, ...]:
        """What is wrong in the table, one sentence each."""
        return tuple(self._care.said)

    @cached_property
    def _engine(self) -> Engine:
        try:
            engine = sqlalchemy.create_engine(
                self._sqlite_read_only() if self.dialect == "sqlite" else self._mysql_noticing(),
                pool_pre_ping=True,
                hide_parameters=True,
            )
        except (NoSuchModuleError, ImportError):
            raise DatabaseError(f"没有安装 {self.url.drivername} 的驱动，MySQL请用 mysql+pymysql://。") from None
        event.listen(engine, "connect", self._on_connect)
        return engine

    def _sqlite_read_only(self) -> URL:
        path = self.url.database
        if not path or not Path(path).is_file():
            raise DatabaseError(
                f"数据库文件 {path} 不存在，请先运行 python -m agent import 表格文件 --database {shown(self.url)}。"
            )
        return URL.create(
            "sqlite", database=f"file:{quote(str(Path(path).resolve()))}", query={"mode": "ro", "uri": "true"}
        )

    def _mysql_noticing(self) -> URL:
        """A server that hangs is noticed; the driver would wait for ever."""
        if self.url.drivername != "mysql+pymysql" or "read_timeout" in self.url.query:
            return self.url
        return self.url.update_query_dict({"read_timeout": f"{_READ_TIMEOUT:.0f}"})

    def _on_connect(self, connection: Any, record: object) -> None:
        if self.dialect == "sqlite":
            connection.execute("PRAGMA query_only = 1")
            connection.execute("PRAGMA case_sensitive_like = 1")  # as utf8mb4_bin
            connection.create_aggregate("sum", 1, exact.Sum)
            connection.create_aggregate("avg", 1, exact.Avg)
            connection.create_function(narrowed.NUMBER, 1, narrowed.as_number, deterministic=True)
            connection.create_function(narrowed.CODE, 1, cells.code, deterministic=True)
            connection.set_authorizer(self._authorize)
            return
        # div_precision_increment: with the default of 4 digits ratios would tie that do not. Servers that only speak MySQL's
        # protocol may know neither: the account and the guard remain.
        for setting in ("TRANSACTION READ ONLY", "div_precision_increment = 30"):
            with connection.cursor() as cursor, suppress(self._engine.dialect.loaded_dbapi.Error):
                cursor.execute(f"SET SESSION {setting}")

    def _limit(self, connection: Connection, timeout: float, max_rows: int | None) -> None:
        """Lets the database itself stop a statement after `timeout` seconds, and MySQL send no more rows than wanted."""
        if self.dialect == "sqlite":
            raw: Any = connection.connection.driver_connection
            deadline = time.monotonic() + timeout
            raw.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
            return
        if connection.info.get("limits") == (timeout, max_rows):
            return
        maria = bool(getattr(connection.dialect, "is_mariadb", False))
        seconds = f"max_statement_time = {timeout:f}" if maria else f"max_execution_time = {int(timeout * 1000)}"
        rows = f"sql_select_limit = {'DEFAULT' if max_rows is None else max_rows + 1}"
        connection.exec_driver_sql(f"SET SESSION {seconds}, {rows}")
        connection.info["limits"] = (timeout, max_rows)

    def _authorize(
        self, action: int, one: str | None, two: str | None, database: str | None, trigger: str | None
    ) -> int:
        """SQLite asks for every part of a statement while it is compiled."""
        if not getattr(self._guarded, "on", False):
            return sqlite3.SQLITE_OK
        # `trigger` is the view that reads for the statement, where the table is one; a WITH of its name would look the same.
        if action == sqlite3.SQLITE_READ:
            allowed = one in (self.table, "") or (trigger == self.table and self._is_view)
        elif action == sqlite3.SQLITE_FUNCTION:
            allowed = str(two).lower() in _FUNCTIONS
        else:
            allowed = action == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    @contextmanager
    def _open(self, timeout: float = START_TIMEOUT, max_rows: int | None = None) -> Iterator[Connection]:
        """A connection with the limits set; errors come out as one sentence."""
        try:
            with connect(self._engine, self.url) as connection:
                self._limit(connection, timeout, max_rows)
                try:
                    yield connection
                except QueryLimit:
                    connection.invalidate()  # what is still to come is not read
                    raise
        except SQLAlchemyError as error:
            raise explained(error, self.url, timeout) from None

    @cached_property
    def _care(self) -> Care:
        kinds = self._kinds

        def run(text: str) -> list[tuple[Any, ...]]:
            with self._open() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(text.replace("%", "%%"))]

        return Inspector(run, self.table, self.dialect, kinds, self._trusted).look()

    @cached_property
    def _narrowed(self) -> Narrowed | None:
        """None where statements may read the table as it is."""
        return Narrowed(self.table, self._columns, self._care, self.part, self.dialect) if self._care.mends else None

    @cached_property
    def _trusted(self) -> bool:
        """Whether an import wrote the table: its index is there, its numbers are declared as numbers."""
        with self._open() as connection:
            indexes = {index["name"] for index in sqlalchemy.inspect(connection).get_indexes(self.table)}
        return (unique_index(self.table) if self.dialect == "sqlite" else NAMES_INDEX) in indexes

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """What can be asked for: the columns that say which rows are meant are not among them."""
        return tuple(name for name in self._kinds if name not in self._care.keys.values())

    @cached_property
    def _kinds(self) -> dict[str, bool]:
        """Every column, and whether it is declared to hold text."""
        with self._open() as connection:
            inspector = sqlalchemy.inspect(connection)
            if not inspector.has_table(self.table):
                raise DatabaseError(
                    f"数据库 {shown(self.url)} 里没有表 {self.table}，请先运行 python -m agent import 导入数据，或用 --table 指定表名。"
                )
            names = {c["name"]: isinstance(c["type"], sqlalchemy.String) for c in inspector.get_columns(self.table)}
            self._is_view = self.table in inspector.get_view_names()
        missing = [name for name in schema.KEY if name not in names]
        if missing:
            raise DatabaseError(f"表 {self.table} 没有字段{'、'.join(missing)}，无法回答问题，请检查表名或重新导入。")
        return names

    @cached_property
    def _loose(self) -> frozenset[str]:
        """Columns of a user's own MySQL table that take different texts for one: ß and s, 🍣 and 🍺."""
        if self.dialect == "sqlite":
            return frozenset()
        query = sqlalchemy.text(
            "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :name AND COLLATION_NAME IS NOT NULL"
        )
        with self._open() as connection:
            rows = connection.execute(query, {"name": self.table})
            return frozenset(str(name) for name, collation in rows if not str(collation).endswith("_bin"))

    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns.

        Raises:
            DatabaseError: no database, no such table, or no 公司全称 and 年份 in it.
        """
        return self._columns

    def _distinct(self, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        def column(name: str) -> sqlalchemy.ColumnElement[Any]:
            if name not in self._columns:
                return sqlalchemy.literal("")
            plain = sqlalchemy.column(name, sqlalchemy.String())
            return sqlalchemy.collate(plain, _BINARY).label(name) if name in self._loose else plain

        given = [column(name) for name in names]
        query = sqlalchemy.select(*given).select_from(sqlalchemy.table(self.table)).distinct()
        with self._open() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def companies(self) -> list[tuple[str, str, str]]:
        """(公司全称, 股票简称, 股票代码), each once, by name."""
        spelt = self._care.companies
        return sorted(
            {
                (spelt.get(str(a), str(a)), cells.text(b) or "", cells.code(c) or "")
                for a, b, c in self._distinct((schema.COMPANY, schema.SHORT_NAME, schema.CODE))
                if a
            }
        )

    def people(self) -> list[str]:
        """Who has been 法定代表人 of a company, each once."""
        return sorted({str(name) for (name,) in self._distinct((schema.PERSON,)) if name})

    def years(self) -> tuple[int, ...]:
        """The years of the table, ascending.

        Raises:
            DatabaseError: the table has none, or 年份 holds what is no year.
        """
        found = self._years_of_part() or {str(year) for (year,) in self._distinct((schema.YEAR,)) if year is not None}
        wrong = sorted(year for year in found if not year.isdecimal())
        if wrong or not found:
            raise DatabaseError(
                f"表 {self.table} 的年份"
                + (f"“{wrong[0]}”不是整数，请改成2020这样的数。" if wrong else "全是空的，请先导入数据。")
            )
        return tuple(sorted(map(int, found)))

    def _years_of_part(self) -> set[str]:
        """The years that the statements can see; none where the table has no such rows at all."""
        if self._narrowed is None or not self._care.keys:
            return set()
        text = self._narrowed.over(f"SELECT DISTINCT 年份 FROM {self.table}", {}, checked=False)
        with self._open() as connection:
            return {
                str(year)
                for (year,) in connection.execute(sqlalchemy.text(_escaped(text, {}, None)))
                if year is not None
            }

    def execute(
        self,
        text: str,
        parameters: Mapping[str, Value],
        max_rows: int = MAX_ROWS,
        timeout: float = TIMEOUT,
        checked: bool = True,
    ) -> QueryResult:
        """Runs a statement that sql_guard has emitted, its values bound, over the rows of `part`. checked: it is refused where it needs
        a cell that no figure can be made of.

        Raises:
            NotAnswerable: it needs such a cell.
            DatabaseUnavailable: the database cannot be reached just now.
            QueryLimit: it takes longer than `timeout` seconds, or returns more than MAX_CHARACTERS characters.
            DatabaseError: the database refuses it, or has no such table.
        """
        self.columns()  # tells whether the table is a view
        if self._narrowed is not None:
            text = self._narrowed.over(text, parameters, checked)
        bound = {
            name: float(value) if isinstance(value, Decimal) and self.dialect == "sqlite" else value
            for name, value in parameters.items()
        }
        statement = sqlalchemy.text(_escaped(text, parameters, _BINARY if self._loose else None))
        with self._open(timeout, max_rows) as connection:
            self._guarded.on = True
            try:
                # On MySQL row by row, so that a result too large is not in memory before it is measured.
                result = connection.execute(statement, bound, execution_options={"stream_results": True})
                rows = _fetched(result, max_rows)
            finally:
                self._guarded.on = False
        # COUNT("x") and COUNT(`x`) are one name.
        names = tuple(re.sub(r"^(\w+)\([\"`](.*)[\"`]\)$", r"\1(\2)", name) for name in result.keys())  # noqa: SIM118
        return QueryResult(names, tuple(rows[:max_rows]), len(rows) > max_rows)

    def write_warning(self) -> str | None:
        """One sentence where the account of a MySQL server may do more than read; None where not, or where it does not tell."""
        if self.dialect != "mysql":
            return None
        try:
            with self._open() as connection:
                given = [str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")]
        except DatabaseError:
            return None
        return grants.warning(given, self.url.username or "", str(self.url.database), self.table)
