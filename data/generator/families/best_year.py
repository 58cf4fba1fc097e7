"""In which year a figure of a company was highest."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import NUMBERS, Family, Names, Plan, several_years, statement
from data.generator.render import Fill, plain
from data.generator.slots import World

_BEST_YEAR = lines("""
{company}{years}(哪一年|哪年)(的|){field}{best}
{company}{field}{best}的是{years}(中|里|)(的|)(哪一年|哪年)
{years}{company}(哪一年|哪年|哪个年度)的{field}{best}
{years}中,{company}{field}{best}的年份是(哪年|哪一年|)
{company}在{years}里,{field}{best}的是哪一年
{company}{years}{field}{best}的一年是(哪年|)
{company}的{field}在{years}哪年{best}
{years}这几年,{company}的{field}哪年{best}
{company}{years}期间{field}{best}是在哪一年
{company}{field}{years}哪一年达到{best}
{years}里{company}{field}{best}的那一年是哪年,是多少
看{company}{years}的{field},哪年{best}
从{years}年报看,{company}哪一年{field}{best}
{company}{years}{field}{best}的年度
{company}在{years}当中{field}在哪一年{best}
""")


def best_year(rng: random.Random, world: World) -> Plan:
    """In which of the years a company's figure was highest (lowest)."""
    company, name, values = world.company(rng), world.column(rng, *NUMBERS), several_years(rng, world)
    direction = rng.choice(("DESC", "DESC", "ASC"))
    given: dict[str, Fill] = {
        "company": company,
        "years": slots.years(rng, values),
        "field": [slots.said(rng, name)],
        "best": plain(rng.choice(slots.BEST[direction])),
    }

    def sql(m: Masked) -> str:
        column = Names(m).column(name)
        return statement(
            ["年份", column],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years(values)],
            f" ORDER BY {column} {direction} LIMIT 1",
        )

    return Plan(given, "E", sql)


FAMILIES = {
    "best_year": Family(best_year, _BEST_YEAR),
}
