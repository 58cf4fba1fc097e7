"""Slots become names again, and a statement is carried over to the next question."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.syntax import StatementError
from agent.understanding.slots import Before, Slotted, SlotValue, before, mark_of, prompt, restored

VALUES: dict[str, SlotValue] = {
    "C1": "甲公司", "C2": "乙公司", "M1": "净利润", "M2": "营业收入", "P1": "杭州", "A1": Decimal("5E+8"), "X1": Decimal("0.2"),
    "K1": 3, "K10": 7, "S1": "688", "N1": Decimal(2),
}  # fmt: skip
ASKED = Slotted("", "", VALUES, (2019, 2021))
UNDATED = Slotted("", "", VALUES)
LATEST = 2021


def written(text: str, slotted: Slotted = ASKED) -> str:
    return write(restored(parse(text), slotted, LATEST))


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("SELECT M1@Y1 WHERE 公司=C1", "SELECT 净利润@2019 WHERE 公司=甲公司"),
        ("SELECT C1.M1@Y2-C2.M1@Y2", "SELECT 甲公司.净利润@2021-乙公司.净利润@2021"),
        ("SELECT 公司 WHERE M1@Y1>A1", "SELECT 公司 WHERE 净利润@2019>500000000"),
        ("SELECT 公司 WHERE M1@Y1/M2@Y1>X1", "SELECT 公司 WHERE 净利润@2019/营业收入@2019>0.2"),
        ("SELECT 公司 WHERE 注册地址@Y1 LIKE P1", "SELECT 公司 WHERE 注册地址@2019 LIKE '杭州'"),
        ("SELECT 公司 WHERE 股票代码@Y1 LIKE S1", "SELECT 公司 WHERE 股票代码@2019 LIKE '688'"),
        ("SELECT M1@Y1 WHERE 公司 IN (C1,C2)", "SELECT 净利润@2019 WHERE 公司 IN (甲公司,乙公司)"),
        ("SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1", "SELECT 公司 ORDER BY 净利润@2019 DESC LIMIT 3"),
        ("SELECT 公司 ORDER BY M1@Y1 DESC LIMIT 1 OFFSET K10", "SELECT 公司 ORDER BY 净利润@2019 DESC LIMIT 1 OFFSET 7"),
        ("SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1,K10", "SELECT 公司 ORDER BY 净利润@2019 DESC LIMIT 3,7"),
        ("SELECT M1@Y1 WHERE 公司 IN 上述[:K1]", "SELECT 净利润@2019 WHERE 公司 IN 上述[:3]"),
        ("SELECT M1@Y1 WHERE 公司=上述[K1]", "SELECT 净利润@2019 WHERE 公司=上述[3]"),
        ("SELECT M1@Y1 WHERE 公司=C1 AS 亿元 N1位", "SELECT 净利润@2019 WHERE 公司=甲公司 AS 亿元 2位"),
        ("SELECT 毛利率@Y1 WHERE 公司=C1", "SELECT 毛利率@2019 WHERE 公司=甲公司"),
        ("NONE", "NONE"),
    ],
)  # fmt: skip
def test_every_kind_of_slot_becomes_what_it_stands_for(text: str, real: str) -> None:
    assert written(text) == real


@pytest.mark.parametrize(
    ("name", "year"), [("Y0", 2018), ("Y00", 2017), ("Y1", 2019), ("Y2", 2021), ("Z1", 2022), ("Z2", 2023)]
)
def test_years_that_are_not_named_lean_on_the_first_and_the_last_that_are(name: str, year: int) -> None:
    assert written(f"SELECT M1@{name} WHERE 公司=C1") == f"SELECT 净利润@{year} WHERE 公司=甲公司"


@pytest.mark.parametrize(("name", "year"), [("Y1", 2021), ("Y0", 2020), ("Y00", 2019), ("Z1", 2022)])
def test_where_no_year_is_named_the_latest_is_meant(name: str, year: int) -> None:
    assert written(f"SELECT M1@{name} WHERE 公司=C1", UNDATED) == f"SELECT 净利润@{year} WHERE 公司=甲公司"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT M3@Y1 WHERE 公司=C1",
        "SELECT M12@Y1 WHERE 公司=C1",
        "SELECT M1@Y1 WHERE 公司=C3",
        "SELECT M1@Y3 WHERE 公司=C1",
        "SELECT M1@Y000 WHERE 公司=C1",
        "SELECT C3.M1@Y1",
        "SELECT M1@Y1 WHERE 公司 IN (C1,C3)",
        "SELECT 公司 WHERE M1@Y1>A2",
        "SELECT 公司 WHERE 注册地址@Y1 LIKE P2",
        "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K2",
        "SELECT M1@Y1 WHERE 公司=上述[K2]",
        "SELECT M1@Y1 WHERE 公司=C1 AS N2位",
        "SELECT T1@Y1 WHERE 公司=C1",
    ],
)
def test_a_slot_that_the_question_has_not_is_an_error(text: str) -> None:
    with pytest.raises(StatementError):
        written(text)


def test_a_figures_mark_says_its_kind_and_no_other_mark_does() -> None:
    marks = [mark_of("M1", column) for column in ("净利润", "职工总人数", "毛利率", "基本每股收益")]
    assert marks == ["[M1m]", "[M1h]", "[M1r]", "[M1s]"]
    assert [mark_of(name, VALUES[name]) for name in ("C1", "P1", "K1")] == ["[C1]", "[P1]", "[K1]"]


def carried(text: str, slotted: Slotted = ASKED) -> Before:
    return before(parse(text), slotted, LATEST)


def test_a_statement_is_carried_over_with_its_slots_in_the_order_in_which_it_names_them() -> None:
    earlier = carried("SELECT M2@Y2,M1@Y2 WHERE 公司=C2")
    assert earlier.text == "SELECT M1@Y1,M2@Y1 WHERE 公司=C1" and earlier.years == (2021,)
    assert earlier.values == {"M1": "营业收入", "M2": "净利润", "C1": "乙公司"}


def test_years_that_a_statement_implies_count_as_named_afterwards() -> None:
    assert carried("SELECT 增长率(M1@Y0,M1@Y1) WHERE 公司=C1", UNDATED) == Before(
        "SELECT 增长率(M1@Y1,M1@Y2) WHERE 公司=C1", {"M1": "净利润", "C1": "甲公司"}, (2020, 2021)
    )


def test_what_the_statement_left_out_is_not_carried_over() -> None:
    assert set(carried("SELECT M1@Y1 WHERE 公司=C1").values) == {"M1", "C1"}


def test_the_reader_sees_the_earlier_statement_with_marks_and_the_years_of_both_numbered_together() -> None:
    earlier = carried("SELECT M1@Y2 WHERE 公司=C1")
    assert prompt(earlier, (2021,)) == "SELECT [M1m]@[Y1] WHERE 公司=[C1]"
    assert prompt(earlier, (2019, 2020, 2021)) == "SELECT [M1m]@[Y3] WHERE 公司=[C1]"


def test_names_survive_several_turns() -> None:
    first = carried("SELECT 公司 WHERE M2@Y2>A1 ORDER BY M1@Y2 DESC LIMIT K1")
    second = Slotted("", "", {**first.values, "C1": "丙公司"}, (2020, 2021))
    again = before(parse("SELECT M2@Y1,M1@Y2 WHERE 公司=C1"), second, LATEST)
    assert again.text == "SELECT M1@Y1,M2@Y2 WHERE 公司=C1" and again.years == (2020, 2021)
    assert again.values == {"M1": "净利润", "M2": "营业收入", "C1": "丙公司"}
