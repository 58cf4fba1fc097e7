"""The SQL of a statement: one SELECT over company_table, joined with itself by company where several years are compared.

Written by code from a checked tree, every value bound; agent.table.joined_guard looks at it once more before it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from sqlglot import exp

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.records import QueryResult, Value
from agent.statements.meaning import constant, expanded, is_truth, own_parts, span
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
    Star,
    Text,
)
from agent.table.database import MAX_ROWS, Database
from agent.table.joined_guard import BASE, check_joined

MOST = 10_000  # companies that a condition inside a statement may find
_AGGREGATES = {"SUM": exp.Sum, "AVG": exp.Avg, "MAX": exp.Max, "MIN": exp.Min}
_COMPARED = {"=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


class Table:
    """What statements ask of the database; `log`: the SQL that ran, with its parameters."""

    def __init__(self, database: Database, real: Sequence[str]) -> None:
        self._database, self.columns = database, frozenset(real)
        self.log: list[tuple[str, dict[str, Value]]] = []
        self._wanted: set[str] = set()
        self._rows_known: dict[tuple[tuple[str, ...], str], Mapping[str, Value]] = {}

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years of the table, ascending."""
        return self._database.years()

    def cell(self, names: Sequence[str], year: str, column: str) -> Value:
        """The value of a column in a company's row of that year; year "": of its latest row.

        Raises:
            NotAnswerable: the company has no row of that year.
        """
        self._wanted.add(column)
        if not year:
            return self._latest(names).get(column)
        return self.row(names, year).get(column)

    def _latest(self, names: Sequence[str]) -> Mapping[str, Value]:
        for year in reversed(self.years):
            if self.has_row(names, str(year)):
                return self.row(names, str(year))
        raise NotAnswerable(f"未查询到{names[-1]}的相关信息，无法回答该问题。")

    def has_row(self, names: Sequence[str], year: str) -> bool:
        """Whether the company has a row of that year."""
        try:
            return bool(self.row(names, year))
        except NotAnswerable:
            return False

    def want(self, columns: Iterable[str]) -> None:
        """Columns that a statement will ask for: a company's row is read once."""
        self._wanted |= set(columns) & self.columns

    def row(self, names: Sequence[str], year: str) -> Mapping[str, Value]:
        """The wanted columns of a row, asked for once; anew where more are wanted."""
        key = (tuple(names), year)
        if key in self._rows_known and not self._wanted <= self._rows_known[key].keys():
            del self._rows_known[key]
        if key not in self._rows_known:
            self._rows_known[key] = self._fetch(names, year)
        return self._rows_known[key]

    def _fetch(self, names: Sequence[str], year: str) -> Mapping[str, Value]:
        query = _Query(self.columns)
        wanted, alias = sorted(self._wanted | {schema.COMPANY}), query.alias(year)
        select = (
            exp.select(*(exp.column(name, alias) for name in wanted))
            .from_(exp.alias_(exp.to_table(self._database.table), alias, table=True))
            .where(exp.column(schema.COMPANY, alias).isin(*(query.bind(name) for name in names)))
            .where(query.of_year(year))
        )
        found = self._run(select, query.parameters).rows
        if not found:
            raise NotAnswerable(f"未查询到{year}年{names[-1]}的相关信息，无法回答该问题。")
        return dict(zip(wanted, found[0]))

    def aggregate(self, select: Select, aliases: Mapping[str, Sequence[str]]) -> tuple[Value, ...]:
        """The values of aggregates (bare calls, MEDIAN not among them) over the companies that meet the condition."""
        query = _Query(self.columns, aliases, self)
        source = query.source(select, self._database.table)
        statement = source.select(*(query.aggregate(item) for item in select.items))
        if select.where is not None:
            statement = statement.where(query.condition(select.where))
        return self._run(statement, query.parameters).rows[0]

    def rows(
        self,
        select: Select,
        aliases: Mapping[str, Sequence[str]],
        limit: int | None = None,
        offset: int = 0,
        most: int = MAX_ROWS,
    ) -> tuple[list[Mapping[tuple[str, str], Value]], bool]:
        """Companies that meet the condition, each with every cell that the statement speaks of; whether there are more."""
        query = _Query(self.columns, aliases, self)
        cells = query.cells(select)
        statement = query.source(select, self._database.table)
        statement = statement.select(exp.alias_(query.company(), "v0", quoted=True))
        for number, (year, column) in enumerate(cells, 1):
            statement = statement.select(exp.alias_(query.placed(column, year), f"v{number}", quoted=True))
        if select.where is not None:
            statement = statement.where(query.condition(select.where))
        if select.order is not None:
            key = query.key(select.order)
            statement = statement.where(exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())))
            statement = statement.order_by(
                exp.Ordered(this=key, desc=select.descending, nulls_first=not select.descending)
            )
        statement = statement.order_by(exp.Ordered(this=query.company(), desc=False, nulls_first=True))
        if limit is not None:
            statement = statement.limit(limit)
            if offset:
                statement = statement.offset(offset)
        found = self._run(statement, query.parameters, most)
        return [{("", COMPANY): row[0], **dict(zip(cells, row[1:]))} for row in found.rows], found.truncated

    def _run(self, statement: exp.Select, parameters: Mapping[str, Value], most: int = MAX_ROWS) -> QueryResult:
        check_joined(statement, self.columns, self._database.table)
        text = statement.sql(dialect=self._database.dialect, identify=True, comments=False)
        self.log.append((text, dict(parameters)))
        return self._database.execute(text, parameters, most)


