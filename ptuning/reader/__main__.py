"""Trains a reader:  python -m ptuning.reader --rows output/readings --output RawModels/caibao-reader --max_minutes 66

rows: a folder with train-*.jsonl (one file a pass over the data, {"text", "symbols"} a line), heldout.jsonl of the same form,
symbols.json (the closed vocabulary) and marks.json ({token: text that it begins like}). Stopped and started again, it goes on from
the last pass that was finished; the learning rate falls to nothing at --max_minutes. --begin RawModels/caibao-reader --rate 0.5
goes on from a reader that was trained before, on more rows, instead of from the pretrained encoder.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from ptuning.errors import PtuningError
from ptuning.reader.model import END, PAD, START, Network, Shape, SymbolReader, load, network
from ptuning.reader.pretrained import build

Example = tuple[list[int], list[int]]  # token ids; symbols with start and end
# (shape, corpus, marks, symbols) → an untrained network and its tokenizer
Begin = Callable[[Shape, Iterable[str], Mapping[str, str], Collection[str]], tuple[Network, Tokenizer]]
DEFAULT = Shape()
_TOKENS = 1800  # of a batch, both sides
_STATE = "training.pt"


def _rows(path: Path) -> list[dict]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, json.JSONDecodeError) as error:
        raise PtuningError(f"{path} 读不了：{error}") from None


def _example(reader: SymbolReader, row: dict) -> Example:
    return reader.encode(row["text"]), [reader.index[s] for s in (START, *row["symbols"], END)]


def batches(examples: list[Example], rng: random.Random) -> Iterator[list[Example]]:
    """Examples of like length together, in random order."""
    ordered = sorted(examples, key=lambda e: len(e[0]) + len(e[1]) + rng.random() * 3)
    groups: list[list[Example]] = []
    at = 0
    while at < len(ordered):
        probe = ordered[min(at + 20, len(ordered) - 1)]
        size = max(4, min(64, _TOKENS // (len(probe[0]) + len(probe[1]))))
        groups.append(ordered[at : at + size])
        at += size
    rng.shuffle(groups)
    yield from groups


def _padded(rows: list[list[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


def loss_of(reader: SymbolReader, batch: list[Example]) -> Tensor:
    """Mean cross-entropy of the symbols."""
    ids = _padded([ids for ids, _ in batch])
    mask = torch.zeros_like(ids)
    for row, (given, _) in enumerate(batch):
        mask[row, : len(given)] = 1
    symbols = _padded([symbols for _, symbols in batch])
    logits = reader.network(ids, mask, symbols[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), symbols[:, 1:].flatten(), ignore_index=reader.index[PAD])


def held_out(reader: SymbolReader, rows: list[dict], limit: int = 300) -> float:
    """Share of rows whose likeliest reading is right to the symbol."""
    read = [(reader.read(row["text"], beams=1), tuple(row["symbols"])) for row in rows[:limit]]
    reader.network.train()
    return sum(bool(found) and found[0].symbols == symbols for found, symbols in read) / max(1, len(read))


def continued(folder: Path) -> Begin:
    """Begins with a trained reader. Symbols that it has too keep what it learned of them, wherever they stood in its list."""

    def begin(shape: Shape, corpus: Iterable[str], marks: Mapping[str, str], symbols: Collection[str]) -> tuple[Network, Tokenizer]:
        old = load(folder)
        if old.shape != shape or not set(marks) <= old.tokenizer.get_vocab().keys():
            raise PtuningError(f"{folder} 的形状或标记与 --rows 的不同，不能接着训练；请去掉 --begin 从头训练。")
        made = network(shape, old.network.enc.config.vocab_size, len(symbols))
        learned = old.network.state_dict()
        for name in ("emb.weight", "head.weight", "head.bias"):
            rows = made.state_dict()[name].clone()
            for at, symbol in enumerate(symbols):
                if symbol in old.index:
                    rows[at] = learned[name][old.index[symbol]]
            learned[name] = rows
        made.load_state_dict(learned)
        return made, old.tokenizer

    return begin


def _start(
    folder: Path, output: Path, seed: int, shape: Shape, begin: Begin, rate: float
) -> tuple[SymbolReader, torch.optim.Optimizer, dict]:
    torch.manual_seed(seed)
    symbols = json.loads((folder / "symbols.json").read_text(encoding="utf-8"))
    marks = json.loads((folder / "marks.json").read_text(encoding="utf-8"))
    files = sorted(folder.glob("train-*.jsonl"))
    if not files:
        raise PtuningError(f"{folder} 里没有 train-*.jsonl，请先运行 python -m data.generator readings。")
    corpus = (row["text"] for path in files[:2] for row in _rows(path))
    network, tokenizer = begin(shape, corpus, marks, symbols)
    reader = SymbolReader(network, tokenizer, symbols, shape)
    encoder = [p for n, p in network.named_parameters() if n.startswith("enc.")]
    rest = [p for n, p in network.named_parameters() if not n.startswith("enc.")]
    groups = [{"params": encoder, "peak": 1.5e-4 * rate}, {"params": rest, "peak": 1e-3 * rate}]
    optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.98), weight_decay=0.01)
    done = {"passes": 0, "steps": 0, "minutes": 0.0}
    if (output / _STATE).exists():
        state = torch.load(output / _STATE, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["done"]
    return reader, optimizer, done


def train(
    folder: Path, output: Path, minutes: float, seed: int = 1, shape: Shape = DEFAULT, begin: Begin = build, rate: float = 1.0
) -> None:
    """Passes over the files until the time is up; the folder is written after each. begin: makes the network to start from;
    rate: times the usual learning rate."""
    reader, optimizer, done = _start(folder, output, seed, shape, begin, rate)
    files, kept = sorted(folder.glob("train-*.jsonl")), _rows(folder / "heldout.jsonl")
    output.mkdir(parents=True, exist_ok=True)
    log = (output / "log.jsonl").open("a", encoding="utf-8")
    started = time.monotonic() - done["minutes"] * 60
    reader.network.train()
    while (spent := (time.monotonic() - started) / 60) < minutes:
        rng = random.Random(seed * 1000 + done["passes"])
        rows = _rows(files[done["passes"] % len(files)])
        total = count = 0.0
        for batch in batches([_example(reader, row) for row in rows], rng):
            share = (time.monotonic() - started) / 60 / minutes
            if share >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = (
                    group["peak"]
                    * min(1, (done["steps"] + 1) / 60)
                    * (1 if share < 0.3 else max(0.02, (1 - share) / 0.7))
                )
            loss = loss_of(reader, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.network.parameters(), 1.0)
            optimizer.step()
            done["steps"] += 1
            total, count = total + loss.item(), count + 1
        spent = (time.monotonic() - started) / 60
        done |= {"passes": done["passes"] + 1, "minutes": spent}
        told = {**done, "loss": round(total / max(1, count), 4), "held_out": round(held_out(reader, kept), 4)}
        print(json.dumps(told), flush=True)
        log.write(json.dumps(told) + "\n")
        log.flush()
        state = {"network": reader.network.state_dict(), "optimizer": optimizer.state_dict(), "done": done}
        torch.save(state, output / f"{_STATE}.tmp")
        (output / f"{_STATE}.tmp").replace(output / _STATE)
        reader.save(output)
    (output / _STATE).unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--max_minutes", type=float, default=66)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--begin", type=Path, default=None, help="a trained reader to go on from")
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual learning rate")
    options = parser.parse_args()
    try:
        begin = continued(options.begin) if options.begin else build
        train(options.rows, options.output, options.max_minutes, options.seed, begin=begin, rate=options.rate)
    except PtuningError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
