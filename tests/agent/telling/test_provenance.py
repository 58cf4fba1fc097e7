"""The rows and formulas behind an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.records import Trace
from agent.telling.provenance import formula_lines, source_rows
from tests.agent.scripted import ScriptedModel, make_database


def asked(folder: Path, text: str, label: str, keywords: str, sql: str) -> tuple[Trace, Pipeline]:
    pipeline = Pipeline(ScriptedModel(label, keywords, sql), make_database(folder))
    return pipeline.ask(text), pipeline


def test_the_rows_of_a_look_up_are_its_evidence(tmp_path: Path) -> None:
    sql = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    trace, pipeline = asked(tmp_path, "华兴科技2020年的净利润是多少?", "C", "净利润", sql)
    assert source_rows(trace, pipeline.database) is trace.answer.evidence


@pytest.mark.parametrize(
    ("text", "sql", "rows"),
    [
        (
            "2020年净利润大于100元的公司有几家?",
            "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100",
            [("杭州瑞达银行股份有限公司", 2020), ("江苏华兴科技股份有限公司", 2020)],
        ),
        (
            "华兴科技2020年和2021年净利润合计是多少?",
            "SELECT SUM(货币资金) FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)",
            [("江苏华兴科技股份有限公司", 2020, 150), ("江苏华兴科技股份有限公司", 2021, -30)],
        ),
    ],
)
def test_the_rows_of_an_aggregate_are_those_that_it_went_over(
    tmp_path: Path, text: str, sql: str, rows: list[tuple[object, ...]]
) -> None:
    trace, pipeline = asked(tmp_path, text, "E", "净利润", sql)
    sources = source_rows(trace, pipeline.database)
    assert sources and sources.columns[:2] == ("公司全称", "年份") and list(sources.rows) == rows


def test_every_computed_column_of_every_row_has_its_line(tmp_path: Path) -> None:
    sql = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)"
    trace, _ = asked(tmp_path, "华兴科技2020年和2021年的净利润率是多少?", "D", "净利润率", sql)
    assert sorted(formula_lines(trace)) == [
        "2020年江苏华兴科技股份有限公司：净利润率 = 净利润/营业收入 = 150/1200 = 12.50%",
        "2021年江苏华兴科技股份有限公司：净利润率 = 净利润/营业收入 = (-30)/1500 = -2.00%",
    ]


def test_a_growth_rate_shows_both_years(tmp_path: Path) -> None:
    sql = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    trace, _ = asked(tmp_path, "华兴科技2021年净利润增长率是多少?", "D", "净利润增长率", sql)
    assert list(formula_lines(trace)) == [
        "2021年江苏华兴科技股份有限公司：净利润增长率 = (净利润-上年净利润)/上年净利润 = ((-30)-150)/150 = -120.00%"
    ]


def test_a_refusal_has_neither_rows_nor_formulas(tmp_path: Path) -> None:
    trace, pipeline = asked(tmp_path, "阿里巴巴2020年的毛利率是多少?", "D", "毛利率", "")
    assert source_rows(trace, pipeline.database) is None and list(formula_lines(trace)) == []
