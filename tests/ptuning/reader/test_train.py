"""Training a reader on a few rows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from ptuning.errors import PtuningError
from ptuning.reader import __main__ as training
from ptuning.reader import load
from ptuning.reader.model import Shape, SymbolReader
from tests.ptuning.reader.tiny import MARKS, SYMBOLS, TINY, begin

ROWS = [
    {"text": "[C1]的[M1m]是多少", "symbols": ["SELECT", "M1", "@Y1", "WHERE", "公司", "=", "C1"]},
    {"text": "[M1m]最高的公司是哪家", "symbols": ["SELECT", "公司", "ORDER BY", "M1", "@Y1", "DESC"]},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "rows"
    path.mkdir()
    for name, rows in (("train-00", ROWS * 20), ("train-01", ROWS * 20), ("heldout", ROWS)):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    (path / "symbols.json").write_text(json.dumps(SYMBOLS, ensure_ascii=False), encoding="utf-8")
    (path / "marks.json").write_text(json.dumps(MARKS, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def small_batches_on_a_clock_that_ticks_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_TOKENS", 80)
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=map(float, count()).__next__))


def train(folder: Path, output: Path, looks: int) -> list[dict]:
    """Trains until the clock was looked at so often; what the log tells of each pass."""
    training.train(folder, output, looks / 60, shape=TINY, begin=begin)
    return [json.loads(line) for line in (output / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def stopped_after(passes: int) -> Callable[..., float]:
    """Stands for held_out; the process is stopped in the pass after so many."""
    left: Iterator[int] = iter(range(passes))

    def held_out(*_: object) -> float:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return 0.0

    return held_out


def test_the_loss_falls_and_the_folder_can_be_read(folder: Path, tmp_path: Path) -> None:
    told = train(folder, tmp_path / "out", 140)
    assert told[-1]["loss"] < told[0]["loss"] * 0.8 and all(0 <= row["held_out"] <= 1 for row in told)
    assert [row["passes"] for row in told] == list(range(1, len(told) + 1))
    reader = load(tmp_path / "out")
    assert reader.shape == TINY and reader.read(ROWS[0]["text"])  # type: ignore[arg-type]
    assert not (tmp_path / "out" / "training.pt").exists()


def test_after_a_stop_it_goes_on_from_the_last_pass_that_was_finished(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stopping:
        stopping.setattr(training, "held_out", stopped_after(2))
        with pytest.raises(KeyboardInterrupt):
            train(folder, tmp_path / "out", 1000)
    state = torch.load(tmp_path / "out" / "training.pt", weights_only=True)["done"]
    told = train(folder, tmp_path / "out", 60)
    assert state["passes"] == 2 and [row["passes"] for row in told] == list(range(1, len(told) + 1))
    assert len(told) > 2 and told[2]["steps"] > state["steps"] and told[2]["minutes"] > state["minutes"]


def test_the_same_seed_trains_the_same_reader(folder: Path, tmp_path: Path) -> None:
    one, two = (train(folder, tmp_path / name, 30) for name in "ab")
    assert [row["loss"] for row in one] == pytest.approx([row["loss"] for row in two], abs=1e-3)


def test_every_example_is_in_one_batch_and_like_lengths_are_together() -> None:
    rng = random.Random(0)
    examples = [([0] * rng.randrange(3, 30), [1] * rng.randrange(2, 10)) for _ in range(50)]
    made = list(training.batches(examples, rng))
    assert Counter(id(e) for batch in made for e in batch) == Counter(map(id, examples))
    assert all(max(spread) - min(spread) < 25 for spread in ([len(a) + len(b) for a, b in batch] for batch in made))


def test_a_folder_without_rows_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    (folder / "heldout.jsonl").unlink()
    with pytest.raises(PtuningError, match=r"heldout\.jsonl"):
        train(folder, tmp_path / "out", 10)
    for path in folder.glob("train-*.jsonl"):
        path.unlink()
    with pytest.raises(PtuningError, match="data.generator readings"):
        train(folder, tmp_path / "out", 10)


def test_it_goes_on_from_a_trained_reader_whose_symbols_stand_elsewhere(folder: Path, tmp_path: Path) -> None:
    train(folder, tmp_path / "first", 140)
    (folder / "symbols.json").write_text(json.dumps(["新", *reversed(SYMBOLS)], ensure_ascii=False), encoding="utf-8")
    begun, tokenizer = training.continued(tmp_path / "first")(TINY, (), MARKS, ["新", *reversed(SYMBOLS)])
    old = load(tmp_path / "first")
    reader = SymbolReader(begun.eval(), tokenizer, ["新", *reversed(SYMBOLS)], TINY)
    for row in ROWS:
        assert reader.read(row["text"])[0].symbols == old.read(row["text"])[0].symbols  # type: ignore[arg-type]


def test_a_reader_of_another_shape_is_no_beginning(folder: Path, tmp_path: Path) -> None:
    train(folder, tmp_path / "first", 40)
    with pytest.raises(PtuningError, match="不能接着训练"):
        training.continued(tmp_path / "first")(Shape(), (), MARKS, SYMBOLS)
