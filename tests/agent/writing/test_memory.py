"""Approved statements: what enters, what is found again, and what the file may hold."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.pipeline import Pipeline
from agent.records import Trace
from agent.writing.memory import SIMILAR, Memory
from tests.agent.scripted import ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
COUNTED = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"
HOW_MANY = "2020年货币资金大于100元的公司有几家?"


def line(question: str, sql: str = COUNTED, **more: object) -> str:
    return json.dumps(
        {"question": question, "sql": sql, "asked": "问", "date": "2024-05-01"} | more, ensure_ascii=False
    )


def holding(folder: Path, *lines: str) -> Memory:
    path = folder / "approved.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Memory(path)


def answered(folder: Path, text: str, sql: str, label: str = "C", memory: Memory | None = None) -> Trace:
    return Pipeline(ScriptedModel(label, "净利润", sql), make_database(folder), memory=memory).ask(text)


def test_an_approved_pair_is_a_line_of_its_own_in_order_and_is_read_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "deep" / "approved.jsonl")
    memory.approve(answered(tmp_path, "华兴科技2020年净利润是多少?", ONE))
    memory.approve(answered(tmp_path, "2020年净利润大于100元的公司有几家?", COUNTED, "E"))
    assert memory.path is not None
    rows = [json.loads(text) for text in memory.path.read_text(encoding="utf-8").splitlines()]
    assert [(row["question"], row["sql"]) for row in rows] == [
        (HOW_MANY, COUNTED),
        ("甲公司2020年货币资金是多少?", ONE),
    ]
    assert rows[0]["asked"] == "2020年净利润大于100元的公司有几家?" and rows[0]["date"] == date.today().isoformat()
    found = Memory(memory.path).exact("甲公司 2020年货币资金是多少？")
    assert found and (found.text, found.written_by) == (ONE, "memory")


def test_what_did_not_execute_gave_no_answer_or_is_remembered_already_is_not_approved(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "approved.jsonl")
    for text, sql, label in (
        ("2020年净利润大于1元或小于0元的公司有几家?", "DROP TABLE company_table", "E"),
        ("华兴科技2015年净利润是多少?", ONE, "C"),
        ("什么是存货周转率?", "", "F"),
    ):
        with pytest.raises(CaibaoError, match="没有可以记住的"):
            memory.approve(answered(tmp_path, text, sql, label))
    trace = answered(tmp_path, "华兴科技2020年净利润是多少?", ONE)
    memory.approve(trace)
    with pytest.raises(CaibaoError, match="本来就是记住的"):
        memory.approve(answered(tmp_path, "瑞达银行2020年净利润是多少?", "", memory=memory))
    with pytest.raises(CaibaoError, match="没有指定记忆文件"):
        Memory().approve(trace)


def test_what_the_rule_or_another_candidate_wrote_is_remembered_as_it_ran(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "approved.jsonl")
    trace = answered(tmp_path, "华兴科技2020年净利润是多少?", "SELECT 存货 FROM company_table")
    assert trace.sql and trace.sql.written_by == "rule"
    assert memory.approve(trace).sql == trace.sql.source.text != trace.model_sql


def test_a_new_approval_of_a_question_replaces_the_old_one(tmp_path: Path) -> None:
    memory = holding(tmp_path, line("甲公司2020年货币资金是多少?", COUNTED))
    memory.approve(answered(tmp_path, "华兴科技2020年净利润是多少?", ONE))
    assert memory.path and len(memory.path.read_text(encoding="utf-8").splitlines()) == 1
    found = memory.exact("甲公司2020年货币资金是多少")
    assert found and found.text == ONE


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[" * 100_000,
        '"甲"',
        "{}",
        line("甲", sql=""),
        line("甲", sql=3),  # type: ignore[arg-type]
        line("甲", more="乙"),
        '{"question": "甲", "sql": "乙"}',
    ],
)
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, bad: str) -> None:
    with pytest.raises(CaibaoError, match=r"approved\.jsonl 第3行不是一个记住的语句"):
        holding(tmp_path, line("甲公司2020年货币资金"), "", bad)


def test_two_statements_for_one_question_are_named_and_one_twice_is_fine(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError, match="第2行给同一个问题另一个语句"):
        holding(tmp_path, line(HOW_MANY), line(HOW_MANY.rstrip("?") + "？", ONE))
    assert holding(tmp_path, line(HOW_MANY), line(HOW_MANY)).exact(HOW_MANY)


def test_no_file_is_an_empty_memory_and_a_folder_is_one_sentence(tmp_path: Path) -> None:
    assert Memory(tmp_path / "nothing.jsonl").exact(HOW_MANY) is None and Memory().similar(HOW_MANY) is None
    with pytest.raises(CaibaoError, match="不能读取"):
        Memory(tmp_path)


@pytest.mark.parametrize(
    "asked",
    [
        "请问2020年货币资金大于100元的公司有几家",
        "2020年,货币资金大于100元的企业有几家?",
        "货币资金在2020年大于100元的公司有几家?",
    ],
)
def test_another_wording_of_the_same_question_is_similar(tmp_path: Path, asked: str) -> None:
    found = holding(tmp_path, line(HOW_MANY)).similar(asked)
    assert found and (found.text, found.written_by) == (COUNTED, "memory")


@pytest.mark.parametrize(
    "asked",
    [
        HOW_MANY,  # that is the question itself
        "2020年货币资金小于100元的公司有几家?",
        "2020年货币资金不大于100元的公司有几家?",
        "2020年货币资金大于等于100元的公司有几家?",
        "2020年货币资金大于100元的公司有哪些?",
        "2020年货币资金和净利润大于100元的公司有几家?",
        "2020年、2021年货币资金大于100元的公司有几家?",
        "2020年杭州货币资金大于100元的公司有几家?",
        "2020年净利润大于100元的公司有几家?",
        "想知道一下那些在2020年的年底货币资金规模大于100元的公司呀究竟有几家呢?",
    ],
)
def test_what_asks_for_something_else_or_is_worded_quite_differently_is_not_similar(tmp_path: Path, asked: str) -> None:
    assert holding(tmp_path, line(HOW_MANY)).similar(asked) is None


def test_similar_training_questions_have_the_same_statement(tmp_path: Path) -> None:
    """The measurement behind SIMILAR: a validation question's nearest among the training rows."""
    folder = Path(__file__).resolve().parents[3] / "FinTrain" / "nl2sql"
    known, asked = (
        {row["question"]: row["query"] for row in json.loads((folder / f"{split}.json").read_text(encoding="utf-8"))}
        for split in ("train", "validation")
    )
    memory = holding(tmp_path, *(line(question, sql) for question, sql in _one_each(known).items()))
    found = [(memory.similar(question), sql) for question, sql in list(asked.items())]
    same = [candidate.text == sql for candidate, sql in found if candidate]
    assert len(same) >= 20 and sum(same) / len(same) >= 0.95, (SIMILAR, same)


def _one_each(known: dict[str, str]) -> dict[str, str]:
    """Questions of which no other differs in blanks and punctuation only."""
    bare: dict[str, str] = {}
    for question in known:
        bare.setdefault("".join(c for c in question if c.isalnum() or c in "%'"), question)
    return {question: known[question] for question in bare.values()}
