"""What can be told of a question and a statement without any language model: names, the masked question, what a statement returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agent.errors import CaibaoError, NotAnswerable
from agent.labelling.records import Label, Proposal
from agent.reading.entities import Linker
from agent.reading.keywords import ColumnLinker
from agent.reading.report_text import asks_whether_the_same
from agent.records import Entities, Facts, Intent, Keywords, Masked, Mention, QueryResult, SqlQuery, Value
from agent.table import renames
from agent.table.database import Database
from agent.telling.conclude import conclude
from agent.writing import nl2sql
from agent.writing.surrogates import mask

KEPT_ROWS = 8  # of the evidence that a draft carries


@dataclass(frozen=True)
class Ran:
    """What a checked statement came to. told: the answer in words; empty: the table has not what it asks for, and told says so."""

    query: SqlQuery
    intent: Intent
    result: QueryResult
    told: str
    empty: bool = False


class Desk:
    """Reads questions and runs statements over one table."""

    def __init__(self, database: Database, linker: Linker | None = None) -> None:
        self.database = database
        self._linker = linker

    @cached_property
    def linker(self) -> Linker:
        companies = self.database.companies()
        return self._linker or Linker(companies, self.columns, renames.years_of_names(self.database, companies))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.database.columns())

    @cached_property
    def years(self) -> tuple[int, ...]:
        return self.database.years()

    @cached_property
    def column_names(self) -> ColumnLinker:
        return ColumnLinker(self.columns)

    def read(self, question: str) -> Entities:
        """What the question names; a year that it leaves out is the latest, or the one before the year that is compared."""
        entities = self.linker.link(question, self.years[-1])
        meant: int | None = None
        if not entities.years:
            meant = self.years[-1]
        elif len(entities.years) == 1 and asks_whether_the_same(entities):
            meant = entities.years[0] - 1
        if meant is None:
            return entities
        return replace(entities, mentions=(Mention("year", 0, 0, "", (meant,)), *entities.mentions))

    def keywords(self, entities: Entities, terms: Sequence[str]) -> Keywords:
        return self.column_names.link(entities, terms)

    def masked(self, question: str, terms: Sequence[str] = ()) -> Masked:
        """The question over surrogates.

        Raises:
            NotAnswerable: it names more than a statement can hold.
        """
        entities = self.read(question)
        return mask(entities, self.keywords(entities, terms).columns)

    def wording(self, question: str) -> str:
        """The masked question as far as it can be told without key words; as it was typed where it names too much."""
        try:
            return self.masked(question).text
        except NotAnswerable:
            return question

    def run(self, question: str, terms: Sequence[str], sql: str) -> Ran:
        """Checks a statement over surrogates as the agent does, and runs it.

        Raises:
            CaibaoError: why it cannot be the question's.
        """
        entities = self.read(question)
        found = self.keywords(entities, terms)
        masked = mask(entities, found.columns)
        query, intent = nl2sql.complete(sql, masked, self.columns, self.database.dialect, self.database.table)
        query = renames.widen(query, self.linker.renamed, self.database.dialect)
        result = self.database.execute(query.text, query.parameters)
        facts = Facts(entities, found.columns, intent, renames.under_latest(result, self.linker.renamed))
        try:
            return Ran(query, intent, result, conclude(facts).text)
        except NotAnswerable as error:
            return Ran(query, intent, result, str(error), empty=True)

    def proposal(self, ran: Ran, masked: str, sql: str, witness: str = "", sure: float = 0.0) -> Proposal:
        """What a statement returned, for a person to judge."""
        rows = tuple(tuple("" if v is None else str(v) for v in row) for row in ran.result.rows[:KEPT_ROWS])
        by = (witness,) if witness else ()
        rows = () if ran.empty else rows
        return Proposal(ran.told, ran.result.columns, rows, by, sure, masked, sql, shape=ran.intent.shape)

    def fault(self, question: str, label: Label) -> str:
        """Why a label cannot be this question's, in one sentence; "" where nothing speaks against it."""
        text = self.read(question).text
        strange = [term for term in label.keywords if term not in text]
        if strange:
            return f"关键词“{strange[0]}”不在问题里，请照问题里的写法写。"
        if label.label == "F":
            return "开放问题没有语句，请把语句清空或改类别。" if label.sql else ""
        if not label.sql:
            return "查表的问题要有语句；没有语句的请跳过，或把类别改成F。"
        try:
            self.run(question, label.keywords, label.sql)
        except CaibaoError as error:
            return str(error)
        return ""

    def result_key(self, question: str, label: Label) -> object:
        """What a label's statement returns, to be compared: the rows, in order only where it sorts; None where it fails."""
        if not label.sql:
            return ("", label.label == "F")
        try:
            ran = self.run(question, label.keywords, label.sql)
        except CaibaoError:
            return None
        return key_of(ran)


def key_of(ran: Ran) -> object:
    """Two statements with the same key return the same."""
    rows = [tuple(_plain(value) for value in row) for row in ran.result.rows]
    return ran.intent.shape == "count", tuple(rows if ran.intent.order else sorted(rows, key=str))


def _plain(value: Value) -> str:
    return "" if value is None else str(value)
