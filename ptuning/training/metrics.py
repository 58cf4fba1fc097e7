"""Scores of what a model wrote against what it should have written, each in percent as the field reports them.

ROUGE (Lin 2004): F1 over jieba words. BLEU-4 (Papineni et al. 2002): of a sentence, over characters, an order without
any match smoothed as 1 / (2^k * n-grams) for the k-th such order (NIST; nltk's method3, as in ChatGLM's ptuning folder).
An empty prediction scores 0.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any


def _words(text: str) -> list[str]:
    import jieba  # here, since its dictionary takes a second to load

    jieba.setLogLevel(logging.WARNING)
    return [word for word in jieba.cut(text) if word.strip()]


def _grams(items: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _overlap(one: Counter[Any], two: Counter[Any]) -> int:
    return sum((one & two).values())


def _f1(overlap: float, predicted: int, wanted: int) -> float:
    return 2 * overlap / (predicted + wanted) if overlap else 0.0


def _percent(part: float, whole: int) -> float:
    return round(100 * part / whole, 4) if whole else 0.0


def rouge_n(predicted: Sequence[str], wanted: Sequence[str], n: int) -> float:
    """F1 of n-gram overlap, 0 to 1."""
    one, two = _grams(predicted, n), _grams(wanted, n)
    return _f1(_overlap(one, two), sum(one.values()), sum(two.values()))


def rouge_l(predicted: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 of the longest common subsequence, 0 to 1."""
    row = [0] * (len(wanted) + 1)
    for item in predicted:
        diagonal = 0
        for j, other in enumerate(wanted, 1):
            diagonal, row[j] = row[j], diagonal + 1 if item == other else max(row[j], row[j - 1])
    return _f1(row[-1], len(predicted), len(wanted))


def bleu4(predicted: Sequence[str], wanted: Sequence[str]) -> float:
    """Sentence BLEU-4, 0 to 1; for a reference shorter than four only the orders that it has."""
    if not _overlap(Counter(predicted), Counter(wanted)):
        return 0.0
    logs, orders, unmatched = 0.0, min(4, len(wanted)), 0
    for n in range(1, orders + 1):
        hits: float = _overlap(_grams(predicted, n), _grams(wanted, n))
        if not hits:
            unmatched += 1
            hits = 0.5**unmatched
        logs += math.log(hits / max(1, len(predicted) - n + 1)) / orders
    return math.exp(logs + min(0.0, 1 - len(wanted) / len(predicted)))


def text_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """rouge-1, rouge-2, rouge-l, bleu-4 in percent, the mean over all pairs."""
    sums = {"rouge-1": 0.0, "rouge-2": 0.0, "rouge-l": 0.0, "bleu-4": 0.0}
    for prediction, reference in zip(predictions, references):
        one, two = _words(prediction), _words(reference)
        sums["rouge-1"] += rouge_n(one, two, 1)
        sums["rouge-2"] += rouge_n(one, two, 2)
        sums["rouge-l"] += rouge_l(one, two)
        sums["bleu-4"] += bleu4(prediction.strip(), reference.strip())
    return {name: _percent(value, len(references)) for name, value in sums.items()}


def exact_match(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Share of predictions equal to their reference, in percent."""
    return _percent(sum(p.strip() == r.strip() for p, r in zip(predictions, references)), len(references))


def _items(text: str) -> list[str]:
    """Items of a list written with half- or full-width commas."""
    return [item.strip() for item in re.split("[,，]", text) if item.strip()]


def list_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Exact match of comma-separated lists and micro F1 of their items, in percent."""
    hits = predicted = wanted = equal = 0
    for prediction, reference in zip(predictions, references):
        one, two = _items(prediction), _items(reference)
        hits += _overlap(Counter(one), Counter(two))
        predicted, wanted, equal = predicted + len(one), wanted + len(two), equal + (one == two)
    return {"exact_match": _percent(equal, len(references)), "f1": round(100 * _f1(hits, predicted, wanted), 4)}


def class_scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """accuracy in percent; per_class: the same for each wanted label; confusion: wanted label → predicted → count."""
    table: dict[str, Counter[str]] = {}
    for prediction, reference in zip(predictions, references):
        table.setdefault(reference.strip(), Counter())[prediction.strip()] += 1
    rows = sorted(table.items())
    return {
        "accuracy": exact_match(predictions, references),
        "per_class": {label: _percent(row[label], sum(row.values())) for label, row in rows},
        "confusion": {label: dict(sorted(row.items())) for label, row in rows},
    }


def task_scores(task: str, predictions: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """What the task is judged by (classify, keywords; exact match for every other), and the text scores for all."""
    if task == "classify":
        own = class_scores(predictions, references)
    elif task == "keywords":
        own = list_scores(predictions, references)
    else:
        own = {"exact_match": exact_match(predictions, references)}
    return own | text_scores(predictions, references)
