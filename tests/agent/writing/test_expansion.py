from decimal import Decimal

import pytest

from agent.errors import NotAnswerable
from agent.records import QueryResult
from agent.table import sql_guard
from agent.table.database import Database
from agent.writing.expansion import expand


def run(database: Database, sql: str) -> QueryResult:
    """Guard, expand, emit and execute, as nl2sql does."""
    select = expand(sql_guard.check(sql, database.columns()), database.columns(), database.table)
    return database.execute(sql_guard.emit(select, database.dialect), {})


def names(result: QueryResult) -> list[str]:
    return [str(row[0])[0] for row in result.rows]


def test_a_computed_column_is_shown_as_its_operands_behind_the_key(database_url: str) -> None:
    result = run(
        Database(database_url), "SELECT 毛利率 FROM company_table WHERE 公司全称='甲股份有限公司' AND 年份=2020"
    )
    assert result.columns == ("公司全称", "年份", "营业收入", "营业成本")
    assert result.rows == (("甲股份有限公司", 2020, Decimal(150), Decimal("90.03")),)


def test_last_year_is_the_row_of_the_year_before_even_where_it_is_missing(database_url: str) -> None:
    result = run(Database(database_url), "SELECT 净利润增长率 FROM company_table WHERE 年份=2020 ORDER BY 公司全称")
    assert result.columns == ("公司全称", "年份", "净利润", "上年净利润")
    assert {str(row[0])[0]: row[2:] for row in result.rows} == {
        "甲": (6, 5),
        "乙": (-8, 8),
        "丙": (8, None),
        "丁": (Decimal("0.1"), None),
    }


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("年份=2020 ORDER BY 毛利率 DESC", "甲乙"),  # 丙 divides by zero, 丁 has no 营业收入
        ("年份=2020 AND 毛利率>0.35", "甲"),
        ("年份=2020 ORDER BY 净利润增长率 DESC", "甲乙"),
        ("年份=2020 ORDER BY 净利润增长率 ASC LIMIT 1", "乙"),
        ("净利润增长率<0", "乙"),
        ("年份=2020 ORDER BY 货币资金 DESC", "丙丁乙甲"),  # 丁 and 乙 both have 20
        ("年份=2019 ORDER BY 货币资金 ASC", "甲乙"),  # 戊 has none
        ("年份=2019 OR 年份=2020 ORDER BY 货币资金 DESC LIMIT 1", "丙"),
    ],
)
def test_nothing_missing_ranks_and_ties_go_by_company(database_url: str, condition: str, found: str) -> None:
    result = run(Database(database_url), f"SELECT 公司全称 FROM company_table WHERE {condition}")
    assert names(result) == list(found)


def test_whole_numbers_are_not_divided_as_whole_numbers(database_url: str) -> None:
    result = run(
        Database(database_url), "SELECT 公司全称 FROM company_table WHERE 净利润率>0.03 AND 净利润率<0.05 AND 年份=2020"
    )
    assert names(result) == ["甲"]  # 6/150


def test_an_average_of_a_ratio_is_over_the_rows_that_have_one(database_url: str) -> None:
    (row,) = run(
        Database(database_url), "SELECT AVG(营业成本率),MAX(营业成本率) FROM company_table WHERE 年份=2020"
    ).rows
    assert Decimal(str(row[0])) == pytest.approx((Decimal("90.03") / 150 + Decimal(6) / 9) / 2)
    assert Decimal(str(row[1])) == pytest.approx(Decimal(6) / 9)


def test_grouped_sums_sort_and_filter_as_numbers(database_url: str) -> None:
    database = Database(database_url)
    result = run(
        database, "SELECT 公司全称,SUM(货币资金) FROM company_table GROUP BY 公司全称 ORDER BY SUM(货币资金) DESC"
    )
    assert [(str(a)[0], b) for a, b in result.rows] == [("丙", Decimal("100.5")), ("乙", 30), ("丁", 20), ("甲", 18)]
    assert sorted(
        names(run(database, "SELECT 公司全称 FROM company_table GROUP BY 公司全称 HAVING SUM(货币资金)>25"))
    ) == ["丙", "乙"]
    assert run(database, "SELECT 年份,SUM(净利润) FROM company_table GROUP BY 年份 ORDER BY 年份").rows == (
        (2019, Decimal("13.2")),
        (2020, Decimal("6.1")),
    )


def test_an_intersection_over_years_ranks_within_each_year(database_url: str) -> None:
    sql = (
        "SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY {} DESC) AS 名次 FROM company_table "
        "WHERE 年份 IN (2019,2020)) AS t WHERE 名次<={} GROUP BY 公司全称 HAVING COUNT(*)={}"
    )
    database = Database(database_url)
    assert names(run(database, sql.format("货币资金", 3, 2))) == ["乙"]
    assert names(run(database, sql.format("毛利率", 2, 2))) == ["甲"]  # 2019: 戊, 甲; 2020: 甲, 乙
    assert names(run(database, sql.format("净利润增长率", 1, 1))) == ["甲"]


def test_a_real_column_wins_over_a_computed_one_of_its_name() -> None:
    select = sql_guard.check("SELECT 毛利率 FROM company_table", ("公司全称", "年份", "毛利率"))
    assert expand(select, ("公司全称", "年份", "毛利率")).named_selects == ["公司全称", "年份", "毛利率"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 毛利率 FROM company_table",
        "SELECT 公司全称 FROM company_table WHERE 毛利率>0",
        "SELECT AVG(毛利率) FROM company_table",
        "SELECT 公司全称 FROM company_table ORDER BY 毛利率",
    ],
)
def test_a_missing_operand_is_named_and_never_read_as_text(sql: str) -> None:
    """SQLite takes a double-quoted name that it does not know for a string, so 营业成本 would be its own value."""
    select = sql_guard.check(sql, ("公司全称", "年份", "营业收入", "营业成本"))
    with pytest.raises(NotAnswerable, match=r"营业成本.*毛利率"):
        expand(select, ("公司全称", "年份", "营业收入"))


def test_the_statement_is_put_over_the_table_that_is_asked() -> None:
    select = sql_guard.check("SELECT 净利润增长率 FROM company_table", ("公司全称", "年份", "净利润"))
    written = sql_guard.emit(expand(select, ("公司全称", "年份", "净利润"), "年报"), "sqlite")
    assert "company_table" not in written and written.count('"年报"') >= 2


def test_expanding_leaves_the_given_statement_alone() -> None:
    select = sql_guard.check("SELECT 净利润增长率 FROM company_table ORDER BY 净利润", ("公司全称", "年份", "净利润"))
    before = select.sql()
    expand(select, ("公司全称", "年份", "净利润"))
    assert select.sql() == before
