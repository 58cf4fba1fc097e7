"""A report cut into passages: the lines under one title on one page, each knowing the titles above it.

Lines that a page breaks for want of room are joined to paragraphs; rows of tables stay lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from agent.reports.pages import Page
from agent.reports.text import headings, lines
from agent.reports.text.headings import Path
from agent.reports.text.lines import Read

LONGEST = 600  # characters of a passage; a longer paragraph stays whole
_FULL = 0.86  # of the widest lines: a line as wide goes on in the next one
_PROSE = 60  # width from which a line with a comma and no end is a part of a paragraph
_PART, _PARTS = 36, 4  # width of a line that is a part of a broken name, and how many it has
_BARE_FIGURE = re.compile(r"[-－(（]?\d[\d,，]*(?:\.\d+)?%?[)）]?(?:\s|$)")
_ENDED = re.compile(r"[。；：:，,]$|^[-－(（]?\d[\d,.%]*$")
_SENTENCE_END = tuple("。！？；：")
_PLAIN_TITLE = re.compile(r"[^\d。；，,%％□√]{4,36}")
# The rows of the statements are numbered too; no title stands among them until the notes begin.
_STATEMENT = re.compile(r"(?:\d、|[(（].{1,2}[)）])?\s*(?:合并|母公司|公司|银行)*(?:资产负债表|利润表|现金流量表|(?:所有者|股东)权益变动表)")
_NOTES = re.compile("基本情况|编制基础|会计政策|会计估计|项目注释|公司概况|历史沿革|其他重要|补充资料")
_TITLE_END = ("情况", "说明", "资料", "列示", "披露", "事项", "情况：", "如下：", "名称", "明细", "构成", "分析", "原因")


@dataclass(frozen=True)
class Passage:
    """`section`: number of the title that it stands under, growing through the report; `lines`: paragraphs and rows as printed."""

    section: int
    page: int
    path: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class _Placed:
    section: int
    page: int
    path: tuple[str, ...]
    text: str


def of(pages: Sequence[Page]) -> list[Passage]:
    """The passages of a report in its order."""
    found = []
    for (section, page, path), group in groupby(_placed(lines.of(pages)), key=lambda p: (p.section, p.page, p.path)):
        for part in _parts([placed.text for placed in group]):
            found.append(Passage(section, page, path, part))
    return found


def _parts(texts: list[str]) -> Iterator[tuple[str, ...]]:
    """Lines in lots of at most `LONGEST` characters."""
    lot: list[str] = []
    for text in texts:
        if lot and sum(map(len, lot)) + len(text) > LONGEST:
            yield tuple(lot)
            lot = []
        lot.append(text)
    if lot:
        yield tuple(lot)


def _placed(read: list[Read]) -> Iterator[_Placed]:
    """Paragraphs and rows with the titles above them."""
    contents = headings.contents([line.text for line in read])
    blocks = [b for b in _with_labels(list(_blocks(read, contents))) if not headings.is_contents_line(b.text)]
    path, section, in_statement = Path(), 0, False
    for i, block in enumerate(blocks):
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        if _is_chapter(block, contents):
            path.chapter(block.text)
            section, in_statement = section + 1, False
            continue
        number = headings.numbered(block.text) if block.kind == "text" else None
        in_statement = bool(_STATEMENT.fullmatch(block.text)) or (in_statement and not (number and _NOTES.search(block.text)))
        if in_statement and not _STATEMENT.fullmatch(block.text):
            yield _Placed(section, block.page, path.texts, block.text)
        elif in_statement:
            path.plain_title(block.text)
            section += 1
        elif number and headings.may_be_title(number.title) and path.take(number, block.text):
            section += 1
        elif number is None and after and _is_plain_title(block, after):
            path.plain_title(block.text)
            section += 1
        else:
            yield _Placed(section, block.page, path.texts, block.text)


def _is_chapter(block: Read, contents: dict[str, str]) -> bool:
    return block.kind == "text" and headings.is_chapter(block.text, contents)


def _is_plain_title(block: Read, after: Read) -> bool:
    """Words alone above a table or above boxes."""
    if block.kind != "text" or not _PLAIN_TITLE.fullmatch(block.text):
        return False
    return after.kind == "ticked" or lines.is_unit(after.text) or (after.kind == "row" and block.text.endswith(_TITLE_END))


def _blocks(read: list[Read], contents: dict[str, str]) -> Iterator[Read]:
    """Lines, those that go on joined."""
    full = _full_widths(read)
    at = 0
    while at < len(read):
        block, at = read[at], at + 1
        last = block
        while at < len(read) and _goes_on(last, read[at], full[last.page]) and not _is_chapter(read[at], contents):
            last = read[at]
            block = block._replace(text=_join(block.text, last.text), kind="row" if last.kind == "row" else block.kind)
            at += 1
        yield block


def _with_labels(blocks: list[Read]) -> list[Read]:
    """Rows that begin with a figure, joined to the short lines above them: the name that its cell broke."""
    found: list[Read] = []
    for block in blocks:
        if _BARE_FIGURE.match(block.text) and block.kind != "ticked":
            parts: list[str] = []
            while found and len(parts) < _PARTS and _is_part(found[-1], block.page):
                parts.insert(0, found.pop().text)
            if parts:
                block = block._replace(text=f"{''.join(parts)} {block.text}", kind="row")
        found.append(block)
    return found


def _is_part(line: Read, page: int) -> bool:
    """Of a name that its cell broke."""
    short = line.kind == "text" and line.page == page and line.width < _PART and not _ENDED.search(line.text)
    return short and headings.numbered(line.text) is None and not lines.is_unit(line.text)


def _full_widths(read: list[Read]) -> dict[int, float]:
    """Page → width from which a line of prose is full; pages differ in the size of their letters."""
    usual = _usual_width(read) or 1000.0
    pages = {page: list(group) for page, group in groupby(read, key=lambda line: line.page)}
    return {page: _FULL * ((_usual_width(group) if len(group) > 5 else 0) or usual) for page, group in pages.items()}


def _usual_width(read: list[Read]) -> float:
    """Of a full line of prose; 0 where there is too little prose."""
    widths = sorted(line.width for line in read if line.kind == "text" and line.width > 30 and re.search("[，。、；]", line.text))
    return widths[int(len(widths) * 0.85)] if len(widths) > 4 else 0.0


def _goes_on(line: Read, after: Read, full: float) -> bool:
    if line.kind != "text" or after.kind == "ticked" or after.page - line.page > 1:
        return False
    if line.text.endswith(_SENTENCE_END[:3]):
        return False
    number = headings.numbered(after.text)
    if after.page > line.page and after.kind == "text" and number is None and line.width > _PART:
        return True
    plain = after.kind == "text" and number is None and headings.numbered(line.text) is None
    unfinished = plain and line.width > _PROSE and re.search("，", line.text)
    if not unfinished and not full <= line.width <= 1.6 * full:
        return False
    return number is None or number.style in ("1.1", "1.1.1") or not line.text.endswith(_SENTENCE_END)


def _join(text: str, more: str) -> str:
    """A blank stays between two Latin words or numbers."""
    return f"{text} {more}" if re.search(r"[A-Za-z0-9]$", text) and re.match(r"[A-Za-z]", more) else text + more
