"""Figures of one company against plain Python over the same rows, on SQLite and on MariaDB."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agent.errors import NotAnswerable
from agent.table.database import Database
from tests.agent.statements.sample import (
    A,
    B,
    C,
    D,
    E,
    known,
    n,
    near,
    of,
    run,
    value,
    values,
)


def test_figures_and_texts_are_looked_up(base: Database) -> None:
    got = values(run(base, f"SELECT 营业收入@2020,法定代表人@2020,职工总人数@2019 WHERE 公司={A}"))
    assert got == [Decimal("150.55"), "李四", 11]


def test_an_empty_cell_is_none_and_a_missing_row_an_error(base: Database) -> None:
    assert values(run(base, f"SELECT 职工总人数@2019 WHERE 公司={C}")) == [None]
    with pytest.raises(NotAnswerable, match="2019年.*丁"):
        run(base, f"SELECT 净利润@2019 WHERE 公司={D}")


def test_what_has_no_year_comes_from_the_latest_row(base: Database) -> None:
    assert values(run(base, f"SELECT 股票代码 WHERE 公司={E}")) == ["300005"]
    assert values(run(base, f"SELECT 公司全称,股票代码,法定代表人@2018 WHERE 公司={A}")) == [A, "600001", "张三"]
    with pytest.raises(NotAnswerable, match="哪一年"):
        run(base, f"SELECT 毛利率 WHERE 公司={A}")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("营业收入@2020-营业成本@2020", n(A, 2020, "营业收入") - n(A, 2020, "营业成本")),
        ("(营业成本@2020+净利润@2020)/营业收入@2020", (Decimal("90.03") + Decimal("14.4")) / Decimal("150.55")),
        ("职工总人数@2018/职工总人数@2020", Decimal(10) / Decimal(12)),
        ("净利润@2020/职工总人数@2020", Decimal("14.4") / 12),
        ("净利润@2018+净利润@2019+净利润@2020", Decimal("36.5")),
        ("(净利润@2018+净利润@2019+净利润@2020)/3", Decimal("36.5") / 3),
        ("净利润@2020/营业收入@2020*100", Decimal("1440") / Decimal("150.55")),
        ("毛利率@2020", (Decimal("150.55") - Decimal("90.03")) / Decimal("150.55")),
        ("增长率(净利润@2018,净利润@2020)", Decimal("0.44")),
        ("年均增长率(净利润@2018,净利润@2020)", Decimal("0.2")),
        ("ABS(净利润@2018-净利润@2020)", Decimal("4.4")),
        ("GREATEST(净利润@2018,净利润@2019,净利润@2020)", Decimal("14.4")),
        ("LEAST(净利润@2018,净利润@2019)", Decimal(10)),
        ("GREATEST(净利润@2018,净利润@2020)/营业收入@2018", Decimal("0.144")),
        ("净利润@2020-(SELECT AVG(净利润@2018))", Decimal("14.4") - Decimal("66.2") / 6),
    ],
)
def test_arithmetic_is_exact(base: Database, item: str, expected: Decimal) -> None:
    assert near(value(run(base, f"SELECT {item} WHERE 公司={A}")), expected)


def test_growth_from_a_loss_keeps_its_formula_and_growth_a_year_has_none(base: Database) -> None:
    assert value(run(base, f"SELECT 增长率(净利润@2018,净利润@2020) WHERE 公司={B}")) == Decimal(-3)
    assert values(run(base, f"SELECT 年均增长率(净利润@2018,净利润@2020) WHERE 公司={B}")) == [None]
    assert values(run(base, f"SELECT 增长率(营业收入@2018,营业收入@2019) WHERE 公司={C}")) == [None]  # from nothing


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("净利润@2020>14", True),
        ("净利润@2020>14.4", False),
        ("净利润@2020>=14.4", True),
        ("净利润@2018<净利润@2019 AND 净利润@2019<净利润@2020", True),
        ("净利润@2018>11 OR 净利润@2019>12", True),
        ("NOT 净利润@2018>11", True),
        ("净利润@2018>11 OR 净利润@2019>13", False),
        ("法定代表人@2019=法定代表人@2020", False),
        ("法定代表人@2018=法定代表人@2019", True),
        ("注册地址@2020 LIKE '杭州'", True),
        ("股票代码 LIKE '60'", True),
        ("股票代码 LIKE '0001'", False),
        ("公司@2020 IS NOT NULL", True),
        ("公司@2017 IS NULL", True),
        ("净利润@2020>(SELECT AVG(净利润@2020))", True),
        ("净利润@2020<净利润@2020*2", True),
        ("公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 1)", False),
        ("公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 2)", True),
    ],
)
def test_yes_or_no(base: Database, condition: str, expected: bool) -> None:
    assert values(run(base, f"SELECT {condition} WHERE 公司={A}")) == [expected]


def test_the_highest_of_several_is_named_as_it_is_written(base: Database) -> None:
    assert values(run(base, f"SELECT 最高项(净利润@2018,净利润@2020) WHERE 公司={A}")) == ["净利润@2020"]
    assert values(run(base, f"SELECT 最低项(净利润@2018,净利润@2020) WHERE 公司={A}")) == ["净利润@2018"]
    assert values(run(base, "SELECT 最高项(AVG(净利润@2018),AVG(净利润@2019))")) == ["AVG(净利润@2018)"]
    both = "(SELECT COUNT(*) WHERE 注册地址@2020 LIKE '杭州'),(SELECT COUNT(*) WHERE 注册地址@2020 LIKE '上海')"
    assert "杭州" in str(values(run(base, f"SELECT 最高项({both})"))[0])


@pytest.mark.parametrize("column", ["净利润", "营业收入", "研发费用"])
@pytest.mark.parametrize("year", [2018, 2020])
def test_ranks(base: Database, column: str, year: int) -> None:
    figures = known(of(column, year))
    for company, own in figures.items():
        got = values(run(base, f"SELECT 名次({column}@{year}),倒数名次({column}@{year}) WHERE 公司='{company}'"))
        assert got == [1 + sum(v > own for v in figures.values()), 1 + sum(v < own for v in figures.values())]


def test_equal_ratios_share_a_rank_whatever_the_database_rounds(base: Database) -> None:
    # 1/3 and 2/3 do not end: 甲 10/30, 乙 20/30 and 丙 2/3 as quotients of other figures.
    third, two_thirds = "资产总计@2018/(资产总计@2018*3)", "资产总计@2018*2/(资产总计@2018*3)"
    for key in (third, two_thirds, f"{third}-{two_thirds}"):
        got = run(base, f"SELECT 名次({key}),倒数名次({key}) WHERE 公司={A}")
        assert values(got) == [1, 1]
    assert values(run(base, f"SELECT 名次(净利润@2020/营业收入@2020) WHERE 公司={B}")) == [2]
    assert values(run(base, f"SELECT 倒数名次(增长率(净利润@2018,净利润@2020)) WHERE 公司={A}")) == [2]
    assert values(run(base, f"SELECT 名次(年均增长率(净利润@2018,净利润@2020)) WHERE 公司={A}")) == [3]


def test_a_rank_among_those_that_meet_a_condition(base: Database) -> None:
    assert values(run(base, f"SELECT 名次(营业收入@2020,注册地址@2020 LIKE '杭州') WHERE 公司={C}")) == [2]
    assert values(run(base, f"SELECT 名次(净利润@2020,净利润@2020>5 AND 营业收入@2020<100) WHERE 公司={B}")) == [2]
    with pytest.raises(NotAnswerable, match="不在所说的公司之中"):
        run(base, f"SELECT 名次(营业收入@2020,注册地址@2020 LIKE '上海') WHERE 公司={C}")
