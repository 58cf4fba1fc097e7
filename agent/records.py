"""One question as data: what each step of the pipeline receives and returns.

Question → Entities → Classification → Keywords → SqlQuery → QueryResult → Answer; a Trace collects them.
Records are frozen: a step never changes what an earlier step has found. (Masked alone fills up, while it is made.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

DecidedBy = Literal["model", "rule", "memory"]
MentionKind = Literal["company", "year", "place", "amount", "top", "kth", "percent", "number", "digits", "string", "column", "text"]
AnswerKind = Literal["answer", "refusal", "open", "not_disclosed"]
AmbiguityKind = Literal["company", "column", "year"]
Shape = Literal["lookup", "best_year", "ranking", "totals", "count", "aggregate", "list", "intersection"]
Value = str | int | Decimal | None


@dataclass(frozen=True)
class Question:
    """A question as it was asked; `id` is whatever the question file holds.

    `original`: what was typed, where `text` is the whole question that a follow-up or a choice made of it;
    `whole`: with the words for its 报告期 and 口径, where `text` is what is left without them.
    """

    id: int | str
    text: str
    original: str | None = None
    whole: str = ""


@dataclass(frozen=True)
class Mention:
    """A stretch of `Entities.text` that names something.

    value by kind: company → 公司全称 (None: looks like a company, but the table has none of that name);
    year → tuple of years in the order named, 2019-2021年 → (2019, 2020, 2021);
    place → the place as it stands in an address; amount → Decimal in 元 (人 for head counts);
    top → k of 前k; kth → k of 第k.
    """

    kind: MentionKind
    start: int
    end: int
    text: str
    value: object = None


@dataclass(frozen=True)
class Entities:
    """The normalised question and everything that plain code linked in it, ordered by position."""

    text: str
    mentions: tuple[Mention, ...] = ()

    def of(self, kind: MentionKind) -> tuple[Mention, ...]:
        return tuple(m for m in self.mentions if m.kind == kind)

    @property
    def companies(self) -> tuple[str, ...]:
        """公司全称 of every linked company, each once, in the order named."""
        return tuple(dict.fromkeys(str(m.value) for m in self.of("company") if m.value is not None))

    @property
    def unknown_companies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.text for m in self.of("company") if m.value is None))

    @property
    def years(self) -> tuple[int, ...]:
        """Every year named or implied (上年), ascending, each once."""
        return tuple(sorted({year for m in self.of("year") for year in m.value}))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Ambiguity:
    """A stretch [start, end) of the normalised question that may mean several things; for a missing year it is empty.

    choices: what may stand there (公司全称, columns, years), the likeliest first; default: what is taken where nobody can be asked
    (None: nothing, since the figures of another company are worse than none).
    """

    kind: AmbiguityKind
    start: int
    end: int
    text: str
    choices: tuple[str, ...]
    default: str | None = None


@dataclass(frozen=True)
class Classification:
    """One of A-F with the model's probability (1.0 when a rule decided); margin: the log-probability it has above the next."""

    label: str
    confidence: float
    decided_by: DecidedBy = "model"
    margin: float = math.inf


@dataclass(frozen=True)
class ColumnMention:
    """A stretch of `Entities.text` [start, end) that names a column (`column`: canonical name, real or computed)."""

    start: int
    end: int
    text: str
    column: str
    decided_by: DecidedBy = "model"


@dataclass(frozen=True)
class Keywords:
    """The model's key words as written, and the columns they were linked to."""

    terms: tuple[str, ...]
    columns: tuple[ColumnMention, ...] = ()
    decided_by: DecidedBy = "model"


@dataclass
class Masked:
    """The masked question, and what each surrogate stands for."""

    text: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    amounts: dict[int, Value] = field(default_factory=dict)
    years: dict[int, int] = field(default_factory=dict)
    top: int | None = None
    kth: int | None = None
    asked: set[str] = field(default_factory=set)  # columns that stand for themselves and are asked for

    def column(self, name: str) -> str:
        """The surrogate that stands for real or computed column `name`; itself where it has none."""
        return next((surrogate for surrogate, real in self.columns.items() if real == name), name)


