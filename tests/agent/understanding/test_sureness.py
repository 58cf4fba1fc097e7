"""How sure a reading is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.records import Written
from agent.understanding.sureness import how_sure

LOG = st.floats(-8, 0, allow_nan=False)


def sure(best: float, lowest: float, other: float, unread: str = "") -> float:
    written = [Written("a", best, lowest), Written("b", other, other)]
    written.sort(key=lambda each: -each.logprob)
    one, two = (next(each for each in written if each.text == text) for text in "ab")
    return how_sure(one, [two], written, unread)


@settings(deadline=None)
@given(LOG, LOG, LOG, LOG)
def test_a_likelier_reading_is_surer(a: float, b: float, lowest: float, other: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= sure(low, lowest, other) <= sure(high, lowest, other) <= 1


@settings(deadline=None)
@given(LOG, LOG, LOG, LOG)
def test_a_likelier_rival_or_a_doubtful_symbol_makes_it_less_sure(
    a: float, b: float, best: float, third: float
) -> None:
    low, high = sorted((a, b))
    assert sure(best, third, high) <= sure(best, third, low)
    assert sure(best, low, third) <= sure(best, high, third)


@settings(deadline=None)
@given(LOG, LOG)
def test_every_character_that_nothing_explains_makes_it_less_sure(best: float, other: float) -> None:
    assert sure(best, best, other, "天马微") < sure(best, best, other, "天") < sure(best, best, other)


def test_a_reading_without_a_rival_is_as_sure_as_one_whose_rivals_are_far_behind() -> None:
    best = Written("a", -0.1, -0.1)
    assert how_sure(best, [], [best], "") == how_sure(best, [Written("b", -9, -9)], [best], "")
