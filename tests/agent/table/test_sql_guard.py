import logging
import time

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from agent.errors import SqlRejected
from agent.table import sql_guard
from tests.agent.adversarial import BOMBS, HARMLESS, REJECTED

COLUMNS = ("公司全称", "年份", "股票代码", "注册地址", "营业收入", "营业成本", "净利润", "研发机构数(个)")
INTERSECTION = (
    "SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY {} DESC) AS 名次 FROM company_table "
    "WHERE 年份 IN (2019,2020)) AS t WHERE 名次<=3 GROUP BY 公司全称 HAVING COUNT(*)=2"
)
ACCEPTED = [
    "SELECT 公司全称 FROM company_table",
    "select 公司全称 from company_table;",
    "SELECT 净利润,毛利率 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020",
    "SELECT 净利润增长率 FROM company_table WHERE 公司全称 IN ('甲公司','乙公司') AND 年份 IN (2020)",
    'SELECT "研发机构数(个)增长率" FROM company_table',
    "SELECT 公司全称,净利润 FROM company_table WHERE 年份=2020 AND 注册地址 LIKE '%杭州%' ORDER BY 净利润 DESC LIMIT 3",
    "SELECT 公司全称 FROM company_table WHERE (注册地址 LIKE '%杭州%' OR 注册地址 LIKE '%北京%') AND 净利润>-5.5 ORDER BY 毛利率 ASC LIMIT 1 OFFSET 6",
    "SELECT 公司全称 FROM company_table WHERE 净利润>营业成本 AND NOT 净利润 IS NULL AND 年份 BETWEEN 2019 AND 2021 AND 营业收入<>0",
    "SELECT COUNT(*) FROM company_table WHERE 年份=2020",
    "SELECT COUNT(DISTINCT 公司全称),SUM(净利润),AVG(毛利率),MAX(净利润),MIN(净利润) FROM company_table",
    "SELECT 年份,SUM(净利润) FROM company_table GROUP BY 年份 ORDER BY 年份",
    "SELECT 公司全称,SUM(净利润) FROM company_table GROUP BY 公司全称 HAVING COUNT(*)=3 ORDER BY SUM(净利润) DESC LIMIT 3",
    "SELECT DISTINCT 公司全称 FROM company_table",
    "SELECT t.公司全称 FROM company_table AS t",
    "SELECT 公司全称 FROM company_table -- 注释",
    INTERSECTION.format("净利润"),
    INTERSECTION.format("净利润增长率"),
    INTERSECTION.format("毛利率").replace(" AS t ", " "),
]


@pytest.mark.parametrize("sql", REJECTED)
def test_a_statement_of_the_corpus_is_refused_in_one_printable_sentence(sql: str) -> None:
    with pytest.raises(SqlRejected) as refused:
        sql_guard.check(sql, COLUMNS)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


def test_the_corpus_is_large_and_has_nothing_twice() -> None:
    assert len(REJECTED) >= 800
    assert len(set(REJECTED)) == len(REJECTED)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once_in_one_printable_sentence(name: str) -> None:
    started = time.process_time()
    with pytest.raises(SqlRejected) as refused:
        sql_guard.check(BOMBS[name], COLUMNS)
    assert time.process_time() - started < 2
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


def test_what_is_refused_is_not_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(SqlRejected):
        sql_guard.check("RENAME TABLE company_table TO x", COLUMNS)
    assert not caplog.records


@pytest.mark.parametrize("sql", HARMLESS)
@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_what_is_written_of_a_harmless_statement_is_one_select_that_reads_back_as_itself(
    sql: str, dialect: str
) -> None:
    written = sql_guard.emit(sql_guard.check(sql, COLUMNS), dialect)
    (again,) = sqlglot.parse(written, read=dialect)
    assert isinstance(again, exp.Select) and not any(node.comments for node in again.walk())
    assert {table.name for table in again.find_all(exp.Table)} == {"company_table"}
    assert sql_guard.emit(again, dialect) == written


@pytest.mark.parametrize("sql", ACCEPTED)
@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_a_statement_of_the_dialect_passes_and_stays_accepted_when_written_out(sql: str, dialect: str) -> None:
    select = sql_guard.check(sql, COLUMNS)
    written = sql_guard.emit(select, dialect)
    assert "--" not in written
    if "ORDER BY SUM" not in sql:  # SQLite compares exact sums as numbers, which needs a CAST
        again = sql_guard.check(written.replace("`", '"'), COLUMNS)
        assert sql_guard.emit(again, dialect) == written


