"""What is labelled first and next."""

from __future__ import annotations

from agent.labelling.records import Asked, Draft, Proposal
from agent.labelling.selection import doubtful, quotas, representative

WORDS = (
    "甲公司的净利润是多少",
    "注册在杭州的公司有几家",
    "研发费用最高的前五家",
    "什么是商誉",
    "两年法定代表人是否相同",
)


def asked(name: str, masked: str, group: str = "") -> Asked:
    return Asked(name, masked, masked, "train", group or name)


def test_the_first_batch_has_one_of_each_wording_before_a_second_of_any() -> None:
    pool = [asked(f"{w}{n}", text + "啊" * n, f"g{w}") for w, text in enumerate(WORDS) for n in range(9)]
    assert {a.group for a in representative(pool, 5)} == {f"g{w}" for w in range(5)}


def test_near_duplicates_count_once_but_fill_up_when_asked_for() -> None:
    pool = [asked(f"q{n}", "甲公司的净利润", "g") for n in range(10)]
    assert len(representative(pool, 1)) == 1 and len(representative(pool, 4)) == 4


def test_what_is_labelled_already_is_not_stood_for_again() -> None:
    pool = [asked(f"q{w}", text) for w, text in enumerate(WORDS)]
    assert representative(pool, 4, known=[pool[0]])[0].id != "q0"
    assert {a.id for a in representative(pool, 4, known=[pool[0]])} == {"q1", "q2", "q3", "q4"}


def draft(name: str, label: str, doubt: float) -> Draft:
    return Draft(name, "m", label, (), 0.9, (Proposal("t", shape="count"),), (), 0.9, doubt)


def test_doubt_decides_among_equals() -> None:
    pool = {a.id: a for a in [asked(f"q{w}", text) for w, text in enumerate(WORDS)]}
    drafts = [draft(name, "E", 0.9 if name == "q3" else 0.1) for name in pool]
    assert doubtful(pool, drafts, 1)[0].id == "q3"


def test_the_same_wording_is_not_asked_twice_while_others_are_open() -> None:
    pool = {a.id: a for a in [asked("a", WORDS[0]), asked("b", WORDS[0] + "?"), asked("c", WORDS[1])]}
    drafts = [draft("a", "E", 0.9), draft("b", "E", 0.9), draft("c", "E", 0.5)]
    assert [a.id for a in doubtful(pool, drafts, 2)] == ["a", "c"]


def test_every_kind_has_its_place_however_sure_the_model_is_of_it() -> None:
    pool = {f"q{n}": asked(f"q{n}", f"{WORDS[n % 5]}{n}") for n in range(50)}
    drafts = [draft(f"q{n}", "D" if n == 7 else "E", 0.01 if n == 7 else 0.8) for n in range(50)]
    assert quotas({"E/count": 49, "D/count": 1}, 10) == {"E/count": 9, "D/count": 2}
    assert "q7" in {a.id for a in doubtful(pool, drafts, 10)}


def test_quotas_lift_the_rare() -> None:
    found = quotas({"a": 900, "b": 100, "c": 1}, 40)
    assert found["a"] < 36 and found["c"] >= 1 and sum(found.values()) >= 40
