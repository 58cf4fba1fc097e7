"""The reports of a store, found by company, year and period, and asked; what the pipeline turns to where the table has no answer."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from agent.errors import CaibaoError
from agent.figures.periods import FIRST, HALF, THIRD, USUAL, Slice
from agent.records import Answer, Source
from agent.reports.evidence import places
from agent.reports.store import About, Store
from agent.reports.text import answer, index, summary
from agent.reports.text.answer import Report, TextAnswer

_MOST_PLACES = 50  # of one answer
_KEPT = 8  # reports ready to be asked, the last ones asked
_PERIODS = {
    "Q1": re.compile("(?:第?一|1)季(?:度|报)|[qQ]1"),
    "H1": re.compile("半年(?:度|报)?|中报|中期报告"),
    "Q3": re.compile("(?:第?三|3)季(?:度|报)|前三季度|[qQ]3"),
}
# A quarter, half or month that no report is named after: of its figures an annual report tells those 分季度, and no other.
_WITHIN = re.compile(
    "第?[一二三四1-4]个?季|[qQ][1-4](?![0-9])|单季|环比|下半年"
    r"|(?<![\d—－~至到-])(?:[1-9]|1[0-2])月份?(?=的?[^\d末底日]*(?:收入|利润|费用|成本|现金流|销售额))"
)
_NAMES = {"Q1": FIRST, "H1": HALF, "Q3": THIRD}
_TO_COME = re.compile(r"预测|明年|后年|未来[几一二三两\d]+年.*(?:多少|达到)|(?:会|将)(?:是|达到|有|涨到)多少")


class Library:
    """Reports are read when they are first asked for; a store that is not there is an empty one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ready: OrderedDict[int, Report] = OrderedDict()

    @cached_property
    def _store(self) -> Store | None:
        if not self.path.exists():
            return None
        try:
            return Store(self.path)
        except CaibaoError:
            return None  # said by the commands that work on the store

    @cached_property
    def _reports(self) -> list[tuple[int, About]]:
        return self._store.documents() if self._store else []

    def answer(
        self, question: str, companies: Sequence[str], years: Sequence[int], part: Slice = USUAL
    ) -> Answer | None:
        """What the report of one company says; None where no one company is named or its report is not in the store.

        companies: 公司全称 that the question names; years: that it names, the latest report where there is none; part: the 报告期
        that it is about (前九个月), where the question itself does not name a report.
        """
        found = self._find(question, companies, years, part) if not _TO_COME.search(question) else None
        if found is None or self._store is None or not index.holds(self._store.connection, found[0]):
            return None
        report = self._report(*found)
        told = summary.told(question, report, self._store.cells(found[0])) or answer.answer(question, report)
        if not self._is_of(question, part, told):
            return None
        sources = tuple(Source(report.about.file, said.page, said.section) for said in told.sources)
        return Answer(told.text, "open" if told.kind == "answer" else "not_disclosed", sources=sources)

    def placed(self, answered: Answer, part: Slice) -> Answer:
        """The answer with the pages of reports that its figures came from; part: which 报告期 and 口径 its rows are of."""
        rows = answered.evidence
        if answered.sources or rows is None or self._store is None or answered.kind != "answer":
            return answered
        found = places(self._store, rows.columns, rows.rows, part)
        return replace(
            answered, sources=tuple(Source(p.file, p.page, f"{p.section}“{p.row}”") for p in found[:_MOST_PLACES])
        )

    @staticmethod
    def _is_of(question: str, part: Slice, told: TextAnswer) -> bool:
        """Whether an answer is of the part of a year that was asked of, where no report is of that part."""
        within = _WITHIN.search(question)
        if within is None or _periods(question, part):
            return True
        return "月" not in within[0] and bool(told.sources) and all("季度" in said.section for said in told.sources)

    def _find(
        self, question: str, companies: Sequence[str], years: Sequence[int], part: Slice
    ) -> tuple[int, About] | None:
        if len(companies) != 1:
            return None
        own = [(i, about) for i, about in self._reports if about.company == companies[0]]
        asked = _periods(question, part)
        year = max(years) if years else max((about.year for _, about in own), default=0)
        of_year = [(i, about) for i, about in own if about.year == year]
        for period in asked or ["FY", "Q3", "H1", "Q1"]:
            for i, about in of_year:
                if about.period == period:
                    return i, about
        return None

    def _report(self, number: int, about: About) -> Report:
        if number not in self._ready:
            assert self._store is not None
            self._ready[number] = answer.report(self._store.connection, number, about)
            while len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        self._ready.move_to_end(number)
        return self._ready[number]


def _periods(question: str, part: Slice) -> list[str]:
    """Of which reports a question is: by its own words, and by the rows that it was answered from."""
    return [period for period, said in _PERIODS.items() if said.search(question) or part.period == _NAMES[period]]
