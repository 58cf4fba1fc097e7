"""The glossary is complete, agrees with the schema's formulas, and finds what is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from agent.explaining.glossary import Glossary, read
from agent.figures import schema
from agent.reading.report_text import is_report_text_question
from agent.text import normalise
from data.generator.families.open_questions import CONCEPTS


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


def test_there_are_at_least_200_terms_each_with_a_definition() -> None:
    entries = read()
    assert len(entries) >= 200
    assert all(len(entry.definition) >= 10 and entry.definition.endswith("。") for entry in entries)


def test_no_definition_is_a_single_sentence_or_an_essay() -> None:
    assert not [entry.term for entry in read() if not 2 <= entry.definition.count("。") <= 4]


def test_the_important_terms_say_what_a_high_or_low_value_means() -> None:
    assert sum(bool(entry.effect) for entry in read()) >= 60
    known = {name: entry for entry in read() for name in (entry.term, *entry.aliases)}
    assert not [formula.name for formula in schema.FORMULAS if not known[formula.name].effect]


def test_no_name_stands_for_two_terms() -> None:
    names = Counter(
        normalise(name).lower().replace("的", "") for entry in read() for name in (entry.term, *entry.aliases)
    )
    assert not [name for name, count in names.items() if count > 1]


def test_every_formula_of_the_schema_is_explained_with_the_same_formula() -> None:
    known = {name: entry for entry in read() for name in (entry.term, *entry.aliases)}
    for formula in schema.FORMULAS:
        plain = re.sub(r"COALESCE\((\w+),0\)", r"\1", formula.expression)
        assert known[formula.name].formula == plain


def test_the_growth_formula_is_explained_as_the_schema_computes_it() -> None:
    growth = next(entry for entry in read() if entry.term == schema.GROWTH)
    plain = schema.computed("净利润增长率")
    assert plain and growth.formula == f"X增长率={plain.expression.replace('净利润', 'X')}"


@pytest.mark.parametrize("formula", schema.FORMULAS, ids=lambda formula: formula.name)
def test_every_way_of_saying_a_ratio_finds_it(glossary: Glossary, formula: schema.Formula) -> None:
    found = {alias: [e.term for e in glossary.find(f"什么是{alias}？")] for alias in (formula.name, *formula.aliases)}
    assert found == {alias: [formula.name] for alias in found}


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_concept_that_the_training_questions_ask_about_is_explained(glossary: Glossary, concept: str) -> None:
    entries = glossary.find(f"{concept}高说明什么？")
    assert len(entries) == 1 and concept in (entries[0].term, *entries[0].aliases)
    assert not is_report_text_question(f"{concept}高说明什么？")


def test_no_definition_holds_a_figure_that_could_be_taken_for_a_companys() -> None:
    assert not [e.term for e in read() if re.search(r"\d{2,}", e.definition + e.effect)]


@pytest.mark.parametrize(
    "question,term",
    [
        ("什么是存货周转率？", "存货周转率"),
        ("请解释一下ROE", "净资产收益率"),
        ("怎么理解速动比率", "速动比率"),
        ("企业所得税是什么意思", "企业所得税"),
        ("存货的周转率指什么", "存货周转率"),
        ("年报里常说的毛利率是什么", "毛利率"),
        ("货币资金增长率怎么算", "增长率"),
        ("ＰＥ是什么", "市盈率"),
    ],
)
def test_a_term_is_found_by_its_name_or_alias(glossary: Glossary, question: str, term: str) -> None:
    assert glossary.find(question)[0].term == term


def test_the_longest_name_wins(glossary: Glossary) -> None:
    assert [e.term for e in glossary.find("归属于母公司所有者的净利润是什么")] == ["归属于母公司所有者的净利润"]


def test_a_latin_name_inside_a_word_is_no_term(glossary: Glossary) -> None:
    assert glossary.find("people") == []


@pytest.mark.parametrize(
    "question,term",
    [
        ("账上的钱因保证金冻结不能动用是什么情况", "受限资金"),
        ("厂房设备分摊到各期的成本叫什么", "折旧"),
        ("公司收不回来的欠款提前计提的准备叫什么", "坏账准备"),
        ("企业陷入债务困境由法院主持协商挽救叫什么", "破产重整"),
    ],
)
def test_a_paraphrase_is_found_by_its_words(glossary: Glossary, question: str, term: str) -> None:
    assert [e.term for e in glossary.find(question)] == [term]


@pytest.mark.parametrize(
    "question",
    [
        "今天天气怎么样",
        "你是谁",
        "帮我写一首诗",
        "明天几点开会",
        "世界上最高的山是哪座",
        "怎么办理护照",
        "北京到上海的高铁多少钱",
        "？？？",
        "",
    ],
)
def test_unrelated_text_finds_nothing(glossary: Glossary, question: str) -> None:
    assert glossary.answer(question) is None


def test_a_formula_is_told_first_where_it_is_asked_for(glossary: Glossary) -> None:
    answer = glossary.answer("毛利率怎么算？")
    assert answer and answer.text.startswith("计算公式：毛利率=(营业收入-营业成本)/营业收入")


def test_the_effect_of_research_spending_is_told(glossary: Glossary) -> None:
    answer = glossary.answer("研发费用对公司的技术创新有何影响？")
    assert answer and answer.kind == "open" and "技术创新" in answer.text
    assert not is_report_text_question("研发费用对公司的技术创新有何影响？")


def test_two_terms_are_both_explained_where_they_are_compared(glossary: Glossary) -> None:
    answer = glossary.answer("流动比率和速动比率有什么区别？")
    assert answer and "流动比率：" in answer.text and "速动比率：" in answer.text


def test_listed_terms_are_all_explained(glossary: Glossary) -> None:
    answer = glossary.answer("毛利率、净利率和ROE分别是什么？")
    assert answer and all(f"{term}：" in answer.text for term in ("毛利率", "净利润率", "净资产收益率"))


def test_an_identity_is_printed_as_it_stands(glossary: Glossary) -> None:
    answer = glossary.answer("资产负债表的公式是什么")
    assert answer and answer.text.startswith("计算公式：资产总计=负债合计+所有者权益合计。")


def test_jieba_is_not_loaded_before_a_question_needs_it() -> None:
    code = "import sys; from agent.explaining.glossary import Glossary; Glossary.load().answer('什么是毛利率'); print('jieba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    "question",
    [
        "请简要介绍华兴科技2020年社会责任工作情况",
        "华兴科技2021年审计报告中的关键审计事项",
        "华兴科技2019年营业收入变动的原因",
        "为什么2020年的净利润下滑",
        "根据年报，是否属于重点排污单位",
        "报告期内公司客户集中度如何",
        "请简要分析公司关联交易的情况",
    ],
)
def test_questions_about_report_text_are_recognised(question: str) -> None:
    assert is_report_text_question(question)


@pytest.mark.parametrize(
    "question",
    [
        "什么是商誉",
        "毛利率怎么算",
        "什么是关联交易",
        "客户集中度高说明什么",
        "关键审计事项",
        "年报里常说的审计意见是什么",
    ],
)
def test_concepts_are_not_report_text(question: str) -> None:
    assert not is_report_text_question(question)
