"""Figures as reports print them, and the units in which they do."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

UNITS = {"元": 1, "千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8}
_DASHES = re.compile(r"^[-—–－─一/]{1,4}$")
_FIGURE = re.compile(
    r"^(?P<open>\()?(?P<sign>[-+])?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<decimals>\.\d+)?(?P<percent>%)?(?(open)\))$"
)
_UNIT = re.compile(r"(?:单位|人民币|金额)[^元,;。]{0,8}?(百万元|千元|万元|亿元|元)")


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate({0x2212: "-", 0x2014: "-", 0x2013: "-"})
    return "".join(plain.split()).lstrip("¥")


def amount(text: str) -> Decimal | None:
    """The figure of a cell, brackets and minus being negative, a per cent sign left out; None where it is none.

    >>> amount("(1,234.50)")
    Decimal('-1234.50')
    """
    match = _FIGURE.match(_bare(text))
    if not match:
        return None
    value = Decimal(match["digits"].replace(",", "") + (match["decimals"] or ""))
    return -value if match["open"] or match["sign"] == "-" else value


def is_dash(text: str) -> bool:
    """A dash stands for nothing."""
    return bool(_DASHES.match(_bare(text)))


def is_figure(text: str) -> bool:
    return amount(text) is not None or is_dash(text)


def is_plain_count(text: str) -> bool:
    """A figure without separators and decimals, as the numbers of notes are."""
    return _bare(text).isdecimal()


def unit(text: str) -> str | None:
    """The unit that a line states: 单位：万元, (除特别注明外，金额单位均为人民币百万元)."""
    match = _UNIT.search(unicodedata.normalize("NFKC", "".join(text.split())))
    return match[1] if match else None
