"""Statements over several companies against plain Python over the same rows, on SQLite and on MariaDB."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from decimal import Decimal

import pytest

from agent.errors import NotAnswerable
from agent.table.database import Database
from tests.agent.statements.sample import (
    COMPANIES,
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    growth,
    known,
    n,
    names,
    near,
    number,
    of,
    over,
    ranked,
    run,
    text,
    value,
    values,
    yearly,
)

# --- companies that are named


def test_named_companies_in_the_order_of_their_names_or_sorted(base: Database) -> None:
    got = run(base, f"SELECT 净利润@2018 WHERE 公司 IN ({B},{A})")
    assert [(row.company, row.values) for row in got.rows] == [(B, (Decimal(-5),)), (A, (Decimal(10),))]
    assert names(run(base, f"SELECT 公司 WHERE 公司 IN ({B},{A},{C}) ORDER BY 净利润@2018 DESC")) == [A, C, B]
    assert names(run(base, f"SELECT 公司 WHERE 公司 IN ({B},{A},{C}) ORDER BY 净利润@2018 ASC LIMIT 1"))[0] == B
    with pytest.raises(NotAnswerable, match="戊.*无法"):
        run(base, f"SELECT 公司 WHERE 公司 IN ({A},{E}) ORDER BY 研发费用@2018 DESC")


def test_numbers_over_named_companies(base: Database) -> None:
    where = f"WHERE 公司 IN ({A},{B},{C})"
    assert value(run(base, f"SELECT SUM(净利润@2020) {where}")) == Decimal("38.8")
    assert near(value(run(base, f"SELECT AVG(净利润@2020) {where}")), Decimal("38.8") / 3)
    assert value(run(base, f"SELECT MAX(净利润@2020)-MIN(净利润@2020) {where}")) == Decimal("4.4")
    assert value(run(base, f"SELECT MEDIAN(净利润@2018) {where}")) == 8
    assert value(run(base, f"SELECT COUNT(DISTINCT 法定代表人@2018) {where}")) == 3
    assert value(run(base, f"SELECT COUNT(研发费用@2018) {where}")) == 2
    assert near(value(run(base, f"SELECT 增长率(SUM(净利润@2018),SUM(净利润@2020)) {where}")), Decimal("38.8") / 13 - 1)
    with pytest.raises(NotAnswerable, match="丙"):
        run(base, f"SELECT SUM(研发费用@2018) {where}")


def test_companies_against_each_other(base: Database) -> None:
    assert values(run(base, f"SELECT {A}.净利润@2020-{B}.净利润@2019")) == [Decimal("16.4")]
    assert values(run(base, f"SELECT {A}.净利润@2020>{B}.净利润@2020")) == [True]
    assert values(run(base, f"SELECT 最高项({A}.净利润@2018,'{F}'.净利润@2018)")) == [f"'{F}'.净利润@2018"]
    assert near(value(run(base, f"SELECT {A}.净利润@2018/(SELECT AVG(净利润@2018))")), Decimal(60) / Decimal("66.2"))


# --- companies that are found


@pytest.mark.parametrize("column", ["净利润", "营业收入", "研发费用", "职工总人数"])
@pytest.mark.parametrize("year", [2018, 2019, 2020])
@pytest.mark.parametrize("order", ["DESC", "ASC"])
def test_the_first_the_kth_and_from_i_to_j(base: Database, column: str, year: int, order: str) -> None:
    right = ranked(known(of(column, year)), order == "DESC")
    ask = f"SELECT 公司 ORDER BY {column}@{year} {order}"
    assert names(run(base, ask)) == right
    for k in (1, 2, 5, 20):
        assert names(run(base, f"{ask} LIMIT {k}")) == right[:k]
        assert names(run(base, f"{ask} LIMIT 1 OFFSET {k}")) == right[k - 1 : k]
    assert names(run(base, f"{ask} LIMIT 2,4")) == names(run(base, f"{ask} LIMIT 4,2")) == right[1:4]


SORTED: list[tuple[str, Callable[[str], Decimal | None]]] = [
    ("净利润@2020/营业收入@2020", lambda c: over(number(c, 2020, "净利润"), number(c, 2020, "营业收入"))),
    ("职工总人数@2018/职工总人数@2020", lambda c: over(number(c, 2018, "职工总人数"), number(c, 2020, "职工总人数"))),
    ("增长率(净利润@2018,净利润@2020)", growth("净利润", 2018, 2020)),
    ("增长率(职工总人数@2018,职工总人数@2019)", growth("职工总人数", 2018, 2019)),
    ("年均增长率(净利润@2018,净利润@2020)", yearly("净利润", 2018, 2020)),
    ("年均增长率(资产总计@2018,资产总计@2019)", yearly("资产总计", 2018, 2019)),
]


@pytest.mark.parametrize(("key", "figure"), SORTED, ids=[key for key, _ in SORTED])
def test_sorted_by_what_is_computed(base: Database, key: str, figure: Callable[[str], Decimal | None]) -> None:
    figures = known(figure)
    got = run(base, f"SELECT 公司 ORDER BY {key} DESC")
    assert names(got) == ranked(figures) and len(figures) > 2
    assert all(near(row.shown[key], figures[row.company]) for row in got.rows)


def test_nearest_to_another_company(base: Database) -> None:
    got = run(base, f"SELECT 公司 WHERE 公司<>{A} ORDER BY ABS(净利润@2018-{A}.净利润@2018) ASC LIMIT 1")
    assert names(got) == [C]


def both(year: int, *columns: str) -> Callable[[str], list[Decimal] | None]:
    def cells(company: str) -> list[Decimal] | None:
        found = [number(company, year, column) for column in columns]
        return None if None in found else [cell for cell in found if cell is not None]

    return cells


def where(figure: Callable[[str], Decimal | None], test: Callable[[Decimal], bool]) -> set[str]:
    return {company for company, found in known(figure).items() if test(found)}


def _gross(company: str, year: int) -> tuple[Decimal | None, Decimal | None]:
    cells = both(year, "营业收入", "营业成本")(company)
    return (cells[0] - cells[1], cells[0]) if cells else (None, None)


CONDITIONS: list[tuple[str, set[str]]] = [
    ("净利润@2020>10", where(of("净利润", 2020), lambda v: v > 10)),
    ("净利润@2020>=10", where(of("净利润", 2020), lambda v: v >= 10)),
    ("净利润@2020=14.4", {A, C}),
    ("净利润@2020<>14.4", where(of("净利润", 2020), lambda v: v != Decimal("14.4"))),
    ("净利润@2020>=5 AND 净利润@2020<=10", {B, G}),
    ("净利润@2018>5 AND 净利润@2019>5 AND 净利润@2020>5", {A, C}),
    ("净利润@2018<0 OR 净利润@2019<0", {B, F}),
    ("NOT (净利润@2018>5 AND 净利润@2018<20)", {B, E, F, G}),
    ("净利润@2020>净利润@2018", {A, B, C, G}),
    ("净利润@2020>净利润@2019*1.2", {B, C, G}),
    ("营业收入@2020 IS NULL", {D}),
    ("研发费用@2018 IS NOT NULL AND 营业收入@2018<100", {B, G}),
    ("注册地址@2020 LIKE '浙江' AND 净利润@2020<14.4", {D}),
    ("法定代表人@2020=法定代表人@2019", {B, C, G}),
    ("法定代表人@2018 LIKE '三'", {A}),
    ("净利润@2018>(SELECT AVG(净利润@2018))", {F}),
    ("净利润@2018>(SELECT MEDIAN(净利润@2018))", {A, C, F}),
    ("净利润@2020>(SELECT AVG(净利润@2020) WHERE 注册地址@2020 LIKE '浙江')", {A, B, C}),
    (f"营业收入@2018<{B}.营业收入@2018", {C, E, G}),
    (f"公司<>{A} AND 净利润@2018>{A}.净利润@2018/2", {C, F}),
    ("增长率(净利润@2018,净利润@2020)>0.5", where(growth("净利润", 2018, 2020), lambda v: v > Decimal("0.5"))),
    ("增长率(净利润@2018,净利润@2019)<-0.2", where(growth("净利润", 2018, 2019), lambda v: v < Decimal("-0.2"))),
    ("年均增长率(净利润@2018,净利润@2020)>0.25", where(yearly("净利润", 2018, 2020), lambda v: v > Decimal("0.25"))),
    ("年均增长率(净利润@2018,净利润@2020)<=0.25", {A}),
    ("年均增长率(营业收入@2018,营业收入@2019)<-0.1", {F}),
    ("0.25<年均增长率(净利润@2018,净利润@2020)", {C, G}),
    ("年均增长率(净利润@2018,净利润@2020)>年均增长率(职工总人数@2018,职工总人数@2020)", {A, C, G}),
    (f"年均增长率(净利润@2018,净利润@2020)>年均增长率({A}.净利润@2018,{A}.净利润@2020)", {C, G}),
    ("年均增长率(净利润@2018,净利润@2020)>-2", {A, C, G}),
    ("净利润@2020/营业收入@2020>0.1", {B, C}),
    ("职工总人数@2018/职工总人数@2020>0.8", {A, G}),
    ("毛利率@2018>0.35", where(lambda c: over(*_gross(c, 2018)), lambda v: v > Decimal("0.35"))),
    (f"公司 IN ({A},{B},{E}) AND 净利润@2018>0", {A, E}),
    ("公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 3) AND 净利润@2018>0", {A, F}),
    ("NOT 公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 3) AND 净利润@2018>0", {C, E, G}),
    ("公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 2,4) AND 净利润@2018>0", {A, G}),
    (
        "公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 3) AND 公司 IN (SELECT 公司 ORDER BY 净利润@2020 DESC LIMIT 3)",
        {A, B},
    ),
    ("公司 IN (SELECT 公司 WHERE 净利润@2018>5) AND NOT 公司 IN (SELECT 公司 WHERE 净利润@2019>5)", {F}),
    ("公司 IN (SELECT 公司 WHERE 净利润@2018>5) OR 公司 IN (SELECT 公司 WHERE 净利润@2020<1)", {A, C, D, F}),
    ("(净利润@2020>10)+(营业收入@2020>50)+(研发费用@2020>0.5)>=2", {A, B, G}),
    ("(净利润@2018>5)+(净利润@2019>5)=1", {F}),
    ("公司@2018 IS NOT NULL AND 公司@2020 IS NULL", {E, F}),
    ("公司@2018 IS NULL AND 公司@2020 IS NOT NULL", {D}),
    ("公司@2020 IS NULL", {E, F}),
    ("NOT 公司@2020 IS NOT NULL", {E, F}),
    ("公司@2018 IS NULL OR 公司@2019 IS NULL", {D, E}),
    ("股票代码 LIKE '30' AND 净利润@2018>1", {F, G}),
    ("股票代码 LIKE '60'", {A, B}),
    ("公司全称 LIKE '集团'", {F}),
    ("公司全称 LIKE '股份' AND 净利润@2020>10", {A, C}),
    ("GREATEST(净利润@2018,净利润@2019)>9", {A, F}),
    ("ABS(净利润@2018)>=5 AND ABS(净利润@2018)<=8", {B, C}),
    (
        "研发费用率@2018>0.03",
        where(lambda c: over(number(c, 2018, "研发费用"), number(c, 2018, "营业收入")), lambda v: v > Decimal("0.03")),
    ),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=[condition for condition, _ in CONDITIONS])
def test_companies_that_meet_a_condition_and_how_many(base: Database, condition: str, expected: set[str]) -> None:
    got = run(base, f"SELECT 公司 WHERE {condition}")
    assert set(names(got)) == expected and len(got.rows) == len(expected)
    assert value(run(base, f"SELECT COUNT(*) WHERE {condition}")) == len(expected)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("年均增长率(净利润@2018,净利润@2020)*2>0.1", "年均增长率"),
        ("年均增长率(净利润@2018,净利润@2020)>年均增长率(净利润@2018,净利润@2019)", "年数相同"),
        ("没有的东西@2018>1", "没有字段“没有的东西”"),
        ("名次(净利润@2018)<3", "名次"),
        (f"净利润@2018>{D}.净利润@2018", "丁"),
        (f"净利润@2018>{C}.研发费用@2018", "丙"),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused_in_a_sentence(base: Database, condition: str, why: str) -> None:
    with pytest.raises(NotAnswerable, match=why):
        run(base, f"SELECT 公司 WHERE {condition}")


def test_found_companies_tell_their_items_and_what_was_compared(base: Database) -> None:
    got = run(base, "SELECT 法定代表人@2020,净利润@2018 WHERE 净利润@2020>净利润@2018*2 ORDER BY 营业收入@2020 DESC")
    assert [row.values for row in got.rows] == [("王五", Decimal(-5))]
    assert got.rows[0].shown == {"营业收入@2020": 90, "净利润@2020": 10}
    share = run(base, f"SELECT 净利润@2018/(SELECT SUM(净利润@2018)),{A}.净利润@2019 WHERE 净利润@2018>9")
    assert names(share) == [F, A] and [row.values[1] for row in share.rows] == [Decimal("12.1")] * 2
    assert all(near(row.values[0], n(row.company, 2018, "净利润") / Decimal("66.2")) for row in share.rows)


# --- numbers over companies


@pytest.mark.parametrize("column", ["净利润", "营业收入", "研发费用", "职工总人数"])
@pytest.mark.parametrize("year", [2018, 2019, 2020])
def test_aggregates(base: Database, column: str, year: int) -> None:
    figures = list(known(of(column, year)).values())
    items = ",".join(f"{name}({column}@{year})" for name in ("SUM", "AVG", "MAX", "MIN", "MEDIAN", "COUNT"))
    right = [
        sum(figures), sum(figures) / Decimal(len(figures)), max(figures), min(figures), statistics.median(figures), len(figures)
    ]  # fmt: skip
    got = values(run(base, f"SELECT {items}"))
    assert all(near(Decimal(str(a)), Decimal(b)) for a, b in zip(got, right)), (got, right)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("增长率(SUM(净利润@2018),SUM(净利润@2019))", (Decimal("-6.9") - Decimal("66.2")) / Decimal("66.2")),
        ("年均增长率(SUM(职工总人数@2018),SUM(职工总人数@2020))", None),
        ("SUM(净利润@2018)/SUM(营业收入@2018)", Decimal("66.2") / Decimal("733.33")),
        ("MAX(净利润@2018)-MIN(净利润@2018)", Decimal(55)),
        ("AVG(净利润@2018>5)", Decimal(3) / 6),
        ("AVG(研发费用@2018>1)", Decimal(2) / 4),
        ("SUM(净利润@2018>5)", Decimal(3)),
        ("COUNT(公司@2020)", Decimal(5)),
        ("COUNT(公司@2018)", Decimal(6)),
        ("COUNT(DISTINCT 法定代表人@2020)", Decimal(5)),
        ("COUNT(DISTINCT 注册地址@2018)", Decimal(6)),
        ("AVG(净利润@2018/职工总人数@2018)", None),
        ("AVG(增长率(净利润@2018,净利润@2019))", None),
        ("AVG(年均增长率(净利润@2018,净利润@2020))", None),
        ("MEDIAN(年均增长率(净利润@2018,净利润@2020))", None),
        ("COUNT(*)", Decimal(7)),
    ],
)
def test_arithmetic_of_aggregates(base: Database, item: str, expected: Decimal | None) -> None:
    rates = known(yearly("净利润", 2018, 2020)).values()
    special = {
        "年均增长率(SUM(职工总人数@2018),SUM(职工总人数@2020))": (Decimal(65) / Decimal(257)).sqrt() - 1,
        "AVG(净利润@2018/职工总人数@2018)": Decimal(
            statistics.mean(known(lambda c: over(number(c, 2018, "净利润"), number(c, 2018, "职工总人数"))).values())
        ),
        "AVG(增长率(净利润@2018,净利润@2019))": Decimal(statistics.mean(known(growth("净利润", 2018, 2019)).values())),
        "AVG(年均增长率(净利润@2018,净利润@2020))": sum(rates) / Decimal(len(rates)),
        "MEDIAN(年均增长率(净利润@2018,净利润@2020))": statistics.median(rates),
    }
    assert near(value(run(base, f"SELECT {item}")), special[item] if expected is None else expected)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SUM(净利润@2018) WHERE 注册地址@2018 LIKE '杭州'", Decimal(18)),
        ("SUM(净利润@2018) WHERE 公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 2)", Decimal(60)),
        ("SUM(研发费用@2018) WHERE 公司 IN (SELECT 公司 WHERE 净利润@2018>5)", Decimal("21.5")),
        ("AVG(净利润@2019) WHERE 公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 2,3)", Decimal("5.05")),
        ("MEDIAN(净利润@2018) WHERE 净利润@2018>0", Decimal(8)),
        ("MEDIAN(净利润@2018) WHERE 净利润@2018>0 AND 净利润@2018<50", Decimal("5.5")),
        ("COUNT(*) WHERE 公司 IN (SELECT 公司 WHERE 净利润@2018>5)", Decimal(3)),
        ("COUNT(*) WHERE 公司 IN (SELECT 公司 WHERE 净利润@2018>500)", Decimal(0)),
        (f"COUNT(*) WHERE 公司 IN ({A},{B}) AND NOT 公司 IN (SELECT 公司 WHERE 净利润@2018>5)", Decimal(1)),
        ("COUNT(DISTINCT 法定代表人@2020) WHERE 净利润@2020>9", Decimal(3)),
        ("(SELECT SUM(净利润@2018) WHERE 公司 IN (SELECT 公司 ORDER BY 净利润@2018 DESC LIMIT 1))/(SELECT SUM(净利润@2018))", Decimal(50) / Decimal("66.2")),
        ("(SELECT 净利润@2018 ORDER BY 净利润@2018 DESC LIMIT 1)-(SELECT 净利润@2018 ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 2)", Decimal(40)),
        (f"(SELECT 净利润@2018 WHERE 公司 IN ({A},{B},{C}) ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 2)", Decimal(8)),
    ],
)  # fmt: skip
def test_numbers_over_some_companies(base: Database, statement: str, expected: Decimal) -> None:
    assert near(value(run(base, f"SELECT {statement}")), expected)


def test_nothing_adds_up_to_nothing(base: Database) -> None:
    got = run(base, "SELECT SUM(净利润@2018),MEDIAN(净利润@2018),AVG(净利润@2018) WHERE 净利润@2018>500")
    assert values(got) == [None, None, None]


# --- what was just shown


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", [G, A, B, C]),
        ("[2:]", [A, B, C]),
        ("[:2]", [G, A]),
        ("[2:3]", [A, B]),
        ("[-1:]", [C]),
        ("[:-1]", [G, A, B]),
    ],
)
def test_slices_of_what_was_shown_in_its_order(base: Database, rows: str, expected: list[str]) -> None:
    got = run(base, f"SELECT 净利润@2018 WHERE 公司 IN 上述{rows}", (G, A, B, C))
    assert names(got) == expected and [row.values[0] for row in got.rows] == [n(c, 2018, "净利润") for c in expected]


def test_rows_that_were_shown_are_sorted_cut_filtered_and_added_up(base: Database) -> None:
    shown = (G, A, B, C)
    assert names(run(base, "SELECT 公司 WHERE 公司 IN 上述 ORDER BY 净利润@2018 DESC LIMIT 2", shown)) == [A, C]
    assert names(run(base, "SELECT 公司 WHERE 公司 IN 上述 ORDER BY 净利润@2018 ASC LIMIT 1 OFFSET 2", shown)) == [G]
    assert set(names(run(base, "SELECT 公司 WHERE 公司 IN 上述 AND 净利润@2018>5", shown))) == {A, C}
    assert value(run(base, "SELECT SUM(净利润@2018) WHERE 公司 IN 上述", shown)) == 16
    assert value(run(base, "SELECT COUNT(*) WHERE 公司 IN 上述", shown)) == 4
    assert values(run(base, "SELECT 净利润@2019 WHERE 公司=上述[2]", shown)) == [Decimal("12.1")]
    assert values(run(base, "SELECT 净利润@2019 WHERE 公司=上述[-1]", shown)) == [9]
    with pytest.raises(NotAnswerable, match="没有第5家"):
        run(base, "SELECT 净利润@2019 WHERE 公司=上述[5]", shown)


def test_what_a_company_that_was_shown_lacks_is_empty(base: Database) -> None:
    got = run(base, "SELECT 净利润@2019 WHERE 公司 IN 上述", (D, A))
    assert [(row.company, row.values) for row in got.rows] == [(D, (None,)), (A, (Decimal("12.1"),))]
    assert names(run(base, "SELECT 公司 WHERE 公司 IN 上述 ORDER BY 净利润@2019 DESC", (D, A))) == [A]


def test_of_the_first_by_one_figure_the_first_by_another(base: Database) -> None:
    inner = "公司 IN (SELECT 公司 ORDER BY 营业收入@2018 DESC LIMIT 4)"
    by_income = ranked(known(of("营业收入", 2018)))[:4]
    right = ranked(known(of("净利润", 2018), by_income))
    assert names(run(base, f"SELECT 公司 WHERE {inner} ORDER BY 净利润@2018 DESC LIMIT 2")) == right[:2]
    assert names(run(base, f"SELECT 公司 WHERE {inner} ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 3")) == right[2:3]
    within = f"公司 IN (SELECT 公司 WHERE {inner} ORDER BY 净利润@2018 DESC LIMIT 2)"
    assert set(names(run(base, f"SELECT 公司 WHERE {within} AND 净利润@2018>20"))) == {F}


def test_a_company_that_changed_its_name_is_one_company(base: Database) -> None:
    aliases = {A: (G, A)}  # as if 甲 had been called 庚
    got = run(
        base,
        "SELECT COUNT(*) WHERE 公司 IN (SELECT 公司 WHERE 净利润@2018>=3) AND NOT 公司 IN (SELECT 公司 WHERE 净利润@2018>20)",
        aliases=aliases,
    )
    assert value(got) == 2  # 甲 alias 庚, and 丙


def test_the_sample_has_what_is_tested() -> None:
    assert COMPANIES and text(A, 2018, "法定代表人") == "张三" and number(C, 2019, "职工总人数") is None
