"""A statement that contradicts the words of its question is not run."""

from __future__ import annotations

import pytest

from agent.records import Masked
from agent.table.sql_guard import check
from agent.writing.sql_checks import doubts, settle

COLUMNS = ("公司全称", "年份", "货币资金", "净利润", "注册地址")
HEAD = "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020"


def found(text: str, sql: str, **known: object) -> list[str]:
    masked = Masked(text, {"货币资金": "货币资金"}, years={2020: 2020}, **known)  # type: ignore[arg-type]
    return doubts(check(sql, COLUMNS), masked)


@pytest.mark.parametrize(
    "text,way",
    [
        ("2020年货币资金最高的前5家", "ASC"),
        ("2020年货币资金最少的前5家", "DESC"),
        ("2020年货币资金第7低的公司", "DESC"),
        ("2020年货币资金倒数前5名", "DESC"),
        ("2020年货币资金排名前5的公司", "ASC"),
        ("2020年货币资金第7的公司", "ASC"),
    ],
)
def test_the_wrong_direction_is_noticed_and_the_right_one_passes(text: str, way: str) -> None:
    assert any("方向" in doubt for doubt in found(text, f"{HEAD} ORDER BY 货币资金 {way} LIMIT 5"))
    other = "DESC" if way == "ASC" else "ASC"
    assert found(text, f"{HEAD} ORDER BY 货币资金 {other} LIMIT 5") == []


def test_words_of_both_directions_decide_nothing() -> None:
    for way in ("ASC", "DESC"):
        assert found("2020年货币资金下降最快的前5家,从高到低", f"{HEAD} ORDER BY 货币资金 {way} LIMIT 5") == []


@pytest.mark.parametrize(
    "said,operator",
    [
        ("大于100元", ">"),
        ("超过了100元", ">"),
        ("在100元以上", ">"),
        ("不低于100元", ">="),
        ("大于等于100元", ">="),
        ("小于100元", "<"),
        ("不超过100元", "<="),
        ("没有超过100元", "<="),
        ("在100元以下", "<"),
        ("不到100元", "<"),
    ],
)
@pytest.mark.parametrize("written", ["<", "<=", ">", ">="])
def test_the_words_decide_the_comparison_whatever_was_written(said: str, operator: str, written: str) -> None:
    masked = Masked(f"2020年货币资金{said}的公司", {"货币资金": "货币资金"}, amounts={100: 5}, years={2020: 2020})
    select = settle(check(f"{HEAD} AND 货币资金{written}100", COLUMNS), masked)
    assert f"货币资金 {operator} 100" in select.sql()
    assert doubts(select, masked) == []


def test_under_not_a_comparison_stays_as_it_was_written() -> None:
    masked = Masked("2020年货币资金不超过100元的公司", {"货币资金": "货币资金"}, amounts={100: 5}, years={2020: 2020})
    assert "货币资金 > 100" in settle(check(f"{HEAD} AND NOT 货币资金>100", COLUMNS), masked).sql()


def two(text: str, sql: str) -> list[str]:
    masked = Masked(text, {"货币资金": "货币资金", "净利润": "净利润"}, amounts={100: 5, 200: 6}, years={2020: 2020})
    return doubts(check(sql, COLUMNS), masked)


def test_an_amount_belongs_to_the_column_before_it() -> None:
    text = "2020年货币资金大于100元且净利润小于200元的公司"
    head = "SELECT 公司全称 FROM company_table WHERE 年份=2020 AND "
    assert two(text, f"{head}货币资金>100 AND 净利润<200") == []
    assert sorted(two(text, f"{head}净利润>100 AND 货币资金<200")) == ["100不是对净利润说的", "200不是对货币资金说的"]


def test_an_amount_said_once_is_compared_with_once_unless_both_are_meant() -> None:
    head = "SELECT 公司全称 FROM company_table WHERE 年份=2020 AND "
    sql = f"{head}货币资金>100 AND 净利润>100"
    one = Masked("", {"货币资金": "货币资金", "净利润": "净利润"}, amounts={100: 5}, years={2020: 2020})
    for text, doubted in (
        ("2020年净利润多的、货币资金大于100元的公司", True),
        ("2020年货币资金和净利润大于100元的公司", False),
    ):
        one.text = text
        assert ("100只说了一次" in doubts(check(sql, COLUMNS), one)) == doubted


def test_a_range_has_two_ends() -> None:
    assert "范围的两头相同" in found(
        "2020年货币资金在100元左右的公司", f"{HEAD} AND 货币资金 BETWEEN 100 AND 100", amounts={100: 5}
    )


@pytest.mark.parametrize(
    "text,sql",
    [
        (
            "2020年货币资金最高的5家",
            "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 1",
        ),
        (
            "2020年货币资金第7高的",
            "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 1",
        ),
    ],
)
def test_the_wanted_rank_has_to_be_in_the_statement(text: str, sql: str) -> None:
    ranks = {"top": 3} if "5家" in text else {"kth": 4}
    assert any(doubt.startswith("缺少") for doubt in found(text, sql, **ranks))


