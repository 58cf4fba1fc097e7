"""The turn before, and what a fragment names: the data that follow-ups are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from agent.figures import schema
from agent.records import ColumnMention, Entities, Mention, QueryResult
from agent.text import Span

_NAMED_YEAR = re.compile(r"\d|[零〇○一二三四五六七八九]{2}")
_STATISTIC = re.compile(r"最[高低大小多少]|[哪几多][家少]|平均|合计|总和|排[名在]|位[居列]|倒数|上市公司|公司[中里数]")
_ORDER = r"大于等于|小于等于|不(?:低于|少于|高于|多于|超过|足|到|小于|大于)|超过|超出|大于|高于|多于|低于|小于|少于|至少|至多|突破|达到|超|>=|<=|[><]"
_BEFORE_AMOUNT = re.compile(rf"(?:{_ORDER}|在)了?$")
_AFTER_AMOUNT = re.compile(r"[及或]?(?:以[上下内]|之[上下内])")


@dataclass(frozen=True)
class Fragment:
    """What a fragment names, in the words that go into the whole question; empty where it names none."""

    years: tuple[int, ...] = ()
    companies: tuple[str, ...] = ()
    columns: tuple[ColumnMention, ...] = ()
    places: tuple[str, ...] = ()
    amount: str = ""  # with its 超过 or 以上
    top: int | None = None
    kth: int | None = None
    extreme: str = ""  # 高低大小多少
    compares: str = ""  # 谁更高: 高

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(f.name for f in fields(self) if getattr(self, f.name))

    @property
    def amount_compares(self) -> bool:
        """超过10亿 or 10亿以上, not 10亿."""
        return bool(re.match(_ORDER, self.amount) or _AFTER_AMOUNT.search(self.amount))


@dataclass(frozen=True)
class Turn:
    """The question before, as it was linked, and the companies in the rows of its answer (公司全称, each once)."""

    entities: Entities
    columns: tuple[ColumnMention, ...] = ()
    answered: tuple[str, ...] = ()

    @classmethod
    def after(cls, entities: Entities, columns: Sequence[ColumnMention], evidence: QueryResult | None) -> Turn:
        """The turn of a question that was answered from `evidence`."""
        rows = [dict(zip(evidence.columns, row)) for row in evidence.rows] if evidence else []
        named = dict.fromkeys(str(row[schema.COMPANY]) for row in rows if row.get(schema.COMPANY))
        return cls(entities, tuple(columns), tuple(named))

    @property
    def text(self) -> str:
        return self.entities.text

    @property
    def companies(self) -> tuple[str, ...]:
        """The companies it names, in its words, each company once."""
        said: dict[object, str] = {}
        for mention in self.entities.of("company"):
            said.setdefault(mention.value or mention.text, mention.text)
        return tuple(said.values())

    @property
    def year_mentions(self) -> tuple[Mention, ...]:
        """The years it names by themselves; 上年 beside them leans on them and follows."""
        named = tuple(m for m in self.entities.of("year") if names_a_year(m) or not m.text)
        return named or self.entities.of("year")

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(sorted({year for m in self.year_mentions for year in m.value}))  # type: ignore[attr-defined]

    @property
    def is_statistic(self) -> bool:
        """About companies at large."""
        return not self.companies and bool(
            _STATISTIC.search(self.text) or any(self.entities.of(kind) for kind in ("top", "kth", "place", "amount"))
        )

    @property
    def is_open(self) -> bool:
        """About a concept: neither a company nor a statistic."""
        return not self.companies and not self.is_statistic

    def meant(self, many: bool) -> tuple[str, ...]:
        """Whom 它 (`many`: 这些公司) means: the companies of the question or, where it has none or several, of the answer."""
        if self.companies and (many or len(self.companies) == 1 or len(self.answered) != 1):
            return self.companies
        return self.answered


def names_a_year(mention: Mention) -> bool:
    """2020年, not 去年."""
    return bool(_NAMED_YEAR.search(mention.text))


def is_text(columns: Sequence[ColumnMention]) -> bool:
    """Whether the columns hold words, as 法定代表人 does; figures and words are asked for in different sentences."""
    return any(schema.unit_of(c.column) == "text" for c in columns)


def joined(names: Sequence[str]) -> str:
    """甲、乙和丙."""
    return "、".join(names[:-1]) + "和" + names[-1] if len(names) > 1 else names[0]


def said_years(years: Sequence[int]) -> str:
    """2020年, 2019-2021年, 2018年、2021年."""
    if len(years) > 1 and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]}-{years[-1]}年"
    return "、".join(f"{year}年" for year in years)


def amount_span(text: str, start: int, end: int) -> Span:
    """An amount with the comparison around it: 超过10亿, 10亿以上."""
    before, after = _BEFORE_AMOUNT.search(text[:start]), _AFTER_AMOUNT.match(text, end)
    return before.start() if before else start, after.end() if after else end
