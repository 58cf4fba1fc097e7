"""Append-only JSON lines: every line is on the disk before the next one begins, and none is ever changed.

A writer that is killed leaves at most one line without its end, which was never promised to anybody: it is left out when the file
is read and cut off when the next line is written. Any other line that cannot be read stops the reader with its number.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.errors import CaibaoError
from agent.files import decode

Line = dict[str, Any]


def digest(value: object) -> str:
    """A short name of any JSON value: the same content, the same name."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of_files(paths: Iterable[Path]) -> str:
    """A short name of what files hold, in this order."""
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def read_lines(path: Path) -> list[Line]:
    """Every whole line; none where there is no file.

    Raises:
        CaibaoError: a line (not the last one, unfinished) is no JSON object, or the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error.strerror}。") from None
    whole = raw[: raw.rfind(b"\n") + 1]
    return [_parsed(line, path, number) for number, line in enumerate(whole.split(b"\n"), 1) if line.strip()]


def _parsed(line: bytes, path: Path, number: int) -> Line:
    where = f"{path} 第{number}行"
    try:
        row = json.loads(decode(line, where))
    except (json.JSONDecodeError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise CaibaoError(f"{where}坏了（不是一个JSON对象），其余的行没有动；请从备份或git恢复这一行，或删掉它。")
    return row


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Adds lines, all of them or none, and waits until the disk holds them; other writers wait meanwhile.

    Raises:
        CaibaoError: the disk is full, or the file cannot be written; what it held stays as it was.
    """
    text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    if not text:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = _end_of_last_line(file.fileno())
            try:
                os.ftruncate(file.fileno(), end)
                _write(file.fileno(), text.encode())
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), end)
                raise
    except OSError as error:
        raise CaibaoError(unwritable(path, error)) from None


def unwritable(path: Path, error: OSError) -> str:
    """Why a file could not be written, in one sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"磁盘满了，{path} 没有写进去；已有的内容没有动，请腾出空间后再运行同一条命令。"
    return f"不能写入 {path}：{error.strerror}，请检查权限。"


def _write(handle: int, raw: bytes) -> None:
    while raw:
        raw = raw[os.write(handle, raw) :]


def _end_of_last_line(handle: int) -> int:
    """Where the last whole line ends; a line without its end was never finished."""
    size, block = os.fstat(handle).st_size, 65536
    at = size
    while at > 0:
        start = max(0, at - block)
        found = os.pread(handle, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Nobody else does the same in this folder meanwhile.

    Raises:
        CaibaoError: somebody does.
    """
    path = folder / f".{what}.lock"
    try:
        file = open(path, "a")  # noqa: SIM115 - held until the work is done
    except OSError as error:
        raise CaibaoError(unwritable(path, error)) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CaibaoError(f"另一个进程正在 {folder} 里运行 {what}，请等它结束。") from None
        yield
