"""Reads rows of training data: a JSON array, JSON lines, an object that holds one array, or csv."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError

Row = tuple[str, Any]  # where it is, what it is
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LINE_EACH = "请写成每行一个对象（{字段: 值}），对象之间不加逗号；或写成一个完整的数组"
JSON = json.JSONDecoder()
COMMON = 0.75  # of the characters of a text in GBK; of Big5 read as GBK it is about a third


def text_of(path: Path, tell: Callable[[str], object] = lambda text: None) -> str:
    """The file's text, in UTF-8, UTF-16 or GBK (GB 18030), with or without a byte order mark. tell: takes a sentence about an
    encoding that was found out.

    Raises:
        PtuningError: it is not there, cannot be read, or is in another encoding.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise PtuningError(f"数据文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise PtuningError(f"数据文件 {path} 读不了（{error.strerror}），请检查路径与权限。") from None
    encoding = next((name for mark, name in MARKS.items() if raw.startswith(mark)), None) or _unmarked(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise PtuningError(
            f"数据文件 {path} 不是UTF-8、UTF-16或GBK编码的文字（第{error.start}字节处），请另存为UTF-8。"
        ) from None
    if not encoding.startswith("utf-8"):
        tell(f"提示：{path} 不是UTF-8，按{encoding.upper()}读取。")
    return text


def _unmarked(raw: bytes) -> str:
    """The encoding of bytes without a mark. A file of data begins with an ASCII character, which is half empty in UTF-16."""
    if b"\0" in raw[:2]:
        return "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030" if _is_gbk(raw) else "utf-8"
    return "utf-8"


def _is_gbk(raw: bytes) -> bool:
    """Whether bytes that are no UTF-8 are Chinese in GBK: not UTF-8 with a damaged place, and not another encoding, which would
    give characters that hardly occur."""
    damaged = raw.decode("utf-8", errors="replace")
    if damaged.count("\ufffd") < sum(ord(character) > 127 for character in damaged) / 2:
        return False
    try:
        hanzi = re.findall("[\u3400-\u9fff\ue000-\uf8ff]", raw.decode("gb18030"))
    except UnicodeDecodeError:
        return False
    common = sum(character.encode("gb2312", errors="ignore") != b"" for character in hanzi)
    return common >= COMMON * len(hanzi)


def _broken(path: Path, line: int, why: str) -> PtuningError:
    return PtuningError(f"数据文件 {path} 第{line}行{why}，{LINE_EACH}。")


def _reason(text: str, at: int) -> str:
    """What is wrong with JSON that could not be read at a place."""
    behind, before = text[at:].lstrip(), text[:at].rstrip()
    if before.endswith(",") and behind[:1] in ("", "]", "}"):
        return "结尾多了一个逗号"
    if behind[:1] == "," and before.endswith(","):
        return "多了一个逗号"
    return "不是合法的JSON"


def _parsed(text: str, path: Path, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(path, first_line + error.lineno - 1, _reason(text, error.pos)) from None
    except RecursionError:
        raise PtuningError(f"数据文件 {path} 第{first_line}行的JSON嵌套太深，请改成一层的 {{字段: 值}}。") from None


def _values(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    """(line, value) of JSON values one behind the other, however they are spread over lines, with or without commas; in an
    array, one comma too many is passed over."""
    closed = re.fullmatch(r"\s*\[(.*?),?\s*\]\s*", text, re.S)
    begin, end = closed.span(1) if closed else (0, len(text))
    gap = re.compile(r"\s*,?\s*")
    at = re.compile(r"\s*").match(text, begin).end()  # type: ignore[union-attr]
    while at < end:
        try:
            value, after = JSON.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _broken(path, text.count("\n", 0, error.pos) + 1, _reason(text, error.pos)) from None
        yield text.count("\n", 0, at) + 1, value
        at = gap.match(text, after).end()  # type: ignore[union-attr]


def _items(rows: list[Any]) -> list[Row]:
    return [(f"第{i}项", row) for i, row in enumerate(rows, 1)]


def _array(text: str, path: Path) -> list[Row]:
    try:
        return _items(_parsed(text, path, 1))
    except PtuningError:
        if not text.rstrip().endswith("]"):
            raise
        return _items([value for _, value in _values(text, path)])


def _json_rows(text: str, path: Path, is_row: Callable[[dict[str, Any]], bool]) -> list[Row]:
    """An array; JSON lines; or one object that is no row itself and holds the array in one of its fields ({"data": […]})."""
    if text.lstrip().startswith("["):
        return _array(text, path)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return _lines(lines, text, path)
    fields = whole.items() if isinstance(whole, dict) and not is_row(whole) else ()
    arrays = [key for key, value in fields if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(arrays) == 1:
        return _items(whole[arrays[0]])
    return [(f"第{lines[0][0]}行", whole)]


def _lines(lines: list[tuple[int, str]], text: str, path: Path) -> list[Row]:
    """An object a line; where that fails, objects spread over lines or with commas between them."""
    try:
        return [(f"第{number}行", _parsed(line, path, number)) for number, line in lines]
    except PtuningError as error:
        try:
            rows = [(f"第{line}行", value) for line, value in _values(text, path)]
        except (PtuningError, RecursionError):
            raise error from None
        if not all(isinstance(row, dict) for _, row in rows):
            raise
        return rows


def _csv_rows(text: str, path: Path) -> list[Row]:
    """Rows under a heading line, which says whether commas or tabs stand between the cells; where: the line on which a row
    ends."""
    heading = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(keepends=True), strict=True, delimiter="\t" if "\t" in heading and "," not in heading else ","
    )
    rows: list[Row] = []
    usual = csv.field_size_limit(len(text) + 1)  # a prompt may hold a whole page; the library stops at 128 kB
    try:
        for row in reader:
            where = f"第{reader.line_num}行"
            if None in row or None in row.values():
                raise PtuningError(
                    f"数据文件 {path} {where}的列数与标题行的{len(reader.fieldnames or ())}列不同，请补齐或加引号。"
                )
            rows.append((where, row))
    except csv.Error as error:
        raise PtuningError(f"数据文件 {path} 第{reader.line_num + 1}行不是合法的CSV（{error}），请改正。") from None
    finally:
        csv.field_size_limit(usual)
    return rows


def read_rows(
    path: Path,
    is_row: Callable[[dict[str, Any]], bool] = lambda row: False,
    tell: Callable[[str], object] = lambda text: None,
) -> list[Row]:
    """(where it is, row) of every row, in order; a row of csv holds texts only.

    is_row: whether an object that stands alone in a file is a row; else its one array of objects holds the rows. tell: as
    in `text_of`.

    Raises:
        PtuningError: names the file and the line that cannot be read.
    """
    text = text_of(path, tell)
    return _csv_rows(text, path) if path.suffix.lower() in (".csv", ".tsv") else _json_rows(text, path, is_row)
