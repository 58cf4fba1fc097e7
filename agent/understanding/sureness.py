"""How sure a reading is: one probability, fitted on wordings that the reader was not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.records import Written

# Logistic weights of what is known of a reading (benchmarks.sureness fits them).
BIAS, LOGPROB, LOWEST, BEHIND, UNREAD = 0.0, 1.3, 0.0, 0.6, -0.2
_FAR = 6.0


def features(best: Written, others: Sequence[Written], written: Sequence[Written], unread: str) -> tuple[float, ...]:
    """Log-probability, that of the least sure symbol, the lead over the next reading, unread characters; each at most _FAR."""
    first = written[0].logprob if written else best.logprob
    lead = best.logprob - max((other.logprob for other in others), default=best.logprob - _FAR)
    lead = min(lead, best.logprob - first) if best.logprob < first else lead
    return (max(best.logprob, -_FAR), max(best.lowest, -_FAR), max(-_FAR, min(lead, _FAR)), float(len(unread)))


def how_sure(best: Written, others: Sequence[Written], written: Sequence[Written], unread: str) -> float:
    """Estimated probability that the reading is right."""
    weights = (LOGPROB, LOWEST, BEHIND, UNREAD)
    score = BIAS + sum(w * f for w, f in zip(weights, features(best, others, written, unread)))
    return 1 / (1 + math.exp(-score))
