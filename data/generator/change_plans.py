"""How questions about changes between years and differences between companies are drawn."""

from __future__ import annotations

import random
from collections.abc import Callable

from agent.figures import schema
from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import lexicon, slots
from data.generator.plans import NUMBERS, Names, Plan, label_of, several_years, statement, year_of
from data.generator.render import Fill, Piece, plain
from data.generator.slots import World


def change(rng: random.Random, world: World) -> str:
    """A column that is the change since the year before."""
    return world.column(rng, *NUMBERS) + schema.CHANGE


def change_years(rng: random.Random, world: World) -> Plan:
    """Two years of one company, both named: both figures, from which the answer takes the difference."""
    company, name = world.company(rng), world.column(rng, "money", "money", "money", "count", "share")
    year = rng.choice([y for y in world.years if y > 2018])
    before = year - 1 if rng.random() < 0.7 or year - 2 not in world.years else year - 2
    last = slots.last_year(rng, year) if before == year - 1 and rng.random() < 0.5 else slots.year(rng, before)
    given: dict[str, Fill] = {
        "company": company,
        "year": slots.year(rng, year),
        "last": last,
        "field": [slots.said(rng, name)],
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            ["年份", Names(m).column(name)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([before, year])],
        ),
    )


def change_in_words(rng: random.Random, world: World) -> Plan:
    """One year, the one before it understood (同比增加了多少元)."""
    company, name = world.company(rng), world.column(rng, "money", "money", "money", "count")
    year = rng.choice([y for y in world.years if y > 2018])
    given: dict[str, Fill] = {
        "company": company,
        "year": slots.year(rng, year),
        "field": [slots.said(rng, name)],
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            [Names(m).column(name + schema.CHANGE)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


def companies(
    count: int, which: bool = False, label: str = "", units: tuple[str, ...] = NUMBERS
) -> Callable[[random.Random, World], Plan]:
    """`count` companies' figures; `which`: sorted, the asked one first."""

    def plan(rng: random.Random, world: World) -> Plan:
        drawn = [world.company(rng) for _ in range(count)]
        while len({company[0].value for company in drawn}) < count:
            drawn = [world.company(rng) for _ in range(count)]
        year, name = year_of(rng, world), world.column(rng, *units)
        direction = rng.choice(("DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "companies": slots.listed(rng, [company[0] for company in drawn]),
            "company1": drawn[0],
            "company2": drawn[1],
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "high": plain(rng.choice(slots.HIGH[direction])),
        }

        def sql(m: Masked) -> str:
            all_of_them = ",".join(sorted(Names(m).company(company[0].value) for company in drawn))
            column = Names(m).column(name)
            return statement(
                ["公司全称", column],
                [f"公司全称 IN ({all_of_them})", Names(m).years([year])],
                f" ORDER BY {column} {direction}" if which else "",
            )

        return Plan(given, label or ("E" if which else label_of([name])), sql)

    return plan


def fields_of(several_companies: bool) -> Callable[[random.Random, World], Plan]:
    """Two fields of two companies in a year, or of one company over several years."""

    def plan(rng: random.Random, world: World) -> Plan:
        drawn = [world.company(rng) for _ in range(2 if several_companies else 1)]
        while len({company[0].value for company in drawn}) < len(drawn):
            drawn = [world.company(rng) for _ in drawn]
        values = [year_of(rng, world)] if several_companies else several_years(rng, world)
        unit = rng.choice(("money", "money", "count"))
        one, two = world.column(rng, unit), world.column(rng, unit)
        while one == two:
            two = world.column(rng, unit)
        given: dict[str, Fill] = {
            "companies": slots.listed(rng, [company[0] for company in drawn]),
            "company": drawn[0],
            "year": slots.year(rng, values[0]),
            "years": slots.years(rng, values) if len(values) > 1 else plain(""),
            "fields": slots.listed(rng, [slots.said(rng, one), slots.said(rng, two)]),
        }

        def sql(m: Masked) -> str:
            names = sorted(Names(m).company(company[0].value) for company in drawn)
            who = f"公司全称 IN ({','.join(names)})" if several_companies else f"公司全称={names[0]}"
            key = "公司全称" if several_companies else "年份"
            return statement([key, Names(m).column(one), Names(m).column(two)], [who, Names(m).years(values)])

        return Plan(given, label_of([one, two]), sql)

    return plan


def growing(what: str) -> Callable[[random.Random, World], Plan]:
    """The table by growth that is said in words: what is "top", "best", "count" or "list"."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, name = (
            rng.choice([y for y in world.years if y > 2018]),
            world.column(rng, "money", "money", "money", "count"),
        )
        percent = rng.random() < 0.6
        grown = name + (schema.GROWTH if percent else schema.CHANGE)
        amount = slots.amount(rng, "percent" if percent else schema.unit_of(name) or "money")
        words, said, operator = slots.comparator(rng, amount)
        way = rng.choice(("DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "top": slots.ordinal(rng, "top", rng.randint(2, 20)),
            "fastest": plain(rng.choice(slots.FASTEST[percent, way])),
            "cmp": words,
            "amount": said,
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(grown)
            if what in ("top", "best"):
                limit = "LIMIT 1" if what == "best" else f"LIMIT {TOP}"
                return statement(["公司全称", column], [Names(m).years([year])], f" ORDER BY {column} {way} {limit}")
            test = f"{column}{operator}{Names(m).amount(amount[0].value)}"
            return statement(["COUNT(*)"] if what == "count" else ["公司全称", column], [Names(m).years([year]), test])

        return Plan(given, "E", sql)

    return plan


def by_code(rng: random.Random, world: World) -> Plan:
    """Which company a stock code belongs to."""
    year = year_of(rng, world)
    company = rng.choice(world.companies) if world.companies else lexicon.company(rng)
    made_up = f"{rng.choice(('000', '002', '300', '600', '603', '688'))}{rng.randrange(1000):03}"
    code = Piece(company.code or made_up, "company", company.full)
    return Plan(
        {"company": [code], "year": slots.year(rng, year)},
        "A",
        lambda m: statement(["公司全称"], [f"公司全称={Names(m).company(company.full)}", Names(m).years([year])]),
    )


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