YEARS = {"years": {2020: 2020, 2021: 2021}}


@pytest.mark.parametrize(
    "text,tail,reason",
    [
        (
            "2020年、2021年货币资金每年都大于100元的公司",
            " GROUP BY 公司全称 HAVING COUNT(*)>=1",
            "“每年”与“某一年”不符",
        ),
        ("2020年、2021年货币资金曾大于100元的公司", " GROUP BY 公司全称 HAVING COUNT(*)=2", "“每年”与“某一年”不符"),
    ],
)
def test_every_year_is_not_some_year(text: str, tail: str, reason: str) -> None:
    masked = Masked(text, {"货币资金": "货币资金"}, amounts={100: 5}, years=YEARS["years"])
    sql = "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金>100" + tail
    assert doubts(check(sql, COLUMNS), masked) == [reason]


def test_a_company_is_not_counted_once_for_each_of_several_years() -> None:
    masked = Masked(
        "2020年、2021年货币资金曾大于100元的公司有几家", {"货币资金": "货币资金"}, amounts={100: 5}, **YEARS
    )
    sql = "SELECT COUNT(*) FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金>100"
    assert doubts(check(sql, COLUMNS), masked) == ["几年里的同一家公司会重复计数"]


def test_figures_year_by_year_and_over_all_years_are_told_apart() -> None:
    each = "SELECT 年份,SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) GROUP BY 年份"
    whole = "SELECT SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021)"
    for text, right, wrong in (
        ("2020年、2021年货币资金总和分别是多少", each, whole),
        ("2020年、2021年两年合计的货币资金", whole, each),
    ):
        masked = Masked(text, {"货币资金": "货币资金"}, **YEARS)
        assert doubts(check(right, COLUMNS), masked) == [] != doubts(check(wrong, COLUMNS), masked)


def test_a_ranking_by_year_is_none() -> None:
    assert found("2020年货币资金最高的前5家", f"{HEAD} ORDER BY 年份 DESC LIMIT 5")


def test_growth_of_two_years_that_do_not_follow_each_other_needs_both() -> None:
    sql = "SELECT 货币资金增长率 FROM company_table WHERE 公司全称='甲公司' AND 年份=2021"
    masked = Masked("甲公司2021年货币资金比2020年增长了百分之几", {"货币资金": "货币资金"}, {"甲公司": "华兴"})
    masked.years = {2020: 2020, 2021: 2021}
    assert doubts(check(sql, COLUMNS), masked) == []
    masked.years = {2020: 2019, 2021: 2021}
    assert doubts(check(sql, COLUMNS), masked) == ["缺少2020"]


def test_the_words_decide_between_every_year_and_some_year_and_how_a_bare_rank_counts() -> None:
    names = "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金>100 GROUP BY 公司全称 HAVING COUNT(*)"
    for text, right in (("任意一年货币资金大于100元的", ">= 1"), ("每年货币资金都大于100元的", "= 2")):
        masked = Masked(f"2020年、2021年{text}", {"货币资金": "货币资金"}, amounts={100: 5}, **YEARS)
        for written in (">=1", "=2"):
            assert settle(check(names + written, COLUMNS), masked).sql().endswith(f"COUNT(*) {right}")
    seventh = Masked("2020年货币资金排第7的是哪家", {"货币资金": "货币资金"}, years={2020: 2020}, kth=3)
    order = settle(check(f"{HEAD} ORDER BY 货币资金 LIMIT 1 OFFSET 6", COLUMNS), seventh).args["order"].expressions[0]
    assert order.args["desc"] and not order.args["nulls_first"]
    loss = Masked("2020年货币资金亏损前5名", {"货币资金": "货币资金"}, years={2020: 2020}, top=3)
    assert not settle(check(f"{HEAD} ORDER BY 货币资金 LIMIT 5", COLUMNS), loss).args["order"].expressions[0].args["desc"]


def test_an_amount_said_of_several_columns_is_compared_as_each_says() -> None:
    sql = f"{HEAD} AND 货币资金<100 AND 净利润>100"
    masked = Masked("2020年货币资金超过100元并且净利润不到100元的公司", {"货币资金": "x", "净利润": "y"}, amounts={100: 5}, years={2020: 2020})  # fmt: skip
    assert settle(check(sql, COLUMNS), masked).sql().endswith("货币资金 > 100 AND 净利润 < 100")


def test_a_ranking_goes_by_the_column_before_the_highest() -> None:
    masked = Masked("货币资金小于0元的公司2020年谁的净利润最多", {"货币资金": "x", "净利润": "y"}, years={2020: 2020})
    sql = "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 AND 货币资金<0 ORDER BY {} DESC LIMIT 5"
    assert doubts(check(sql.format("货币资金"), COLUMNS), masked) == ["不是按净利润排的"]
    assert doubts(check(sql.format("净利润"), COLUMNS), masked) == []


