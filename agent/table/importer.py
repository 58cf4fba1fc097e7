"""Imports a table file (csv, csv.gz, xlsx) into a database: headings through the aliases, exact units, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from agent.errors import CaibaoError, DatabaseError
from agent.figures import schema
from agent.figures.aliases import aliases
from agent.table import table_file
from agent.table.database_errors import explained, parse_url
from agent.table.table_writer import INDEXED, LONGEST, ColumnShape, plain_name, write
from agent.text import normalise

_SCALES = {"元": 1, "千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8, "人": 1, "股": 1, "万股": 10**4}
_HEADING_UNIT = re.compile(r"^(.+?)[(\[【]?(?:单位[::]?)?(千元|万元|百万元|亿元|万股|元|人|股|%)[)\]】]?$")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?")
_PLAIN = re.compile(r"-?\d{1,18}(?:\.(\d{1,9}))?", re.ASCII)  # as most cells are: read without further questions
_LARGEST, _DECIMALS = Decimal(10) ** 20, 10  # what DECIMAL holds before and behind the point
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


def _heading(text: str) -> tuple[str, int]:
    """(name in the table, scale of its numbers); a unit stands in brackets behind the name."""
    plain = normalise(text)
    if plain in aliases():
        return aliases()[plain], 1
    match = _HEADING_UNIT.match(plain)
    if match and (match[1] in aliases() or plain[len(match[1])] in "([【"):
        if match[2] == "%":
            raise CaibaoError(f"标题“{text}”的单位是百分比，请改成小数或去掉这一列。")
        return aliases().get(match[1], match[1]), _SCALES[match[2]]
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


@lru_cache(maxsize=256)
def _year(cell: Any) -> int | None:
    """The cell as a year: 2020, 2020年, 2020.0.

    Raises:
        InvalidOperation: it is none.
    """
    number = _number(normalise(str(cell)).removesuffix("度").removesuffix("年"), 1)
    if number is not None and (number != int(number) or int(number) not in _YEARS):
        raise InvalidOperation
    return None if number is None else int(number)


def _text(cell: Any) -> str | None:
    return None if cell is None else str(cell).strip() or None


def _code(cell: Any) -> str | None:
    """A stock code with the zeros that a spreadsheet took away (2099.0 → 002099)."""
    code = re.fullmatch(r"(\d+)(?:\.0+)?", text) if (text := _text(cell)) else None
    return code[1].zfill(6) if code else text


def _converter(column: _Field, number: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What makes a cell of the column a value; it raises InvalidOperation. number: Decimal, or float for SQLite."""
    if column.is_text:
        return _code if column.name == schema.CODE else _text
    if column.name == schema.YEAR:
        return _year

    def convert(cell: Any) -> Any:
        if cell is None or cell == "":
            return None
        if column.scale == 1 and type(cell) is str and _PLAIN.fullmatch(cell):
            return number(cell)
        value = _number(cell, column.scale)
        return None if value is None else number(value)

    return convert


@dataclass
class _Measure:
    """What a column needs in MySQL, and of one that the schema does not know whether it holds numbers."""

    numbers: bool = True
    decimals: int = 4  # decimals; some more than the file has, so that later figures fit too
    longest: int = 0  # characters

    def see(self, cell: Any, column: _Field) -> None:
        text = str(cell)
        self.longest = max(self.longest, len(text))
        if column.is_text or not self.numbers:
            return
        if plain := _PLAIN.fullmatch(text):
            self.decimals = max(self.decimals, len(plain[1] or ""))
            return
        try:
            value = _number(text, 1)
        except InvalidOperation:
            self.numbers = False
            return
        exponent = value.normalize().as_tuple().exponent if value is not None else 0
        self.decimals = max(self.decimals, min(-exponent if isinstance(exponent, int) else 0, _DECIMALS))


def _filled(cells: Sequence[Any]) -> bool:
    return any(cell not in (None, "") for cell in cells)


