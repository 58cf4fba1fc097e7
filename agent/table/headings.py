"""What a heading says: the column, and with it unit, year, 报告期, 口径, as providers and people write them into one cell."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from agent.errors import CaibaoError
from agent.figures import schema
from agent.figures.aliases import aliases
from agent.figures.periods import NoPeriod, period_of, scope_of
from agent.table.providers import Provider, common, folded
from agent.text import normalise

CURRENCY = "币种"
_POWERS = {
    "元": 0,
    "千": 3,
    "千元": 3,
    "万": 4,
    "万元": 4,
    "十万元": 5,
    "百万": 6,
    "百万元": 6,
    "千万元": 7,
    "亿": 8,
    "亿元": 8,
    "十亿元": 9,
}
_POWERS |= {"人": 0, "名": 0, "家": 0, "股": 0, "万股": 4, "亿股": 8, "万人": 4, "元/股": 0, "倍": 0, "次": 0, "天": 0}
_FRACTION = "小数"
_PERCENT = frozenset({"%", "百分比", "百分点", "个百分点", "pct"})
_RMB = r"(?:人民币|rmb|cny|本币)"
_UNIT = "|".join(sorted(map(re.escape, [*_POWERS, *_PERCENT, _FRACTION]), key=len, reverse=True))
_UNIT_TEXT = re.compile(rf"(?:(?:数据)?单位[::]?)?{_RMB}?(?P<unit>{_UNIT})?{_RMB}?", re.IGNORECASE)
_FOREIGN = re.compile(r"港[元币]|美元|欧元|日元|英镑|外币|hkd|usd|eur|jpy|gbp", re.IGNORECASE)
_BRACKETED = re.compile(r"^(?P<name>.+?)[(\[【{](?P<inside>[^()\[\]【】{}]+)[)\]】}]$", re.DOTALL)
_BEHIND = re.compile(rf"^(?P<name>.+?)(?P<apart>[_/,、:;·-]?)(?:单位[::]?)?{_RMB}?(?P<unit>{_UNIT})$", re.IGNORECASE)
_LINE = re.compile(r"^\s*[\[【](?P<what>[^\]】]+)[\]】]\s*(?P<value>.*?)\s*$")
# 一、 其中： 加： *: what statements put before an item.
_NOISE = re.compile(
    r"^(?:[*#★]+|[(]?[一二三四五六七八九十]+[)、.]|\d{1,2}[、.](?=\D)|(?:其中|加|减|包括|其中项目)[:])+"
)
_YEAR = r"(?:fy)?(?:19|20)\d\d"
_TIME = rf"{_YEAR}(?:[-/.]\d\d[-/.]\d\d|\d{{4}}|年?(?:年报|年度报告|年度|年末|年|末|中报|半年报|半年度|上半年|一季报|一季度|三季报|三季度|前三季度)|q[1-4])?"
_TIME_BEFORE = re.compile(rf"^(?P<time>{_TIME})[_:：-]?(?P<name>\D.*)$", re.IGNORECASE)
_TIME_BEHIND = re.compile(rf"^(?P<name>.*\D)[_-]?(?<!\d)(?P<time>{_TIME})$", re.IGNORECASE)
_GROWTH = re.compile(r"^(?P<name>.+?)(?:的)?(?:同比增长率?|同比增速|同比|yoy)$", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading and what it became. column: "" where it is left out; power: its numbers times ten to the power of it; percent: its
    numbers are percent points (None: it does not say); year, period, scope: of the figures under it, where it names them."""

    text: str
    column: str
    power: int = 0
    percent: bool | None = None
    year: int | None = None
    period: str = ""
    scope: str = ""
    has_unit: bool = False

    @property
    def unit(self) -> str:
        """What was read out of the heading, in words."""
        if self.percent:
            return "百分点"
        return {3: "千", 4: "万", 5: "十万", 6: "百万", 7: "千万", 8: "亿", 9: "十亿"}.get(self.power, "")