@dataclass(frozen=True)
class Candidate:
    """A statement over surrogates that may be what the question asks for.

    logprob: of the whole text, under its grammar; margin: how far, in log-probability, the runner-up lay behind where the model
    was least sure, apart from the one place where a candidate leaves the first one. What the model has not written has neither:
    0 and infinity.
    """

    text: str
    logprob: float = 0.0
    margin: float = math.inf
    written_by: DecidedBy = "model"


@dataclass(frozen=True)
class Written:
    """A statement over slots as a reader wrote it: log-probability of the whole, and of its least sure symbol."""

    text: str
    logprob: float
    lowest: float


@dataclass(frozen=True)
class SqlQuery:
    """A statement that passed the guard: real names, `:name` parameters.

    source: what it was made of, over surrogates. rank: 1 is what was tried first; a later one mended what failed.
    """

    text: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    source: Candidate = Candidate("")
    rank: int = 1

    @property
    def written_by(self) -> DecidedBy:
        return self.source.written_by

    @property
    def confidence(self) -> float:
        """The model's probability of the statement, 1 where it did not write it."""
        return math.exp(self.source.logprob)


@dataclass(frozen=True)
class Intent:
    """What a statement asks for, read off its AST before computed columns are expanded.

    columns: asked columns, real or computed, without the key; order: column sorted by; k: rows wanted; offset: rows skipped;
    years, conditions: WHERE in words; every: in each of the years (False: in at least one; None: not said);
    grown: the years of which a figure is compared with the year before's.
    """

    shape: Shape
    columns: tuple[str, ...]
    aggregates: tuple[tuple[str, str], ...] = ()
    order: str | None = None
    descending: bool = True
    k: int | None = None
    offset: int = 0
    by_year: bool = False
    years: str = ""
    conditions: str = ""
    every: bool | None = None
    grown: tuple[int, ...] = ()


@dataclass(frozen=True)
class QueryResult:
    """Rows as they came from the database; numbers are exact (Decimal or int)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    truncated: bool = False


@dataclass(frozen=True)
class Facts:
    """What a conclusion is made of: the question, what its statement asks for, and the rows."""

    entities: Entities
    columns: tuple[ColumnMention, ...]
    intent: Intent
    result: QueryResult

    @property
    def rows(self) -> list[Mapping[str, Value]]:
        return [dict(zip(self.result.columns, row)) for row in self.result.rows]

    def said(self, column: str) -> str:
        """The column in the asker's word."""
        return next((c.text for c in self.columns if c.column == column), column)

    def name_of(self, company: Value) -> str:
        """The company in the asker's word; what was named by its code alone, by its full name."""
        said = next((m.text for m in self.entities.of("company") if m.value == company), str(company))
        return f"{company}({said})" if said.isdecimal() else said

    @property
    def conditions(self) -> str:
        """Years and conditions; over several years, whether every one of them has to meet the conditions."""
        each = {True: "每年均满足", False: "至少有一年满足", None: ""}[self.intent.every]
        return self.intent.years + each + self.intent.conditions

    @property
    def among(self) -> str:
        """The same, as what comes before a ranking."""
        return f"{self.conditions}的公司中，" if self.intent.conditions else self.conditions

    @property
    def years(self) -> str:
        return "、".join(f"{year}年" for year in self.entities.years)

    @property
    def extreme(self) -> tuple[str, str]:
        return ("最高", "高") if self.intent.descending else ("最低", "低")


@dataclass(frozen=True)
class Source:
    """Where in a report an answer stands."""

    file: str
    page: int
    section: str


@dataclass(frozen=True)
class Answer:
    """What the user reads, and the evidence that every number in it comes from: rows of the table, or places of a report."""

    text: str
    kind: AnswerKind = "answer"
    evidence: QueryResult | None = None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Trace:
    """Everything that happened to one question; console, batch and labelling only read it."""

    question: Question
    answer: Answer
    entities: Entities | None = None
    classification: Classification | None = None
    keywords: Keywords | None = None
    masked: str | None = None
    model_sql: str | None = None
    sql: SqlQuery | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    understood: Any = None  # agent.understanding's record of the question, where it was read as a statement
