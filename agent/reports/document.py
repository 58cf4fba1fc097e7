"""A report as it is read: pages with their lines, from PDF, HTML, line-JSON and plain text; what it is, its bytes say.

Bad files raise a sentence. The words of a PDF with their places are read a page at a time by `Document.layout`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.errors import CaibaoError
from agent.files import decode
from agent.reports import html, pdf, plain
from agent.reports.pages import Layout, Page

Kind = Literal["pdf", "html", "json", "text"]
LARGEST = 300 << 20  # bytes; the longest reports of banks have 30 MB


@dataclass(frozen=True)
class Document:
    """A file that has been read. `layout`: words of the page with that number; None where the file has no places."""

    path: Path
    kind: Kind
    digest: str  # SHA-256 of the bytes
    pages: tuple[Page, ...]
    layout: Callable[[int], Layout] | None = field(default=None, compare=False)

    @property
    def file(self) -> str:
        return self.path.name

    @property
    def pictures(self) -> tuple[int, ...]:
        """Pages without any text."""
        return tuple(page.number for page in self.pages if not page.text.strip())


def read(path: Path) -> Document:
    """The document in a file.

    Raises:
        CaibaoError: there is no such file, or it is empty, encrypted, cut, too large or none of these kinds.
    """
    raw = _bytes(path)
    known = hashlib.sha256(raw).hexdigest()
    if b"%PDF-" in raw[:1024]:
        pages, layout = pdf.read(raw, path)
        return Document(path, "pdf", known, pages, layout)
    if b"\x00" in raw[:4096]:
        raise CaibaoError(f"{path} 不是PDF、HTML或文字文件（内容与扩展名不符？），请换成年报的PDF、HTML或txt。")
    text = decode(raw, str(path))
    if html.looks_like(text):
        return Document(path, "html", known, html.read(text, path))
    if plain.is_json_lines(text):
        return Document(path, "json", known, plain.read_json_lines(text, path))
    return Document(path, "text", known, plain.read_text(text, path))


def digest(path: Path) -> str:
    """SHA-256 of a file. Raises CaibaoError as `read` does."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise CaibaoError(f"{path} 不是文件，请给出年报文件的路径。")
        if size == 0:
            raise CaibaoError(f"{path} 是空文件（0字节），请重新下载。")
        if size > LARGEST:
            raise CaibaoError(f"{path} 有{size >> 20}MB，最多{LARGEST >> 20}MB。")
        return path.read_bytes()
    except FileNotFoundError:
        raise CaibaoError(f"文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise CaibaoError(f"文件 {path} 不能读取：{error.strerror}。") from None
