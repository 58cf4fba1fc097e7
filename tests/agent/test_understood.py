"""The pipeline with an understanding: what is sure needs nothing else, what is unsure needs a second witness."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.records import Question, Trace
from agent.table.database import Database
from agent.understanding.slots import Before
from agent.understanding.understand import Talk
from agent.writing.memory import Memory
from tests.agent.scripted import ScriptedModel, make_database
from tests.agent.understood import FIGURE, Says, understanding_of, unsure

HUAXING = "江苏华兴科技股份有限公司"
PROFIT = "华兴科技2020年的净利润是多少元?"
ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return make_database(tmp_path_factory.mktemp("table"))


def pipeline_of(
    database: Database, says: Says | dict[str, Says], label: str = "C", memory: Memory | None = None
) -> Pipeline:
    model = ScriptedModel(label, "净利润", ONE)
    return Pipeline(model, database, memory=memory, understanding=understanding_of(database, says))


def asked_of(pipeline: Pipeline) -> set[str]:
    """The tasks that the language model was asked to do."""
    return {task for task, _ in pipeline.model.asked}


def test_what_is_sure_is_answered_without_the_prefixes(database: Database) -> None:
    pipeline = pipeline_of(database, FIGURE)
    trace = pipeline.ask(PROFIT)
    assert trace.answer.kind == "answer" and "150元" in trace.answer.text and not asked_of(pipeline)
    assert trace.masked == "[C1][Y1]年的[M1m]是多少元?" and trace.model_sql == FIGURE
    assert trace.sql is not None and "SELECT" in trace.sql.text and trace.answer.evidence is not None
    assert trace.understood is not None and trace.understood.kind == "answer"


def test_many_questions_are_read_together_and_what_is_none_is_not_read(database: Database) -> None:
    pipeline = pipeline_of(database, FIGURE)
    questions = [Question(i, text) for i, text in enumerate((PROFIT, "", "多" * 2000, "瑞达银行2021年的净利润"))]
    traces = pipeline.answer(questions)
    assert [trace.answer.kind for trace in traces] == ["answer", "refusal", "refusal", "answer"]
    assert pipeline.understanding is not None and pipeline.understanding.reader.calls == [2]


def test_what_is_understood_and_not_in_the_table_is_refused_without_sql(database: Database) -> None:
    pipeline = pipeline_of(database, FIGURE)
    trace = pipeline.ask("华兴科技2025年的净利润是多少元?")
    assert trace.answer.kind == "refusal" and "2025年" in trace.answer.text and asked_of(pipeline) == {"classify"}


@pytest.mark.parametrize(("label", "kind"), [("F", "open"), ("C", "refusal")])
def test_what_no_table_answers_goes_to_the_glossary_where_it_is_an_open_question(
    database: Database, label: str, kind: str
) -> None:
    trace = pipeline_of(database, "NONE", label).ask("什么是商誉?")
    assert trace.answer.kind == kind and trace.sql is None and trace.model_sql is None


def test_what_is_unsure_is_answered_where_the_prefixes_come_to_the_same_figures(database: Database) -> None:
    trace = pipeline_of(database, unsure(FIGURE)).ask(PROFIT)
    assert trace.answer.kind == "answer" and "150元" in trace.answer.text and trace.answer.evidence is not None
    assert "两种读法得到同样的数。" in trace.notes and trace.model_sql == FIGURE


def test_what_is_unsure_is_refused_where_they_come_to_others(database: Database) -> None:
    trace = pipeline_of(database, unsure("SELECT M1@Y1-M1@Y0 WHERE 公司=C1")).ask(PROFIT)
    assert trace.answer.kind == "refusal" and "可能的意思" in trace.answer.text and "150" not in trace.answer.text
    assert trace.sql is None and trace.answer.evidence is None


def test_what_was_read_as_nothing_is_not_answered_by_the_prefixes_alone(database: Database) -> None:
    assert pipeline_of(database, ()).ask(PROFIT).answer.kind == "refusal"


def test_a_question_whose_sql_a_person_approved_is_not_read(database: Database) -> None:
    memory = Memory.of({"甲公司2020年的货币资金是多少元?": ONE})
    pipeline = pipeline_of(database, "NONE", memory=memory)
    trace = pipeline.ask(PROFIT)
    assert trace.answer.kind == "answer" and "150元" in trace.answer.text and trace.understood is None
    assert pipeline.understanding is not None and not pipeline.understanding.reader.asked


def test_a_follow_up_is_answered_after_what_was_said_or_refused_without_the_prefixes(database: Database) -> None:
    talk = Talk(Before(FIGURE, {"C1": HUAXING, "M1": "净利润"}, (2020,)))
    pipeline = pipeline_of(database, {"2019": (), "那": FIGURE, "谢谢": ()})

    def follow(text: str) -> Trace:
        return pipeline.answer([Question(0, text)], talks=[talk])[0]

    assert "100元" in follow("那2019年呢").answer.text
    refused = follow("谢谢")
    assert refused.answer.kind == "refusal" and refused.understood is not None
    assert refused.answer.text == refused.understood.text and asked_of(pipeline) == {"classify"}


def test_the_console_is_told_of_every_step(database: Database) -> None:
    told: list[str] = []
    pipeline_of(database, unsure(FIGURE)).ask(PROFIT, lambda step, _: told.append(step))
    assert told == ["读法", "分类", "理解", "关键词", "SQL", "核对"]


def test_without_an_understanding_nothing_is_read(tmp_path: Path) -> None:
    trace = Pipeline(ScriptedModel("C", "净利润", ONE), make_database(tmp_path)).ask(PROFIT)
    assert trace.understood is None and "150元" in trace.answer.text
