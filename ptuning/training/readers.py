"""Reads rows of training data: a JSON array, JSON lines, an object that holds one array, or csv."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError


def text_of(path: Path) -> str:
    """The file's text, UTF-8 with or without a byte order mark.

    Raises:
        PtuningError: it is not there, cannot be read, or is in another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PtuningError(f"数据文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise PtuningError(f"数据文件 {path} 读不了（{error.strerror}），请检查路径与权限。") from None
    except UnicodeDecodeError as error:
        raise PtuningError(f"数据文件 {path} 不是UTF-8编码（第{error.start}字节处），请转成UTF-8。") from None


def _parsed(text: str, path: Path, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise PtuningError(f"数据文件 {path} 第{line}行不是合法的JSON（{error.msg}），请改正。") from None
    except RecursionError:
        raise PtuningError(f"数据文件 {path} 第{first_line}行的JSON嵌套太深，请改成一层的 {{字段: 值}}。") from None


def _items(rows: list[Any]) -> list[tuple[str, Any]]:
    return [(f"第{i}项", row) for i, row in enumerate(rows, 1)]


def _json_rows(text: str, path: Path) -> list[tuple[str, Any]]:
    """An array; JSON lines; or one object spread over lines that holds the array in one of its fields ({"data": […]})."""
    if text.lstrip().startswith("["):
        return _items(_parsed(text, path, 1))
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return [(f"第{number}行", _parsed(line, path, number)) for number, line in lines]
    fields = whole.items() if isinstance(whole, dict) else ()
    arrays = [key for key, value in fields if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(arrays) == 1:
        return _items(whole[arrays[0]])
    return [(f"第{lines[0][0]}行", whole)]


def _csv_rows(text: str, path: Path) -> list[tuple[str, Any]]:
    """Rows under a heading line; where: the line on which a row ends."""
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    rows: list[tuple[str, Any]] = []
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


def read_rows(path: Path) -> list[tuple[str, Any]]:
    """(where it is, row) of every row, in order; a row of csv holds texts only.

    Raises:
        PtuningError: names the file and the line that cannot be read.
    """
    text = text_of(path)
    return _csv_rows(text, path) if path.suffix.lower() == ".csv" else _json_rows(text, path)
