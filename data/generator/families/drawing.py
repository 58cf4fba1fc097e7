"""What every file of families draws with: a plan, names for SQL, years, places, thresholds."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent.figures import schema
from agent.records import Masked
from data.generator import slots
from data.generator.render import Fill, Piece, plain
from data.generator.slots import World

NUMBERS = ("money", "money", "money", "count")


Sql = Callable[[Masked], str]


Draw = Callable[[random.Random, World], "Plan"]


@dataclass(frozen=True)
class Plan:
    """One question to be worded: slots for the template, class, and its SQL over surrogates (None: no SQL)."""

    slots: Mapping[str, Fill]
    label: str
    sql: Sql | None = None


@dataclass(frozen=True)
class Family:
    """A family of questions: how one is drawn, and its wordings, text with {slots} and (a|b|c) alternatives."""

    draw: Draw
    wordings: tuple[str, ...]


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


def ratio(rng: random.Random, world: World) -> str:
    return rng.choice([f.name for f in schema.FORMULAS if not world.columns or f.name not in world.columns])


def growth(rng: random.Random, world: World) -> str:
    return world.column(rng, "money", "money", "money", "count") + schema.GROWTH


def numeric(rng: random.Random, world: World) -> str:
    """What is ranked and averaged: a figure, now and then a computed one or one of the user's own table."""
    roll = rng.random()
    if roll < 0.06 and not world.columns:
        return slots.own_column(rng)
    if roll < 0.2:
        return rng.choice((ratio, growth))(rng, world)
    return world.column(rng, rng.choice(NUMBERS))


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


def figures_of(rng: random.Random, world: World, count: int) -> list[str]:
    """Different figures of one unit; now and then ratios."""
    unit = rng.choice(NUMBERS)
    computed = rng.random() < 0.1
    names: list[str] = []
    while len(names) < count:
        name = ratio(rng, world) if computed else world.column(rng, unit)
        names += [] if name in names else [name]
    return names


def selected(what: str, m: Masked, names: list[str]) -> list[str]:
    return ["COUNT(*)"] if what == "count" else ["公司全称", *(Names(m).column(name) for name in names)]


def threshold(rng: random.Random, name: str, number: str = "") -> tuple[dict[str, Fill], str, object]:
    """Slots of field, comparator and amount; the operator; the amount."""
    amount = slots.amount(rng, schema.unit_of(name) or "money")
    words, said, operator = slots.comparator(rng, amount)
    given: dict[str, Fill] = {
        f"field{number}": [slots.said(rng, name)],
        f"cmp{number}": words,
        f"amount{number}": said,
    }
    return given, operator, amount[0].value


def thresholds(
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
        more, operator, value = threshold(rng, name)
        words += plain(rng.choice(("且", "并且", "、", ",同时"))) if words else []
        words += [*more["field"], *more["cmp"], *more["amount"]]
        tests.append(partial(_test, name, operator, value))
    return words, tests


def _test(name: str, operator: str, value: object, m: Masked) -> str:
    return f"{Names(m).column(name)}{operator}{Names(m).amount(value)}"
