"""The journey of a question: link, classify, key words, SQL, rows, conclusion. The only place that turns an error into a refusal.

Questions travel in batches: each step runs the model once for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agent import classify, keywords, nl2sql
from agent.conclude import Facts, conclude, missing
from agent.database import Database
from agent.entities import Linker
from agent.errors import NotAnswerable, SqlRejected
from agent.model import LanguageModel
from agent.records import Answer, Classification, Entities, Keywords, Mention, Question, SqlQuery, Trace
from agent.report_text import asks_for_a_figure, is_report_text_question
from agent.surrogates import Masked, mask

if TYPE_CHECKING:
    from agent.glossary import Glossary

MAX_QUESTION = 1000  # characters; a longer text is no question
NO_REPORT_TEXT = "这个问题需要年报原文，目前只装载了财务数据表，没有装载年报文字，无法回答该问题。"
NO_CONCEPT = "没有在术语表中找到这个问题所问的概念，无法回答该问题。"
OnStep = Callable[[str, str], None]  # step name, what it found


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
    notes: list[str] = field(default_factory=list)  # why statements were rejected
    defaults: list[str] = field(default_factory=list)  # what was assumed; said before the answer

    def trace(self) -> Trace:
        answer = self.answer or Answer("无法回答该问题。", "refusal")
        return Trace(
            self.question,
            answer,
            self.entities,
            self.classification,
            self.keywords,
            self.masked.text if self.masked else None,
            self.model_sql,
            self.sql,
            (*self.defaults, *self.notes),
            time.monotonic() - self.started,
        )


class Pipeline:
    """Answers questions with a language model over one table."""

    def __init__(self, model: LanguageModel, database: Database) -> None:
        self.model, self.database = model, database

    @cached_property
    def glossary(self) -> Glossary:
        from agent.glossary import Glossary  # with its word index, only where an open question comes

        return Glossary.load()

    @cached_property
    def table_columns(self) -> tuple[str, ...]:
        return tuple(self.database.columns())

    @cached_property
    def linker(self) -> Linker:
        return Linker(self.database.companies(), self.table_columns)

    @cached_property
    def columns(self) -> keywords.ColumnLinker:
        return keywords.ColumnLinker(self.table_columns)

    @cached_property
    def latest_year(self) -> int:
        return max(self.database.years())

    def answer(self, questions: Sequence[Question], on_step: OnStep | None = None) -> list[Trace]:
        """A trace for every question, in order.

        Raises:
            DatabaseError: the database is gone; answers would be wrong refusals.
        """
        journeys = [_Journey(question, time.monotonic()) for question in questions]
        for journey in journeys:
            self._link(journey)
        for name, step in (("分类", self._classify), ("关键词", self._extract), ("SQL", self._answer_from_table)):
            open_ones = [j for j in journeys if j.answer is None]
            step(open_ones)
            if on_step:
                for journey in open_ones:
                    on_step(name, _found(name, journey))
        return [journey.trace() for journey in journeys]

    def _link(self, journey: _Journey) -> None:
        reason = unanswerable(journey.question.text)
        if reason:
            journey.answer = Answer(reason, "refusal")
        else:
            journey.entities = self.linker.link(journey.question.text, self.latest_year)

    def _classify(self, journeys: list[_Journey]) -> None:
        for journey, found in zip(journeys, classify.classify(self.model, [_text(j) for j in journeys])):
            journey.classification = found

    def _extract(self, journeys: list[_Journey]) -> None:
        """Key words and columns; open questions are answered here, from the glossary."""
        for journey in journeys:
            self._correct_class(journey)
            if _label(journey) == "F":
                self._answer_open(journey)
        rest = [j for j in journeys if j.answer is None]
        for journey, terms in zip(rest, keywords.extract(self.model, [_text(j) for j in rest])):
            assert journey.entities is not None
            journey.keywords = self.columns.link(journey.entities, terms)
            self._refuse_early(journey)

    def _correct_class(self, journey: _Journey) -> None:
        """Taken for an open question, but of a company's year a column of the table is named, and no tale is asked for."""
        entities = journey.entities
        if _label(journey) != "F" or not (entities and entities.companies and entities.years):
            return
        if asks_for_a_figure(entities.text) and self.columns.link(entities, ()).columns:
            journey.classification = Classification("C", 1.0, "rule")

    def _answer_open(self, journey: _Journey) -> None:
        text = _text(journey)
        entities = journey.entities
        if is_report_text_question(text) or (entities and (entities.companies or entities.unknown_companies)):
            journey.answer = Answer(NO_REPORT_TEXT, "refusal")
        else:
            journey.answer = self.glossary.answer(text) or Answer(NO_CONCEPT, "refusal")

    def _refuse_early(self, journey: _Journey) -> None:
        """What the table cannot hold needs no SQL: an unknown company, no column at all."""
        entities, found = journey.entities, journey.keywords
        assert entities is not None and found is not None
        if entities.unknown_companies and not entities.companies:
            journey.answer = Answer(missing(entities, entities.unknown_companies[0]), "refusal")
        elif entities.companies and not found.columns:
            asked = "、".join(found.terms) or "要查的字段"
            journey.answer = Answer(f"未查询到字段“{asked}”，无法回答该问题。", "refusal")

    def _answer_from_table(self, journeys: list[_Journey]) -> None:
        for journey in journeys:
            assert journey.entities is not None and journey.keywords is not None
            if not journey.entities.years:
                journey.entities = replace(
                    journey.entities,
                    mentions=(Mention("year", 0, 0, "", (self.latest_year,)), *journey.entities.mentions),
                )
                journey.defaults.append(f"问题没有说年份，按最新的{self.latest_year}年回答：")
            try:
                journey.masked = mask(journey.entities, journey.keywords.columns)
            except NotAnswerable as error:
                journey.answer = Answer(str(error), "refusal")
        ready = [j for j in journeys if j.masked]
        masked = [j.masked for j in ready if j.masked]
        written = nl2sql.write(self.model, [m.text for m in masked], masked, self.table_columns)
        for journey, sql in zip(ready, written):
            journey.model_sql = sql
        self._repair([j for j in ready if not self._run(j, j.model_sql or "")])

    def _run(self, journey: _Journey, sql: str, by_rule: bool = False) -> bool:
        """Checks and executes a statement and concludes; False where it has to be repaired (the reason is the last note)."""
        assert journey.masked is not None and journey.entities is not None and journey.keywords is not None
        try:
            journey.sql, intent = nl2sql.complete(
                sql, journey.masked, self.table_columns, self.database.dialect, self.database.table
            )
            if by_rule:
                journey.sql = replace(journey.sql, written_by="rule")
            result = self.database.execute(journey.sql.text, journey.sql.parameters)
            answer = conclude(Facts(journey.entities, journey.keywords.columns, intent, result))
            journey.answer = replace(answer, text="".join([*journey.defaults, answer.text]))
        except SqlRejected as error:
            journey.notes.append(str(error))
            return False
        except NotAnswerable as error:
            journey.answer = Answer(str(error), "refusal")
        return True

    def _repair(self, journeys: list[_Journey]) -> None:
        """One more round with the error; then a rule for plain lookups; then a refusal."""
        texts = [nl2sql.repair_prompt(j.masked.text, j.model_sql or "", j.notes[-1]) for j in journeys if j.masked]
        masked = [j.masked for j in journeys if j.masked]
        for journey, sql in zip(journeys, nl2sql.write(self.model, texts, masked, self.table_columns)):
            if self._run(journey, sql):
                if journey.sql:
                    journey.sql = replace(journey.sql, repaired=True)
                continue
            assert journey.masked is not None and journey.keywords is not None
            lookup = journey.masked.companies and journey.keywords.columns and _label(journey) in "ABCD"
            statement = (
                nl2sql.lookup_statement(journey.masked, [c.column for c in journey.keywords.columns]) if lookup else ""
            )
            if not (statement and self._run(journey, statement, by_rule=True)):
                journey.answer = Answer(f"没有得到可靠的查询语句（{journey.notes[-1]}），无法回答该问题。", "refusal")

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
