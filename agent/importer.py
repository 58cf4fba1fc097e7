"""Imports a table file (csv, csv.gz, xlsx) into a database: headings through the aliases, exact units, all or nothing."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Column, Connection, Float, Index, Integer, MetaData, Numeric, String, Table, Text, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from agent import schema
from agent.database import parse_url, sentence
from agent.errors import CaibaoError, DatabaseError
from agent.linking.lookup import normalise
from agent.textfile import decode

_SCALES = {"元": 1, "千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8, "人": 1, "股": 1, "万股": 10**4}
_HEADING_UNIT = re.compile(r"^(.+?)[(\[【]?(?:单位[::]?)?(千元|万元|百万元|亿元|万股|元|人|股|%)[)\]】]?$")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_LARGEST, _PLACES = Decimal(10) ** 20, 10  # what DECIMAL holds before and behind the point
_YEARS = range(1900, 2100)
_EMPTY = frozenset({"", "-", "--", "—", "——", "无", "nan", "none", "null", "不适用", "n/a"})


@dataclass
class ImportReport:
    """What became of a file."""

    rows: int = 0
    mapped: dict[str, str] = field(default_factory=dict)  # heading → column, where they differ
    kept: list[str] = field(default_factory=list)  # headings the schema does not know, kept under their own name
    ignored: list[str] = field(default_factory=list)  # headings without text

    def __str__(self) -> str:
        lines = [f"导入{self.rows}行。"]
        if self.mapped:
            lines.append("按别名对应：" + "、".join(f"{a}→{b}" for a, b in self.mapped.items()))
        if self.kept:
            lines.append("按原名保留（字段表里没有）：" + "、".join(self.kept))
        if self.ignored:
            lines.append("忽略：" + "、".join(self.ignored))
        return "\n".join(lines)


@dataclass(frozen=True)
class _Field:
    """A column of the file: where it stands, its name in the table, what its numbers are multiplied by."""

    index: int
    name: str
    scale: int
    is_text: bool


def _csv(text: str, path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Lines are counted as an editor counts them: a cell may hold line breaks."""
    reader, line = csv.reader(io.StringIO(text, newline="")), 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise CaibaoError(f"{path} 第{line}行不是csv（{error}），请检查引号。") from None


def _xlsx(raw: bytes, path: Path) -> list[tuple[int, list[Any]]]:
    """The first sheet; its XML is read only while the rows are, so that damage shows late."""
    import openpyxl

    try:
        sheet = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets[0]
        return [(number, list(row)) for number, row in enumerate(sheet.iter_rows(values_only=True), 1)]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        SyntaxError,
        RuntimeError,
    ) as error:
        # openpyxl lets whatever its parsers meet in a damaged file escape: ParseError is a SyntaxError, an encrypted part a RuntimeError.
        raise CaibaoError(f"{path} 不是完好的xlsx文件（{type(error).__name__}），请重新另存一次。") from None


def _cells(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """(line, cells) of the file, the heading line first.

    Raises:
        CaibaoError: the file is missing, of another kind, or damaged.
    """
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".xlsx")):
        raise CaibaoError(f"不能导入 {path}：只支持 .csv、.csv.gz 和 .xlsx。")
    try:
        raw = path.read_bytes()
        if name.endswith(".gz"):
            raw = gzip.decompress(raw)
    except FileNotFoundError:
        raise CaibaoError(f"文件 {path} 不存在，请检查路径。") from None
    except (OSError, EOFError, zlib.error) as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error}。") from None
    yield from _xlsx(raw, path) if name.endswith(".xlsx") else _csv(decode(raw, str(path)), path)


def _heading(text: str) -> tuple[str, int]:
    """(name in the table, scale of its numbers); a unit stands in brackets behind the name."""
    plain = normalise(text)
    if plain in schema.aliases():
        return schema.aliases()[plain], 1
    match = _HEADING_UNIT.match(plain)
    if match and (match[1] in schema.aliases() or plain[len(match[1])] in "([【"):
        if match[2] == "%":
            raise CaibaoError(f"标题“{text}”的单位是百分比，请改成小数或去掉这一列。")
        return schema.aliases().get(match[1], match[1]), _SCALES[match[2]]
    return plain, 1


