"""What counts as right, refused and wrong among free questions."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from rich.console import Console

from agent.records import Answer, Question, Trace
from benchmarks.people import Row, Scored, report, score


def row(*must: object, kind: str = "lookup_num", expect: str = "answer") -> Row:
    return {"id": "n1", "question": "?", "kind": kind, "expect": expect, "must": list(must)}


def outcome(asked: Row, text: str, kind: str = "answer") -> str:
    return score(asked, Trace(Question(0, "?"), Answer(text, kind))).outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (-445384518.84, "净利润为-445384518.84元。"),
        (150, "2020年净利润为150元。"),
        (150, "净利润为1,50.00元。"),
        (4.37, "基本每股收益为4.37元。"),
        ("17.76%", "增长率为17.76%。"),
        ("-17.76%", "下降了17.76%。"),
        ("711.54亿", "资产总计为711.54亿元。"),
        ("王伟", "法定代表人是王 伟。"),
        ("甲（集团）公司", "是甲(集团)公司。"),
        ("相同", "相同。2019年是王伟，2020年是王伟"),
    ],
)
def test_an_answer_that_holds_every_cell_is_right(cell: object, text: str) -> None:
    assert outcome(row(cell), text) == "right"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (150, "净利润为151元。"),
        (445384518.84, "净利润为445384517.84元。"),
        ("17.76%", "增长率为17.80%。"),
        ("17.76%", "增长了17.76元。"),
        ("711.54亿", "资产总计为711.54万元。"),
        ("王伟", "法定代表人是李敏。"),
        ("相同", "不相同。"),
    ],
)
def test_an_answer_that_lacks_a_cell_is_wrong(cell: object, text: str) -> None:
    assert outcome(row(cell), text) == "wrong"


def test_every_cell_is_needed() -> None:
    assert outcome(row(1, 2), "是1元和2元。") == "right" and outcome(row(1, 2), "是1元。") == "wrong"


def test_a_ranking_is_right_in_its_order_alone() -> None:
    asked = row("甲股份", "乙股份", kind="topk")
    assert outcome(asked, "甲股份，乙股份") == "right" and outcome(asked, "乙股份，甲股份") == "wrong"


def test_a_refusal_of_what_can_be_answered_is_neither_right_nor_wrong() -> None:
    assert outcome(row(150), "没有看懂150，无法回答该问题。", "refusal") == "refused"


def test_what_has_to_be_refused_is_right_when_refused_and_wrong_when_answered() -> None:
    assert outcome(row(expect="refuse"), "无法回答该问题。", "refusal") == "right"
    assert outcome(row(expect="refuse"), "150元") == "wrong"


def test_sureness_is_that_of_the_reading() -> None:
    trace = Trace(Question(0, "?"), Answer("150元"), understood=SimpleNamespace(sure=0.9))
    assert score(row(150), trace) == Scored(row(150), "right", True, 0.9, "150元")


def test_the_report_tells_shares_and_precision_among_the_answered() -> None:
    found = [
        Scored(row(1), "right", True, 0.99, ""),
        Scored(row(1), "wrong", True, 0.6, ""),
        Scored(row(1), "refused", False, 0.1, ""),
        Scored(row(expect="refuse"), "right", False, 1.0, ""),
    ]
    screen = Console(width=120, record=True, quiet=True)
    assert report(found, screen) == {"right": 0.5, "refused": 0.25, "wrong": 0.25, "precision": 0.5}
    assert report([], screen)["precision"] == 0
