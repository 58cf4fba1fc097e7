"""Questions of a report are answered with its own words and their page; what it does not say is said to be silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.reports.text.answer import answer
from agent.reports.text.reasons import Reason
from tests.agent.reports.text.sample import report


@pytest.fixture(scope="module")
def source():
    return report()


@pytest.mark.parametrize(
    ("question", "page", "said"),
    [
        ("2023年利润分配预案是什么", 1, "每10股派发现金红利2.35元"),
        ("公司的主营业务是什么", 2, "城市供水和污水处理"),
        ("供水能力是每日多少吨", 2, "41万吨"),
        ("前五名客户合计占比多少", 3, "31.47%"),
        ("前五大供应商的采购占比", 3, "52.06%"),
        ("最大的供应商是谁", 3, "北岭管材有限公司"),
        ("营业收入为什么增长", 3, "新增两座水厂投产"),
        ("财务费用为什么增加", 4, "新增长期借款的利息"),
        ("青岚水务2023年年报：财务费用为什么增加", 4, "33.33% 系新增长期借款的利息"),
        ("会计师事务所是哪家，报酬多少万元", 5, "73"),
        ("有没有重大诉讼", 5, "无重大诉讼"),
        ("报告期内有没有受到处罚", 5, "不存在处罚"),
        ("股东户数是多少", 6, "18,205"),
        ("应收账款账龄1年以内的余额是多少", 7, "64,123,000.11"),
    ],
)
def test_the_words_that_answer_are_quoted_with_their_page(source, question: str, page: int, said: str) -> None:
    told = answer(question, source)
    assert told.kind == "answer" and said in told.text
    assert page in [quote.page for quote in told.sources] and f"第{page}页" in told.text


@pytest.mark.parametrize(
    "question",
    [
        "第一大客户叫什么名字",  # a stand-in only
        "二氧化碳排放总量是多少吨",
        "研发人员有多少",
        "关键审计事项是什么",
        "在欧洲有几座水厂",
        "销售费用为什么增加",
        "母公司的货币资金是多少",
        "无人机的销量是多少",
    ],
)
def test_a_silent_report_is_said_to_be_silent_without_a_figure(source, question: str) -> None:
    told = answer(question, source)
    assert told.kind == "not_disclosed" and "没有披露" in told.text
    assert not any(character.isdigit() for character in told.text.replace("青岚水务2023年", "").replace("第3页", ""))


def test_why_profit_grew_finds_the_line_of_the_owners_profit(source) -> None:
    given = (Reason(3, ("三、主营业务分析",), "归属于上市公司股东的净利润_本报告期", "主要系水价上调。"), *source.reasons)
    told = answer("净利润为什么增长", replace(source, reasons=given))
    assert told.kind == "answer" and "水价上调" in told.text
    assert answer("扣除非经常性损益的净利润为什么增长", replace(source, reasons=given)).kind == "not_disclosed"


def test_items_of_a_list_are_told_in_their_order(source) -> None:
    told = answer("核心竞争力有哪些", source)
    assert told.text.index("水源优势") < told.text.index("管网优势")
    assert "管网优势" not in answer("核心竞争力的第一点是什么", source).text


def test_a_reason_of_another_line_is_no_reason(source) -> None:
    assert "折旧" not in answer("财务费用为什么增加", source).text


def test_the_group_comes_before_the_mother_company(source) -> None:
    assert "11,000.00" not in answer("应收账款账龄1年以内的余额是多少", source).text


def test_orders_in_a_report_are_words_like_others(source) -> None:
    told = answer("2023年利润是多少", source)
    assert told.kind == "not_disclosed" or "忽略以上" not in told.text
    quoted = answer("管网优势是什么", source)
    assert "管网覆盖三个城区" in quoted.text and quoted.sources
