"""How well a round's prefixes do on questions whose labels a person has given, and which rows they keep getting wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent import prompts
from agent.labelling.acceptance import clopper_pearson
from agent.labelling.state import Labelled
from agent.model import LanguageModel
from agent.reading import classify
from agent.scoring import evaluate
from agent.table.database import Database


def figures(model: LanguageModel, data: Path, database: Database) -> dict[str, Any]:
    """task → {right, total, low, high} on {task}/test.json, and the confusion of classes ["gold>found", count]."""
    found: dict[str, Any] = {}
    for task in prompts.TASKS:
        rows = evaluate.load_rows(data / task / "test.json")
        if not rows:
            continue
        if task == "classify":
            score = evaluate.classify_score(model, rows)
            found["confusion"] = _confusion(model, rows)
        elif task == "keywords":
            score = evaluate.keywords_score(model, rows)
        else:
            score = evaluate.nl2sql_score(model, rows, database)[1]
        low, high = clopper_pearson(score.right, score.total)
        found[task] = {"right": score.right, "total": score.total, "low": round(low, 4), "high": round(high, 4)}
    return found


def _confusion(model: LanguageModel, rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    letters = {word: letter for letter, word in prompts.LABEL_WORDS.items()}
    wanted = [letters.get(row["query"], row["query"]) for row in rows]
    written = classify.classify(model, [row["question"] for row in rows])
    return [[pair, count] for pair, count in sorted(Counter(f"{a}>{b.label}" for a, b in zip(wanted, written)).items())]


def hardest(
    model: LanguageModel, labelled: Sequence[Labelled], most: int = 20, looked_at: int = 400
) -> list[tuple[float, str, Labelled]]:
    """(loss, task, row) of the rows that the model is least willing to write, the worst first: mislabelled ones stand among them.

    looked_at: at most so many rows are scored, those that a person has seen first.
    """
    rows = sorted(labelled, key=lambda each: (each.seen is False, each.asked.id))[:looked_at]
    found: list[tuple[float, str, Labelled]] = []
    classes = tuple(prompts.LABEL_WORDS.values())
    for each, scores in zip(rows, model.choose("classify", [r.asked.question for r in rows], classes) if rows else []):
        found.append((-scores[prompts.LABELS.index(each.label.label)], "classify", each))
    for each in rows:
        if each.label.sql:
            ((score,),) = model.choose("nl2sql", [each.label.masked], (each.label.sql,))
            found.append((-score, "nl2sql", each))
    return sorted(found, key=lambda one: -one[0])[:most]
