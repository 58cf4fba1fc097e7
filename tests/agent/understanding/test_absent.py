"""Words for what no table of annual figures holds."""

from __future__ import annotations

import pytest

from agent.understanding.absent import AbsentWords


@pytest.mark.parametrize(
    ("text", "word"),
    [("[C1][Y1]年的股价是多少", "股价"), ("[C1][Y1]年的股票价格", "股票价格"), ("[C1]的[M1m]是多少", "")],
)
def test_the_longest_such_word_is_named(text: str, word: str) -> None:
    assert AbsentWords(["净利润"])(text) == word


def test_a_word_that_names_a_column_of_the_table_is_not_absent() -> None:
    assert AbsentWords(["股价"])("[C1][Y1]年的股价是多少") == ""
