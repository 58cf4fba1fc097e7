"""The journey of a question: link, read as a statement, or classify, key words, SQL; then the answer.

Questions travel in batches: each step runs the model once for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from agent.errors import NotAnswerable
from agent.figures.periods import USUAL, Slice
from agent.journey import Journey
from agent.model import LanguageModel
from agent.querying import Querying
from agent.reading import ambiguity, classify, keywords, report_parts
from agent.reading.absent import unknown_group
from agent.reading.entities import Linker
from agent.reading.report_text import (
    NO_REPORT_TEXT,
    asks_for_a_figure,
    asks_for_narrative,
    asks_for_statistics,
    asks_whether_the_same,
    beyond_a_year,
    is_report_text_question,
)
from agent.records import Ambiguity, Answer, Classification, Entities, Facts, Question, Trace
from agent.reports.text.topics import names_a_matter
from agent.statements.tables import Table
from agent.table import renames
from agent.table.database import Database
from agent.telling.conclude import missing
from agent.telling.phrase import Wording
from agent.text import normalise
from agent.understanding.understand import Talk, Understanding
from agent.writing.memory import Memory
from agent.writing.surrogates import mask

if TYPE_CHECKING:
    from agent.explaining.glossary import Glossary
    from agent.reports.text.library import Library

MAX_QUESTION = 1000  # characters; a longer text is no question
NO_CONCEPT = "没有在术语表中找到这个问题所问的概念，无法回答该问题。"
OnStep = Callable[[str, str], None]  # step name, what it found
Reword = Callable[[Sequence[tuple[Facts, str]]], list[Wording]]
_HARDLY = 0.3  # a reading less sure than this says nothing of what was asked


class Pipeline:
    """Answers questions with a language model over one table."""

    def __init__(
        self,
        model: LanguageModel,
        database: Database,
        reword: Reword | None = None,
        memory: Memory | None = None,
        understanding: Understanding | None = None,
        library: Library | None = None,
    ) -> None:
        """reword: gives each conclusion another wording, or says why not; memory: of approved statements, none unless given;
        understanding: reads questions as statements; without it the prefixes alone write SQL; library: reports whose words are asked."""
        self.model, self.database, self.reword = model, database, reword
        self.understanding, self.library = understanding, library
        self.memory = memory or Memory()
        self._parts: dict[Slice, Pipeline] = {}  # over other rows of the table

    @cached_property
    def glossary(self) -> Glossary:
        from agent.explaining.glossary import Glossary  # with its word index, only where an open question comes

        return Glossary.load()

    @cached_property
    def table_columns(self) -> tuple[str, ...]:
        return tuple(self.database.columns())

    @cached_property
    def linker(self) -> Linker:
        if self.understanding is not None:
            return self.understanding.finder.linker  # the same names, indexed once
        companies = self.database.companies()
        return Linker(companies, self.table_columns, renames.years_of_names(self.database, companies))

    @cached_property
    def columns(self) -> keywords.ColumnLinker:
        return keywords.ColumnLinker(self.table_columns)

    @cached_property
    def years(self) -> tuple[int, ...]:
        return self.database.years()

    @property
    def latest_year(self) -> int:
        return self.years[-1]

    def link(self, text: str) -> Entities:
        """Everything that a question names."""
        return self.linker.link(text, self.latest_year)

    def ambiguities(self, entities: Entities) -> tuple[Ambiguity, ...]:
        """What in a question may mean several things."""
        columns = self.columns.link(entities, ()).columns
        return ambiguity.find(entities, columns, self.linker, self.table_columns, self.years)

    def answer(
        self,
        questions: Sequence[Question],
        on_step: OnStep | Sequence[OnStep | None] | None = None,
        talks: Sequence[Talk | None] | None = None,
        part: Slice = USUAL,
    ) -> list[Trace]:
        """A trace for every question, in order; on_step: who is told of each step, of all questions or one for each; talks: what each
        may be a follow-up to; part: of the table's rows, where a question names none.

        Raises:
            DatabaseError: the database is gone; answers would be wrong refusals.
        """
        watchers = on_step if isinstance(on_step, Sequence) else [on_step] * len(questions)
        traces: dict[int, Trace] = {}
        by_part: dict[Slice, list[tuple[int, Question]]] = {}
        for at, question in enumerate(questions):
            try:
                asked = self._asked(question)
            except NotAnswerable as error:
                traces[at] = Trace(question, Answer(str(error), "refusal"))
                continue
            wanted = asked.part or part
            bare = replace(question, text=asked.text, whole=question.text) if asked.part else question
            by_part.setdefault(wanted, []).append((at, bare))
        for wanted, some in by_part.items():
            told, after = [watchers[at] for at, _ in some], [talks[at] for at, _ in some] if talks else None
            found = self._over(wanted, [q for _, q in some], told, after)
            for (at, _), trace in zip(some, found):
                traces[at] = replace(trace, question=questions[at])
        return [traces[at] for at in range(len(questions))]

    def _asked(self, question: Question) -> report_parts.Asked:
        """The part that a question about companies or years names; 什么是母公司 is a concept."""
        asked = report_parts.part_of(question.text) if not unanswerable(question.text) else report_parts.Asked("")
        if asked.part and not asked.only:
            entities = self.link(asked.text)
            if not (entities.companies or entities.years or entities.unknown_companies):
                return report_parts.Asked(question.text)
        return asked

    def _over(
        self,
        part: Slice,
        questions: Sequence[Question],
        watchers: Sequence[OnStep | None],
        talks: Sequence[Talk | None] | None,
    ) -> list[Trace]:
        """The answers over the rows of one 报告期 and 口径."""
        if part == self.database.part:
            if part not in self.database.slices:
                return [self._without_rows(part, trace) for trace in self._answered(questions, watchers, talks)]
            return self._answered(questions, watchers, talks)
        if reason := report_parts.missing(part, self.database.slices):
            return [Trace(question, Answer(reason, "refusal")) for question in questions]
        if part not in self._parts:
            other = self.database.over(part)
            understanding = self.understanding and self.understanding.over(
                lambda: Table(other, self.table_columns), other.years()
            )
            self._parts[part] = Pipeline(self.model, other, self.reword, self.memory, understanding, self.library)
        traces = self._parts[part]._answered(questions, watchers, talks)
        before = report_parts.told(part)
        return [
            t
            if t.answer.kind in ("open", "not_disclosed")
            else replace(t, answer=replace(t.answer, text=before + t.answer.text))
            for t in traces
        ]

    def _without_rows(self, part: Slice, trace: Trace) -> Trace:
        """What was asked of figures that the table has no rows of."""
        reason = report_parts.missing(part, self.database.slices)
        if trace.answer.kind in ("open", "not_disclosed") or reason is None:
            return trace
        return replace(trace, answer=Answer(reason, "refusal"))

    def _answered(
        self, questions: Sequence[Question], watchers: Sequence[OnStep | None], talks: Sequence[Talk | None] | None
    ) -> list[Trace]:
        journeys = [Journey(q, time.monotonic(), on_step=watcher) for q, watcher in zip(questions, watchers)]
        for journey in journeys:
            self._link(journey)
        self._understand(journeys, talks or [None] * len(journeys))
        _tell_step("读法", journeys)
        steps = [("分类", self._classify), ("理解", self._take_understood), ("关键词", self._extract)]
        for name, step in (*steps, ("SQL", self._query), ("核对", self._agree)):
            open_ones = [j for j in journeys if j.answer is None or (name == "核对" and j.understood)]
            step(open_ones)
            _tell_step(name, open_ones)
        self._ask_reports([j for j in journeys if self.library and j.answer and j.answer.kind == "refusal"])
        if self.reword:
            self._reword([j for j in journeys if j.facts])
        for journey in journeys:
            if self.library and journey.answer:
                journey.answer = self.library.placed(journey.answer, self.database.part)
        return [journey.trace() for journey in journeys]

    def _link(self, journey: Journey) -> None:
        reason = unanswerable(journey.question.text)
        if reason:
            journey.answer = Answer(reason, "refusal")
            return
        journey.entities = self.link(journey.question.text)
        words = [(a, a.default) for a in self.ambiguities(journey.entities) if a.kind == "column" and a.default]
        if words:
            journey.defaults += [ambiguity.assumed(a) for a, _ in words]
            if journey.entities.text == normalise(journey.question.text):
                journey.settled = ambiguity.with_choices(journey.entities.text, words)
            journey.entities = self.link(ambiguity.with_choices(journey.entities.text, words))

    def _understand(self, journeys: Sequence[Journey], talks: Sequence[Talk | None]) -> None:
        """Every question as a statement, read together; what is sure needs nothing else."""
        if self.understanding is None:
            return
        asked = [(j, t) for j, t in zip(journeys, talks) if j.answer is None and not self._is_remembered(j)]
        found = self.understanding.understand_all(
            [j.settled or j.question.text for j, _ in asked], [t for _, t in asked]
        )
        for (journey, talk), understood in zip(asked, found):
            journey.understood, journey.follows = understood, talk is not None
            if understood.kind == "answer":
                journey.answer = Answer("".join([*journey.defaults, understood.text]), "answer", understood.evidence)

    def _is_remembered(self, journey: Journey) -> bool:
        """A person approved the statement of this very question."""
        if not self.memory.pairs or journey.entities is None:
            return False
        try:
            masked = mask(journey.entities, self.columns.link(journey.entities, ()).columns)
        except NotAnswerable:
            return False
        return self.memory.exact(masked.text) is not None

    def _take_understood(self, journeys: Sequence[Journey]) -> None:
        """What was understood and cannot be answered is refused; open questions go to the glossary."""
        for journey in journeys:
            understood = journey.understood
            refused = understood is not None and understood.kind in ("refusal", "none") and journey.label != "F"
            stranger = understood is not None and understood.kind == "refusal" and understood.slotted.unknown
            if understood and (refused or journey.follows or (stranger and understood.slotted.names("M"))):
                journey.answer = Answer(understood.text, "refusal")

    def _agree(self, journeys: Sequence[Journey]) -> None:
        """A question that was not sure enough is answered where the prefixes' own way comes to the same figures."""
        for journey in journeys:
            understood = journey.understood
            if understood is None or understood.kind != "unclear" or journey.answer is None or journey.label == "F":
                continue
            assert self.understanding is not None
            same = (
                self.understanding.witnessed(understood, journey.answer.text)
                if journey.answer.kind == "answer"
                else None
            )
            if same is None:
                journey.answer, journey.sql, journey.facts = Answer(understood.text, "refusal"), None, None
            else:
                journey.answer, journey.sql, journey.understood = Answer(same.told, "answer", same.evidence), None, same
                journey.notes.append("两种读法得到同样的数。")

    def _classify(self, journeys: list[Journey]) -> None:
        for journey, found in zip(journeys, classify.classify(self.model, [j.text for j in journeys])):
            journey.classification = found

    def _extract(self, journeys: list[Journey]) -> None:
        """Key words and columns; open questions are answered here, from the glossary."""
        for journey in journeys:
            self._correct_class(journey)
            self._refuse_what_no_table_holds(journey)
            if journey.label == "F" and journey.answer is None:
                self._answer_open(journey)
        rest = [j for j in journeys if j.answer is None]
        for journey, terms in zip(rest, keywords.extract(self.model, [j.text for j in rest])):
            assert journey.entities is not None
            journey.keywords = self.columns.link(journey.entities, terms)
            self._refuse_early(journey)

    def _correct_class(self, journey: Journey) -> None:
        """Taken for an open question, but a column of the table is named with a company's year or a rank, and no narrative is asked for."""
        entities = journey.entities
        if journey.label != "F" or entities is None:
            return
        if asks_whether_the_same(entities) and self.columns.link(entities, ()).columns:
            journey.classification = Classification("A", 1.0, "rule")
        if not asks_for_a_figure(entities.text):
            return
        label = "E" if asks_for_statistics(entities) else "C" if entities.companies and entities.years else None
        if label and self.columns.link(entities, ()).columns:
            journey.classification = Classification(label, 1.0, "rule")

    def _refuse_what_no_table_holds(self, journey: Journey) -> None:
        """Months, quarters and forecasts, and what a company did; 什么是环比 is a concept."""
        entities = journey.entities
        if entities and (journey.label != "F" or entities.companies or entities.years):
            reason = beyond_a_year(entities.text) or (NO_REPORT_TEXT if asks_for_narrative(entities.text) else None)
            journey.answer = Answer(reason, "refusal") if reason else None

    def _answer_open(self, journey: Journey) -> None:
        text = journey.text
        entities, understood = journey.entities, journey.understood
        if understood and understood.kind == "unclear" and understood.slotted.asks_for_figures:
            journey.answer = Answer(understood.text, "refusal")
        elif is_report_text_question(text) or (entities and (entities.companies or entities.unknown_companies)):
            journey.answer = Answer(NO_REPORT_TEXT, "refusal")
        else:
            journey.answer = self.glossary.answer(text) or Answer(NO_CONCEPT, "refusal")

    def _ask_reports(self, journeys: Sequence[Journey]) -> None:
        """What the table cannot answer may stand in the words of a report; an unclear question of figures stays refused."""
        for journey in journeys:
            if not journey.entities or not self.library:
                continue
            text = journey.text
            of_words = journey.label == "F" or is_report_text_question(text) or names_a_matter(text)
            understood = journey.understood  # what is hardly read as figures of the table is about words
            unclear = understood is not None and understood.kind == "unclear" and understood.sure >= _HARDLY
            asked = journey.question.whole or text  # a report tells 第一季度 and 母公司 apart by its own words
            told = self.library.answer(asked, journey.entities.companies, journey.entities.years, self.database.part)
            if told and (of_words or (told.kind == "open" and not unclear)):
                journey.answer, journey.sql, journey.facts = told, None, None

    def _refuse_early(self, journey: Journey) -> None:
        """What the table cannot hold needs no SQL: an unknown company, a group that it does not know, no column at all."""
        entities, found = journey.entities, journey.keywords
        assert entities is not None and found is not None
        if entities.unknown_companies and not entities.companies:
            name = entities.unknown_companies[0]
            near = self.linker.alternatives(name)
            journey.answer = Answer(ambiguity.unknown(name, near) if near else missing(entities, name), "refusal")
        elif reason := unknown_group(entities, [(c.start, c.end) for c in found.columns], self.table_columns):
            journey.answer = Answer(reason, "refusal")
        elif entities.companies and not found.columns:
            asked = "、".join(term for term in found.terms if term in entities.text) or ambiguity.unknown_field(
                entities
            )
            journey.answer = Answer(f"未查询到字段“{asked}”，无法回答该问题。", "refusal")

    def _query(self, journeys: Sequence[Journey]) -> None:
        if journeys:
            known = (self.linker.renamed, self.table_columns, self.years)
            Querying(self.model, self.database, self.memory, *known).answer(journeys)

    def _reword(self, journeys: Sequence[Journey]) -> None:
        """Other words for what was concluded from rows; refusals and open answers stay as they are."""
        told = [(j.facts, j.answer.text.removeprefix("".join(j.defaults))) for j in journeys if j.facts and j.answer]
        for journey, wording in zip(journeys, self.reword(told) if self.reword and told else []):
            if journey.answer and wording.text:
                journey.answer = replace(journey.answer, text="".join([*journey.defaults, wording.text]))
            journey.notes.append(wording.note)

    def ask(self, text: str, on_step: OnStep | None = None) -> Trace:
        """One question.

        Raises:
            CaibaoError: model or database cannot be used.
        """
        return self.answer([Question(0, text)], on_step)[0]


def unanswerable(text: str) -> str | None:
    """Why a text cannot be a question, in one sentence; None where it can."""
    if not text.strip():
        return "问题是空的，请输入问题，例如：2020年资产总计最高的前三家公司是哪些？"
    if len(text) > MAX_QUESTION:
        return f"问题有{len(text)}个字，超过{MAX_QUESTION}字的上限，请缩短后再问。"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "问题里有残缺的字符（编码不完整），请重新输入后再问。"
    return None


def _tell_step(name: str, journeys: Sequence[Journey]) -> None:
    for journey in journeys:
        if journey.on_step:
            journey.on_step(name, _found(name, journey))


def _found(step: str, journey: Journey) -> str:
    """What a step found, for whoever watches."""
    read = journey.understood
    if step == "读法" and read and read.candidate:
        return f"{read.candidate.text}（把握{read.sure:.0%}）"
    if step == "分类" and journey.classification:
        return f"{journey.classification.label}（{journey.classification.confidence:.0%}）"
    if step == "关键词" and journey.keywords:
        return "、".join(journey.keywords.terms)
    if step == "SQL" and journey.sql:
        return journey.sql.text
    return ""
