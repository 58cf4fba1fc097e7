"""Cells of a PDF page by its ruled lines: the words between the nearest lines on the four sides."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from agent.reports.pages import Box, Layout, Word

_NEAR = 2.0  # points that two lines of one border, or a line and the end of another, may be apart


@dataclass(frozen=True)
class Cell:
    """The words of a ruled cell and its box."""

    words: tuple[Word, ...]
    box: Box

    @cached_property
    def text(self) -> str:
        return "".join(word.text for line in on_lines(self.words) for word in line)

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def cells(layout: Layout) -> list[Cell]:
    """From top to bottom and left to right; words outside of any ruled cell are left out."""
    flat = sorted((r for r in layout.rulings if r[2] - r[0] > r[3] - r[1]), key=lambda r: r[1])
    upright = sorted((r for r in layout.rulings if r[2] - r[0] <= r[3] - r[1]), key=lambda r: r[0])
    found: dict[Box, list[Word]] = defaultdict(list)
    for word in layout.words:
        box = _around(word, flat, upright)
        if box:
            found[box].append(word)
    return sorted((Cell(tuple(words), box) for box, words in found.items()), key=lambda c: (c.box[1], c.box[0]))


def _around(word: Word, flat: Sequence[Box], upright: Sequence[Box]) -> Box | None:
    x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
    over = [r for r in flat if r[0] - _NEAR <= x <= r[2] + _NEAR]
    beside = [r for r in upright if r[1] - _NEAR <= y <= r[3] + _NEAR]
    below = bisect_right([r[1] for r in over], y)
    right = bisect_right([r[0] for r in beside], x)
    if not (0 < below < len(over) and 0 < right < len(beside)):
        return None
    edges = beside[right - 1][0], over[below - 1][1], beside[right][0], over[below][1]
    return tuple(round(edge / _NEAR) * _NEAR for edge in edges)  # type: ignore[return-value]


def on_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words from line to line, each from left to right; what overlaps in height is one line."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.top, w.x0)):
        if lines and word.top < lines[-1][0].bottom - 0.5 * (word.bottom - word.top):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda w: w.x0) for line in lines]


def beside(found: Sequence[Cell], cell: Cell) -> list[Cell]:
    """Cells whose middle lies in the height of a cell, from left to right."""
    tops = [c.box[1] for c in found]
    near = found[: bisect_left(tops, cell.box[3])]
    return sorted((c for c in near if cell.box[1] < c.middle < cell.box[3] and c is not cell), key=lambda c: c.box[0])
