"""What the first reading of a table file saw in a column: numbers or text, how long, how exact, percent points or fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from agent.table import cells as cell_reader
from agent.table.cells import PLAIN, OddCell

_SAMPLE = 2000  # ratios that are looked at to tell percent points from fractions


@dataclass
class Measure:
    """What the first reading of a column saw."""

    is_ratio: bool = False  # only of ratios the values are kept
    numbers: int = 0
    odd: int = 0
    texts: int = 0  # that are surely none: a code with leading zeros
    longest: int = 0  # characters
    decimals: int = 4  # places behind the point; some more than the file has, so that later figures fit too
    ratios: list[Decimal] = field(default_factory=list)  # without a % sign
    first: list[str] = field(default_factory=list)  # cells, as they stand there

    def see(self, cell: Any, power: int) -> None:
        text = str(cell)
        self.longest = max(self.longest, len(text))
        if len(self.first) < 3:
            self.first.append(text[:30])
        if len(text) > 1 and text[0] == "0" and text.isdecimal():
            self.texts += 1
        if type(cell) is str and power == 0 and (plain := PLAIN.fullmatch(cell)):
            self.numbers += 1
            self.decimals = max(self.decimals, len(plain[1] or ""))
            if self.is_ratio and len(self.ratios) < _SAMPLE:
                self.ratios.append(Decimal(cell))
            return
        try:
            amount = cell_reader.number(cell)
        except OddCell:
            self.odd += not isinstance(cell, cell_reader.Formula)
            return
        if amount is None:
            return
        self.numbers += 1
        value = amount.value if amount.has_unit or amount.percent else amount.value.scaleb(power)
        exponent = value.normalize().as_tuple().exponent
        self.decimals = max(self.decimals, min(-exponent if isinstance(exponent, int) else 0, cell_reader.DECIMALS))
        if self.is_ratio and not amount.percent and len(self.ratios) < _SAMPLE:
            self.ratios.append(amount.value)

    @property
    def is_text(self) -> bool:
        """Of a column that the schema does not know: one odd cell among numbers does not make it text."""
        return self.texts > 0 or self.odd > self.numbers


def may_be_points(values: Sequence[Decimal]) -> bool:
    """Whether small ratios, beside a column of percent points, may be such themselves: 1.2, or 0.03 in the middle."""
    known = sorted(map(abs, values))
    return known[-1] > 1 or known[len(known) // 2] < Decimal("0.05")


def points_or_fractions(values: Sequence[Decimal]) -> Literal["points", "fractions", "either"]:
    """What a column of ratios holds: most of them above 2 are percent points, hardly any above 2 fractions."""
    known = [abs(value) for value in values if value]
    large, small = sum(value > 2 for value in known), sum(value <= 1 for value in known)
    if large > small:
        return "points"
    if large * 20 <= small or not large:
        return "fractions"
    return "either"
