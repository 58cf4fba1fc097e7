"""Pages of a report, their lines, and the words of a PDF page with their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Box = tuple[float, float, float, float]
"""x0, top, x1, bottom in points (1/72 inch) from the page's upper left corner."""


class Line(NamedTuple):
    """A line of a page as printed. `cells`: the row of a table whose cells the file itself keeps apart (not in a PDF)."""

    text: str
    cells: tuple[str, ...] = ()
    kind: Literal["text", "head", "foot"] = "text"  # head, foot: running head and foot, where the file says so


@dataclass(frozen=True)
class Page:
    """`number`: physical page of a PDF counted from 1, the file's own page number otherwise."""

    number: int
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class Word(NamedTuple):
    """Characters without a blank between them, and their box."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True)
class Layout:
    """The words of a PDF page from top to bottom, and its ruled lines (x0, top, x1, bottom)."""

    words: tuple[Word, ...]
    rulings: tuple[Box, ...]
    width: float
    height: float
