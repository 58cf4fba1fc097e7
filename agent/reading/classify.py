"""Step 1: what kind of question is this? The model decides among the words of A-F, without generating."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent import prompts
from agent.model import LanguageModel
from agent.records import Classification

# Divides the scores before they become probabilities (Guo et al. 2017, arXiv 1706.04599). Fitted on the validation rows of
# FinTrain/classify by `python -m benchmarks.confidence`: expected calibration error on the test rows 0.020 → 0.006.
TEMPERATURE = 1.38


def classify(model: LanguageModel, texts: Sequence[str]) -> list[Classification]:
    """The likeliest class of each text, with its probability among the six and its margin over the next."""
    found = []
    for scores in model.choose("classify", texts, tuple(prompts.LABEL_WORDS.values())) if texts else []:
        best = max(range(len(scores)), key=scores.__getitem__)
        total = sum(math.exp((score - scores[best]) / TEMPERATURE) for score in scores)
        margin = scores[best] - max(score for at, score in enumerate(scores) if at != best)
        found.append(Classification(prompts.LABELS[best], 1 / total, margin=margin))
    return found
