"""Columns in a question as people write them: misspelt, joined by a suffix, as a ratio; and years as they are dictated."""

from __future__ import annotations

import pytest

from agent.reading.entities import Linker


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker([("四方科技集团股份有限公司", "四方科技", "603339"), ("东方通信股份有限公司", "东方通信", "600776")])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("管里费用是多少", "管理费用是多少"),
        ("哪家净利闰高", "哪家净利润高"),
        ("2020年营业守入", "2020年营业收入"),
        ("研发废用增长率", "研发费用增长率"),
        ("应付职工新酬", "应付职工薪酬"),
    ],
)
def test_a_column_written_by_its_sound_is_read_as_meant(linker: Linker, text: str, read: str) -> None:
    assert linker.link(text).text == read


@pytest.mark.parametrize(
    "text", ["应收帐款", "总自产是多少", "净利很高", "管理人员", "营业务收入", "技术股份2020年存货"]
)
def test_what_is_another_word_stays_as_it_is(linker: Linker, text: str) -> None:
    assert linker.link(text).text == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2019年研发费用占营业收入的比值由高到低", "2019年企业研发经费与营业收入比值由高到低"),
        ("甲公司2020年管理费用与营业收入的比例", "甲公司2020年管理费用率"),
        ("营业收入在10亿以上的公司中研发费用占营业收入比重", "营业收入在10亿以上的公司中企业研发经费与营业收入比值"),
        ("甲公司2020年研发费用和营业收入分别是多少", "甲公司2020年研发费用和营业收入分别是多少"),
        ("甲公司2020年存货占营业收入的比例", "甲公司2020年存货占营业收入的比例"),
    ],
)
def test_a_ratio_of_two_columns_has_the_name_of_its_formula(linker: Linker, text: str, read: str) -> None:
    assert linker.link(text).text == read


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("电气一九年二零年二一年应交税费各多少", (2019, 2020, 2021)),
        ("二零二零跟二零二一两年的应付账款", (2020, 2021)),
        ("三年（19 20 21）净利润都在前二十", (2019, 2020, 2021)),
        ("连着三年 19 20 21 净利润", (2019, 2020, 2021)),
        ("2019年二三线城市的公司", (2019,)),
        ("2020年净利润前 10", (2020,)),
    ],
)
def test_years_as_people_dictate_and_list_them(linker: Linker, text: str, years: tuple[int, ...]) -> None:
    assert linker.link(text).years == years


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "经营活动、投资活动和筹资活动产生的现金流量净额",
            "经营活动产生的现金流量净额、投资活动产生的现金流量净额和筹资活动产生的现金流量净额",
        ),
        ("流动和非流动负债合计", "流动负债合计和非流动负债合计"),
        ("2020年和2021年的销售、管理和财务费用", "2020年和2021年的销售费用、管理费用和财务费用"),
        ("净利润、长期及短期借款", "净利润、长期借款及短期借款"),
        ("应收和应付账款", "应收账款和应付账款"),
    ],
)
def test_columns_that_share_a_tail_are_written_out(linker: Linker, text: str, read: str) -> None:
    assert linker.link(text).text == read


@pytest.mark.parametrize(
    "text",
    [
        "应收票据及应收账款",
        "人工、管理和财务费用",
        "手续费及佣金收入",
        "对联营企业和合营企业的投资收益",
        "支付给职工以及为职工支付的现金",
        "研发费用与营业收入比值",
        "流动资产和非流动资产合计",
    ],
)
def test_a_list_with_other_pieces_stays_as_it_is(linker: Linker, text: str) -> None:
    assert linker.link(text).text == text
