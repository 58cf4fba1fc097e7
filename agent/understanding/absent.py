"""Words for what no table of annual figures holds, from data/wordings/not_in_table.jsonl: a refusal can name them."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from agent.figures.said import nouns
from agent.text import Lookup, normalise

FILE = Path(__file__).resolve().parents[2] / "data" / "wordings" / "not_in_table.jsonl"


class AbsentWords:
    """Finds the longest of the words in a text."""

    def __init__(self, columns: Collection[str]) -> None:
        """`columns`: of the table; a word that names one of them is not absent."""
        known = {*map(normalise, columns), *nouns()}
        rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
        words = {normalise(row["said"]): row["why"] for row in rows}
        self._words = Lookup(word for word in words if word not in known)
        self._groups = frozenset(word for word, why in words.items() if why == "group")

    def __call__(self, text: str) -> str:
        """The word, "" where there is none."""
        return max((text[start:end] for start, end in self._words.spans(text)), key=len, default="")

    def group(self, text: str) -> str:
        """The longest word for companies that no table tells apart (药企, 国企), "" where there is none."""
        return max((w for s, e in self._words.spans(text) if (w := text[s:e]) in self._groups), key=len, default="")
