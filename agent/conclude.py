"""Step 4: rows become a sentence. Templates only: every number comes from the rows or from a formula that the answer names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent import schema
from agent.errors import NotAnswerable
from agent.nl2sql import Intent
from agent.numbers import format_number
from agent.records import Answer, ColumnMention, Entities, QueryResult, Value
from agent.values import Style, compute, explain, is_computed, show, show_computed

SAME_WORDS = ("相同", "不同", "一样", "一致", "同一", "变", "换", "改", "还是")
AGGREGATE_NAMES = {"AVG": "平均值", "SUM": "总和", "MAX": "最大值", "MIN": "最小值", "COUNT": "数量"}
LISTED = 60  # companies an answer names at most; the count is always told
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of."""

    entities: Entities
    columns: tuple[ColumnMention, ...]
    intent: Intent
    result: QueryResult

    @property
    def rows(self) -> list[Row]:
        return [dict(zip(self.result.columns, row)) for row in self.result.rows]

    @property
    def style(self) -> Style:
        return Style.of(self.entities.text)

    def said(self, column: str) -> str:
        """The column in the asker's word."""
        return next((c.text for c in self.columns if c.column == column), column)

    def name_of(self, company: Value) -> str:
        """The company in the asker's word."""
        return next((m.text for m in self.entities.of("company") if m.value == company), str(company))

    @property
    def conditions(self) -> str:
        return self.intent.conditions

    @property
    def years(self) -> str:
        return "、".join(f"{year}年" for year in self.entities.years)


def missing(entities: Entities, company: str) -> str:
    """The refusal for a company (and year) that the table does not have."""
    years = "、".join(f"{year}年" for year in entities.years)
    return f"未查询到{years}{company}的相关信息，无法回答该问题。"


def _value(facts: Facts, column: str, row: Row) -> str:
    """A printed value in a list of several.

    Raises:
        NotAnswerable: the cell is empty.
    """
    where = f"{row.get(schema.YEAR)}年{facts.name_of(row.get(schema.COMPANY))}"
    if is_computed(column, row):
        result, formula = compute(column, row), schema.computed(column)
        if result is None or formula is None:
            raise NotAnswerable(f"未查询到{where}计算{facts.said(column)}所需的数据，无法回答该问题。")
        return show_computed(formula, result, facts.style)
    if row.get(column) is None:
        raise NotAnswerable(f"未查询到{where}的{facts.said(column)}，无法回答该问题。")
    return show(column, row[column], facts.style)


def _lookup_one(facts: Facts, row: Row) -> str:
    """One company in one year: a figure, several figures, or computed ones with their formulas."""
    where = f"{row[schema.YEAR]}年{facts.name_of(row[schema.COMPANY])}"
    asked = facts.intent.columns
    computed = [c for c in asked if is_computed(c, row)]
    plain = [c for c in asked if c not in computed]
    sentences = [explain(c, facts.said(c), row, where, facts.style) for c in computed]
    if len(plain) == 1:
        sentences.insert(0, f"{where}的{facts.said(plain[0])}是{_value(facts, plain[0], row)}。")
    elif plain:
        sentences.insert(0, f"{where}的" + "，".join(f"{facts.said(c)}为{_value(facts, c, row)}" for c in plain) + "。")
    return "".join(sentences)


def _same(facts: Facts, rows: Sequence[Row]) -> str:
    column = facts.intent.columns[0]
    values = [row[column] for row in rows]
    if any(value is None for value in values):
        raise NotAnswerable(f"未查询到{facts.name_of(rows[0][schema.COMPANY])}各年的{facts.said(column)}，无法比较。")
    verdict = "相同" if len(set(values)) == 1 else "不相同"
    return f"{verdict}。" + "，".join(f"{row[schema.YEAR]}年{facts.said(column)}是{row[column]}" for row in rows) + "。"


