"""The value of an expression for one company: its cells, and exact arithmetic over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Protocol

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.records import Value
from agent.statements.arithmetic import PRECISION, arithmetic, compare, compound, logic, number
from agent.statements.meaning import expanded, is_aggregate, span
from agent.statements.results import Cells, Got
from agent.statements.spelling import spell
from agent.statements.syntax import (
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
    Text,
    walk,
)
from agent.statements.tables import Table


class Nested(Protocol):
    """What an expression asks of other companies."""

    def scalar(self, select: Select) -> Got:
        """The single value of a subquery."""

    def rank(self, call: Call, company: str) -> Got:
        """A company's place by 名次(…) or 倒数名次(…)."""

    def members(self, companies: Companies) -> Sequence[str]:
        """The companies of an IN."""


class Expressions:
    """Reckons expressions of one statement; remembers every cell that it read."""

    def __init__(self, table: Table, aliases: Mapping[str, Sequence[str]], nested: Nested) -> None:
        """`aliases`: company → every 公司全称 it has had."""
        self._table, self._aliases, self._nested = table, aliases, nested
        self.cells: Cells = {}
        self.inner: dict[str, Got] = {}  # values of subqueries and of other companies' figures, by spelling
        self.given: dict[Node, Got] = {}  # aggregates and subqueries that have been evaluated
        self.lenient = False  # a row that is not there is empty, not an error

    def remember(self, row: Mapping[tuple[str, str], Value]) -> str:
        """Keeps a row's cells; the row is {(year, column): value} with the company under ("", 公司)."""
        company = str(row["", COMPANY])
        for (year, column), value in row.items():
            if column != COMPANY:
                self.cells[company, year, column] = value
        return company

    def value(self, node: Node, company: str) -> Got:
        """The value of an expression for one company; None where something is missing."""
        if node in self.given:
            return self.given[node]
        if isinstance(node, Column):
            return self._cell(node, company)
        if isinstance(node, Number):
            return Decimal(node.text)
        if isinstance(node, Text):
            return node.text
        if isinstance(node, Not):
            value = self.value(node.this, company)
            return None if value is None else not value
        if isinstance(node, IsNull):
            return (self.value(node.this, company) is None) != node.negated
        if isinstance(node, Binary):
            return self._binary(node, company)
        if isinstance(node, Select):
            self.given[node] = self._nested.scalar(node)
            return self.given[node]
        if isinstance(node, Companies):
            return company in self._nested.members(node)
        if isinstance(node, Call):
            return self._call(node, company)
        raise NotAnswerable("这样的语句这里还不会，无法回答该问题。")

    def _cell(self, column: Column, company: str) -> Got:
        owner = column.company or company
        if column.name == COMPANY:
            there = not column.year or self._table.has_row(self._aliases.get(owner, (owner,)), column.year)
            return owner if there else None
        real = self._table.columns
        if column.name not in real:
            written = expanded(column, real)
            if written == column:
                raise NotAnswerable(f"没有说是哪一年的{column.name}，无法回答该问题。")
            self._table.want(part.name for part in walk(written) if isinstance(part, Column))
            return self.value(written, company)
        key = (owner, column.year, column.name)
        if key not in self.cells:
            self.cells[key] = self._asked(owner, column)
        value = self.cells[key]
        if value is None or isinstance(value, str):
            return value if schema.unit_of(column.name) in ("text", None) else number(value)
        return Decimal(value)

    def _asked(self, owner: str, column: Column) -> Value:
        try:
            return self._table.cell(self._aliases.get(owner, (owner,)), column.year, column.name)
        except NotAnswerable:
            if self.lenient and not column.company:
                return None
            raise

    def _binary(self, node: Binary, company: str) -> Got:
        if node.left == Column(COMPANY) and isinstance(node.right, Column):
            return (company == node.right.name) == (node.op == "=")
        left, right = self.value(node.left, company), self.value(node.right, company)
        if node.op in ("AND", "OR"):
            return logic(node.op, left, right)
        if left is None or right is None:
            return None
        if node.op == "LIKE":
            begins = isinstance(node.left, Column) and node.left.name == schema.CODE
            return str(left).startswith(str(right)) if begins else str(right) in str(left)
        if node.op in COMPARISONS:
            return compare(node.op, left, right)
        with localcontext() as context:
            context.prec = PRECISION
            return arithmetic(node.op, Decimal(left), Decimal(right))

    def _call(self, node: Call, company: str) -> Got:
        if node.name in ("名次", "倒数名次"):
            return self._nested.rank(node, company)
        if is_aggregate(node):
            return self._nested.scalar(Select((node,)))
        values = [self.value(arg, company) for arg in node.args]
        if node.name == "COALESCE":
            return next((value for value in values if value is not None), None)
        if any(value is None for value in values):
            return None
        numbers = [Decimal(value) for value in values if value is not None]
        if node.name in ("最高项", "最低项"):
            self.inner |= {spell(arg, 1): value for arg, value in zip(node.args, numbers)}
            best = (max if node.name == "最高项" else min)(numbers)
            return spell(node.args[numbers.index(best)])
        with localcontext() as context:
            context.prec = PRECISION
            if node.name == "增长率":
                return arithmetic("/", numbers[1] - numbers[0], numbers[0])
            if node.name == "年均增长率":
                return compound(numbers[0], numbers[1], span(node))
            if node.name == "ABS":
                return abs(numbers[0])
            return max(numbers) if node.name == "GREATEST" else min(numbers)
