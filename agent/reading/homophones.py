"""Columns written with a character of the same sound: 管里费用 is 管理费用.

An input method offers characters by their sound, and a wrong one is picked. A name is recognised where one character differs
(two in a name of six or more) and the sounds of all are the same, tones apart. Nothing that a known name explains as written
is looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import ne

from agent.reading.companies.similar import sound_alike
from agent.text import Span

_SHORTEST, _LONG, _PAIR = 3, 6, 2
_HAN = re.compile("[一-龥]+")
# Words of the question's own grammar; no typo turns a part of a name into one of these.
_GRAMMAR = frozenset("的和与及或在是有为年从到比各每共多少几大小高低最前后第名家个了吗呢分具总")


class Homophones:
    """An index of names by each pair of neighbouring characters: a typo leaves at least one pair as it is."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_pair: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name in names:
            if len(name) >= _SHORTEST and _HAN.fullmatch(name):
                for at in range(len(name) - _PAIR + 1):
                    self._by_pair[name[at : at + _PAIR]].append((name, at))

    def corrected(self, text: str, known: Sequence[Span]) -> str:
        """`text` with every misspelt name as it is meant, at the same length.

        `known`: spans that are explained as written; a misspelt name may hold one (净利 in 净利闰), but neither touch nor lie in another.
        """
        cover = {at: span for span in sorted(known, key=lambda span: span[1] - span[0]) for at in range(*span)}
        typos = {(start, start + len(name)): name for start, name in self._typos(text, cover)}
        characters, taken = list(text), bytearray(len(text))
        for start, end in sorted(typos, key=lambda span: span[0] - span[1]):
            if not any(taken[start:end]):
                characters[start:end] = typos[start, end]
                taken[start:end] = b"\1" * (end - start)
        return "".join(characters)

    def _typos(self, text: str, cover: Mapping[int, Span]) -> Iterator[tuple[int, str]]:
        """(start, name) of what has the sounds of a name; `cover`: position → the known span that holds it."""
        seen: set[tuple[int, str]] = set()
        for at in range(len(text) - _PAIR + 1):
            for name, offset in self._by_pair.get(text[at : at + _PAIR], ()):
                start, end = at - offset, at - offset + len(name)
                if start < 0 or (start, name) in seen:
                    continue
                seen.add((start, name))
                typed = text[start:end]
                if _near(typed, name) and not _explained(start, end, cover) and _sounds(typed, name):
                    yield start, name


def _near(typed: str, name: str) -> bool:
    """Whether few enough characters differ to ask for their sounds at all."""
    if len(typed) != len(name) or not 0 < sum(map(ne, typed, name)) <= (1 if len(name) < _LONG else 2):
        return False
    return all(one == other or (_HAN.fullmatch(one) and one not in _GRAMMAR) for one, other in zip(typed, name))


def _explained(start: int, end: int, cover: Mapping[int, Span]) -> bool:
    """Whether a known span explains a part of the window as written, and does not lie inside it."""
    spans = {cover[at] for at in range(start, end) if at in cover}
    return any(s < start or end < e or e - s == end - start for s, e in spans)


def _sounds(typed: str, name: str) -> bool:
    return all(one == other or sound_alike(one, other) for one, other in zip(typed, name))
