"""How questions with conditions beyond one threshold are drawn: ranges, OR, NOT, office places, ranks among some, several years."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from agent.figures import schema
from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import slots
from data.generator.plans import (
    NUMBERS,
    Names,
    Plan,
    in_places,
    numeric,
    places_of,
    ratio,
    several_years,
    statement,
    year_of,
)
from data.generator.render import Fill, Piece, plain
from data.generator.slots import World

Draw = Callable[[random.Random, World], Plan]


def _fields(rng: random.Random, world: World, count: int) -> list[str]:
    """Different figures of one unit; now and then ratios."""
    unit = rng.choice(NUMBERS)
    computed = rng.random() < 0.1
    names: list[str] = []
    while len(names) < count:
        name = ratio(rng, world) if computed else world.column(rng, unit)
        names += [] if name in names else [name]
    return names


def _selected(what: str, m: Masked, names: list[str]) -> list[str]:
    return ["COUNT(*)"] if what == "count" else ["公司全称", *(Names(m).column(name) for name in names)]


def in_range(what: str, where: str = "") -> Draw:
    """A figure between two amounts."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, (name,) = year_of(rng, world), _fields(rng, world, 1)
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
            return statement(_selected(what, m, [name]), [Names(m).years([year]), *in_places(m, given), test])

        return Plan(given, "E", sql)

    return plan


def _threshold(rng: random.Random, name: str, number: str = "") -> tuple[dict[str, Fill], str, object]:
    """Slots of field, comparator and amount; the operator; the amount."""
    amount = slots.amount(rng, schema.unit_of(name) or "money")
    words, said, operator = slots.comparator(rng, amount)
    given: dict[str, Fill] = {
        f"field{number}": [slots.said(rng, name)],
        f"cmp{number}": words,
        f"amount{number}": said,
    }
    return given, operator, amount[0].value


def either_of(what: str) -> Draw:
    """One threshold or another."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), _fields(rng, world, 2)
        given: dict[str, Fill] = {"year": slots.year(rng, year)}
        tests = []
        for number, name in enumerate(names, 1):
            more, operator, value = _threshold(rng, name, str(number))
            given |= more
            tests.append((name, operator, value))

        def sql(m: Masked) -> str:
            both = [f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests]
            return statement(_selected(what, m, names), [Names(m).years([year]), f"({' OR '.join(both)})"])

        return Plan(given, "E", sql)

    return plan


def outside(what: str, amount: bool = False) -> Draw:
    """Companies that are not registered in a place."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), _fields(rng, world, 1) if amount else []
        places = [world.place(rng)]
        if rng.random() < 0.3 and (other := world.place(rng))[0].value != places[0][0].value:
            places.append(other)
        link = rng.choice(("、", "和", "或", "也不在"))
        said = [*places[0], *(plain(link) if len(places) > 1 else ()), *(places[1] if len(places) > 1 else ())]
        given: dict[str, Fill] = {"year": slots.year(rng, year), "place": said}
        tests = []
        for name in names:
            more, operator, value = _threshold(rng, name)
            given |= more
            tests.append((name, operator, value))

        def sql(m: Masked) -> str:
            where = [Names(m).years([year]), *(f"NOT {Names(m).place(place[0].value)}" for place in places)]
            where += [f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests]
            return statement(_selected(what, m, names), where)

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
                _selected(what, m, []), [Names(m).years([year]), Names(m).place(place[0].value, "办公地址")]
            ),
        )

    return plan


def _conditions(
    rng: random.Random, names: list[str], between: bool
) -> tuple[list[Piece], list[Callable[[Masked], str]]]:
    """Thresholds on figures, or a range of one, in words and as SQL."""
    if between:
        (name,) = names
        low, high = slots.two_amounts(rng, schema.unit_of(name) or "money")
        said = [
            slots.said(rng, name),
            *plain(rng.choice(("在", "介于", ""))),
            *low,
            *plain(rng.choice(("到", "至", "和"))),
        ]
        said += [*high, *plain("之间")]
        return said, [
            lambda m: (
                f"{Names(m).column(name)} BETWEEN {Names(m).amount(low[0].value)} AND {Names(m).amount(high[0].value)}"
            )
        ]
    words: list[Piece] = []
    tests: list[Callable[[Masked], str]] = []
    for name in names:
        more, operator, value = _threshold(rng, name)
        words += plain(rng.choice(("且", "并且", "、", ",同时"))) if words else []
        words += [*more["field"], *more["cmp"], *more["amount"]]
        tests.append(partial(_test, name, operator, value))
    return words, tests


def _test(name: str, operator: str, value: object, m: Masked) -> str:
    return f"{Names(m).column(name)}{operator}{Names(m).amount(value)}"


def among(function: str = "", best: bool = False) -> Draw:
    """Of the companies past a threshold: the first k by another figure (`best`: the first), or `function` of it."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, asked = year_of(rng, world), numeric(rng, world)
        build = rng.choice(("one", "one", "two", "range"))
        tested: list[str] = []
        while len(tested) < (2 if build == "two" else 1):
            name = world.column(rng, *NUMBERS)
            tested += [] if name in (asked, *tested) else [name]
        said, conditions = _conditions(rng, tested, build == "range")
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


def in_years(every: bool) -> Draw:
    """Companies past a threshold in every one of the years, or in some."""

    def plan(rng: random.Random, world: World) -> Plan:
        values, name = several_years(rng, world), world.column(rng, *NUMBERS)
        more, operator, value = _threshold(rng, name)
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
    more, operator, value = _threshold(rng, name)
    given: dict[str, Fill] = {"years": slots.years(rng, values), **more}

    def sql(m: Masked) -> str:
        test = f"{Names(m).column(name)}{operator}{Names(m).amount(value)}"
        return statement(["年份", "COUNT(*)"], [Names(m).years(values), test], " GROUP BY 年份")

    return Plan(given, "E", sql)


def three(what: str) -> Draw:
    """Past three thresholds."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), _fields(rng, world, 3)
        said, conditions = _conditions(rng, names, False)
        given: dict[str, Fill] = {"year": slots.year(rng, year), "condition": said}
        return Plan(
            given,
            "E",
            lambda m: statement(
                _selected(what, m, names), [Names(m).years([year]), *(condition(m) for condition in conditions)]
            ),
        )

    return plan
