"""Children say what their parents say, and every one of them passes the checks."""

from __future__ import annotations

import pytest

from agent.labelling.augmenting import CHANGES, children_of, grow
from agent.labelling.desk import Desk
from agent.labelling.records import Asked, Decision, Label
from agent.labelling.state import Labelled
from tests.agent.labelling.conftest import COUNT, LOOKUP


def parent(desk: Desk, question: str, label: str, terms: tuple[str, ...], sql: str) -> Labelled:
    over = desk.masked(question, terms).text if sql else ""
    made = Label(label, terms, over, sql)
    assert not desk.fault(question, made), desk.fault(question, made)
    asked = Asked("p", question, over, "train", "p")
    return Labelled(asked, made, "accepted", Decision("d", "", "甲", "accept", "p", made))


@pytest.fixture
def lookup(desk: Desk) -> Labelled:
    return parent(desk, "华兴科技2020年的营业收入是多少?", "C", ("营业收入",), LOOKUP.replace("净利润", "货币资金"))


@pytest.fixture
def count(desk: Desk) -> Labelled:
    return parent(desk, "2020年净利润大于100万元的公司有几家?", "E", ("净利润",), COUNT.replace("净利润", "货币资金"))


def test_a_lookup_has_twenty_children_or_more_and_all_of_them_pass(desk: Desk, lookup: Labelled) -> None:
    children = grow(lookup, desk, 30, 7)
    assert len(children) >= 20 and len({question for question, _ in children}) == len(children)
    assert not [fault for question, label in children if (fault := desk.fault(question, label))]


def test_every_kind_of_change_makes_children(desk: Desk, lookup: Labelled, count: Labelled) -> None:
    made = " ".join(question for each in (lookup, count) for question, _ in grow(each, desk, 40, 3))
    assert "瑞达银行" in made and "2021年" in made and "请问" in made  # another company, another year, polite
    assert any(words in made for words in ("营收", "营业总额", "主营收入", "收入"))  # an alias
    assert ("元" in made and "1000000元" in made.replace(",", "")) or "0.01亿元" in made  # another unit


def test_a_child_with_one_figure_more_has_it_in_the_statement(desk: Desk, lookup: Labelled) -> None:
    more = [label for _, label in grow(lookup, desk, 40, 5) if len(label.keywords) > 1]
    assert more and all(label.sql.split(" FROM ")[0].count(",") == len(label.keywords) - 1 for label in more)


def test_children_without_another_figure_return_what_the_statement_says(desk: Desk, count: Labelled) -> None:
    for question, label in grow(count, desk, 20, 1):
        assert label.sql == count.label.sql and desk.run(question, label.keywords, label.sql).intent.shape == "count"


def test_the_same_seed_grows_the_same_children(desk: Desk, lookup: Labelled) -> None:
    assert grow(lookup, desk, 10, 7) == grow(lookup, desk, 10, 7) != grow(lookup, desk, 10, 8)


def test_children_know_their_parent_and_none_grows_unasked(desk: Desk, lookup: Labelled) -> None:
    assert {name for name, _, _ in children_of([lookup], desk, 5, 7)} == {"p"}
    assert children_of([lookup], desk, 0, 7) == [] and len(CHANGES) == 9
