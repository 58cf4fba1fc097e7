import datetime

import pytest

from agent.figures.periods import NoPeriod, period_of, scope_of


@pytest.mark.parametrize(
    ("cell", "year", "period"),
    [
        ("2019-12-31", 2019, "年报"),
        ("2019-12-31 00:00:00", 2019, "年报"),
        ("20190930", 2019, "三季报"),
        (20190331.0, 2019, "一季报"),
        ("2019/6/30", 2019, "半年报"),
        ("2019年6月30日", 2019, "半年报"),
        ("2019-06", 2019, "半年报"),
        (datetime.datetime(2019, 9, 30), 2019, "三季报"),
        ("2019年报", 2019, "年报"),
        ("2019三季报", 2019, "三季报"),
        ("2019Q1", 2019, "一季报"),
        ("2019中报", 2019, "半年报"),
        ("2019", 2019, "年报"),
        ("前三季度", None, "三季报"),
        ("半年度报告", None, "半年报"),
    ],
)
def test_a_reporting_period_in_every_spelling(cell: object, year: int | None, period: str) -> None:
    assert period_of(cell) == (year, period)


@pytest.mark.parametrize("cell", ["2019-01-01", "2019-12-30", "20191301", "19", "春季", ""])
def test_what_ends_no_reporting_period_is_none(cell: str) -> None:
    with pytest.raises(NoPeriod):
        period_of(cell)


def test_consolidated_and_parent_statements() -> None:
    assert {scope_of(cell) for cell in ("合并", "合并报表", "A", "1", 1.0)} == {"合并"}
    assert {scope_of(cell) for cell in ("母公司", "母公司报表", "B", "6")} == {"母公司"}
    with pytest.raises(NoPeriod):
        scope_of("单季合并")
