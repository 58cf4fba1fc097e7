"""A conversation without any screen: follow-ups, what is open, choices, and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.conversation import Conversation, Heard, chosen
from agent.errors import CaibaoError
from agent.pipeline import Pipeline
from agent.records import Ambiguity
from tests.agent.scripted import ScriptedModel, make_database
from tests.agent.understood import FIGURE, Says, understanding_of, unsure

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


def understanding_talk(folder: Path, says: Mapping[str, Says] | Says, label: str = "C") -> Conversation:
    """A talk whose texts a scripted reader reads."""
    database = make_database(folder)
    model = ScriptedModel(label, "净利润", ONE)
    return Conversation(Pipeline(model, database, understanding=understanding_of(database, says)))


def read_by(talk: Conversation) -> list[str]:
    """What the reader has read."""
    return [text for text, _ in talk.pipeline.understanding.reader.asked]  # type: ignore[union-attr]


def test_a_text_is_heard_as_it_stands_where_the_statement_before_explains_it(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    assert talk.hear("它的净利润呢") == Heard("它的净利润呢", "它的净利润呢")
    talk.ask("华兴科技2020年的净利润是多少?")
    assert not talk.ambiguities(talk.hear("那2019年的利润呢"))


def test_every_turn_is_read_after_the_statement_of_the_one_before(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    first = talk.ask("华兴科技2020年的净利润是多少?")
    second = talk.ask("那2019年呢")
    assert "150元" in first.answer.text and "100元" in second.answer.text
    assert read_by(talk)[1] == "SELECT [M1m]@[Y2] WHERE 公司=[C1][SEP]那[Y1]年呢"
    assert (second.question.original, second.question.text) == ("那2019年呢", "华兴科技的2019年净利润")
    assert [t.question.id for t in talk.traces] == [0, 1]


def test_the_rows_that_were_shown_can_be_asked_about(tmp_path: Path) -> None:
    ranked, row = "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1", "SELECT M2@Y1 WHERE 公司=上述[1]"
    talk = understanding_talk(tmp_path, {"[SEP]": row, "最高": ranked})
    talk.ask("2021年净利润最高的前2家公司")
    assert "5500元" in talk.ask("第一家的营业收入呢").answer.text


def test_a_whole_question_in_the_middle_of_a_talk_is_read_alone_where_that_is_surer(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, {"[SEP]": unsure("NONE"), "": FIGURE})
    talk.ask("华兴科技2020年的净利润是多少?")
    assert "800元" in talk.ask("瑞达银行2021年的净利润是多少?").answer.text
    assert read_by(talk)[-1] == "[C1][Y1]年的[M1m]是多少?"
    assert talk.ask("那呢").answer.kind == "refusal"  # no whole question


def test_an_open_question_in_the_middle_of_a_talk_is_explained_and_the_talk_goes_on(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, {"什么是": "NONE", "": FIGURE}, "F")
    talk.ask("华兴科技2020年的净利润是多少?")
    explained = talk.ask("什么是商誉?")
    assert explained.answer.kind == "open" and explained.question.text == "什么是商誉?"
    assert "100元" in talk.ask("那2019年呢").answer.text


def test_after_forgetting_a_text_is_read_alone(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    talk.ask("华兴科技2020年的净利润是多少?")
    talk.forget()
    assert talk.ask("那2019年呢").answer.kind == "refusal" and "[SEP]" not in read_by(talk)[-1]


def test_what_was_typed_is_kept_where_a_choice_made_another_question_of_it(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    heard = talk.hear("华兴科技的净利润是多少?")
    (year,) = talk.ambiguities(heard)
    trace = talk.answer(talk.choose(heard, [(year, "2019")]))
    assert trace.question.original == "华兴科技的净利润是多少?" and "100元" in trace.answer.text


@pytest.mark.parametrize("text", ["", "多" * 2000])
def test_what_is_no_question_is_refused_in_a_talk_too(tmp_path: Path, text: str) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    talk.ask("华兴科技2020年的净利润是多少?")
    assert talk.ask(text).answer.kind == "refusal" and "100元" in talk.ask("那2019年呢").answer.text


UNCLEAR = (unsure("SELECT 注册地址@Y1 WHERE 公司=C1"), unsure("SELECT 法定代表人@Y1 WHERE 公司=C1"))


def test_a_reply_that_is_a_number_picks_a_reading_while_there_are_such(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, {"怎么样": UNCLEAR, "": FIGURE})
    assert talk.reply("华兴科技2020年怎么样").answer.kind == "refusal" and len(talk.readings()) == 2
    picked = talk.reply("2.")
    assert "王伟" in picked.answer.text and picked.question.text == "华兴科技的2020年法定代表人"
    assert talk.reply("2").answer.kind == "refusal"  # nothing is offered any more


def test_a_picked_reading_can_be_remembered_and_a_follow_up_cannot(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, {"怎么样": UNCLEAR, "": FIGURE})
    talk.reply("华兴科技2020年怎么样")
    memory = talk.pipeline.memory
    assert memory.pair(talk.reply("1")).sql == "SELECT 注册地址@Y1 WHERE 公司=C1"
    with pytest.raises(CaibaoError, match="接着上文"):
        memory.pair(talk.reply("2019年的净利润呢"))


def test_a_branch_goes_on_by_itself(tmp_path: Path) -> None:
    talk = understanding_talk(tmp_path, FIGURE)
    talk.ask("华兴科技2020年的净利润是多少?")
    branch = talk.branch(talk.pipeline)
    assert "100元" in branch.ask("那2019年呢").answer.text
    assert len(talk.traces) == 1 and "100元" in talk.ask("那2019年呢").answer.text
