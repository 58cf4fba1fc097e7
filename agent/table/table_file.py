"""The lines of a table file (csv and its like, also gzipped; xlsx, every sheet), one after another: a file of any size, in little memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any

from agent.errors import CaibaoError
from agent.files import ENCODINGS
from agent.table.cells import Formula

Line = tuple[int, list[Any]]  # its number, as an editor (or Excel) counts, and its cells
TEXT_KINDS = (".csv", ".tsv", ".txt")
_CHUNK = 1 << 20  # bytes
_DELIMITERS = ",\t;|，"
_LOOKED_AT = 50  # lines by which the delimiter is told
_MOST_FILLED = 1_000_000  # cells that a merged range may be spread over
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    RuntimeError,
)


@dataclass(frozen=True)
class Sheet:
    """A table of a file: of text files the only one (name ""), of workbooks each sheet."""

    path: Path
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path} 的工作表“{self.name}”" if self.name else str(self.path)

    def lines(self) -> Iterator[Line]:
        """The lines from the first one, read anew.

        Raises:
            CaibaoError: the file is damaged.
        """
        try:
            yield from _xlsx(self.path, self.name) if self.name else _text(self.path)
        except FileNotFoundError:
            raise CaibaoError(f"文件 {self.path} 不存在，请检查路径。") from None
        except (OSError, EOFError, zlib.error) as error:
            raise CaibaoError(f"文件 {self.path} 不能读取：{error}。") from None


def sheets(path: Path) -> list[Sheet]:
    """The tables of a file, hidden and empty sheets left out.

    Raises:
        CaibaoError: the file is missing, of another kind, or damaged.
    """
    name = path.name.lower()
    if name.removesuffix(".gz").endswith(TEXT_KINDS):
        return [Sheet(path)]
    if not name.endswith((".xlsx", ".xlsm")):
        raise CaibaoError(f"不能导入 {path}：只支持 .csv、.tsv、.txt（可以压缩为 .gz）和 .xlsx。")
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            return [Sheet(path, sheet.title) for sheet in book.worksheets if sheet.sheet_state == "visible"]
        finally:
            book.close()
    except FileNotFoundError:
        raise CaibaoError(f"文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error}。") from None
    except _BROKEN as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> CaibaoError:
    """openpyxl lets whatever its parsers meet in a damaged file escape: ParseError is a SyntaxError, an encrypted part a RuntimeError."""
    return CaibaoError(f"{path} 不是完好的xlsx文件（{type(error).__name__}），请重新另存一次。")


# --- text


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _misread(path: Path, encoding: str) -> int | None:
    """The byte that `encoding` does not know, None where it reads the whole file."""
    decoder, read = codecs.getincrementaldecoder(encoding)(), 0
    with _open(path) as file:
        while True:
            chunk = file.read(_CHUNK)
            kept = len(decoder.getstate()[0])  # bytes of a character that the last chunk cut in two
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return read - kept + error.start
            if not chunk:
                return None
            read += len(chunk)


def _encoding(path: Path) -> str:
    """UTF-16 where the file begins with its mark or holds the zero bytes of its commas, else the first of ENCODINGS that fits.

    Raises:
        CaibaoError: it is none of them.
    """
    with _open(path) as file:
        head = file.read(1000)
    tried: tuple[str, ...] = ENCODINGS
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        tried = ("utf-16",)
    elif b"\0" in head and len(head) % 2 == 0:
        tried = ("utf-16-le",) if head[1::2].count(0) > head[::2].count(0) else ("utf-16-be",)
    position: int | None = None
    for encoding in tried:
        position = _misread(path, encoding)
        if position is None:
            return encoding
    raise CaibaoError(f"{path} 既不是UTF-8、UTF-16也不是GB18030编码（第{position}字节处），请另存为UTF-8后重试。")


def _delimiter(path: Path, encoding: str) -> str:
    """What parts the cells: with which most of the first lines have the same number of cells, and more than one."""
    with TextIOWrapper(_open(path), encoding=encoding, newline="") as text:
        head = list(islice(text, _LOOKED_AT))

    def alike(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(cells) for cells in csv.reader(head, delimiter=delimiter) if len(cells) > 1)
        except csv.Error:
            return 0, 0
        width, lines = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return lines, width

    return max(_DELIMITERS, key=alike)


def _text(path: Path) -> Iterator[Line]:
    """Lines are counted as an editor counts them: a cell may hold line breaks."""
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    with TextIOWrapper(_open(path), encoding=encoding, newline="") as text:
        reader, line = csv.reader(text, delimiter=delimiter), 1
        try:
            for cells in reader:
                if any("\0" in cell for cell in cells):
                    raise CaibaoError(f"{path} 第{line}行有空字符，不是文字文件，请重新另存一次。")
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise CaibaoError(f"{path} 第{line}行不是csv（{error}），请检查引号。") from None


# --- workbooks


def _xlsx(path: Path, name: str) -> Iterator[Line]:
    """A sheet; its XML is read only while the rows are, so that damage shows late. A cell shown in percent comes with its % sign,
    a formula that was never computed as `Formula`, a merged cell under every one of its cells."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True)
        try:
            sheet, written = book[name], formulas[name]
            merged, has_formulas = _marks(path, str(sheet._worksheet_path))
            others = written.iter_rows(values_only=True) if has_formulas else None
            spread: dict[tuple[int, int], Any] = {}
            for number, row in enumerate(sheet.iter_rows(), 1):
                cells = [_value(cell) for cell in row]
                if others is not None:
                    cells = _with_formulas(cells, next(others))
                yield number, _unmerged(number, cells, merged, spread)
        finally:
            book.close()
            formulas.close()
    except _BROKEN as error:
        raise _damaged(path, error) from None


