"""What SQL may run: one SELECT over one table, known columns, a few functions. Checked on sqlglot's AST; what runs is the AST, written out anew.

Everything that is not listed here is refused. Comments, hints and MySQL's executable comments are gone once parsed, because the text is never used again.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from agent import schema
from agent.errors import SqlRejected

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 2000, 400, 24
RANK = "名次"  # the alias of ROW_NUMBER() in an intersection over years
_ALIASES = frozenset({RANK, "t"})

# Node types a statement may be made of.
_ALLOWED: tuple[type[exp.Expression], ...] = (
    exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Identifier, exp.Column, exp.Alias, exp.Subquery, exp.Where, exp.Paren, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
    exp.LT, exp.LTE, exp.In, exp.Like, exp.Between, exp.Is, exp.Null, exp.Literal, exp.Neg, exp.Tuple, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Count, exp.Sum, exp.Avg,
    exp.Max, exp.Min, exp.Distinct, exp.Star, exp.Window, exp.RowNumber,
)
# Arguments of a SELECT that may be set; anything else (INTO, FOR UPDATE, hints, WITH, JOIN, …) is refused.
_SELECT_PARTS = frozenset({"kind", "expressions", "from_", "from", "where", "group", "having", "order", "limit", "offset", "distinct"})


def _refuse(reason: str) -> SqlRejected:
    return SqlRejected(f"语句没有通过检查：{reason}")


def _parse(sql: str, max_length: int) -> exp.Select:
    if len(sql) > max_length:
        raise _refuse(f"长度{len(sql)}超过上限{max_length}")
    if "\x00" in sql:
        raise _refuse("含有空字符")
    try:
        statements = [s for s in sqlglot.parse(sql, read="sqlite") if s is not None]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise _refuse(f"不是合法的SQL（{str(error).splitlines()[0][:80] if str(error) else type(error).__name__}）") from None
    if len(statements) != 1:
        raise _refuse(f"只允许一条语句，这里有{len(statements)}条")
    if not isinstance(statements[0], exp.Select):
        raise _refuse(f"只允许SELECT，这里是{statements[0].key.upper()}")
    return statements[0]


def _check_nodes(select: exp.Select) -> None:
    for number, node in enumerate(select.walk()):
        if number > MAX_NODES:
            raise _refuse(f"语句太复杂（超过{MAX_NODES}个部分）")
        if type(node) not in _ALLOWED:
            raise _refuse(f"不允许{node.key.upper()}")
        if node.depth > MAX_DEPTH:
            raise _refuse(f"嵌套超过{MAX_DEPTH}层")
        if isinstance(node, exp.Select):
            extra = {name for name, value in node.args.items() if value} - _SELECT_PARTS
            if extra:
                raise _refuse(f"SELECT里不允许{'、'.join(sorted(extra))}")
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            raise _refuse("不允许SELECT *，请写出字段")
        if isinstance(node, exp.Literal) and not node.is_string and not node.this.replace(".", "", 1).isdigit():
            raise _refuse(f"数{node.this}不是十进制数")


def _check_source(select: exp.Select, table: str) -> None:
    """FROM is the table itself, or one derived table over it with a rank."""
    source = select.args.get("from_") or select.args.get("from")
    if source is None:
        raise _refuse("没有FROM")
    inner = source.this
    if isinstance(inner, exp.Subquery):
        if not isinstance(inner.this, exp.Select) or inner.parent_select is not select or select.parent_select is not None:
            raise _refuse("只允许一层子查询")
        if any(value for name, value in inner.args.items() if name not in ("this", "alias") and value):
            raise _refuse("子查询外不允许别的部分")
        _check_source(inner.this, table)
    elif not isinstance(inner, exp.Table) or inner.name != table or inner.args.get("db") or inner.args.get("catalog"):
        raise _refuse(f"只允许表{table}")
    elif any(value for name, value in inner.args.items() if name not in ("this", "alias") and value):
        raise _refuse(f"表{table}后面不允许别的部分")


def _check_names(select: exp.Select, columns: Collection[str]) -> None:
    """Columns are real, or computed from real ones; aliases are the two that the dialect knows."""
    for column in select.find_all(exp.Column):
        if column.args.get("db") or column.args.get("catalog") or column.table not in ("", "t"):
            raise _refuse(f"字段{column.sql()}前面不允许限定名")
        if column.name not in columns and column.name != RANK and schema.computed(column.name) is None:
            raise _refuse(f"没有字段“{column.name}”")
    for alias in (*select.find_all(exp.Alias), *select.find_all(exp.TableAlias)):
        name = alias.alias if isinstance(alias, exp.Alias) else alias.name
        if name not in _ALIASES:
            raise _refuse(f"不允许别名“{name}”")
    for subquery in select.find_all(exp.Select):
        if subquery is not select and not isinstance(subquery.parent, exp.Subquery):
            raise _refuse("不允许条件里的子查询")
    if any(not isinstance(s.parent, exp.From) for s in select.find_all(exp.Subquery)):
        raise _refuse("只允许FROM里的子查询")


def check(sql: str, columns: Collection[str], table: str = schema.TABLE, max_length: int = MAX_LENGTH) -> exp.Select:
    """The statement as an AST that holds nothing but what is allowed.

    columns: the table's real columns. A computed column (毛利率, 净利润增长率) may be named too; formulas.expand resolves it.

    Raises:
        SqlRejected: one sentence that names the part that is not allowed.
    """
    select = _parse(sql, max_length)
    _check_nodes(select)
    _check_source(select, table)
    _check_names(select, columns)
    for part, inside in ((select.args.get("limit"), "LIMIT"), (select.args.get("offset"), "OFFSET")):
        if part is not None and not (isinstance(part.expression, exp.Literal) and part.expression.is_int):
            raise _refuse(f"{inside}只允许整数")
    return select


def emit(select: exp.Select, dialect: str) -> str:
    """The statement in the database's dialect ("sqlite" or "mysql"), every identifier quoted, no comments."""
    return select.sql(dialect=dialect, identify=True, comments=False)
