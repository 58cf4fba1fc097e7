"""The model's own wording: taken where the checker finds nothing unbacked and nothing missing, else the template stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.building import assemble
from agent.model import DEFAULT_BASE, PrefixTunedGlm
from agent.pipeline import Pipeline
from agent.records import Question
from agent.table.database import Database
from agent.telling.conclude import conclude
from agent.telling.phrase import judge, prompt
from tests.agent.facts import database_in, facts_of
from tests.agent.scripted import ScriptedModel

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
FIGURE = "华兴科技2020年的净利润是多少元?"
TEMPLATE = "2020年华兴科技的净利润是123456789.12元。"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return database_in(tmp_path)


def pipeline(database: Database, wording: str) -> tuple[Pipeline, ScriptedModel]:
    model = ScriptedModel("C", "净利润", ONE, wording=wording)
    return assemble(model, database, "model"), model


def test_a_faithful_wording_is_the_answer_and_the_trace_says_so(database: Database) -> None:
    trace = pipeline(database, " 华兴科技在2020年实现净利润1.2346亿元。\n")[0].ask(FIGURE)
    assert trace.answer.text == "华兴科技在2020年实现净利润1.2346亿元。"
    assert trace.answer.evidence is not None and "答案由模型措辞，其中的名称和数字已逐个核对。" in trace.notes


@pytest.mark.parametrize(
    "wording,why",
    [
        ("华兴科技在2020年实现净利润1.24亿元。", "1.24亿元"),
        ("华兴科技在2020年实现净利润123456789.12元，创历史新高。", "创"),
        ("好的。", ""),
        ("华兴科技的净利润是123456789.12元。", "漏掉1处"),
        ("", "没有写出"),
    ],
)
def test_an_unfaithful_or_empty_wording_leaves_the_template_and_says_why(
    database: Database, wording: str, why: str
) -> None:
    trace = pipeline(database, wording)[0].ask(FIGURE)
    assert trace.answer.text == TEMPLATE and "用模板的答案" in trace.notes[-1] and why in trace.notes[-1]


def test_what_was_assumed_stays_before_the_model_s_wording(database: Database) -> None:
    trace = pipeline(database, "2021年华兴科技净利润亏损3000万元。")[0].ask("华兴科技的净利润是多少元?")
    assert trace.answer.text == "问题没有说年份，按最新的2021年回答：2021年华兴科技净利润亏损3000万元。"


def test_a_refusal_is_never_put_to_the_model(database: Database) -> None:
    asked, model = pipeline(database, "2016年华兴科技的净利润是5元。")
    trace = asked.ask("华兴科技2016年的净利润是多少元?")
    assert trace.answer.kind == "refusal" and not [text for task, text in model.asked if task == "phrase"]


def test_a_batch_is_worded_in_one_call(database: Database) -> None:
    calls: list[int] = []

    class Counting(ScriptedModel):
        def phrase(self, prompts: object) -> list[str]:
            assert isinstance(prompts, list)
            calls.append(len(prompts))
            return [""] * len(prompts)

    model = Counting("C", "净利润", ONE)
    asked = assemble(model, database, "model")
    asked.answer([Question(0, FIGURE), Question(1, "瑞达银行2020年的净利润是多少元?"), Question(2, " ")])
    assert calls == [2]


def test_without_the_option_the_model_is_not_asked(database: Database) -> None:
    model = ScriptedModel("C", "净利润", ONE, wording="2020年华兴科技净利润1.23亿元。")
    assert Pipeline(model, database).ask(FIGURE).answer.text == TEMPLATE
    assert not [text for task, text in model.asked if task == "phrase"]


def test_the_prompt_holds_the_question_the_evidence_and_the_template(database: Database) -> None:
    facts = facts_of(database, "fields")
    text = prompt(facts, conclude(facts).text)
    assert facts.entities.text in text and conclude(facts).text in text
    assert "公司全称：江苏华兴科技股份有限公司，年份：2020，营业收入：1000000000元，营业成本：750000000元" in text
    average = facts_of(database, "average")
    assert "净利润的平均值：367818929.7067\n" in prompt(average, conclude(average).text)


def test_the_operands_of_a_formula_may_be_left_out_and_the_conditions_may_not(database: Database) -> None:
    ratio, count = facts_of(database, "ratio"), facts_of(database, "count")
    assert judge("2020年华兴科技的毛利率是25.00%。", conclude(ratio).text, ratio).text
    assert judge("2020年在苏州注册的公司数量为1家。", conclude(count).text, count).text is None
    assert judge("2020年在苏州注册、净利润超过1亿元的公司有1家。", conclude(count).text, count).text


def test_the_model_that_ships_cannot_word_and_every_answer_is_the_template(database: Database) -> None:
    model = PrefixTunedGlm(DEFAULT_BASE, DEFAULT_BASE / "prefix")
    questions = [Question(0, FIGURE), Question(1, "瑞达银行2020年的净利润是多少元?")]
    worded = assemble(model, database, "model").answer(questions)
    plain = Pipeline(model, database).answer(questions)
    assert [t.answer for t in worded] == [t.answer for t in plain]
    assert all("用模板的答案" in trace.notes[-1] for trace in worded)
