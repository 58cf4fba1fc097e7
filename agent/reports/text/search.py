"""The passages of one report ranked for a question: BM25 (bm25s) over the words of titles, counted twice, and lines."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from agent.reports.text import headings
from agent.reports.text.index import Found
from agent.reports.text.passages import Passage

_TITLE = 2  # times that a title's word counts


class Ranked:
    """The passages of a report, to be ranked."""

    def __init__(self, found: Sequence[Found]) -> None:
        self.found = tuple(found)
        self.passages: tuple[Passage, ...] = tuple(f.passage for f in found)
        self.known = [frozenset((*f.title_words, *f.words)) for f in found]

    @cached_property
    def _index(self) -> Any:
        import bm25s

        index = bm25s.BM25()
        index.index([[*f.title_words * _TITLE, *f.words] for f in self.found], show_progress=False)
        return index

    @cached_property
    def frequency(self) -> Counter[str]:
        """Word → passages that hold it."""
        return Counter(word for known in self.known for word in known)

    def weight(self, word: str) -> float:
        """How rare a word is in the report; one that it lacks weighs most."""
        return math.log(1 + len(self.found) / (1 + self.frequency[word]))

    def scores(self, asked: Iterable[str]) -> list[float]:
        """BM25 of every passage."""
        known = [word for word in asked if word in self._index.vocab_dict]
        return [float(s) for s in self._index.get_scores(known)] if known else [0.0] * len(self.found)

    def covered(self, asked: Iterable[str], at: Iterable[int]) -> float:
        """Which share of the asked words some passages hold, rare ones weighing more."""
        held = frozenset().union(*(self.known[i] for i in at))
        unique = set(asked)
        total = sum(map(self.weight, unique))
        return sum(self.weight(word) for word in unique if word in held) / total if total else 0.0

    @cached_property
    def titles(self) -> list[tuple[str, ...]]:
        """The titles above every passage, without blanks."""
        return [tuple(map(headings.plain, passage.path)) for passage in self.passages]

    @cached_property
    def lines(self) -> list[tuple[str, ...]]:
        """The lines of every passage, without blanks."""
        return [tuple(map(headings.plain, passage.lines)) for passage in self.passages]

    @cached_property
    def pages(self) -> dict[int, str]:
        """Page → all that it says, without blanks."""
        found: dict[int, str] = defaultdict(str)
        for i, passage in enumerate(self.passages):
            found[passage.page] += "\n".join((*self.titles[i], *self.lines[i], ""))
        return found

    def below(self, at: int, depth: int) -> list[int]:
        """Passages around one that have the same first `depth` titles, in the report's order."""
        path = self.passages[at].path[:depth]
        first = last = at
        while first > 0 and self.passages[first - 1].path[:depth] == path:
            first -= 1
        while last + 1 < len(self.passages) and self.passages[last + 1].path[:depth] == path:
            last += 1
        return list(range(first, last + 1))