def _value(cell: Any) -> Any:
    """15.6% stands in the file as 0.156 and a format."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{Decimal(repr(value)).scaleb(2):f}%"
    return value


def _with_formulas(cells: list[Any], written: tuple[Any, ...]) -> list[Any]:
    return [
        Formula(formula) if value is None and isinstance(formula, str) and formula.startswith("=") else value
        for value, formula in zip(cells, (*written, *[None] * len(cells)))
    ]


_RANGE = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
Ranges = dict[tuple[int, int], tuple[int, int]]  # (row, column) of the first cell → those of the last one


def _marks(path: Path, part: str) -> tuple[Ranges, bool]:
    """The merged ranges of a sheet, which reading row by row does not tell, and whether it has formulas."""
    from openpyxl.utils import column_index_from_string

    merged: Ranges = {}
    has_formulas, filled, rest = False, 0, b""
    with zipfile.ZipFile(path) as book, book.open(part.removeprefix("/")) as file:
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            has_formulas = has_formulas or re.search(rb"<(?:\w+:)?f[ />]", text) is not None
            for left, top, right, bottom in _RANGE.findall(text):
                first = int(top), column_index_from_string(left.decode())
                last = int(bottom), column_index_from_string(right.decode())
                filled += max(0, last[0] - first[0] + 1) * max(0, last[1] - first[1] + 1)
                if filled <= _MOST_FILLED:
                    merged[first] = last
            rest = text[-200:]
    return merged, has_formulas


def _unmerged(number: int, cells: list[Any], merged: Ranges, spread: dict[tuple[int, int], Any]) -> list[Any]:
    """The cells of a row, what is merged with the first one of its range like that one; `spread`: what later rows inherit."""
    if not merged:
        return cells
    for at in range(len(cells)):
        if last := merged.get((number, at + 1)):
            for row in range(number, last[0] + 1):
                for column in range(at + 1, last[1] + 1):
                    spread[row, column] = cells[at]
    width = max([len(cells), *(column for row, column in spread if row == number)])
    cells = [*cells, *[None] * (width - len(cells))]
    return [spread.pop((number, at + 1), value) if value is None else value for at, value in enumerate(cells)]
