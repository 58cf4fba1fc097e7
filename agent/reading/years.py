"""Which years does a text name? Dates, ranges, and words such as 上年 that lean on another year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0", "O": "0", "o": "0", "两": "2"}
_H = r"[零〇○Oo一二三四五六七八九]"
_LONG = rf"(?:(?<!\d)(?:19[89]|20[0-4])\d(?!\d)|二[零〇○0Oo]{_H}{{2}})"
_SPOKEN = r"(?<![第十百千几零〇一二三四五六七八九])(?:一[五六七八九]|二[零〇一二三])(?=年)"  # 一九年
_SHORT = rf"(?:{_SPOKEN}|(?<![\d.])[0-4]\d(?!\d)|(?<![一-龥]){_H}{{2}}|(?<=[与和较在比于至到跟年]){_H}{{2}})"
_WORD = r"(?:会计年度|财政年度|财年|年度|年)(?:12月31日)?"
_LINK = r"(?:年度?)?(?:[-~—–―]+|至|到)"

_RANGE = re.compile(rf"(?P<first>{_LONG}|{_SHORT}){_LINK}(?P<last>{_LONG}|{_SHORT})(?P<word>{_WORD})?")
_YEAR = re.compile(
    rf"(?P<long>{_LONG})(?P<word>{_WORD})?|(?P<short>{_SHORT})(?:{_WORD})(?![来后间以]|内(?!蒙古)|多(?![少了出])|前(?!\d|[一二三四五六七八九十]))"
)
_NOT_BARE_AFTER = re.compile(r"[元人万亿千百家名位个股%.]|,\d{3}(?!\d)|[及或和]?[以之][上下内间]")
_NOT_BARE_BEFORE = re.compile(r"(?:[于过到足第前]|超|[至最][少多]|[><=≥≤])了?$")
_DURATION_BEFORE = re.compile(r"(?:[近过去达第满共]|连续|成立|未来)$")

# What leans on another year, and by how much.
_RELATIVE: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...] = tuple(
    (re.compile(pattern), offsets)
    for pattern, offsets in (
        (r"上上年度?|大前年", (-2,)),
        (r"(?:上一?个?(?:会计)?年度?(?!限)|去年度?|前一(?:会计)?年度?|上一?财年|头一年)(?:同期|[末底](?!期))?", (-1,)),
        (r"前[两二2](?:个会计)?年(?!度报|报)", (-2, -1)),
        (r"前[三3](?:个会计)?年(?!度报|报)", (-3, -2, -1)),
        (r"(?<!以)前年(?!度)(?:同期)?", (-2,)),
        (r"(?:近|最近|过去|连续)[两二2]个?(?:会计)?年(?:度|来|内|间)?", (-1, 0)),
        (r"(?:近|最近|过去|连续)[三3]个?(?:会计)?年(?:度|来|内|间)?", (-2, -1, 0)),
        (r"(?:近|最近|过去|连续)[五5]个?(?:会计)?年(?:度|来|内|间)?", (-4, -3, -2, -1, 0)),
        (r"次年|翌年|后一年|(?<!以)下一年(?![内度])", (1,)),
    )
)
_LAST_YEAR = r"(?:上一?年度?|去年度?|前一(?:会计)?年度?)(?:同期)?"
# 2021年的上一年, 以2021年为基准: the year that another is counted from is not asked for itself.
_COUNTED_FROM = re.compile(
    rf"(?P<year>{_LONG}|{_SHORT})(?:{_WORD})?(?P<back>(?:的|之)?前一(?:会计)?年度?|(?:的|之)上一(?:会计)?年度?)(?!相?比|[同和与]?期)"
    rf"|(?:以|站在|就|从|立足|相对于?|相比于?)(?P<base>{_LONG}|{_SHORT})(?:{_WORD})?(?:(?:作?为|当作?|是)?(?:基准|基点|起点|参照|参考)年?|(?:的)?角度|这一?年)?(?:来?[看说讲]|而言)?"
)
_IS_BASE = re.compile(r"基准|基点|起点|参照|参考|角度|来?[看说讲]$|^相|^站")
# 与上年相比,应交税费增长率: the rate says already what it compares with.
_BESIDE_LAST_YEAR = re.compile(rf"(?:[与和同跟较比]|相较于?|对比|相比于?){_LAST_YEAR}(?:相?比较?|对比|相较)?")
_SPANS_YEARS = re.compile("[近去续]")
_CURRENT = re.compile(r"今年|本年度?(?!期)|最近一(?:个会计)?年度?|最新(?:年度|一年)")


# 19、20、21这三年, 三年(19/20/21): what stands around the list says that all are years.
_SHORT_LIST = re.compile(
    r"(?<![\d.])(?:[12]\d[、,/和及与跟]){1,9}[12]\d(?=年|这?[两三四五几]年)|(?<=年\()(?:[12]\d[、,/和及与跟]){1,9}[12]\d(?=\))|(?<=[两三四五]年)(?:[12]\d[、,/和及与跟]){1,9}[12]\d(?!\d)"
)


@dataclass(frozen=True)
class NamedYears:
    """A stretch of text that names years, ascending."""

    start: int
    end: int
    years: tuple[int, ...]


def find_years(text: str, latest_year: int | None = None, grown: bool = False) -> list[NamedYears]:
    """Years in order of place; 上年 leans on the latest year named, else on `latest_year` (where that is None it is left out).

    `grown`: a growth rate is asked for by name, so that 与上年相比 adds no year.

    >>> [y.years for y in find_years("2019-2021年")]
    [(2019, 2020, 2021)]
    """
    found = list(_ranges(text))
    found += [year for year in _short_lists(text) if not _overlaps(year, found)]
    found += [year for year in _single(text) if not _overlaps(year, found)]
    base = max((year.years[-1] for year in found), default=latest_year)
    found = _counted_from(text, found)
    if grown and base is not None:
        found = _beside_last_year(text, found, base)
    several = len({y for year in found for y in year.years}) > 1
    if base is not None:
        for pattern, offsets in _RELATIVE:
            for match in pattern.finditer(text):
                named = NamedYears(*match.span(), tuple(base + offset for offset in offsets))
                if not _overlaps(named, found) and not (
                    several and _SPANS_YEARS.search(match[0][:3]) and len(offsets) > 1
                ):
                    found.append(named)
        current = _CURRENT.search(text)
        if current and not any(year.years[-1] == base for year in found):
            found.append(NamedYears(*current.span(), (base,)))
    return sorted(found, key=lambda year: year.start)


def _counted_from(text: str, found: list[NamedYears]) -> list[NamedYears]:
    """`found`, where the only year that a 上一年 is counted from gives way to that year."""
    if len(found) != 1 or len(found[0].years) != 1:
        return found
    for match in _COUNTED_FROM.finditer(text):
        asked = NamedYears(*match.span(), (found[0].years[0] - 1,))
        if not _overlaps(asked, found):
            continue
        leaning = re.search(rf"(?<![与和同跟较比]){_LAST_YEAR}(?!相?比)", text[match.end() :])
        if match["back"] or (_IS_BASE.search(match[0]) and leaning):
            return [asked]
    return found


def _beside_last_year(text: str, found: list[NamedYears], base: int) -> list[NamedYears]:
    """`found`, with each 与上年相比 as a part of the year before it, or as `base` once more."""
    for match in _BESIDE_LAST_YEAR.finditer(text):
        before = next((year for year in found if year.end == match.start()), None)
        if before:
            found = [year for year in found if year is not before]
            found.append(NamedYears(before.start, match.end(), before.years))
        elif not _overlaps(year := NamedYears(*match.span(), (base,)), found):
            found = [*found, year]
    return found


def _ranges(text: str) -> Iterator[NamedYears]:
    for match in _RANGE.finditer(text):
        first, last = _value(match["first"]), _value(match["last"])
        written_out = len(match["first"]) == 4 and (match["word"] or len(match["last"]) == 4)
        # 19~21 without 年: two years that are near each other, and no unit behind them.
        near = first >= 2010 and last - first <= 4 and not _NOT_BARE_AFTER.match(text[match.end() : match.end() + 4])
        if first < last <= first + 30 and (written_out or match["word"] or near):
            yield NamedYears(*match.span(), tuple(range(first, last + 1)))


def _short_lists(text: str) -> Iterator[NamedYears]:
    for match in _SHORT_LIST.finditer(text):
        end = match.end() + (text[match.end() : match.end() + 1] == "年")
        years = sorted({2000 + int(digits) for digits in re.findall(r"\d\d", match[0])})
        yield NamedYears(match.start(), end, tuple(years))


def _single(text: str) -> Iterator[NamedYears]:
    for match in _YEAR.finditer(text):
        before = text[max(0, match.start() - 4) : match.start()]
        if (
            match["long"]
            and not match["word"]
            and not _stands_for_a_year(before, text[match.end() : match.end() + 5])
        ):
            continue
        if match["short"] and _DURATION_BEFORE.search(before):
            continue
        yield NamedYears(*match.span(), (_value(match["long"] or match["short"]),))


def _stands_for_a_year(before: str, after: str) -> bool:
    """Whether four digits without 年 are a year: 2019、2020年, but neither 2020元 nor 大于2020."""
    return not _NOT_BARE_AFTER.match(after) and not _NOT_BARE_BEFORE.search(before)


def _value(said: str) -> int:
    digits = int("".join(_HAN.get(c, c) for c in said))
    return digits if digits > 99 else 2000 + digits


def _overlaps(year: NamedYears, others: list[NamedYears]) -> bool:
    return any(year.start < other.end and other.start < year.end for other in others)
