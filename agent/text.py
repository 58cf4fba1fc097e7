"""Text as it is searched: normalised, with the longest match of many fixed words in it, and marked where something is known."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]  # [start, end) of a text

_PREFIX = 2
# Two numbers, the second a year, that only a space keeps apart: two years, a stock code and a year, 第二 2020年, 三个亿 2020年.
_APART = re.compile(
    r"(\d|[一二两三四五六七八九十]|(?<=[\d个一二两三四五六七八九十百千万几])[百千万亿])\s+(?=20\d\d(?!\d)|[12]\d年(?!前|[来后间以]))"
)
_LISTED = re.compile(r"(?<![\d.])([12]\d)\s+(?=[12]\d(?!\d))")  # 三年 19 20 21
_BRACKETS = str.maketrans("〔〕【】〈〉", "()()()")


def normalise(text: str) -> str:
    """NFKC (full-width forms become plain ones), without white space and invisible characters.

    >>> normalise("港务（集团） ２０２０年")
    '港务(集团)2020年'
    """
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    plain = _LISTED.sub(r"\1、", _APART.sub(r"\1、", plain))
    return "".join(c for c in plain if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc", "Cs"))


class Lookup:
    """Finds words of a fixed set by their first two characters: the time grows with the text, hardly with the number of words."""

    def __init__(self, words: Iterable[str]) -> None:
        """Words shorter than two characters are left out."""
        self._words = frozenset(word for word in words if len(word) >= _PREFIX)
        lengths: dict[str, set[int]] = defaultdict(set)
        for word in self._words:
            lengths[word[:_PREFIX]].add(len(word))
        self._lengths = {prefix: tuple(sorted(found, reverse=True)) for prefix, found in lengths.items()}

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def at(self, text: str, start: int) -> Iterator[int]:
        """Ends of the words that begin at `start`, the longest first."""
        for length in self._lengths.get(text[start : start + _PREFIX], ()):
            if start + length <= len(text) and text[start : start + length] in self._words:
                yield start + length

    def begins(self, text: str, start: int) -> bool:
        """Whether some word begins with the two characters at `start`."""
        return text[start : start + _PREFIX] in self._lengths

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Left to right, the longest word at each position, without overlaps."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(text):
            end = next(self.at(text, at), None)
            if end is not None:
                found.append((at, end))
            at = end or at + 1
        return found


def mark(text: str, spans: Sequence[tuple[Span, str]]) -> str:
    """`text` with each [start, end) of `spans` replaced by its stand-in character, at the same length."""
    marked = list(text)
    for (start, end), symbol in spans:
        marked[start:end] = symbol * (end - start)
    return "".join(marked)
