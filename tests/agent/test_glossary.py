"""The glossary is complete, agrees with the schema's formulas, and finds what is asked."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from agent import schema
from agent.glossary import Glossary, is_report_text_question, read


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


def test_there_are_at_least_200_terms_each_with_a_definition() -> None:
    entries = read()
    assert len(entries) >= 200
    assert all(len(entry.definition) >= 10 and entry.definition.endswith("。") for entry in entries)


def test_no_name_stands_for_two_terms() -> None:
    names = Counter(name for entry in read() for name in (entry.term, *entry.aliases))
    assert not [name for name, count in names.items() if count > 1]


def test_every_formula_of_the_schema_is_explained_with_the_same_formula() -> None:
    known = {name: entry for entry in read() for name in (entry.term, *entry.aliases)}
    for formula in schema.FORMULAS:
        plain = re.sub(r"COALESCE\((\w+),0\)", r"\1", formula.expression)
        assert known[formula.name].formula == plain


def test_no_definition_holds_a_figure_that_could_be_taken_for_a_companys() -> None:
    assert not [e.term for e in read() if re.search(r"\d{2,}", e.definition + e.effect)]


@pytest.mark.parametrize(
    "question,term",
    [
        ("什么是存货周转率？", "存货周转率"),
        ("请解释一下ROE", "净资产收益率"),
        ("怎么理解速动比率", "速动比率"),
        ("企业所得税是什么意思", "所得税费用"),
    ],
)
def test_a_term_is_found_by_its_name_or_alias(glossary: Glossary, question: str, term: str) -> None:
    assert glossary.find(question)[0].term == term


def test_the_longest_name_wins(glossary: Glossary) -> None:
    assert [e.term for e in glossary.find("归属于母公司所有者的净利润是什么")] == ["归母净利润"]


def test_a_paraphrase_is_found_by_its_words(glossary: Glossary) -> None:
    assert [e.term for e in glossary.find("账上的钱因保证金冻结不能动用是什么情况")] == ["受限资金"]


@pytest.mark.parametrize("question", ["今天天气怎么样", "你是谁", "帮我写一首诗", "明天几点开会"])
def test_unrelated_text_finds_nothing(glossary: Glossary, question: str) -> None:
    assert glossary.answer(question) is None


def test_a_formula_is_told_first_where_it_is_asked_for(glossary: Glossary) -> None:
    answer = glossary.answer("毛利率怎么算？")
    assert answer and answer.text.startswith("计算公式：毛利率=(营业收入-营业成本)/营业收入")


def test_the_effect_of_research_spending_is_told(glossary: Glossary) -> None:
    answer = glossary.answer("研发费用对公司的技术创新有何影响？")
    assert answer and answer.kind == "open" and "技术创新能力" in answer.text


def test_two_terms_are_both_explained_where_they_are_compared(glossary: Glossary) -> None:
    answer = glossary.answer("流动比率和速动比率有什么区别？")
    assert answer and "流动比率：" in answer.text and "速动比率：" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "请简要介绍华兴科技2020年社会责任工作情况",
        "华兴科技2021年审计报告中的关键审计事项",
        "华兴科技2019年营业收入变动的原因",
    ],
)
def test_questions_about_report_text_are_recognised(question: str) -> None:
    assert is_report_text_question(question)


@pytest.mark.parametrize("question", ["什么是商誉", "毛利率怎么算"])
def test_concepts_are_not_report_text(question: str) -> None:
    assert not is_report_text_question(question)
