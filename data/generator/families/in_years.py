"""Companies past a threshold in every year, in some, and how many in each."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import lines, with_condition
from data.generator.families.drawing import NUMBERS, Draw, Family, Names, Plan, several_years, statement, threshold
from data.generator.families.filters import C1
from data.generator.render import Fill
from data.generator.slots import World

_EVERY = lines("""
{years}{field}(每年|年年|各年|)(都|均){cmp}{amount}的(公司|上市公司|企业)(有哪些|是哪些|)
{years}(哪些|哪几家)(公司|上市公司)(的|){field}(每年|年年|各年|)(都|均){cmp}{amount}
(哪些|有哪些)公司{years}{field}(每年|年年|一直)(都|){cmp}{amount}
{years}连续{field}{cmp}{amount}的(公司|企业)(有哪些|)
列出{years}每年{field}都{cmp}{amount}的公司
{field}在{years}(都|均){cmp}{amount}的公司(有哪些|有几家|有多少家)
{years}(有多少|有几)家公司{field}(每年|年年)都{cmp}{amount}
{years}这几年,{field}始终{cmp}{amount}的(公司|上市公司)
{years}各年{field}全都{cmp}{amount}的企业有(哪些|几家)
在{years}中,每一年{field}都{cmp}{amount}的公司(是哪些|)
{years}期间{field}一直{cmp}{amount}的公司
{years}{field}{cmp}{amount}年年如此的公司有哪些
""")
_SOME = lines("""
{years}(曾经|曾|曾有)(有|){field}{cmp}{amount}的(公司|企业)(有哪些|有几家|)
{years}(任意|任何|至少|其中)(有|)一年{field}{cmp}{amount}的公司(有哪些|有几家|)
{years}哪些公司(曾|曾经)(有一年|){field}{cmp}{amount}
{years}有哪些公司{field}至少有一年{cmp}{amount}
列出{years}中任何一年{field}{cmp}{amount}的公司
{years}里{field}有过{cmp}{amount}的公司(是哪些|)
{years}只要有一年{field}{cmp}{amount}的公司有(哪些|多少家)
{years}(有多少|有几)家公司{field}曾{cmp}{amount}
{years}期间{field}哪怕有一年{cmp}{amount}的企业
""")
_COUNT_YEARS = lines("""
{years}(每年|各年|)<c>的(公司|上市公司|企业)(分别|各)(有|是)(多少家|几家)
{years}<c>的(公司|企业)每年(有|是)(多少家|几家)
{years}各年分别有(多少家|几家)公司<c>
分年统计{years}<c>的公司(数量|家数)
{years}<c>的公司数量(分别|各)是多少
逐年看{years}<c>的(公司|企业)有几家
{years}<c>的公司逐年(有多少家|数量)
{years}里,每一年<c>的公司各有几家
""")


def in_years(every: bool) -> Draw:
    """Companies past a threshold in every one of the years, or in some."""

    def plan(rng: random.Random, world: World) -> Plan:
        values, name = several_years(rng, world), world.column(rng, *NUMBERS)
        more, operator, value = threshold(rng, name)
        given: dict[str, Fill] = {"years": slots.years(rng, values), **more}

        def sql(m: Masked) -> str:
            test = f"{Names(m).column(name)}{operator}{Names(m).amount(value)}"
            having = f"={len(values)}" if every else ">=1"
            return statement(
                ["公司全称"], [Names(m).years(values), test], f" GROUP BY 公司全称 HAVING COUNT(*){having}"
            )

        return Plan(given, "E", sql)

    return plan


def each_year(rng: random.Random, world: World) -> Plan:
    """How many companies are past a threshold, year by year."""
    values, name = several_years(rng, world), world.column(rng, *NUMBERS)
    more, operator, value = threshold(rng, name)
    given: dict[str, Fill] = {"years": slots.years(rng, values), **more}

    def sql(m: Masked) -> str:
        test = f"{Names(m).column(name)}{operator}{Names(m).amount(value)}"
        return statement(["年份", "COUNT(*)"], [Names(m).years(values), test], " GROUP BY 年份")

    return Plan(given, "E", sql)


FAMILIES = {
    "every_year_amount": Family(in_years(every=True), _EVERY),
    "some_year_amount": Family(in_years(every=False), _SOME),
    "count_years_amount": Family(each_year, with_condition(C1, _COUNT_YEARS)),
}
