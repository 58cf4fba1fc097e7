"""A trace as JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.reading.classify import TEMPERATURE
from agent.telling.trace import as_json
from tests.agent.scripted import ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"


def test_a_trace_tells_how_sure_the_model_was_of_class_and_statement(tmp_path: Path) -> None:
    pipeline = Pipeline(ScriptedModel("C", "净利润", ONE, margin=0.25), make_database(tmp_path))
    row = as_json(pipeline.ask("华兴科技2020年净利润是多少?"))
    assert (row["sql_confidence"], row["sql_margin"], row["margin"]) == (1.0, 0.25, 5.0)
    assert row["confidence"] == pytest.approx(1 / (1 + 5 * math.exp(-5 / TEMPERATURE)), abs=1e-4)
    row = as_json(Pipeline(ScriptedModel("F"), pipeline.database).ask("什么是存货?"))
    assert row["sql_confidence"] is row["sql_margin"] is None and json.dumps(row)


def test_without_its_steps_a_trace_is_question_and_answer(tmp_path: Path) -> None:
    trace = Pipeline(ScriptedModel("C", "净利润", ONE), make_database(tmp_path)).ask("华兴科技2020年净利润是多少?")
    assert as_json(trace, steps=False) == {"id": 0, "question": trace.question.text, "answer": trace.answer.text}
