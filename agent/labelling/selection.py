"""What to label next: first what stands for the pool, later what tells most, of every kind something."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from agent.labelling import wordings
from agent.labelling.records import Asked, Draft


def representative(pool: Sequence[Asked], count: int, known: Sequence[Asked] = ()) -> list[Asked]:
    """Questions that stand for the pool: each new one covers most of what those before it leave uncovered.

    Greedy facility location (Nemhauser et al. 1978; Lin & Bilmes 2011), which is within 1-1/e of the best choice. Questions of
    one group count once, weighed by the logarithm of how many there are. known: what is labelled already.
    """
    sizes = Counter(a.group for a in pool)
    first: dict[str, Asked] = {}
    for asked in pool:
        first.setdefault(asked.group, asked)
    taken = {a.group for a in known}
    leaders = sorted((a for g, a in first.items() if g not in taken), key=lambda a: (-sizes[a.group], a.id))
    leaders = leaders[: wordings.MOST_AT_ONCE]
    if not leaders or count <= 0:
        return list(pool[:0]) if count <= 0 else _more(pool, [], count)
    texts = [wordings.bare(a.masked) for a in leaders]
    near = wordings.similarities(texts, texts) ** 2
    weights = np.array([1 + math.log(sizes[a.group]) for a in leaders], dtype=np.float32)
    covered = np.zeros(len(leaders), dtype=np.float32)
    if known:
        covered = (wordings.similarities(texts, [wordings.bare(a.masked) for a in known]) ** 2).max(axis=1)
    chosen: list[int] = []
    for _ in range(min(count, len(leaders))):
        gain = (np.maximum(near, covered) - covered) @ weights
        gain[chosen] = -1
        best = int(gain.argmax())
        chosen.append(best)
        covered = np.maximum(covered, near[best])
    return _more(pool, [leaders[at] for at in chosen], count)


def _more(pool: Sequence[Asked], chosen: list[Asked], count: int) -> list[Asked]:
    """Fills up with questions of groups that have had their turn."""
    names = {a.id for a in chosen}
    return chosen + [a for a in pool if a.id not in names][: max(0, count - len(chosen))]


def quotas(kinds: Mapping[str, int], count: int) -> dict[str, int]:
    """How many of each kind: by the square root of its size, so that a rare kind has its place; at least one."""
    roots = {kind: math.sqrt(size) for kind, size in kinds.items()}
    total = sum(roots.values()) or 1.0
    return {kind: max(1, math.ceil(count * root / total)) for kind, root in roots.items()}


def doubtful(
    questions: Mapping[str, Asked], drafts: Sequence[Draft], count: int, known: Sequence[Asked] = ()
) -> list[Asked]:
    """Questions whose label would tell most: doubt times distance from all that is labelled or chosen, within quotas.

    known: what is labelled already; of those the 2,000 latest are compared with.
    """
    open_ones = sorted(drafts, key=lambda d: (-d.doubt, d.question))[: wordings.MOST_AT_ONCE]
    if not open_ones:
        return []
    left = quotas(Counter(d.kind for d in open_ones), count)
    texts = [wordings.bare(questions[d.question].masked) for d in open_ones]
    apart = np.ones(len(texts), dtype=np.float32)
    if known:
        others = [wordings.bare(a.masked) for a in known[-2000:]]
        apart = 1 - wordings.similarities(texts, others).max(axis=1)
    doubts = np.array([d.doubt for d in open_ones], dtype=np.float32) + np.float32(0.01)
    chosen: list[int] = []
    free = np.ones(len(texts), dtype=bool)
    while len(chosen) < min(count, len(texts)):
        allowed = free & np.array([left[d.kind] > 0 for d in open_ones])
        score = np.where(allowed if allowed.any() else free, doubts * (apart + np.float32(0.05)), -1)
        best = int(score.argmax())
        chosen.append(best)
        free[best] = False
        left[open_ones[best].kind] -= 1
        apart = np.minimum(apart, 1 - wordings.similarities(texts, [texts[best]])[:, 0])
    return [questions[open_ones[at].question] for at in chosen]


def missing_kinds(drafts: Sequence[Draft], labelled: Sequence[str]) -> list[str]:
    """Kinds that the drafts hold and no label has yet."""
    counts: dict[str, int] = defaultdict(int)
    for draft in drafts:
        counts[draft.kind] += 1
    return sorted(kind for kind in counts if kind not in set(labelled))
