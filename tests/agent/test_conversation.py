"""A conversation without any screen: follow-ups, what is open, choices, and what was said."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.conversation import Conversation, chosen
from agent.errors import CaibaoError
from agent.pipeline import Pipeline
from agent.records import Ambiguity
from tests.agent.scripted import ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
OPEN = Ambiguity("column", 0, 2, "利润", ("净利润", "营业利润"), "净利润")


@pytest.fixture
def talk(tmp_path: Path) -> Conversation:
    return Conversation(Pipeline(ScriptedModel("C", "净利润", ONE), make_database(tmp_path)))


def test_a_follow_up_is_answered_as_the_whole_question_and_remembered(talk: Conversation) -> None:
    talk.ask("华兴科技2020年的净利润是多少?")
    trace = talk.ask("那2019年呢")
    assert trace.question.original == "那2019年呢" and "100元" in trace.answer.text
    assert [t.question.id for t in talk.traces] == [0, 1] and talk.previous is trace


def test_what_leans_on_nothing_is_told_and_not_remembered(talk: Conversation) -> None:
    trace = talk.ask("它的净利润呢")
    assert trace.answer.kind == "refusal" and "前面没有提到公司" in trace.answer.text and not talk.traces


def test_after_forgetting_nothing_explains_a_follow_up(talk: Conversation) -> None:
    talk.ask("华兴科技2020年的净利润是多少?")
    talk.forget()
    assert talk.hear("它的净利润呢").problem and len(talk.traces) == 1


def test_what_is_open_is_settled_by_a_choice(talk: Conversation) -> None:
    heard = talk.hear("华兴科技的净利润是多少?")
    (year,) = talk.ambiguities(heard)
    settled = talk.choose(heard, [(year, "2019")])
    assert year.default == "2021" and settled.text == "2019年华兴科技的净利润是多少?"
    assert talk.choose(heard, []) is heard and "100元" in talk.answer(settled).answer.text


@pytest.mark.parametrize("text", ["", "多" * 2000])
def test_what_is_no_question_is_refused_as_one(talk: Conversation, text: str) -> None:
    heard = talk.hear(text)
    assert not talk.ambiguities(heard) and talk.answer(heard).answer.kind == "refusal"


@pytest.mark.parametrize(
    ("reply", "choice"),
    [("", "净利润"), ("2", "营业利润"), ("2.", "营业利润"), (" 营业利润", "营业利润"), ("存货是多少", "存货是多少")],
)
def test_a_reply_picks_by_number_or_name_or_is_another_question(reply: str, choice: str) -> None:
    assert chosen(OPEN, reply) == choice


def test_a_number_that_no_choice_has_is_told() -> None:
    with pytest.raises(CaibaoError, match="1到2"):
        chosen(OPEN, "3")
