"""PDF by pdfium: the lines of all pages at about 200 pages a second, words and ruled lines of the pages that are asked for."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw_api

from agent.errors import CaibaoError
from agent.reports.pages import Box, Layout, Line, Page, Word

MOST_PAGES = 2000
MOST_CHARACTERS = 60_000  # of a page; a dense one has 4,000
MOST_PATHS = 20_000  # of a page; a dense table has 600
_KEPT = 64  # layouts of pages that are kept, as several parts read the same pages
_GAP = 0.25  # of the size of a glyph: more keeps words apart
_TAIL = 4096  # bytes at the end of a whole file that hold its end mark


def read(content: bytes, path: Path) -> tuple[tuple[Page, ...], Callable[[int], Layout]]:
    """Lines of all pages, and what reads the words of one.

    Raises:
        CaibaoError: the file is encrypted, cut or no PDF.
    """
    if b"%%EOF" not in content[-_TAIL:]:
        raise CaibaoError(f"{path} 不完整（没有PDF的结尾标记），请重新下载。")
    document = _open(content, path)
    if not 0 < len(document) <= MOST_PAGES:
        raise CaibaoError(f"{path} 有{len(document)}页，要有1到{MOST_PAGES}页。")
    pages = []
    for index in range(len(document)):
        try:
            pages.append(Page(index + 1, tuple(Line(text) for text in _text(document, index).splitlines())))
        except pdfium.PdfiumError:
            raise CaibaoError(f"{path} 第{index + 1}页读不出来，文件可能损坏，请重新下载。") from None

    @lru_cache(maxsize=_KEPT)
    def layout(number: int) -> Layout:
        try:
            return _layout(document, number - 1)
        except pdfium.PdfiumError:
            raise CaibaoError(f"{path} 第{number}页读不出来，文件可能损坏，请重新下载。") from None

    return tuple(pages), layout


def _open(content: bytes, path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code == raw_api.FPDF_ERR_PASSWORD:
            raise CaibaoError(f"{path} 加了密码，请去掉密码后重试。") from None
        raise CaibaoError(f"{path} 不是完整的PDF，请重新下载。") from None


def _text(document: pdfium.PdfDocument, index: int) -> str:
    page = document[index]
    try:
        text = page.get_textpage()
        try:
            return str(text.get_text_bounded())
        finally:
            text.close()
    finally:
        page.close()


def _layout(document: pdfium.PdfDocument, index: int) -> Layout:
    page = document[index]
    try:
        width, height = page.get_size()
        text = page.get_textpage()
        try:
            rulings = tuple(_rulings(page, height))
            sides = [box for box in rulings if box[2] - box[0] < box[3] - box[1]]
            words = sorted(_words(text, height, sides), key=lambda word: (word.top, word.x0))
        finally:
            text.close()
        return Layout(tuple(words), rulings, width, height)
    finally:
        page.close()


def _words(text: pdfium.PdfTextPage, height: float, sides: Sequence[Box]) -> Iterator[Word]:
    """Runs of characters without a blank, a gap, a side of a cell or a new line between them."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    loose = raw_api.FS_RECTF()
    run: list[_Glyph] = []
    for i in range(min(text.count_chars(), MOST_CHARACTERS)):
        code = raw_api.FPDFText_GetUnicode(text, i)
        character = chr(code) if code and not 0xD800 <= code < 0xE000 else " "
        if character.isspace() or not character.isprintable():
            if run:
                yield _word(run)
            run = []
            continue
        raw_api.FPDFText_GetCharBox(text, i, left, right, bottom, top)
        raw_api.FPDFText_GetLooseCharBox(text, i, loose)
        glyph = _Glyph(
            character, left.value, height - top.value, right.value, height - bottom.value,
            loose.left, loose.right, abs(loose.top - loose.bottom),
        )  # fmt: skip
        if run and (not _continues(run[-1], glyph) or _is_apart(run[-1], glyph, sides)):
            yield _word(run)
            run = []
        run.append(glyph)
    if run:
        yield _word(run)


class _Glyph(NamedTuple):
    """A character, the box of its ink, and from where to where it takes the line."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    begin: float
    end: float
    size: float


def _continues(before: _Glyph, glyph: _Glyph) -> bool:
    """By the widths that the font gives, as the ink of a comma is thin."""
    size = max(glyph.size, before.size, 4.0)
    same_line = min(glyph.bottom, before.bottom) - max(glyph.top, before.top) > -0.6 * size
    return same_line and -size < glyph.begin - before.end < _GAP * size


def _is_apart(before: _Glyph, glyph: _Glyph, sides: Sequence[Box]) -> bool:
    """Whether the side of a cell runs between two glyphs."""
    if glyph.x0 - before.x1 < 1.0:
        return False
    middle = (glyph.top + glyph.bottom) / 2
    return any(before.x1 - 0.5 <= x <= glyph.x0 + 0.5 and top <= middle <= bottom for x, top, _, bottom in sides)


def _word(run: list[_Glyph]) -> Word:
    return Word(
        "".join(g.text for g in run),
        run[0].x0,
        min(g.top for g in run),
        max(g.x1 for g in run),
        max(g.bottom for g in run),
    )


def _rulings(page: pdfium.PdfPage, height: float) -> Iterator[Box]:
    """Thin drawn boxes and lines; a frame that is drawn counts as its four sides, a filled ground (shading) does not."""
    for count, item in enumerate(page.get_objects(filter=[raw_api.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if count > MOST_PATHS:
            return
        x0, low, x1, high = item.get_bounds()
        box = (x0, height - high, x1, height - low)
        if x1 - x0 < 3 or high - low < 3:
            yield box
        elif _stroked(item) and raw_api.FPDFPath_CountSegments(item) in (4, 5):
            yield from (
                (box[0], box[1], box[2], box[1]),
                (box[0], box[3], box[2], box[3]),
                (box[0], box[1], box[0], box[3]),
                (box[2], box[1], box[2], box[3]),
            )


def _stroked(item: pdfium.PdfObject) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(raw_api.FPDFPath_GetDrawMode(item, fill, stroke)) and bool(stroke.value)
