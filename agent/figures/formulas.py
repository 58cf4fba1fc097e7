"""Computed columns: their operands, and exact arithmetic over a row."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache

import sqlglot
from sqlglot import exp

from agent.figures import schema

PRECISION = 50  # digits of a division; money has at most 20
# (X-上年X)/上年X and X-上年X; X is any text, so it is never parsed: 研发机构数(个) is a name, and so is what a model made up.
_CHANGE = re.compile(rf"(?P<base>.+)-{schema.LAST_YEAR}(?P=base)", re.DOTALL)
_GROWTH = re.compile(rf"\((?P<base>.+)-{schema.LAST_YEAR}(?P=base)\)/{schema.LAST_YEAR}(?P=base)", re.DOTALL)


@lru_cache(maxsize=4096)
def tree(expression: str) -> exp.Expr:
    """The arithmetic of a formula; shared, so copy it before changing it."""
    growth = _GROWTH.fullmatch(expression)
    found = growth or _CHANGE.fullmatch(expression)
    if found is None:
        return sqlglot.parse_one(expression)
    now, before = exp.column(found["base"]), exp.column(schema.LAST_YEAR + found["base"])
    change = exp.Sub(this=now, expression=before)
    return exp.Div(this=exp.paren(change), expression=before.copy()) if growth else change


@lru_cache(maxsize=4096)
def operands(expression: str) -> tuple[str, ...]:
    """The columns of a formula, in the order they are written."""
    return tuple(dict.fromkeys(c.name for c in tree(expression).find_all(exp.Column, bfs=False)))


def missing(expression: str, real: Collection[str]) -> list[str]:
    """The operands that the table does not have; 上年X needs X."""
    return [
        name for name in operands(expression) if name not in real and name.removeprefix(schema.LAST_YEAR) not in real
    ]


def evaluate(expression: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    """The exact value; None where an operand is missing (COALESCE aside) or a divisor is zero.

    >>> evaluate("(a-b)/a", {"a": Decimal(4), "b": Decimal(3)})
    Decimal('0.25')
    """
    with localcontext() as context:
        context.prec = PRECISION
        return _evaluate(tree(expression), values)


def _evaluate(node: exp.Expr, values: Mapping[str, Decimal | None]) -> Decimal | None:
    if isinstance(node, exp.Paren):
        return _evaluate(node.this, values)
    if isinstance(node, exp.Column):
        return values.get(node.name)
    if isinstance(node, exp.Literal):
        return Decimal(node.this)
    if isinstance(node, exp.Coalesce):
        found = (_evaluate(part, values) for part in (node.this, *node.expressions))
        return next((value for value in found if value is not None), None)
    left, right = _evaluate(node.this, values), _evaluate(node.expression, values)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Div):
        return left / right if right else None
    if isinstance(node, exp.Add):
        return left + right
    if isinstance(node, exp.Sub):
        return left - right
    if isinstance(node, exp.Mul):
        return left * right
    raise ValueError(f"formula node {node.key}")
