"""A question becomes a statement: the model's readings are restored, checked, run and weighed; one number says how sure.

Nothing is answered that is not sure enough: a refusal says which words were not understood and offers the nearest readings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import DecimalException
from typing import Protocol

from agent.errors import NotAnswerable
from agent.statements.checks import faults
from agent.statements.evaluate import Evaluator, Result
from agent.statements.syntax import Statement, StatementError, parse
from agent.statements.tables import Table
from agent.statements.telling import tell
from agent.statements.words import said
from agent.understanding.explained import KnownPairs
from agent.understanding.mentions import SlotFinder, corrects_itself
from agent.understanding.slots import IMPLIED, Before, Slotted, prompt, restored

SURE = 0.97  # answers that are surer than this were right in 97 of 100 cases (benchmarks.people)
READINGS = 3  # that a refusal offers
_SLOT = re.compile(r"(?<![A-Za-z])([CMPAXKSNY]\d)(?!\d)")
_LONG_UNREAD, _UNREAD = 4, 3


class Reader(Protocol):
    """What reads a slotted question: (statement, log-probability, that of its least sure symbol), the likeliest first."""

    def statements(self, text: str, slots: frozenset[str]) -> list[tuple[str, float, float]]: ...


@dataclass(frozen=True)
class Candidate:
    """One reading. text: over slots; statement: over real names; logprob, lowest: the model's; margin: over the next one of another meaning."""

    text: str
    statement: Statement
    logprob: float
    lowest: float


@dataclass(frozen=True)
class Understood:
    """What came of a question.

    kind: answer, refusal (understood, but the table has not what is asked), unclear (not sure enough);
    sure: estimated probability that the reading is right; readings: what may be meant, in words, the likeliest first.
    """

    slotted: Slotted
    kind: str
    text: str
    sure: float = 0.0
    candidate: Candidate | None = None
    result: Result | None = None
    readings: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    queries: tuple[tuple[str, Mapping[str, object]], ...] = ()
    shown: tuple[str, ...] = ()  # companies of the rows that were told, in order


@dataclass
class Talk:
    """What a follow-up leans on."""

    earlier: Before
    shown: tuple[str, ...] = ()


