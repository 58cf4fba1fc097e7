"""What tables.py writes passes, whatever else is refused: other tables, other columns, values in the text, functions, depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlglot
from sqlglot import exp

from agent.errors import SqlRejected
from agent.figures import schema
from agent.table.joined_guard import MAX_VALUES, check_joined

COLUMNS = ("公司全称", "年份", "股票代码", "注册地址", "营业收入", "净利润", "职工总人数", "其中):p1")
TABLE = schema.TABLE
ONE = f"SELECT y2020.公司全称 AS v0, y2020.净利润 AS v1 FROM {TABLE} AS y2020 WHERE y2020.年份 = :p1"
LIST = f"(SELECT DISTINCT 公司全称 FROM {TABLE} WHERE 年份 IN (:p1, :p2)) AS c"
JOIN = "LEFT JOIN {} AS {} ON {}.公司全称 = c.公司全称 AND {}.年份 = :p9"


def join(year: str) -> str:
    return JOIN.format(TABLE, year, year, year)


TWO = f"SELECT c.公司全称 AS v0, y2019.净利润 AS v1 FROM {LIST} {join('y2019')} {join('y2020')}"
ACCEPTED = [
    ONE,
    TWO,
    f"SELECT y2020.净利润, y2020.注册地址 FROM {TABLE} AS y2020 WHERE y2020.公司全称 IN (:p1, :p2) AND y2020.年份 = :p3",
    f"SELECT COUNT(*), SUM(y2020.净利润), COUNT(DISTINCT y2020.注册地址) FROM {TABLE} AS y2020 WHERE y2020.年份 = :p1",
    f"SELECT AVG(CASE WHEN y2020.净利润 > :p2 THEN 1 WHEN NOT y2020.净利润 > :p2 THEN 0 END) FROM {TABLE} AS y2020",
    f"SELECT COUNT(*) FROM (SELECT DISTINCT 公司全称 FROM {TABLE}) AS c WHERE c.公司全称 IN (:p1) AND NOT (c.公司全称 IN (:p2))",
    f"SELECT COUNT(*) FROM (SELECT DISTINCT 公司全称 FROM {TABLE} WHERE NOT 公司全称 IN (:p1)) AS c WHERE 1 = 0",
    f"{ONE} AND NOT y2020.净利润 IS NULL ORDER BY y2020.净利润 DESC, y2020.公司全称 LIMIT 5 OFFSET 10",
    f"{ONE} AND y2020.注册地址 LIKE :p2 OR y2020.净利润 * :p3 >= ABS(y2020.营业收入)",
    f"{ONE} AND 1.0 * (y2020.净利润) / NULLIF(COALESCE(y2020.职工总人数, :p2), 0) > :p3",
    f"{TWO} WHERE GREATEST(y2019.净利润, y2020.净利润) > LEAST(y2019.营业收入, y2020.营业收入)",
    f"{TWO} WHERE (CASE WHEN y2019.净利润 > :p4 THEN 1 ELSE 0 END) + (CASE WHEN y2020.净利润 > :p5 THEN 1 ELSE 0 END) >= :p6",
    f"{TWO} WHERE y2019.年份 IS NULL ORDER BY (y2020.净利润 - y2019.净利润) / NULLIF(y2019.净利润, 0) DESC",
]
REFUSED = [
    # another table, another place, another number of them
    ONE.replace(TABLE, "sqlite_master"),
    ONE.replace(TABLE, f"main.{TABLE}"),
    ONE.replace(TABLE, f"other.{TABLE}"),
    ONE.replace(f"{TABLE} AS y2020", TABLE),
    ONE.replace("AS y2020", "AS t").replace("y2020.", "t."),
    ONE.replace("y2020", "y20200"),
    ONE.replace("y2020", "Y2020"),
    f"{ONE} UNION SELECT y2020.公司全称, y2020.净利润 FROM {TABLE} AS y2020",
    f"WITH x AS ({ONE}) SELECT y2020.公司全称 AS v0 FROM {TABLE} AS y2020",
    f"SELECT y2020.公司全称 AS v0 FROM {TABLE} AS y2020, {TABLE} AS y2019",
    f"SELECT y2020.公司全称 AS v0 FROM {TABLE} AS y2020 {join('y2019')}",
    f"SELECT y2020.公司全称 AS v0 FROM ({ONE}) AS y2020",
    "SELECT 1",
    # another join
    TWO.replace("LEFT JOIN", "JOIN", 1),
    TWO.replace("LEFT JOIN", "CROSS JOIN", 1),
    TWO.replace("LEFT JOIN", "LEFT OUTER JOIN", 1).replace(" AND y2019.年份 = :p9", ""),
    TWO.replace("AND y2020.年份", "OR y2020.年份"),
    TWO.replace("y2020.年份 = :p9", "y2020.年份 = 1"),
    TWO.replace("y2020.年份 = :p9", "y2019.年份 = :p9"),
    TWO.replace("y2020.公司全称 = c.公司全称", "y2020.净利润 = c.公司全称"),
    TWO.replace("y2020.公司全称 = c.公司全称", "c.公司全称 = c.公司全称"),
    TWO.replace("y2020", "y2019"),
    TWO.replace(join("y2020"), f"LEFT JOIN {LIST} ON 1 = 1"),
    TWO.replace(join("y2020"), join("y2020").replace(TABLE, "mysql")),
    f"SELECT c.公司全称 AS v0 FROM {LIST} " + " ".join(join(f"y{year}") for year in range(1900, 1930)),
    # another list of companies
    TWO.replace("DISTINCT ", ""),
    TWO.replace("AS c", "AS d").replace("c.", "d."),
    TWO.replace("SELECT DISTINCT 公司全称", "SELECT DISTINCT 注册地址"),
    TWO.replace("SELECT DISTINCT 公司全称", "SELECT DISTINCT 公司全称, 年份"),
    TWO.replace("IN (:p1, :p2)", "IN (2019, 2020)"),
    TWO.replace("年份 IN (:p1, :p2)", "净利润 IN (:p1, :p2)"),
    TWO.replace("年份 IN (:p1, :p2)", "年份 = :p1"),
    TWO.replace("(:p1, :p2)) AS c", "(:p1, :p2) LIMIT 5) AS c"),
    TWO.replace("(:p1, :p2)) AS c", "(:p1, :p2) ORDER BY 公司全称) AS c"),
    TWO.replace("(:p1, :p2)) AS c", f"(SELECT 年份 FROM {TABLE})) AS c"),
    TWO.replace(f"DISTINCT 公司全称 FROM {TABLE}", "DISTINCT 公司全称 FROM sqlite_master"),
    TWO.replace("SELECT DISTINCT 公司全称", f"SELECT DISTINCT 公司全称 FROM {TABLE} UNION SELECT DISTINCT 公司全称"),
    # columns that the table has not, or that stand alone
    ONE.replace("净利润", "利润"),
    ONE.replace("y2020.净利润 AS v1", "净利润 AS v1"),
    ONE.replace("y2020.净利润 AS v1", "y2019.净利润 AS v1"),
    ONE.replace("y2020.净利润 AS v1", "c.公司全称 AS v1"),
    ONE.replace("y2020.净利润 AS v1", "main.y2020.净利润 AS v1"),
    ONE.replace("y2020.净利润 AS v1", 'y2020."其中):p1" AS v1'),
    ONE.replace("y2020.净利润 AS v1", "y2020.* "),
    ONE.replace("y2020.净利润 AS v1", "*"),
    ONE.replace("y2020.净利润 AS v1", "y2020.rowid AS v1"),
    f"{TWO} WHERE c.净利润 > :p3",
    f"{ONE} ORDER BY y2020.秘密",
    f"{ONE} ORDER BY v1",
    f"{ONE} AND y2020.秘密 IN (:p2)",
    f"{ONE} AND y2020.秘密 LIKE :p2",
    # values in the text
    f"{ONE} AND y2020.注册地址 = '杭州'",
    f"{ONE} AND y2020.注册地址 LIKE '%杭州%'",
    f"{ONE} AND y2020.注册地址 IN ('杭州')",
    f"{ONE} AND y2020.净利润 > 5",
    f"{ONE} AND y2020.净利润 > -1",
    f"{ONE} AND y2020.净利润 > 1e9",
    f"{ONE} AND y2020.净利润 > 0x10",
    f"{ONE} AND y2020.净利润 > TRUE",
    f"{ONE} AND y2020.净利润 > ?",
    f"{ONE} AND y2020.净利润 > :value",
    f"{ONE} AND y2020.净利润 > @p1",
    f"{ONE} AND y2020.净利润 IN ()",
    f"{ONE} AND y2020.净利润 IN (:p1, y2020.营业收入)",
    f"{ONE} AND y2020.净利润 IN (SELECT y2020.净利润 FROM {TABLE} AS y2020)",
    f"{ONE} AND y2020.注册地址 LIKE y2020.公司全称",
    f"{ONE} AND y2020.注册地址 LIKE :p2 ESCAPE '!'",
    # functions, operators and other parts
    f"{ONE} AND LOAD_EXTENSION(:p2) = :p3",
    f"{ONE} AND SLEEP(:p2) = 0",
    f"{ONE} AND RANDOM() > 0",
    f"{ONE} AND LENGTH(y2020.公司全称) > :p2",
    f"{ONE} AND POWER(y2020.净利润, :p2) > :p3",
    f"{ONE} AND CAST(y2020.净利润 AS TEXT) = :p2",
    f"{ONE} AND y2020.净利润 || :p2 = :p3",
    f"{ONE} AND y2020.净利润 % :p2 = 0",
    f"{ONE} AND y2020.净利润 & :p2 = 0",
    f"{ONE} AND y2020.净利润 BETWEEN :p2 AND :p3",
    f"{ONE} AND y2020.公司全称 REGEXP :p2",
    f"{ONE} AND y2020.公司全称 GLOB :p2",
    f"{ONE} AND EXISTS (SELECT 1)",
    f"{ONE} AND y2020.净利润 > (SELECT MAX(y2020.净利润) FROM {TABLE} AS y2020)",
    f"{ONE} AND y2020.净利润 IS TRUE",
    f"{ONE} AND y2020.净利润 IS :p2",
    f"{ONE} AND y2020.净利润",
    f"{ONE} AND 1",
    f"{ONE} AND :p2",
    f"{ONE} AND SUM(y2020.净利润) > :p2",
    f"{ONE} AND (y2020.净利润 > :p2) = (y2020.营业收入 > :p3)",
    f"{ONE} AND CASE WHEN y2020.净利润 THEN 1 END > 0",
    f"{ONE} AND CASE y2020.净利润 WHEN 1 THEN 1 END > 0",
    f"{ONE} AND y2020.公司全称 COLLATE NOCASE = :p2",
    f"{ONE} GROUP BY y2020.公司全称",
    f"{ONE} GROUP BY y2020.公司全称 HAVING COUNT(*) > 1",
    f"{ONE} WINDOW w AS (ORDER BY y2020.净利润)",
    ONE.replace("y2020.净利润 AS v1", "ROW_NUMBER() OVER (ORDER BY y2020.净利润) AS v1"),
    ONE.replace("y2020.净利润 AS v1", "SUM(y2020.净利润) OVER () AS v1"),
    ONE.replace("y2020.净利润 AS v1", "COUNT(*)"),
    ONE.replace("y2020.净利润 AS v1", "y2020.净利润 + :p2 AS v1"),
    ONE.replace("AS v1", "AS 净利润"),
    ONE.replace("AS v1", "AS v0"),
    ONE.replace("SELECT ", "SELECT DISTINCT "),
    f"SELECT SUM(DISTINCT y2020.净利润) FROM {TABLE} AS y2020",
    f"SELECT COUNT(DISTINCT y2020.净利润, y2020.公司全称) FROM {TABLE} AS y2020",
    f"SELECT SUM(*) FROM {TABLE} AS y2020",
    f"SELECT SUM(SUM(y2020.净利润)) FROM {TABLE} AS y2020",
    f"SELECT GROUP_CONCAT(y2020.公司全称) FROM {TABLE} AS y2020",
    f"SELECT SUM(y2020.净利润) FROM {TABLE} AS y2020 LIMIT 1",
    f"SELECT SUM(y2020.净利润) FROM {TABLE} AS y2020 ORDER BY y2020.净利润",
    f"SELECT SUM(y2020.净利润) FILTER (WHERE y2020.净利润 > :p1) FROM {TABLE} AS y2020",
    f"{ONE} LIMIT :p2",
    f"{ONE} LIMIT -1",
    f"{ONE} LIMIT 1.5",
    f"{ONE} LIMIT 9999999999",
    f"{ONE} LIMIT 1 OFFSET :p2",
    f"{ONE} LIMIT (SELECT 1)",
    f"{ONE} FOR UPDATE",
    f"SELECT y2020.公司全称 AS v0 INTO x FROM {TABLE} AS y2020",
    f"SELECT y2020.公司全称 AS v0 FROM {TABLE} AS y2020 NOT INDEXED",
    f"SELECT y2020.公司全称 AS v0 FROM {TABLE} AS y2020 TABLESAMPLE (5 PERCENT)",
    f"{ONE} /* 注释 */",
]


def parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="sqlite")


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_is_written_passes(sql: str) -> None:
    check_joined(parsed(sql), COLUMNS, TABLE)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_never_written_is_refused_in_one_sentence(sql: str) -> None:
    try:
        tree = parsed(sql)
    except sqlglot.errors.SqlglotError:
        return  # not even SQL
    with pytest.raises(SqlRejected) as refused:
        check_joined(tree, COLUMNS, TABLE)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


@pytest.mark.parametrize("sql", ["DROP TABLE company_table", "DELETE FROM company_table", "INSERT INTO company_table VALUES (1)", "UPDATE company_table SET 净利润 = 1", "PRAGMA query_only = 0", "ATTACH 'x' AS y", "BEGIN"])  # fmt: skip
def test_only_a_select_passes(sql: str) -> None:
    with pytest.raises(SqlRejected):
        check_joined(parsed(sql), COLUMNS, TABLE)


def test_a_select_inside_another_statement_does_not_pass() -> None:
    inner = parsed(f"SELECT c.公司全称 AS v0 FROM {LIST}").find(exp.Subquery)
    assert inner is not None and isinstance(inner.this, exp.Select)
    with pytest.raises(SqlRejected):
        check_joined(inner.this, COLUMNS, TABLE)


def _many_values() -> exp.Expr:
    tree = parsed(f"{ONE} AND y2020.公司全称 IN (:p2)")
    found = tree.find(exp.In)
    assert found is not None
    found.set("expressions", [exp.Placeholder(this=f"p{at}") for at in range(MAX_VALUES + 1)])
    return tree


def _deep() -> exp.Expr:
    node: exp.Expr = exp.column("净利润", "y2020")
    for _ in range(500):
        node = exp.Paren(this=node)
    tree = parsed(f"{ONE} AND y2020.净利润 > :p2")
    found = tree.find(exp.GT)
    assert found is not None
    found.set("expression", node)
    return tree


@pytest.mark.parametrize("bomb", [_many_values, _deep])
def test_bombs_are_refused(bomb: Callable[[], exp.Expr]) -> None:
    with pytest.raises(SqlRejected, match="太复杂|嵌套"):
        check_joined(bomb(), COLUMNS, TABLE)


def _placed(change: Callable[[exp.Expr], None]) -> exp.Expr:
    tree = parsed(f"{ONE} AND y2020.公司全称 IN (:p2, :p3)")
    change(tree)
    return tree


def _changes() -> Iterator[Callable[[exp.Expr], None]]:
    """Trees that no text gives."""
    yield lambda tree: tree.find(exp.Placeholder).set("this", "p1) OR 1=1 --")  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.Placeholder).set("this", None)  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.In).set("unnest", exp.column("净利润", "y2020"))  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.In).set("expressions", [])  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.In).set("query", parsed(ONE))  # type: ignore[union-attr]
    yield lambda tree: tree.set("kind", "STRUCT")
    yield lambda tree: tree.set("hint", exp.Hint(expressions=[exp.Var(this="x")]))
    yield lambda tree: tree.find(exp.Table).set("db", exp.to_identifier("main"))  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.Column).set("this", exp.Star())  # type: ignore[union-attr]
    yield lambda tree: tree.find(exp.Where).set("this", exp.Anonymous(this="SLEEP"))  # type: ignore[union-attr]
    yield lambda tree: tree.add_comments(["*/ ; DROP TABLE x"])


@pytest.mark.parametrize("change", [*_changes()], ids=[*range(11)])
def test_trees_that_no_text_gives_are_refused(change: Callable[[exp.Expr], None]) -> None:
    with pytest.raises(SqlRejected):
        check_joined(_placed(change), COLUMNS, TABLE)
