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
from tests.agent.understood import FIGURE, understanding_of

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


TALK = {"id": "d1", "turns": ["华兴科技2020年的净利润是多少?", {"question": "那2019年呢"}, {"Q": "那2021年呢"}]}


@pytest.fixture
def reading_pipeline(tmp_path: Path) -> Pipeline:
    database = make_database(tmp_path)
    understanding = understanding_of(database, {"那[Y2]": "SELECT M1@Y2 WHERE 公司=C1", "": FIGURE})
    return Pipeline(ScriptedModel("C", "净利润", ONE), database, understanding=understanding)


def dialogues(path: Path, *rows: object) -> batch.QuestionFile:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return batch.read_questions(path)


def test_the_turns_of_a_dialogue_are_texts_or_rows(tmp_path: Path) -> None:
    source = dialogues(tmp_path / "q.jsonl", TALK, {"turns": ["一?"]})
    assert source.questions == [
        batch.Dialogue("d1", ("华兴科技2020年的净利润是多少?", "那2019年呢", "那2021年呢")),
        batch.Dialogue(1, ("一?",)),
    ]


def test_a_dialogue_is_answered_turn_after_turn_among_single_questions(
    tmp_path: Path, reading_pipeline: Pipeline
) -> None:
    single = {"id": 2, "question": "瑞达银行2020年的净利润?"}
    source = dialogues(tmp_path / "q.jsonl", single, TALK, single)
    batch.run(reading_pipeline, source, tmp_path / "a.jsonl")
    first, talk, last = answers(tmp_path / "a.jsonl")
    assert first["answer"] == last["answer"] and "900元" in first["answer"]
    assert talk["id"] == "d1" and [turn["question"] for turn in talk["turns"]] == list(source.questions[1].turns)  # type: ignore[union-attr]
    assert ["150元" in talk["turns"][0]["answer"], "100元" in talk["turns"][1]["answer"]] == [True, True]
    assert talk["turns"][1]["resolved"] == "华兴科技的2019年净利润" and "30元" in talk["turns"][2]["answer"]
    assert all(turn["kind"] == "answer" and turn["sure"] > 0.5 for turn in talk["turns"])


def test_dialogues_know_nothing_of_each_other(tmp_path: Path, reading_pipeline: Pipeline) -> None:
    source = dialogues(tmp_path / "q.jsonl", TALK, {"id": "d2", "turns": ["那2019年呢"]})
    batch.run(reading_pipeline, source, tmp_path / "a.jsonl")
    assert answers(tmp_path / "a.jsonl")[1]["turns"][0]["kind"] == "refusal"


def test_a_file_of_dialogues_is_continued_after_a_kill(
    tmp_path: Path, reading_pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "CHUNK", 1)
    source, output = dialogues(tmp_path / "q.jsonl", TALK, {**TALK, "id": "d2"}), tmp_path / "a.jsonl"
    batch.run(reading_pipeline, source, output)
    whole = output.read_text(encoding="utf-8")
    output.write_text(whole[: len(whole) - 30], encoding="utf-8")
    assert batch.run(reading_pipeline, source, output) == 1 and output.read_text(encoding="utf-8") == whole
    with pytest.raises(CaibaoError, match="不是这个问题文件的答案"):
        batch.run(reading_pipeline, dialogues(tmp_path / "r.jsonl", {"id": "d1", "turns": ["二?"]}), output)


@pytest.mark.parametrize("turns", [[], "一?", ["一?", ""], ["一?", 2], ["一?", {"text": "二?"}], [None], ["\ud800"]])
def test_a_dialogue_without_readable_turns_is_skipped_with_a_sentence(tmp_path: Path, turns: object) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"id": 1, "turns": turns}) + "\n" + json.dumps(TALK) + "\n", encoding="utf-8")
    source = batch.read_questions(path)
    assert len(source.questions) == len(source.bad) == 1
    assert "第1行" in source.bad[0] and "turns" in source.bad[0] and source.bad[0].endswith("已跳过。")


def test_a_second_run_on_the_same_answers_is_refused_while_the_first_one_writes(tmp_path: Path, pipeline: Pipeline) -> None:
    source, output = batch.read_questions(questions(tmp_path / "q.json", 3)), tmp_path / "a.jsonl"
    refused = []

    def progress(done: int, total: int) -> None:
        with pytest.raises(CaibaoError, match="另一个程序正在写"):
            batch.run(pipeline, source, output)
        refused.append(done)

    batch.run(pipeline, source, output, progress=progress)
    assert refused and [row["id"] for row in answers(output)] == [0, 1, 2]
    assert batch.run(pipeline, source, output) == 3  # afterwards it may be continued
