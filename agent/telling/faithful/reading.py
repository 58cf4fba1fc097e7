"""Where a reader of a conclusion stands: the tokens, who is spoken of, what was claimed so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.figures import schema
from agent.telling.faithful.claims import Token
from agent.telling.faithful.context import Context, Subject
from agent.telling.faithful.evidence import Cell, Evidence

Key = tuple[object, ...]
NAMES = ("company", "year")
_FORM_WORDS = ("word", "mark", "yearly")
_END = Token("stop", "")


@dataclass
class Reading:
    """What a conclusion says: the claims that the evidence bears out, and those that it does not."""

    claims: set[Key] = field(default_factory=set)
    unbacked: list[str] = field(default_factory=list)


class Reader:
    """State of a reading, from token to token."""

    def __init__(self, evidence: Evidence, tokens: Sequence[Token]) -> None:
        self.evidence, self.intent, self.tokens = evidence, evidence.intent, tokens
        self.found = Reading()
        self.context = Context(
            bool(evidence.row_companies), bool(evidence.row_years) or self.intent.by_year, evidence.only_column
        )
        self.function: str | None = None  # 平均值, 总和 that was named last
        self.compared: Subject | None = None  # what was spoken of at 比
        self.reversed = False  # 与乙相比,甲…: what was spoken of is the measure, not the measured
        self.leaned: int | None = None  # the year that 上年 was counted from
        self.ranked: list[int] = []  # places of the companies, in the order of their first mention
        self.verdicts = 0

    def back(self, holds: bool, token: Token, *keys: Key) -> None:
        """Notes a claim: `keys` where it holds, its words where it does not."""
        if holds:
            self.found.claims.update(keys)
        else:
            self.found.unbacked.append(f"“{token.text}”没有依据")

    def near(self, i: int, step: int) -> Token:
        """The nearest token before (-1) or after (1) that is more than a form word."""
        i += step
        while 0 <= i < len(self.tokens) and self.tokens[i].kind in _FORM_WORDS:
            i += step
        return self.tokens[i] if 0 <= i < len(self.tokens) else _END

    def beside(self, i: int) -> Token:
        """The token directly after."""
        return self.tokens[i + 1] if i + 1 < len(self.tokens) else _END

    def pointed_at(self, i: int) -> Token | None:
        """The company or year that 最高的(公司)是 … points to."""
        pointed = False
        for token in self.tokens[i + 1 :]:
            if token.kind in NAMES:
                return token if pointed else None
            passed = token.kind in (*_FORM_WORDS, "top", "number") or token.text == ":" or token.value == schema.COMPANY
            if not passed:
                return None
            pointed = pointed or token.text.endswith(("是", "为", ":"))
        return None

    def leave_last_year(self, i: int) -> None:
        """After 上年为…: what grew is again that of the year it was counted from."""
        if self.leaned and self.context.now().year == self.leaned - 1:
            self.context.mention("year", (self.leaned,), i, self.tokens)

    def cell(self, subject: Subject | None) -> Cell | None:
        """The cell of a subject, None where it is not one."""
        if subject is None or subject.column is None:
            return None
        return self.evidence.find(subject.company, subject.year, subject.column)


Handler = Callable[[Reader, int, Token], None]


def member(token: Token) -> dict[str, Any]:
    """A mention as a change of subject: {"company": …} or {"year": …}."""
    return {token.kind: token.value[0] if isinstance(token.value, tuple) else token.value}
