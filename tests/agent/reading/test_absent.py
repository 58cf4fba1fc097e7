"""A group of companies that the table cannot tell is refused, not left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.figures.schema import columns
from agent.pipeline import Pipeline
from agent.reading.absent import unknown_group
from agent.reading.entities import Linker
from tests.agent.scripted import ScriptedModel, make_database

LINKER = Linker(
    [("江苏华兴科技股份有限公司", "华兴科技", "600001"), ("杭州瑞达银行股份有限公司", "瑞达银行", "600002")]
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2020年医药行业净利润最高的三家公司是哪些?", "行业"),
        ("2020年房地产公司的平均资产负债率是多少?", "房地产公司"),
        ("2021年白酒企业里谁的存货最多", "白酒企业"),
        ("2020年银行股的净利润排名", "银行股"),
        ("2021年科创板公司中研发费用最高的是哪家?", "科创板"),
        ("2021年深交所上市公司净利润总和", "深交所"),
        ("2020年净利润超过5亿元的民营企业有几家?", "民营"),
        ("2021年国有企业中净利润最高的", "国有"),
        ("2020年成立超过十年的公司里净利润最高的是谁", "成立"),
        ("2020年上市不到五年的公司有几家", "上市不到"),
        ("2021年市值最高的三家公司", "市值"),
        ("2020年分红最多的公司是哪家", "分红"),
        ("2021年女性员工最多的公司", "女性"),
        ("2020年名字里带“科技”的公司有几家", "名字里带"),
        ("2021年除了银行之外净利润最高的公司", "除了银行之外"),
        ("2020年净利润排名前10%的公司", "前10%"),
    ],
)
def test_a_group_that_the_table_does_not_know_is_named(text: str, told: str) -> None:
    reason = unknown_group(LINKER.link(text, 2021), [], tuple(columns()))
    assert reason and told in reason and reason.endswith("无法回答该问题。")


@pytest.mark.parametrize(
    "text",
    [
        "2020年上市公司净利润总和",
        "2020年在杭州上市的公司有几家",
        "2020年净利润超过5亿元的公司有几家",
        "2020年华兴科技公司的净利润",
        "2020年瑞达银行的净利润在行业里排第几",
        "2020年技术人员最多的公司",
        "2020年股本最大的企业",
        "2020年对联营企业和合营企业的投资收益最高的公司",
    ],
)
def test_other_questions_pass(text: str) -> None:
    linked = LINKER.link(text, 2021)
    spans = [(text.find(name), text.find(name) + len(name)) for name in columns() if name in text]
    assert unknown_group(linked, spans, tuple(columns())) is None


def test_a_table_that_has_the_column_is_asked_as_any_other() -> None:
    assert unknown_group(LINKER.link("2020年医药行业的公司有几家", 2021), [], ("公司全称", "所属行业")) is None


def test_the_pipeline_refuses_before_any_sql(tmp_path: Path) -> None:
    model = ScriptedModel("E", "净利润", "SELECT COUNT(*) FROM company_table WHERE 年份=2020")
    trace = Pipeline(model, make_database(tmp_path)).ask("2020年医药行业有几家公司净利润超过5亿元?")
    assert trace.answer.kind == "refusal" and "医药行业" in trace.answer.text and trace.sql is None
