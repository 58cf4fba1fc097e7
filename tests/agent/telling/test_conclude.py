"""Statements of each kind over the small table, and the sentence that they become."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.table.database import Database
from tests.agent.scripted import ScriptedModel, make_database

ALL = "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_database(tmp_path)


def ask(database: Database, text: str, sql: str, keywords: str = "净利润", label: str = "E") -> str:
    return Pipeline(ScriptedModel(label, keywords, sql), database).ask(text).answer.text


TWO_YEARS = "SELECT 年份,货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)"


def test_two_years_of_a_figure_end_in_their_difference(database: Database) -> None:
    answer = ask(database, "华兴科技2021年净利润比2019年减少了多少?", TWO_YEARS)
    assert answer.endswith("2019年华兴科技的净利润是100元。2021年华兴科技的净利润是-30元。2021年比2019年减少了130元。")


def test_a_percentage_over_years_that_do_not_follow_each_other_is_of_the_first(database: Database) -> None:
    answer = ask(database, "华兴科技2021年营业收入比2019年增长了百分之几?", TWO_YEARS, "营业收入")
    assert "2021年比2019年增加了500元，增长率为50.00%。" in answer


@pytest.mark.parametrize(
    ("question", "sql", "ending"),
    [
        ("华兴科技2021年净利润比2019年减少了多少?", TWO_YEARS, "2021年华兴科技的净利润是约100。"),
        ("2021年净利润的最大值是多少?", "SELECT MAX(货币资金) FROM company_table WHERE 年份=2020", "有不是数字的内容（“约100”），无法回答该问题。"),
    ],
)  # fmt: skip
def test_a_text_where_a_number_should_be_is_not_computed_with(
    tmp_path: Path, database: Database, question: str, sql: str, ending: str
) -> None:
    with sqlite3.connect(tmp_path / "table.sqlite3") as direct:
        direct.execute("UPDATE company_table SET 净利润='约100' WHERE 年份=2021 AND 股票简称='华兴科技'")
    assert ask(database, question, sql).endswith(ending)


def test_two_years_without_a_word_of_change_are_only_listed(database: Database) -> None:
    answer = ask(database, "华兴科技2020年和2021年净利润分别是多少?", TWO_YEARS)
    assert answer == "2020年华兴科技的净利润是150元。2021年华兴科技的净利润是-30元。"


def test_growth_in_money_names_its_formula_and_is_exact(database: Database) -> None:
    sql = "SELECT 货币资金增长额 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    answer = ask(database, "华兴科技2020年货币资金同比增加了多少元?", sql, "货币资金", "D")
    assert (
        "货币资金增长额=货币资金-上年货币资金" in answer and "是10.05元" in answer and "上年货币资金为50.05元" in answer
    )


def test_growth_in_heads_is_of_people(database: Database) -> None:
    sql = "SELECT 货币资金增长额 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    assert "是20人" in ask(database, "华兴科技2020年职工总人数同比增加了多少?", sql, "职工总人数", "D")


TWO_COMPANIES = "SELECT 公司全称,货币资金 FROM company_table WHERE 公司全称 IN ('乙公司','甲公司') AND 年份=2020"


def test_two_companies_differ_by_so_much(database: Database) -> None:
    answer = ask(database, "2020年华兴科技和瑞达银行的净利润相差多少?", TWO_COMPANIES)
    assert answer.endswith("两家公司的净利润相差750元，瑞达银行更高。")


def test_the_highest_of_several_companies_is_named_first_and_last(database: Database) -> None:
    sql = (
        "SELECT 公司全称,货币资金 FROM company_table WHERE 公司全称 IN ('丙公司','乙公司','甲公司') AND 年份=2020 "
        "ORDER BY 货币资金 DESC LIMIT 1"
    )
    answer = ask(database, "2020年华兴科技、瑞达银行和博士眼镜谁的净利润最高?", sql)
    assert answer.startswith("2020年瑞达银行的净利润是900元。") and answer.endswith("瑞达银行最高。")
    assert "博士眼镜的净利润是80元" in answer, "the limit is what was named, so nobody is left out"


BEST_YEAR = (
    "SELECT 年份,货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2019,2020,2021) "
    "ORDER BY 货币资金 DESC LIMIT 1"
)


def test_the_best_year_of_a_company(database: Database) -> None:
    answer = ask(database, "华兴科技2019-2021年哪一年净利润最高?", BEST_YEAR)
    assert answer == "2019年、2020年、2021年中，华兴科技的净利润最高的是2020年，为150元。"


def test_a_year_without_a_row_is_told_beside_the_best_one(database: Database) -> None:
    answer = ask(database, "瑞达银行2019-2021年哪一年净利润最高?", BEST_YEAR)
    assert "最高的是2020年，为900元" in answer and "未查询到2019年的数据" in answer


def test_sums_over_years_rank_companies(database: Database) -> None:
    sql = (
        "SELECT 公司全称,SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) "
        "GROUP BY 公司全称 ORDER BY SUM(货币资金) DESC LIMIT 5"
    )
    assert ask(database, "2020-2021年净利润合计最高的前2家公司?", sql) == (
        "2020年、2021年净利润的总和最高的前2家上市公司及金额分别为杭州瑞达银行股份有限公司净利润的总和为1700元；"
        "北京博士眼镜股份有限公司净利润的总和为168元。"
    )


EACH = "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金>100 GROUP BY 公司全称 HAVING COUNT(*)"


@pytest.mark.parametrize(
    "text,having,told",
    [
        ("2020-2021年净利润每年都大于100元的公司?", "=2", "每年均满足净利润大于100元的上市公司有1家"),
        ("2020-2021年净利润曾有一年大于100元的公司?", ">=1", "至少有一年满足净利润大于100元的上市公司有2家"),
    ],
)
def test_every_year_and_some_year_are_told_apart(database: Database, text: str, having: str, told: str) -> None:
    assert told in ask(database, text, EACH + having)


def test_counts_are_told_year_by_year_a_year_without_any_as_0(database: Database) -> None:
    sql = "SELECT 年份,COUNT(*) FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金<100 GROUP BY 年份"
    answer = ask(database, "2019年和2020年净利润小于100元的公司每年各有几家?", sql)
    assert answer == "净利润小于100元的上市公司数量，2019年为0家，2020年为1家。"


@pytest.mark.parametrize(
    "text,test,told",
    [
        (
            "2020年注册地不在杭州的公司有几家?",
            "NOT 注册地址 LIKE '%杭州%'",
            "2020年注册地址不含“杭州”的上市公司数量为2家。",
        ),
        (
            "2020年净利润在100元到200元之间的公司有几家?",
            "货币资金 BETWEEN 100 AND 200",
            "2020年净利润在100元到200元之间的上市公司数量为1家。",
        ),
        ("2020年毛利率大于50%的公司有几家?", "货币资金>100", "2020年毛利率大于50%的上市公司数量为2家。"),
    ],
)
def test_conditions_read_as_people_say_them(database: Database, text: str, test: str, told: str) -> None:
    keywords = "毛利率" if "毛利率" in text else "净利润"
    sql = f"SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND {test}"
    assert ask(database, text, sql, keywords) == told


def test_a_ranking_among_some_says_among_whom(database: Database) -> None:
    sql = "SELECT 公司全称,净利润 FROM company_table WHERE 年份=2020 AND 货币资金>100 ORDER BY 净利润 DESC LIMIT 1"
    answer = ask(database, "2020年净利润大于100元的公司中营业收入最高的是哪家?", sql, "净利润,营业收入")
    assert answer == "2020年净利润大于100元的公司中，营业收入最高的公司为杭州瑞达银行股份有限公司，营业收入为5000元。"


def test_growth_in_the_tables_first_year_is_refused_not_counted_as_0(database: Database) -> None:
    sql = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金增长率>100"
    answer = ask(database, "2019年净利润同比增长超过20%的公司有几家?", sql)
    assert "表中没有2018年的数据" in answer and "无法回答" in answer


def test_an_average_of_percentages_is_a_percentage(database: Database) -> None:
    sql = "SELECT AVG(货币资金) FROM company_table WHERE 年份=2020"
    assert "毛利率的平均值为47.38%" in ask(database, "2020年所有公司毛利率的平均值是多少?", sql, "毛利率")
