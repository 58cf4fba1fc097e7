"""Which part of a table a question is about: a 报告期 (一季度, 上半年, 三季报) and a 口径 (母公司), where it says so.

The words are taken out: what is left is read as any question, over the rows of that part alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent.errors import NotAnswerable
from agent.figures.periods import ANNUAL, FIRST, GROUP, HALF, PERIODS, THIRD, USUAL, Slice
from agent.figures.said import nouns
from agent.text import Lookup, Span, normalise

_MONTHS = {FIRST: "1至3月", HALF: "1至6月", THIRD: "1至9月"}
_BEHIND = r"(?:报告?|财报|财务报[表告])?(?:[中里内下]|期?末|底)?"  # 一季度末, 三季报里
# One quarter alone is no part of a table, which holds figures from January on; what is left of them is refused elsewhere.
_SINGLE = re.compile(r"单季|当季|环比|第?[二四24]季|第[三3]季度(?!报|财报|末|期末|底)|[qQ][24](?![0-9])|下半年|逐季|[每各]个?季")
_NO_REPORT = re.compile(r"(?:归属?于?|归)$")  # 归属于母公司的净利润 is a column
_NO_REPORT_BEHIND = re.compile(r"是(?:谁|哪|什么)|叫|名称|和子公司|与子公司")


@dataclass(frozen=True)
class Asked:
    """text: the question without the words of its part; part: None where it names none; only: it holds nothing else."""

    text: str
    part: Slice | None = None
    only: bool = False


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    lines = Path(__file__).with_name("report_parts.txt").read_text(encoding="utf-8").splitlines()
    given = [line.split() for line in lines if line and not line.startswith("#")]
    return tuple((name, re.compile(f"(?:{'|'.join(said)}){_BEHIND}")) for name, *said in given)


@lru_cache(maxsize=1)
def _columns() -> Lookup:
    return Lookup([said for said in nouns() if "母公司" in said or "合并" in said or "季" in said])


def _found(text: str) -> Iterator[tuple[str, Span]]:
    taken = _columns().spans(text)
    for name, pattern in _words():
        for match in pattern.finditer(text):
            start, end = match.span()
            inside = any(s < end and start < e for s, e in taken)
            if not inside and not _NO_REPORT.search(text[:start]) and not _NO_REPORT_BEHIND.match(text, end):
                taken.append((start, end))
                yield name, (start, end)


def part_of(question: str) -> Asked:
    """The part that a question names.

    Raises:
        NotAnswerable: it names several, which are never put together.
    """
    text = normalise(question)
    if _SINGLE.search(text):
        return Asked(question)
    found = sorted(_found(text), key=lambda f: f[1])
    if not found:
        return Asked(question)
    periods = dict.fromkeys(name for name, _ in found if name in PERIODS)
    scopes = dict.fromkeys(name for name, _ in found if name not in PERIODS)
    if len(periods) > 1 or len(scopes) > 1:
        named = "、".join(periods if len(periods) > 1 else scopes)
        raise NotAnswerable(f"一个问题只能问一个报告期、一种口径的数，这里有{named}，请分开问，无法回答该问题。")
    pieces, at = [], 0
    for _, (start, end) in found:
        # 2021Q3净利润 keeps its 年.
        pieces += [text[at:start], "年" if re.search(r"(?:19|20)\d\d$", text[:start]) else ""]
        at = end
    rest = "".join([*pieces, text[at:]])
    rest = re.sub(r"(?<=年)(?:的(?=的)|度(?=的|$))", "", rest)
    only = not re.sub(r"[那呢的又如何怎么样是多少看一下换成,，。?？]", "", rest)
    return Asked(rest, Slice(next(iter(periods), ANNUAL), next(iter(scopes), GROUP)), only)


def missing(part: Slice, slices: Collection[Slice]) -> str | None:
    """Why a table with these parts cannot answer about `part`, in one sentence that names it; None where it can."""
    if part in slices:
        return None
    have = "、".join(map(str, sorted(slices, key=str))) or "没有一行读得懂的"
    if part == USUAL:
        return f"表里没有{part}的数据（只有{have}），请在问题里写明报告期或口径，无法回答该问题。"
    if set(slices) == {USUAL}:
        named = part.period if part.period != ANNUAL else f"{part.scope}报表"
        return f"表中只有年度的合并报表数据，没有{named}的数据，回答不了“{named}”，无法回答该问题。"
    return f"表里没有{part}的数据（有{have}），无法回答该问题。"


def told(part: Slice) -> str:
    """What is said before an answer over a part that is not the usual one."""
    months = f"（{_MONTHS[part.period]}）" if part.period in _MONTHS else ""
    said = ([f"{part.period}{months}"] if part.period != ANNUAL else []) + (
        ["母公司报表"] if part.scope != GROUP else []
    )
    return f"按{'、'.join(said)}回答：" if said else ""
