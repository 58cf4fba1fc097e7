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
        words = (normalise(json.loads(line)["said"]) for line in FILE.read_text(encoding="utf-8").splitlines())
        self._words = Lookup(word for word in words if word not in known)

    def __call__(self, text: str) -> str:
        """The word, "" where there is none."""
        return max((text[start:end] for start, end in self._words.spans(text)), key=len, default="")