def _fields(headings: Sequence[Any], path: Path, report: ImportReport) -> list[_Field]:
    """The columns to import.

    Raises:
        CaibaoError: two headings name one column, or 公司全称 or 年份 is missing.
    """
    found: dict[str, tuple[int, str]] = {}
    fields = []
    # 每股收益 beside 基本每股收益 is a column of its own: an alias gives way to the name itself.
    own = {normalise(str(heading)) for heading in headings if heading is not None}
    for index, heading in enumerate(headings):
        if heading is None or not normalise(str(heading)):
            report.ignored.append(f"第{index + 1}列（没有标题）")
            continue
        name, scale = _heading(str(heading))
        if name in own and name != normalise(str(heading)) and scale == 1:
            name = normalise(str(heading))
        if name in found:
            raise CaibaoError(
                f"{path} 的标题“{found[name][1]}”（第{found[name][0] + 1}列）与“{heading}”（第{index + 1}列）都是字段“{name}”，请去掉一个。"
            )
        found[name] = (index, str(heading))
        if name != str(heading):
            report.mapped[str(heading)] = name
        elif name not in schema.columns() and schema.computed(name) is None:
            report.kept.append(name)
        fields.append(_Field(index, name, scale, schema.unit_of(name) == "text" and name != schema.YEAR))
    for key in schema.KEY:
        if key not in found:
            raise CaibaoError(f"{path} 没有字段“{key}”，标题行需要有公司全称和年份。")
    return fields


def _number(cell: Any, scale: int) -> Decimal | None:
    """The cell as an exact number.

    Raises:
        InvalidOperation: it is none.
    """
    text = normalise(str(cell))
    if text.lower() in _EMPTY:
        return None
    if text.startswith("(") and text.endswith(")"):  # accountants' negative
        text = "-" + text[1:-1]
    if not _NUMBER.fullmatch(text):
        raise InvalidOperation
    value = Decimal(text.replace(",", "")) * scale
    if abs(value) >= _LARGEST:
        raise InvalidOperation
    return value


def _year(cell: Any) -> int | None:
    """The cell as a year: 2020, 2020年, 2020.0.

    Raises:
        InvalidOperation: it is none.
    """
    number = _number(normalise(str(cell)).removesuffix("度").removesuffix("年"), 1)
    if number is not None and (number != int(number) or int(number) not in _YEARS):
        raise InvalidOperation
    return None if number is None else int(number)


def _text(cell: Any, column: _Field) -> str | None:
    """Text without spaces around it; a stock code with the zeros that a spreadsheet took away (2099.0 → 002099)."""
    text = str(cell).strip()
    if column.name == schema.CODE and (code := re.fullmatch(r"(\d+)(?:\.0+)?", text)):
        return code[1].zfill(6)
    return text or None


def _value(cell: Any, column: _Field, where: str) -> str | int | Decimal | None:
    if cell is None:
        return None
    if column.is_text:
        return _text(cell, column)
    is_year = column.name == schema.YEAR
    try:
        return _year(cell) if is_year else _number(cell, column.scale)
    except InvalidOperation:
        wanted = "年份（如2020）" if is_year else "能导入的数"
        raise CaibaoError(
            f"{where}的{column.name}“{str(cell)[:40]}”不是{wanted}，请改正后重新导入（什么都没有导入）。"
        ) from None


def _rows(path: Path, report: ImportReport) -> tuple[list[_Field], list[dict[str, Any]]]:
    """Everything in memory and checked, before anything is written."""
    lines = _cells(path)
    first = next(lines, None)
    if first is None:
        raise CaibaoError(f"{path} 是空的。")
    fields = _fields(first[1], path, report)
    # A column the schema does not know holds text as soon as one of its cells is no number.
    body = [(number, cells) for number, cells in lines if any(c not in (None, "") for c in cells)]
    fields = [
        f if f.is_text or schema.unit_of(f.name) else replace(f, is_text=not _all_numbers(body, f)) for f in fields
    ]
    seen: dict[tuple[Any, Any], int] = {}
    rows = []
    for number, cells in body:
        where = f"{path} 第{number}行"
        if any(cell not in (None, "") for cell in cells[len(first[1]) :]):
            # An unquoted 1,234 moves everything behind it one column on.
            raise CaibaoError(
                f"{where}有{len(cells)}格，标题只有{len(first[1])}个，请检查多出的逗号（什么都没有导入）。"
            )
        row = {f.name: _value(cells[f.index] if f.index < len(cells) else None, f, where) for f in fields}
        key = (row[schema.COMPANY], row[schema.YEAR])
        if None in key:
            raise CaibaoError(f"{where}没有公司全称或年份，请补上后重新导入（什么都没有导入）。")
        if key in seen:
            raise CaibaoError(
                f"{path} 第{seen[key]}行与第{number}行都是{key[0]}{key[1]}年，请去掉一行后重新导入（什么都没有导入）。"
            )
        seen[key] = number
        rows.append(row)
    if not rows:
        raise CaibaoError(f"{path} 只有标题，没有数据。")
    return fields, rows


def _all_numbers(body: Sequence[tuple[int, Sequence[Any]]], column: _Field) -> bool:
    try:
        for _, cells in body:
            if column.index < len(cells) and cells[column.index] is not None:
                _number(cells[column.index], 1)
    except InvalidOperation:
        return False
    return True


