"""How far a model's own doubts can be trusted: the figures behind the constants of agent.reading.classify, agent.querying, agent.writing.memory.

python -m benchmarks.confidence                    # about 2 minutes on 2 cores; after training other prefixes
python -m benchmarks.confidence --prefixes output/prefix --limit 200

Every constant is chosen on validation rows; the test rows show whether it holds.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from agent import prompts, querying
from agent.building import Options, load_model
from agent.errors import SqlRejected
from agent.model import DEFAULT_BASE, PrefixTunedGlm
from agent.reading import classify
from agent.records import Candidate, Masked
from agent.scoring.evaluate import load_rows
from agent.writing import memory, nl2sql
from agent.writing.surrogates import AMOUNTS, COMPANIES, KTH, NUMERIC, PLACES, TEXT, THEMSELVES, TOP
from benchmarks import ROOT

SPLITS = ("validation", "test")
COLUMNS = (*NUMERIC, *TEXT, *sorted(THEMSELVES))
MARGINS = (0.5, 1.0, 1.5, 2.0, 3.0)
SIMILARITIES = (0.5, 0.6, 0.7, 0.8)
Row = dict[str, Any]


def calibration_error(scores: Tensor, labels: Tensor, temperature: float = 1.0, bins: int = 10) -> float:
    """Expected difference of confidence and accuracy over bins of confidence. Shapes: [rows, classes], [rows]."""
    confidence, found = (scores / temperature).softmax(-1).max(-1)
    right = (found == labels).double()
    number = (confidence * bins).ceil().clamp(1, bins)
    inside = [number == n for n in range(1, bins + 1)]
    gaps = [abs(float((right[i] - confidence[i]).mean())) * float(i.double().mean()) for i in inside if i.any()]
    return sum(gaps)


def fitted_temperature(scores: Tensor, labels: Tensor) -> float:
    """The temperature with the least negative log-likelihood, to two digits."""
    steps = [t / 100 for t in range(50, 400)]
    return min(steps, key=lambda t: float(torch.nn.functional.cross_entropy(scores / t, labels)))


def doubted(margins: Sequence[float], right: Sequence[bool], below: float) -> tuple[int, float, float]:
    """(how many margins are below, share of wrong among them, share of wrong among the others)."""
    low = [ok for margin, ok in zip(margins, right) if margin < below]
    high = [ok for margin, ok in zip(margins, right) if margin >= below]
    wrong = [1 - sum(part) / len(part) if part else 0.0 for part in (low, high)]
    return len(low), wrong[0], wrong[1]


def masked_of(question: str) -> Masked:
    """What a masked question's surrogates stand for: themselves."""

    def named(words: Iterable[str]) -> dict[str, str]:
        return {word: word for word in words if word in question}

    return Masked(
        question,
        named((*NUMERIC, *TEXT)),
        named(COMPANIES),
        named(PLACES),
        {a: a for a in AMOUNTS if re.search(rf"(?<!\d){a}[元%人]", question)},
        {int(y): int(y) for y in re.findall(r"20\d\d(?=年)", question)},
        *(k if re.search(rf"(?<!\d){k}(?![\d元%人])", question) else None for k in (TOP, KTH)),
    )


def passes(statement: str, masked: Masked) -> bool:
    try:
        nl2sql.complete(statement, masked, COLUMNS, "sqlite")
    except SqlRejected:
        return False
    return True


def judged(candidates: Sequence[Candidate], masked: Masked) -> str:
    """What the pipeline would run, could every statement find something; empty: a refusal."""
    sure = [c.text for c in candidates if c.margin >= querying.UNSURE]
    return next((text for text in sure if passes(text, masked)), "")


