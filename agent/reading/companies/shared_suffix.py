"""Columns that share a suffix: 销售、管理和财务费用 are three columns, of which only the last is written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from agent.text import Lookup

_AND = re.compile(r"(?:以及|[、/和与及跟])$")
_LONGEST, _SHORTEST, _SHORTEST_SUFFIX = 12, 2, 2  # characters of a piece before the last column, and of the suffix
# What may stand before 和 in front of the first piece without being a piece itself: 2020年和2021年, 甲公司和乙公司.
_NO_PIECE = re.compile(r"(?:[\d年]|公司|集团)$")


def written_out(text: str, names: Lookup, columns: Mapping[str, str]) -> str:
    """`text` with the suffix put behind every piece; `columns`: said → column, of which `names` are the keys.

    Only where each piece with the suffix is a column's name and none is one without it: 应收票据及应收账款 stays, and a name of a column
    that holds such a list (对联营企业和合营企业的投资收益) is one word of `names`.
    """
    spans = names.spans(text)
    ends = {end for _, end in spans}
    suffixes: dict[int, str] = {}
    for start, end in spans:
        if _AND.search(text[max(0, start - 2) : start]):
            suffixes |= _suffixes(text, start, end, columns, ends)
    cuts = [0, *sorted(suffixes), len(text)]
    return "".join(text[a:b] + suffixes.get(b, "") for a, b in pairwise(cuts))


def _suffixes(text: str, start: int, end: int, columns: Mapping[str, str], ends: set[int]) -> dict[int, str]:
    """End of each piece before the column at [start, end) → the suffix that belongs there, the longest that fits them all."""
    last = text[start:end]
    for cut in range(1, len(last) - _SHORTEST_SUFFIX + 1):
        suffix = last[cut:]
        pieces = _pieces(text, start, suffix, columns, ends)
        if pieces and columns[last] not in {columns[text[s:e] + suffix] for s, e in pieces}:
            return {piece_end: suffix for _, piece_end in pieces}
    return {}


def _pieces(text: str, start: int, suffix: str, columns: Mapping[str, str], ends: set[int]) -> list[tuple[int, int]]:
    """[start, end) of each piece before the column at `start`, right to left; none where something in the list is no piece."""
    found: list[tuple[int, int]] = []
    while joint := _AND.search(text[max(0, start - 2) : start]):
        end = start - len(joint[0])
        if end in ends or _NO_PIECE.search(text[max(0, end - 2) : end]):
            break
        lengths = range(min(_LONGEST, end), _SHORTEST - 1, -1)
        length = next((n for n in lengths if text[end - n : end] + suffix in columns), None)
        if length is None:
            return []
        start = end - length
        found.append((start, end))
    return found
