"""Growth: an accepted question in other words, with the same statement or one that changes with it in a known way.

Every child is checked like a draft: it names what its parent names, its statement passes all checks and runs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from agent.errors import CaibaoError
from agent.figures import schema
from agent.figures.aliases import CHANGE_SUFFIXES, GROWTH_SUFFIXES
from agent.figures.numbers import format_number
from agent.labelling.desk import Desk
from agent.labelling.records import Label
from agent.labelling.state import Labelled
from agent.records import ColumnMention, Entities, Keywords, Mention

Child = tuple[str, Label]
MOST = 40  # children of one row
_BEFORE = ("请问", "请问一下,", "帮我查一下", "麻烦查下", "想知道", "我想了解", "请告诉我", "查一查")
_AFTER = ("谢谢", ",谢谢", ",麻烦了", "?谢谢", ",急")
_ASKED = ("是多少", "是多少?", "为多少", "有多少", "是几多", "多少")
_SLIPS = (
    ("多少", "多小"),
    ("分别", "分別"),
    ("哪些", "那些"),
    ("哪家", "那家"),
    ("公司", "公 司"),
    ("最高", "最 高"),
    ("请问", "请闻"),
)
_SCALES = ((Decimal(10**8), "亿"), (Decimal(10**7), "千万"), (Decimal(10**4), "万"))


def children_of(labelled: Sequence[Labelled], desk: Desk, count: int, seed: int) -> list[tuple[str, str, Label]]:
    """(parent's id, question, label) of up to `count` children of each row that is no child itself."""
    most = min(count, MOST)
    return [(each.asked.id, *child) for each in labelled if most > 0 for child in grow(each, desk, most, seed)]


def grow(parent: Labelled, desk: Desk, count: int, seed: int) -> list[Child]:
    """Up to `count` different children; fewer where the question does not vary that much."""
    rng = random.Random(f"{seed} {parent.asked.id}")
    found: dict[str, Label] = {}
    for _ in range(count * 6):
        if len(found) >= count:
            break
        made = _child(parent, desk, rng)
        if made and made[0] not in found and made[0] != parent.asked.question:
            found[made[0]] = made[1]
    return list(found.items())


def _child(parent: Labelled, desk: Desk, rng: random.Random) -> Child | None:
    """One child by one to three changes; None where it does not pass."""
    text, label = desk.read(parent.asked.question).text, parent.label
    for change in rng.sample(CHANGES, rng.choice((1, 1, 2, 3))):
        entities = desk.read(text)
        made = change(rng, entities, desk.keywords(entities, label.keywords), label, desk)
        if made:
            text, label = made
    return checked(text, label, parent.label, desk)


def checked(text: str, label: Label, parent: Label, desk: Desk) -> Child | None:
    """The child with its own masked question, where nothing speaks against it."""
    try:
        if not parent.sql:
            return (text, label) if not desk.fault(text, label) else None
        masked = desk.masked(text, label.keywords)
        own = replace(label, masked=masked.text)
        return None if desk.fault(text, own) else (text, own)
    except CaibaoError:
        return None


# Changes: each gives the new text and label, or None where it does not apply.

Change = Callable[[random.Random, Entities, Keywords, Label, Desk], "tuple[str, Label] | None"]


def _put(text: str, span: Mention | ColumnMention, new: str) -> str:
    return text[: span.start] + new + text[span.end :]


def _polite(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    text = entities.text
    if rng.random() < 0.6:
        return rng.choice(_BEFORE) + text, label
    return text.rstrip("?。") + rng.choice(_AFTER), label


def _voice(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """是多少 in another way."""
    old = next((words for words in _ASKED[:4] if words in entities.text), None)
    return (entities.text.replace(old, rng.choice(_ASKED)), label) if old else None


def _slip(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """A slip of the pen outside of names."""
    apply = [(old, new) for old, new in _SLIPS if old in entities.text and not any(old in k for k in label.keywords)]
    return (entities.text.replace(*rng.choice(apply), 1), label) if apply else None


def _alias(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """A column by another of its names."""
    named = [(c, names) for c in found.columns if c.text in label.keywords and (names := _names(c.column, c.text))]
    if not named:
        return None
    column, names = rng.choice(named)
    new = rng.choice(names)
    terms = tuple(new if term == column.text else term for term in label.keywords)
    return _put(entities.text, column, new), replace(label, keywords=terms)


def _names(column: str, but: str) -> list[str]:
    base, suffix = schema.over_last_year(column)
    known, formula = schema.columns().get(base), schema.formulas().get(column)
    names = [column, *(formula.aliases if formula else ()), *([*known.aliases] if known and not suffix else ())]
    if known and suffix:
        more = GROWTH_SUFFIXES if suffix == schema.GROWTH else CHANGE_SUFFIXES
        names += [name + end for name in (base, *known.aliases) for end in more]
    return [name for name in names if name != but]


def _company(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """Another company of the table, by its full or its short name."""
    companies = [m for m in entities.of("company") if m.value is not None]
    if not companies:
        return None
    full, short, _ = rng.choice(desk.database.companies())
    new = rng.choice((full, short or full))
    if new in entities.text or any(term in new for term in label.keywords):
        return None
    return _put(entities.text, rng.choice(companies), new), label


def _year(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """Another year, or the same written otherwise; only where one is named."""
    named = [m for m in entities.of("year") if m.text]
    if len(named) != 1 or len(named[0].value) != 1 or not named[0].text.rstrip("年度").isdecimal():  # type: ignore[arg-type]
        return None
    year = rng.choice(desk.years)
    return _put(entities.text, named[0], rng.choice((f"{year}年", f"{year}年度", f"{year % 100}年"))), label


def _order(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """甲公司2020年 and 2020年甲公司."""
    both = [m for m in entities.mentions if m.kind in ("company", "year") and m.text]
    for one, two in pairwise(both):
        if {one.kind, two.kind} == {"company", "year"} and len(both) == 2:
            between = entities.text[one.end : two.start]
            if between in ("", "在", "的", ","):
                swapped = two.text + ("" if between == "的" else between) + one.text
                return entities.text[: one.start] + swapped + entities.text[two.end :], label
    return None


def _unit(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """五千万元, 0.5亿元 and 50000000元."""
    amounts = [m for m in entities.of("amount") if "%" not in m.text and "百分" not in m.text and "元" in m.text]
    if not amounts:
        return None
    mention = rng.choice(amounts)
    value = Decimal(str(mention.value))
    ways = [f"{format_number(value)}元"]
    ways += [f"{format_number(value / size)}{word}元" for size, word in _SCALES if value >= size / 10]
    return _put(entities.text, mention, rng.choice([w for w in ways if w != mention.text] or ways)), label


def _figures(
    rng: random.Random, entities: Entities, found: Keywords, label: Label, desk: Desk
) -> tuple[str, Label] | None:
    """One figure more, up to four, where a lookup names bare figures."""
    asked = [c for c in found.columns if c.column in schema.columns() and schema.unit_of(c.column) == "money"]
    plain = label.sql.startswith("SELECT ") and " WHERE 公司全称=" in label.sql and "(" not in label.sql
    if not plain or not asked or len(asked) != len(found.columns) or len(asked) > 3 or " ORDER " in label.sql:
        return None
    known = {c.column for c in asked}
    more = [c for c in desk.columns if schema.unit_of(c) == "money" and c not in known and c in schema.columns()]
    if not more:
        return None
    new = rng.choice(more)
    text = entities.text[: asked[-1].end] + rng.choice(("和", "、", "以及")) + new + entities.text[asked[-1].end :]
    terms = (*label.keywords, new)
    over = desk.masked(text, terms)
    selected, rest = label.sql.removeprefix("SELECT ").split(" FROM ", 1)
    return text, replace(label, keywords=terms, sql=f"SELECT {selected},{over.column(new)} FROM {rest}")


CHANGES: tuple[Change, ...] = (_polite, _voice, _slip, _alias, _company, _year, _order, _unit, _figures)


def kinds_of_change() -> Iterator[str]:
    """Names of the changes, for the help and the tests."""
    yield from (change.__name__.strip("_") for change in CHANGES)
