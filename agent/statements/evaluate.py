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
    span,
    unit_of,
)
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
    Shown,
    Star,
    Text,
    walk,
)
from agent.statements.tables import MOST, Table
from agent.table.database import MAX_ROWS

PRECISION = 50
_NEAR, _CENT = Decimal("1e-9"), Decimal("0.001")  # figures that are closer may be alike
_FEW = 100  # companies of a list that are read one by one
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
        self._given: dict[Node, Got] = {}  # aggregates and subqueries that have been evaluated
        self._most = MAX_ROWS
        self._lenient = False  # a row that is not there is empty, not an error

    def run(self, select: Select) -> Result:
        """The rows of a SELECT.

        Raises:
            NotAnswerable: a column, a company's row or a value that is needed is not there.
            DatabaseError: the database cannot answer.
        """
        self._table.want(part.name for part in walk(select) if isinstance(part, Column))
        kind, parts = scope(select), conjuncts(select.where)
        told = len(parts) == 1 and isinstance(parts[0], Companies) and parts[0].select is None
        select = self._settled(select)
        if kind == "found" and 0 < len(listed_companies(select)) <= _FEW:
            rows = self._few(select)
        elif kind == "named":
            rows = self._named(select)
        elif kind == "listed":
            rows = self._listed(select)
        elif kind == "free":
            rows = (Row("", tuple(self._value(item, "") for item in select.items)),)
        elif kind == "aggregated":
            return self._aggregated(select, told)
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
                return Companies(names=self._members(node.select))
            return Companies(names=self._rows(node.rows)) if node.shown else node
        if isinstance(node, Shown):
            return Column(self._row(node.row))
        if isinstance(node, Column) and node.company:
            return self._constant(node)
        if isinstance(node, Call) and node.name in ("增长率", "年均增长率") and _of_others(node):
            return self._constant(node)  # the years of its figures would be lost
        if isinstance(node, Call) and node.name in ("名次", "倒数名次"):
            raise NotAnswerable("按名次挑选公司的条件这里还不会，无法回答该问题。")
        if isinstance(node, Binary):
            return replace(node, left=self._bound(node.left), right=self._bound(node.right))
        if isinstance(node, (Not, IsNull)):
            return replace(node, this=self._bound(node.this))
        if isinstance(node, Call):
            return replace(node, args=tuple(self._bound(arg) for arg in node.args))
        return node

    def _members(self, select: Select) -> tuple[str, ...]:
        """The companies of a SELECT inside IN, under their latest names."""
        rows = self._inner_rows(select, told=False)
        latest = {name: company for company, names in self._aliases.items() for name in names}
        return tuple(dict.fromkeys(latest.get(row.company, row.company) for row in rows))

    def _inner_rows(self, select: Select, told: bool = True) -> tuple[Row, ...]:
        """The rows of a SELECT inside another one."""
        inner = Evaluator(self._table, self._shown, self._aliases)
        inner._most = MOST
        result = inner.run(select)
        if result.truncated:
            raise NotAnswerable(f"条件里的公司超过{MOST}家，无法回答该问题。")
        self.cells |= inner.cells if told else {}
        return cut(select, result.rows) if listed_companies(select) else result.rows

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
            if isinstance(named, Column)
            else named.text
            if isinstance(named, Text)
            else ""
        )
        return (Row(company, tuple(self._value(item, company) for item in select.items)),)

    def _few(self, select: Select) -> tuple[Row, ...]:
        """Rows of the companies that were shown, or that a subquery found: in its order, what one of them lacks is left empty."""
        self._lenient = True
        rows = self._rows_of(select)
        if select.order is not None:
            key = spell(select.order)
            rows = [row for row in rows if row.shown[key] is not None]
            rows.sort(key=lambda row: Decimal(row.shown[key] or 0), reverse=select.descending)
        return cut(select, tuple(rows))

    def _rows_of(self, select: Select) -> list[Row]:
        return [
            Row(name, tuple(self._value(item, name) for item in select.items), self._sort_key(select, name))
            for name in listed_companies(select)
        ]

    def _listed(self, select: Select) -> tuple[Row, ...]:
        rows = self._rows_of(select)
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
        if node in self._given:
            return self._given[node]
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
            self._given[node] = self._scalar(node)
            return self._given[node]
        if isinstance(node, Companies):
            return company in self._bound(node).names  # type: ignore[union-attr]
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
            return self._value(written, company)
        key = (owner, column.year, column.name)
        if key not in self.cells:
            self.cells[key] = self._asked(owner, column)
        value = self.cells[key]
        if value is None or isinstance(value, str):
            return value if schema.unit_of(column.name) in ("text", None) else _number(value)
        return Decimal(value)

    def _asked(self, owner: str, column: Column) -> Value:
        try:
            return self._table.cell(self._aliases.get(owner, (owner,)), column.year, column.name)
        except NotAnswerable:
            if self._lenient and not column.company:
                return None
            raise

    def _binary(self, node: Binary, company: str) -> Got:
        if node.left == Column(COMPANY) and isinstance(node.right, Column):
            return (company == node.right.name) == (node.op == "=")
        left, right = self._value(node.left, company), self._value(node.right, company)
        if node.op in ("AND", "OR"):
            return _logic(node.op, left, right)
        if left is None or right is None:
            return None
        if node.op == "LIKE":
            begins = isinstance(node.left, Column) and node.left.name == schema.CODE
            return str(left).startswith(str(right)) if begins else str(right) in str(left)
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
        numbers = [Decimal(value) for value in values if value is not None]
        if node.name in ("最高项", "最低项"):
            self.inner |= {spell(arg, 1): value for arg, value in zip(node.args, numbers)}
            best = (max if node.name == "最高项" else min)(numbers)
            return spell(node.args[numbers.index(best)])
        with localcontext() as context:
            context.prec = PRECISION
            if node.name == "增长率":
                return _arithmetic("/", numbers[1] - numbers[0], numbers[0])
            if node.name == "年均增长率":
                return _compound(numbers, node)
            if node.name == "ABS":
                return abs(numbers[0])
            return max(numbers) if node.name == "GREATEST" else min(numbers)

    def _scalar(self, select: Select) -> Got:
        """The single value of a subquery."""
        rows = self._inner_rows(select)
        if not rows:
            return None
        row = rows[0]
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
        where: Node = Binary("<>", Column(COMPANY), Column(company))
        if len(node.args) > 1:
            if not self._value(node.args[1], company):
                raise NotAnswerable(f"{company}不在所说的公司之中，没有名次，无法回答该问题。")
            where = Binary("AND", where, self._bound(node.args[1]))
        key, own, down = self._bound(node.args[0]), Decimal(value), node.name == "名次"
        if isinstance(key, Column) and key.name in self._table.columns:
            return 1 + self._how_many(where, key, ">" if down else "<", own)
        # What is computed is rounded in the database: what comes near is reckoned exactly.
        near = max(abs(own) * _NEAR, _CENT if unit_of(key) == "money" else _NEAR)
        beyond = self._how_many(where, key, ">" if down else "<", own + near if down else own - near)
        within = Binary("AND", _bounded(key, ">=", own - near), _bounded(key, "<=", own + near))
        close = self._each(Select((key,), Binary("AND", where, within)), key)
        return 1 + beyond + sum(other > own if down else other < own for other in close)

    def _how_many(self, where: Node, key: Node, op: str, value: Decimal) -> Decimal:
        counted = Select((Call("COUNT", (Star(),)),), Binary("AND", where, _bounded(key, op, value)))
        return Decimal(str(self._table.aggregate(counted, self._aliases)[0]))

    # --- many companies

    def _aggregated(self, select: Select, told: bool) -> Result:
        """Aggregates come from one SQL statement, the arithmetic over them is exact."""
        if told and (names := listed_companies(select)):
            return self._over_listed(select, names)
        calls = list(dict.fromkeys(part for item in select.items for part in own_parts(item) if is_aggregate(part)))
        plain = [call for call in calls if not _by_code(call)]
        values: dict[Node, Got] = {}
        if plain:
            bound = tuple(replace(call, args=tuple(self._bound(a) for a in call.args)) for call in plain)
            found = self._table.aggregate(replace(select, items=bound), self._aliases)
            values |= {call: _number(value) for call, value in zip(plain, found)}
        for call in calls:
            if call not in values:
                values[call] = self._by_code(select, call)  # type: ignore[arg-type]
        self._given |= values
        items = tuple(self._value(item, "") for item in select.items)
        self.inner |= {spell(call): value for call, value in values.items()}
        return Result((Row("", items),), dict(self.cells), inner=dict(self.inner))

    def _over_listed(self, select: Select, names: tuple[str, ...]) -> Result:
        """Aggregates over companies that are named: every one of them has to have its value."""
        values: dict[Node, Got] = {}
        for call in dict.fromkeys(part for item in select.items for part in own_parts(item) if is_aggregate(part)):
            arg, counts = call.args[0], call.name == "COUNT"
            each = [(name, self._value(arg, name) if not isinstance(arg, Star) else Decimal(1)) for name in names]
            if counts:
                known = [value for _, value in each if value is not None]
                values[call] = Decimal(len(set(known)) if call.distinct else len(known))
                continue
            absent = [name for name, value in each if value is None]
            if absent:
                raise NotAnswerable(f"未查询到{'、'.join(absent)}的数据，无法合计，无法回答该问题。")
            numbers = [Decimal(value) for _, value in each if value is not None]
            values[call] = _over(call.name, numbers)
            for name, value in each:
                self.inner[f"{name}:{spell(arg)}"] = value
        self._given |= values
        items = tuple(self._value(item, "") for item in select.items)
        return Result((Row("", items),), dict(self.cells), inner=dict(self.inner))

    def _by_code(self, select: Select, call: Call) -> Got:
        """An aggregate that the database has not."""
        arg = self._bound(call.args[0])
        if call.name == "MEDIAN":
            return self._median(select, arg)
        known = self._each(Select((arg,), select.where, arg), arg)
        return _over(call.name, known) if known else None

    def _each(self, select: Select, node: Node) -> list[Decimal]:
        """The figure of every company that a SELECT finds; what they are made of is not told."""
        apart = Evaluator(self._table, self._shown, self._aliases)
        rows, truncated = self._table.rows(select, self._aliases, most=MOST)
        if truncated:
            raise NotAnswerable(f"要计算的公司超过{MOST}家，无法回答该问题。")
        values = [apart._value(node, apart._remember(row)) for row in rows]
        return [Decimal(value) for value in values if value is not None]

    def _median(self, select: Select, arg: Node) -> Got:
        known = IsNull(arg, negated=True)
        where = Binary("AND", select.where, known) if select.where is not None else known
        count = int(str(self._table.aggregate(Select((Call("COUNT", (Star(),)),), where), self._aliases)[0]))
        if not count:
            return None
        middle = Select((arg,), where, arg, False)
        rows = self._table.rows(middle, self._aliases, limit=2 - count % 2, offset=(count - 1) // 2)[0]
        values = [self._value(arg, self._remember(row)) for row in rows]
        return _over("AVG", [Decimal(v) for v in values if v is not None])

    def _remember(self, row: Mapping[tuple[str, str], Value]) -> str:
        """Keeps a row's cells; the row is {(year, column): value} with the company under ("", 公司)."""
        company = str(row["", COMPANY])
        for (year, column), value in row.items():
            if column != COMPANY:
                self.cells[company, year, column] = value
        return company

    def _found(self, select: Select) -> Result:
        limit, offset = _window(select)
        rows, truncated = self._table.rows(select, self._aliases, limit, offset, self._most)
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
        first, last = sorted((int(select.limit), int(select.last)))
        return last - first + 1, max(first - 1, 0)
    return (int(select.limit) if select.limit else None), (max(int(select.offset) - 1, 0) if select.offset else 0)


def cut(select: Select, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Of sorted rows those that LIMIT and OFFSET ask for."""
    limit, offset = _window(select)
    return rows[offset : None if limit is None else offset + limit]


def _bounded(key: Node, op: str, value: Decimal) -> Node:
    return Binary(op, key, Number(f"{value:f}"))


def _of_others(node: Node) -> bool:
    """Whether every figure of an expression is of a company that it names."""
    columns = [part for part in own_parts(node) if isinstance(part, Column)]
    return bool(columns) and all(column.company for column in columns)


def _by_code(call: Node) -> bool:
    assert isinstance(call, Call)
    return call.name == "MEDIAN" or any(
        isinstance(part, Call) and part.name == "年均增长率" for part in own_parts(call.args)
    )


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
    if isinstance(node, Binary) and "met" in (unit_of(node), unit_of(node.left) if node.op in COMPARISONS else ""):
        return [side for part in (node.left, node.right) for side in _compared(part)]
    if isinstance(node, Binary) and node.op in COMPARISONS and node.left != Column(COMPANY):
        # M@2>M@1*2 compares both years; a constant tells nothing of the company.
        right = (
            node.right.left if isinstance(node.right, Binary) and isinstance(node.right.right, Number) else node.right
        )
        return [side for side in (node.left, right) if any(isinstance(p, Column) for p in walk(side))]
    if isinstance(node, Binary) and node.op == "LIKE" and isinstance(node.left, Column):
        told = node.left.name not in (*schema.PLACE_COLUMNS, schema.COMPANY, schema.CODE, schema.SHORT_NAME)
        return [node.left] if told else []
    return []


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
    years = span(node)
    start, end = numbers
    if years <= 0 or not start or end / start <= 0:
        return None
    return (end / start) ** (Decimal(1) / years) - 1


def _over(name: str, numbers: Sequence[Decimal]) -> Decimal:
    with localcontext() as context:
        context.prec = PRECISION
        if name == "SUM":
            return sum(numbers, Decimal(0))
        if name == "AVG":
            return sum(numbers, Decimal(0)) / len(numbers)
        if name == "MEDIAN":
            ordered = sorted(numbers)
            return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return max(numbers) if name == "MAX" else min(numbers)


__all__ = ["Collection", "Evaluator", "QueryResult", "Result", "Row", "cut"]
