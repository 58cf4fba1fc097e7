"""The rows that the table of questions gets from reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.reports import items
from agent.reports.document import read
from agent.reports.extract import extract
from agent.reports.store import Cell
from agent.reports.table_rows import in_table, rows
from agent.table import headings
from agent.table.providers import common
from tests.agent.reports import made


@pytest.fixture
def found(tmp_path: Path) -> dict[str, dict[str, str]]:
    report = extract(read(made.pdf(tmp_path / "a.pdf", made.annual())))
    return {row["口径"]: row for row in rows([report])}


def test_a_row_for_group_and_one_for_parent(found: dict[str, dict[str, str]]) -> None:
    assert {(row["公司全称"], row["年份"], row["报告期"]) for row in found.values()} == {
        ("云杉机械股份有限公司", "2021", "年报")
    }
    assert (found["合并"]["货币资金"], found["母公司"]["货币资金"]) == ("1200.5", "111")


def test_empty_cells_and_the_year_before_bring_nothing(found: dict[str, dict[str, str]]) -> None:
    assert "交易性金融资产" not in found["合并"]


def test_facts_and_key_figures_go_to_the_group(found: dict[str, dict[str, str]]) -> None:
    assert found["合并"]["法定代表人"] == "林望"
    assert found["合并"]["扣除非经常性损益的净利润"] == "610"
    assert "法定代表人" not in found["母公司"]


def test_names_are_those_of_the_table(found: dict[str, dict[str, str]]) -> None:
    assert found["合并"]["母公司在职员工人数"] == "120"


def test_no_item_goes_into_the_column_of_another_one() -> None:
    brought = [Cell("合并", name, "current", "cumulative", "资产负债表", "1") for name in items.names()]
    names = [column for cell in brought if (column := in_table(cell))]
    assert {name: headings.read(name, common()).column for name in names} == {name: name for name in names}
    assert "库存股" in names and "其他权益工具" not in names