def classes(model: PrefixTunedGlm, data: dict[str, list[Row]]) -> Table:
    """Temperature and calibration of the class."""
    table = Table(title=f"class: temperature (in use: {classify.TEMPERATURE})", title_justify="left")
    for name in ("split", "rows", "right", "ECE at 1", "ECE in use", "best temperature", "ECE at validation's best"):
        table.add_column(name)
    words, best = list(prompts.LABEL_WORDS.values()), 1.0
    for split, rows in data.items():
        scores = torch.tensor(model.choose("classify", [r["question"] for r in rows], words), dtype=torch.float64)
        labels = torch.tensor([words.index(prompts.LABEL_WORDS.get(r["query"], r["query"])) for r in rows])
        fitted = fitted_temperature(scores, labels)
        best = fitted if split == SPLITS[0] else best
        errors = [calibration_error(scores, labels, t) for t in (1.0, classify.TEMPERATURE, best)]
        right = float((scores.argmax(-1) == labels).double().mean())
        shown = [f"{e:.4f}" for e in errors]
        table.add_row(split, str(len(rows)), f"{right:.1%}", shown[0], shown[1], f"{fitted:.2f}", shown[2])
    return table


def statements(model: PrefixTunedGlm, data: dict[str, list[Row]]) -> tuple[Table, Table]:
    """(margins of the first statement, what other candidates mend)."""
    margins = Table(title=f"SQL: wrong below a margin / above (in use: {querying.UNSURE})", title_justify="left")
    mended = Table(title=f"SQL: {querying.CANDIDATES} candidates where the first is rejected", title_justify="left")
    for name in ("split", *map(str, MARGINS)):
        margins.add_column(name)
    for name in (
        "split",
        "rows",
        "first exact",
        "rejected",
        "mended",
        "wrong instead",
        "refused",
        "gold among candidates",
    ):
        mended.add_column(name)
    for split, rows in data.items():
        questions = [masked_of(row["question"]) for row in rows]
        firsts = [found[0] for found in nl2sql.candidates(model, questions, COLUMNS)]
        right = [first.text == row["query"] for first, row in zip(firsts, rows)]
        found = [doubted([first.margin for first in firsts], right, below) for below in MARGINS]
        margins.add_row(split, *(f"{n}: {low:.0%} / {high:.1%}" for n, low, high in found))
        bad = [at for at, (first, masked) in enumerate(zip(firsts, questions)) if not passes(first.text, masked)]
        others = nl2sql.candidates(model, [questions[at] for at in bad], COLUMNS, querying.CANDIDATES)
        chosen = [judged(candidates, questions[at]) for at, candidates in zip(bad, others)]
        good = sum(text == rows[at]["query"] for at, text in zip(bad, chosen))
        there = sum(any(c.text == rows[at]["query"] for c in candidates) for at, candidates in zip(bad, others))
        counts = (len(rows), sum(right), len(bad), good, len(bad) - good - chosen.count(""), chosen.count(""), there)
        mended.add_row(split, *map(str, counts))
    return margins, mended


def similar(train: Sequence[Row], data: dict[str, list[Row]]) -> Table:
    """Questions with a like one in the training rows, and how often its statement is theirs."""
    table = Table(title=f"memory: like questions (in use: {memory.SIMILAR})", title_justify="left")
    for name in ("split", *map(str, SIMILARITIES)):
        table.add_column(name)
    known = memory.Memory.of({row["question"]: row["query"] for row in train})
    for split, rows in data.items():
        shown = []
        for least in SIMILARITIES:
            found = [(known.similar(row["question"], least), row["query"]) for row in rows]
            same = [candidate.text == query for candidate, query in found if candidate]
            shown.append(f"{sum(same)} of {len(same)}")
        table.add_row(split, *shown)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEFAULT_BASE)
    parser.add_argument("--prefixes", type=Path)
    parser.add_argument("--data", type=Path, default=ROOT / "FinTrain")
    parser.add_argument("--limit", type=int, help="rows of each split")
    options = parser.parse_args()
    model, console = load_model(Options(options.model, options.prefixes)), Console()

    def rows(task: str) -> dict[str, list[Row]]:
        return {split: load_rows(options.data / task / f"{split}.json")[: options.limit] for split in SPLITS}

    console.print(classes(model, rows("classify")))
    console.print(similar(load_rows(options.data / "nl2sql" / "train.json"), rows("nl2sql")))
    for table in statements(model, rows("nl2sql")):
        console.print(table)


if __name__ == "__main__":
    main()
