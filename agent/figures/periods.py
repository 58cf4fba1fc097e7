"""Which report a row comes from: 报告期 (年报, 半年报, 一季报, 三季报) and 口径 (合并, 母公司), in every spelling of providers and reports.

A row without either is a 合并 年报: that is what a question means unless it says otherwise.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

from agent.text import normalise

ANNUAL, HALF, FIRST, THIRD = "年报", "半年报", "一季报", "三季报"
PERIODS = (ANNUAL, HALF, FIRST, THIRD)  # figures from the first of January to the end of the period
GROUP, PARENT = "合并", "母公司"
SCOPES = (GROUP, PARENT)

_ENDS = {(3, 31): FIRST, (6, 30): HALF, (9, 30): THIRD, (12, 31): ANNUAL}
_MONTHS = {month: period for (month, _), period in _ENDS.items()}
_SAID = (
    (FIRST, r"第?[一1]季度?(?:报告?)?|[Qq]1|1[Qq]|一季"),
    (HALF, r"半年度?(?:报告?)?|中期?报告?|中期|上半年|第?[二2]季度?(?:报告?)?|[Qq]2|2[Qq]|[Hh]1|1[Hh]"),
    (THIRD, r"前?第?[三3]季度?(?:报告?)?|[Qq]3|3[Qq]"),
    (ANNUAL, r"年?度?报告?|年?度|年末|全年|第?[四4]季度?(?:报告?)?|[Qq]4|4[Qq]|[Ff][Yy]|[Aa]"),
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DATE = re.compile(
    rf"{_YEAR}(?:[-/.年](?P<month>\d\d?)[-/.月](?P<day>\d\d?)日?|(?P<mm>\d\d)(?P<dd>\d\d))(?:T?0?0:00(?::00)?(?:\.0+)?)?"
)
_MONTH = re.compile(rf"{_YEAR}(?:[-/.](?P<month>\d\d?)|年(?P<other>\d\d?)月)")
_GROUP = re.compile(r"(?:1|A|合并(?:报表|期末|本期|财务报表|口径)?|(?:consolidated|group))", re.IGNORECASE)
_PARENT = re.compile(r"(?:6|B|母公司(?:报表|期末|本期|财务报表|口径)?|(?:parent(?:company)?))", re.IGNORECASE)


class NoPeriod(ValueError):
    """A text that names no reporting period."""


@dataclass(frozen=True)
class Slice:
    """The rows that a question is about: one 报告期 and one 口径, never several at once."""

    period: str = ANNUAL
    scope: str = GROUP

    def __str__(self) -> str:
        return f"{self.period}（{self.scope}）"


USUAL = Slice()


def period_of(cell: Any) -> tuple[int | None, str]:
    """(year where it says one, 报告期): 2021-09-30, 20210930, 2021三季报, 2021Q3, 中报, 2021.

    Raises:
        NoPeriod: it names none, or a day that ends no reporting period (2021-01-01 opens one).
    """
    if isinstance(cell, (datetime.datetime, datetime.date)):
        return _of_day(cell.year, cell.month, cell.day)
    text = normalise(str(cell)).removesuffix(".0")
    if found := _DATE.fullmatch(text):
        return _of_day(int(found["year"]), int(found["month"] or found["mm"]), int(found["day"] or found["dd"]))
    if found := _MONTH.fullmatch(text):
        month = int(found["month"] or found["other"])
        if month in _MONTHS:
            return int(found["year"]), _MONTHS[month]
    year = re.match(rf"{_YEAR}[年-]?", text)
    rest = text[year.end() :] if year else text
    if year and not rest:
        return int(year["year"]), ANNUAL
    for period, said in _SAID:
        if re.fullmatch(said, rest):
            return int(year["year"]) if year else None, period
    raise NoPeriod(text)


def _of_day(year: int, month: int, day: int) -> tuple[int, str]:
    if (month, day) not in _ENDS:
        raise NoPeriod(f"{year}-{month:02}-{day:02}")
    return year, _ENDS[month, day]


def scope_of(cell: Any) -> str:
    """口径 of a cell: 合并报表, 母公司, A, 1.

    Raises:
        NoPeriod: it names none, such as the 单季合并 of some feeds.
    """
    text = normalise(str(cell)).removesuffix(".0")
    if _GROUP.fullmatch(text):
        return GROUP
    if _PARENT.fullmatch(text):
        return PARENT
    raise NoPeriod(text)
