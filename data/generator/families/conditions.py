"""Conditions beyond one threshold: a range, one or another, three at once."""

from __future__ import annotations

import random

from agent.figures import schema
from agent.records import Masked
from data.generator import slots
from data.generator.cores import everywhere, placed, with_condition
from data.generator.families.drawing import (
    Draw,
    Family,
    Names,
    Plan,
    figures_of,
    in_places,
    places_of,
    selected,
    statement,
    threshold,
    thresholds,
    year_of,
)
from data.generator.families.filters import HOW_MANY, WHICH
from data.generator.render import Fill
from data.generator.slots import World

_RANGE = "{field}(在|介于|处于|){amount1}(到|至|和|与|-|~){amount2}之间"
_RANGE_TO = "{field}(在|从|为|){amount1}(到|至|-|~){amount2}"
_OR = "{field1}{cmp1}{amount1}(或|或者|或是){field2}{cmp2}{amount2}"


def in_range(what: str, where: str = "") -> Draw:
    """A figure between two amounts."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, (name,) = year_of(rng, world), figures_of(rng, world, 1)
        low, high = slots.two_amounts(rng, schema.unit_of(name) or "money")
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "amount1": low,
            "amount2": high,
            **places_of(rng, world, where),
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(name)
            test = f"{column} BETWEEN {Names(m).amount(low[0].value)} AND {Names(m).amount(high[0].value)}"
            return statement(selected(what, m, [name]), [Names(m).years([year]), *in_places(m, given), test])

        return Plan(given, "E", sql)

    return plan


def either_of(what: str) -> Draw:
    """One threshold or another."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), figures_of(rng, world, 2)
        given: dict[str, Fill] = {"year": slots.year(rng, year)}
        tests = []
        for number, name in enumerate(names, 1):
            more, operator, value = threshold(rng, name, str(number))
            given |= more
            tests.append((name, operator, value))

        def sql(m: Masked) -> str:
            both = [f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests]
            return statement(selected(what, m, names), [Names(m).years([year]), f"({' OR '.join(both)})"])

        return Plan(given, "E", sql)

    return plan


def three(what: str) -> Draw:
    """Past three thresholds."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), figures_of(rng, world, 3)
        said, conditions = thresholds(rng, names, False)
        given: dict[str, Fill] = {"year": slots.year(rng, year), "condition": said}
        return Plan(
            given,
            "E",
            lambda m: statement(
                selected(what, m, names), [Names(m).years([year]), *(condition(m) for condition in conditions)]
            ),
        )

    return plan


FAMILIES = {
    "count_range": Family(in_range("count"), everywhere(with_condition(_RANGE, HOW_MANY))),
    "count_range_to": Family(in_range("count"), everywhere(with_condition(_RANGE_TO, HOW_MANY[:8]))),
    "list_range": Family(in_range("list"), everywhere(with_condition(_RANGE, WHICH))),
    "count_place_range": Family(in_range("count", "place"), placed(with_condition(_RANGE, HOW_MANY[:9]))),
    "count_either": Family(either_of("count"), everywhere(with_condition(_OR, HOW_MANY))),
    "list_either": Family(either_of("list"), everywhere(with_condition(_OR, WHICH))),
    "count_three": Family(three("count"), everywhere(with_condition("{condition}", HOW_MANY))),
    "list_three": Family(three("list"), everywhere(with_condition("{condition}", WHICH))),
}
