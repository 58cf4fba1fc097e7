"""Text as it is searched."""

from __future__ import annotations

from agent.text import Lookup, mark, normalise


def test_lookup_finds_the_longest_word_even_at_the_end() -> None:
    lookup = Lookup(["净利润", "净利润率", "营业收入"])
    assert lookup.spans("净利润率和净利润") == [(0, 4), (5, 8)]


def test_marking_keeps_every_other_character_where_it_is() -> None:
    assert mark("2020年净利润", [((0, 5), "#")]) == "#####净利润"


def test_two_years_that_only_a_space_keeps_apart_stay_apart() -> None:
    assert normalise("２０１９ 2020年") == "2019、2020年"