@dataclass
class Understanding:
    """Understands questions over one table.

    names: 公司全称 → what a company is called; aliases: latest 公司全称 → all it has had; years: of the table;
    absent: (words that no such table answers) → the word, "" where there is none.
    """

    reader: Reader
    finder: SlotFinder
    pairs: KnownPairs
    table: Callable[[], Table]
    names: Mapping[str, str]
    aliases: Mapping[str, Sequence[str]]
    years: tuple[int, ...]
    absent: Callable[[str], str]
    threshold: float = SURE
    _seen: dict[str, Understood] = field(default_factory=dict)

    def understand(self, question: str, talk: Talk | None = None) -> Understood:
        """The answer, or why there is none.

        Raises:
            DatabaseError: the database cannot answer.
        """
        slotted = self.finder.slotted(question, talk.earlier if talk else None)
        if slotted.unknown and not self._may_ignore(slotted, talk):
            return Understood(slotted, "refusal", f"未查询到{slotted.unknown[0]}的相关信息，无法回答该问题。", 1.0)
        text = f"{prompt(talk.earlier, slotted.years)}[SEP]{slotted.text}" if talk else slotted.text
        unread = self.pairs.unread(slotted.text)
        written = self.reader.statements(text, self._slots(slotted))
        found = list(self._sound(written, slotted, question, talk))
        if not found:
            none = bool(written) and written[0][0] == "NONE"
            return self._nothing(slotted, unread, math.exp(written[0][1]) if none else 0.0, none)
        best = found[0]
        sure = how_sure(best, found[1:], [w[1] for w in written], unread, bool(talk))
        if best.statement.select is None:
            return self._nothing(slotted, unread, sure, True)
        readings = tuple(dict.fromkeys(said(c.statement, self.names) for c in found if c.statement.select))[:READINGS]
        return self._run(slotted, best, sure, readings, tuple(found), unread, talk)

    def _may_ignore(self, slotted: Slotted, talk: Talk | None) -> bool:
        """A name that the table has not is taken back again (恒银，啊不对，恒实科技)."""
        return corrects_itself(slotted.plain) and bool(slotted.names("C"))

    @staticmethod
    def _slots(slotted: Slotted) -> frozenset[str]:
        years = {f"Y{number + 1}" for number in range(max(1, len(slotted.years)))} | set(IMPLIED)
        return frozenset(slotted.values) | {f"@{year}" for year in years}

    def _sound(self, written, slotted: Slotted, question: str, talk: Talk | None):  # type: ignore[no-untyped-def]
        """The readings that make sense: they parse, use every name of the question, compare like with like. NONE only as the likeliest."""
        for rank, (text, logprob, lowest) in enumerate(written):
            try:
                slots = parse(text)
                statement = restored(slots, slotted, self.years[-1])
            except (StatementError, ValueError, KeyError):
                continue
            if statement.select is None and rank:
                continue
            unused = statement.select is not None and not talk and self._unused(slotted, text)
            if faults(statement) or (unused and not corrects_itself(question)):
                continue
            yield Candidate(text, statement, logprob, lowest)

    @staticmethod
    def _unused(slotted: Slotted, text: str) -> bool:
        """A name of the question that the statement leaves out; the inner years of a range may be."""
        used = set(_SLOT.findall(text))
        years = [f"Y{number + 1}" for number in range(len(slotted.years))]
        named = set(re.findall(r"\[(Y\d)\]", slotted.text))
        return any(name not in used for name in [*slotted.values, *(y for y in years if y in named)])

    def _nothing(self, slotted: Slotted, unread: str, sure: float, none: bool) -> Understood:
        word = self.absent(slotted.text)
        if word:
            return Understood(slotted, "refusal", f"表里没有“{word}”这样的内容，无法回答该问题。", sure)
        if unread:
            return Understood(slotted, "unclear", f"没有看懂“{unread}”，无法回答该问题。", sure)
        why = "表里的年度数据回答不了这个问题" if none else "没有看懂这个问题，请换一种说法"
        return Understood(slotted, "refusal" if none else "unclear", f"{why}，无法回答该问题。", sure)

    def _run(self, slotted, best, sure, readings, found, unread, talk) -> Understood:  # type: ignore[no-untyped-def]
        table = self.table()
        evaluator = Evaluator(table, talk.shown if talk else (), self.aliases)
        try:
            absent = self._absent_years(best.statement)
            if absent:
                raise NotAnswerable(absent)
            result = evaluator.run(best.statement.select)
            text, kind = tell(best.statement, result, self.names), "answer"
            shown = tuple(row.company for row in result.rows if row.company)
        except NotAnswerable as error:
            result, text, kind, shown = None, str(error), "refusal", ()
        except (DecimalException, ArithmeticError, KeyError, AssertionError, TypeError, ValueError):
            return Understood(slotted, "unclear", "没有看懂这个问题，请换一种说法，无法回答该问题。", 0.0, readings=readings)
        if kind == "answer" and (sure < self.threshold or len(unread) >= _LONG_UNREAD):
            return Understood(slotted, "unclear", self._unclear(unread, readings), sure, best, result, readings, found, tuple(table.log), shown)
        return Understood(slotted, kind, text, sure, best, result, readings, found, tuple(table.log), shown)

    def _absent_years(self, statement: Statement) -> str:
        from agent.statements.syntax import Column, walk

        wanted = {int(p.year) for p in walk(statement) if isinstance(p, Column) and p.year} - set(self.years)
        if not wanted:
            return ""
        have = "、".join(map(str, self.years))
        return f"未查询到{'、'.join(f'{year}年' for year in sorted(wanted))}的数据（表里有{have}年），无法回答该问题。"

    @staticmethod
    def _unclear(unread: str, readings: Sequence[str]) -> str:
        words = f"没有看懂“{unread}”" if len(unread) >= _UNREAD else "没有把握看懂这个问题"
        offered = "；".join(f"{number}. {reading}" for number, reading in enumerate(readings, 1))
        return f"{words}，无法回答该问题。" + (f"可能的意思：{offered}。" if offered else "")


def how_sure(best: Candidate, others: Sequence[Candidate], logprobs: Sequence[float], unread: str, follow_up: bool) -> float:
    """Estimated probability that a reading is right, from the model's own probability, the next reading's, and unread words."""
    first = max(logprobs)
    behind = best.logprob - max((c.logprob for c in others), default=-12.0)
    return math.exp(min(0.0, best.logprob)) if first == best.logprob and behind > 0 else math.exp(best.logprob) * 0.5
