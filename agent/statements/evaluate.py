"""Evaluates a statement over the table: named companies by their cells, everything over many companies in SQL.

A (SELECT …) inside a statement never depends on the row around it, so it is evaluated first and its value bound. What SQL sees is one SELECT
over one table joined with itself by company, one alias a year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from agent.errors import NotAnswerable
from agent.records import Value
from agent.statements.arithmetic import number, over
from agent.statements.expressions import Expressions
from agent.statements.meaning import (
    conjuncts,
    is_aggregate,
    listed_companies,
    named_company,
    operands,
    own_parts,
    scope,
    unit_of,
)
from agent.statements.results import Got, Result, Row, cut, window
from agent.statements.spelling import spell
from agent.statements.syntax import (
    COMPANY,
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

_NEAR, _CENT = Decimal("1e-9"), Decimal("0.001")  # figures that are closer may be alike
_FEW = 100  # companies of a list that are read one by one
_TIED = 50  # companies before and behind a place, among which others are looked for that share it
Found = Mapping[tuple[str, str], Value]  # a row of the table: (year, column) → value


class Evaluator:
    """Evaluates statements (real names, real values) over one table."""

    def __init__(
        self, table: Table, shown: Sequence[str] = (), aliases: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """`shown`: companies of the rows just shown, which 上述 means; `aliases`: company → every 公司全称 it has had."""
        self._table, self._shown, self._aliases = table, tuple(shown), aliases or {}
        self._most = MAX_ROWS
        self._expressions = Expressions(table, self._aliases, self)

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
            rows = (Row("", self._items(select, "")),)
        elif kind == "aggregated":
            return self._aggregated(select, told)
        else:
            return self._found(select)
        return self._result(rows)

    def _result(self, rows: tuple[Row, ...], truncated: bool = False) -> Result:
        return Result(rows, dict(self._expressions.cells), truncated, dict(self._expressions.inner))

    def _value(self, node: Node, company: str) -> Got:
        return self._expressions.value(node, company)

    def _items(self, select: Select, company: str) -> tuple[Got, ...]:
        return tuple(self._value(item, company) for item in select.items)

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
            return Companies(names=self.members(node))
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

    def _inner_rows(self, select: Select, told: bool = True) -> tuple[Row, ...]:
        """The rows of a SELECT inside another one."""
        inner = Evaluator(self._table, self._shown, self._aliases)
        inner._most = MOST
        result = inner.run(select)
        if result.truncated:
            raise NotAnswerable(f"条件里的公司超过{MOST}家，无法回答该问题。")
        self._expressions.cells |= result.cells if told else {}
        return cut(select, result.rows) if listed_companies(select) else result.rows

    def _constant(self, node: Node) -> Node:
        value = self._value(node, "")
        if value is None:
            raise NotAnswerable(f"未查询到{self._name(node)}，无法比较，无法回答该问题。")
        self._expressions.inner[spell(node)] = value
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
        return (Row(company, self._items(select, company)),)

    def _few(self, select: Select) -> tuple[Row, ...]:
        """Rows of the companies that were shown, or that a subquery found: in its order, what one of them lacks is left empty."""
        self._expressions.lenient = True
        rows = self._rows_of(select)
        if select.order is not None:
            key = spell(select.order)
            rows = [row for row in rows if row.shown[key] is not None]
            rows.sort(key=lambda row: Decimal(row.shown[key] or 0), reverse=select.descending)
        return cut(select, tuple(rows))

    def _rows_of(self, select: Select) -> list[Row]:
        return [Row(name, self._items(select, name), self._sort_key(select, name)) for name in listed_companies(select)]

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

    # --- what an expression of one company asks of others (expressions.Nested)

    def scalar(self, select: Select) -> Got:
        """The single value of a subquery."""
        rows = self._inner_rows(select)
        if not rows:
            return None
        row = rows[0]
        value = row.values[0]
        if isinstance(select.items[0], Column) and select.items[0].name == COMPANY:
            value = row.company
        self._expressions.inner[spell(select, 1)] = value
        return value

    def members(self, companies: Companies) -> tuple[str, ...]:
        """The companies of an IN: by name, of the rows just shown, or of a SELECT under their latest names."""
        if companies.select is None:
            return self._rows(companies.rows) if companies.shown else companies.names
        rows = self._inner_rows(companies.select, told=False)
        latest = {name: company for company, names in self._aliases.items() for name in names}
        return tuple(dict.fromkeys(latest.get(row.company, row.company) for row in rows))

    def rank(self, node: Call, company: str) -> Got:
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
            values |= {call: number(value) for call, value in zip(plain, found)}
        for call in calls:
            if call not in values:
                values[call] = self._by_code(select, call)  # type: ignore[arg-type]
        self._expressions.given |= values
        items = self._items(select, "")
        self._expressions.inner |= {spell(call): value for call, value in values.items()}
        return self._result((Row("", items),))

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
            values[call] = over(call.name, numbers)
            for name, value in each:
                self._expressions.inner[f"{name}:{spell(arg)}"] = value
        self._expressions.given |= values
        return self._result((Row("", self._items(select, "")),))

    def _by_code(self, select: Select, call: Call) -> Got:
        """An aggregate that the database has not."""
        arg = self._bound(call.args[0])
        if call.name == "MEDIAN":
            return self._median(select, arg)
        known = self._each(Select((arg,), select.where, arg), arg)
        return over(call.name, known) if known else None

    def _each(self, select: Select, node: Node) -> list[Decimal]:
        """The figure of every company that a SELECT finds; what they are made of is not told."""
        apart = Evaluator(self._table, self._shown, self._aliases)._expressions
        rows, truncated = self._table.rows(select, self._aliases, most=MOST)
        if truncated:
            raise NotAnswerable(f"要计算的公司超过{MOST}家，无法回答该问题。")
        values = [apart.value(node, apart.remember(row)) for row in rows]
        return [Decimal(value) for value in values if value is not None]

    def _median(self, select: Select, arg: Node) -> Got:
        known = IsNull(arg, negated=True)
        where = Binary("AND", select.where, known) if select.where is not None else known
        count = int(str(self._table.aggregate(Select((Call("COUNT", (Star(),)),), where), self._aliases)[0]))
        if not count:
            return None
        middle = Select((arg,), where, arg, False)
        rows = self._table.rows(middle, self._aliases, limit=2 - count % 2, offset=(count - 1) // 2)[0]
        values = [self._value(arg, self._expressions.remember(row)) for row in rows]
        return over("AVG", [Decimal(v) for v in values if v is not None])

    def _found(self, select: Select) -> Result:
        limit, offset = window(select)
        before = 1 if offset and select.order is not None else 0
        wanted = None if limit is None else limit + before + 1  # the neighbours tell whether a place is shared
        rows, truncated = self._table.rows(_in_order(select), self._aliases, wanted, offset - before, self._most)
        asked = rows[before:] if limit is None else rows[before : before + limit]
        found = tuple(self._row_of(select, row) for row in asked)
        made = self._result(found, truncated)
        return replace(made, tied=self._tied(select, rows, asked)) if limit and select.order is not None else made

    def _row_of(self, select: Select, row: Found) -> Row:
        company = self._expressions.remember(row)
        shown = {spell(node): self._value(node, company) for node in operands(select)}
        return Row(company, self._items(select, company), shown)

    def _tied(self, select: Select, rows: Sequence[Found], asked: Sequence[Found]) -> tuple[Row, ...]:
        """The companies that share the place of the first or the last row and are not among those asked for."""
        apart = Evaluator(self._table, self._shown, self._aliases)
        order = select.order
        assert order is not None

        def key(row: Found) -> Got:
            return apart._expressions.value(order, apart._expressions.remember(row))

        if not asked or len(rows) == len(asked):
            return ()
        ends = {key(asked[-1]), *([key(asked[0])] if window(select)[1] else [])}
        if not any(key(row) in ends for row in rows if row not in asked):
            return ()
        limit, offset = window(select)
        start = max(offset - _TIED, 0)
        around = self._table.rows(select, self._aliases, offset - start + (limit or 1) + _TIED, start, self._most)[0]
        return tuple(apart._row_of(select, row) for row in around if row not in asked and key(row) in ends)


def _in_order(select: Select) -> Select:
    """Where no order is asked for, what exceeds a limit by most comes first: 超过5万人的 from the largest down."""
    if select.order is not None:
        return select
    for part in conjuncts(select.where):
        if not isinstance(part, Binary) or part.op not in (">", ">=", "<", "<=") or not isinstance(part.right, Number):
            continue
        if unit_of(part.left) not in ("text", "truth", "met"):
            return replace(select, order=part.left, descending=part.op[0] == ">")
    return select


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
