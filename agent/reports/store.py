"""What was read from reports, kept in an SQLite file beside the database: documents, their cells, their passages.

A report is added whole or not at all; adding a company's report of one year and period again replaces it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from agent.errors import CaibaoError, DatabaseError

DEFAULT = Path("output") / "reports.sqlite3"  # where the database is no SQLite file
_VERSION = 1
_WAIT = 30.0  # seconds for another process that writes

_TABLES = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL,
    pages INTEGER NOT NULL, company TEXT NOT NULL, code TEXT NOT NULL, short_name TEXT NOT NULL,
    year INTEGER NOT NULL, period TEXT NOT NULL, UNIQUE (company, year, period));
CREATE TABLE cells (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    scope TEXT NOT NULL, item TEXT NOT NULL, "column" TEXT NOT NULL, span TEXT NOT NULL, statement TEXT NOT NULL,
    value TEXT, printed TEXT NOT NULL, unit TEXT NOT NULL, label TEXT NOT NULL, row TEXT NOT NULL,
    page INTEGER, x0 REAL, top REAL, x1 REAL, bottom REAL, reason TEXT NOT NULL,
    failed TEXT NOT NULL, restated INTEGER NOT NULL);
CREATE INDEX cells_of_document ON cells (document, item);
"""


@dataclass(frozen=True)
class About:
    """Which report a file is. `period`: FY, H1, Q1 or Q3; `year`: the year that it reports on."""

    file: str
    path: str
    digest: str
    kind: str
    pages: int
    company: str
    code: str
    short_name: str
    year: int
    period: str


@dataclass(frozen=True)
class Cell:
    """One figure or text of a report and where it stands.

    `value`: exact decimal in 元 (元/股 for per-share figures, % for rates, 人 for head counts) or text; None where nothing is
    printed. `printed`: as the report has it; `row`: the row as printed. `reason`: why there is no value. `failed`: the
    identities that it does not fulfil. `restated`: the head of its column says so. `scope`: 合并, 母公司 or "". `column`: current or prior. `span`: cumulative or single quarter.
    """

    scope: str
    item: str
    column: str
    span: str
    statement: str
    value: str | None
    printed: str = ""
    unit: str = ""
    label: str = ""
    row: str = ""
    page: int | None = None
    x0: float | None = None
    top: float | None = None
    x1: float | None = None
    bottom: float | None = None
    reason: str = ""
    failed: str = ""
    restated: bool = False


_ABOUT = ", ".join(f.name for f in fields(About))
_CELL = ", ".join(f'"{f.name}"' for f in fields(Cell))


def beside(url: str) -> Path:
    """The store that belongs to a database: company.sqlite3 → company.reports.sqlite3, output/reports.sqlite3 for servers.

    Raises:
        CaibaoError: the address is none.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise CaibaoError("数据库地址不对，应像 sqlite:///路径 或 mysql+pymysql://用户:密码@主机/库。") from None
    if address.get_backend_name() == "sqlite" and address.database:
        return Path(address.database).with_suffix(".reports.sqlite3")
    return DEFAULT


class Store:
    """An open store. `writing` makes the file where there is none."""

    def __init__(self, path: Path, writing: bool = False) -> None:
        """Raises DatabaseError: there is no store, or it cannot be opened, or another version wrote it."""
        self.path = path
        if not writing and not path.exists():
            raise DatabaseError(f"还没有加入过报告（没有 {path}），请先运行 python -m agent report add 文件。")
        if writing:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            mode = "rwc" if writing else "ro"
            self.connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_WAIT, check_same_thread=False
            )
            self.connection.execute("PRAGMA foreign_keys = ON")
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if writing and version == 0:
                self.connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
                version = _VERSION
        except sqlite3.Error as error:
            raise DatabaseError(f"报告库 {path} 不能打开：{error}。") from None
        if version != _VERSION:
            raise DatabaseError(f"报告库 {path} 的版本是{version}，需要{_VERSION}，请删去后重新加入报告。")

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. Raises DatabaseError."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                yield self.connection
        except sqlite3.Error as error:
            raise DatabaseError(f"报告库 {self.path} 不能写入：{error}。") from None

    def documents(self) -> list[tuple[int, About]]:
        """(id, about) by company, year and period."""
        rows = self.connection.execute(f"SELECT id, {_ABOUT} FROM documents ORDER BY company, year, period")
        return [(row[0], About(*row[1:])) for row in rows]

    def cells(self, document: int) -> list[Cell]:
        """The cells of a document in the order in which they were read."""
        rows = self.connection.execute(f"SELECT {_CELL} FROM cells WHERE document = ? ORDER BY rowid", (document,))
        return [Cell(*row) for row in rows]


def put(connection: sqlite3.Connection, about: About, cells: Iterable[Cell]) -> int:
    """Writes a report within a transaction, in place of the one of its company, year and period; its id."""
    connection.execute(
        "DELETE FROM documents WHERE company = ? AND year = ? AND period = ?", (about.company, about.year, about.period)
    )
    marks = ", ".join("?" * len(fields(About)))
    found = connection.execute(f"INSERT INTO documents ({_ABOUT}) VALUES ({marks})", astuple(about)).lastrowid
    assert found is not None
    marks = ", ".join("?" * (1 + len(fields(Cell))))
    connection.executemany(
        f"INSERT INTO cells (document, {_CELL}) VALUES ({marks})", ((found, *astuple(cell)) for cell in cells)
    )
    return found


def remove(connection: sqlite3.Connection, document: int) -> None:
    """Takes a report and all that was read from it away."""
    connection.execute("DELETE FROM documents WHERE id = ?", (document,))
