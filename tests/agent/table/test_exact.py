import sqlite3
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.table import exact

CENTS = st.integers(-(10**18), 10**18).map(lambda cents: cents / 100)
NUMBERS = st.one_of(CENTS, st.integers(-(10**18), 10**18), st.floats(-1e22, 1e22, allow_nan=False))


def slow(values: list) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return sum((Decimal(repr(v)) for v in values), Decimal(0))


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, max_size=30))
def test_a_total_is_the_sum_of_what_the_numbers_print_as(values: list) -> None:
    assert exact.total(values) == slow(values)


@settings(max_examples=200, deadline=None)
@given(st.lists(CENTS, min_size=1, max_size=30))
def test_money_is_added_up_to_the_cent_whatever_its_size(values: list[float]) -> None:
    assert exact.total(values) == slow(values)


@pytest.mark.parametrize(
    "values", [[0.005], [1e13 + 0.02, 0.01], [10.0**15], [0.1] * 11, [7.03e13 + 0.01], ["12.5", 3], [5e-324, 1.0]]
)
def test_what_is_no_money_or_too_long_is_added_the_slow_way(values: list) -> None:
    assert exact.total(values) == sum(Decimal(str(v)) for v in values)


def answer(statement: str) -> str | None:
    connection = sqlite3.connect(":memory:")
    connection.create_aggregate("sum", 1, exact.Sum)
    connection.create_aggregate("avg", 1, exact.Avg)
    connection.execute("CREATE TABLE t (a REAL, g)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(0.1, 1), (0.2, 1), (None, 1), (None, 2), (1e15, 3)])
    return exact.exact(connection.execute(statement).fetchone()[0])  # type: ignore[return-value]


def test_sums_and_averages_leave_out_what_is_missing() -> None:
    assert answer("SELECT SUM(a) FROM t WHERE g = 1") == Decimal("0.3")
    assert answer("SELECT AVG(a) FROM t WHERE g = 1") == Decimal("0.15")
    assert answer("SELECT SUM(a) FROM t WHERE g = 2") is None
    assert answer("SELECT AVG(a) FROM t WHERE g = 9") is None
    assert answer("SELECT SUM(a) FROM t") == Decimal("1000000000000000.3")
    assert answer("SELECT COUNT(*) FROM (SELECT SUM(a) FROM t GROUP BY g)") == 3


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (100.0, "100"),
        (Decimal("90.0300"), "90.03"),
        (Decimal("100"), "100"),
        (Decimal("1E+3"), "1000"),
        (-0.5, "-0.5"),
        (1e22, "10000000000000000000000"),
        (7, "7"),
        ("7.0", "7.0"),
        (None, "None"),
    ],
)
def test_a_value_prints_without_zeros_that_say_nothing(value: object, printed: str) -> None:
    assert str(exact.exact(value)) == printed
