"""Two answers agree where the one states every figure and name that the other states."""

from __future__ import annotations

import pytest

from agent.understanding.agreement import agrees, contains


@pytest.mark.parametrize(
    ("told", "other"),
    [
        ("华兴科技2020年净利润为150元。", "2020年华兴科技的净利润是150元。"),
        ("净利润为-30元。", "净利润亏损30元。"),
        ("2020年净利润为150元。", "净利润是150元，营业收入是200元。"),
        ("毛利率为25.00%。其中营业收入为1200元，营业成本为900元。", "毛利率是25.00%。"),
        ("最高的是甲股份有限公司（甲）。", "2021年净利润最高的公司是甲股份有限公司。"),
    ],
)
def test_the_same_figures_agree_whatever_the_words(told: str, other: str) -> None:
    assert agrees(told, other)


@pytest.mark.parametrize(
    ("told", "other"),
    [
        ("净利润为150元。", "净利润是100元。"),
        ("净利润为150元，营业收入为200元。", "净利润是150元。"),
        ("净利润为15元。", "净利润是150元。"),
        ("最高的是甲股份有限公司。", "最高的是乙股份有限公司。"),
        ("没有看懂。", "净利润是150元。"),
        ("", ""),
        ("2020年和2021年", "2020年和2021年"),
    ],
)
def test_a_figure_more_or_another_name_does_not(told: str, other: str) -> None:
    assert not agrees(told, other)


TOP = "2020年净利润最高的前2家的公司：1. 甲股份有限公司（甲），2020年净利润为150元；2. 乙股份有限公司（乙），2020年净利润为90元。"


def test_a_list_with_more_figures_contains_the_list() -> None:
    more = TOP.replace("150元", "150元，2020年毛利率为25.00%")
    assert contains(more, TOP) and not contains(TOP, more)


@pytest.mark.parametrize(
    "other",
    [
        "2020年净利润最高的前2家的公司：1. 乙股份有限公司（乙），2020年净利润为150元；2. 甲股份有限公司（甲），2020年净利润为90元。",
        "2020年净利润排在前2家的公司的2020年净利润的总和为240元。",
        "2020年净利润大于90元的公司有2家。",
    ],
)
def test_another_order_a_sum_and_a_count_are_other_answers(other: str) -> None:
    assert not contains(TOP, other) and not contains(other, TOP)


def test_yes_is_not_no() -> None:
    assert not contains("是，甲2020年净利润大于100元成立。", "否，甲2020年净利润大于100元不成立。")
    assert not contains("数量为46家。", "数量为131家。") and contains("数量为46家。", "共46家。")


def test_three_items_of_a_company_contain_two_of_them() -> None:
    two = "甲2021年资产总计为10元；甲2021年负债合计为4元。"
    three = f"{two[:-1]}；甲2021年职工总人数为3052人。其中甲2021年资产总计为10元。"
    assert contains(three, two) and not contains(two, three)
