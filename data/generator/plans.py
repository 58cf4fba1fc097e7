"""How a question of each build is drawn: its slots, its class, and its SQL over surrogates. families.py names the builds.

A family draws its companies, years, fields … and says how the SQL reads once code has replaced them by surrogates.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.figures import schema
from agent.records import Masked
from agent.writing.surrogates import KTH, TOP
from data.generator import slots
from data.generator.render import Fill, Piece, plain
from data.generator.slots import World

Sql = Callable[[Masked], str]
NUMBERS = ("money", "money", "money", "count")


@dataclass(frozen=True)
class Plan:
    """One question to be worded: slots for the template, class, and its SQL over surrogates (None: no SQL)."""

    slots: Mapping[str, Fill]
    label: str
    sql: Sql | None = None


class Names:
    """Real → surrogate, to write SQL with."""

    def __init__(self, masked: Masked) -> None:
        self._masked = masked

    def column(self, name: str) -> str:
        base, suffix = schema.over_last_year(name)
        if not suffix or name in self._masked.columns.values():
            return self._masked.column(name)
        return self._masked.column(base) + suffix

    def company(self, name: object) -> str:
        return next(f"'{s}'" for s, real in self._masked.companies.items() if real == name)

    def place(self, name: object, column: str = "注册地址") -> str:
        return next(f"{column} LIKE '%{s}%'" for s, real in self._masked.places.items() if real == name)

    def amount(self, value: object) -> int:
        return next(s for s, real in self._masked.amounts.items() if real == value)

    def years(self, values: Sequence[int]) -> str:
        shown = sorted(s for s, real in self._masked.years.items() if real in values)
        return f"年份={shown[0]}" if len(shown) == 1 else f"年份 IN ({','.join(map(str, shown))})"


def statement(columns: Sequence[str], where: Sequence[str], tail: str = "") -> str:
    return f"SELECT {','.join(columns)} FROM {schema.TABLE} WHERE {' AND '.join(where)}{tail}"


def label_of(columns: Sequence[str]) -> str:
    """Class of a question for bare figures: D as soon as one is computed."""
    known = [
        schema.columns()[c].label if c in schema.columns() else "D" if schema.computed(c) else "C" for c in columns
    ]
    return "D" if "D" in known else known[0]


def year_of(rng: random.Random, world: World) -> int:
    return rng.choice(world.years)


def several_years(rng: random.Random, world: World) -> list[int]:
    inner = [y for y in world.years if y in (2019, 2020, 2021)]
    return sorted(rng.sample(inner, rng.choice((2, 2, 3))))


def text_column(rng: random.Random, world: World) -> str:
    return world.column(rng, "text")


def numeric(rng: random.Random, world: World) -> str:
    """What is ranked and averaged: a figure, now and then a computed one or one of the user's own table."""
    roll = rng.random()
    if roll < 0.06 and not world.columns:
        return slots.own_column(rng)
    if roll < 0.2:
        return rng.choice((ratio, growth))(rng, world)
    return world.column(rng, rng.choice(NUMBERS))


def ratio(rng: random.Random, world: World) -> str:
    return rng.choice([f.name for f in schema.FORMULAS if not world.columns or f.name not in world.columns])


def growth(rng: random.Random, world: World) -> str:
    return world.column(rng, "money", "money", "money", "count") + schema.GROWTH


def lookup(
    column: Callable[[random.Random, World], str], with_tail: bool = False
) -> Callable[[random.Random, World], Plan]:
    """One company, one year, one field."""

    def plan(rng: random.Random, world: World) -> Plan:
        company, year, name = world.company(rng), year_of(rng, world), column(rng, world)
        given: dict[str, Fill] = {"company": company, "year": slots.year(rng, year), "field": [slots.said(rng, name)]}
        if with_tail:
            given["tail"] = slots.tail(rng)
        return Plan(
            given,
            label_of([name]),
            lambda m: statement(
                [Names(m).column(name)], [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])]
            ),
        )

    return plan


