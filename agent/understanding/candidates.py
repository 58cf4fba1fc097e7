"""What the reader wrote, as readings that can be meant: restored to real names, checked, the same ones counted as one.

A statement that nobody can mean takes no share of the probability: what is left is shared among those that can be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.records import Written
from agent.statements.checks import faults
from agent.statements.meaning import conjuncts
from agent.statements.parsing import parse
from agent.statements.syntax import Binary, Column, Node, Select, Statement, rebuild, walk
from agent.statements.words import said
from agent.understanding.direction import turned
from agent.understanding.explained import SLOT
from agent.understanding.slots import Slotted, restored

# What parsing, evaluating or telling a statement raises that is written like one and yet means nothing.
SENSELESS = (ArithmeticError, AssertionError, LookupError, RecursionError, TypeError, ValueError)
_MOST = 0.9  # of the probability that senseless statements may give up to the others
_SLOT = re.compile(r"(?<![A-Za-z])([CMPAXKSNY]\d+)")
_NUMBER = re.compile(r"(?<![\w.])\d{2,}(?!\w)", re.ASCII)
_AGE = re.compile("[1-9一二三四五]年以[内上下]")  # 账龄: no column is of a part
# Words that are nothing else than a part of a statement: without it the statement is of something else.
_SAYS = ((re.compile("绝对值"), re.compile(r"ABS\(")), (re.compile("哪一?年"), re.compile(r"最[高低]项\(|@(\w+).*@(?!\1)")))
_YEAR_ENDS = frozenset({"12", "31", "1231"})  # 2021.12.31


@dataclass(frozen=True)
class Candidate:
    """One reading. text: over slots; statement: over real names."""

    text: str
    statement: Statement
    written: Written


def sensible_readings(
    written: Sequence[Written], slotted: Slotted, latest: int, names: Mapping[str, str]
) -> list[Candidate]:
    """The readings that can be meant, the likeliest first. NONE only as the likeliest of what was written."""
    found: dict[Statement, Candidate] = {}
    lost = 0.0
    for rank, each in enumerate(written):
        statement = _meant(each.text, slotted, latest, names)
        if statement is None:
            lost += math.exp(each.logprob)
        elif statement in found:
            first = found[statement]
            found[statement] = replace(first, written=as_one(first.written, each))
        elif statement.select is not None or rank == 0:
            found[statement] = Candidate(each.text, statement, each)
    share = math.log1p(-min(lost, _MOST))
    return sorted((_likelier(candidate, share) for candidate in found.values()), key=lambda c: -c.written.logprob)


def _meant(text: str, slotted: Slotted, latest: int, names: Mapping[str, str]) -> Statement | None:
    """The statement over real names; None where nobody can mean it."""
    try:
        statement = _once(restored(parse(text), slotted, latest))
        said(statement, names)  # what cannot be said can be neither told nor offered
        return None if faults(statement) or turned(slotted.text, text) else statement
    except SENSELESS:
        return None


def _once(statement: Statement) -> Statement:
    """Without the conditions that were said twice: 亏损的公司（净利润小于0）."""

    def change(node: Node) -> Node:
        if not isinstance(node, Select) or node.where is None:
            return node
        first, *rest = dict.fromkeys(conjuncts(node.where))
        for part in rest:
            first = Binary("AND", first, part)
        return replace(node, where=first)

    return rebuild(statement, change)


def as_one(first: Written, *others: Written) -> Written:
    """What comes to the same, written in several ways: their probabilities together."""
    total = min(0.0, math.log(sum(math.exp(each.logprob) for each in (first, *others))))
    return Written(first.text, total, min(0.0, max(first.lowest, total)))


def _likelier(candidate: Candidate, share: float) -> Candidate:
    written = candidate.written
    return replace(candidate, written=replace(written, logprob=min(0.0, written.logprob - share)))


def leaves_out(slotted: Slotted, candidate: Candidate) -> bool:
    """Whether a name or a number of the question is no part of the statement; the inner years of a range need not be."""
    text = candidate.text
    if candidate.statement.select is None:
        return False
    used = set(_SLOT.findall(text))
    if re.search(r"LIMIT K\d,K\d", text):  # 第11名至第13名的是哪三家 counts them once more
        used |= set(re.findall(r"哪\[(K\d)\]家", slotted.text))
    columns = {part.name for part in walk(candidate.statement) if isinstance(part, Column)}  # 亏损 and 净利润 are one figure
    used |= {name for name, value in slotted.values.items() if name[0] == "M" and value in columns}
    years = set(re.findall(r"\[(Y\d)\]", slotted.text))
    if "@" not in text and "公司=C" in text:  # 代码600519在2019年是哪家: who it is has no year
        years = set()
    numbers = set(_NUMBER.findall(SLOT.sub("#", slotted.text))) - _YEAR_ENDS - set(_NUMBER.findall(text))
    if any(word.search(slotted.text) and not part.search(text) for word, part in _SAYS):
        return True
    return bool(numbers) or _AGE.search(slotted.text) is not None or any(name not in used for name in (*slotted.values, *years))
