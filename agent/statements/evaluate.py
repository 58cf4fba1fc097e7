"""Evaluates a statement over the table: cells of named companies and arithmetic in exact decimals, everything over many companies in SQL.

A (SELECT …) inside a statement never depends on the row around it, so it is evaluated first and its value bound. What SQL sees is one SELECT
over one table joined with itself by company, one alias a year.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.records import QueryResult, Value
from agent.statements.meaning import (
    conjuncts,
    expanded,
    is_aggregate,
    listed_companies,
    named_company,
    own_parts,
    scope,
    unit_of,
)
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
    Shown,
    Star,
    Text,
    spell,
    walk,
)
from agent.statements.tables import Table

PRECISION = 50
Cells = dict[tuple[str, str, str], Value]  # (company, year, column) → value
Got = Decimal | str | bool | None


@dataclass(frozen=True)
class Row:
    """One company's values of the items; `cells`: what they were made of; sort key and operands of conditions by their spelling."""

    company: str
    values: tuple[Got, ...]
    shown: Mapping[str, Got] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """rows: one a company, or a single one without a company. whole: how many companies the condition found where fewer are shown."""

    rows: tuple[Row, ...]
    cells: Cells = field(default_factory=dict)
    truncated: bool = False
    inner: Mapping[str, Got] = field(
        default_factory=dict
    )  # values of subqueries and of other companies' figures, by spelling
    holders: Mapping[str, str] = field(default_factory=dict)  # MAX(…) → the company that holds it


