"""FinTrain: the three fine-tuning tasks as rows {id, question_prompt, question, query}."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator
from pathlib import Path

from agent import prompts
from data.generator.corpus import bare, questions
from data.generator.samples import OPEN, SPLITS, Sample, splits, stream
from data.generator.slots import World

SIZES = {"train": 4200, "validation": 900, "test": 900}
SQL_ROWS = 9000  # to train on: statements have more families than classes or key words have
# Classes are asked about as evenly as a classifier needs; key words and SQL follow the families.
_CLASS_SHARE = {"A": 0.15, "B": 0.13, "C": 0.2, "D": 0.19, "E": 0.2, "F": 0.13}


def row_of(task: str, sample: Sample) -> dict[str, str]:
    """The row of one sample: what the model reads and what it should write."""
    if task == "nl2sql":
        assert sample.masked is not None and sample.sql is not None
        question, query = sample.masked.text, sample.sql
    else:
        question = sample.question
        query = prompts.LABEL_WORDS[sample.label] if task == "classify" else prompts.join_terms(sample.keywords)
    return {"question_prompt": prompts.render(task, question), "question": question, "query": query}


def _balanced(rng: random.Random, split: str, world: World, size: int) -> Iterator[Sample]:
    """Samples whose classes come in the shares of _CLASS_SHARE."""
    left = {label: round(size * share) for label, share in _CLASS_SHARE.items()}
    for sample in stream(rng, split, world):
        if left[sample.label] > 0:
            left[sample.label] -= 1
            yield sample
        if not any(left.values()):
            return


def rows(task: str, split: str, seed: int = 7, seen: Collection[str] = ()) -> list[dict[str, str]]:
    """SIZES[split] different rows; none of another split's wordings, and no question among `seen` (bare).

    Two wordings can come out as the same masked question, so the split by wording is not enough.
    """
    rng, world = random.Random(f"{seed} {task} {split}"), World()
    structured = [f for f in splits()[split] if f not in OPEN]
    found: dict[str, dict[str, str]] = {}
    size = SQL_ROWS if (task, split) == ("nl2sql", "train") else SIZES[split]
    while len(found) < size:
        missing = size - len(found)
        source = (
            _balanced(rng, split, world, max(missing, 60))
            if task == "classify"
            else stream(rng, split, world, structured if task == "nl2sql" else ())
        )
        for sample, _ in zip(source, range(missing)):
            row = row_of(task, sample)
            if bare(row["question"]) not in seen:
                found.setdefault(
                    row["question"], {"id": f"{task}-{split}-{len(found)}", **row, "family": sample.family}
                )
    return list(found.values())


def write(folder: Path, seed: int = 7) -> dict[str, int]:
    """Writes {task}/{split}.json (JSON arrays, one row a line); returns how many rows each holds."""
    counts = {}
    corpus = questions()
    for task in prompts.TASKS:
        (folder / task).mkdir(parents=True, exist_ok=True)
        seen: set[str] = set()
        for split in SPLITS:
            made = rows(task, split, seed, seen)
            seen |= {bare(row["question"]) for row in made} | corpus
            text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in made) + "\n]\n"
            (folder / task / f"{split}.json").write_text(text, encoding="utf-8")
            counts[f"{task}/{split}"] = len(made)
    return counts
