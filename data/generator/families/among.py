"""Ranks and averages among the companies past a threshold."""

from __future__ import annotations

import random

from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import slots
from data.generator.cores import lines, with_aggregate, with_condition
from data.generator.families.drawing import NUMBERS, Draw, Family, Names, Plan, numeric, statement, thresholds, year_of
from data.generator.render import Fill, plain
from data.generator.slots import World

_RANKED = lines("""
{year}<c>的(公司|上市公司|企业)(中|里|当中),{field}{best}的前{top}家(是哪些|有哪些|分别是)
在{year}<c>的(公司|企业)(中|里),{field}{best}的{top}家(是谁|有哪些)
{year},<c>的公司按{field}排,{best}的前{top}家是(谁|哪些)
{year}<c>的公司里{field}{best}的前{top}名
<c>的(公司|企业)中,{year}{field}{best}的前{top}家是哪些
{year}哪{top}家<c>的公司{field}{best}
列出{year}<c>的公司中{field}{best}的前{top}家
{year}满足<c>的公司,{field}{best}的前{top}家
先选{year}<c>的公司,再找{field}{best}的前{top}家
从{year}<c>的企业里挑{field}{best}的{top}家
""")
_RANKED_BEST = lines("""
{year}<c>的(公司|上市公司|企业)(中|里|当中),{field}{best}的是(哪家|谁)
在{year}<c>的(公司|企业)(中|里),(哪家|谁)的{field}{best}
{year},<c>的公司里(哪家|谁){field}{best}
<c>的(公司|企业)中,{year}{field}{best}的(公司|)是哪家
{year}哪家<c>的公司{field}{best}
找出{year}<c>的公司中{field}{best}的那家
{year}满足<c>的公司,{field}{best}的是谁
从{year}<c>的企业里找{field}{best}的
""")
_AGGREGATED = lines("""
{year}<c>的(公司|上市公司|企业)(的|){field}<of>(是|为)多少
{year}<c>的(公司|企业),{field}<of>是多少
<c>的公司{year}{field}的<of>(是多少|)
{year},<c>的公司{field}<of>有多少
求{year}<c>的公司{field}的<of>
计算{year}<c>的企业的{field}<of>
在{year},<c>的公司,它们的{field}<of>是多少
{year}满足<c>的公司{field}<of>
""")
_AVERAGE_OF = "(平均值|均值|平均)"
_SUM_OF = "(总和|合计|之和|总额)"


def among(function: str = "", best: bool = False) -> Draw:
    """Of the companies past a threshold: the first k by another figure (`best`: the first), or `function` of it."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, asked = year_of(rng, world), numeric(rng, world)
        build = rng.choice(("one", "one", "two", "range"))
        tested: list[str] = []
        while len(tested) < (2 if build == "two" else 1):
            name = world.column(rng, *NUMBERS)
            tested += [] if name in (asked, *tested) else [name]
        said, conditions = thresholds(rng, tested, build == "range")
        way = rng.choice(("DESC", "DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "best": plain(rng.choice(slots.BEST[way])),
            "top": slots.ordinal(rng, "top", rng.randint(2, 20)),
            "condition": said,
            "field": [slots.said(rng, asked)],
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(asked)
            where = [Names(m).years([year]), *(condition(m) for condition in conditions)]
            if function:
                return statement([f"{function}({column})"], where)
            limit = "LIMIT 1" if best else f"LIMIT {TOP}"
            return statement(["公司全称", column], where, f" ORDER BY {column} {way} {limit}")

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "ranking_amount": Family(among(), with_condition("{condition}", _RANKED)),
    "best_amount": Family(among(best=True), with_condition("{condition}", _RANKED_BEST)),
    "average_amount": Family(among("AVG"), with_aggregate(_AVERAGE_OF, with_condition("{condition}", _AGGREGATED))),
    "sum_amount": Family(among("SUM"), with_aggregate(_SUM_OF, with_condition("{condition}", _AGGREGATED))),
}
