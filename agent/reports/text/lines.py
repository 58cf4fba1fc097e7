"""The lines of a report's pages as they are read: without running heads and feet, boxes read as what is ticked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from agent.reports.pages import Line, Page

Kind = Literal["text", "row", "ticked"]
_TOP, _BOTTOM = 4, 2  # lines of a page that may be its running head and foot
_PAGE_NUMBER = re.compile(r"\s*(?:第\s*)?[-—]*\s*\d{1,4}\s*[-—]*(?:\s*页)?(?:\s*[/共]\s*(?:共\s*)?\d{1,4}\s*页?)?\s*")
_EMPTY_BOX = "□☐"
_MARKS = "√☑✓✔■\uf052\uf0fe\uf0a2"
_OPTION = re.compile(rf"([{_EMPTY_BOX}{_MARKS}])?\s*([^\s{_EMPTY_BOX}{_MARKS}]+)")
# Without a box drawn: 适用 □不适用 has one, 适用 不适用 has none at all and says nothing.
_AMOUNT = r"[-－(（]?\d[\d,，]*(?:\.\d+)?%?[)）]?"
_LAST_AMOUNT = re.compile(rf"\S\s+(?:{_AMOUNT}|--?|不适用|/)\s*$")
_AMOUNTS = re.compile(rf"(?<!\S){_AMOUNT}(?!\S)")
_PROSE = re.compile("[。；！？]")


class Read(NamedTuple):
    """A line that was read. ticked: `text` is the option that is ticked, after what stands before the boxes."""

    page: int
    text: str
    kind: Kind
    width: int  # of the line as printed: a Chinese character counts two


def of(pages: Sequence[Page]) -> list[Read]:
    """The lines of all pages in their order; empty ones are left out."""
    return [
        _read(page.number, line)
        for page, running in zip(pages, _running(pages))
        for i, line in enumerate(page.lines)
        if i not in running and line.kind == "text" and line.text.strip()
    ]


def width(text: str) -> int:
    """Chinese and full-width characters count two, others one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _running(pages: Sequence[Page]) -> Iterator[set[int]]:
    """Of each page the numbers of the lines that are its running head or foot: the next or the last page but one has them at the same place."""
    plain = [_ends(page) for page in pages]
    for i, ends in enumerate(plain):
        near = [plain[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(plain)]
        lines = pages[i].lines
        yield {
            at % len(lines)
            for at, text in ends.items()
            if not text or (any(other.get(at) == text for other in near) and not is_unit(text))
        }


def _ends(page: Page) -> dict[int, str]:
    """Upper and lower lines by their place (from the end below zero), without digits; an empty text is a page number."""
    count = len(page.lines)
    places = [*range(min(_TOP, count)), *range(-min(_BOTTOM, max(count - _TOP, 0)), 0)]
    return {
        at: "" if _PAGE_NUMBER.fullmatch(page.lines[at].text) else re.sub(r"[\d\s]", "", page.lines[at].text)
        for at in places
        if page.lines[at].text.strip()
    }


def is_unit(text: str) -> bool:
    """单位：元, above a table."""
    return text.lstrip("(（").startswith(("单位", "货币单位", "金额单位"))


def _read(page: int, line: Line) -> Read:
    text = " ".join(line.text.split())
    wide = width(text)
    if any(c in text for c in _EMPTY_BOX + _MARKS):
        return Read(page, ticked(text), "ticked", wide)
    cells = [cell for cell in line.cells if cell.strip()]
    is_row = len(cells) > 1 or (not _PROSE.search(text) and bool(_LAST_AMOUNT.search(text) or len(_AMOUNTS.findall(text)) > 1))
    return Read(page, text, "row" if is_row else "text", wide)


def ticked(text: str) -> str:
    """What is ticked: the options with a mark, else those without an empty box (Shenzhen prints the ticked box without a character).

    >>> ticked("□适用 √不适用"), ticked("是否改聘会计师事务所 □是 否"), ticked("适用□不适用")
    ('不适用', '是否改聘会计师事务所：否', '适用')
    """
    options = [(mark, said) for mark, said in _OPTION.findall(text)]
    marked = [said for mark, said in options if mark and mark in _MARKS]
    unmarked = [said for mark, said in options if not mark]
    if marked:
        before = text[: min(text.find(c) for c in _EMPTY_BOX + _MARKS if c in text)].strip()
        return "：".join(filter(None, [before, "、".join(marked)]))
    return "：".join(unmarked) if unmarked else f"{''.join(said for _, said in options)}（未勾选）"
