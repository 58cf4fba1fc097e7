"""The table of figures: SQLite or MySQL through SQLAlchemy, read-only, with row and time limits, numbers exact.

Layers: the connection is opened read-only (SQLite mode=ro and query_only; MySQL a read-only transaction; use an account that may only SELECT);
on SQLite an authorizer lets nothing through but reading the one table and a few functions; rows and seconds are limited.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, localcontext
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from agent import schema
from agent.errors import DatabaseError
from agent.records import QueryResult, Value

MAX_ROWS, TIMEOUT = 2000, 10.0
_MARK = "\x1f"  # behind an exact SUM or AVG; no imported text holds it, and CAST(… AS REAL) reads the number before it
_FUNCTIONS = frozenset({"sum", "avg", "count", "max", "min", "coalesce", "nullif", "row_number", "like"})


class _Exact:
    """SUM and AVG over decimal text of the numbers, so that no cent is lost in binary floats; handed back as marked text."""

    def __init__(self) -> None:
        self._total, self._count = Decimal(0), 0

    def step(self, value: Any) -> None:
        if value is not None:
            with localcontext() as context:
                context.prec = 60
                self._total += Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))
            self._count += 1


class _Sum(_Exact):
    def finalize(self) -> str | None:
        return f"{self._total:f}{_MARK}" if self._count else None


class _Avg(_Exact):
    def finalize(self) -> str | None:
        with localcontext() as context:
            context.prec = 60
            return f"{self._total / self._count:f}{_MARK}" if self._count else None


def _exact(value: Any) -> Value:
    """As answers need it: floats as the decimal they print as, exact aggregates without their mark."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and value.endswith(_MARK):
        return Decimal(value[: -len(_MARK)])
    return value if value is None or isinstance(value, (str, int, Decimal)) else str(value)


