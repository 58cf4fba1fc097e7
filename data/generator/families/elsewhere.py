"""Companies that are not registered in a place, and those whose office is in one."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import everywhere, lines, with_condition
from data.generator.families.drawing import (
    Draw,
    Family,
    Names,
    Plan,
    figures_of,
    selected,
    statement,
    threshold,
    year_of,
)
from data.generator.families.filters import ASK_MANY, ASK_WHICH, C1, HOW_MANY, asked
from data.generator.render import Fill, plain
from data.generator.slots import World

_OUTSIDE = lines("""
{year}(注册地|注册地址|注册地点)(不在|不是|不为){place}的(公司|上市公司|企业)<ask>
{year}不在{place}注册的(公司|上市公司|企业)<ask>
{year}没有(注册在|在){place}(注册|)的(公司|企业)<ask>
{year},注册(地|地址)不在{place}的(公司|上市公司)<ask>
不在{place}注册的(公司|企业)在{year}<ask>
{year}注册地在{place}以外的(公司|上市公司)<ask>
{year}除{place}以外的(公司|上市公司)<ask>
{year}不属于{place}的(公司|上市公司)<ask>
{year}非{place}的(公司|上市公司|企业)<ask>
注册地不是{place}的公司{year}<ask>
按{year}的年报,注册地址不在{place}的(公司|企业)<ask>
{year}<first>(公司|企业)不在{place}注册
{year}<first>(公司|企业)的注册地不在{place}
""")
_NOT_HERE = lines("""
不在{place}注册的(公司|企业)(中|里),
注册(地|地址)不在{place}的(公司|上市公司)(中|里),
除{place}以外的(公司|上市公司)(中|里),
注册地不是{place}的(公司|企业)里,
非{place}的(公司|上市公司)中,
""")
_OFFICE = lines("""
{year}办公(地|地址|地点)(在|是|为|位于){place}的(公司|上市公司|企业)<ask>
{year}在{place}办公的(公司|上市公司|企业)<ask>
办公(地|地址)在{place}的(公司|企业)在{year}<ask>
{year}办公所在地(在|为){place}的(公司|企业)<ask>
{year}<first>(公司|企业)(是|)在{place}办公(的|)
{year}<first>(公司|企业)的办公(地|地址)在{place}
按{year}的数据,办公地点在{place}的(公司|企业)<ask>
在{year},办公地址位于{place}的<ask>
{year}把办公地点设在{place}的(公司|企业)<ask>
""")


def outside(what: str, amount: bool = False) -> Draw:
    """Companies that are not registered in a place."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), figures_of(rng, world, 1) if amount else []
        places = [world.place(rng)]
        if rng.random() < 0.3 and (other := world.place(rng))[0].value != places[0][0].value:
            places.append(other)
        link = rng.choice(("、", "和", "或", "也不在"))
        said = [*places[0], *(plain(link) if len(places) > 1 else ()), *(places[1] if len(places) > 1 else ())]
        given: dict[str, Fill] = {"year": slots.year(rng, year), "place": said}
        tests = []
        for name in names:
            more, operator, value = threshold(rng, name)
            given |= more
            tests.append((name, operator, value))

        def sql(m: Masked) -> str:
            where = [Names(m).years([year]), *(f"NOT {Names(m).place(place[0].value)}" for place in places)]
            where += [f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests]
            return statement(selected(what, m, names), where)

        return Plan(given, "E", sql)

    return plan


def office(what: str) -> Draw:
    """Companies whose office is in a place."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, place = year_of(rng, world), world.place(rng)
        given: dict[str, Fill] = {"year": slots.year(rng, year), "place": place}
        return Plan(
            given,
            "E",
            lambda m: statement(
                selected(what, m, []), [Names(m).years([year]), Names(m).place(place[0].value, "办公地址")]
            ),
        )

    return plan


FAMILIES = {
    "count_outside": Family(outside("count"), asked(_OUTSIDE, ASK_MANY)),
    "list_outside": Family(outside("list"), asked(_OUTSIDE, ASK_WHICH)),
    "count_outside_amount": Family(
        outside("count", amount=True),
        tuple(here + core for here, core in zip(_NOT_HERE * 4, everywhere(with_condition(C1, HOW_MANY)))),
    ),
    "count_office": Family(office("count"), asked(_OFFICE, ASK_MANY)),
    "list_office": Family(office("list"), asked(_OFFICE, ASK_WHICH)),
}
