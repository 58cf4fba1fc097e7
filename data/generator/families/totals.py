"""Companies by the sum or average of a figure over several years."""

from __future__ import annotations

import random

from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import slots
from data.generator.cores import everywhere, lines, placed, with_aggregate
from data.generator.families.drawing import (
    NUMBERS,
    Draw,
    Family,
    Names,
    Plan,
    in_places,
    places_of,
    several_years,
    statement,
)
from data.generator.render import Fill, plain
from data.generator.slots import World

# Over several years.
_TOTALLED = lines("""
{years}@{field}<of>{best}的前{top}家#(公司|上市公司|企业)(是哪些|有哪些|分别是|)
{years}@<of>{field}{best}的{top}家#(公司|企业)(是哪些|分别是|)
@哪{top}家#公司{years}的{field}<of>{best}
按{years}{field}<of>排,@{best}的前{top}家是(谁|哪些)
{years}@(各公司|)的{field}<of>,{best}的前{top}家(是谁|是哪些|)
@{field}{years}<of>{best}的前{top}家#公司
列出{years}{field}<of>{best}的前{top}家#公司
{years}这几年@{field}<of>{best}的前{top}名
{years}@<of>下来{field}{best}的前{top}家#企业
把{years}的{field}<of>起来,@{best}的前{top}家(是哪些|)
""")
_TOTALLED_BEST = lines("""
{years}@{field}<of>{best}的#(公司|上市公司|企业)是(哪家|谁)
{years}@哪家#公司的{field}<of>{best}
@哪家#公司{years}(的|)<of>{field}{best}
{years}@谁的{field}<of>{best}
{years}这几年@{field}<of>{best}的是(谁|哪家)
按{years}{field}<of>看,@哪家#公司{best}
{years}@<of>{field}{best}的#公司是哪家
找出{years}@{field}<of>{best}的公司
""")
_TOTAL_OF = "(累计|合计|总和|加起来|总计|一共)"
_MEAN_OF = "(平均|年均|平均值|均值)"


def over_all_years(function: str, best: bool = False, where: str = "") -> Draw:
    """Companies by the sum (average) of a figure over several years."""

    def plan(rng: random.Random, world: World) -> Plan:
        values, name = several_years(rng, world), world.column(rng, *NUMBERS)
        way = rng.choice(("DESC", "DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "years": slots.years(rng, values),
            "field": [slots.said(rng, name)],
            "best": plain(rng.choice(slots.BEST[way])),
            "top": slots.ordinal(rng, "top", rng.randint(2, 20)),
            **places_of(rng, world, where),
        }

        def sql(m: Masked) -> str:
            made = f"{function}({Names(m).column(name)})"
            limit = "LIMIT 1" if best else f"LIMIT {TOP}"
            return statement(
                ["公司全称", made],
                [Names(m).years(values), *in_places(m, given)],
                f" GROUP BY 公司全称 ORDER BY {made} {way} {limit}",
            )

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "top_total": Family(over_all_years("SUM"), everywhere(with_aggregate(_TOTAL_OF, _TOTALLED))),
    "top_total_place": Family(over_all_years("SUM", where="place"), placed(with_aggregate(_TOTAL_OF, _TOTALLED))),
    "best_total": Family(over_all_years("SUM", best=True), everywhere(with_aggregate(_TOTAL_OF, _TOTALLED_BEST))),
    "top_mean": Family(over_all_years("AVG"), everywhere(with_aggregate(_MEAN_OF, _TOTALLED))),
    "best_mean": Family(over_all_years("AVG", best=True), everywhere(with_aggregate(_MEAN_OF, _TOTALLED_BEST))),
}
