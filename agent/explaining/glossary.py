"""Open questions: finance terms explained from a glossary of our own (glossary.txt), found by name, then by BM25 over jieba words."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.records import Answer
from agent.text import Lookup, normalise

FILE = Path(__file__).with_name("glossary.txt")
COVERED = 0.22  # BM25 of the best entry, as a share of what an entry that says every word often would score
MOST = 3  # terms explained in one answer
_DIFFERENCE = re.compile(
    r"区别|区分|不同|差[别异]|异同|关系|联系|一回事|比较|不一样|混淆|是不是|等于|包括|还是|会影响|怎么分"
)
_EFFECT = re.compile(
    r"影响|作用|意义|说明|意味|代表|重要|高|低|好|反映|体现|关注|判断|分析|正常|看|风险|局限|异常|管理|改善"
)
_FORMULA = re.compile(r"公式|算|等于|求")
_JOINTS = ("和", "与", "跟", "及", "以及", "同", "、", ",", "，")
_SETTING = re.compile(
    r"(?:年报|财务报表|财报|会计|财务分析|财务)[里中上](?:常说)?"
)  # 年报里常说的毛利率 asks for 毛利率
_QUESTION_WORD = re.compile(
    r"什么|怎么|如何|怎样|意思|请问|解释|一下|情况|公司|企业|哪些|哪个|多少|为什么|是不是|可以|能否|指标|叫做|一种|这个|这种|那种|东西|名词|术语|概念|称为"
)


@dataclass(frozen=True)
class Entry:
    """A term: definition, formula and effect are empty where there is none to tell."""

    term: str
    aliases: tuple[str, ...]
    definition: str
    formula: str
    effect: str


def read(path: Path = FILE) -> tuple[Entry, ...]:
    """Entries of a glossary file: term | aliases | definition | formula | effect, a line each; # begins a comment."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            term, aliases, definition, formula, effect = (part.strip() for part in line.split("|"))
            entries.append(Entry(term, tuple(aliases.split()), definition, formula, effect))
    return tuple(entries)


class Glossary:
    """Finds the terms that a question speaks of, and explains them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_name = {_plain(name): entry for entry in self.entries for name in (entry.term, *entry.aliases)}
        self._names = Lookup(self._by_name)

    @classmethod
    def load(cls) -> Glossary:
        """The glossary that ships with the agent."""
        return cls(read())

    @cached_property
    def _index(self) -> Any:
        from rank_bm25 import BM25Okapi

        return BM25Okapi([_words(f"{e.term} {' '.join(e.aliases)} {e.definition} {e.effect}") for e in self.entries])

    def find(self, question: str) -> list[Entry]:
        """Named terms in their order, longest names first; else the one that BM25 covers the question with; else nothing."""
        text = _plain(question)
        return list(dict.fromkeys(self._by_name[text[a:b]] for a, b in self._spans(text))) or self._resembling(question)

    def answer(self, question: str) -> Answer | None:
        """The explanation; of several terms where the question compares or lists them; None where no term is found."""
        found = self.find(question)
        if not found:
            return None
        count = 2 if _DIFFERENCE.search(question) else self._listed(_plain(question))
        return Answer("".join(_explain(entry, question) for entry in found[: min(count, MOST)]), "open")

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where terms are named; of terms without a gap the last, which is the head: 货币资金增长率 is an 增长率."""
        spans = [(a, b) for a, b in self._names.spans(text) if _is_whole(text, a, b)]
        return [span for i, span in enumerate(spans) if i + 1 == len(spans) or spans[i + 1][0] != span[1]]

    def _listed(self, text: str) -> int:
        """How many terms at the beginning are joined: 毛利率、净利率和ROE → 3."""
        spans, count = self._spans(text), 1
        while count < len(spans) and text[spans[count - 1][1] : spans[count][0]] in _JOINTS:
            count += 1
        return count

    def _resembling(self, question: str) -> list[Entry]:
        words = _words(normalise(question))
        if not words:
            return []
        scores = self._index.get_scores(words)
        best = max(range(len(scores)), key=scores.__getitem__)
        unknown = math.log(len(self.entries))  # a word that the glossary does not know weighs as much as its rarest
        ceiling = sum(self._index.idf.get(word, unknown) for word in words) * (self._index.k1 + 1)
        return [self.entries[best]] if scores[best] >= COVERED * ceiling else []


def _plain(text: str) -> str:
    """Without white space, case, 的 and the setting of a question."""
    return _SETTING.sub("", normalise(text).lower()).replace("的", "")


def _is_whole(text: str, start: int, end: int) -> bool:
    """Latin names stand alone: pe is not in people."""
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return not text[start:end].isascii() or not re.search("[a-z0-9]", around)


def _words(text: str) -> list[str]:
    import jieba  # half a second to load its dictionary: only where a term is not found by name

    jieba.setLogLevel(logging.WARNING)
    return [word for word in jieba.cut(text) if len(word) > 1 and not _QUESTION_WORD.fullmatch(word)]


def _explain(entry: Entry, question: str) -> str:
    """Definition, and formula and effect where they are known; what the question asks for first."""
    equation = entry.formula if "=" in entry.formula else f"{entry.term}={entry.formula}"
    formula = f"计算公式：{equation}。" if entry.formula else ""
    definition = f"{entry.term}：{entry.definition}"
    if _FORMULA.search(question):
        return formula + definition + entry.effect
    if _EFFECT.search(question):
        return definition + entry.effect + formula
    return definition + formula + entry.effect
