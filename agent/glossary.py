"""Open questions: finance terms explained from a glossary of our own (glossary.txt), found by name, then by BM25 over jieba words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.linking.lookup import Lookup, normalise
from agent.records import Answer

FILE = Path(__file__).with_name("glossary.txt")
# BM25 of the best entry, and by how much it must beat the next: below that nothing is found.
ENOUGH, CLEARER = 6.0, 1.15
_DIFFERENCE = ("区别", "不同", "差别", "差异", "异同", "关系", "一回事", "区分", "比较", "不一样", "联系", "是不是")
_EFFECT = (
    "影响",
    "作用",
    "意义",
    "说明",
    "意味",
    "重要",
    "好",
    "高",
    "低",
    "提高",
    "反映",
    "关注",
    "判断",
    "分析",
    "正常",
    "看",
)
_FORMULA = ("公式", "怎么算", "计算", "如何算", "怎样算", "等于", "算法", "求", "算")
# What only the text of one company's report can answer.
REPORT_TOPICS = (
    "社会责任",
    "审计事项",
    "审计意见",
    "审计报告",
    "核心竞争力",
    "客户集中",
    "供应商",
    "行业情况",
    "行业格局",
    "行业地位",
    "公司地位",
    "关联交易",
    "会计师事务",
    "控股股东",
    "实际控制人",
    "破产重整",
    "环境信息",
    "环境保护",
    "环境部门",
    "排污",
    "股权激励",
    "持股计划",
    "薪酬",
    "报酬",
    "培训",
    "重大诉讼",
    "仲裁",
    "处罚",
    "担保",
    "募集资金",
    "利润分配",
    "分红",
    "内部控制",
    "公司治理",
    "风险因素",
    "可能面对的风险",
    "发展展望",
    "发展战略",
    "经营计划",
    "经营模式",
    "商业模式",
    "主要业务",
    "主要产品",
    "子公司情况",
    "资产重组",
    "股份变动",
    "股东情况",
    "扶贫",
    "乡村振兴",
    "创新",
    "会计政策",
    "会计估计",
    "重大变化",
    "变动的原因",
    "变动原因",
    "变动情况",
    "非主营业务",
    "年报",
    "年度报告",
    "报告期",
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


def is_report_text_question(question: str) -> bool:
    """Asks for what stands in the words of a report."""
    return any(topic in question for topic in REPORT_TOPICS)


class Glossary:
    """Finds the terms that a question speaks of, and explains them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_name = {
            normalise(name).lower(): entry for entry in self.entries for name in (entry.term, *entry.aliases)
        }
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
        """Named terms in their order, longest names first; else the one that BM25 clearly prefers; else nothing."""
        text = normalise(question).lower()
        named = list(dict.fromkeys(self._by_name[text[start:end]] for start, end in self._names.spans(text)))
        if named:
            return named
        scores = self._index.get_scores(_words(text))
        best, second = sorted(range(len(scores)), key=lambda i: -scores[i])[:2]
        return [self.entries[best]] if scores[best] >= ENOUGH and scores[best] >= CLEARER * scores[second] else []

    def answer(self, question: str) -> Answer | None:
        """The explanation, of two terms where the question compares them; None where no term is found."""
        found = self.find(question)
        if not found:
            return None
        chosen = found[:2] if len(found) > 1 and any(word in question for word in _DIFFERENCE) else found[:1]
        return Answer("".join(_explain(entry, question) for entry in chosen), "open")


def _words(text: str) -> list[str]:
    import jieba  # half a second to load its dictionary: only where a term is not found by name

    jieba.setLogLevel(logging.WARNING)
    return [word for word in jieba.cut(text) if len(word) > 1]


def _explain(entry: Entry, question: str) -> str:
    """Definition, and formula and effect where they are known; what the question asks for first."""
    formula = f"计算公式：{entry.term}={entry.formula}。" if entry.formula else ""
    effect = entry.effect
    definition = f"{entry.term}：{entry.definition}"
    if any(word in question for word in _FORMULA):
        return formula + definition + effect
    if any(word in question for word in _EFFECT):
        return definition + effect + formula
    return definition + formula + effect
