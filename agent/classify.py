"""Step 1: what kind of question is this? The model decides among the words of A-F, without generating."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent import prompts
from agent.model import LanguageModel
from agent.records import Classification


def classify(model: LanguageModel, texts: Sequence[str]) -> list[Classification]:
    """The likeliest class of each text, with its probability among the six."""
    found = []
    for scores in model.choose("classify", texts, tuple(prompts.LABEL_WORDS.values())) if texts else []:
        best = max(range(len(scores)), key=scores.__getitem__)
        total = sum(math.exp(score - scores[best]) for score in scores)
        found.append(Classification(prompts.LABELS[best], 1 / total))
    return found
