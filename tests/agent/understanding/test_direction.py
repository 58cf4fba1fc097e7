"""Readings with their sides the other way round are taken away; the right ones, and what only looks alike, stay."""

from __future__ import annotations

import json

import pytest

from agent.model import ROOT
from agent.understanding.direction import turned


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("占它当年[M2m]多少", "SELECT M2@Y1/M1@Y1 WHERE 公司=C1 AS %"),
        ("[C1][Y1]年[M1m]占[M2m]的百分之几", "SELECT M2@Y1/M1@Y1 WHERE 公司=C1 AS %"),
        ("比[Y1]年增长了百分之几?", "SELECT 增长率(M1@Y0,M1@Y1) WHERE 公司=C1"),
        ("YoYgrowthvs[Y1]?", "SELECT 增长率(M1@Y0,M1@Y1) WHERE 公司=C1"),
    ],
)
def test_a_turned_reading_is_seen(question: str, statement: str) -> None:
    assert turned(question, statement)


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("占它当年[M2m]多少", "SELECT M1@Y1/M2@Y1 WHERE 公司=C1 AS %"),
        ("[C1][Y1]年[M1m]占比和[M2m]", "SELECT M1@Y1/职工总人数@Y1,M2@Y1 WHERE 公司=C1"),
        ("比[Y1]年增长了百分之几?", "SELECT 增长率(M1@Y1,M1@Y2) WHERE 公司=C1"),
        ("[C1][Y3]年增速比[Y2]年快了没", "SELECT 增长率(M1@Y2,M1@Y3)>增长率(M1@Y1,M1@Y2) WHERE 公司=C1"),
        ("占全部公司[M1m]百分比", "SELECT M1@Y1/(SELECT SUM(M1@Y1)) WHERE 公司=C1 AS %"),
    ],
)
def test_the_right_way_round_stays(question: str, statement: str) -> None:
    assert not turned(question, statement)


def test_no_wording_with_its_own_statement_is_turned() -> None:
    wordings = [
        json.loads(line)
        for path in sorted((ROOT / "data" / "wordings").glob("*.jsonl"))
        if path.name != "said_columns.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    pairs = [(w.get("text", ""), w.get("sql", "")) for w in wordings]
    assert len(pairs) > 10_000
    assert not [pair for pair in pairs if turned(*pair)]


def test_the_signs_of_two_years_are_those_of_the_question() -> None:
    question = "[Y2]年亏损而[Y1]年盈利的公司有几家"
    assert turned(question, "SELECT COUNT(*) WHERE 净利润@Y1<0 AND 净利润@Y2>0")
    assert not turned(question, "SELECT COUNT(*) WHERE 净利润@Y1>0 AND 净利润@Y2<0")


def test_a_loss_below_an_amount_is_no_loss_beyond_it() -> None:
    assert turned("[Y1]年亏损不到[A1]的公司", "SELECT 公司 WHERE 净利润@Y1<-A1")
    assert not turned("[Y1]年亏损超过[A1]的公司", "SELECT 公司 WHERE 净利润@Y1<-A1")
