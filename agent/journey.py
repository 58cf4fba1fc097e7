"""One question on its way through the pipeline: what each step found, and the trace that is made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.records import (
    Answer,
    Classification,
    Entities,
    Facts,
    Keywords,
    Masked,
    Question,
    SqlQuery,
    Trace,
)
from agent.understanding.understand import Understood


@dataclass
class Journey:
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
    on_step: Callable[[str, str], None] | None = None  # who watches it: step name, what it found

    @property
    def text(self) -> str:
        """The question as it was linked."""
        return self.entities.text if self.entities else self.question.text

    @property
    def label(self) -> str:
        return self.classification.label if self.classification else "F"

    def end(self, outcome: Outcome) -> None:
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
class Outcome:
    """What came of a statement that passed all checks."""

    sql: SqlQuery | None
    answer: Answer
    facts: Facts | None = None
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.answer.kind == "answer" and self.answer.evidence is not None and bool(self.answer.evidence.rows)
