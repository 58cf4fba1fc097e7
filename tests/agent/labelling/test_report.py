"""What a report says, from a project with a round that was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.labelling import report
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop
from agent.labelling.project import Round
from agent.labelling.records import Decision
from agent.labelling.undoing import undo_round


def figures(right: int) -> dict[str, object]:
    one = {"right": right, "total": 100, "low": right / 100 - 0.1, "high": min(1.0, right / 100 + 0.05)}
    return {"classify": one, "keywords": one, "nl2sql": one, "confusion": [["C>D", 3], ["C>C", 40]]}


@pytest.fixture
def measured(loop: Loop, drafter: Drafter) -> Loop:
    """Two rounds; drafts, two decisions and an automatic label of the second."""
    loop.draft(10, drafter)
    names = list(loop.drafts)
    for number in (1, 2):
        loop.project.add_round(
            Round(f"r{number}", number, f"2026-01-0{number}T00:00", "甲", (7,), "data", "model", f"p{number}",
                  {"nl2sql/train": 40}, {"accepted": 5 * number, "open": 3}, figures(80 + 5 * number),
                  {"nl2sql": [[10, 1.0], [20, 0.5]]}))  # fmt: skip
    loop.project.decide(
        [Decision("", "", "", "accept", names[0], seconds=30.0), Decision("", "", "", "flag", names[1], seconds=30.0)]
    )
    draft = next(d for d in loop.project.drafts.values() if d.proposals)
    loop.project.decide([Decision("", "", "程序", "auto", draft.question, draft.label_of(), model="p2")])
    return loop


def test_the_page_holds_every_figure_and_reaches_for_nothing_outside(measured: Loop, tmp_path: Path) -> None:
    page, notes = report.write(measured, tmp_path / "r.html")
    text = page.read_text(encoding="utf-8")
    for part in ("90.0%（80.0%–95.0%，100题）", "没有人看过", "C", "Clopper-Pearson", "1.0 分钟", "第2轮"):
        assert part in text, part
    assert not re.search(r"<script|<link|<img|<iframe|@import|(?:src|href)=[\"']http", text)
    assert text.count("<svg") == 5 and "90.0%" in notes.read_text(encoding="utf-8")


def test_what_users_typed_is_text_on_the_page(measured: Loop, tmp_path: Path) -> None:
    found = [report.Section("<b>", ("<script>x</script>",), (("<i>",), [("<img src=x>",)]))]
    text = report.page("<u>", found)
    assert not re.search(r"<(script|img|b|i|u)>|<img ", text)


def test_advice_names_the_next_command(measured: Loop) -> None:
    lines = " ".join(report.advice(measured))
    assert "没有" in lines and "类的标注" in lines


def test_a_round_that_was_taken_back_no_longer_counts_and_its_rows_are_open(measured: Loop) -> None:
    assert "收回了第2轮，连同它自动接受的 1 题" in undo_round(measured.project)
    assert [r.number for r in measured.project.rounds] == [1]
    assert not [f for f in measured.state.labelled.values() if f.origin == "auto"]
    assert (measured.project.folder / "rounds" / "甲.jsonl").read_text().count("\n") == 2


def test_a_page_of_an_empty_project_says_what_to_do(loop: Loop, tmp_path: Path) -> None:
    report.write(loop, tmp_path / "r.html")
    assert "还没有量过" in (tmp_path / "r.md").read_text(encoding="utf-8") and "label draft" in (
        tmp_path / "r.md"
    ).read_text(encoding="utf-8")