@pytest.mark.parametrize(
    "hidden",
    [
        "/*!50000 UNION SELECT user FROM mysql.user */",
        "/*+ SLEEP(9) */",
        "-- x\n",
        "/* ; DROP TABLE company_table */",
        "# x\n",
    ],
)
def test_what_hides_in_a_comment_is_never_emitted(hidden: str) -> None:
    try:
        select = sql_guard.check(f"SELECT 公司全称 {hidden} FROM company_table", COLUMNS)
    except SqlRejected:
        return
    for dialect in ("sqlite", "mysql"):
        quote = '"' if dialect == "sqlite" else "`"
        assert sql_guard.emit(select, dialect) == f"SELECT {quote}公司全称{quote} FROM {quote}company_table{quote}"


@pytest.mark.parametrize(
    "literal", ["x' OR '1'='1", "x\\", "x\\' OR 1=1 -- ", '"', "`", "%';DROP TABLE company_table;--", "\n", "'" * 7]
)
@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_a_value_stays_one_value(literal: str, dialect: str) -> None:
    quoted = literal.replace("'", "''")
    select = sql_guard.check(f"SELECT 净利润 FROM company_table WHERE 公司全称='{quoted}'", COLUMNS)
    again = parse_one(sql_guard.emit(select, dialect), read=dialect)
    assert [node.this for node in again.find_all(exp.Literal)] == [literal]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 公司全称 FROM company_table WHERE 年份=2020" + " " * 2000, "上限2000"),
        ("SELECT 公司全称 FROM company_table WHERE " + "(" * 900 + "年份=1" + ")" * 900, "合法"),
        ("SELECT 公司全称 FROM company_table WHERE " + "NOT " * 450 + "年份=1", "合法"),
        ("SELECT 公司全称 FROM company_table WHERE " + "(" * 40 + "年份=1" + ")" * 40, "24层"),
        ("SELECT 公司全称 FROM company_table WHERE 年份=1" + " AND 年份=1" * 60, "24层"),
        ("SELECT 公司全称 FROM company_table WHERE 年份 IN (" + "1," * 500 + "1)", "400"),
    ],
)
def test_size_and_depth_are_limited(sql: str, reason: str) -> None:
    with pytest.raises(SqlRejected, match=reason):
        sql_guard.check(sql, COLUMNS)


def test_the_sentence_names_what_is_wrong() -> None:
    for sql, named in [
        ("SELECT 存货 FROM company_table", "存货"),
        ("DELETE FROM company_table", "DELETE"),
        ("SELECT 净利润 FROM 别的表", "company_table"),
    ]:
        with pytest.raises(SqlRejected, match=named):
            sql_guard.check(sql, COLUMNS)


def test_another_table_can_be_the_allowed_one() -> None:
    assert sql_guard.check("SELECT 公司全称 FROM 年报", COLUMNS, "年报")
    with pytest.raises(SqlRejected):
        sql_guard.check("SELECT 公司全称 FROM company_table", COLUMNS, "年报")


def test_a_real_column_of_a_computed_name_needs_no_operands() -> None:
    assert sql_guard.check("SELECT 速动比率 FROM company_table", (*COLUMNS, "速动比率"))


WORDS = (
    "SELECT",
    "FROM",
    "company_table",
    "WHERE",
    "公司全称",
    "年份",
    "净利润",
    "名次",
    "*",
    "(",
    ")",
    ",",
    "=",
    ">",
    "'x'",
    "2020",
    "AND",
    "OR",
    "NOT",
    "IN",
    "ORDER BY",
    "GROUP BY",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "UNION",
    "AS",
    "t",
    ";",
    "--",
    "/*",
    "*/",
    "COUNT",
    "SUM",
    "ROW_NUMBER()",
    "OVER",
    "sqlite_master",
    "JOIN",
    "CASE",
    "NULL",
    "IS",
    "LIKE",
    "BETWEEN",
    '"',
    "`",
    "\\",
    "-",
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
        st.text(max_size=80),
        st.lists(st.sampled_from(WORDS), max_size=8).map(
            lambda words: "SELECT 公司全称 FROM company_table " + " ".join(words)
        ),
    )
)
def test_any_text_is_either_refused_or_a_select_over_the_table(text: str) -> None:
    try:
        select = sql_guard.check(text, COLUMNS)
    except SqlRejected:
        return
    assert {table.name for table in select.find_all(exp.Table)} == {"company_table"}
    assert {column.name for column in select.find_all(exp.Column)} <= {*COLUMNS, sql_guard.RANK}
    assert len(list(select.find_all(exp.Select))) <= 2