def several_fields(rng: random.Random, world: World) -> Plan:
    company, year = world.company(rng), year_of(rng, world)
    unit = rng.choice((("money",), ("money",), ("money",), ("count",), ("text",), ("money", "share"), ("formula",)))
    size = rng.choice((2, 2, 2, 3, 4))
    names: list[str] = []
    while len(names) < size:
        name = ratio(rng, world) if unit == ("formula",) else world.column(rng, *unit)
        names += [] if name in names else [name]
    names = names[:3] if unit == ("text",) else names
    given = {
        "company": company,
        "year": slots.year(rng, year),
        "fields": slots.listed(rng, [slots.said(rng, n) for n in names]),
    }
    return Plan(
        given,
        label_of(names),
        lambda m: statement(
            [Names(m).column(n) for n in names],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


def over_years(
    column: Callable[[random.Random, World], str],
    last: bool = False,
    aggregate: str = "",
    label: str = "",
    with_tail: bool = False,
) -> Callable[[random.Random, World], Plan]:
    """One company and field over several years: each year's figure, or `aggregate` of them."""

    def plan(rng: random.Random, world: World) -> Plan:
        company, name = world.company(rng), column(rng, world)
        given: dict[str, Fill] = {"company": company, "field": [slots.said(rng, name)]}
        if last:
            year = rng.choice([y for y in world.years if y > 2018])
            values = [year - 1, year]
            given |= {"year": slots.year(rng, year), "last": slots.last_year(rng, year)}
        else:
            values = several_years(rng, world)
            given["years"] = slots.years(rng, values)
        if with_tail:
            given["tail"] = slots.tail(rng)

        def sql(m: Masked) -> str:
            what = [f"{aggregate}({Names(m).column(name)})"] if aggregate else ["年份", Names(m).column(name)]
            return statement(what, [f"公司全称={Names(m).company(company[0].value)}", Names(m).years(values)])

        return Plan(given, label or label_of([name]), sql)

    return plan


def growth_in_words(rng: random.Random, world: World) -> Plan:
    company, year, name = (
        world.company(rng),
        rng.choice([y for y in world.years if y > 2018]),
        world.column(rng, "money"),
    )
    given = {
        "company": company,
        "year": slots.year(rng, year),
        "field": [slots.said(rng, name)],
        "last": slots.last_year(rng, year),
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            [Names(m).column(name + schema.GROWTH)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


def two_companies(which: bool) -> Callable[[random.Random, World], Plan]:
    """Both figures; with `which` the larger (smaller) first."""

    def plan(rng: random.Random, world: World) -> Plan:
        one, two, year, name = world.company(rng), world.company(rng), year_of(rng, world), world.column(rng, *NUMBERS)
        direction = rng.choice(("DESC", "DESC", "ASC")) if which else "DESC"
        given = {
            "company1": one,
            "company2": two,
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "best": plain(rng.choice(slots.HIGH[direction])),
            "high": plain(rng.choice(slots.HIGH[direction])),
        }

        def sql(m: Masked) -> str:
            both = sorted(Names(m).company(c[0].value) for c in (one, two))
            column = Names(m).column(name)
            return statement(
                ["公司全称", column],
                [f"公司全称 IN ({','.join(both)})", Names(m).years([year])],
                f" ORDER BY {column} {direction}" if which else "",
            )

        return Plan(given, "E" if which else label_of([name]), sql)

    return plan


def places_of(rng: random.Random, world: World, how: str) -> dict[str, Fill]:
    if how == "place":
        return {"place": world.place(rng)}
    if how == "place_or":
        found: dict[str, list[Piece]] = {}
        while len(found) < (3 if rng.random() < 0.25 else 2):
            place = world.place(rng)
            found.setdefault(str(place[0].value), place)
        *first, last = found.values()
        link = rng.choice(("或", "或者", "、", "和", "或是"))
        listed = [piece for place in first for piece in (*place, *plain("、"))][:-1]
        return {"places": [*listed, *plain(link), *last]}
    return {}


def in_places(m: Masked, given: Mapping[str, Fill]) -> list[str]:
    pieces = [*given.get("place", ()), *given.get("places", ())]
    found = [Names(m).place(piece.value) for piece in pieces if piece.kind == "place"]
    return [f"({' OR '.join(found)})"] if len(found) > 1 else found


def more_attributes(rng: random.Random, world: World, taken: set[str]) -> list[str]:
    """One more text column, where the draw gives one that is not taken."""
    name = text_column(rng, world)
    return [] if name in taken else [name]


def ranking(
    number: str, where: str = "", attribute: bool = False, direction: str = ""
) -> Callable[[random.Random, World], Plan]:
    """number: "top" (first k), "kth" (k-th) or "best" (first); direction: fixed where the wording names none (前十 means the highest)."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, name = year_of(rng, world), numeric(rng, world)
        other = rng.choice((text_column, text_column, numeric))(rng, world) if attribute else ""
        shown = [name]
        way = direction or rng.choice(("DESC", "DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "best": plain(rng.choice(slots.BEST[way])),
            "high": plain(rng.choice(slots.HIGH[way])),
            "field": [slots.said(rng, name)],
            **places_of(rng, world, where),
        }
        if attribute:
            shown = (
                [other] if rng.random() < 0.8 or other == name else [other, *more_attributes(rng, world, {name, other})]
            )
            given |= {"field1": given["field"], "field2": slots.listed(rng, [slots.said(rng, c) for c in shown])}
        if number != "best":
            given[number] = slots.ordinal(rng, number, rng.randint(2, 20))
        limit = {"top": f"LIMIT {TOP}", "kth": f"LIMIT 1 OFFSET {KTH - 1}", "best": "LIMIT 1"}[number]

        def sql(m: Masked) -> str:
            column = Names(m).column(name)
            return statement(
                list(dict.fromkeys(["公司全称", *(Names(m).column(c) for c in shown)])),
                [Names(m).years([year]), *in_places(m, given)],
                f" ORDER BY {column} {way} {limit}",
            )

        return Plan(given, "E", sql)

    return plan


def everyone(rng: random.Random, world: World) -> Plan:
    """How many companies the table has in a year."""
    year = year_of(rng, world)
    return Plan({"year": slots.year(rng, year)}, "E", lambda m: statement(["COUNT(*)"], [Names(m).years([year])]))


def filtered(
    what: str, conditions: int, where: str = "", shared: bool = False
) -> Callable[[random.Random, World], Plan]:
    """what: "count" or "list"; conditions: thresholds on that many fields (shared: both against one amount)."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, unit = year_of(rng, world), rng.choice(NUMBERS)
        computed = rng.random() < 0.1
        names: list[str] = []
        while len(names) < conditions:
            same = shared or rng.random() < 0.8
            name = ratio(rng, world) if computed else world.column(rng, unit if same else rng.choice(NUMBERS))
            names += [] if name in names else [name]
        given: dict[str, Fill] = {"year": slots.year(rng, year), **places_of(rng, world, where)}
        tests = []
        for i, name in enumerate(names, 1):
            if not (shared and i > 1):
                threshold = slots.amount(rng, schema.unit_of(name) or "money")
                words, said, operator = slots.comparator(rng, threshold)
            given |= {f"field{i}": [slots.said(rng, name)], f"cmp{i}": words, f"amount{i}": said}
            tests.append((name, operator, threshold[0].value))
        given |= {key: given[key + "1"] for key in ("field", "cmp", "amount") if conditions}

        def sql(m: Masked) -> str:
            chosen = ["COUNT(*)"] if what == "count" else ["公司全称", *(Names(m).column(n) for n in names)]
            return statement(
                chosen,
                [
                    Names(m).years([year]),
                    *in_places(m, given),
                    *(f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests),
                ],
            )

        return Plan(given, "E", sql)

    return plan


def aggregated(
    function: str, where: str = "", years: str = "one", fields: int = 1
) -> Callable[[random.Random, World], Plan]:
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


def intersection(direction: str = "", every: bool = True) -> Callable[[random.Random, World], Plan]:
    """Among the first k in every year (`every`: else in some); direction: fixed where the wording names none (均位列前十 means the highest)."""

    def plan(rng: random.Random, world: World) -> Plan:
        values, name, way = (
            several_years(rng, world),
            world.column(rng, *NUMBERS),
            direction or rng.choice(("DESC", "DESC", "DESC", "ASC")),
        )
        given = {
            "years": slots.years(rng, values),
            "field": [slots.said(rng, name)],
            "top": slots.ordinal(rng, "top", rng.randint(3, 30)),
            "best": plain(rng.choice(slots.BEST[way])),
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(name)
            return (
                f"SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY {column} {way}) AS 名次 FROM {schema.TABLE} "
                f"WHERE {Names(m).years(values)}) AS t WHERE 名次<={TOP} GROUP BY 公司全称 HAVING COUNT(*){f'={len(values)}' if every else '>=1'}"
            )

        return Plan(given, "E", sql)

    return plan


def opened(*kinds: str) -> Callable[[random.Random, World], Plan]:
    """Open questions: a concept, two, or a topic of a company's report; the topic itself is the key word."""

    def plan(rng: random.Random, world: World) -> Plan:
        from data.generator.open_templates import CONCEPTS, TOPICS

        given: dict[str, Fill] = {"company": world.company(rng), "year": slots.year(rng, year_of(rng, world))}
        one, two = rng.sample(CONCEPTS, 2)
        given |= {
            "concept": [Piece(one, "column", one)],
            "concept1": [Piece(one, "column", one)],
            "concept2": [Piece(two, "column", two)],
        }
        topic = rng.choice(TOPICS)
        given |= {"topic": [Piece(topic, "column", topic)], "field": [slots.said(rng, world.column(rng, "money"))]}
        return Plan({kind: given[kind] for kind in kinds}, "F")

    return plan
