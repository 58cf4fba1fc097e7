"""What the parts of a statement mean: named formulas and growth as arithmetic, units of expressions, which companies a SELECT is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeGuard

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.statements.parsing import parse_expression
from agent.statements.spelling import spell
from agent.statements.syntax import (
    AGGREGATES,
    COMPANY,
    COMPARISONS,
    Binary,
    Call,
    Column,
    Companies,
    IsNull,
    Node,
    Not,
    Number,
    Select,
    Shown,
    Star,
    rebuild,
    walk,
)

Unit = Literal[
    "text", "money", "count", "share", "ratio", "percent", "points", "companies", "rank", "truth", "met", "name"
]
Scope = Literal["named", "listed", "found", "aggregated", "free"]
_NAME = re.compile(r"[^\s()+\-*/,0-9][^\s()+\-*/,]*")


@lru_cache(maxsize=4096)
def _formula(expression: str) -> Node:
    """The arithmetic of a formula over columns without a year."""
    return parse_expression(expression)


def expanded(node: Node, real: Collection[str]) -> Node:
    """The same over columns of the table alone: formulas, 增长率 and the like written out. Subqueries stay as they are.

    Raises:
        NotAnswerable: the table lacks a column; the message names it.
    """

    def change(part: Node) -> Node:
        if isinstance(part, Column):
            return _column(part, real)
        if isinstance(part, Call) and part.name == "增长率":
            start, end = part.args
            return Binary("/", Binary("-", end, start), start)
        return part

    return _outside_selects(node, change)


def _outside_selects(node: Node, change) -> Node:  # type: ignore[no-untyped-def]
    """rebuild that leaves what stands in a (SELECT …) to its own evaluation."""
    if isinstance(node, (Select, Companies)):
        return node
    if isinstance(node, Binary):
        node = replace(node, left=_outside_selects(node.left, change), right=_outside_selects(node.right, change))
    elif isinstance(node, (Not, IsNull)):
        node = replace(node, this=_outside_selects(node.this, change))
    elif isinstance(node, Call):
        node = replace(node, args=tuple(_outside_selects(arg, change) for arg in node.args))
    return change(node)


def _column(column: Column, real: Collection[str]) -> Node:
    if not column.year or column.name in real or column.name == COMPANY:
        return column
    formula = schema.computed(column.name)
    expression = schema.identities().get(column.name) or (formula.expression if formula else "")
    if not expression or schema.over_last_year(column.name)[1]:
        raise NotAnswerable(f"表中没有字段“{column.name}”，无法回答该问题。")

    def here(part: Node) -> Node:
        """In the column's year and company; what the table lacks as well by its own identity."""
        if not isinstance(part, Column):
            return part
        placed = replace(part, year=column.year, company=column.company)
        return _column(placed, real) if part.name not in real and part.name in schema.identities() else placed

    written = rebuild(_formula(expression), here)
    absent = [part.name for part in walk(written) if isinstance(part, Column) and part.name not in real]
    if absent:
        raise NotAnswerable(
            f"表中没有字段“{'、'.join(dict.fromkeys(absent))}”，无法计算{column.name}，无法回答该问题。"
        )
    return written


def span(call: Call) -> int:
    """The years from the start to the end of a 年均增长率."""
    start, end = (
        max((int(p.year) for p in walk(arg) if isinstance(p, Column) and p.year.isdecimal()), default=0)
        for arg in call.args
    )
    return end - start if start and end else 0


def constant(node: Node) -> Decimal | None:
    """The value of an expression of numbers alone, such as the 0-0.2 that -20% is; None for any other."""
    if isinstance(node, Number):
        return Decimal(node.text)
    if not isinstance(node, Binary) or node.op not in ("+", "-", "*"):
        return None
    left, right = constant(node.left), constant(node.right)
    if left is None or right is None:
        return None
    return left + right if node.op == "+" else left - right if node.op == "-" else left * right


def is_truth(node: Node) -> bool:
    """Whether a node is a condition."""
    return isinstance(node, (Not, IsNull, Companies)) or (
        isinstance(node, Binary) and node.op in (*COMPARISONS, "LIKE", "AND", "OR")
    )


def conjuncts(node: Node | None) -> list[Node]:
    """The parts of a condition that AND joins."""
    if node is None:
        return []
    if isinstance(node, Binary) and node.op == "AND":
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def own_parts(node: object) -> Iterator[Node]:
    """The node and what is below it, without what stands in a (SELECT …)."""
    if isinstance(node, tuple):
        for part in node:
            yield from own_parts(part)
    elif isinstance(node, (Select, Companies)):
        return
    elif isinstance(node, (Binary, Not, IsNull, Call, Column, Number, Star, Shown)):
        yield node
        for name in ("left", "right", "this", "args"):
            yield from own_parts(getattr(node, name, None))


