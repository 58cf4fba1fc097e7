"""A file of questions becomes a file of answers, whatever happens in between."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.faces import batch
from agent.pipeline import Pipeline
from tests.agent.scripted import ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(ScriptedModel("C", "净利润", ONE), make_database(tmp_path))


def questions(path: Path, count: int) -> Path:
    names = ("华兴科技", "瑞达银行", "博士眼镜")
    path.write_text(
        json.dumps(
            [{"id": i, "question": f"{names[i % 3]}2020年的净利润是多少?"} for i in range(count)], ensure_ascii=False
        ),
        encoding="utf-8",
    )
    return path


def answers(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_json_array_and_json_lines_are_read_alike(tmp_path: Path) -> None:
    rows = [{"id": 7, "question": "一?"}, {"id": 8, "question": "二?"}]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "b.json").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert batch.read_questions(tmp_path / "a.json").questions == batch.read_questions(tmp_path / "b.json").questions


def test_a_file_in_gb18030_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes('{"id": 1, "question": "什么是商誉?"}'.encode("gb18030"))
    assert batch.read_questions(tmp_path / "a.jsonl").questions[0].text == "什么是商誉?"


def test_a_bad_row_is_reported_by_line_and_does_not_stop_the_rest(tmp_path: Path, pipeline: Pipeline) -> None:
    (tmp_path / "q.jsonl").write_text(
        '{"id": 1, "question": "华兴科技2020年的净利润?"}\n{"id": 2, "quest\n{"id": 3}\n{"id": 4, "question": " "}\n{"id": 5, "question": "瑞达银行2020年的净利润?"}\n',
        encoding="utf-8",
    )
    source = batch.read_questions(tmp_path / "q.jsonl")
    assert ["第2行" in source.bad[0], "第3行" in source.bad[1], "第4行" in source.bad[2], len(source.bad)] == [
        True,
        True,
        True,
        3,
    ]
    batch.run(pipeline, source, tmp_path / "a.jsonl")
    assert [row["id"] for row in answers(tmp_path / "a.jsonl")] == [1, 5]


def test_broken_json_in_an_array_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text('[\n{"id": 1, "question": "一"},\n{"id": 2 "question"}\n]', encoding="utf-8")
    with pytest.raises(CaibaoError, match="q.json 第3行"):
        batch.read_questions(tmp_path / "q.json")


@pytest.mark.parametrize(
    "content,reason", [(b"", "没有可用的问题"), (b"\xff\xfe\x00\x01", "不是文字文件"), (b"\x81\xff\xfe\xfd", "编码")]
)
def test_a_file_without_questions_is_one_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "q.json").write_bytes(content)
    with pytest.raises(CaibaoError, match=reason):
        batch.read_questions(tmp_path / "q.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError, match="nowhere.json 不存在"):
        batch.read_questions(tmp_path / "nowhere.json")


def test_a_killed_batch_resumes_without_losing_an_answer(
    tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "CHUNK", 4)
    source, out = batch.read_questions(questions(tmp_path / "q.json", 11)), tmp_path / "a.jsonl"

    def kill(done: int, total: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(pipeline, source, out, progress=kill)
    with out.open("ab") as file:
        file.write(b'{"id": 8, "question": "\xe5\x8d')  # the line that was being written
    assert batch.run(pipeline, source, out) == 8
    whole = tmp_path / "whole.jsonl"
    batch.run(pipeline, source, whole)
    assert out.read_bytes() == whole.read_bytes() and len(answers(out)) == 11


def test_a_finished_batch_asks_the_model_nothing(tmp_path: Path, pipeline: Pipeline) -> None:
    source, out = batch.read_questions(questions(tmp_path / "q.json", 3)), tmp_path / "a.jsonl"
    batch.run(pipeline, source, out)
    asked = len(pipeline.model.asked)  # type: ignore[attr-defined]
    assert batch.run(pipeline, source, out) == 3 and len(pipeline.model.asked) == asked  # type: ignore[attr-defined]


def test_answers_to_other_questions_are_not_overwritten(tmp_path: Path, pipeline: Pipeline) -> None:
    out = tmp_path / "a.jsonl"
    out.write_text('{"id": 99, "question": "别的问题", "answer": "x"}\n', encoding="utf-8")
    with pytest.raises(CaibaoError, match="第1行不是这个问题文件的答案"):
        batch.run(pipeline, batch.read_questions(questions(tmp_path / "q.json", 2)), out)
    assert "别的问题" in out.read_text(encoding="utf-8")


def test_the_trace_holds_class_key_words_sql_and_evidence(tmp_path: Path, pipeline: Pipeline) -> None:
    batch.run(pipeline, batch.read_questions(questions(tmp_path / "q.json", 1)), tmp_path / "a.jsonl", with_trace=True)
    row = answers(tmp_path / "a.jsonl")[0]
    assert row["class"] == "C" and row["keywords"] == ["净利润"] and row["decided_by"] == "model"
    assert "SELECT" in row["sql"] and row["parameters"]["v1"] == "江苏华兴科技股份有限公司"
    ((company, year, profit),) = row["evidence"]["rows"]
    assert (company, year, Decimal(profit)) == ("江苏华兴科技股份有限公司", "2020", 150)


def test_batches_share_the_models_calls(tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, model = [], pipeline.model
    for name, original in (("write", model.write), ("candidates", model.candidates)):

        def counted(task, texts, *more, original=original):
            calls.append((task, len(texts)))
            return original(task, texts, *more)

        monkeypatch.setattr(model, name, counted)
    batch.run(pipeline, batch.read_questions(questions(tmp_path / "q.json", 30)), tmp_path / "a.jsonl")
    assert calls == [("keywords", 30), ("nl2sql", 30)]
