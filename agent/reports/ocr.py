"""Pages without text, recognised by RapidOCR (requirements-ocr.txt; its Chinese models come in the wheel). Seconds a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pypdfium2 as pdfium

from agent.errors import CaibaoError
from agent.reports.document import Document
from agent.reports.pages import Layout, Line, Page, Word

_RESOLUTION = 200  # pixels an inch
_POINT = 72 / _RESOLUTION  # points a pixel


def recognised(document: Document) -> Document:
    """The document with the text of its pictures, and their layouts.

    Raises:
        CaibaoError: the extra is not installed.
    """
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        raise CaibaoError("没有装OCR，请先运行 pip install -r requirements-ocr.txt。") from None
    engine = RapidOCR()
    source = pdfium.PdfDocument(document.path)
    found = {number: _layout(engine, source[number - 1]) for number in document.pictures}
    source.close()
    pages = tuple(
        Page(page.number, tuple(Line(word.text) for word in found[page.number].words)) if page.number in found else page
        for page in document.pages
    )
    before = document.layout

    def layout(number: int) -> Layout:
        if number in found or before is None:
            return found[number]
        return before(number)

    return replace(document, pages=pages, layout=layout)


def _layout(engine: Any, page: pdfium.PdfPage) -> Layout:
    picture = page.render(scale=1 / _POINT, rev_byteorder=True).to_numpy()
    result, _ = engine(picture[:, :, :3])
    width, height = page.get_size()
    words = sorted(_words(result or []), key=lambda word: (word.top, word.x0))
    return Layout(tuple(words), (), width, height)


def _words(result: list[Any]) -> Iterator[Word]:
    for corners, text, _ in result:
        xs, ys = [x * _POINT for x, _ in corners], [y * _POINT for _, y in corners]
        yield Word(text, min(xs), min(ys), max(xs), max(ys))
