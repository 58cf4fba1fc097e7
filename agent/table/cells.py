"""What a cell of a table file holds: one reader for numbers, one for texts, one for codes. Exact, and never a guess: what cannot
be read is odd, and an odd cell is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agent.text import normalise

LARGEST, DECIMALS = Decimal(10) ** 20, 10  # what DECIMAL holds before and behind the point
PLAIN = re.compile(r"-?\d{1,18}(?:\.(\d{1,9}))?", re.ASCII)  # as most cells are: read without further questions
# What exports write where there is nothing.
_NOTHING = re.compile(
    r"|[-–—―_−]{1,4}|/|\\n|n\.?/?a\.?n?|#n/a(?:n/a)?|#(?:div/0|value|ref|name|num|null)[!?]?|[<(\[]?(?:na|n/a|nat|null|none|nil|nan|空|无|缺失?)[>)\]]?"
    r"|false|暂?无(?:数据|资料)?|未(?:披露|公布|公告|知|提供)|不(?:适用|详|存在|披露)|没有|缺失|空(?:值|白)?|missing|\.{1,3}|\*{1,3}|\?{1,3}"
)
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:人民币|rmb|cny|[¥$])?(?P<sign2>[+-]?)(?P<digits>(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?)"
    r"(?P<unit>万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千)?(?P<of>元|人|股|%|个百分点|pct|倍|家|名)?",
    re.IGNORECASE,
)
_UNITS = {
    "万亿": 12,
    "千亿": 11,
    "百亿": 10,
    "十亿": 9,
    "亿": 8,
    "千万": 7,
    "百万": 6,
    "十万": 5,
    "万": 4,
    "千": 3,
}
_QUOTED = re.compile(r"""^=?["'`]+(.*?)["']*$""", re.DOTALL)
_MARKET = r"(?P<market>sh|sz|bj|hk|ss|sse|szse|xshg|xshe|xbse|xhkg|of|nq)"
_CODE = re.compile(
    rf"(?:{_MARKET}[.:_-]?)?(?P<code>\d{{1,6}})(?:\.0+)?(?:[.:_-]?{_MARKET.replace('market', 'behind')})?",
    re.IGNORECASE,
)


class OddCell(ValueError):
    """A cell that is neither a number nor a mark of absence; the message says what it is, where that is not plain."""


@dataclass(frozen=True)
class Formula:
    """A cell of a workbook whose formula was never computed."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Amount:
    """A number as it is written. scale: its own unit, 1 where it has none; percent: it has a % sign."""

    value: Decimal
    has_unit: bool = False
    percent: bool = False


def is_nothing(cell: Any) -> bool:
    """Whether the cell says that there is no value."""
    if cell is None or cell == "" or cell is False:
        return True
    return (
        isinstance(cell, str)
        and (cell[0] in _FIRST or not cell[0].isascii())
        and len(cell) <= 12
        and _says_nothing(cell)
    )


_FIRST = frozenset("-_/\\#<([.*?nNfFmM \t\r\n")  # of the marks in ASCII: most cells need no further look


@lru_cache(maxsize=1 << 16)
def _says_nothing(text: str) -> bool:
    return _NOTHING.fullmatch(normalise(text).lower()) is not None


def number(cell: Any) -> Amount | None:
    """The cell as an exact number in its own unit; None where there is nothing.

    Raises:
        OddCell: it is no number, no finite one, or larger than any figure of a report (the -4e34 of some feeds).
    """
    if is_nothing(cell):
        return None
    if isinstance(cell, Formula):
        raise OddCell(f"公式“{cell}”没有算出的值")
    if isinstance(cell, bool):
        raise OddCell
    if isinstance(cell, str) and PLAIN.fullmatch(cell):
        return Amount(Decimal(cell))
    text = unquoted(normalise(str(cell)).replace("−", "-").replace("﹣", "-"))
    if is_nothing(text):
        return None
    if text.startswith("(") and text.endswith(")"):  # accountants' negative
        text = "-" + text[1:-1]
        if text.startswith("--") or text.startswith("-+"):
            raise OddCell
    found = _NUMBER.fullmatch(text)
    if found is None or (found["sign"] and found["sign2"]):
        raise OddCell
    value = Decimal(found["sign"] + found["sign2"] + found["digits"].replace(",", ""))
    value = value.scaleb(_UNITS.get(found["unit"] or "", 0))
    percent = (found["of"] or "").lower() in ("%", "个百分点", "pct")
    if percent:
        if found["unit"]:
            raise OddCell
        value = value.scaleb(-2)
    if abs(value) >= LARGEST:
        raise OddCell("大得不像一个财务数")
    return Amount(value, bool(found["unit"]) or (found["of"] or "") == "元", percent)


def unquoted(text: str) -> str:
    """="600001" and '600001, as spreadsheets are told to keep a text, without what tells them so."""
    found = _QUOTED.match(text)
    return found[1] if found else text


def text(cell: Any) -> str | None:
    """The cell as a text; None where there is nothing.

    Raises:
        OddCell: a formula without a value.
    """
    if isinstance(cell, Formula):
        raise OddCell(f"公式“{cell}”没有算出的值")
    if is_nothing(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unquoted(str(cell).strip()).strip() or None


def code(cell: Any) -> str | None:
    """A stock code as a table holds it: six digits, of Hong Kong five; what a spreadsheet took away (2099.0) is put back.

    >>> code("sh.600001"), code("600001.XSHG"), code(2099), code("00700.HK")
    ('600001', '600001', '002099', '00700')
    """
    plain = text(cell)
    if plain is None:
        return None
    found = _CODE.fullmatch(
        normalise(plain).strip(";,'`\"=#_-")
    )  # ;600001 keeps a spreadsheet from taking it for a number
    if found is None or not found["code"].strip("0"):
        return plain if found is None else None
    market = (found["market"] or found["behind"] or "").lower()
    digits = found["code"]
    if market in ("hk", "xhkg") or (isinstance(cell, str) and len(digits) == 5 and not market):
        return digits.lstrip("0").zfill(5)
    return digits.zfill(6)
