"""What may stand in a slot: companies, years, places, amounts, fields, each in many ways of saying it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.figures import aliases, schema
from agent.reading.places import as_in_addresses
from data.generator import lexicon
from data.generator.render import Piece, plain

ALL_YEARS = (2018, 2019, 2020, 2021, 2022)
_HAN = "〇一二三四五六七八九"
_OWN_COLUMNS = (
    "专利授权数",
    "子公司数量",
    "门店数量",
    "研发机构数",
    "产品产量",
    "产品销量",
    "客户总数",
    "机构股东持股数",
    "前五大客户销售额",
    "政府补助金额",
    "环保投入",
    "捐赠支出",
    "广告费",
    "折旧费用",
    "土地使用权",
    "生产线数量",
    "海外营业收入",
    "订单总额",
    "培训费用",
    "安全生产投入",
    "股东户数",
    "担保总额",
    "新增专利数",
    "仓储面积",
)
MORE = (
    ("大于", ">"),
    ("高于", ">"),
    ("超过", ">"),
    ("多于", ">"),
    ("超过了", ">"),
    ("在…以上", ">"),
    ("不低于", ">="),
    ("不少于", ">="),
    ("不小于", ">="),
    ("达到", ">="),
    ("突破", ">"),
    ("至少", ">="),
    ("大于等于", ">="),
)
LESS = (
    ("小于", "<"),
    ("低于", "<"),
    ("少于", "<"),
    ("不足", "<"),
    ("不到", "<"),
    ("不超过", "<="),
    ("不高于", "<="),
    ("不大于", "<="),
    ("没有超过", "<="),
    ("未达到", "<"),
    ("没到", "<"),
    ("在…以下", "<"),
    ("至多", "<="),
)
BEST = {"DESC": ("最高", "最大", "最多", "最高"), "ASC": ("最低", "最小", "最少", "最低")}
HIGH = {"DESC": ("高", "大", "多", "高"), "ASC": ("低", "小", "少", "低")}
# By (in percent, direction): how growth said in words is ranked.
FASTEST = {
    (True, "DESC"): ("增长最快", "增幅最大", "增速最快", "同比增长最快", "涨幅最大", "增长幅度最大"),
    (True, "ASC"): ("增长最慢", "降幅最大", "下降最快", "增速最慢", "跌幅最大", "下滑最快"),
    (False, "DESC"): ("增加最多", "增加额最大", "比上年增加最多", "同比增加得最多", "净增最多"),
    (False, "ASC"): ("减少最多", "比上年减少最多", "同比减少得最多", "增加最少"),
}
_TAILS = (
    "",
    "",
    "",
    "保留两位小数",
    ",保留2位小数",
    "?保留2位小数",
    ",请保留两位小数",
    "?结果保留两位小数",
    ",精确到小数点后两位",
    "(保留两位小数)",
    "?请保留至小数点后两位",
    ",需保留2位小数",
)


@dataclass(frozen=True)
class World:
    """Where names come from: the sample table (`companies`), or composed anew for every question."""

    companies: Sequence[lexicon.CompanyName] = ()
    places: Sequence[str] = ()
    years: Sequence[int] = ALL_YEARS
    columns: Sequence[str] = ()

    def company(self, rng: random.Random) -> list[Piece]:
        name = rng.choice(self.companies) if self.companies else lexicon.company(rng, exotic=0.6)
        said = rng.choice(
            (
                name.full,
                name.full,
                name.short,
                name.short,
                name.full.removesuffix("股份有限公司") + "公司"
                if not name.full.endswith("集团股份有限公司")
                else name.short,
            )
        )
        if not self.companies and rng.random() < 0.04:
            said = rng.choice(("*ST", "ST")) + said[:3]
        return [Piece(said, "company", name.full)]

    def place(self, rng: random.Random) -> list[Piece]:
        if self.places:
            name = rng.choice(self.places)
        else:
            province, town = lexicon.city(rng)
            name = rng.choice((province, town, town))
        if name in lexicon.MUNICIPALITIES or name not in lexicon.PROVINCES:
            return [Piece(name + rng.choice(("", "", "市")), "place", as_in_addresses(name))]
        return [Piece(name + rng.choice(("", "省" if name not in lexicon.REGIONS else "")), "place", name)]

    def column(self, rng: random.Random, *units: str) -> str:
        """A real column of one of `units`."""
        names = [
            c.name
            for c in schema.columns().values()
            if c.unit in units and c.name != schema.YEAR and (not self.columns or c.name in self.columns)
        ]
        return rng.choice(names)


def said(rng: random.Random, column: str) -> Piece:
    """A column as people call it."""
    known = schema.columns().get(column)
    formula = schema.formulas().get(column)
    if known:
        return Piece(rng.choice((column, column, *known.aliases)), "column", column)
    if formula:
        return Piece(rng.choice((column, column, *formula.aliases)), "column", column)
    base, suffix = schema.over_last_year(column)
    if suffix:
        more = aliases.GROWTH_SUFFIXES if suffix == schema.GROWTH else aliases.CHANGE_SUFFIXES
        return Piece(said(rng, base).text + rng.choice((suffix, suffix, suffix, *more)), "column", column)
    return Piece(column, "column", column)


def own_column(rng: random.Random) -> str:
    """A column that the schema does not know."""
    return rng.choice(_OWN_COLUMNS)


def listed(rng: random.Random, pieces: Sequence[Piece]) -> list[Piece]:
    """a和b, a、b和c …"""
    last = rng.choice(("和", "和", "、", "及", "以及", "与", ",", "还有"))
    out = [pieces[0]]
    for i, piece in enumerate(pieces[1:], 1):
        out += [Piece(last if i == len(pieces) - 1 else rng.choice(("、", "、", ","))), piece]
    return out


def year(rng: random.Random, value: int) -> list[Piece]:
    styles = (f"{value}年",) * 12 + (
        f"{value}年度",
        f"{value % 100}年",
        "".join(_HAN[int(d)] for d in str(value)) + "年",
        f"{value} 年",
    )
    return [Piece(rng.choice(styles), "year", (value,))]


def years(rng: random.Random, values: Sequence[int]) -> list[Piece]:
    """Two or three years: a range where they follow each other, or a list in any order."""
    ordered = sorted(values)
    if ordered[-1] - ordered[0] == len(ordered) - 1 and rng.random() < 0.4:
        style = rng.choice(("{0}-{1}年", "{0}年到{1}年", "{0}年至{1}年", "{0}至{1}年", "{0}年-{1}年", "{0}到{1}年"))
        return [Piece(style.format(ordered[0], ordered[-1]), "year", tuple(ordered))]
    shuffled = list(values)
    rng.shuffle(shuffled)
    link = rng.choice(("和", "、", "与", "及", ","))
    out: list[Piece] = []
    for i, value in enumerate(shuffled):
        out += [*(plain(link if i == len(shuffled) - 1 else "、") if i else []), Piece(f"{value}年", "year", (value,))]
    return out


def last_year(rng: random.Random, value: int) -> list[Piece]:
    return [Piece(rng.choice(("上年", "上一年", "去年", "前一年", "上年度")), "year", (value - 1,))]


def _han_number(n: int) -> str:
    """1-99 in Chinese."""
    tens, ones = divmod(n, 10)
    return ("" if not tens else "十" if tens == 1 else _HAN[tens] + "十") + (_HAN[ones] if ones else "")


def ordinal(rng: random.Random, kind: str, value: int) -> list[Piece]:
    text = _han_number(value) if rng.random() < 0.5 else str(value)
    return [Piece("两" if kind == "top" and text == "二" else text, kind, value)]


def amount(rng: random.Random, unit: str) -> list[Piece]:
    """A threshold: (said, Decimal in 元 or 人, of a percentage as a ratio)."""
    if unit in ("percent", "ratio"):
        n = rng.choice((1, 5, 10, 15, 20, 30, 40, 50, 80, 100))
        return [
            Piece(
                rng.choice((f"{n}%", f"{n}%", f"百分之{_han_number(n) if n < 100 else '百'}")),
                "amount",
                Decimal(n) / 100,
            )
        ]
    if unit == "count":
        n = rng.choice((50, 100, 200, 300, 500, 800, 1000, 1500, 2000, 3000, 5000, 10000))
        return [
            Piece(
                rng.choice((f"{n}人", f"{n}", f"{n}名", f"{n // 10000}万人" if n >= 10000 else f"{n}人")),
                "amount",
                Decimal(n),
            )
        ]
    n, (word, size) = (
        rng.choice((1, 2, 3, 5, 8, 10, 15, 20, 50)),
        rng.choice((("亿", 10**8), ("亿", 10**8), ("千万", 10**7), ("百万", 10**6), ("万", 10**4))),
    )
    han = {2: "两"}.get(n) or _han_number(n)
    style = rng.choice(
        (
            "{n}{w}元",
            "{n}{w}",
            "{h}{w}元",
            "{h}{w}",
            "{h}个{w}" if word == "亿" else "{h}{w}",
            "{n}个{w}" if word == "亿" else "{n}{w}元",
            "{d}元",
        )
    )
    if n >= 10 and word in ("千万", "百万"):
        style = "{d}元"
    return [Piece(style.format(n=n, w=word, h=han, d=n * size), "amount", Decimal(n * size))]


def two_amounts(rng: random.Random, unit: str) -> tuple[list[Piece], list[Piece]]:
    """The ends of a range, the smaller first."""
    one, two = amount(rng, unit), amount(rng, unit)
    while one[0].value == two[0].value:
        two = amount(rng, unit)
    low, high = sorted((one, two), key=lambda piece: Decimal(str(piece[0].value)))
    return low, high


def comparator(rng: random.Random, threshold: list[Piece]) -> tuple[list[Piece], list[Piece], str]:
    """(words before the amount, amount with what follows it, SQL operator)."""
    words, operator = rng.choice(rng.choice((MORE, LESS)))
    if "…" in words:
        before, after = words.split("…")
        return plain(before), [*threshold, Piece(after)], operator
    return plain(words), threshold, operator


def tail(rng: random.Random) -> list[Piece]:
    return plain(rng.choice(_TAILS))
