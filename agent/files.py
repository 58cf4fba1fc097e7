"""Files: texts of users in the encodings they come in, and files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agent.errors import CaibaoError

ENCODINGS = ("utf-8-sig", "gb18030")  # of users' files, the first that fits


def decode(raw: bytes, name: str) -> str:
    """Text of `raw`: UTF-8 (with or without BOM), else GB 18030.

    Raises:
        CaibaoError: neither fits.
    """
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            position = error.start
    raise CaibaoError(f"{name} 既不是UTF-8也不是GB18030编码（第{position}字节处），请另存为UTF-8后重试。")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        CaibaoError: there is no such file, it cannot be read, or its encoding is unknown.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise CaibaoError(f"文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error.strerror}。") from None
    if b"\x00" in raw:
        raise CaibaoError(f"{path} 不是文字文件（第{raw.index(0)}字节是空字符），请另存为UTF-8后重试。")
    return decode(raw, str(path))


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; what was written takes its place at the end, and is gone where something went wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def alone(file: IO[str], path: Path) -> Iterator[None]:
    """The only one that writes `file`, as long as it is open: two runs would write everything twice. The system lets go when a
    process ends, however it ends.

    Raises:
        CaibaoError: somebody else writes it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CaibaoError(f"另一个程序正在写 {path}，请等它结束，或换一个文件名。") from None
    yield
