"""What nothing explains: characters that have never been read side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.understanding.explained import KnownPairs

KNOWN = KnownPairs.of(["[C1][Y1]年的[M1]是多少？", "哪家公司最高"])


@pytest.mark.parametrize("text", ["[C1][Y1]年的[M1m]是多少", "[Y1]年,哪家公司,[M1m]最高?", "", "[C1]", "多少"])
def test_words_that_were_read_leave_nothing_unread_whatever_stands_in_the_slots(text: str) -> None:
    assert KNOWN.unread(text) == ""


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("天马微电子[Y1]年的[M1m]", "天马微电子"),
        ("[C1][Y1]年蝴蝶是多少", "年蝴蝶是"),
        ("龙虎，天马微电子是多少", "天马微电子是"),
    ],
)
def test_the_longest_stretch_of_unknown_neighbours_is_told(text: str, unread: str) -> None:
    assert KNOWN.unread(text) == unread


def test_neighbours_apart_by_a_slot_or_punctuation_are_no_pair() -> None:
    assert KNOWN.unread("公[C1]少,高") == ""


def test_pairs_are_saved_and_loaded(tmp_path: Path) -> None:
    KNOWN.save(tmp_path / "pairs.txt")
    again = KnownPairs.load(tmp_path / "pairs.txt")
    assert again.unread("哪家公司最高") == "" and again.unread("天马微电子") == "天马微电子"
    again.save(tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == (tmp_path / "pairs.txt").read_bytes()


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError):
        KnownPairs.load(tmp_path / "pairs.txt")
