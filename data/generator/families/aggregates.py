"""Averages and sums over companies."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import either, lines, placed, scoped
from data.generator.families.drawing import (
    Draw,
    Family,
    Names,
    Plan,
    in_places,
    numeric,
    places_of,
    several_years,
    statement,
    year_of,
)
from data.generator.render import Fill, plain
from data.generator.slots import World

_AVERAGE = lines("""
{year}所有#(公司|上市公司|企业)的{field}(的|)(平均值|均值|平均数)(是|为)多少
@{year}平均的{field}(是|为)多少
{year}@{field}的平均(值|数|水平)是多少
@{year}{field}平均(是|为|有|)多少
所有#(公司|上市公司){year}{field}平均(是|有)多少
{year}平均每家#(公司|企业)的{field}是多少
平均(来看|算下来),{year}每家#公司的{field}(是|有)多少
求{year}@{field}的平均值
算一下{year}所有#公司{field}的(平均值|均值)
@{year}{field}均值
@{field}在{year}的平均值(是|为)多少
@{year}的{field},取平均是多少
{year}@把{field}平均一下是多少
根据{year}年报,@{field}的平均值(是|为)多少
统计{year}所有#公司{field}的均值
{year}@{field}的算术平均是多少
所有#(公司|企业){year}的{field}平均起来(是|有)多少
@{year}{field}的平均(金额|数额|数值)(是|为)多少
在{year},@平均{field}是多少
@{year}每家平均有多少{field}
{year}@{field}平均下来多少
""")
_SUM = lines("""
{year}所有#(公司|上市公司|企业)的{field}(之和|总和|加总)(是|为)多少
@{year}{field}的(总和|合计|总计)(是|为)多少
{year}@{field}加起来(是|有|一共)多少
@{year}合计的{field}(是|为|有)多少
@{year}{field}一共(是|有)多少
所有#(公司|上市公司){year}的{field}总共(是|有)多少
把{year}所有#公司的{field}加在一起是多少
求{year}@{field}之和
算一下{year}所有#公司{field}的总和
@{year}{field}加总
@{field}在{year}的总和(是|为)多少
@{year}的{field},(全部|全都)加起来是多少
根据{year}年报,@{field}的合计(金额|数值|数)(是|为)多少
统计{year}所有#公司{field}的合计
{year}@{field}累加(是|等于)多少
@{year}总共有多少{field}
在{year},@{field}的合计(是|为)多少
{year}全部#企业{field}之和(是|为)多少
@{year}{field}(汇总|合在一起)(是|有)多少
{year}@一共有多少{field}
""")
_AVERAGE_FIELDS = lines("""
{year}所有#公司的{fields}的平均值分别(是|为)多少
@{year}{fields}的(平均值|均值|平均数)分别(是|为)多少
{year}@{fields}的平均值各是多少
@{year}平均的{fields}分别(是|为)多少
所有#(公司|上市公司){year}{fields}平均各(是|有)多少
@{fields}在{year}的平均(值|金额)分别(是|为)多少
平均每家#公司{year}的{fields}分别是多少
求{year}@{fields}各自的平均值
@{year}{fields}的均值
@{year}{fields}平均分别是多少
根据{year}年报,@{fields}的平均值各为多少
{year}@{fields}各自平均(是|有)多少
算一下{year}所有#公司的{fields}的平均值,分别列出
@{year}的{fields},平均下来各是多少
""")
_AVERAGE_YEARS = lines("""
{years}所有#公司的{field}的(平均值|均值)(分别|各)(是|为)多少
@{years}{field}的(平均值|均值|平均数)分别(是|为)多少
{years}@{field}的平均值各是多少
@{years}平均的{field}分别(是|为)多少
@{field}在{years}的平均(值|数)分别(是|为)多少
@{years}各年{field}的平均值(是|为)多少
@{years}每年的{field}平均(值|)是多少
所有#(公司|上市公司){years}{field}每年平均多少,分别列出
求{years}@{field}每年的平均值
分年看,@{years}{field}的均值是多少
根据年报,@{years}{field}的平均值分别是多少
逐年列出{years}所有#公司{field}的平均值
@{years}{field}的平均(金额|数额|数值)分别是多少
{years}@{field}各年平均(是|有)多少
@{field}的平均值,{years}各是多少
""")
_SUM_YEARS = lines("""
{years}所有#公司的{field}的(合计|总和)(分别|各)(是|为)多少
@{years}{field}的(总和|合计|总计)分别(是|为)多少
{years}@{field}的总和各是多少
@{years}合计的{field}分别(是|为)多少
@{field}在{years}的(合计|总计)(数值|数|)分别(是|为)多少
@{years}各年{field}的总和(是|为)多少
@{years}每年的{field}的合计是多少
所有#(公司|上市公司){years}{field}每年加起来各是多少
求{years}@{field}每年的总和
分年看,@{years}{field}的总和是多少
根据年报,@{years}{field}的合计分别是多少
逐年列出{years}所有#公司{field}的总和
@{years}{field}加起来分别(是|有)多少
{years}@{field}各年总计分别为多少
@{years}{field}每年一共(是|有)多少,分别给出
{years}这几年,@{field}的总和每年是多少
""")
_TOGETHER = lines("""
@{years}{field}一共(是|有)多少
{years}@{field}加起来(一共|总共|)是多少
把{years}所有#公司的{field}全部加在一起是多少
@{years}几年合计的{field}是多少
{years}几年加在一起,@{field}总共是多少
@{field}{years}累计(是|为|有)多少
所有#(公司|上市公司)的{field},{years}合在一起是多少
@{years}{field}总共(是|有)多少
求{years}@{field}累计的总数
@{years}几年的{field}全加起来是多少
将{years}的数相加,@{field}一共(是|有)多少
{years}@累计有多少{field}
{years}合起来,@{field}一共有多少
@把{years}的{field}相加,得数是多少
""")


def aggregated(function: str, where: str = "", years: str = "one", fields: int = 1) -> Draw:
    """years: "one", "each" (a figure for each year) or "together" (one figure over all)."""

    def plan(rng: random.Random, world: World) -> Plan:
        values = [year_of(rng, world)] if years == "one" else several_years(rng, world)
        names: list[str] = []
        while len(names) < fields:
            name = numeric(rng, world)
            names += [] if name in names else [name]
        said = [slots.said(rng, n) for n in names]
        given: dict[str, Fill] = {
            "year": slots.year(rng, values[0]),
            "years": slots.years(rng, values) if len(values) > 1 else plain(""),
            "field": said[:1],
            "fields": slots.listed(rng, said),
            **places_of(rng, world, where),
        }

        def sql(m: Masked) -> str:
            shown = [f"{function}({Names(m).column(n)})" for n in names]
            return statement(
                (["年份"] if years == "each" else []) + shown,
                [Names(m).years(values), *in_places(m, given)],
                " GROUP BY 年份" if years == "each" else "",
            )

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "average": Family(aggregated("AVG"), scoped(_AVERAGE)),
    "average_place": Family(aggregated("AVG", "place"), placed(_AVERAGE)),
    "average_place_or": Family(aggregated("AVG", "place_or"), either(placed(_AVERAGE))),
    "average_fields_place": Family(aggregated("AVG", "place", fields=2), placed(_AVERAGE_FIELDS)),
    "average_years_place": Family(aggregated("AVG", "place", "each"), placed(_AVERAGE_YEARS)),
    "sum": Family(aggregated("SUM"), scoped(_SUM)),
    "sum_place": Family(aggregated("SUM", "place"), placed(_SUM)),
    "sum_place_or": Family(aggregated("SUM", "place_or"), either(placed(_SUM))),
    "sum_years_place": Family(aggregated("SUM", "place", "each"), placed(_SUM_YEARS)),
    "sum_together_place": Family(aggregated("SUM", "place", "together"), placed(_TOGETHER)),
}
