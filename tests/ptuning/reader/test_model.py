"""The reader's network, tiny and random: its search, and its folder on disk."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ptuning.errors import PtuningError
from ptuning.reader import SymbolReader, load
from ptuning.reader.model import END, MAX_OUTPUT, PAD, START, Reading, Shape, network
from tests.ptuning.reader.tiny import MARKS, SYMBOLS, TINY, tokenizer

TEXTS = ["[C1]的[M1m]是多少", "最高", "[M1m]最高的是[C1]是多少是多少年", "", "飞"]


def random_reader(seed: int = 0) -> SymbolReader:
    torch.manual_seed(seed)
    tokens = tokenizer(MARKS)
    made = network(TINY, tokens.get_vocab_size(), len(SYMBOLS))
    with torch.no_grad():  # unlike symbols, and an end that comes
        made.head.weight *= 3
        made.head.bias[SYMBOLS.index(END)] += 4
    return SymbolReader(made.eval(), tokens, SYMBOLS, TINY)


@pytest.fixture(scope="module")
def reader() -> SymbolReader:
    return random_reader()


@pytest.fixture(scope="module")
def folder(reader: SymbolReader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reader")
    reader.save(path)
    return path


def same(one: list[Reading], other: list[Reading]) -> bool:
    return [r.symbols for r in one] == [r.symbols for r in other] and all(
        abs(a.logprob - b.logprob) < 1e-3 and abs(a.lowest - b.lowest) < 1e-3 for a, b in zip(one, other)
    )


def test_readings_come_in_order_and_differ(reader: SymbolReader) -> None:
    for text in TEXTS:
        found = reader.read(text, beams=4)
        assert 1 <= len(found) <= 4 and len({r.symbols for r in found}) == len(found)
        assert [r.logprob for r in found] == sorted((r.logprob for r in found), reverse=True)
        assert all(r.logprob <= r.lowest <= 0 and len(r.symbols) < MAX_OUTPUT and END not in r.symbols for r in found)


def test_texts_read_together_are_read_as_one_by_one(reader: SymbolReader) -> None:
    together = reader.read_many(TEXTS, [()] * len(TEXTS), 3)
    assert all(same(found, reader.read(text, beams=3)) for text, found in zip(TEXTS, together))


def test_white_space_and_what_is_too_long_do_not_matter(reader: SymbolReader) -> None:
    assert reader.encode(" [C1] 的\t[M1m]") == reader.encode("[C1]的[M1m]")
    assert len(reader.encode("年" * 1000)) <= 152 and reader.read("年" * 1000)


def test_forbidden_symbols_are_never_written(reader: SymbolReader) -> None:
    rng = random.Random(0)
    for _ in range(8):
        banned = [frozenset(rng.sample(SYMBOLS[3:], rng.randrange(1, len(SYMBOLS) - 3))) for _ in TEXTS]
        for found, own in zip(reader.read_many(TEXTS, banned, 4), banned):
            assert found and not any(own & set(reading.symbols) for reading in found)


def test_where_all_but_the_end_is_forbidden_only_the_empty_reading_is_left(reader: SymbolReader) -> None:
    assert [r.symbols for r in reader.read("最高", set(SYMBOLS) - {END}, 4)] == [()]


def test_a_saved_reader_reads_the_same_in_eight_bits(reader: SymbolReader, folder: Path, tmp_path: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "symbols.json",
        "tokenizer.json",
        "model.safetensors",
    }
    weights = load_file(folder / "model.safetensors")
    assert weights["head.weight"].dtype == torch.int8 and weights["head.bias"].dtype == torch.float16
    loaded = load(folder)
    assert (
        loaded.symbols == reader.symbols and loaded.shape == TINY and loaded.encode(TEXTS[0]) == reader.encode(TEXTS[0])
    )
    ids, symbols = torch.tensor([reader.encode(TEXTS[0])]), torch.tensor([[1, 3, 4]])
    with torch.inference_mode():
        one, other = (made.network(ids, torch.ones_like(ids), symbols) for made in (reader, loaded))
    assert one.std() > 1 and (one - other).abs().max() < 0.3
    loaded.save(tmp_path)
    assert all(same(load(tmp_path).read(text), loaded.read(text)) for text in TEXTS)


def broken(folder: Path, copy: Path, name: str, content: str) -> Path:
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    (copy / name).write_text(content, encoding="utf-8")
    return copy


def refused(folder: Path) -> None:
    with pytest.raises(PtuningError) as told:
        load(folder)
    assert str(folder) in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["config.json", "symbols.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_or_damaged_file_is_one_sentence(folder: Path, tmp_path: Path, name: str) -> None:
    for content in ("", "{", "[]", "{}"):
        refused(broken(folder, tmp_path, name, content))
    (tmp_path / name).unlink()
    refused(tmp_path)
    refused(tmp_path / "none")


def test_files_that_do_not_fit_each_other_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for change in ({"hidden": 48}, {"layers": 2}, {"decoder_layers": 3}, {"vocabulary": 5}, {"colour": 1}):
        refused(broken(folder, tmp_path, "config.json", json.dumps(config | change)))
    shutil.rmtree(tmp_path)
    for symbols in (SYMBOLS[:-1], [*SYMBOLS, "AND"], [s for s in SYMBOLS if s not in (PAD, START)]):
        refused(broken(folder, tmp_path, "symbols.json", json.dumps(symbols)))


def test_weights_that_lack_a_matrix_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    for name in ("head.bias", "emb.weight.scale"):
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        save_file({key: value for key, value in weights.items() if key != name}, tmp_path / "model.safetensors")
        refused(tmp_path)


def test_the_shape_that_ships_is_the_default() -> None:
    assert Shape() == Shape(layers=8, decoder_layers=2, hidden=384, heads=6, feed_forward=1024)
