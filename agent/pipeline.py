"""The journey of a question: link, classify, key words, SQL, rows, conclusion. The only place that turns an error into a refusal.

Questions travel in batches: each step runs the model once for all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agent.errors import NotAnswerable, SqlRejected
from agent.model import LanguageModel
from agent.reading import ambiguity, classify, keywords
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
from agent.records import (
    Ambiguity,
    Answer,
    Candidate,
    Classification,
    Entities,
    Facts,
    Keywords,
    Masked,
    Mention,
    Question,
    SqlQuery,
    Trace,
)
from agent.reports.text.topics import names_a_matter
from agent.table import renames
from agent.table.database import Database
from agent.telling.conclude import conclude, missing
from agent.telling.phrase import Wording
from agent.text import normalise
from agent.understanding.understand import Talk, Understanding, Understood
from agent.writing import nl2sql, rules
from agent.writing.memory import Memory
from agent.writing.surrogates import mask

if TYPE_CHECKING:
    from agent.explaining.glossary import Glossary
    from agent.reports.text.library import Library

MAX_QUESTION = 1000  # characters; a longer text is no question
CANDIDATES = 5  # statements to judge where the first one fails
# Statements with a smaller margin were wrong in 15 of 24 cases on FinTrain/nl2sql/validation.json, the others in 5 %.
UNSURE = 1.5
NO_CONCEPT = "没有在术语表中找到这个问题所问的概念，无法回答该问题。"
OnStep = Callable[[str, str], None]  # step name, what it found
Reword = Callable[[Sequence[tuple[Facts, str]]], list[Wording]]


@dataclass
class _Journey:
    """One question on its way; fields fill up step by step."""

    question: Question
    started: float
    entities: Entities | None = None
    classification: Classification | None = None
    keywords: Keywords | None = None
    masked: Masked | None = None
    model_sql: str | None = None
    sql: SqlQuery | None = None
    answer: Answer | None = None
    facts: Facts | None = None  # what the answer was concluded from
    rejected: str = ""  # why the last statement was
    notes: list[str] = field(default_factory=list)  # what else the reader should know
    defaults: list[str] = field(default_factory=list)  # what was assumed; said before the answer
    understood: Understood | None = None
    settled: str = ""  # the question with a column for each bare word that may mean several
    follows: bool = False  # it was read after what was said before

    def end(self, outcome: _Outcome) -> None:
        self.sql, self.answer, self.facts = outcome.sql, outcome.answer, outcome.facts
        self.notes += outcome.notes

    def trace(self) -> Trace:
        answer = self.answer or Answer("无法回答该问题。", "refusal")
        read = self.understood if answer.kind == "answer" and self.sql is None else None
        return Trace(
            self.question,
            answer,
            self.entities,
            self.classification,
            self.keywords,
            read.slotted.text if read else self.masked.text if self.masked else None,
            read.candidate.text if read and read.candidate else self.model_sql,
            read.sql if read else self.sql,
            (*self.defaults, *self.notes),
            time.monotonic() - self.started,
            self.understood,
        )


@dataclass(frozen=True)
class _Outcome:
    """What came of a statement that passed all checks."""

    sql: SqlQuery | None
    answer: Answer
    facts: Facts | None = None
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.answer.kind == "answer" and self.answer.evidence is not None and bool(self.answer.evidence.rows)


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
        self, questions: Sequence[Question], on_step: OnStep | None = None, talks: Sequence[Talk | None] | None = None
    ) -> list[Trace]:
        """A trace for every question, in order; talks: what each may be a follow-up to.

        Raises:
            DatabaseError: the database is gone; answers would be wrong refusals.
        """
        journeys = [_Journey(question, time.monotonic()) for question in questions]
        for journey in journeys:
            self._link(journey)
        self._understand(journeys, talks or [None] * len(journeys))
        steps = [("分类", self._classify), ("理解", self._take_understood), ("关键词", self._extract)]
        for name, step in (*steps, ("SQL", self._answer_from_table), ("核对", self._agree)):
            open_ones = [j for j in journeys if j.answer is None or (name == "核对" and j.understood)]
            step(open_ones)
            if on_step:
                for journey in open_ones:
                    on_step(name, _found(name, journey))
        self._ask_reports([j for j in journeys if self.library and j.answer and j.answer.kind == "refusal"])
        if self.reword:
            self._reword([j for j in journeys if j.facts])
        for journey in journeys:
            if self.library and journey.answer:
                journey.answer = self.library.placed(journey.answer)
        return [journey.trace() for journey in journeys]

    def _link(self, journey: _Journey) -> None:
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

    def _understand(self, journeys: Sequence[_Journey], talks: Sequence[Talk | None]) -> None:
        """Every question as a statement, read together; what is sure needs nothing else."""
        if self.understanding is None:
            return
        asked = [(j, t) for j, t in zip(journeys, talks) if j.answer is None and not self._is_remembered(j)]
        found = self.understanding.understand_all([j.settled or j.question.text for j, _ in asked], [t for _, t in asked])
        for (journey, talk), understood in zip(asked, found):
            journey.understood, journey.follows = understood, talk is not None
            if understood.kind == "answer":
                journey.answer = Answer("".join([*journey.defaults, understood.text]), "answer", understood.evidence)

    def _is_remembered(self, journey: _Journey) -> bool:
        """A person approved the statement of this very question."""
        if not self.memory.pairs or journey.entities is None:
            return False
        try:
            masked = mask(journey.entities, self.columns.link(journey.entities, ()).columns)
        except NotAnswerable:
            return False
        return self.memory.exact(masked.text) is not None

    def _take_understood(self, journeys: Sequence[_Journey]) -> None:
        """What was understood and cannot be answered is refused; open questions go to the glossary."""
        for journey in journeys:
            understood = journey.understood
            refused = understood is not None and understood.kind in ("refusal", "none") and _label(journey) != "F"
            if understood and (refused or journey.follows):
                journey.answer = Answer(understood.text, "refusal")

    def _agree(self, journeys: Sequence[_Journey]) -> None:
        """A question that was not sure enough is answered where the prefixes' own way comes to the same figures."""
        for journey in journeys:
            understood = journey.understood
            if understood is None or understood.kind != "unclear" or journey.answer is None or _label(journey) == "F":
                continue
            assert self.understanding is not None
            same = self.understanding.witnessed(understood, journey.answer.text) if journey.answer.kind == "answer" else None
            if same is None:
                journey.answer, journey.sql, journey.facts = Answer(understood.text, "refusal"), None, None
            else:
                journey.answer, journey.sql, journey.understood = Answer(same.told, "answer", same.evidence), None, same
                journey.notes.append("两种读法得到同样的数。")

    def _classify(self, journeys: list[_Journey]) -> None:
        for journey, found in zip(journeys, classify.classify(self.model, [_text(j) for j in journeys])):
            journey.classification = found

    def _extract(self, journeys: list[_Journey]) -> None:
        """Key words and columns; open questions are answered here, from the glossary."""
        for journey in journeys:
            self._correct_class(journey)
            self._refuse_what_no_table_holds(journey)
            if _label(journey) == "F" and journey.answer is None:
                self._answer_open(journey)
        rest = [j for j in journeys if j.answer is None]
        for journey, terms in zip(rest, keywords.extract(self.model, [_text(j) for j in rest])):
            assert journey.entities is not None
            journey.keywords = self.columns.link(journey.entities, terms)
            self._refuse_early(journey)

    def _correct_class(self, journey: _Journey) -> None:
        """Taken for an open question, but a column of the table is named with a company's year or a rank, and no narrative is asked for."""
        entities = journey.entities
        if _label(journey) != "F" or entities is None:
            return
        if asks_whether_the_same(entities) and self.columns.link(entities, ()).columns:
            journey.classification = Classification("A", 1.0, "rule")
        if not asks_for_a_figure(entities.text):
            return
        label = "E" if asks_for_statistics(entities) else "C" if entities.companies and entities.years else None
        if label and self.columns.link(entities, ()).columns:
            journey.classification = Classification(label, 1.0, "rule")

    def _refuse_what_no_table_holds(self, journey: _Journey) -> None:
        """Months, quarters and forecasts, and what a company did; 什么是环比 is a concept."""
        entities = journey.entities
        if entities and (_label(journey) != "F" or entities.companies or entities.years):
            reason = beyond_a_year(entities.text) or (NO_REPORT_TEXT if asks_for_narrative(entities.text) else None)
            journey.answer = Answer(reason, "refusal") if reason else None

    def _answer_open(self, journey: _Journey) -> None:
        text = _text(journey)
        entities = journey.entities
        if is_report_text_question(text) or (entities and (entities.companies or entities.unknown_companies)):
            journey.answer = Answer(NO_REPORT_TEXT, "refusal")
        else:
            journey.answer = self.glossary.answer(text) or Answer(NO_CONCEPT, "refusal")

    def _ask_reports(self, journeys: Sequence[_Journey]) -> None:
        """What the table cannot answer may stand in the words of a report; an unclear question of figures stays refused."""
        for journey in journeys:
            if not journey.entities or not self.library:
                continue
            text = _text(journey)
            of_words = _label(journey) == "F" or is_report_text_question(text) or names_a_matter(text)
            unclear = journey.understood is not None and journey.understood.kind == "unclear"
            told = self.library.answer(text, journey.entities.companies, journey.entities.years)
            if told and (of_words or (told.kind == "open" and not unclear)):
                journey.answer, journey.sql, journey.facts = told, None, None

    def _refuse_early(self, journey: _Journey) -> None:
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

    def _answer_from_table(self, journeys: list[_Journey]) -> None:
        for journey in journeys:
            assert journey.entities is not None and journey.keywords is not None
            self._mean_years(journey)
            try:
                journey.masked = mask(journey.entities, journey.keywords.columns)
            except NotAnswerable as error:
                journey.answer = Answer(str(error), "refusal")
        ready = [j for j in journeys if j.masked and not self._recall(j, j.masked)]
        failed = [j for j, (greedy,) in zip(ready, self._written(ready, 1)) if not self._take(j, greedy)]
        for journey, written in zip(failed, self._written(failed, CANDIDATES)):
            self._judge(journey, [c for c in written if c.text != journey.model_sql and c.margin >= UNSURE])

    def _recall(self, journey: _Journey, masked: Masked) -> bool:
        """Answers with the statement that a person approved for this question."""
        remembered = self.memory.exact(masked.text)
        outcome = self._try(journey, remembered) if remembered else None
        if outcome:
            journey.end(outcome)
        return outcome is not None

    def _mean_years(self, journey: _Journey) -> None:
        """The years that a question leaves out: the latest one, or what 是否相同 compares with. The answer says so."""
        entities = journey.entities
        assert entities is not None
        meant: int | None = None
        if not entities.years:
            meant = self.latest_year
            journey.defaults.append(f"问题没有说年份，按最新的{meant}年回答：")
        elif len(entities.years) == 1 and asks_whether_the_same(entities):
            meant = entities.years[0] - 1
            journey.defaults.append(f"问题没有说与哪一年相比，按与上一年（{meant}年）相比回答：")
        if meant is not None:
            added = Mention("year", 0, 0, "", (meant,))
            journey.entities = replace(entities, mentions=(added, *entities.mentions))

    def _written(self, journeys: Sequence[_Journey], n: int) -> list[list[Candidate]]:
        """The model's statements for each masked question."""
        return nl2sql.candidates(self.model, [j.masked for j in journeys if j.masked], self.table_columns, n)

    def _take(self, journey: _Journey, greedy: Candidate) -> bool:
        """Answers with the model's first statement; False where it was rejected."""
        journey.model_sql = greedy.text
        outcome = self._try(journey, greedy)
        if outcome:
            journey.end(outcome)
            if greedy.margin < UNSURE:
                journey.notes.append(f"模型对这个语句把握不大（概率{math.exp(greedy.logprob):.0%}），请核对。")
        return outcome is not None

    def _judge(self, journey: _Journey, written: Sequence[Candidate]) -> None:
        """Execution decides: the first statement that passes all checks and finds something; then one that passes and finds
        nothing; then a refusal. What was approved for a similar question comes before what the model has written, what rules
        write after it."""
        assert journey.masked is not None
        similar, why = self.memory.similar(journey.masked.text), journey.rejected
        by_rule = rules.statements(journey.masked, _label(journey))
        empty: _Outcome | None = None
        for rank, candidate in enumerate([*([similar] if similar else []), *written, *by_rule], 2):
            outcome = self._try(journey, candidate, rank)
            if outcome and outcome.found:
                journey.end(outcome)
                return
            empty = empty or outcome
        if empty:
            journey.end(empty)
        else:
            journey.answer = Answer(f"没有得到可靠的查询语句（{why}），无法回答该问题。", "refusal")

    def _try(self, journey: _Journey, candidate: Candidate, rank: int = 1) -> _Outcome | None:
        """Checks and executes a statement and concludes; None where it is rejected."""
        assert journey.masked is not None and journey.entities is not None and journey.keywords is not None
        query: SqlQuery | None = None
        try:
            query, intent = nl2sql.complete(
                candidate.text, journey.masked, self.table_columns, self.database.dialect, self.database.table
            )
            self._need_year_before(intent)
            query = renames.widen(
                replace(query, source=candidate, rank=rank), self.linker.renamed, self.database.dialect
            )
            result = self.database.execute(query.text, query.parameters)
            known = renames.under_latest(result, self.linker.renamed)
            facts = Facts(journey.entities, journey.keywords.columns, intent, known)
            answer = replace(conclude(facts), evidence=result)
            told = replace(answer, text="".join([*journey.defaults, answer.text]))
            return _Outcome(query, told, facts, tuple(renames.notes(result, self.linker.renamed)))
        except SqlRejected as error:
            journey.rejected = str(error)
            name = {"model": f"第{rank}个写法", "rule": "规则写的语句", "memory": "记住的语句"}[candidate.written_by]
            journey.notes.append(f"{name}没有通过检查：{error}")
            return None
        except NotAnswerable as error:
            return _Outcome(query, Answer(str(error), "refusal"))

    def _need_year_before(self, intent: nl2sql.Intent) -> None:
        """Without the year before every growth is empty, which must not be told as 0 companies.

        Raises:
            NotAnswerable: the table has no row of the year before.
        """
        absent = [year for year in intent.grown if year - 1 not in self.years and year in self.years]
        if absent and intent.shape not in ("lookup", "best_year"):
            raise NotAnswerable(f"表中没有{absent[0] - 1}年的数据，无法与{absent[0]}年比较，无法回答该问题。")

    def _reword(self, journeys: Sequence[_Journey]) -> None:
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


def _text(journey: _Journey) -> str:
    return journey.entities.text if journey.entities else journey.question.text


def _label(journey: _Journey) -> str:
    return journey.classification.label if journey.classification else "F"


def _found(step: str, journey: _Journey) -> str:
    """What a step found, for the console."""
    if step == "分类" and journey.classification:
        return f"{journey.classification.label}（{journey.classification.confidence:.0%}）"
    if step == "关键词" and journey.keywords:
        return "、".join(journey.keywords.terms)
    if step == "SQL" and journey.sql:
        return journey.sql.text
    return ""
