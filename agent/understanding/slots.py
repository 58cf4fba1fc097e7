"""What a question names, as slots: C1 a company, Y1 a year, M1 a figure, P1 a place, A1 an amount, X1 a share, K1 a number, S1 a string, N1 decimals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agent.figures import schema
from agent.statements.meaning import listed_companies, named_company, own_parts, scope, unit_of
from agent.statements.spelling import write
from agent.statements.syntax import (
    COMPANY,
    COMPARISONS,
    Binary,
    Column,
    Companies,
    Node,
    Number,
    Select,
    Shown,
    Statement,
    StatementError,
    Text,
    rebuild,
    walk,
)

SlotValue = str | int | Decimal
IMPLIED = ("Y0", "Y00", "Z1", "Z2")  # the year before the first that is named, the one before that; after the last
_SLOT = re.compile(r"[CMPAXKSNT]\d+")
# A figure's slot says its kind, since 亿 goes with money and 百分点 with ratios.
_KINDS = {"money": "m", "count": "h", "share": "s"}


@dataclass(frozen=True)
class Slotted:
    """A question with its names as slots.

    text: what the model reads; values: slot → what stands for it; years: those that are named, ascending;
    unknown: what looks like a company that the table has not; plain: the text without white space that spans refer to.
    """

    text: str
    plain: str
    values: Mapping[str, SlotValue] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def asks_for_figures(self) -> bool:
        """It names years, amounts or ranks: no concept is explained to who asks that."""
        return bool(self.years and any(name[0] in "MAXK" for name in self.values))

    def names(self, kind: str) -> list[str]:
        return [name for name in self.values if name[0] == kind]


def kind_of(column: str) -> str:
    """m, h, s or r: money, heads, per share, ratio."""
    return _KINDS.get(schema.unit_of(column) or "money", "r")


def mark_of(name: str, value: SlotValue) -> str:
    """A slot as the model sees it: [C1], [M1m]."""
    return f"[{name}{kind_of(str(value))}]" if name[0] == "M" else f"[{name}]"


def slot_for(values: dict[str, SlotValue], kind: str, value: SlotValue) -> str:
    """The slot of `values` that stands for a value, a new one where there is none yet."""
    name = next((n for n, v in values.items() if n[0] == kind and v == value), "")
    if not name:
        name = f"{kind}{1 + sum(n[0] == kind for n in values)}"
        values[name] = value
    return name


def restored(statement: Statement, slotted: Slotted, latest: int) -> Statement:
    """The statement with real names, values and years. `latest`: the year that is meant where none is named.

    Raises:
        StatementError: it speaks of a slot that the question has not.
    """
    years = slotted.years or (latest,)

    def value(text: str) -> SlotValue:
        if text not in slotted.values:
            raise StatementError(f"问题里没有{text}")
        return slotted.values[text]

    def whole(text: str) -> str:
        return str(int(value(text))) if _SLOT.fullmatch(text) else text

    def named(text: str) -> str:
        return str(value(text)) if _SLOT.fullmatch(text) else text

    def change(node: Node) -> Node:
        if isinstance(node, Column):
            if not node.year and node.name[:1] in "PS" and _SLOT.fullmatch(node.name):
                return Text(named(node.name))
            return Column(named(node.name), str(_year(node.year, years)) if node.year else "", named(node.company))
        if isinstance(node, Number) and _SLOT.fullmatch(node.text):
            return Number(f"{Decimal(value(node.text)).scaleb(-2 if node.text in points else 0):f}")
        if isinstance(node, Text):
            return Text(named(node.text))
        if isinstance(node, Companies):
            rows = re.sub(r"[A-Z]\d+", lambda m: whole(m[0]), node.rows)
            return replace(node, names=tuple(map(named, node.names)), rows=rows)
        if isinstance(node, Shown):
            return Shown(re.sub(r"[A-Z]\d+", lambda m: whole(m[0]), node.row))
        if isinstance(node, Select):
            return replace(node, limit=whole(node.limit), offset=whole(node.offset), last=whole(node.last))
        return node

    points: set[str] = set()
    for part in walk(statement):  # 资产负债率超过70 means 70%: nobody asks for 7000 %
        if isinstance(part, Binary) and part.op in COMPARISONS and isinstance(part.right, Number):
            is_bare = re.fullmatch(r"A\d+", part.right.text) is not None
            if (
                is_bare
                and unit_of(rebuild(part.left, change)) == "percent"
                and abs(Decimal(value(part.right.text))) >= 2
            ):
                points.add(part.right.text)
    made = rebuild(statement, change)
    return replace(made, digits=whole(made.digits))


@dataclass(frozen=True)
class Before:
    """The previous statement as a follow-up starts from it: its text over slots, and what they stand for."""

    text: str
    values: Mapping[str, SlotValue]
    years: tuple[int, ...]


def before(statement: Statement, slotted: Slotted, latest: int) -> Before:
    """The statement over slots, numbered anew in the order in which it names them; every year of it counts as named.

    statement: over the slots of `slotted`, the question that it was read from.
    """
    real = restored(statement, slotted, latest)
    years = tuple(sorted({int(part.year) for part in walk(real) if isinstance(part, Column) and part.year}))
    numbers: dict[str, str] = {}
    counts: dict[str, int] = {}

    def again(text: str) -> str:
        if not _SLOT.fullmatch(text):
            return text
        if text not in numbers:
            counts[text[0]] = counts.get(text[0], 0) + 1
            numbers[text] = f"{text[0]}{counts[text[0]]}"
        return numbers[text]

    text = re.sub(r"(?<![A-Za-z])[CMPAXKSNT]\d+", lambda m: again(m[0]), write(statement))
    shown = {f"@{part.year}": part.year for part in walk(statement) if isinstance(part, Column) and part.year}
    of_year = {name: _year(name, slotted.years or (latest,)) for name in shown.values()}
    text = re.sub(r"@(Y00|Y\d|Z\d)", lambda m: f"@Y{years.index(of_year[m[1]]) + 1}", text)
    values = {new: slotted.values[old] for old, new in numbers.items() if old in slotted.values}
    return Before(text, values, years)


def _year(name: str, years: tuple[int, ...]) -> int:
    if name in ("Y0", "Y00"):
        return years[0] - len(name) + 1
    number = int(name[1:])
    if name.startswith("Z"):
        return years[-1] + number
    if not 1 <= number <= len(years):
        raise StatementError(f"没有第{number}个年份")
    return years[number - 1]


def of_real(statement: Statement) -> Before:
    """A statement over real names as a follow-up starts from it: companies, figures and years become slots."""
    values: dict[str, SlotValue] = {}
    years = tuple(sorted({int(part.year) for part in walk(statement) if isinstance(part, Column) and part.year}))

    def change(node: Node) -> Node:
        if isinstance(node, Companies) and node.names:
            return replace(node, names=tuple(slot_for(values, "C", name) for name in node.names))
        if not isinstance(node, Column):
            return node
        if node.name == COMPANY:
            return node
        if not node.year:  # 公司=…
            return replace(node, name=slot_for(values, "C", node.name))
        company = slot_for(values, "C", node.company) if node.company else ""
        name = node.name if schema.unit_of(node.name) == "text" else slot_for(values, "M", node.name)
        return Column(name, f"Y{years.index(int(node.year)) + 1}", company)

    return Before(write(rebuild(statement, change)), values, years)


def joined(first: Statement, second: Statement) -> Statement | None:
    """What two turns in a row showed, as one statement: two companies' same items, or more items of one company; None where
    they are of different kinds."""
    a, b = first.select, second.select
    if a is None or b is None or a.order is not None or b.order is not None or scope(b) != "named":
        return None
    if any(
        not isinstance(part, Column)
        for item in (*a.items, *b.items)
        for part in own_parts(item)
        if isinstance(part, Number)
    ):
        return None
    mine, theirs = named_company(b), named_company(a)
    if not isinstance(mine, Column):
        return None
    earlier = (theirs.name,) if isinstance(theirs, Column) else listed_companies(a)
    if a.items == b.items and earlier and mine.name not in earlier:
        return replace(second, select=replace(b, where=Companies(names=(*earlier, mine.name))))
    if mine == theirs and a.items != b.items:
        return replace(second, select=replace(b, items=tuple(dict.fromkeys((*a.items, *b.items)))))
    return None


def prompt(earlier: Before, years: tuple[int, ...]) -> str:
    """The earlier statement as the model reads it, its years numbered among `years` (its own and those of the new text)."""
    text = re.sub(r"@Y(\d)", lambda m: f"@Y{years.index(earlier.years[int(m[1]) - 1]) + 1}", earlier.text)
    return re.sub(
        r"(?<![A-Za-z\[])([CMYPAXKSN]\d)(?![\d\]])",
        lambda m: mark_of(m[1], earlier.values.get(m[1], "")) if m[1][0] == "M" else f"[{m[1]}]",
        text,
    )
