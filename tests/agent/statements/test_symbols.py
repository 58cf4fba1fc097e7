"""A statement is the same after it was symbols; the vocabulary has every symbol that a reader has to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.figures import schema
from agent.statements.symbols import symbols_of, text_of, vocabulary
from agent.statements.syntax import StatementError
from tests.agent.statements.test_syntax import WORDINGS, statements

# What people call a column instead of its name, the slots of texts, which the generator fills with columns, and ranks that are written out.
_OUTSIDE = re.compile(r"[一-鿿]+|T\d|\d\d")


@pytest.mark.parametrize("path", WORDINGS, ids=lambda path: path.stem)
def test_every_wordings_statement_survives(path: Path) -> None:
    known = set(vocabulary())
    for text in statements(path):
        symbols = symbols_of(text)
        assert text_of(symbols) == text
        strange = set(symbols) - known
        assert all(_OUTSIDE.fullmatch(symbol) for symbol in strange), strange


def test_symbols() -> None:
    assert symbols_of("SELECT M1@Y1 WHERE 公司=C1 AS 亿元 N1位") == ["SELECT", "M1", "@Y1", "WHERE", "公司", "=", "C1", "AS", "亿元", "N1", "位"]  # fmt: skip
    assert symbols_of("SELECT COUNT(*) WHERE NOT 公司 IN (C1,C2)")[:4] == ["SELECT", "COUNT(*)", "WHERE", "NOT"]
    assert symbols_of("SELECT 年均增长率(M1@Y0,M1@Y1) WHERE 公司=C1")[1] == "年均增长率("


@pytest.mark.parametrize(
    "text", ["SELECT M1@2020 WHERE 公司=C1", "SELECT M1;", "SELECT 'x'", 'SELECT "x"', "SELECT M1@Y1#"]
)
def test_what_is_no_statement_over_slots_has_no_symbols(text: str) -> None:
    with pytest.raises(StatementError):
        symbols_of(text)


def test_the_vocabulary_has_nothing_twice_and_every_column() -> None:
    words = vocabulary()
    assert len(words) == len(set(words)) and words[:3] == ["<pad>", "<s>", "</s>"]
    assert {*schema.columns(), *schema.formulas()} <= set(words)