def is_aggregate(node: Node) -> TypeGuard[Call]:
    return isinstance(node, Call) and node.name in AGGREGATES


def named_company(select: Select) -> Node | None:
    """The company of WHERE 公司=…; None where there is no such condition."""
    found = [
        part.right
        for part in conjuncts(select.where)
        if isinstance(part, Binary) and part.op == "=" and part.left == Column(COMPANY)
    ]
    return found[0] if found else None


def listed_companies(select: Select) -> tuple[str, ...]:
    """The companies of WHERE 公司 IN (A,B) where that is the whole condition."""
    parts = conjuncts(select.where)
    return parts[0].names if len(parts) == 1 and isinstance(parts[0], Companies) else ()


def scope(select: Select) -> Scope:
    """Which companies a SELECT is about: one, a list of named ones, those that are found, numbers over companies, or none."""
    if any(is_aggregate(part) for item in select.items for part in own_parts(item)):
        return "aggregated"
    if named_company(select) is not None:
        return "named"
    if listed_companies(select):
        return "listed"
    columns = [part for item in select.items for part in own_parts(item) if isinstance(part, Column)]
    if select.where is None and select.order is None and all(column.company for column in columns):
        return "free"
    return "found"


def unit_of(node: Node) -> Unit:
    """The unit of an expression's value."""
    if isinstance(node, Column):
        return "name" if node.name == COMPANY else schema.unit_of(node.name) or "money"
    if isinstance(node, (Not, IsNull, Companies)):
        return "truth"
    if isinstance(node, Select):
        return unit_of(node.items[0])
    if isinstance(node, Binary):
        return _unit_of_binary(node)
    if isinstance(node, Call):
        return _unit_of_call(node)
    return "ratio"


def _unit_of_binary(node: Binary) -> Unit:
    if node.op in COMPARISONS or node.op in ("AND", "OR", "LIKE"):
        return "truth"
    if isinstance(node.left, Number):
        return unit_of(node.right) if node.op != "/" else "ratio"
    if isinstance(node.right, Number):
        unit = unit_of(node.left)
        return "ratio" if unit == "percent" and node.op == "*" and node.right.text == "100" else unit
    left, right = unit_of(node.left), unit_of(node.right)
    if node.op == "/":
        # Money of each head is money; of each company too.
        return (
            "ratio"
            if left == right or left not in ("money", "share")
            else left
            if right in ("count", "companies")
            else "ratio"
        )
    if node.op == "-" and left == right == "percent":
        return "points"
    if "truth" in (left, right) or "met" in (left, right):  # how many of several conditions are met
        return "met"
    return left


def _unit_of_call(node: Call) -> Unit:
    if node.name == "COUNT":
        return "companies"
    if node.name in ("名次", "倒数名次"):
        return "rank"
    if node.name in ("增长率", "年均增长率"):
        return "percent"
    unit = unit_of(node.args[0])
    if unit == "truth":
        return "percent" if node.name == "AVG" else "companies"
    return unit


def operands(select: Select) -> list[Node]:
    """What a list of companies tells beside what is asked: the sort key, and figures that conditions compare."""
    found: list[Node] = [select.order] if select.order is not None else []
    for part in conjuncts(select.where):
        found += [side for side in _compared(part) if isinstance(side, (Column, Binary, Call))]
    asked = {spell(item) for item in select.items}
    return [
        node
        for node in {spell(n): n for n in found}.values()
        if spell(node) not in asked and unit_of(node) not in ("truth", "name")
    ]


def _compared(node: Node) -> list[Node]:
    if isinstance(node, Not):
        return _compared(node.this)
    if isinstance(node, Binary) and node.op in ("AND", "OR"):
        return [*_compared(node.left), *_compared(node.right)]
    if isinstance(node, Binary) and "met" in (unit_of(node), unit_of(node.left) if node.op in COMPARISONS else ""):
        return [side for part in (node.left, node.right) for side in _compared(part)]
    if isinstance(node, Binary) and node.op in COMPARISONS and node.left != Column(COMPANY):
        # M@2>M@1*2 compares both years; a constant tells nothing of the company.
        right = node.right
        if isinstance(right, Binary) and isinstance(right.right, Number):
            right = right.left
        return [side for side in (node.left, right) if any(isinstance(p, Column) for p in walk(side))]
    if isinstance(node, Binary) and node.op == "LIKE" and isinstance(node.left, Column):
        told = node.left.name not in (*schema.PLACE_COLUMNS, schema.COMPANY, schema.CODE, schema.SHORT_NAME)
        return [node.left] if told else []
    return []