def parse_url(url: str) -> URL:
    """The SQLAlchemy URL.

    Raises:
        DatabaseError: it is none; a password in it is not repeated.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "数据库地址不是SQLAlchemy地址，应类似 sqlite:///data/company.sqlite3 或 mysql+pymysql://用户:密码@主机/库。"
        ) from None


def sentence(error: SQLAlchemyError, url: URL, timeout: float = TIMEOUT) -> str:
    """What a database error means, in one sentence without the password."""
    original = error.orig if isinstance(error, DBAPIError) else error
    text, shown = str(original), url.render_as_string(hide_password=True)
    if "locked" in text:
        return f"数据库 {shown} 被别的程序锁住，请稍后重试。"
    if (
        "interrupted" in text
        or "max_statement_time" in text
        or "maximum statement execution time" in text
        or "(1969" in text
        or "(3024" in text
    ):
        return f"查询超过{timeout:g}秒的时间上限，已停止。"
    if "Access denied" in text:
        return f"数据库 {shown} 拒绝登录，请检查用户名和密码。"
    if "Can't connect" in text or "(2003" in text or "(2006" in text or "(2013" in text:
        return f"连不上数据库 {shown}，请检查地址以及服务是否在运行。"
    if "no such table" in text or "doesn't exist" in text:
        return f"数据库 {shown} 里没有这个表，请先运行 python -m agent import 导入数据。"
    if "not a database" in text:
        return f"文件 {url.database} 不是SQLite数据库，请检查路径。"
    return f"数据库 {shown} 报错：{text.splitlines()[0][:200]}"


def _escaped(text: str, parameters: Mapping[str, Value]) -> str:
    """For SQLAlchemy :name is a parameter wherever it stands; in a quoted column (其中):受限 it is not."""
    return re.sub(r"(?<![:\w\\]):(\w+)", lambda found: found[0] if found[1] in parameters else "\\" + found[0], text)


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
        self._guarded = threading.local()

    @cached_property
    def _engine(self) -> Engine:
        try:
            engine = sqlalchemy.create_engine(
                self._sqlite_read_only() if self.dialect == "sqlite" else self.url,
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
                f"数据库文件 {path} 不存在，请先运行 python -m agent import 表格文件 --database {self.url.render_as_string()}。"
            )
        return URL.create(
            "sqlite", database=f"file:{quote(str(Path(path).resolve()))}", query={"mode": "ro", "uri": "true"}
        )

    def _on_connect(self, connection: Any, record: object) -> None:
        if self.dialect == "sqlite":
            connection.execute("PRAGMA query_only = 1")
            connection.create_aggregate("sum", 1, _Sum)
            connection.create_aggregate("avg", 1, _Avg)
            connection.set_authorizer(self._authorize)
            return
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET SESSION div_precision_increment = 30")  # 4 digits would make ratios tie that do not

    def _limit(self, connection: Connection, timeout: float) -> None:
        """Lets the database itself stop a statement after `timeout` seconds."""
        if self.dialect == "sqlite":
            raw: Any = connection.connection.driver_connection
            deadline = time.monotonic() + timeout
            raw.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
            return
        maria = bool(getattr(connection.dialect, "is_mariadb", False))
        connection.exec_driver_sql(
            f"SET SESSION max_statement_time = {timeout:f}"
            if maria
            else f"SET SESSION max_execution_time = {int(timeout * 1000)}"
        )

    def _authorize(
        self, action: int, one: str | None, two: str | None, database: str | None, trigger: str | None
    ) -> int:
        """SQLite asks for every part of a statement while it is compiled."""
        if not getattr(self._guarded, "on", False):
            return sqlite3.SQLITE_OK
        # `trigger` is the view that reads for the statement: the table may be a view of the user's own tables.
        if action == sqlite3.SQLITE_READ:
            allowed = one in (self.table, "") or trigger == self.table
        elif action == sqlite3.SQLITE_FUNCTION:
            allowed = str(two).lower() in _FUNCTIONS
        else:
            allowed = action == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    @contextmanager
    def _open(self, timeout: float = TIMEOUT) -> Iterator[Connection]:
        """A connection with the deadline set; errors come out as one sentence."""
        try:
            with self._engine.connect() as connection:
                self._limit(connection, timeout)
                yield connection
        except SQLAlchemyError as error:
            raise DatabaseError(sentence(error, self.url, timeout)) from None

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        with self._open() as connection:
            inspector = sqlalchemy.inspect(connection)
            if not inspector.has_table(self.table):
                shown = self.url.render_as_string()
                raise DatabaseError(
                    f"数据库 {shown} 里没有表 {self.table}，请先运行 python -m agent import 导入数据，或用 --table 指定表名。"
                )
            names = tuple(column["name"] for column in inspector.get_columns(self.table))
        missing = [name for name in schema.KEY if name not in names]
        if missing:
            raise DatabaseError(f"表 {self.table} 没有字段{'、'.join(missing)}，无法回答问题，请检查表名或重新导入。")
        return names

    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns.

        Raises:
            DatabaseError: no database, no such table, or no 公司全称 and 年份 in it.
        """
        return self._columns

    def _distinct(self, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        given = [sqlalchemy.column(name) if name in self._columns else sqlalchemy.literal("") for name in names]
        query = sqlalchemy.select(*given).select_from(sqlalchemy.table(self.table)).distinct()
        with self._open() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def companies(self) -> list[tuple[str, str, str]]:
        """(公司全称, 股票简称, 股票代码), each once, by name."""
        return sorted(
            {
                (str(a), str(b or ""), str(c or ""))
                for a, b, c in self._distinct((schema.COMPANY, schema.SHORT_NAME, schema.CODE))
                if a
            }
        )

    def years(self) -> tuple[int, ...]:
        """The years of the table, ascending.

        Raises:
            DatabaseError: the table has none, or 年份 holds what is no year.
        """
        found = {str(year) for (year,) in self._distinct((schema.YEAR,)) if year is not None}
        wrong = sorted(year for year in found if not year.isdecimal())
        if wrong or not found:
            raise DatabaseError(
                f"表 {self.table} 的年份"
                + (f"“{wrong[0]}”不是整数，请改成2020这样的数。" if wrong else "全是空的，请先导入数据。")
            )
        return tuple(sorted(map(int, found)))

    def execute(
        self, text: str, parameters: Mapping[str, Value], max_rows: int = MAX_ROWS, timeout: float = TIMEOUT
    ) -> QueryResult:
        """Runs a statement that sql_guard has emitted, its values bound.

        Raises:
            DatabaseError: the database refuses it, or it takes longer than `timeout` seconds.
        """
        bound = {
            name: float(value) if isinstance(value, Decimal) and self.dialect == "sqlite" else value
            for name, value in parameters.items()
        }
        with self._open(timeout) as connection:
            self._guarded.on = True
            try:
                result = connection.execute(sqlalchemy.text(_escaped(text, parameters)), bound)
                rows = result.fetchmany(max_rows + 1)
            finally:
                self._guarded.on = False
        return QueryResult(
            tuple(result.keys()),
            tuple(tuple(_exact(value) for value in row) for row in rows[:max_rows]),
            len(rows) > max_rows,
        )
