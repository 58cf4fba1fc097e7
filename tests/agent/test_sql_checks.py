"""A statement that contradicts the words of its question is not run."""

from __future__ import annotations

import pytest

from agent.sql_checks import doubts
from agent.sql_guard import check
from agent.surrogates import Masked

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
        ("小于100元", "<"),
        ("不超过100元", "<="),
        ("没有超过100元", "<="),
        ("在100元以下", "<"),
        ("不到100元", "<"),
    ],
)
def test_a_comparison_turned_round_is_noticed_and_the_right_one_passes(said: str, operator: str) -> None:
    turned = {">": "<", ">=": "<", "<": ">", "<=": ">"}[operator]
    text = f"2020年货币资金{said}的公司"
    assert found(text, f"{HEAD} AND 货币资金{operator}100", amounts={100: 5}) == []
    assert any("比较方向" in doubt for doubt in found(text, f"{HEAD} AND 货币资金{turned}100", amounts={100: 5}))


def test_not_turns_a_comparison() -> None:
    text = "2020年货币资金不超过100元的公司"
    assert found(text, f"{HEAD} AND NOT 货币资金>100", amounts={100: 5}) == []


def test_a_ranking_by_year_is_none() -> None:
    assert found("2020年货币资金最高的前5家", f"{HEAD} ORDER BY 年份 DESC LIMIT 5")


def test_growth_of_two_years_that_do_not_follow_each_other_needs_both() -> None:
    sql = "SELECT 货币资金增长率 FROM company_table WHERE 公司全称='甲公司' AND 年份=2021"
    masked = Masked("甲公司2021年货币资金比2020年增长了百分之几", {"货币资金": "货币资金"}, {"甲公司": "华兴"})
    masked.years = {2020: 2020, 2021: 2021}
    assert doubts(check(sql, COLUMNS), masked) == []
    masked.years = {2020: 2019, 2021: 2021}
    assert doubts(check(sql, COLUMNS), masked) == ["缺少2020"]
