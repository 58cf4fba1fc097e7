"""Ambiguities are found by code, settled by a choice, or by a default that is told."""

from __future__ import annotations

import pytest

from agent.reading import ambiguity
from agent.reading.entities import Linker
from agent.reading.keywords import ColumnLinker
from agent.records import Ambiguity

COMPANIES = [
    ("山东华鹏玻璃股份有限公司", "华鹏股份", "603021"),
    ("江苏华鹏变压器股份有限公司", "华鹏股份", "603999"),
    ("江苏华兴科技股份有限公司", "华兴科技", "600001"),
    ("南方华兴电力股份有限公司", "华兴电力", "600002"),
    ("贵州茅台酒股份有限公司", "贵州茅台", "600519"),
]
COLUMNS = (
    "公司全称",
    "年份",
    "净利润",
    "营业利润",
    "销售费用",
    "管理费用",
    "营业收入",
    "营业成本",
    "资产总计",
    "货币资金",
    "负债合计",
    "注册地址",
)


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker(COMPANIES, COLUMNS)


def found(linker: Linker, text: str) -> tuple[Ambiguity, ...]:
    entities = linker.link(text, 2021)
    return ambiguity.find(
        entities, ColumnLinker(COLUMNS).link(entities, ()).columns, linker, COLUMNS, (2019, 2020, 2021)
    )


@pytest.mark.parametrize(
    ("text", "word", "choices"),
    [
        ("华兴科技2020年的利润是多少?", "利润", ("净利润", "营业利润")),
        ("2020年华兴科技利润", "利润", ("净利润", "营业利润")),
        ("2020年利润最高的前三家公司是哪些", "利润", ("净利润", "营业利润")),
        ("2020年利润超过5亿的公司有几家", "利润", ("净利润", "营业利润")),
        ("华兴科技2020年利润增长率是多少", "利润", ("净利润", "营业利润")),
        ("华兴科技2020年的费用有多少", "费用", ("销售费用", "管理费用")),
        ("华兴科技公司2020年的收入和净利润", "收入", ("营业收入",)),
        ("华兴科技2020年的资产是多少", "资产", ("资产总计",)),
        ("华兴科技2020年有多少现金?2020年的现金呢", "现金", ("货币资金",)),
        ("华兴科技2020年的地址在哪", "地址", ("注册地址",)),
    ],
)
def test_a_bare_word_may_mean_the_columns_that_the_table_has(
    linker: Linker, text: str, word: str, choices: tuple[str, ...]
) -> None:
    words = [a for a in found(linker, text) if a.kind == "column"]
    assert words and words[0].text == word
    assert (words[0].choices, words[0].default) == (choices, choices[0])
    assert linker.link(text).text[words[0].start : words[0].end] == word


@pytest.mark.parametrize(
    "text",
    [
        "华兴科技2020年的净利润是多少?",
        "华兴科技2020年的负债是多少?",
        "什么是利润?",
        "利润和收入有什么区别",
        "利润率越高越好吗",
        "华兴科技2020年利润表的变动情况",
        "请简要介绍华兴科技2020年费用变化的原因",
        "华兴科技2020年的研发经费与利润之比是多少",
        "华兴科技2020年花费在研发上的费用是多少元?",
        "华兴科技2020年收回的投资收入是多少元?",
        "2020年华兴科技的现金流量表主要项目分析",
        "华兴科技2020年利润分配预案",
        "华兴科技2020年有形资产是多少",
    ],
)
def test_a_word_that_is_a_part_of_another_or_of_a_tale_is_not_ambiguous(linker: Linker, text: str) -> None:
    assert [a for a in found(linker, text) if a.kind == "column"] == []


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("华鹏股份2020年的净利润", ("山东华鹏玻璃股份有限公司", "江苏华鹏变压器股份有限公司")),
        ("2020年华鹏的净利润是多少", ()),  # no company's name, and no short name begins with it but the shared one
        ("华兴2020年的净利润是多少", ("江苏华兴科技股份有限公司", "南方华兴电力股份有限公司")),
        ("茅台2020年的净利润是多少", ("贵州茅台酒股份有限公司",)),
        ("东方电子2020年的净利润是多少", ()),
        ("华兴科技2020年的净利润是多少", ()),
    ],
)
def test_a_name_may_mean_the_companies_that_share_it_and_has_no_default(
    linker: Linker, text: str, choices: tuple[str, ...]
) -> None:
    companies = [a for a in found(linker, text) if a.kind == "company"]
    assert [set(a.choices) for a in companies] == ([set(choices)] if choices else [])
    assert all(a.default is None for a in companies)


def test_a_misspelt_name_may_mean_each_company_that_it_is_a_typo_of() -> None:
    twins = Linker([("东方达科技股份有限公司", "东方达科", "1"), ("东方大科技股份有限公司", "东方大科", "2")])
    assert twins.link("东方搭科2020年的净利润").companies == ()
    assert twins.alternatives("东方搭科") == ("东方大科技股份有限公司", "东方达科技股份有限公司")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("华兴科技的净利润是多少", True),
        ("净利润最高的公司是哪家", True),
        ("华兴科技2020年的净利润是多少", False),
        ("华兴科技去年的净利润是多少", False),
        ("华兴科技的注册地址在哪里", False),
        ("净利润是什么意思", False),
        ("净利润怎么算", False),
    ],
)
def test_a_year_is_asked_for_where_a_figure_needs_one(linker: Linker, text: str, asked: bool) -> None:
    years = [a for a in found(linker, text) if a.kind == "year"]
    assert bool(years) == asked
    assert not asked or (years[0].choices, years[0].default) == (("2021", "2020", "2019"), "2021")


def test_choices_are_written_where_the_ambiguities_stand(linker: Linker) -> None:
    text = "请问华鹏股份的利润和费用是多少"
    wanted = {"company": "江苏华鹏变压器股份有限公司", "year": "2020"}
    choices = [(a, wanted.get(a.kind) or a.choices[-1]) for a in found(linker, text)]
    assert ambiguity.with_choices(text, choices) == "请问2020年江苏华鹏变压器股份有限公司的营业利润和管理费用是多少"


def test_what_was_assumed_is_told_with_what_else_it_could_be(linker: Linker) -> None:
    assert ambiguity.assumed(found(linker, "华兴科技2020年的利润")[0]) == (
        "问题里的“利润”没有说是哪一种，按净利润回答（还可以问营业利润）："
    )


def test_every_word_names_columns_that_the_schema_knows() -> None:
    from agent.figures import schema

    known = {*schema.columns(), *schema.formulas()}
    assert {name for choices in ambiguity.WORDS.values() for name in choices} <= known