def _lookup(facts: Facts) -> str:
    rows = sorted(
        facts.rows,
        key=lambda r: (
            facts.entities.companies.index(str(r[schema.COMPANY]))
            if r[schema.COMPANY] in facts.entities.companies
            else 0,
            int(str(r[schema.YEAR])),
        ),
    )
    if facts.intent.order:
        rows = facts.rows
    found = {(row[schema.COMPANY], int(str(row[schema.YEAR]))) for row in rows}
    years = facts.entities.years
    grown = all(is_computed(c, {}) and c.endswith(schema.GROWTH) for c in facts.intent.columns) and len(found) < len(
        years
    )
    wanted = [(c, y) for c in facts.entities.companies for y in (years[-1:] if grown else years)]
    absent = [f"{year}年{facts.name_of(company)}" for company, year in wanted if (company, year) not in found]
    if not rows or absent:
        raise NotAnswerable(f"未查询到{'、'.join(absent) or facts.years}的相关信息，无法回答该问题。")
    if (
        len(rows) > 1
        and len(facts.entities.companies) == 1
        and len(facts.intent.columns) == 1
        and any(w in facts.entities.text for w in SAME_WORDS)
        and schema.unit_of(facts.intent.columns[0]) == "text"
    ):
        return _same(facts, rows)
    answer = "".join(_lookup_one(facts, row) for row in rows)
    if facts.intent.order and len(rows) > 1:
        answer += f"{facts.name_of(rows[0][schema.COMPANY])}更{'高' if facts.intent.descending else '低'}。"
    return answer


def _ranking(facts: Facts) -> str:
    intent, rows = facts.intent, facts.rows
    if not rows:
        raise NotAnswerable(f"表中没有{facts.conditions}的公司，无法回答该问题。")
    order = facts.said(intent.order or "")
    extreme = ("最高", "高") if intent.descending else ("最低", "低")

    def about(row: Row) -> str:
        return "，".join(f"{facts.said(c)}为{_value(facts, c, row)}" for c in intent.columns)

    if intent.k == 1:
        place = f"第{intent.offset + 1}{extreme[1]}" if intent.offset else extreme[0]
        told = "，".join(filter(None, (f"{place}的公司为{rows[0][schema.COMPANY]}", about(rows[0]))))
        return f"{facts.conditions}{order}{told}。"
    return (
        f"{facts.conditions}{order}{extreme[0]}的前{len(rows)}家上市公司及金额分别为"
        + "；".join(f"{row[schema.COMPANY]}{about(row)}" for row in rows)
        + "。"
    )


def _count(facts: Facts) -> str:
    return f"{facts.conditions}的上市公司数量为{facts.result.rows[0][-1]}家。"


def _aggregate(facts: Facts) -> str:
    parts = []
    for row in facts.result.rows:
        year = f"{row[0]}年" if facts.intent.by_year else ""
        for (function, column), value in zip(facts.intent.aggregates, row[1:] if facts.intent.by_year else row):
            name = f"{year}{facts.said(column)}的{AGGREGATE_NAMES.get(function, function)}"
            if value is None:
                raise NotAnswerable(f"未查询到{facts.conditions}的{facts.said(column)}，无法回答该问题。")
            digits = facts.style.digits if facts.style.digits is not None else (2 if function == "AVG" else None)
            parts.append(
                f"{name}为{show(column, value, Style(digits, facts.style.unit)) if schema.unit_of(column) != 'count' else _people(value, function)}"
            )
    if not parts:
        raise NotAnswerable(f"未查询到{facts.conditions}的相关信息，无法回答该问题。")
    return f"{facts.conditions}，" + "，".join(parts) + "。"


def _people(value: Value, function: str) -> str:
    """Head counts: an average has decimals, a sum has none."""
    return f"{format_number(Decimal(str(value)), 2 if function == 'AVG' else None)}人"


def _list(facts: Facts) -> str:
    rows = facts.rows
    if not rows:
        return f"{facts.conditions}的上市公司有0家。"
    names = list(dict.fromkeys(str(row[schema.COMPANY]) for row in rows))
    many = f"（只列出前{LISTED}家）" if len(names) > LISTED else ""
    at_least = "超过" if facts.result.truncated else ""
    return f"{facts.conditions}的上市公司有{at_least}{len(names)}家{many}，分别为{'、'.join(names[:LISTED])}。"


_SHAPES = {
    "lookup": _lookup,
    "ranking": _ranking,
    "count": _count,
    "aggregate": _aggregate,
    "list": _list,
    "intersection": _list,
}


def conclude(facts: Facts) -> Answer:
    """The answer to a question whose statement has run.

    Raises:
        NotAnswerable: what is asked for is not in the table; the message is the refusal.
    """
    return Answer(_SHAPES[facts.intent.shape](facts), evidence=facts.result)
