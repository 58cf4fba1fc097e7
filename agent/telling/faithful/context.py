"""Who and what a conclusion is speaking of at one place: company, year and column, several of one kind where they were listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agent.telling.faithful.claims import Token

_KINDS = ("company", "year", "column")


class Subject(NamedTuple):
    """Whose value is meant; None: not said."""

    company: str | None = None
    year: int | None = None
    column: str | None = None

    def but(self, **changed: object) -> Subject:
        """The same with another company or year."""
        return Subject(**{**self._asdict(), **changed})


class Context:
    """The last mentions. A list (甲和乙) hands its members to the values that follow, one each in turn."""

    def __init__(self, companies: bool, years: bool, column: str | None) -> None:
        """companies, years: whether the rows tell them apart. column: the one that is meant where none is named."""
        self._told = {"company": companies, "year": years, "column": True}
        self._named: dict[str, list] = {"company": [], "year": [], "column": []}
        self._last = dict.fromkeys(_KINDS, -1)
        self._column, self._used = column, 0
        self._flawed = False

    def mention(self, kind: str, values: Sequence[object], at: int, tokens: Sequence[Token]) -> None:
        """A name at token `at`; with nothing but 和 or 、 since the last of its kind it joins that one's list."""
        self._flawed = self.flawed
        between = tokens[self._last[kind] + 1 : at]
        listed = self._last[kind] >= 0 and bool(between) and all(token.kind == "and" for token in between)
        self._flawed = self._flawed or (listed and not set(values).isdisjoint(self._named[kind]))
        self._named[kind] = [*(self._named[kind] if listed else ()), *values]
        self._last[kind] = at
        self._used = 0

    @property
    def flawed(self) -> bool:
        """Whether some list named a member twice, or got values for a part of its members only."""
        lists = [len(self.all(kind)) for kind in self._several()]
        return self._flawed or bool(self._used and lists and self._used < lists[0])

    def end_sentence(self) -> None:
        """A new sentence that names no column is about what was asked for."""
        self._flawed = self.flawed
        if self._column:
            self._named["column"], self._last["column"] = [], -1

    def all(self, kind: str) -> list:
        """What the last mentions of a kind named."""
        return self._named[kind] or ([self._column] if kind == "column" and self._column else [])

    def now(self) -> Subject:
        """The one of each kind; None where there are several."""
        return Subject(*(found[0] if len(found := self.all(kind)) == 1 else None for kind in _KINDS))

    def listed(self, named: Token | None) -> bool:
        """Whether several companies or years are spoken of, and none of them is singled out."""
        several = {kind for kind in ("company", "year") if self._told[kind] and len(self.all(kind)) > 1}
        return bool(several - ({named.kind} if named else set()))

    def subjects(self) -> list[Subject | None]:
        """Every member of the one list there is."""
        several = self._several()
        if len(several) > 1:
            return [None]
        if not several:
            return [self.now()]
        return [self.now()._replace(**{several[0]: member}) for member in self.all(several[0])]

    def subject(self, take: bool) -> Subject | None:
        """Whose turn it is; None where that cannot be told. take: the next value is the next member's."""
        members = self.subjects()
        if not self._several() or members == [None]:
            return members[0]
        turn, self._used = self._used, self._used + take
        return members[turn] if turn < len(members) else None

    def _several(self) -> list[str]:
        return [kind for kind in _KINDS if self._told[kind] and len(self.all(kind)) > 1]
