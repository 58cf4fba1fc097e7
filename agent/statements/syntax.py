"""The parts of statements as a tree, and how to go through it.

The language is SQL's SELECT over a virtual wide table, one row a company, with the time in the column (`净利润@2020`); data/wordings/STATEMENTS.md
tells it to people. Names of companies, years and values may be real ones, surrogates or slots: the tree is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

AGGREGATES = frozenset({"SUM", "AVG", "MAX", "MIN", "MEDIAN", "COUNT"})
FUNCTIONS = AGGREGATES | {
    "增长率",
    "年均增长率",
    "最高项",
    "最低项",
    "GREATEST",
    "LEAST",
    "ABS",
    "COALESCE",
    "名次",
    "倒数名次",
}
COMPANY, SHOWN = "公司", "上述"
NONE = "NONE"  # the statement of what no table answers
UNITS = ("百万元", "千元", "万元", "亿元", "元", "%", "倍", "小数")
COMPARISONS = ("<=", ">=", "<>", "=", "<", ">")
# What needs no quotes: a name without signs of the grammar; a number or what stands for one.
WORD = re.compile(r"[^\s'<>=+*/(),.@%\[\]:\-]+")
NUMBER = re.compile(r"\d+|[AXKN]\d+")


class StatementError(ValueError):
    """A text that is no statement; the message says what is wrong and where."""


@dataclass(frozen=True)
class Column:
    """`name@year` of the running company, or of `company`; `公司` and codes have no year."""

    name: str
    year: str = ""
    company: str = ""


@dataclass(frozen=True)
class Number:
    """A number or what stands for one, as it is written."""

    text: str


@dataclass(frozen=True)
class Text:
    """A string in quotes, without them."""

    text: str


@dataclass(frozen=True)
class Binary:
    """Arithmetic (+ - * /), a comparison, LIKE, AND or OR."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Not:
    this: Node


@dataclass(frozen=True)
class IsNull:
    this: Node
    negated: bool = False


@dataclass(frozen=True)
class Companies:
    """公司 IN (…): companies by name, those of a SELECT, or the rows just shown (`rows`: 2: from the second on, :3 the first three)."""

    names: tuple[str, ...] = ()
    select: Select | None = None
    shown: bool = False
    rows: str = ""


@dataclass(frozen=True)
class Shown:
    """公司=上述[row]: one of the rows just shown."""

    row: str


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Node, ...]
    distinct: bool = False


@dataclass(frozen=True)
class Star:
    """The * of COUNT(*)."""


@dataclass(frozen=True)
class Select:
    """limit, offset: as written (OFFSET k is the k-th); last: LIMIT i,j asks for the i-th to the j-th."""

    items: tuple[Node, ...]
    where: Node | None = None
    order: Node | None = None
    descending: bool = True
    limit: str = ""
    offset: str = ""
    last: str = ""


@dataclass(frozen=True)
class Statement:
    """A SELECT and how its figures are to be told: unit ("" where not said) and decimals; `select` None: no table answers it."""

    select: Select | None
    unit: str = ""
    digits: str = ""


Node = Column | Number | Text | Binary | Not | IsNull | Companies | Shown | Call | Star | Select
T = TypeVar("T")


def walk(node: object) -> Iterator[Node]:
    """The node and everything below it, in the order of writing."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif is_dataclass(node):
        if not isinstance(node, Statement):
            yield node  # type: ignore[misc]
        for field in fields(node):
            yield from walk(getattr(node, field.name))


def rebuild(node: T, change: Callable[[Node], Node]) -> T:
    """The tree with every node replaced by what `change` makes of it, from the leaves up."""
    if isinstance(node, tuple):
        return tuple(rebuild(part, change) for part in node)  # type: ignore[return-value]
    if not is_dataclass(node):
        return node
    made = replace(node, **{f.name: rebuild(getattr(node, f.name), change) for f in fields(node)})  # type: ignore[type-var]
    return made if isinstance(made, Statement) else change(made)  # type: ignore[arg-type,return-value]