class Evaluator:
    """Evaluates statements (real names, real values) over one table."""

    def __init__(
        self, table: Table, shown: Sequence[str] = (), aliases: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """`shown`: companies of the rows just shown, which 上述 means; `aliases`: company → every 公司全称 it has had."""
        self._table, self._shown, self._aliases = table, tuple(shown), aliases or {}
        self.cells: Cells = {}
        self.inner: dict[str, Got] = {}

    def run(self, select: Select) -> Result:
        """The rows of a SELECT.

        Raises:
            NotAnswerable: a column, a company's row or a value that is needed is not there.
            DatabaseError: the database cannot answer.
        """
        self._table.want(part.name for part in walk(select) if isinstance(part, Column))
        select = self._settled(select)
        kind = scope(select)
        if kind == "named":
            rows = self._named(select)
        elif kind == "listed":
            rows = self._listed(select)
        elif kind == "free":
            rows = (Row("", tuple(self._value(item, "") for item in select.items)),)
        elif kind == "aggregated":
            return self._aggregated(select)
        else:
            return self._found(select)
        return Result(rows, dict(self.cells), inner=dict(self.inner))

    # --- what is settled before a SELECT runs

    def _settled(self, select: Select) -> Select:
        """上述 as names, subqueries in its condition and sort key as values."""
        where = self._bound(select.where) if select.where is not None else None
        order = self._bound(select.order) if select.order is not None else None
        return replace(select, where=where, order=order)

    def _bound(self, node: Node) -> Node:
        if isinstance(node, Select):
            return self._constant(node)
        if isinstance(node, Companies):
            if node.select is not None:
                return Companies(
                    names=tuple(
                        row.company for row in Evaluator(self._table, self._shown, self._aliases).run(node.select).rows
                    )
                )
            return Companies(names=self._rows(node.rows)) if node.shown else node
        if isinstance(node, Shown):
            return Column(self._row(node.row))
        if isinstance(node, Column) and node.company:
            return self._constant(node)
        if isinstance(node, Call) and node.name in ("名次", "倒数名次"):
            raise NotAnswerable("按名次挑选公司的条件这里还不会，无法回答该问题。")
        if isinstance(node, Binary):
            return replace(node, left=self._bound(node.left), right=self._bound(node.right))
        if isinstance(node, (Not, IsNull)):
            return replace(node, this=self._bound(node.this))
        if isinstance(node, Call):
            return replace(node, args=tuple(self._bound(arg) for arg in node.args))
        return node

    def _constant(self, node: Node) -> Node:
        value = self._value(node, "")
        if value is None:
            raise NotAnswerable(f"未查询到{self._name(node)}，无法比较，无法回答该问题。")
        self.inner[spell(node)] = value
        return Text(value) if isinstance(value, str) else Number(f"{Decimal(value):f}")

    @staticmethod
    def _name(node: Node) -> str:
        return f"{node.company}{node.year}年的{node.name}" if isinstance(node, Column) else "用来比较的数"

    def _rows(self, rows: str) -> tuple[str, ...]:
        """A slice of what was shown: 2: from the second on, :3 the first three, -2: the last two, 2:4 from the second to the fourth, :-1 all but the last."""
        if not rows:
            return self._shown
        start, _, end = rows.partition(":")
        first = int(start) if start else None
        last = int(end) if end else None
        return self._shown[(first - 1 if first and first > 0 else first) : last]

    def _row(self, row: str) -> str:
        at = int(row)
        if not self._shown or abs(at) > len(self._shown):
            raise NotAnswerable(f"上面只列出了{len(self._shown)}家公司，没有第{row}家，无法回答该问题。")
        return self._shown[at - 1 if at > 0 else at]

    # --- named companies

    def _named(self, select: Select) -> tuple[Row, ...]:
        named = named_company(select)
        company = (
            self._row(named.row)
            if isinstance(named, Shown)
            else named.name
            if isinstance(named, (Column, Text))
            else ""
        )
        if isinstance(named, Text):
            company = named.text
        return (Row(company, tuple(self._value(item, company) for item in select.items)),)

    def _listed(self, select: Select) -> tuple[Row, ...]:
        names = listed_companies(select)
        rows = [
            Row(name, tuple(self._value(item, name) for item in select.items), self._sort_key(select, name))
            for name in names
        ]
        if select.order is None:
            return tuple(rows)
        key = spell(select.order)
        missing = [row.company for row in rows if row.shown[key] is None]
        if missing:
            raise NotAnswerable(f"未查询到{'、'.join(missing)}的数据，无法比较，无法回答该问题。")
        return tuple(sorted(rows, key=lambda row: Decimal(row.shown[key] or 0), reverse=select.descending))

    def _sort_key(self, select: Select, company: str) -> dict[str, Got]:
        return {spell(select.order): self._value(select.order, company)} if select.order is not None else {}

    # --- values

    def _value(self, node: Node, company: str) -> Got:
        """The value of an expression for one company; None where something is missing."""
        if isinstance(node, Column):
            return self._cell(node, company)
        if isinstance(node, Number):
            return Decimal(node.text)
        if isinstance(node, Text):
            return node.text
        if isinstance(node, Not):
            value = self._value(node.this, company)
            return None if value is None else not value
        if isinstance(node, IsNull):
            return (self._value(node.this, company) is None) != node.negated
        if isinstance(node, Binary):
            return self._binary(node, company)
        if isinstance(node, Select):
            return self._scalar(node)
        if isinstance(node, Call):
            return self._call(node, company)
        raise NotAnswerable("这样的语句这里还不会，无法回答该问题。")

    def _cell(self, column: Column, company: str) -> Got:
        owner = column.company or company
        if column.name == COMPANY:
            return owner
        real = self._table.columns
        if column.name not in real:
            written = expanded(column, real)
            self._table.want(part.name for part in walk(written) if isinstance(part, Column))
            return self._value(written, company)
        key = (owner, column.year, column.name)
        if key not in self.cells:
            self.cells[key] = self._table.cell(self._aliases.get(owner, (owner,)), column.year, column.name)
        value = self.cells[key]
        if value is None or isinstance(value, str):
            return value if schema.unit_of(column.name) in ("text", None) else _number(value)
        return Decimal(value)

    def _binary(self, node: Binary, company: str) -> Got:
        left, right = self._value(node.left, company), self._value(node.right, company)
        if node.op in ("AND", "OR"):
            return _logic(node.op, left, right)
        if left is None or right is None:
            return None
        if node.op == "LIKE":
            return str(right) in str(left)
        if node.op in COMPARISONS:
            return _compare(node.op, left, right)
        with localcontext() as context:
            context.prec = PRECISION
            return _arithmetic(node.op, Decimal(left), Decimal(right))

    def _call(self, node: Call, company: str) -> Got:
        if node.name in ("名次", "倒数名次"):
            return self._rank(node, company)
        if is_aggregate(node):
            return self._scalar(Select((node,)))
        values = [self._value(arg, company) for arg in node.args]
        if node.name == "COALESCE":
            return next((value for value in values if value is not None), None)
        if any(value is None for value in values):
            return None
        if node.name in ("最高项", "最低项"):
            numbers = [Decimal(value) for value in values if value is not None]
            self.inner |= {spell(arg, 1): value for arg, value in zip(node.args, numbers)}
            best = (max if node.name == "最高项" else min)(numbers)
            return spell(node.args[numbers.index(best)])
        numbers = [Decimal(value) for value in values if value is not None]
        with localcontext() as context:
            context.prec = PRECISION
            if node.name == "增长率":
                return _arithmetic("/", numbers[1] - numbers[0], numbers[0])
            if node.name == "年均增长率":
                return _compound(numbers, node)
            return {"ABS": lambda v: abs(v[0]), "GREATEST": max, "LEAST": min}[node.name](numbers)

    def _scalar(self, select: Select) -> Got:
        """The single value of a subquery."""
        inner = Evaluator(self._table, self._shown, self._aliases)
        result = inner.run(select)
        self.cells |= inner.cells
        if not result.rows:
            return None
        row = result.rows[0]
        value = row.values[0]
        if isinstance(select.items[0], Column) and select.items[0].name == COMPANY:
            value = row.company
        self.inner[spell(select, 1)] = value
        return value

    def _rank(self, node: Call, company: str) -> Got:
        """1 + how many are above (below) the company's value, among those that meet the condition."""
        value = self._value(node.args[0], company)
        if value is None:
            return None
        above = Binary(">" if node.name == "名次" else "<", node.args[0], Number(f"{Decimal(value):f}"))
        others = Binary("<>", Column(COMPANY), Column(company))
        where: Node = Binary("AND", others, above)
        if len(node.args) > 1:
            if not self._value(node.args[1], company):
                raise NotAnswerable(f"{company}不在所说的公司之中，没有名次，无法回答该问题。")
            where = Binary("AND", where, self._bound(node.args[1]))
        found = self._table.aggregate(self._settled(Select((Call("COUNT", (Star(),)),), where)), self._aliases)
        return Decimal(str(found[0])) + 1

    # --- many companies

    def _aggregated(self, select: Select) -> Result:
        """Aggregates come from one SQL statement, the arithmetic over them is exact."""
        if (names := listed_companies(select)) and select.where is not None:
            return self._over_listed(select, names)
        calls = list(dict.fromkeys(part for item in select.items for part in own_parts(item) if is_aggregate(part)))
        plain = [call for call in calls if call.name != "MEDIAN"]  # type: ignore[attr-defined]
        values: dict[Node, Got] = {}
        if plain:
            bound = tuple(replace(call, args=tuple(self._bound(a) for a in call.args)) for call in plain)  # type: ignore[attr-defined]
            found = self._table.aggregate(replace(select, items=bound), self._aliases)
            values |= {call: _number(value) for call, value in zip(plain, found)}
        for call in calls:
            if call not in values:
                values[call] = self._median(select, call.args[0])  # type: ignore[attr-defined]
        items = tuple(self._value(_replaced(item, values), "") for item in select.items)
        self.inner |= {spell(call): value for call, value in values.items()}
        return Result((Row("", items),), dict(self.cells), inner=dict(self.inner))

    def _over_listed(self, select: Select, names: tuple[str, ...]) -> Result:
        """Aggregates over companies that are named: every one of them has to have its value."""
        values: dict[Node, Got] = {}
        for call in dict.fromkeys(part for item in select.items for part in own_parts(item) if is_aggregate(part)):
            arg = call.args[0]  # type: ignore[attr-defined]
            each = [(name, self._value(arg, name) if not isinstance(arg, Star) else Decimal(1)) for name in names]
            absent = [name for name, value in each if value is None]
            if absent:
                raise NotAnswerable(f"未查询到{'、'.join(absent)}的数据，无法合计，无法回答该问题。")
            numbers = [Decimal(value) for _, value in each if value is not None]
            values[call] = _over(call.name, numbers)  # type: ignore[attr-defined]
            for name, value in each:
                self.inner[f"{name}:{spell(arg)}"] = value
        items = tuple(self._value(_replaced(item, values), "") for item in select.items)
        return Result((Row("", items),), dict(self.cells), inner=dict(self.inner))

    def _median(self, select: Select, arg: Node) -> Got:
        known = IsNull(arg, negated=True)
        where = Binary("AND", select.where, known) if select.where is not None else known
        count = int(str(self._table.aggregate(Select((Call("COUNT", (Star(),)),), where), self._aliases)[0]))
        if not count:
            return None
        middle = Select((arg,), where, arg, False)
        rows = self._table.rows(middle, self._aliases, limit=2 - count % 2, offset=(count - 1) // 2)[0]
        values = [self._value(arg, self._remember(row)) for row in rows]
        return sum((Decimal(v) for v in values if v is not None), Decimal(0)) / len(values)

    def _remember(self, row: Mapping[tuple[str, str], Value]) -> str:
        """Keeps a row's cells; the row is {(year, column): value} with the company under ("", 公司)."""
        company = str(row["", COMPANY])
        for (year, column), value in row.items():
            if column != COMPANY:
                self.cells[company, year, column] = value
        return company

    def _found(self, select: Select) -> Result:
        limit, offset = _window(select)
        rows, truncated = self._table.rows(select, self._aliases, limit, offset)
        operands = _operands(select)
        found = []
        for row in rows:
            company = self._remember(row)
            shown = {spell(node): self._value(node, company) for node in operands}
            found.append(Row(company, tuple(self._value(item, company) for item in select.items), shown))
        return Result(tuple(found), dict(self.cells), truncated, dict(self.inner))


def _window(select: Select) -> tuple[int | None, int]:
    """LIMIT and rows to skip: OFFSET k is the k-th, LIMIT i,j from the i-th to the j-th."""
    if select.last:
        first, last = int(select.limit), int(select.last)
        return max(last - first + 1, 0), first - 1
    return (int(select.limit) if select.limit else None), (int(select.offset) - 1 if select.offset else 0)


def _operands(select: Select) -> list[Node]:
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
    if isinstance(node, Binary) and node.op in COMPARISONS and node.left != Column(COMPANY):
        # M@2>M@1*2 compares both years; a constant tells nothing of the company.
        right = (
            node.right.left if isinstance(node.right, Binary) and isinstance(node.right.right, Number) else node.right
        )
        return [side for side in (node.left, right) if any(isinstance(p, Column) for p in walk(side))]
    return []


def _replaced(node: Node, values: Mapping[Node, Got]) -> Node:
    """The node with aggregates as the numbers they are."""
    if node in values:
        value = values[node]
        return Number(f"{Decimal(value):f}") if value is not None and not isinstance(value, str) else _Missing
    if isinstance(node, Binary):
        return replace(node, left=_replaced(node.left, values), right=_replaced(node.right, values))
    if isinstance(node, Call):
        return replace(node, args=tuple(_replaced(arg, values) for arg in node.args))
    return node


_Missing = Call("COALESCE", ())


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        raise NotAnswerable(f"表里有不是数字的内容（“{value}”），无法回答该问题。") from None


def _logic(op: str, left: Got, right: Got) -> Got:
    if op == "AND":
        return (
            False
            if left is False or right is False
            else None
            if left is None or right is None
            else bool(left and right)
        )
    return True if left or right else None if left is None or right is None else False


def _compare(op: str, left: Got, right: Got) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        a: Any = str(left).strip()
        b: Any = str(right).strip()
    else:
        a, b = Decimal(left or 0), Decimal(right or 0)
    return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _arithmetic(op: str, left: Decimal, right: Decimal) -> Decimal | None:
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def _compound(numbers: Sequence[Decimal], node: Call) -> Decimal | None:
    """Growth a year: (end / start) ** (1 / years) - 1."""
    years = [part.year for arg in node.args for part in walk(arg) if isinstance(part, Column) and part.year]
    span = int(years[-1]) - int(years[0]) if years else 0
    start, end = numbers
    if span <= 0 or not start or end / start <= 0:
        return None
    return (end / start) ** (Decimal(1) / span) - 1


def _over(name: str, numbers: Sequence[Decimal]) -> Decimal:
    if name == "COUNT":
        return Decimal(len(numbers))
    if name == "SUM":
        return sum(numbers, Decimal(0))
    if name == "AVG":
        with localcontext() as context:
            context.prec = PRECISION
            return sum(numbers, Decimal(0)) / len(numbers)
    if name == "MEDIAN":
        ordered = sorted(numbers)
        return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return max(numbers) if name == "MAX" else min(numbers)


__all__ = ["Collection", "Evaluator", "QueryResult", "Result", "Row"]