def read(text: str, provider: Provider) -> Heading:
    """The heading's meaning.

    Raises:
        CaibaoError: its unit is one that no column can be converted from.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) == 1 or not any(map(_LINE.match, lines)):
        return _named(Heading(text, ""), "".join(lines), provider)
    heading = Heading(text, "")
    for line in filter(_LINE.match, lines):
        heading = _with_line(heading, line)
    return _named(heading, "".join(line for line in lines if not _LINE.match(line)), provider)


def _with_line(heading: Heading, line: str) -> Heading:
    """[报告期] 2021年报 and the like, one a line."""
    found = _LINE.match(line)
    assert found is not None
    what, value = normalise(found["what"]), found["value"]
    if what in ("报告期", "年度", "报告期间", "截止日期", "交易日期"):
        return _with_time(heading, value) or heading
    if what in ("报表类型", "口径", "合并类型"):
        try:
            return replace(heading, scope=scope_of(value))
        except NoPeriod:
            raise CaibaoError(
                f"标题“{_one_line(heading.text)}”的报表类型“{value}”既不是合并也不是母公司，请去掉这一列。"
            ) from None
    if what in ("单位", "币种", "货币"):
        return _with_unit(heading, normalise(value)) or heading
    return heading


def _with_time(heading: Heading, said: str) -> Heading | None:
    try:
        year, period = period_of(re.sub("^fy", "", normalise(said), flags=re.IGNORECASE))
    except NoPeriod:
        return None
    return replace(heading, year=year, period=period)


def _with_unit(heading: Heading, said: str) -> Heading | None:
    if _FOREIGN.search(said):
        raise CaibaoError(
            f"标题“{_one_line(heading.text)}”的单位不是人民币，不同币种不能放在一张表里比较，请换算成人民币或去掉这一列。"
        )
    found = _UNIT_TEXT.fullmatch(said)
    if found is None:
        return None
    unit = (found["unit"] or "元").lower()
    if unit in _PERCENT or unit == _FRACTION:
        return replace(heading, percent=unit != _FRACTION, has_unit=True)
    return replace(heading, power=_POWERS[unit], has_unit=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _named(heading: Heading, said: str, provider: Provider) -> Heading:
    """The column of a heading; a part in brackets or behind a dash is unit, year, 报告期 or 口径 where it can be."""
    plain = normalise(said)
    for known in (provider, common()):
        if folded(plain) in known.ignored:
            return heading
        if column := known.columns.get(folded(plain)):
            return replace(heading, column=column)
        for suffix in known.growth:
            base = known.columns.get(folded(plain).removesuffix(suffix)) if folded(plain).endswith(suffix) else None
            if base:
                return replace(heading, column=base + schema.GROWTH, percent=True)
    if column := _known(plain):
        return replace(heading, column=column)
    bare = _NOISE.sub("", plain)
    if bare and bare != plain:
        return _named(heading, bare, provider)
    return _taken_apart(heading, plain, provider)


def _taken_apart(heading: Heading, plain: str, provider: Provider) -> Heading:
    if found := _BRACKETED.match(plain):
        inside = found["inside"]
        if made := _with_unit(heading, inside) or _with_time(heading, inside) or _with_scope(heading, inside):
            return _named(made, found["name"], provider)
    found = _BEHIND.match(plain)
    if found and (found["apart"] or (found["unit"] != "股" and _is_known(found["name"], provider))):  # not 库存股
        made = _with_unit(heading, found["unit"])
        if made and found["name"]:
            return _named(made, found["name"].rstrip("_/-,"), provider)
    for pattern in (_TIME_BEFORE, _TIME_BEHIND):
        found = pattern.match(plain)
        if found and (made := _with_time(heading, found["time"])):
            return _named(made, found["name"].strip("_-:"), provider)
    if "-" in plain:
        head, _, tail = plain.partition("-")
        if tail in ("同比增长", "同比", "同比增长率") and (column := _known(head)):
            return replace(heading, column=column + schema.GROWTH)
        if _is_known(tail, provider):
            return _named(heading, tail, provider)
    if (found := _GROWTH.match(plain)) and (
        column := _known(found["name"]) or provider.columns.get(folded(found["name"]))
    ):
        return replace(heading, column=column + schema.GROWTH)
    return replace(heading, column=plain)


def _with_scope(heading: Heading, said: str) -> Heading | None:
    try:
        return replace(heading, scope=scope_of(said)) if not said.isalnum() or len(said) > 1 else None
    except NoPeriod:
        return None


@lru_cache(maxsize=1)
def _folded_aliases() -> dict[str, str]:
    return {folded(said): column for said, column in aliases().items()}


def _known(plain: str) -> str | None:
    return _folded_aliases().get(folded(plain))


def _is_known(plain: str, provider: Provider) -> bool:
    if _known(plain) or folded(plain) in provider.columns or folded(plain) in common().columns:
        return True
    growth = _GROWTH.match(plain)
    return growth is not None and _known(growth["name"]) is not None


def is_known(text: str, provider: Provider) -> bool:
    """Whether a cell is a heading that some table has; used to find the heading line among titles and notes."""
    try:
        column = read(text, provider).column
    except CaibaoError:
        return True
    if column == "":
        return folded(text) in provider.ignored or folded(text) in common().ignored
    return column in schema.columns() or schema.computed(column) is not None or column in (*schema.ROW_KEY, CURRENCY)