def _places(name: str, rows: Sequence[dict[str, Any]]) -> int:
    """Decimals of the most exact number in a column: 4 at least, so that later figures fit too."""
    exponents = (row[name].normalize().as_tuple().exponent for row in rows if row[name] is not None)
    return min(max([4, *(-e for e in exponents if isinstance(e, int))]), _PLACES)


def _table(name: str, fields: Sequence[_Field], rows: Sequence[dict[str, Any]], dialect: str) -> Table:
    """MySQL: exact DECIMAL, short texts as VARCHAR so that they can be indexed. SQLite: 64-bit numbers."""

    def type_of(column: _Field) -> Any:
        if column.name == schema.YEAR:
            return Integer()
        if not column.is_text:
            return Float() if dialect == "sqlite" else Numeric(20 + (places := _places(column.name, rows)), places)
        longest = max((len(str(row[column.name] or "")) for row in rows), default=0)
        return String(191) if longest <= 191 else Text()

    # Index names are global in SQLite: they carry the table's name.
    return Table(
        name,
        MetaData(),
        *(Column(f.name, type_of(f), nullable=f.name not in schema.KEY) for f in fields),
        Index(f"ix_{name}_company_year", schema.COMPANY, schema.YEAR, unique=True),
        Index(f"ix_{name}_year", schema.YEAR),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
    )


def _fill(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    table.create(connection)
    for start in range(0, len(rows), 500):
        connection.execute(table.insert(), rows[start : start + 500])


def _sqlite_number(value: Any) -> Any:
    """SQLite keeps numbers as 64-bit floats; whole ones as integers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    return value


def _import_sqlite(url: URL, name: str, fields: Sequence[_Field], rows: Sequence[dict[str, Any]]) -> None:
    """One transaction, in which SQLite can also drop and create; a new file is built beside its place and renamed."""
    if not url.database or url.database == ":memory:":
        raise DatabaseError("SQLite地址里没有文件，应类似 sqlite:///data/company.sqlite3。")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    target = path.with_name(path.name + f".{os.getpid()}.tmp") if fresh else path
    engine = sqlalchemy.create_engine(URL.create("sqlite", database=str(target)), hide_parameters=True)
    # The driver's own transactions leave CREATE and DROP out; these do not.
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
            _fill(
                connection,
                _table(name, fields, rows, "sqlite"),
                [{k: _sqlite_number(v) for k, v in row.items()} for row in rows],
            )
        engine.dispose()
        if fresh:
            os.replace(target, path)
    finally:
        engine.dispose()
        if fresh:
            target.unlink(missing_ok=True)


def _import_mysql(url: URL, name: str, fields: Sequence[_Field], rows: Sequence[dict[str, Any]]) -> None:
    """A staging table, then an atomic RENAME. The names of both helpers are ones that nobody gives a table of theirs."""
    engine = sqlalchemy.create_engine(url, hide_parameters=True)
    staging, old = _plain(f"{name}__caibao_new"), _plain(f"{name}__caibao_old")
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{staging}`, `{old}`")
            try:
                _fill(connection, _table(staging, fields, rows, "mysql"), rows)
                before = f"`{name}` TO `{old}`, " if sqlalchemy.inspect(connection).has_table(name) else ""
                connection.commit()
            except SQLAlchemyError:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{staging}`")
                raise
        with engine.begin() as connection:
            connection.exec_driver_sql(f"RENAME TABLE {before}`{staging}` TO `{name}`")
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{old}`")
    finally:
        engine.dispose()


def _plain(name: str) -> str:
    if not re.fullmatch(r"\w{1,64}", name):
        raise CaibaoError(f"表名“{name}”只能由字母、数字、汉字和下划线组成。")
    return name


def import_table(path: Path, url: str, table: str = schema.TABLE) -> ImportReport:
    """Replaces `table` by the file's rows, or changes nothing at all.

    Raises:
        CaibaoError: file, heading, line or value that is wrong.
        DatabaseError: the database cannot be written.
    """
    address, report = parse_url(url), ImportReport()
    _plain(table)
    fields, rows = _rows(Path(path), report)
    report.rows = len(rows)
    try:
        if address.get_backend_name() == "sqlite":
            _import_sqlite(address, table, fields, rows)
        elif address.get_backend_name() == "mysql":
            _import_mysql(address, table, fields, rows)
        else:
            raise DatabaseError(f"不支持数据库“{address.get_backend_name()}”，请用SQLite或MySQL。")
    except SQLAlchemyError as error:
        raise DatabaseError(sentence(error, address)) from None
    except OSError as error:
        raise DatabaseError(f"不能写入 {address.database}：{error.strerror}。") from None
    return report
