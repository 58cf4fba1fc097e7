"""Which questions ask the same with other names, how near two wordings are, and which split a question belongs to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from agent.labelling.records import Split

NEAR = 0.9  # similarity (0 to 1) of two masked questions from which they count as one
_SHARES: tuple[tuple[Split, float], ...] = (("train", 0.70), ("validation", 0.85), ("test", 1.0))
_POLITE = re.compile(r"请问|请|麻烦|帮我?|您好|你好|谢谢|想知道|我想|查询?一下|一下|看看|[\s,.?!:;、。]")
MOST_AT_ONCE = 4000  # rows of a table of similarities (64 MB)


def bare(masked: str) -> str:
    """A masked question without what does not change it: punctuation, blanks, polite words; numbers are one number."""
    text = _POLITE.sub("", unicodedata.normalize("NFKC", masked))
    return re.sub(r"\d+", "0", text)


def similarities(some: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
    """How near wordings are, 0 to 1. Shape: [some][others]."""
    found = process.cdist(some, others, scorer=fuzz.ratio, dtype=np.float32, workers=1)
    return np.asarray(found / np.float32(100))


def groups(masked: Sequence[str], known: Sequence[str] = ()) -> list[int]:
    """For each question the number of the group it belongs to: of the first question that is nearly the same.

    known: leaders of groups that are there already, numbered from 0; questions that open a new group are numbered after them.
    """
    leaders, numbers, found = list(known), {text: at for at, text in enumerate(known)}, []
    for text in map(bare, masked):
        if text not in numbers:
            # Only wordings of about this length can be that near.
            best = process.extractOne(text, leaders, scorer=fuzz.ratio, score_cutoff=NEAR * 100) if leaders else None
            numbers[text] = best[2] if best else len(leaders)
            if best is None:
                leaders.append(text)
        found.append(numbers[text])
    return found


def split_of(group: str, seed: int) -> Split:
    """70/15/15 by the group alone, so that it stays where it is however many questions come."""
    drawn = int(hashlib.sha256(f"{seed} {group}".encode()).hexdigest()[:12], 16) / 16**12
    return next(split for split, end in _SHARES if drawn < end)
