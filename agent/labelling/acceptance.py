"""Which drafts are accepted without a person: thresholds by kind, set anew each round from rows that a person has judged."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent.labelling import journal, wordings
from agent.labelling.records import Draft

ENOUGH = 8  # judged rows of a kind before it has a threshold of its own
SOME = 3  # judged rows of a kind before it may borrow the threshold of all kinds
AUDITED = 0.05  # of what was accepted automatically a person sees so many
NEIGHBOURS = 3  # judged rows that speak for or against a draft
ALIKE = 0.55  # similarity of wordings (0 to 1) from which they do
NEVER = 2.0  # a threshold that nothing reaches


@dataclass(frozen=True)
class Judged:
    """A draft that a person has seen: how sure it was, whether all of its label was right, and whether every check passed.
    wording: the question over surrogates, bare."""

    kind: str
    sure: float
    right: bool
    passed: bool = True
    wording: str = ""


@dataclass(frozen=True)
class Precision:
    """right of total; low and high: the exact two-sided 95 % interval."""

    right: int
    total: int

    @property
    def share(self) -> float:
        return self.right / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return clopper_pearson(self.right, self.total)

    def __str__(self) -> str:
        if not self.total:
            return "还没有抽查"
        low, high = self.interval
        return f"{self.share:.1%}（{self.right}/{self.total}，95% 区间 {low:.1%}–{high:.1%}）"


def clopper_pearson(right: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper & Pearson 1934): where either tail of the binomial holds half of 1-level."""
    if not total:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if right == 0 else _root(lambda p: 1 - _at_most(right - 1, total, p) - tail)
    high = 1.0 if right == total else _root(lambda p: tail - _at_most(right, total, p))
    return low, high


def _at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) of a binomial."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or k >= n else 0.0
    logs = (
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
        for i in range(k + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def _root(rising: Callable[[float], float]) -> float:
    """Where a rising function of [0, 1] crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def threshold(judged: Sequence[Judged], target: float) -> float:
    """The lowest sureness from which on at least `target` of ENOUGH or more judged rows were right; NEVER where there is none."""
    rows = sorted((j for j in judged if j.passed), key=lambda j: -j.sure)
    best, right = NEVER, 0
    for total, row in enumerate(rows, 1):
        right += row.right
        last_of_its_sureness = total == len(rows) or rows[total].sure < row.sure
        if last_of_its_sureness and total >= ENOUGH and right / total >= target:
            best = row.sure
    return best


def thresholds(judged: Sequence[Judged], target: float) -> dict[str, float]:
    """Kind → threshold; NEVER, also under "" for kinds that nobody has judged yet.

    A kind with some judged rows, but too few for a threshold of its own, has that of all rows together, and one above every row
    of its own that was wrong.
    """
    by_kind: dict[str, list[Judged]] = defaultdict(list)
    for row in judged:
        by_kind[row.kind].append(row)
    together = threshold(judged, target)
    found = {"": NEVER}
    for kind, rows in by_kind.items():
        passed = [row for row in rows if row.passed]
        if len(passed) >= ENOUGH:
            found[kind] = threshold(rows, target)
        elif len(passed) >= SOME:
            wrong = max((row.sure for row in passed if not row.right), default=0.0)
            found[kind] = max(together, math.nextafter(wrong, NEVER))
    return found


def closed(audited: Sequence[Judged], target: float) -> set[str]:
    """Kinds whose audits rule the target out: the whole interval of their precision lies below it. A few wrong ones of few do."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for row in audited:
        by_kind[row.kind].append(row.right)
    return {kind for kind, right in by_kind.items() if clopper_pearson(sum(right), len(right))[1] < target}


def doubted(texts: Sequence[str], judged: Sequence[Judged], apart: bool = False) -> list[bool]:
    """For each wording whether one of the NEIGHBOURS judged drafts that are worded most alike was wrong: a kind that the models
    get wrong together passes every check, and only its neighbours tell. apart: `texts` are the judged ones, each left out of its own.
    """
    if not judged or not texts:
        return [False] * len(texts)
    near = wordings.similarities(texts, [j.wording for j in judged])
    if apart:
        np.fill_diagonal(near, -1)
    nearest = np.argsort(-near, axis=1, kind="stable")[:, :NEIGHBOURS]
    return [any(not judged[at].right and near[row, at] >= ALIKE for at in found) for row, found in enumerate(nearest)]


def believed(judged: Sequence[Judged]) -> list[Judged]:
    """The judged rows, those that their neighbours speak against marked as not passed: thresholds are for what is left."""
    speak_against = doubted([j.wording for j in judged], judged, apart=True)
    return [replace(j, passed=j.passed and not against) for j, against in zip(judged, speak_against)]


def may_accept(draft: Draft, limits: Mapping[str, float]) -> bool:
    """Every check passed, and it is as sure as its kind has to be."""
    return not draft.failed and draft.sure >= limits.get(draft.kind, limits.get("", NEVER))


def to_audit(accepted: Sequence[str], seed: int, share: float = AUDITED) -> list[str]:
    """A random part of what was accepted automatically, at least one; the same rows whenever it is asked for."""
    drawn = sorted(accepted, key=lambda name: journal.digest([seed, name]))
    return drawn[: max(1, math.ceil(len(drawn) * share))] if drawn else []