@pytest.mark.parametrize(
    "text,companies,sql,reason",
    [
        ("2020年、2021年货币资金相加最大的5家", {}, "SELECT 公司全称,货币资金 FROM company_table WHERE 年份 IN (2020,2021) ORDER BY 货币资金 DESC LIMIT 5", "没有把几年加起来"),
        ("2020年、2021年货币资金加起来排前5名的", {}, "SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY 货币资金 DESC) AS 名次 FROM company_table WHERE 年份 IN (2020,2021)) AS t WHERE 名次<=5 GROUP BY 公司全称 HAVING COUNT(*)=2", "没有把几年加起来"),
        ("甲公司2020年、2021年货币资金加起来多少", {"甲公司": "x"}, "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)", "没有把几年加起来"),
        ("甲公司货币资金从2020年、2021年总共增加了多少", {"甲公司": "x"}, "SELECT SUM(货币资金) FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)", "问的是变化，不是总和"),
        ("2020年、2021年货币资金合计最多的是哪家", {}, "SELECT SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021)", "问的是哪家公司"),
        ("这三年2020年、2021年随便哪一年货币资金最高的名单", {}, "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) ORDER BY 货币资金 DESC LIMIT 1", "没有按年份分别排名"),
    ],
)  # fmt: skip
def test_years_are_added_up_where_that_is_asked_and_nowhere_else(
    text: str, companies: dict[str, str], sql: str, reason: str
) -> None:
    masked = Masked(text, {"货币资金": "货币资金"}, companies, **YEARS)
    assert reason in doubts(check(sql, COLUMNS), masked)
    each = Masked(text.replace("、", "和") + "，分别是多少", {"货币资金": "货币资金"}, companies, **YEARS)
    assert "没有把几年加起来" not in doubts(check(sql, COLUMNS), each)


def test_a_sum_over_all_companies_is_asked_for_in_words() -> None:
    sql = "SELECT SUM(货币资金) FROM company_table WHERE 年份=2020"
    assert found("我打算去那里上班,2020年货币资金多少人呀", sql) == ["问题没有问总和"]
    assert found("2020年全部公司的货币资金是多少", sql) == found("2020年货币资金总共是多少", sql) == []


@pytest.mark.parametrize(
    "text,right",
    [
        ("2020年货币资金在100元到200元之间的公司", True),
        ("2020年货币资金大于100元小于200元的公司", True),
        ("2020年货币资金大于100元、小于200元,即在两者之间的公司", True),
        ("2020年货币资金超过100元、本科却不到200元的公司", False),
    ],
)
def test_a_range_is_of_amounts_that_are_said_as_one(text: str, right: bool) -> None:
    masked = Masked(text, {"货币资金": "货币资金"}, amounts={100: 5, 200: 6}, years={2020: 2020})
    sql = "SELECT 公司全称 FROM company_table WHERE 年份=2020 AND 货币资金 BETWEEN 100 AND 200"
    assert (doubts(check(sql, COLUMNS), masked) == []) is right


@pytest.mark.parametrize(
    "text,sql,reason",
    [
        ("2020年货币资金最高但是净利润最低的公司", "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 ORDER BY 净利润 ASC LIMIT 1", "一个问题里有两个排名"),
        ("2020年货币资金前5的公司中净利润最低的是哪家", "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 ORDER BY 净利润 ASC LIMIT 5", "一个问题里有两个排名"),
        ("2020年最多的公司是哪家,货币资金和净利润", "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 ORDER BY 公司全称 DESC LIMIT 1", "没有说按哪个字段排序"),
        ("2020年办公地在杭州的公司货币资金和净利润", "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 AND 注册地址 LIKE '%杭州%'", "缺少办公地址"),
    ],
)  # fmt: skip
def test_what_one_statement_cannot_say_is_not_half_said(text: str, sql: str, reason: str) -> None:
    masked = Masked(text, {"货币资金": "x", "净利润": "y"}, places={"杭州": "苏州"}, years={2020: 2020})
    assert reason in doubts(check(sql, COLUMNS), masked)


def test_an_office_that_is_only_asked_for_is_no_place_to_look_in() -> None:
    sql = "SELECT 公司全称,货币资金,办公地址 FROM company_table WHERE 年份=2020 AND 注册地址 LIKE '%杭州%' ORDER BY 货币资金 DESC LIMIT 1"
    masked = Masked("杭州的公司里,2020年货币资金最高的,它的办公地址是什么", {"货币资金": "x"}, places={"杭州": "苏州"}, years={2020: 2020}, asked={"办公地址"})  # fmt: skip
    assert doubts(check(sql, (*COLUMNS, "办公地址")), masked) == []
