"""Provinces, cities and the county-level cities where listed companies sit: which of them does a text name?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from agent.text import Lookup, Span

_FILE = Path(__file__).with_name("places.txt")
_ENDING = re.compile(
    r"(?:维吾尔|[壮回藏彝苗侗傣白羌土黎景颇傈僳布依哈尼朝鲜家蒙古萨克柯尔族]+族)?自治[区州]|特别行政区|省|市(?![场值盈净占销])|地区|盟|州"
)
_IN_ADDRESSES = {"中山": "中山市"}


@lru_cache(maxsize=1)
def provinces() -> dict[str, tuple[str, ...]]:
    """Province → its cities, as they are written in addresses, without 省 and 市."""
    lines = (line.split() for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {province: tuple(name for name in names if name != "+") for province, *names in lines}


@lru_cache(maxsize=1)
def _lookup() -> Lookup:
    return Lookup([*provinces(), *(city for cities in provinces().values() for city in cities)])


def as_in_addresses(name: str) -> str:
    """What an address of the place holds: 中山 alone would find every 中山路 of the country."""
    return _IN_ADDRESSES.get(name, name)


def named_in(text: str) -> list[tuple[Span, str]]:
    """Every place named in `text`: ([start, end), name in an address). 浙江省杭州市 is one place, 杭州.

    >>> named_in("北京市或四川")
    [((0, 3), '北京'), ((4, 6), '四川')]
    """
    found: list[tuple[Span, str]] = []
    for start, end in _lookup().spans(text):
        name = as_in_addresses(text[start:end])
        if ending := _ENDING.match(text, end):
            end = ending.end()
        if found and found[-1][0][1] == start and name in provinces().get(found[-1][1], ()):
            start = found.pop()[0][0]
        found.append(((start, end), name))
    return found


def without_place(name: str) -> str:
    """A company name without the place in front: 深圳市金溢科技 → 金溢科技."""
    end = next(_lookup().at(name, 0), 0)
    ending = _ENDING.match(name, end) if end else None
    return name[ending.end() if ending else end :]


def is_place(text: str) -> bool:
    return any(span == (0, len(text)) for span, _ in named_in(text))


_CUE = re.compile(r"注册|位于|地处|总部|坐落|座落|办公|所在地|设在|落户|设立")
_RESIDENTS = re.compile(
    r"(?:的|地区|当地|本地|辖区|籍|境内|内|范围内?|有){0,4}(?:所有|全部|各|哪些|哪家|几家|多少家)?(?:A股)?(?:上市)?(?:公司|企业)"
)
_AND = re.compile(r"[、,和与及或/]|以及|或者|还有")
_ELSEWHERE = re.compile(
    r"(?:注册(?:地[址点]?|所在地)?|办公(?:地[址点]?|所在地)|总部|位于|地处)(?:[在为是]|位于|设在){0,3}(?P<a>[一-龥]{2,8}?[市县区旗])(?![场值])"
    r"|在(?P<b>[一-龥]{2,8}?[市县区旗])注册"
)


def located(text: str, taken: Sequence[Span], about_many: bool = False) -> Iterator[tuple[Span, str]]:
    """Places that the sentence puts companies in, outside `taken`: where it speaks of registration, or 四川的公司, or X市.

    `about_many`: the question asks about companies at large, so that any place in it is theirs (2020年厦门有几家).
    """
    cue = about_many or _CUE.search(text)
    free = [(span, name) for span, name in named_in(text) if not _touches(span, taken)]
    kept = False
    for i in range(len(free) - 1, -1, -1):
        (_, end), _ = free[i]
        listed = kept and _AND.fullmatch(text[end : free[i + 1][0][0]])
        kept = bool(cue or listed or _RESIDENTS.match(text, end) or text[end - 1] in "省市")
        if kept:
            yield free[i]
    for match in _ELSEWHERE.finditer(text):
        span = match.span("a" if match["a"] else "b")
        if not _touches(span, [*taken, *(s for s, _ in free)]) and not re.search(
            "[哪什几在和或的]|所[有在]|地区", text[slice(*span)]
        ):
            yield span, text[span[0] : span[1]].removesuffix("市")


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
