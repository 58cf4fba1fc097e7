"""Scores of what a model wrote against what it should have written, each in percent as the field reports them.

ROUGE (Lin 2004) F1 over jieba words; BLEU-4 (Papineni et al. 2002) of a sentence, over characters, with add-one smoothing of the higher orders
(Lin & Och 2004). An empty prediction scores 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any


def _words(text: str) -> list[str]:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    return [word for word in jieba.cut(text) if word.strip()]


def _grams(items: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _f1(overlap: float, predicted: int, wanted: int) -> float:
    return 2 * overlap / (predicted + wanted) if overlap else 0.0


def rouge_n(predicted: Sequence[str], wanted: Sequence[str], n: int) -> float:
    """F1 of n-gram overlap, 0 to 1."""
    one, two = _grams(predicted, n), _grams(wanted, n)
    return _f1(sum((one & two).values()), sum(one.values()), sum(two.values()))


def rouge_l(predicted: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 of the longest common subsequence, 0 to 1."""
    row = [0] * (len(wanted) + 1)
    for item in predicted:
        diagonal = 0
        for j, other in enumerate(wanted, 1):
            diagonal, row[j] = row[j], diagonal + 1 if item == other else max(row[j], row[j - 1])
    return _f1(row[-1], len(predicted), len(wanted))


def bleu4(predicted: Sequence[str], wanted: Sequence[str]) -> float:
    """Sentence BLEU-4, 0 to 1."""
    if not predicted:
        return 0.0
    logs = 0.0
    for n in range(1, 5):
        one, two = _grams(predicted, n), _grams(wanted, n)
        hits, total = sum((one & two).values()), sum(one.values())
        extra = 0 if n == 1 else 1
        if hits + extra == 0:
            return 0.0
        logs += math.log((hits + extra) / (total + extra)) / 4
    return math.exp(logs + min(0.0, 1 - len(wanted) / len(predicted)))


def text_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """rouge-1, rouge-2, rouge-l, bleu-4 in percent, the mean over all pairs."""
    sums: Counter[str] = Counter()
    for prediction, reference in zip(predictions, references):
        one, two = _words(prediction), _words(reference)
        sums["rouge-1"] += rouge_n(one, two, 1)
        sums["rouge-2"] += rouge_n(one, two, 2)
        sums["rouge-l"] += rouge_l(one, two)
        sums["bleu-4"] += bleu4(list(prediction), list(reference))
    return {name: round(100 * sums[name] / max(len(references), 1), 4) for name in ("rouge-1", "rouge-2", "rouge-l", "bleu-4")}


def exact_match(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Share of predictions equal to their reference, in percent."""
    return round(100 * sum(p.strip() == r.strip() for p, r in zip(predictions, references)) / max(len(references), 1), 4)


def list_scores(predictions: Sequence[str], references: Sequence[str], separator: str = ",") -> dict[str, float]:
    """Exact match of lists and micro F1 of their items, in percent."""
    hits = predicted = wanted = equal = 0
    for prediction, reference in zip(predictions, references):
        one, two = ([item.strip() for item in text.split(separator) if item.strip()] for text in (prediction, reference))
        hits += sum((Counter(one) & Counter(two)).values())
        predicted, wanted, equal = predicted + len(one), wanted + len(two), equal + (one == two)
    return {"exact_match": round(100 * equal / max(len(references), 1), 4), "f1": round(100 * _f1(hits, predicted, wanted), 4)}


def confusion(predictions: Sequence[str], references: Sequence[str]) -> dict[str, dict[str, int]]:
    """wanted label → predicted label → count."""
    table: dict[str, Counter[str]] = {}
    for prediction, reference in zip(predictions, references):
        table.setdefault(reference, Counter())[prediction.strip()] += 1
    return {label: dict(sorted(row.items())) for label, row in sorted(table.items())}


def task_scores(task: str, predictions: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """What the task is judged by, and the text scores for all."""
    scores: dict[str, Any] = text_scores(predictions, references)
    if task == "classify":
        return {"accuracy": exact_match(predictions, references), "confusion": confusion(predictions, references)} | scores
    if task == "keywords":
        return list_scores(predictions, references) | scores
    return {"exact_match": exact_match(predictions, references)} | scores
