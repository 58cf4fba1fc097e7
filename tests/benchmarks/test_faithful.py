"""The audit finds what is not in the evidence; the changed conclusions are stopped, the reworded ones pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.telling.conclude import conclude
from benchmarks.audit import audit
from benchmarks.faithful import measure
from benchmarks.rewordings import HONEST, WRONG
from tests.agent.facts import ASKED, database_in, facts_of


def answer(text: str, **changed: Any) -> dict[str, Any]:
    """A line of `batch --trace`."""
    evidence = {
        "columns": ["公司全称", "年份", "股票代码", "净利润", "上年净利润", "营业收入"],
        "rows": [["甲3股份有限公司", "2020", "600001", "120.5", "100", "1000"]],
    }
    sql = 'SELECT "净利润" FROM "company_table" WHERE "年份" = :v1'
    return {
        "question": "甲3?",
        "answer": text,
        "evidence": evidence,
        "parameters": {"v1": "2020"},
        "sql": sql,
    } | changed


@pytest.mark.parametrize(
    "text,count",
    [
        ("2020年甲3股份有限公司的净利润是120.5元。", 2),
        ("2020年净利润为0.01205万元，增长率是20.50%，增长额20.5元。", 4),
        ("2020年净利润率是12.05%，股票代码是600001。", 2),
        ("共1家。", 1),
    ],
)
def test_the_audit_finds_every_number_of_a_true_answer(text: str, count: int) -> None:
    assert audit(answer(text)) == (count, [])


@pytest.mark.parametrize(
    "text,missed",
    [
        ("2020年净利润是120.6元。", ["120.6元"]),
        ("2020年净利润是120.5万元。", ["120.5万元"]),
        ("2021年净利润是120.5元。", ["2021年"]),
        ("净利润增长率是-20.50%。", ["-20.50%"]),
        ("净利润率是12.06%，共5家。", ["12.06%", "5家"]),
        ("股票代码是600002。", ["600002"]),
    ],
)
def test_the_audit_names_what_stands_nowhere(text: str, missed: list[str]) -> None:
    assert audit(answer(text))[1] == missed


def test_on_the_small_table_no_changed_conclusion_is_taken_and_every_reworded_one_is(tmp_path: Path) -> None:
    database = database_in(tmp_path)
    told = [(facts, conclude(facts).text) for facts in (facts_of(database, name) for name in ASKED)]
    others = [f"{c}丁戊己庚股份有限公司" for c in "一二三四五六"]
    false, true = measure(told, WRONG, others, true_text=False), measure(told, HONEST, others, true_text=True)
    assert {name: s.surprises for name, s in false.items() if s.surprises} == {}
    assert {name: s.surprises for name, s in true.items() if s.surprises} == {}
    assert all(score.tried for score in false.values()) and sum(score.tried for score in true.values()) > 50
