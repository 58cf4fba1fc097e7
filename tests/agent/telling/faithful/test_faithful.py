"""What the checker lets pass and what it stops: hand-written conclusions about a small table, and perturbed ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.records import Facts, QueryResult
from agent.telling import faithful
from agent.telling.conclude import conclude
from tests.agent.facts import ASKED, database_in, facts_of


@lru_cache(maxsize=1)
def known() -> dict[str, Facts]:
    database = database_in(Path(mkdtemp()))
    return {name: facts_of(database, name) for name in ASKED}


def _conclusions(kind: str) -> list[tuple[str, str]]:
    """(question, conclusion) of the lines under [true] or [false] in conclusions.txt."""
    text = Path(__file__).with_name("conclusions.txt").read_text(encoding="utf-8")
    lines = text.split(f"[{kind}]\n")[1].split("\n\n")[0].splitlines()
    return [(name, said) for name, _, said in (line.partition(" ") for line in lines)]


TRUE, FALSE = _conclusions("true"), _conclusions("false")


@pytest.mark.parametrize("name,text", TRUE)
def test_a_true_conclusion_passes(name: str, text: str) -> None:
    assert faithful.unbacked(text, known()[name]) == []


@pytest.mark.parametrize("name,text", FALSE)
def test_a_false_conclusion_is_stopped(name: str, text: str) -> None:
    assert faithful.unbacked(text, known()[name]) != []


@pytest.mark.parametrize("name", ASKED)
def test_what_the_templates_say_passes(name: str) -> None:
    assert faithful.unbacked(conclude(known()[name]).text, known()[name]) == []


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ASKED)), st.data())
def test_no_digit_of_an_answer_can_be_changed(name: str, data: st.DataObject) -> None:
    text = conclude(known()[name]).text
    at = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit()] or [0]))
    digit = data.draw(st.sampled_from([c for c in "0123456789" if c != text[at]]))
    if text[at].isdigit():
        assert faithful.unbacked(text[:at] + digit + text[at + 1 :], known()[name]) != []


def _with_profit(value: Decimal) -> Facts:
    """The facts of a figure, another one in its cell."""
    facts = known()["figure"]
    rows = tuple(tuple(value if isinstance(v, Decimal) else v for v in row) for row in facts.result.rows)
    return replace(facts, result=QueryResult(facts.result.columns, rows))


_UNITS = {"元": 1, "万元": 10**4, "亿元": 10**8}


@settings(max_examples=150, deadline=None)
@given(
    st.decimals(Decimal("-9999999999999"), Decimal("9999999999999"), places=2),
    st.sampled_from(sorted(_UNITS)),
    st.integers(2, 6),
    st.integers(-3, 3),
)
def test_a_figure_in_any_unit_is_backed_when_rounded_and_not_a_unit_off(
    value: Decimal, unit: str, decimals: int, off: int
) -> None:
    step = Decimal(1).scaleb(-decimals)
    printed = (value / _UNITS[unit]).quantize(step, ROUND_HALF_UP) + off * step
    said = f"2020年华兴科技的净利润为{printed:,f}{unit}。"
    figures = len(str(abs(printed)).replace(".", "").lstrip("0"))
    exact = printed * _UNITS[unit] == value
    near = exact or (figures >= 3 and abs(printed * _UNITS[unit] - value) * 2 <= step * _UNITS[unit])
    assert (faithful.unbacked(said, _with_profit(value)) == []) == near


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="华瑞苏杭天地玄黄宇宙洪荒ABC因何市场扩张", min_size=1, max_size=6))
def test_an_invented_name_or_reason_is_stopped(words: str) -> None:
    assert faithful.unbacked(f"2020年华兴科技的净利润是123456789.12元，{words}。", known()["figure"]) != []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(faithful.unbacked(text, known()["ranking"]), list)
