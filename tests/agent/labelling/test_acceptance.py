"""Intervals against published values, thresholds against counts made by hand."""

from __future__ import annotations

import pytest

from agent.labelling.acceptance import (
    NEVER,
    Judged,
    Precision,
    believed,
    clopper_pearson,
    closed,
    doubted,
    may_accept,
    threshold,
    thresholds,
    to_audit,
)
from agent.labelling.records import Draft, Proposal


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [  # scipy.stats.binomtest(right, total).proportion_ci(method="exact")
        (0, 10, 0.0, 0.3084971),
        (10, 10, 0.6915029, 1.0),
        (5, 10, 0.1870860, 0.8129140),
        (1, 20, 0.0012651, 0.2487328),
        (98, 100, 0.9296161, 0.9975687),
        (15, 15, 0.7819806, 1.0),
    ],
)
def test_the_exact_interval(right: int, total: int, low: float, high: float) -> None:
    assert clopper_pearson(right, total) == pytest.approx((low, high), abs=2e-6)


def test_nothing_seen_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0) and "还没有" in str(Precision(0, 0))


def test_an_interval_is_shown_beside_the_share() -> None:
    assert str(Precision(98, 100)) == "98.0%（98/100，95% 区间 93.0%–99.8%）"


def judged(*rights: bool, kind: str = "E/count", start: float = 0.9) -> list[Judged]:
    return [Judged(kind, start - 0.01 * n, right) for n, right in enumerate(rights)]


def test_a_threshold_stops_above_the_rows_that_bring_it_under_the_target() -> None:
    rows = judged(*[True] * 10, False, True)
    assert threshold(rows, 0.985) == pytest.approx(0.81)
    assert threshold(rows, 0.9) == pytest.approx(0.79)


def test_few_rows_prove_nothing() -> None:
    assert threshold(judged(*[True] * 7), 0.9) == NEVER
    assert threshold([], 0.9) == NEVER


def test_rows_that_failed_a_check_do_not_count() -> None:
    rows = [Judged("E", 0.99, False, passed=False), *judged(*[True] * 8)]
    assert threshold(rows, 0.985) == pytest.approx(0.83)


def test_a_kind_with_wrong_rows_has_a_higher_threshold_of_its_own() -> None:
    rows = [*judged(*[True] * 30, kind="C/lookup"), Judged("E/list", 0.8, False)]
    found = thresholds(rows, 0.95)
    assert found["C/lookup"] == pytest.approx(0.61)
    assert found.get("E/list", found[""]) == NEVER == found[""]  # one row of a kind is not enough to borrow on


def test_a_kind_with_some_rows_borrows_the_threshold_of_all_above_its_own_wrong_ones() -> None:
    rows = judged(*[True] * 60, kind="C/lookup")
    right = [Judged("E/list", 0.9, True)] * 3
    assert thresholds([*rows, *right], 0.95)["E/list"] == pytest.approx(0.31)
    assert 0.7 < thresholds([*rows, *right, Judged("E/list", 0.7, False)], 0.95)["E/list"] < 0.71


def test_equal_sureness_stands_or_falls_together() -> None:
    rows = [*judged(*[True] * 8), Judged("E", 0.5, True), Judged("E", 0.5, False)]
    assert threshold(rows, 0.985) == pytest.approx(0.83)


def test_a_failed_check_keeps_a_sure_draft_from_being_accepted() -> None:
    draft = Draft("q", "m", "E", ("净利润",), 0.99, (Proposal("t", shape="count"),), (), 0.99)
    assert may_accept(draft, {"": 0.9}) and not may_accept(draft, {"": 0.9, "E/count": NEVER})
    assert not may_accept(Draft("q", "m", "E", (), 0.99, draft.proposals, ("没有看懂",), 0.99), {"": 0.0})


def test_the_audited_part_is_random_and_the_same_every_time() -> None:
    names = [f"q{n}" for n in range(200)]
    first = to_audit(names, 7)
    assert len(first) == 10 and first == to_audit(list(reversed(names)), 7) != to_audit(names, 8)
    assert len(to_audit(["only"], 7)) == 1 and to_audit([], 7) == []


def test_a_wording_near_a_wrong_one_waits_for_a_person_however_sure() -> None:
    wrong = Judged("E/ranking", 0.98, False, True, "杭州的公司货币资金的最大值是多少")
    right = [Judged("E/ranking", 0.6, True, True, f"0年杭州货币资金最高的前0家是哪些{n * '呢'}") for n in range(4)]
    texts = ["北京的公司货币资金的最大值多少", "0年杭州货币资金最高的前0家有哪些", "什么是商誉"]
    assert doubted(texts, [wrong, *right]) == [True, False, False]
    assert [j.passed for j in believed([wrong, *right])] == [True, True, True, True, True]
    assert [j.passed for j in believed([wrong, wrong, *right])] == [False, False, True, True, True, True]
    assert doubted(["x"], []) == [False]


def test_audits_that_rule_the_target_out_close_their_kind_and_no_other() -> None:
    wrong, right = judged(False, False, False, kind="E/list"), judged(*[True] * 9, False, kind="E/count")
    assert closed([*wrong, *right], 0.985) == {"E/list"}
    assert closed(wrong[:1], 0.985) == {"E/list"} and closed([], 0.985) == set()
