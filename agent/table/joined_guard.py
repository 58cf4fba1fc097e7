"""What SQL of the statement language may run: one SELECT over the table's rows of a year, or over companies with each year's row beside.

agent.statements.tables writes it from a tree; here the written tree is held against that one shape, part by part, and nothing else passes.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlglot import exp

from agent.errors import SqlRejected
from agent.figures import schema

MAX_NODES, MAX_VALUES, MAX_DEPTH = 4000, 30_000, 120
MAX_YEARS = 20
MAX_LIMIT_DIGITS = 9
BASE = "c"  # the alias of the list of companies
_YEAR = re.compile(r"y[0-9]{4}")
_NAME = re.compile(r"v[0-9]{1,4}")
_PLACEHOLDER = re.compile(r"p[0-9]{1,6}")
_PLACED = re.compile(r":p[0-9]")  # inside a quoted name SQLAlchemy would take it for a parameter
_LITERALS = frozenset({"0", "1", "1.0"})

_AGGREGATES = (exp.Count, exp.Sum, exp.Avg, exp.Max, exp.Min)
_BINARIES = (exp.Add, exp.Sub, exp.Mul, exp.Div)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
# What each type of node may hold; a type that is not named is refused.
_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({"expressions", "from_", "from", "joins", "where", "order", "limit", "offset", "distinct"}),
    exp.From: frozenset({"this"}),
    exp.Join: frozenset({"this", "on", "side"}),
    exp.Table: frozenset({"this", "alias"}),
    exp.TableAlias: frozenset({"this"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Star: frozenset(),
    exp.Where: frozenset({"this"}),
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Placeholder: frozenset({"this"}),
    exp.Null: frozenset(),
    exp.Paren: frozenset({"this"}),
    exp.Not: frozenset({"this"}),
    exp.Is: frozenset({"this", "expression"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.If: frozenset({"this", "true"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Greatest: frozenset({"this", "expressions", "ignore_nulls"}),
    exp.Least: frozenset({"this", "expressions", "ignore_nulls"}),
    exp.Abs: frozenset({"this"}),
    **dict.fromkeys((exp.Sum, exp.Avg, exp.Max, exp.Min), frozenset({"this"})),
    exp.Count: frozenset({"this", "big_int"}),
    **dict.fromkeys(
        (exp.And, exp.Or, exp.Like, exp.Nullif, *_BINARIES, *_COMPARISONS), frozenset({"this", "expression"})
    ),
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
}


def _refuse(reason: str) -> SqlRejected:
    return SqlRejected(f"语句没有通过检查：{reason}")


def check_joined(select: exp.Expr, columns: Collection[str], table: str) -> None:
    """Returns where `select` has the one shape that tables.py writes over `table` and its real `columns`.

    Raises:
        SqlRejected: one sentence that names the part that is not allowed.
    """
    if type(select) is not exp.Select or select.parent is not None:
        raise _refuse(f"只允许SELECT，这里是{select.key.upper()}")
    _check_nodes(select)
    _Guard(select, frozenset(columns), table).check()


def _check_nodes(select: exp.Select) -> None:
    """Only listed types with listed parts, not too many and not too deep."""
    nodes = values = 0
    for node in select.walk():
        nodes, values = (nodes, values + 1) if type(node) is exp.Placeholder else (nodes + 1, values)
        if nodes > MAX_NODES or values > MAX_VALUES:
            raise _refuse(f"语句太复杂（超过{MAX_NODES}个部分或{MAX_VALUES}个值）")
        if type(node) not in _PARTS:
            raise _refuse(f"不允许{node.key.upper()}")
        if node.depth > MAX_DEPTH:
            raise _refuse(f"嵌套超过{MAX_DEPTH}层")
        if node.comments:
            raise _refuse("不允许注释")
        extra = {name for name, value in node.args.items() if value is not None and value != []} - _PARTS[type(node)]
        # A flag that is off says nothing, but that of NOT INDEXED.
        if extra := {name for name in extra if node.args[name] is not False or isinstance(node, exp.Table)}:
            raise _refuse(f"{node.key.upper()}里不允许{'、'.join(sorted(extra))}")
        _check_leaf(node)


def _check_leaf(node: exp.Expr) -> None:
    if isinstance(node, exp.Identifier) and not isinstance(node.this, str):
        raise _refuse("名字不是文字")
    if isinstance(node, exp.Placeholder) and not (isinstance(node.this, str) and _PLACEHOLDER.fullmatch(node.this)):
        raise _refuse("参数的名字不对")
    if isinstance(node, exp.Literal):
        if node.args.get("is_string"):
            raise _refuse("不允许写出的文字，值只能是参数")
        if node.this not in _LITERALS and not isinstance(node.parent, (exp.Limit, exp.Offset)):
            raise _refuse(f"不允许写出的数{str(node.this)[:9]}，值只能是参数")


class _Guard:
    """Checks one SELECT from the top down; every part is asked for in its place."""

    def __init__(self, select: exp.Select, columns: frozenset[str], table: str) -> None:
        self._select, self._columns, self._table = select, columns, table
        self._years: list[str] = []
        self._base = False

    def check(self) -> None:
        select = self._select
        if select.args.get("distinct"):
            raise _refuse("DISTINCT只允许在公司的列表里")
        self._source()
        where = select.args.get("where")
        if where is not None:
            self._condition(where.this)
        self._selected()
        order = select.args.get("order")
        for key in order.expressions if order is not None else ():
            if not isinstance(key, exp.Ordered):
                raise _refuse("ORDER BY里只允许排序的算式")
            self._value(key.this)
        self._window()

    # --- where rows come from

    def _source(self) -> None:
        source = self._select.args.get("from_") or self._select.args.get("from")
        if source is None:
            raise _refuse("没有FROM")
        joins = self._select.args.get("joins") or []
        if isinstance(source.this, exp.Subquery):
            self._companies(source.this)
            for join in joins:
                self._join(join)
        elif joins:
            raise _refuse("只有公司的列表可以连接")
        else:
            self._year_of(source.this)

    def _is_table(self, node: exp.Expr | None) -> bool:
        return isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) and node.name == self._table

    def _year_of(self, node: exp.Expr | None) -> str:
        """The alias of the table, which says its year."""
        if not self._is_table(node) or node is None:
            raise _refuse(f"只允许表{self._table}")
        alias = node.args.get("alias")
        name = alias.name if isinstance(alias, exp.TableAlias) else ""
        if not _YEAR.fullmatch(name) or name in self._years:
            raise _refuse(f"表的别名“{name}”不是一个年份")
        self._years.append(name)
        if len(self._years) > MAX_YEARS:
            raise _refuse(f"超过{MAX_YEARS}个年份")
        return name

    def _companies(self, node: exp.Subquery) -> None:
        """(SELECT DISTINCT 公司全称 FROM table [WHERE 年份 IN (…) | NOT 公司全称 IN (…)]) AS c."""
        inner, alias = node.this, node.args.get("alias")
        if not (isinstance(inner, exp.Select) and isinstance(alias, exp.TableAlias) and alias.name == BASE):
            raise _refuse(f"子查询只允许公司的列表{BASE}")
        if {name for name, value in inner.args.items() if value} - {
            "expressions",
            "distinct",
            "from_",
            "from",
            "where",
        }:
            raise _refuse("公司的列表里只允许SELECT DISTINCT、FROM和WHERE")
        distinct, source = inner.args.get("distinct"), inner.args.get("from_") or inner.args.get("from")
        plain = isinstance(distinct, exp.Distinct) and not distinct.expressions
        if not plain or [self._plain(e) for e in inner.expressions] != [schema.COMPANY]:
            raise _refuse(f"公司的列表只能是SELECT DISTINCT {schema.COMPANY}")
        if source is None or not self._is_table(source.this) or source.this.args.get("alias") is not None:
            raise _refuse(f"只允许表{self._table}")
        where = inner.args.get("where")
        if where is not None:
            self._of_list(where.this)
        self._base = True

    def _of_list(self, node: exp.Expr) -> None:
        keys = [schema.YEAR]
        if isinstance(node, exp.Not):
            node, keys = node.this, [schema.COMPANY]
        if not (isinstance(node, exp.In) and self._plain(node.this) in keys and self._placeholders(node.expressions)):
            raise _refuse("公司的列表只能按年份或公司挑选")

    @staticmethod
    def _plain(node: exp.Expr) -> str | None:
        """The name of a column that stands without its table."""
        unqualified = isinstance(node, exp.Column) and not node.table and isinstance(node.this, exp.Identifier)
        return node.name if unqualified else None

    @staticmethod
    def _placeholders(nodes: list[exp.Expr]) -> bool:
        return bool(nodes) and all(isinstance(node, exp.Placeholder) for node in nodes)

    def _join(self, join: exp.Join) -> None:
        """LEFT JOIN table AS yYYYY ON yYYYY.公司全称 = c.公司全称 AND yYYYY.年份 = :p."""
        year, on = self._year_of(join.this), join.args.get("on")
        if str(join.args.get("side")).upper() != "LEFT":
            raise _refuse("只允许LEFT JOIN")
        same, of_year = (on.this, on.expression) if isinstance(on, exp.And) else (None, None)
        if not (
            isinstance(same, exp.EQ)
            and self._is_column(same.this, year, schema.COMPANY)
            and self._is_column(same.expression, BASE, schema.COMPANY)
            and isinstance(of_year, exp.EQ)
            and self._is_column(of_year.this, year, schema.YEAR)
            and isinstance(of_year.expression, exp.Placeholder)
        ):
            raise _refuse(f"只允许按{schema.COMPANY}和{schema.YEAR}连接")

    @staticmethod
    def _is_column(node: exp.Expr, table: str, name: str) -> bool:
        return isinstance(node, exp.Column) and (node.table, node.name) == (table, name)

    # --- what is selected

    def _selected(self) -> None:
        items = self._select.expressions
        if not items:
            raise _refuse("SELECT后面没有字段")
        summed = [isinstance(item, _AGGREGATES) for item in items]
        if any(summed) and not all(summed):
            raise _refuse("汇总函数旁边不允许字段")
        if any(summed) and any(self._select.args.get(part) for part in ("order", "limit", "offset")):
            raise _refuse("只有一行汇总，不用ORDER BY和LIMIT")
        names = [item.alias for item in items if isinstance(item, exp.Alias)]
        if any(not _NAME.fullmatch(name) for name in names) or len(set(names)) < len(names):
            raise _refuse("字段的别名只能是v0、v1……，各一次")
        for item in items:
            if isinstance(item, _AGGREGATES):
                self._aggregate(item)
            else:
                self._column(item.this if isinstance(item, exp.Alias) else item)

    def _aggregate(self, node: exp.Expr) -> None:
        inside = node.this
        if isinstance(node, exp.Count) and isinstance(inside, exp.Star):
            return
        if isinstance(inside, exp.Distinct):
            if not isinstance(node, exp.Count) or len(inside.expressions) != 1:
                raise _refuse("DISTINCT只允许在COUNT里，后面一项")
            inside = inside.expressions[0]
        if not isinstance(inside, exp.Expr):
            raise _refuse(f"{node.key.upper()}里没有算式")
        self._value(inside)

    def _window(self) -> None:
        limit, offset = self._select.args.get("limit"), self._select.args.get("offset")
        for part in (limit, offset):
            number = part.expression if part is not None else None
            if part is not None and not (
                isinstance(number, exp.Literal) and re.fullmatch(rf"[0-9]{{1,{MAX_LIMIT_DIGITS}}}", str(number.this))
            ):
                raise _refuse(f"{part.key.upper()}只允许整数")
        if offset is not None and limit is None:
            raise _refuse("OFFSET前面需要LIMIT")

    # --- conditions and arithmetic

    def _condition(self, node: exp.Expr | None) -> None:
        if isinstance(node, (exp.Paren, exp.Not)):
            self._condition(node.this)
        elif isinstance(node, (exp.And, exp.Or)):
            self._condition(node.this)
            self._condition(node.expression)
        elif isinstance(node, _COMPARISONS):
            self._value(node.this)
            self._value(node.expression)
        elif isinstance(node, exp.Is):
            if not isinstance(node.expression, exp.Null):
                raise _refuse("IS后面只允许NULL")
            self._value(node.this)
        elif isinstance(node, exp.In):
            self._column(node.this)
            if not self._placeholders(node.expressions):
                raise _refuse("IN里只允许参数")
        elif isinstance(node, exp.Like):
            self._column(node.this)
            if not isinstance(node.expression, exp.Placeholder):
                raise _refuse("LIKE后面只允许参数")
        else:
            raise _refuse(f"条件里不允许{node.key.upper() if node is not None else '空'}")

    def _value(self, node: exp.Expr | None) -> None:
        if isinstance(node, exp.Column):
            self._column(node)
        elif isinstance(node, (exp.Paren, exp.Abs)):
            self._value(node.this)
        elif isinstance(node, (*_BINARIES, exp.Nullif)):
            self._value(node.this)
            self._value(node.expression)
        elif isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
            for part in (node.this, *node.expressions):
                self._value(part)
        elif isinstance(node, exp.Case):
            self._case(node)
        elif not isinstance(node, (exp.Placeholder, exp.Literal)):
            raise _refuse(f"算式里不允许{node.key.upper() if node is not None else '空'}")

    def _case(self, node: exp.Case) -> None:
        ifs = node.args.get("ifs") or []
        if not ifs or not all(isinstance(part, exp.If) for part in ifs):
            raise _refuse("CASE里没有WHEN")
        for part in ifs:
            self._condition(part.this)
            self._value(part.args.get("true"))
        if node.args.get("default") is not None:
            self._value(node.args["default"])

    def _column(self, node: exp.Expr | None) -> None:
        """y2020.column, or c.公司全称: SQLite reads a quoted name that it does not know as a text, so each has to be known."""
        if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Identifier):
            raise _refuse("这里只允许字段")
        if self._base and (node.table, node.name) == (BASE, schema.COMPANY):
            return
        if node.table not in self._years:
            raise _refuse(f"字段{node.name}前面需要年份")
        if node.name not in self._columns or _PLACED.search(node.name):
            raise _refuse(f"没有字段“{node.name}”")
