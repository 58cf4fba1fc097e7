"""Fits how sure a reading is: a logistic line over what is known of it, on wordings that the reader was not trained on.

    python -m data.generator readings && python -m benchmarks.sureness output/readings/heldout.jsonl

Right means: the likeliest sensible reading is the wording's statement. Half of the rows fit the line, the other half tell how well it
holds; the weights go into agent/understanding/sureness.py by hand.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch

from agent.model import DEFAULT_READER, StatementReader
from agent.statements.parsing import parse
from agent.statements.symbols import text_of
from agent.statements.syntax import StatementError
from agent.understanding.explained import KnownPairs
from agent.understanding.sureness import features

_SLOT = re.compile(r"\[([CMPAXKSNY]\d)\w?\]")


def rows(path: Path, reader: StatementReader, pairs: KnownPairs, limit: int) -> tuple[torch.Tensor, torch.Tensor]:
    """[rows, features] and [rows] 1 for a right reading."""
    data = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:limit]
    slots = [frozenset({m if m[0] != "Y" else f"@{m}" for m in _SLOT.findall(row["text"])} | {"@Y0", "@Y1", "@Y00", "@Z1"}) for row in data]
    written = reader.statements([row["text"] for row in data], slots)
    made, right = [], []
    for row, found in zip(data, written):
        sound = [each for each in found if _parses(each.text)]
        if sound:
            made.append(features(sound[0], sound[1:], found, pairs.unread(row["text"].split("[SEP]")[-1])))
            right.append(float(sound[0].text == text_of(row["symbols"])))
    return torch.tensor(made), torch.tensor(right)


def _parses(text: str) -> bool:
    try:
        parse(text)
    except (StatementError, ValueError):
        return False
    return True


def fit(x: torch.Tensor, y: torch.Tensor) -> torch.nn.Linear:
    """Logistic regression, a little decay."""
    line = torch.nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.LBFGS(line.parameters(), max_iter=200)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(line(x)[:, 0], y)
        loss = loss + 1e-3 * line.weight.pow(2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--reader", type=Path, default=DEFAULT_READER)
    parser.add_argument("--limit", type=int, default=1400)
    options = parser.parse_args()
    reader, pairs = StatementReader(options.reader), KnownPairs.load(options.reader / "pairs.txt")
    x, y = rows(options.rows, reader, pairs, options.limit)
    fitted, kept = torch.arange(len(x)) % 2 == 0, torch.arange(len(x)) % 2 == 1
    line = fit(x[fitted], y[fitted])
    print("right", float(y.mean()), "bias", line.bias.item(), "weights", line.weight[0].tolist())
    sure = torch.sigmoid(line(x[kept])[:, 0])
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98):
        told = sure >= threshold
        print(f"sure >= {threshold}: answered {float(told.float().mean()):.3f}, right {float(y[kept][told].mean()):.3f}")


if __name__ == "__main__":
    main()


