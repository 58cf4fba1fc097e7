"""What words say for certain, and where they say nothing."""

from __future__ import annotations

import pytest

from agent.reading.words import Words


@pytest.mark.parametrize(
    "text,highest,lowest,certain",
    [
        ("货币资金最高的前5家", True, False, False),
        ("货币资金排第7的是哪家", True, False, True),
        ("按货币资金从高到低排前5名", True, False, True),
        ("按货币资金从小到大排前5名", False, True, True),
        ("货币资金倒数前5名", False, True, False),
        ("亏损前5名", True, False, False),  # the most of a loss is the least of a profit
        ("亏得最狠的公司", False, True, False),
        ("货币资金下降最快的前5家", True, True, False),
        ("货币资金是多少", False, False, False),
    ],
)
def test_the_direction_of_a_ranking(text: str, highest: bool, lowest: bool, certain: bool) -> None:
    words = Words.of(text)
    assert (words.highest, words.lowest, words.certain) == (highest, lowest, certain)
    assert words.order == ("ASC" if lowest and not highest else "DESC")


@pytest.mark.parametrize(
    "text,some,every",
    [
        ("2020年或2021年排进前5的公司都有哪些", True, False),
        ("随便哪一年进过前5的", True, False),
        ("2020年前5或者在2021年前5的公司", True, False),
        ("2019年到2021年曾经有一年排第一的", True, False),
        ("2019年到2021年都在前5的", False, True),
        ("三年均超过100元", False, True),
        ("曾经在杭州注册的公司", False, False),
        ("各年的平均值分别是多少", False, False),
        ("帮忙都报一下名字", False, False),
    ],
)
def test_some_year_and_every_year(text: str, some: bool, every: bool) -> None:
    assert (Words.of(text).some_year, Words.of(text).every_year) == (some, every)


@pytest.mark.parametrize(
    "text,together,changed",
    [
        ("两年的货币资金加一块儿多少钱", True, False),
        ("两年合起来排第7的公司", True, False),
        ("货币资金从2019年到2021年总共增加了多少元", True, True),
        ("2021年比2020年少了多少", False, True),
        ("2020年货币资金有多少", False, False),
    ],
)
def test_sums_and_changes(text: str, together: bool, changed: bool) -> None:
    assert (Words.of(text).together, Words.of(text).changed) == (together, changed)


@pytest.mark.parametrize(
    "text,which",
    [
        ("货币资金最高的是谁", True),
        ("谁的货币资金最高", True),
        ("2020年货币资金超过5元的有哪几家", True),
        ("谁知道2020年货币资金合计是多少", False),
        ("谁能告诉我2020年货币资金合计", False),
        ("谁能帮我查下2020年货币资金合计", False),
        ("2020年货币资金合计是多少", False),
    ],
)
def test_who_asks_for_a_company_unless_it_is_a_courtesy(text: str, which: bool) -> None:
    assert Words.of(text).which == which