class _Query:
    """Translates the parts of one SELECT; collects bound values and the years that are joined."""

    def __init__(
        self, real: frozenset[str], aliases: Mapping[str, Sequence[str]] | None = None, table: Table | None = None
    ) -> None:
        self._real, self._aliases, self._table = real, aliases or {}, table
        self.parameters: dict[str, Value] = {}
        self._years: list[str] = []
        self._based = False  # whether rows are companies, the years beside

    def bind(self, value: Value) -> exp.Placeholder:
        name = f"p{len(self.parameters) + 1}"
        self.parameters[name] = value
        return exp.Placeholder(this=name)

    @staticmethod
    def alias(year: str) -> str:
        return f"y{year}"

    def company(self) -> exp.Column:
        return exp.column(schema.COMPANY, BASE if self._based else self.alias(self._years[0]))

    def _expanded(self, node: Node) -> Node:
        return expanded(node, self._real)

    def cells(self, select: Select) -> list[tuple[str, str]]:
        """(year, column) of every figure of the running company that a SELECT speaks of; year "" where it has none."""
        parts = [
            *select.items,
            *([select.where] if select.where is not None else []),
            *([select.order] if select.order is not None else []),
        ]
        found = [part for node in parts for part in _columns(self._expanded(node)) if part.name in self._real]
        return list(dict.fromkeys((part.year, part.name) for part in found))

    def source(self, select: Select, table: str) -> exp.Select:
        """FROM: the rows of the year; with several years the companies of any of them, each year's row beside; with none all companies."""
        parts = [part for node in (select.items, select.where, select.order) for part in _columns(node)]
        self._years = sorted({part.year for part in parts if part.year})
        if (
            not self._years
            and self._table
            and any(part.name in self._real and part.name != schema.COMPANY for part in parts)
        ):
            self._years = [str(self._table.years[-1])]  # 股票代码 has no year
        # Who has no row in a year is found among the companies of all years.
        everyone = not self._years or any(
            isinstance(part, IsNull) and _is_existence(part.this) for part in own_parts(select.where)
        )
        if len(self._years) == 1 and not everyone:
            year = self._years[0]
            return (
                exp.Select()
                .from_(exp.alias_(exp.to_table(table), self.alias(year), table=True))
                .where(self.of_year(year))
            )
        self._based = True
        listed = exp.select(exp.column(schema.COMPANY)).distinct().from_(exp.to_table(table))
        former = sorted({name for latest, names in self._aliases.items() for name in names if name != latest})
        if not everyone:
            listed = listed.where(exp.column(schema.YEAR).isin(*(self.bind(int(year)) for year in self._years)))
        elif not self._years and former:  # a company that changed its name is one company
            listed = listed.where(exp.Not(this=exp.column(schema.COMPANY).isin(*map(self.bind, former))))
        made = exp.Select().from_(listed.subquery(BASE))
        for year in self._years:
            same = exp.EQ(
                this=exp.column(schema.COMPANY, self.alias(year)), expression=exp.column(schema.COMPANY, BASE)
            )
            made = made.join(
                exp.alias_(exp.to_table(table), self.alias(year), table=True),
                on=exp.and_(same, self.of_year(year)),
                join_type="left",
            )
        return made

    def placed(self, column: str, year: str) -> exp.Column:
        """A column of the row of a year."""
        if column == schema.COMPANY and not year:
            return self.company()
        return exp.column(column, self.alias(year or self._years[-1]))

    def of_year(self, year: str) -> exp.EQ:
        return exp.EQ(this=exp.column(schema.YEAR, self.alias(year)), expression=self.bind(int(year)))

    def aggregate(self, call: Node) -> exp.Expr:
        assert isinstance(call, Call)
        arg = call.args[0]
        if isinstance(arg, Star):
            return exp.Count(this=exp.Star())
        if call.name == "COUNT":
            inner = self.number(arg)
            return exp.Count(this=exp.Distinct(expressions=[inner]) if call.distinct else inner)
        truth = is_truth(arg)
        made = self.condition(arg) if truth else self.number(arg)
        if truth:  # a condition over an empty cell is neither met nor missed
            made = exp.case().when(made, exp.Literal.number(1)).when(exp.Not(this=made.copy()), exp.Literal.number(0))
        return _AGGREGATES[call.name](this=made)

    def condition(self, node: Node) -> exp.Expr:
        """A condition of WHERE."""
        if isinstance(node, Not):
            return exp.Not(this=exp.paren(self.condition(node.this)))
        if isinstance(node, IsNull):
            this = self._existence(node.this) if _is_existence(node.this) else self.key(node.this)
            made = exp.Is(this=this, expression=exp.Null())
            return exp.Not(this=made) if node.negated else made
        if isinstance(node, Companies):
            return self._members(node.names)
        if not isinstance(node, Binary):
            raise NotAnswerable("这样的条件这里还不会，无法回答该问题。")
        if node.op in ("AND", "OR"):
            joined = exp.And if node.op == "AND" else exp.Or
            return joined(this=exp.paren(self.condition(node.left)), expression=exp.paren(self.condition(node.right)))
        if node.op == "LIKE":
            return self._like(node)
        if node.left == Column(COMPANY) and isinstance(node.right, (Column, Text)):
            name = node.right.name if isinstance(node.right, Column) else node.right.text
            inside = self._members((name,))
            return exp.Not(this=inside) if node.op == "<>" else inside
        if any(isinstance(side, Call) and side.name == "年均增长率" for side in (node.left, node.right)):
            return self._of_compound(node)
        return _COMPARED[node.op](this=self.number(node.left), expression=self.number(node.right))

    def _of_compound(self, node: Binary) -> exp.Expr:
        """A condition on growth a year, without roots: end/start against (1+x) to the power of the years."""
        sides: list[exp.Expr] = []
        spans = [span(side) for side in (node.left, node.right) if isinstance(side, Call) and side.name == "年均增长率"]
        for side in (node.left, node.right):
            value = constant(side)
            if isinstance(side, Call) and side.name == "年均增长率" and len(set(spans)) == 1:
                sides.append(self.key(side))
            elif value is not None:
                sides.append(self.bind(max(1 + value, Decimal(0)) ** spans[0]))
            else:
                raise NotAnswerable("年均增长率只能和一个数或年数相同的年均增长率比较，无法回答该问题。")
        return _COMPARED[node.op](this=sides[0], expression=sides[1])

    def key(self, node: Node) -> exp.Expr:
        """What sorts as an expression does: growth a year by the growth over the whole time, where start and end are of one sign."""
        if not (isinstance(node, Call) and node.name == "年均增长率"):
            return self.number(node)
        if span(node) <= 0:
            raise NotAnswerable("年均增长率要从前面的年份到后面的年份，无法回答该问题。")
        zero = exp.Literal.number(0)
        start, end = (exp.paren(self.number(arg)) for arg in node.args)
        both = [
            exp.paren(
                exp.And(
                    this=compared(this=start.copy(), expression=zero.copy()),
                    expression=compared(this=end.copy(), expression=zero.copy()),
                )
            )
            for compared in (exp.GT, exp.LT)
        ]
        whole = exp.Div(
            this=exp.Mul(this=exp.Literal.number("1.0"), expression=end),
            expression=exp.Nullif(this=start, expression=zero),
        )
        return exp.case().when(exp.Or(this=both[0], expression=both[1]), whole)

    def _existence(self, column: Node) -> exp.Expr:
        assert isinstance(column, Column)
        return exp.column(schema.YEAR, self.alias(column.year))

    def _members(self, names: Sequence[str]) -> exp.Expr:
        every = [name for company in names for name in self._aliases.get(company, (company,))]
        if not every:
            return exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(0))
        return self.company().isin(*(self.bind(name) for name in every))

    def _like(self, node: Binary) -> exp.Expr:
        assert isinstance(node.right, Text) and isinstance(node.left, Column)
        begins = node.left.name == schema.CODE
        text = node.right.text.replace("\\", "").replace("%", "").replace("_", "")
        return exp.Like(this=self.number(node.left), expression=self.bind(f"{'' if begins else '%'}{text}%"))

    def number(self, node: Node) -> exp.Expr:
        """An expression over the joined years."""
        node = self._expanded(node)
        if isinstance(node, Column):
            if node.name == COMPANY:
                return self._existence(node) if node.year else self.company()
            if node.name not in self._real:
                raise NotAnswerable(f"表中没有字段“{node.name}”，无法回答该问题。")
            return self.placed(node.name, node.year)
        if isinstance(node, Number):
            value = Decimal(node.text)
            return self.bind(int(value) if value == value.to_integral_value() else value)
        if isinstance(node, Text):
            return self.bind(node.text)
        if isinstance(node, Binary) or is_truth(node):
            return self._arithmetic(node)
        if isinstance(node, Call):
            return self._call(node)
        raise NotAnswerable("这样的算式这里还不会，无法回答该问题。")

    def _arithmetic(self, node: Node) -> exp.Expr:
        if is_truth(node):  # (a)+(b)>=2 counts conditions
            return exp.case().when(self.condition(node), exp.Literal.number(1)).else_(exp.Literal.number(0))
        assert isinstance(node, Binary)
        left, right = exp.paren(self.number(node.left)), exp.paren(self.number(node.right))
        if node.op == "/":  # heads are whole numbers: SQLite would cut the fraction off
            return exp.Div(
                this=exp.Mul(this=exp.Literal.number("1.0"), expression=left),
                expression=exp.Nullif(this=right, expression=exp.Literal.number(0)),
            )
        return {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}[node.op](this=left, expression=right)

    def _call(self, node: Call) -> exp.Expr:
        args = [self.number(arg) for arg in node.args]
        if node.name == "ABS":
            return exp.Abs(this=args[0])
        if node.name == "COALESCE":
            return exp.Coalesce(this=args[0], expressions=args[1:])
        if node.name in ("GREATEST", "LEAST"):
            made = exp.Greatest if node.name == "GREATEST" else exp.Least
            return made(this=args[0], expressions=args[1:])
        raise NotAnswerable(f"按“{node.name}”挑选或排序公司这里还不会，无法回答该问题。")


def _is_existence(node: Node) -> bool:
    """公司@Y: whether there is a row of the year."""
    return isinstance(node, Column) and node.name == COMPANY and bool(node.year) and not node.company


def _columns(node: object) -> list[Column]:
    """The columns of the running company in a part of a statement, those inside aggregates among them."""
    if isinstance(node, tuple):
        return [column for part in node for column in _columns(part)]
    return [part for part in own_parts(node) if isinstance(part, Column) and not part.company]

