"""The lines of a table file (csv, csv.gz, xlsx), one after another: a file of any size, in little memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from agent.errors import CaibaoError
from agent.files import ENCODINGS

Line = tuple[int, list[Any]]  # its number, as an editor (or Excel) counts, and its cells
_CHUNK = 1 << 20  # bytes


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
    """Raises CaibaoError where it is none of ENCODINGS."""
    position: int | None = None
    for encoding in ENCODINGS:
        position = _misread(path, encoding)
        if position is None:
            return encoding
    raise CaibaoError(f"{path} 既不是UTF-8也不是GB18030编码（第{position}字节处），请另存为UTF-8后重试。")


def _csv(path: Path) -> Iterator[Line]:
    """Lines are counted as an editor counts them: a cell may hold line breaks."""
    with TextIOWrapper(_open(path), encoding=_encoding(path), newline="") as text:
        reader, line = csv.reader(text), 1
        try:
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise CaibaoError(f"{path} 第{line}行不是csv（{error}），请检查引号。") from None


def _xlsx(path: Path) -> Iterator[Line]:
    """The first sheet; its XML is read only while the rows are, so that damage shows late."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
                yield number, list(row)
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        SyntaxError,
        RuntimeError,
    ) as error:
        # openpyxl lets whatever its parsers meet in a damaged file escape: ParseError is a SyntaxError, an encrypted part a RuntimeError.
        raise CaibaoError(f"{path} 不是完好的xlsx文件（{type(error).__name__}），请重新另存一次。") from None


def lines(path: Path) -> Iterator[Line]:
    """The lines of the file, the heading line first.

    Raises:
        CaibaoError: the file is missing, of another kind, or damaged.
    """
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".xlsx")):
        raise CaibaoError(f"不能导入 {path}：只支持 .csv、.csv.gz 和 .xlsx。")
    try:
        yield from _xlsx(path) if name.endswith(".xlsx") else _csv(path)
    except FileNotFoundError:
        raise CaibaoError(f"文件 {path} 不存在，请检查路径。") from None
    except (OSError, EOFError, zlib.error) as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error}。") from None
