"""People's own words become the table's, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.linking.lookup import normalise
from agent.report_text import beyond_a_year
from agent.spoken import standard

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "said,read",
    [
        ("华兴2020年赚了多少钱?", "华兴2020年净利润是多少?"),
        ("华兴2020年盈利多少万", "华兴2020年净利润是多少万元"),
        ("2021年最赚钱的前三家公司", "2021年净利润最高的前三家公司"),
        ("2021年亏得最多的是哪家", "2021年净利润最低的是哪家"),
        ("2020年亏损的公司有多少家", "2020年净利润小于0元的公司有多少家"),
        ("净利润为负的公司有哪些", "净利润小于0元的公司有哪些"),
        ("华兴去年卖了多少亿的货", "华兴去年营业收入是多少亿元"),
        ("华兴欠了多少债", "华兴负债合计是多少"),
        ("华兴手里有多少现金", "华兴货币资金是多少"),
        ("华兴2020年有多少员工?", "华兴2020年职工总人数是多少?"),
        ("华兴有几个博士", "华兴博士及以上的员工人数是多少"),
        ("花了多少钱搞研发", "研发费用是多少"),
        ("华兴的老板是谁", "华兴的法定代表人是谁"),
        ("华兴注册在哪", "华兴注册地址是什么"),
        ("华兴总部在哪里", "华兴办公地址是什么"),
    ],
)
def test_everyday_words_are_read_as_the_tables(said: str, read: str) -> None:
    assert standard(said) == read


@pytest.mark.parametrize(
    "text",
    [
        "老板电器2020年的净利润是多少",
        "2020年负债合计为负债最高的公司",
        "销售人员人数有多少人",
        "博士及以上有多少人",
        "2020年研发费用最高的公司",
        "有多少家公司注册在杭州",
    ],
)
def test_plain_questions_and_names_that_hold_such_words_stay_as_they_are(text: str) -> None:
    assert standard(text) == text


def test_no_question_of_the_samples_changes() -> None:
    questions = json.loads((ROOT / "data" / "test_questions.json").read_text(encoding="utf-8"))
    texts = [normalise(row["question"]) for row in questions]
    assert [text for text in texts if standard(text) != text] == []


@pytest.mark.parametrize(
    "text,named",
    [
        ("华兴2020年第三季度净利润是多少", "第三季度"),
        ("华兴2020年上半年营业收入", "上半年"),
        ("华兴2020年净利润环比增长多少", "环比"),
        ("华兴2020年6月份的营业收入", "6月份"),
        ("华兴明年的净利润会是多少", "明年"),
        ("2020年Q3净利润最高的公司", "Q3"),
    ],
)
def test_what_yearly_figures_cannot_tell_is_refused_by_name(text: str, named: str) -> None:
    reason = beyond_a_year(text)
    assert reason and named in reason and reason.endswith("无法回答该问题。")


@pytest.mark.parametrize("text", ["截至2020年12月31日华兴的货币资金", "华兴2020年预计负债是多少", "华兴2020年末总资产"])
def test_dates_of_a_year_and_names_of_columns_are_no_such_words(text: str) -> None:
    assert beyond_a_year(text) is None
