"""Out and in again, by each kind of file, and nothing of a file that has something wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import CaibaoError
from agent.labelling import exchange
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop


@pytest.fixture
def drafted(loop: Loop, drafter: Drafter) -> Loop:
    loop.draft(10, drafter)
    return loop


def rows(loop: Loop) -> list[Any]:
    return [(a, loop.drafts[a.id], None, "") for a in loop.queue(10)]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_what_is_written_comes_in_again(drafted: Loop, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    assert exchange.write(path, rows(drafted)) == 6
    found = exchange.read_labels(path, drafted.project.questions, drafted.desk)
    assert dict(found) == {n: d.label_of() for n, d in drafted.drafts.items()}


def test_label_studio_gives_back_what_was_annotated(drafted: Loop, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    exchange.write(path, rows(drafted))
    tasks = json.loads(path.read_text())
    tasks[0]["annotations"] = [{"result": tasks[0]["predictions"][0]["result"]}]
    (tmp_path / "in.json").write_text(json.dumps(tasks, ensure_ascii=False))
    ((name, label),) = exchange.read_labels(tmp_path / "in.json", drafted.project.questions, drafted.desk)
    assert name == tasks[0]["data"]["id"] and label == drafted.drafts[name].label_of()


def test_a_wrong_row_is_named_and_no_row_is_taken(drafted: Loop, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    exchange.write(path, rows(drafted))
    lines = list(csv.reader(path.open(encoding="utf-8-sig")))
    lines[2][exchange.HEADINGS.index("sql")] = "DROP TABLE company_table"
    lines[2][exchange.HEADINGS.index("label")] = "E"
    with (tmp_path / "in.csv").open("w", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    with pytest.raises(CaibaoError, match="第3行"):
        exchange.read_labels(tmp_path / "in.csv", drafted.project.questions, drafted.desk)


def test_an_unknown_id_and_an_unknown_class_are_named(drafted: Loop, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,label,keywords,sql\nnobody,E,,\n", encoding="utf-8")
    with pytest.raises(CaibaoError, match="不是项目里的问题"):
        exchange.read_labels(tmp_path / "a.csv", drafted.project.questions, drafted.desk)
    name = next(iter(drafted.project.questions))
    (tmp_path / "b.csv").write_text(f"id,label,keywords,sql\n{name},Z,,\n", encoding="utf-8")
    with pytest.raises(CaibaoError, match="类别“Z”"):
        exchange.read_labels(tmp_path / "b.csv", drafted.project.questions, drafted.desk)


def test_a_spreadsheet_runs_nothing(drafted: Loop, tmp_path: Path) -> None:
    asked, draft, _, _ = rows(drafted)[0]
    from dataclasses import replace

    evil = replace(asked, question='=HYPERLINK("http://x","y")')
    exchange.write(tmp_path / "a.csv", [(evil, draft, None, "")])
    exchange.write(tmp_path / "a.xlsx", [(evil, draft, None, "")])
    from openpyxl import load_workbook

    assert "'=HYPERLINK" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert load_workbook(tmp_path / "a.xlsx").active["B2"].data_type == "s"  # type: ignore[index, union-attr]


def test_nothing_is_overwritten(drafted: Loop, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(CaibaoError, match="已经存在"):
        exchange.write(tmp_path / "a.csv", rows(drafted))
    assert (tmp_path / "a.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.txt", "甲?\n\n乙?\n甲?\n"),
        ("q.json", '[{"question": "甲?"}, {"question": "乙?"}]'),
        ("q.jsonl", '{"question": "甲?"}\n{"question": "乙?"}\n'),
        ("q.csv", "编号,问题\n1,甲?\n2,乙?\n"),
    ],
)
def test_questions_come_from_any_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert exchange.read_questions(tmp_path / name) == ["甲?", "乙?"]


@pytest.mark.parametrize(
    ("name", "text"), [("q.txt", "\n\n"), ("q.json", "[1]"), ("q.csv", "编号\n1\n"), ("q.xlsx", "x")]
)
def test_a_file_without_questions_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CaibaoError, match=name):
        exchange.read_questions(tmp_path / name)
