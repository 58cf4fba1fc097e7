"""Long figures get separators in tables and a round figure in texts; nothing else changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agent.telling.readable import grouped, with_round


@pytest.mark.parametrize(
    "column,value,shown",
    [
        ("净利润", Decimal("69853744345.07"), "69,853,744,345.07"),
        ("净利润", Decimal("-1234567"), "-1,234,567"),
        ("净利润", Decimal("1E+9"), "1,000,000,000"),
        ("职工总人数", 12345, "12,345"),
        ("年份", 2020, "2020"),
        ("股票代码", "600001", "600001"),
        ("净利润", None, ""),
    ],
)
def test_figures_of_a_table_are_grouped_and_names_are_not(column: str, value: object, shown: str) -> None:
    assert grouped(column, value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text,shown",
    [
        ("是69853744345.07元。", "是69853744345.07元（约698.54亿元）。"),
        ("是-69853744345.07元。", "是-69853744345.07元（约-698.54亿元）。"),
        ("大于50000000元的", "大于50000000元（5000万元）的"),
        ("是300000000元，", "是300000000元（3亿元），"),
        ("是1234567.89元", "是1234567.89元（约123.46万元）"),
        ("是999999.99元", "是999999.99元"),
        ("股票代码6000011是", "股票代码6000011是"),
        ("每股1234567元/股", "每股1234567元/股"),
        ("是698.54亿元", "是698.54亿元"),
    ],
)
def test_a_long_amount_is_followed_by_a_round_one(text: str, shown: str) -> None:
    assert with_round(text) == shown
    assert with_round(shown) == shown
