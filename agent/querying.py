"""The way of the prefixes from key words to an answer: masked question → SQL that passes all checks → rows → conclusion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from agent.errors import NotAnswerable, SqlRejected
from agent.journey import Journey, Outcome
from agent.model import LanguageModel
from agent.reading.report_text import asks_whether_the_same
from agent.records import Answer, Candidate, Facts, Intent, Masked, Mention, SqlQuery
from agent.table import renames
from agent.table.database import Database
from agent.telling.conclude import conclude
from agent.writing import nl2sql, rules
from agent.writing.memory import Memory
from agent.writing.surrogates import mask

CANDIDATES = 5  # statements to judge where the first one fails
# Statements with a smaller margin were wrong in 15 of 24 cases on FinTrain/nl2sql/validation.json, the others in 5 %.
UNSURE = 1.5


class Querying:
    """Asks the table what linked questions mean, in statements that the model, a rule or the memory writes."""

    def __init__(
        self,
        model: LanguageModel,
        database: Database,
        memory: Memory,
        renamed: renames.Renamed,
        columns: tuple[str, ...],
        years: tuple[int, ...],
    ) -> None:
        """columns, years: of the table; years ascending."""
        self._model, self._database, self._memory = model, database, memory
        self._renamed, self._columns, self._years = renamed, columns, years

    def answer(self, journeys: Sequence[Journey]) -> None:
        """Ends every journey with an answer or a refusal; those that have entities and key words.

        Raises:
            DatabaseError: the database is gone.
        """
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

    def _recall(self, journey: Journey, masked: Masked) -> bool:
        """Answers with the statement that a person approved for this question."""
        remembered = self._memory.exact(masked.text)
        outcome = self._try(journey, remembered) if remembered else None
        if outcome:
            journey.end(outcome)
        return outcome is not None

    def _mean_years(self, journey: Journey) -> None:
        """The years that a question leaves out: the latest one, or what 是否相同 compares with. The answer says so."""
        entities = journey.entities
        assert entities is not None
        meant: int | None = None
        if not entities.years:
            meant = self._years[-1]
            journey.defaults.append(f"问题没有说年份，按最新的{meant}年回答：")
        elif len(entities.years) == 1 and asks_whether_the_same(entities):
            meant = entities.years[0] - 1
            journey.defaults.append(f"问题没有说与哪一年相比，按与上一年（{meant}年）相比回答：")
        if meant is not None:
            added = Mention("year", 0, 0, "", (meant,))
            journey.entities = replace(entities, mentions=(added, *entities.mentions))

    def _written(self, journeys: Sequence[Journey], n: int) -> list[list[Candidate]]:
        """The model's statements for each masked question."""
        return nl2sql.candidates(self._model, [j.masked for j in journeys if j.masked], self._columns, n)

    def _take(self, journey: Journey, greedy: Candidate) -> bool:
        """Answers with the model's first statement; False where it was rejected."""
        journey.model_sql = greedy.text
        outcome = self._try(journey, greedy)
        if outcome:
            journey.end(outcome)
            if greedy.margin < UNSURE:
                journey.notes.append(f"模型对这个语句把握不大（概率{math.exp(greedy.logprob):.0%}），请核对。")
        return outcome is not None

    def _judge(self, journey: Journey, written: Sequence[Candidate]) -> None:
        """Execution decides: the first statement that passes all checks and finds something; then one that passes and finds
        nothing; then a refusal. What was approved for a similar question comes before what the model has written, what rules
        write after it."""
        assert journey.masked is not None
        similar, why = self._memory.similar(journey.masked.text), journey.rejected
        by_rule = rules.statements(journey.masked, journey.label)
        empty: Outcome | None = None
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

    def _try(self, journey: Journey, candidate: Candidate, rank: int = 1) -> Outcome | None:
        """Checks and executes a statement and concludes; None where it is rejected."""
        assert journey.masked is not None and journey.entities is not None and journey.keywords is not None
        query: SqlQuery | None = None
        try:
            query, intent = nl2sql.complete(
                candidate.text, journey.masked, self._columns, self._database.dialect, self._database.table
            )
            self._need_year_before(intent)
            query = renames.widen(replace(query, source=candidate, rank=rank), self._renamed, self._database.dialect)
            result = self._database.execute(query.text, query.parameters)
            known = renames.under_latest(result, self._renamed)
            facts = Facts(journey.entities, journey.keywords.columns, intent, known)
            answer = replace(conclude(facts), evidence=result)
            told = replace(answer, text="".join([*journey.defaults, answer.text]))
            return Outcome(query, told, facts, tuple(renames.notes(result, self._renamed)))
        except SqlRejected as error:
            journey.rejected = str(error)
            name = {"model": f"第{rank}个写法", "rule": "规则写的语句", "memory": "记住的语句"}[candidate.written_by]
            journey.notes.append(f"{name}没有通过检查：{error}")
            return None
        except NotAnswerable as error:
            return Outcome(query, Answer(str(error), "refusal"))

    def _need_year_before(self, intent: Intent) -> None:
        """Without the year before every growth is empty, which must not be told as 0 companies.

        Raises:
            NotAnswerable: the table has no row of the year before.
        """
        absent = [year for year in intent.grown if year - 1 not in self._years and year in self._years]
        if absent and intent.shape not in ("lookup", "best_year"):
            raise NotAnswerable(f"表中没有{absent[0] - 1}年的数据，无法与{absent[0]}年比较，无法回答该问题。")