@dataclass
class _Source:
    """A file and its columns; the rows are read from it again, so that it need not fit into memory."""

    path: Path
    width: int
    fields: list[_Field]
    measures: list[_Measure]

    @classmethod
    def of(cls, path: Path, report: ImportReport) -> _Source:
        """The first reading. Raises CaibaoError for a file that is none, without data, or with wrong headings."""
        lines = table_file.lines(path)
        first = next(lines, None)
        if first is None:
            raise CaibaoError(f"{path} 是空的。")
        fields = _fields(first[1], path, report)
        measured = [(f.index, f, _Measure()) for f in fields]
        for _, cells in lines:
            if _filled(cells):
                report.rows += 1
                for index, column, measure in measured:
                    if index < len(cells) and cells[index] not in (None, ""):
                        measure.see(cells[index], column)
        if not report.rows:
            raise CaibaoError(f"{path} 只有标题，没有数据。")
        measures = [measure for _, _, measure in measured]
        # A column the schema does not know holds text as soon as one of its cells is no number.
        fields = [
            f if f.is_text or schema.unit_of(f.name) else replace(f, is_text=not m.numbers)
            for f, m in zip(fields, measures)
        ]
        return cls(path, len(first[1]), fields, measures)

    def _lines(self) -> Iterator[table_file.Line]:
        return ((n, cells) for n, cells in islice(table_file.lines(self.path), 1, None) if _filled(cells))

    def rows(self, number: Callable[[Any], Any]) -> Iterator[tuple[Any, ...]]:
        """The values of each line in the order of `fields`.

        Raises:
            CaibaoError: line, column and value that is wrong.
        """
        converters = [(f.index, _converter(f, number)) for f in self.fields]
        keys = [[f.name for f in self.fields].index(name) for name in schema.KEY]
        indexed = [(i, f.name) for i, f in enumerate(self.fields) if f.name in INDEXED and f.is_text]
        for line, cells in self._lines():
            if len(cells) != self.width:
                self._check_width(line, cells)
                cells = [*cells, *[None] * (self.width - len(cells))]
            try:
                row = tuple([convert(cells[index]) for index, convert in converters])
            except InvalidOperation:
                raise self._wrong(line, cells) from None
            where = f"{self.path} 第{line}行"
            if any(row[key] is None for key in keys):
                raise CaibaoError(f"{where}没有公司全称或年份，请补上后重新导入（什么都没有导入）。")
            for index, name in indexed:
                if row[index] is not None and len(row[index]) > LONGEST:
                    raise CaibaoError(f"{where}的{name}有{len(row[index])}个字，最多{LONGEST}个（什么都没有导入）。")
            yield row

    def shapes(self) -> list[ColumnShape]:
        """The columns as the table has them."""
        return [
            ColumnShape(
                f.name, "year" if f.name == schema.YEAR else "text" if f.is_text else "number", m.longest, m.decimals
            )
            for f, m in zip(self.fields, self.measures)
        ]

    def _check_width(self, line: int, cells: Sequence[Any]) -> None:
        """An unquoted 1,234 moves everything behind it one column on."""
        if _filled(cells[self.width :]):
            raise CaibaoError(
                f"{self.path} 第{line}行有{len(cells)}格，标题只有{self.width}个，请检查多出的逗号（什么都没有导入）。"
            )

    def _wrong(self, line: int, cells: Sequence[Any]) -> CaibaoError:
        """The sentence about the first cell of a line that cannot be read."""
        for column in self.fields:
            try:
                _converter(column, Decimal)(cells[column.index])
            except InvalidOperation:
                wanted = "年份（如2020）" if column.name == schema.YEAR else "能导入的数"
                said = f"{column.name}“{str(cells[column.index])[:40]}”不是{wanted}"
                break
        return CaibaoError(f"{self.path} 第{line}行的{said}，请改正后重新导入（什么都没有导入）。")

    def doubled(self) -> CaibaoError | None:
        """The sentence about two lines of one company and year, looked for only where the table has refused the second."""
        seen: dict[tuple[Any, ...], int] = {}
        keys = [(f.index, _converter(f, Decimal)) for name in schema.KEY for f in self.fields if f.name == name]
        for line, cells in self._lines():
            company, year = (convert(cells[index]) for index, convert in keys)
            before = seen.setdefault((company, year), line)
            if before != line:
                return CaibaoError(
                    f"{self.path} 第{before}行与第{line}行都是{company}{year}年，请去掉一行后重新导入（什么都没有导入）。"
                )
        return None


def import_table(path: Path, url: str, table: str = schema.TABLE) -> ImportReport:
    """Replaces `table` by the file's rows, or changes nothing at all.

    Raises:
        CaibaoError: file, heading, line or value that is wrong.
        DatabaseError: the database cannot be written.
    """
    address, report = parse_url(url), ImportReport()
    plain_name(table)
    source = _Source.of(Path(path), report)
    try:
        write(address, table, source.shapes(), source.rows)
    except IntegrityError as error:
        raise (source.doubled() or explained(error, address)) from None
    except SQLAlchemyError as error:
        raise explained(error, address) from None
    except OSError as error:
        raise DatabaseError(f"不能写入 {address.database}：{error.strerror}。") from None
    return report
