"""Rows for the reader: every wording in the one spelling, held-out texts never taught, years and slots as the agent writes them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.reading.entities import Linker
from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.symbols import symbols_of, text_of, vocabulary
from agent.understanding.explained import KnownPairs
from agent.understanding.mentions import SlotFinder
from data.generator import readings
from data.generator import wordings as written
from data.generator.numerals import slotted
from data.generator.readings import marks, rows
from data.generator.variations import Sayings, Variations
from data.generator.wordings import Wording, canonical, held_out, numbered

SAMPLE = 400


@pytest.fixture(scope="module")
def wordings() -> list[Wording]:
    return list(written.wordings())


@pytest.fixture(scope="module")
def sayings() -> Sayings:
    return Sayings()


@pytest.fixture(scope="module")
def sample(wordings: list[Wording]) -> list[Wording]:
    return random.Random(1).sample(wordings, SAMPLE)


def test_ranks_and_decimals_of_a_wording_become_slots_where_its_statement_has_them() -> None:
    top = "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT"
    assert slotted("[Y1]年[M1]前三", f"{top} 3") == ("[Y1]年[M1]前[K1]", f"{top} K1")
    assert slotted("[Y1]年[M1]第二高的", f"{top} 1 OFFSET 2") == ("[Y1]年[M1]第[K1]高的", f"{top} 1 OFFSET K1")
    assert slotted("[M1]亿元，两位小数", "SELECT M1@Y1 AS 亿元 2位") == ("[M1]亿元，[N1]位小数", "SELECT M1@Y1 AS 亿元 N1位")
    assert slotted("[Y1]年[M1]第一", f"{top} 1") == ("[Y1]年[M1]第一", f"{top} 1")


def bare(text: str) -> str:
    """Without the kinds of figures."""
    return re.sub(r"\[(M\d)\w\]", r"[\1]", text)


def test_every_statement_is_in_the_one_spelling(wordings: Sequence[Wording]) -> None:
    statements = {sql for wording in wordings for sql in (wording.sql, wording.before) if sql}
    assert len(wordings) > 10_000 and not [sql for sql in statements if canonical(sql) != sql]
    assert not [sql for sql in statements if sql != "NONE" and write(parse(sql)) != sql]


def test_nearly_every_statement_is_spelt_with_symbols_of_the_vocabulary_and_read_back_from_them(
    wordings: Sequence[Wording],
) -> None:
    known = frozenset(vocabulary())
    statements = {re.sub(r"T\d@", "法定代表人@", wording.sql) for wording in wordings}
    strange = [sql for sql in statements if not known.issuperset(symbols_of(sql))]
    assert len(strange) <= len(statements) // 100, strange[:20]
    assert not [sql for sql in statements if text_of(symbols_of(sql)) != sql]


@pytest.mark.parametrize(
    ("said", "sql", "one"),
    [
        ("英文名称", "SELECT 英文名称@Y1 WHERE 公司=C1", "SELECT 外文名称@Y1 WHERE 公司=C1"),
        ("year", "SELECT 注册地址 WHERE 公司=C1", "SELECT 注册地址@Y1 WHERE 公司=C1"),
        ("self", "SELECT C1.M1@Y1/(SELECT SUM(M1@Y1))", "SELECT M1@Y1/(SELECT SUM(M1@Y1)) WHERE 公司=C1"),
        ("two", "SELECT C1.M1@Y1-C2.M1@Y1", "SELECT C1.M1@Y1-C2.M1@Y1"),
        ("none", "NONE", "NONE"),
    ],
)
def test_where_hands_differ_one_spelling_is_taken(said: str, sql: str, one: str) -> None:
    assert canonical(sql) == one


@pytest.mark.parametrize(
    ("wording", "sql"),
    [
        (Wording("[Y2]年[C1][M1]比上年多多少", "SELECT M1@Y2-M1@Y1 WHERE 公司=C1"), "SELECT M1@Y1-M1@Y0 WHERE 公司=C1"),
        (Wording("[C1]的[M1]", "SELECT M1@Y2 WHERE 公司=C1"), "SELECT M1@Y1 WHERE 公司=C1"),
        (Wording("[C1][M1]增长", "SELECT 增长率(M1@Y1,M1@Y2) WHERE 公司=C1"), "SELECT 增长率(M1@Y0,M1@Y1) WHERE 公司=C1"),
        (Wording("[Y1]年后一年[M1]", "SELECT M1@Y2 WHERE 公司=C1"), "SELECT M1@Z1 WHERE 公司=C1"),
        (
            Wording("那[Y1]年呢", "SELECT M1@Y1 WHERE 公司=C1", "SELECT M1@Y2 WHERE 公司=C1"),
            "SELECT M1@Y1 WHERE 公司=C1",
        ),
    ],
)  # fmt: skip
def test_years_that_are_not_named_get_names_of_their_own(wording: Wording, sql: str) -> None:
    assert numbered(wording).sql == sql


REAL = {"1": "2019", "2": "2020", "3": "2021"}


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("[Y1]年的[M1]", "SELECT M1@Y1 WHERE 公司=C1"),
        ("[Y2]年的[M1]", "SELECT M1@Y2 WHERE 公司=C1"),
        ("[Y3]年比[Y1]年[M1]", "SELECT M1@Y3-M1@Y1 WHERE 公司=C1"),
        ("[Y1]到[Y3]年[M1]", "SELECT M1@Y1+M1@Y2+M1@Y3 WHERE 公司=C1"),
        ("[Y1]年至[Y3]年[M1]", "SELECT M1@Y1+M1@Y2+M1@Y3 WHERE 公司=C1"),
        ("[Y1]-[Y3]年[M1]", "SELECT M1@Y1+M1@Y2+M1@Y3 WHERE 公司=C1"),
        ("[Y2]年[M1]比上年", "SELECT M1@Y2-M1@Y1 WHERE 公司=C1"),
    ],
)
def test_years_are_numbered_as_the_agent_numbers_them(text: str, sql: str) -> None:
    columns = ["公司全称", "年份", "净利润"]
    finder = SlotFinder(Linker([("甲科技股份有限公司", "甲科技", "600001")], columns), [], columns, 2021)
    said = re.sub(r"\[Y(\d)\]", lambda m: REAL[m[1]], text).replace("[M1]", "净利润")
    found = finder.slotted(said)
    taught = numbered(Wording(text, sql))
    assert re.findall(r"\[Y\d\]", found.text) == re.findall(r"\[Y\d\]", taught.text)
    for name, real in zip(re.findall(r"@(Y\d)", taught.sql), re.findall(r"@Y(\d)", sql)):
        year = found.years[0] - 1 if name == "Y0" else found.years[int(name[1:]) - 1]
        assert str(year) == REAL[real]


def test_texts_that_are_held_out_are_not_taught(wordings: Sequence[Wording], sayings: Sayings) -> None:
    kept = {wording.text for wording in wordings if held_out(wording.text)}
    taught = [wording for wording in wordings if not held_out(wording.text)]
    assert 0.06 < len(kept) / len({wording.text for wording in wordings}) < 0.11
    assert not kept & {wording.text for wording in taught}
    some = random.Random(2).sample(taught, SAMPLE)
    made = [row["text"].split("[SEP]")[-1] for row in rows(some, 0, sayings)]
    assert sum(bare(text) in kept for text in made) <= len(made) // 100  # a mark or a word less may make one of another


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(sample: Sequence[Wording], sayings: Sayings) -> None:
    first, again, other = (list(rows(sample, seed, sayings)) for seed in (3, 3, 4))
    assert first == again and first != other


def test_every_row_is_of_the_vocabulary_and_parses_over_the_slots_of_its_text(
    sample: Sequence[Wording], sayings: Sayings
) -> None:
    made = list(rows(sample, 5, sayings))
    known, tokens = frozenset(vocabulary()), frozenset(marks())
    assert len(made) > SAMPLE
    for row in made:
        assert known.issuperset(row["symbols"])
        parse(text_of(row["symbols"]))
        assert set(re.findall(r"\[\w+\]", row["text"])) <= tokens, row["text"]
        named = {mark[:2] for mark in re.findall(r"\[(\w+)\]", row["text"])}
        assert {s for s in row["symbols"] if re.fullmatch(r"[CPAXKSN]\d", s)} <= named, row


def test_a_figures_kind_is_the_same_wherever_a_row_names_it(sample: Sequence[Wording], sayings: Sayings) -> None:
    for row in rows(sample, 6, sayings):
        found = re.findall(r"\[(M\d)(\w)\]", row["text"])
        assert len(set(found)) == len({slot for slot, _ in found}), row["text"]


def test_words_for_a_column_become_slots_in_the_order_of_the_text(sayings: Sayings) -> None:
    wording = Wording("[C1][Y1]年营业收入和[M1]", "SELECT 营业收入@Y1,M1@Y1 WHERE 公司=C1")
    made, kinds = Variations(random.Random(0), sayings).named(wording)
    assert made.text == "[C1][Y1]年[M1]和[M2]" and made.sql == "SELECT M1@Y1,M2@Y1 WHERE 公司=C1"
    assert kinds == {"M1": "m"}


def test_the_folder_holds_what_training_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: list[Wording]
) -> None:
    monkeypatch.setattr(readings, "wordings", lambda: iter(sample))
    assert readings.write_readings(tmp_path, passes=2) == SAMPLE
    assert {path.name for path in tmp_path.iterdir()} == {
        "train-00.jsonl", "train-01.jsonl", "heldout.jsonl", "symbols.json", "marks.json", "pairs.txt"
    }  # fmt: skip
    row = json.loads((tmp_path / "heldout.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert set(row) == {"text", "symbols"}
    assert json.loads((tmp_path / "symbols.json").read_text(encoding="utf-8")) == vocabulary()
    assert KnownPairs.load(tmp_path / "pairs.txt").unread(sample[0].text) == ""
