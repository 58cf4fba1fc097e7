"""The figures: which tasks are scored, and what is printed and written of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.scoring.summary import Files, run, scores, summary
from tests.agent.scripted import ScriptedModel, make_database


@pytest.fixture
def files(tmp_path: Path) -> Files:
    rows = {
        "classify": [{"question": "存货是多少", "query": "C"}, {"question": "老板是谁", "query": "A"}],
        "keywords": [{"question": "存货是多少", "query": "存货", "family": "field"}],
        "nl2sql": [
            {"question": "有几家", "query": "SELECT COUNT(*) FROM company_table WHERE 年份=2020", "family": "count"}
        ],
    }
    for task, content in rows.items():
        (tmp_path / task).mkdir()
        (tmp_path / task / "test.json").write_text(json.dumps(content), encoding="utf-8")
    gold = {"id": 0, "family": "field", "kind": "answer", "values": ["5"]}
    (tmp_path / "gold.jsonl").write_text(json.dumps(gold) + "\n", encoding="utf-8")
    return Files(tmp_path, tmp_path / "answers.jsonl", tmp_path / "gold.jsonl")


def test_every_task_is_scored_and_answers_only_where_there_are_any(tmp_path: Path, files: Files) -> None:
    model, database = ScriptedModel("C", "存货", "SELECT COUNT(*) FROM company_table"), make_database(tmp_path)
    found = scores((), files, model, database)
    assert [score.right for score in found.values()] == [1, 1, 0, 0]
    files.answers.write_text(json.dumps({"id": 0, "kind": "answer", "answer": "存货是5元"}) + "\n", encoding="utf-8")
    assert list(scores((), files, model, database).values())[-1].share == 1.0


def test_figures_are_added_to_those_of_earlier_runs(tmp_path: Path, files: Files) -> None:
    output = tmp_path / "output" / "scores.json"
    model, database = ScriptedModel("C", "存货"), make_database(tmp_path)
    for task in ("classify", "keywords"):
        run([task], files, output, model, database)
    written = json.loads(output.read_text(encoding="utf-8"))
    assert [figure["share"] for figure in written.values()] == [0.5, 1.0]
    assert summary(output.parent) == 0 and summary(tmp_path / "nothing") == 1
