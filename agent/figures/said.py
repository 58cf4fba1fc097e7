"""How people call columns and formulas, from the wordings' own file: data/wordings/said_columns.jsonl."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from agent.figures import schema
from agent.figures.aliases import aliases
from agent.text import normalise

FILE = Path(__file__).resolve().parents[2] / "data" / "wordings" / "said_columns.jsonl"
_NAMES = frozenset({"noun", "typo", "abbreviation"})  # verbs, questions and adjectives are the model's to read
_RATIO_WORD = re.compile(r"(?:率|比|重|例|值|律|绿|列|种|直|金|[)）])$")


@lru_cache(maxsize=1)
def nouns() -> dict[str, str]:
    """Said, normalised → real or named computed column; growth rates are composed of words and are not among them."""
    known = dict(aliases())
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        column = known.get(row["column"], row["column"])
        if row["kind"] in _NAMES and (column in schema.columns() or column in schema.formulas()):
            known.setdefault(row["said"], column)
    found = {normalise(said): column for said, column in known.items()}
    return {said: column for said, column in found.items() if _stands_alone(said, column, found)}


def _stands_alone(said: str, column: str, known: dict[str, str]) -> bool:
    """Neither a growth rate, nor 年营收 (its 年 belongs to the year), nor 总负债比总资产, which may compare two figures."""
    if len(said) < 2 or schema.over_last_year(column)[1]:
        return False
    if said[0] == "年" and said[1:] in known:
        return False
    return not (re.search("[^货流].*比.", said) and not _RATIO_WORD.search(said))
