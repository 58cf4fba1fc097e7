"""Reports as HTML: text in order, tables as rows with merged cells written out; pages where the file marks them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import lxml.html
from lxml import etree

from agent.errors import CaibaoError
from agent.reports.pages import Line, Page

_MOST_SPAN = 50  # columns or rows that one cell may cover
_BLOCKS = frozenset(
    {"p", "div", *(f"h{n}" for n in range(1, 7)), "li", "tr", "br", "section", "article", "dt", "dd", "pre"}
)
_SILENT = frozenset({"script", "style", "head", "noscript", "template"})
_MARK = re.compile(r"<(?:!doctype\s+html|html|head|body|table|div|p)\b", re.IGNORECASE)


def looks_like(text: str) -> bool:
    return bool(_MARK.search(text[:4096])) and text.lstrip("\ufeff \t\r\n").startswith("<")


def read(text: str, path: Path) -> tuple[Page, ...]:
    """The pages; all is page 1 where nothing marks a new one (`data-page-no`, `page-break-before`, `page-break-after`).

    Raises:
        CaibaoError: it cannot be parsed, or holds no text.
    """
    parser = lxml.html.HTMLParser(no_network=True, remove_comments=True, recover=True)
    try:
        tree = lxml.html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    except (etree.LxmlError, ValueError):
        raise CaibaoError(f"{path} 不能当作HTML读取，请检查文件。") from None
    pages: list[list[Line]] = [[]]
    _Walk(pages).element(tree)
    found = tuple(Page(number, tuple(lines)) for number, lines in enumerate(filter(None, pages), 1))
    if not found:
        raise CaibaoError(f"{path} 里没有文字。")
    return found


class _Walk:
    """Goes through a tree in its order and writes lines to the last page."""

    def __init__(self, pages: list[list[Line]]) -> None:
        self._pages = pages
        self._said: list[str] = []

    def element(self, top: etree._Element) -> None:
        """Without recursion, as the depth is the file's choice."""
        stack: list[tuple[etree._Element, bool]] = [(top, False)]
        while stack:
            node, done = stack.pop()
            tag = node.tag if isinstance(node.tag, str) else ""
            if done:
                self._close(tag, node)
                continue
            if tag in _SILENT or not tag:
                self._say(node.tail)
                continue
            if _begins_page(node):
                self._break()
            if tag == "table" and not any(True for _ in node.iterdescendants("table")):
                self._flush()
                self._pages[-1].extend(Line(" ".join(dict.fromkeys(filter(None, row))), row) for row in _rows(node))
                self._say(node.tail)
                continue
            if tag in _BLOCKS:
                self._flush()
            self._say(node.text)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node))
        self._flush()

    def _close(self, tag: str, node: etree._Element) -> None:
        if tag in _BLOCKS:
            self._flush()
        if "page-break-after" in (node.get("style") or ""):
            self._break()
        self._say(node.tail)

    def _say(self, text: str | None) -> None:
        if text:
            self._said.append(text)

    def _flush(self) -> None:
        line = " ".join("".join(self._said).split())
        self._said.clear()
        if line:
            self._pages[-1].append(Line(line))

    def _break(self) -> None:
        self._flush()
        self._pages.append([])


def _begins_page(node: etree._Element) -> bool:
    return node.get("data-page-no") is not None or "page-break-before" in (node.get("style") or "")


def _rows(table: etree._Element) -> Iterator[tuple[str, ...]]:
    """The rows of a table; the text of a merged cell stands in each place that it covers."""
    covered: dict[int, tuple[int, str]] = {}  # column → rows still covered, text
    for tr in table.iter("tr"):
        row: list[str] = []
        for cell in tr.iter("td", "th"):
            _fill(row, covered)
            text = " ".join(" ".join(cell.itertext()).split())
            rows = _span(cell, "rowspan")
            for _ in range(_span(cell, "colspan")):
                if rows > 1:
                    covered[len(row)] = (rows - 1, text)
                row.append(text)
        _fill(row, covered)
        if any(row):
            yield tuple(row)


def _fill(row: list[str], covered: dict[int, tuple[int, str]]) -> None:
    while len(row) in covered:
        column, (left, text) = len(row), covered.pop(len(row))
        if left > 1:
            covered[column] = (left - 1, text)
        row.append(text)


def _span(cell: etree._Element, name: str) -> int:
    text = cell.get(name) or ""
    return min(max(int(text), 1), _MOST_SPAN) if text.isdecimal() and len(text) < 5 else 1
