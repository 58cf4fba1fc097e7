"""Scores of classes and of entities, in percent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ptuning.errors import PtuningError


def macro_f1(predicted: Sequence[str], wanted: Sequence[str]) -> float:
    """The mean of the F1 of each wanted class."""
    hits, guesses, real = Counter(w for p, w in zip(predicted, wanted) if p == w), Counter(predicted), Counter(wanted)
    each = [2 * hits[label] / (guesses[label] + real[label]) for label in real]
    return round(100 * sum(each) / len(each), 4) if each else 0.0


def majority(wanted: Sequence[str]) -> float:
    """What always saying the commonest class would get."""
    return round(100 * max(Counter(wanted).values()) / len(wanted), 4) if wanted else 0.0


def entity_scores(predicted: Sequence[Sequence[str]], wanted: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Precision, recall and F1 of whole entities in IOB2 tags, strictly (seqeval), and the share of right tags.

    Raises:
        PtuningError: seqeval is not installed.
    """
    try:
        from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
        from seqeval.scheme import IOB2
    except ImportError:
        raise PtuningError("--head token 的评分需要 seqeval，请运行 pip install -r requirements-tuning.txt。") from None
    truth, found = [list(tags) for tags in wanted], [list(tags) for tags in predicted]
    strict: dict[str, Any] = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    scores = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    figures = {name: round(100 * float(score(truth, found, **strict)), 4) for name, score in scores.items()}
    return figures | {"tag_accuracy": round(100 * float(accuracy_score(truth, found)), 4)}
