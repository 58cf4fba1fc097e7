"""What SQL may run: one SELECT over one table, known columns, a few functions. Checked on sqlglot's AST; what runs is the AST, written out anew.

Everything that is not listed here is refused. Comments, hints and MySQL's executable comments are gone once parsed, because the text is never used again.
Names are checked in their scope as well: SQLite reads a double-quoted name that it does not know as a string, so a wrong column would not fail, it would lie.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from agent.errors import SqlRejected
from agent.figures import formulas, schema

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 2000, 400, 24
MAX_DIGITS, MAX_LIMIT_DIGITS = 30, 9  # a decimal of MariaDB has at most 65 digits
RANK = "名次"  # the alias of ROW_NUMBER() in an intersection over years
DERIVED = "t"  # the alias of the table or the derived table

# sqlglot tells the log, hence the user's screen, what it only half understands; here that is refused in one sentence anyway.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

# Node types a statement may be made of.
_ALLOWED: tuple[type[exp.Expr], ...] = (
    exp.Select,
    exp.From,
    exp.Table,
    exp.TableAlias,
    exp.Identifier,
    exp.Column,
    exp.Alias,
    exp.Subquery,
    exp.Where,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.In,
    exp.Like,
    exp.Between,
    exp.Is,
    exp.Null,
    exp.Literal,
    exp.Neg,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Max,
    exp.Min,
    exp.Distinct,
    exp.Star,
    exp.Window,
    exp.RowNumber,
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Like, exp.Between, exp.Is)
_AGGREGATES = (exp.Count, exp.Sum, exp.Avg, exp.Max, exp.Min)
_VALUES = (exp.Literal, exp.Neg, exp.Null)
# Arguments that may be set, by node type; a node type that is not named here may have any of sqlglot's.
_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        {"expressions", "from_", "from", "where", "group", "having", "order", "limit", "offset", "distinct"}
    ),
    exp.Table: frozenset({"this", "alias"}),
    exp.TableAlias: frozenset({"this"}),
    exp.Subquery: frozenset({"this", "alias"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Group: frozenset({"expressions"}),
    exp.Window: frozenset({"this", "partition_by", "order", "over"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Order: frozenset({"expressions"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Count: frozenset({"this", "big_int"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.Star: frozenset(),
    exp.RowNumber: frozenset(),
}


def _refuse(reason: str) -> SqlRejected:
    return SqlRejected(f"语句没有通过检查：{reason}")


def _parse(sql: str, max_length: int) -> exp.Select:
    if len(sql) > max_length:
        raise _refuse(f"长度{len(sql)}超过上限{max_length}")
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in sql):
        raise _refuse("含有空字符或残缺的字符")
    try:
        statements = [s for s in sqlglot.parse(sql, read="sqlite") if s is not None]
    except (SqlglotError, RecursionError, ValueError):
        raise _refuse("不是合法的SQL") from None
    if len(statements) != 1:
        raise _refuse(f"只允许一条语句，这里有{len(statements)}条")
    if not isinstance(statements[0], exp.Select):
        raise _refuse(f"只允许SELECT，这里是{statements[0].key.upper()}")
    return statements[0]


def _check_number(digits: str) -> None:
    if not (digits.isascii() and digits.replace(".", "", 1).isdecimal()):
        raise _refuse(f"数{digits}不是十进制数")
    if len(digits) > MAX_DIGITS:
        raise _refuse(f"数{digits[:5]}…有{len(digits)}位，超过上限{MAX_DIGITS}")


def _check_nodes(select: exp.Select) -> None:
    """Only listed node types with listed parts, not too many and not too deep."""
    for number, node in enumerate(select.walk()):
        if number > MAX_NODES:
            raise _refuse(f"语句太复杂（超过{MAX_NODES}个部分）")
        if type(node) not in _ALLOWED:
            raise _refuse(f"不允许{node.key.upper()}")
        if node.depth > MAX_DEPTH:
            raise _refuse(f"嵌套超过{MAX_DEPTH}层")
        given = {
            name for name, value in node.args.items() if value is not None and value != []
        }  # False says something too: NOT INDEXED
        extra = given - _PARTS.get(type(node), frozenset(given))
        if extra:
            raise _refuse(f"{node.key.upper()}里不允许{'、'.join(sorted(extra))}")
        if isinstance(node, exp.Literal) and not node.is_string:
            _check_number(node.this)
        if isinstance(node, (exp.In, exp.Group, exp.Order)) and not node.expressions:
            raise _refuse(f"{node.key.upper()}后面是空的")
        if isinstance(node, exp.Neg) and not (isinstance(node.this, exp.Literal) and not node.this.is_string):
            raise _refuse("负号后面只允许一个数")


def _source(select: exp.Select, table: str) -> exp.Select | None:
    """The derived table under FROM, None where FROM is the table itself.

    Raises:
        SqlRejected: FROM is anything else.
    """
    source = select.args.get("from_") or select.args.get("from")
    if source is None:
        raise _refuse("没有FROM")
    inner = source.this
    if isinstance(inner, exp.Subquery):
        if not isinstance(inner.this, exp.Select) or select.parent is not None:
            raise _refuse("只允许一层子查询")
        return inner.this
    if not isinstance(inner, exp.Table) or inner.name != table:
        raise _refuse(f"只允许表{table}")
    return None


def _known(name: str, columns: Collection[str]) -> bool:
    """A real column, or a computed one whose operands are all real."""
    formula = schema.computed(name)
    return name in columns or (formula is not None and not formulas.missing(formula.expression, columns))


def _check_names(select: exp.Select, allowed: Collection[str], computed: bool) -> None:
    """Every column of this SELECT (not of the one under its FROM) is in its scope."""
    for column in select.find_all(exp.Column):
        if column.parent_select is not select:
            continue
        if column.table not in ("", DERIVED):
            raise _refuse(f"字段{column.name}前面不允许限定名")
        if column.name not in allowed and not (computed and _known(column.name, allowed)):
            raise _refuse(f"没有字段“{column.name}”")
    for alias in select.find_all(exp.TableAlias):
        if alias.name != DERIVED:
            raise _refuse(f"不允许别名“{alias.name}”")


def _is_condition(node: exp.Expr) -> bool:
    """A comparison of columns with values, or AND, OR, NOT over such."""
    if isinstance(node, (exp.Paren, exp.Not)):
        return _is_condition(node.this)
    if isinstance(node, (exp.And, exp.Or)):
        return _is_condition(node.this) and _is_condition(node.expression)
    if not isinstance(node, _COMPARISONS):
        return False
    parts = [part.unnest() for part in node.iter_expressions()]
    return isinstance(parts[0], (exp.Column, *_AGGREGATES)) and all(
        isinstance(part, (exp.Column, *_VALUES)) for part in parts[1:]
    )


def _check_aggregates(select: exp.Select) -> None:
    """COUNT(*), COUNT(DISTINCT column), and one column in the others; text is not added up; never in WHERE."""
    for node in (n for n in select.find_all(*_AGGREGATES) if n.parent_select is select):
        inside = node.this
        if isinstance(inside, exp.Distinct) and len(inside.expressions) == 1:
            inside = inside.expressions[0]
        if not isinstance(inside, exp.Column) and not (
            isinstance(node, exp.Count) and node.this is inside and isinstance(inside, exp.Star)
        ):
            raise _refuse(f"{node.key.upper()}里只允许一个字段")
        if node.find_ancestor(exp.Where, exp.Group):
            raise _refuse(f"WHERE和GROUP BY里不允许{node.key.upper()}")
        if isinstance(node, (exp.Sum, exp.Avg)) and schema.unit_of(inside.name) == "text":
            raise _refuse(f"文字字段“{inside.name}”不能求{node.key.upper()}")


def _check_groups(select: exp.Select) -> None:
    """Every database can answer: what is selected, sorted and filtered beside an aggregate is grouped by (ONLY_FULL_GROUP_BY)."""
    group, order, having = (select.args.get(part) for part in ("group", "order", "having"))
    grouped = [key.name if isinstance(key, exp.Column) else None for key in group.expressions] if group else []
    if any(name not in schema.KEY for name in grouped):
        raise _refuse(f"只能按{'、'.join(schema.KEY)}分组")
    if having and not grouped:
        raise _refuse("HAVING需要GROUP BY")
    parts = [part for part in (*select.expressions, order, having) if part is not None]
    if not grouped and not any(part.find(*_AGGREGATES) for part in parts):
        _check_distinct_order(select, order)
        return
    loose = [c.name for part in parts for c in part.find_all(exp.Column) if not c.find_ancestor(*_AGGREGATES)]
    loose = [name for name in loose if name not in grouped]
    if loose:
        raise _refuse(f"字段“{loose[0]}”和汇总函数一起使用时需要GROUP BY")
    if order and not grouped:
        raise _refuse("只有一行汇总，不用ORDER BY")


def _check_distinct_order(select: exp.Select, order: exp.Expr | None) -> None:
    """DISTINCT rows are sorted by what is selected."""
    if order and select.args.get("distinct"):
        shown = {e.name for e in select.expressions}
        if any(column.name not in shown for column in order.find_all(exp.Column)):
            raise _refuse("DISTINCT只能按选出的字段排序")


def _check_shape(select: exp.Select, derived: bool) -> None:
    """Columns and aggregates are selected, conditions filter, columns and aggregates sort; numbers limit."""
    if not select.expressions:
        raise _refuse("SELECT后面没有字段")
    for node in select.expressions:
        ranked = derived and isinstance(node, exp.Alias) and node.alias == RANK and isinstance(node.this, exp.Window)
        if not ranked and not isinstance(node, (exp.Column, *_AGGREGATES)):
            raise _refuse(
                "SELECT后面只允许字段、汇总函数，子查询里还可以有名次"
                if not node.find(exp.Star)
                else "不允许SELECT *，请写出字段"
            )
    for part in (select.args.get("where"), select.args.get("having")):
        if part is not None and not _is_condition(part.this):
            raise _refuse(f"{part.key.upper()}里只允许字段与值的比较")
    for key in (k for k in select.find_all(exp.Ordered) if k.parent_select is select):
        if not isinstance(key.this, (exp.Column, *_AGGREGATES)):
            raise _refuse("ORDER BY后面只允许字段或汇总函数")
    for part in (select.args.get("limit"), select.args.get("offset")):
        number = part.expression if part is not None else None
        if part is not None and not (
            isinstance(number, exp.Literal) and number.is_int and len(number.this) <= MAX_LIMIT_DIGITS
        ):
            raise _refuse(f"{part.key.upper()}只允许整数")
    if select.args.get("offset") and not select.args.get("limit"):
        raise _refuse("OFFSET前面需要LIMIT")
    _check_aggregates(select)
    _check_groups(select)


def _check_windows(select: exp.Select) -> None:
    """The one window: ROW_NUMBER() OVER (PARTITION BY columns ORDER BY columns)."""
    for window in select.find_all(exp.Window):
        keys = window.args.get("partition_by") or []
        ranks = (
            isinstance(window.this, exp.RowNumber)
            and isinstance(window.parent, exp.Alias)
            and window.args.get("order") is not None
        )
        if not ranks or any(not isinstance(key, exp.Column) for key in keys) or window.find(*_AGGREGATES):
            raise _refuse("窗口函数只允许ROW_NUMBER() OVER (PARTITION BY 字段 ORDER BY 字段)")
    if any(not isinstance(node.parent, exp.Window) for node in select.find_all(exp.RowNumber)):
        raise _refuse("ROW_NUMBER后面需要OVER")


def _unqualified(select: exp.Select) -> exp.Select:
    """The same statement without t. and without an alias of the table; a derived table is always t, as MySQL wants one."""
    for column in select.find_all(exp.Column):
        column.set("table", None)
    for table in select.find_all(exp.Table):
        table.set("alias", None)
    for subquery in select.find_all(exp.Subquery):
        subquery.set("alias", exp.TableAlias(this=exp.to_identifier(DERIVED)))
    return select


def check(sql: str, columns: Collection[str], table: str = schema.TABLE, max_length: int = MAX_LENGTH) -> exp.Select:
    """The statement as an AST that holds nothing but what is allowed.

    columns: the table's real columns. A computed column (毛利率, 净利润增长率) may be named where all its operands are real; formulas.expand resolves it.

    Raises:
        SqlRejected: one sentence that names the part that is not allowed.
    """
    select = _parse(sql, max_length)
    _check_nodes(select)
    inner = _source(select, table)
    scopes = [s for s in select.find_all(exp.Select) if s is not select]
    if scopes != ([inner] if inner is not None else []):
        raise _refuse("只允许FROM里的一个子查询")
    if inner is not None:
        _source(inner, table)
        _check_names(inner, columns, computed=True)
        _check_shape(inner, derived=True)
        names = [e.alias_or_name for e in inner.expressions]
        if any(name not in columns and name != RANK for name in names) or len(set(names)) < len(names):
            raise _refuse("子查询里只能选出表中的字段和名次，各一次")
    _check_names(select, columns if inner is None else names, computed=inner is None)
    _check_shape(select, derived=False)
    _check_windows(select)
    return _unqualified(select)


def emit(select: exp.Select, dialect: str) -> str:
    """The statement in the database's dialect ("sqlite" or "mysql"), every identifier quoted, no comments.

    On SQLite database.py's SUM and AVG give exact decimals as text; where they sort or filter they are compared as numbers.
    """
    if dialect == "sqlite":
        select = select.copy()
        for node in list(select.find_all(exp.Sum, exp.Avg)):
            if node.find_ancestor(exp.Ordered, exp.Having):
                node.replace(exp.cast(node.copy(), "REAL"))
    return select.sql(dialect=dialect, identify=True, comments=False)
