"""Step 4: rows become a sentence. Templates only: every number comes from the rows or from a formula that the answer names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.figures.numbers import format_number, format_percent
from agent.figures.values import Style, compute, explain, is_computed, show, show_computed
from agent.records import Answer, Entities, Facts, Value
from agent.text import normalise

SAME_WORDS = ("相同", "不同", "一样", "一致", "同一", "变", "换", "改", "还是")
# A difference is asked for: of two years (增加了多少), or of two companies (相差多少).
_CHANGE = re.compile("[增减涨跌]|变[化动]|[上下]升|[下]?降|差|[多少高低][了出]|比(?![率重例])")
_DIFFERENCE = re.compile("差|[多少高低]多?[了出少]|比.+[多少高低]|超[过出]|领先")
_WHO = re.compile("谁|哪[个家一]|孰")
_LESS = re.compile("[更最谁孰]?[低少小](?![于数])")
_PERCENT = re.compile("百分|%|比例|幅|率|速")
AGGREGATE_NAMES = {"AVG": "平均值", "SUM": "总和", "MAX": "最大值", "MIN": "最小值", "COUNT": "数量"}
LISTED = 60  # companies an answer names at most; the count is always told
Row = Mapping[str, Value]


def _style(facts: Facts) -> Style:
    return Style.of(facts.entities.text)


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
        return show_computed(formula, result, _style(facts))
    if row.get(column) is None:
        raise NotAnswerable(f"未查询到{where}的{facts.said(column)}，无法回答该问题。")
    return show(column, row[column], _style(facts))


def _lookup_one(facts: Facts, row: Row) -> str:
    """One company in one year: a figure, several figures, or computed ones with their formulas."""
    where = f"{row[schema.YEAR]}年{facts.name_of(row[schema.COMPANY])}"
    asked = facts.intent.columns
    computed = [c for c in asked if is_computed(c, row)]
    plain = [c for c in asked if c not in computed]
    sentences = [explain(c, facts.said(c), row, where, _style(facts)) for c in computed]
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
    verdict = "相同" if len({normalise(str(value)) for value in values}) == 1 else "不相同"
    return f"{verdict}。" + "，".join(f"{row[schema.YEAR]}年{facts.said(column)}是{row[column]}" for row in rows) + "。"


def _number(column: str, row: Row) -> Decimal | None:
    """A cell, or a computed column's exact value; None where there is none, or a text in its place."""
    if is_computed(column, row):
        return compute(column, row)
    value = row.get(column)
    return None if value is None or isinstance(value, str) else Decimal(value)


def _amount(facts: Facts, column: str, value: Decimal) -> str:
    """A difference in the unit of its column; of percentages in percentage points."""
    if schema.unit_of(column) == "percent":
        digits = _style(facts).digits
        digits = 2 if digits is None else digits
        return f"{format_number(value * 100, digits)}个百分点"
    formula = schema.computed(column)
    return show_computed(formula, value, _style(facts)) if formula else show(column, value, _style(facts))


def _change(facts: Facts, rows: Sequence[Row]) -> str:
    """From the first to the last of one company's years: how much more or less, in percent where that is asked."""
    column = facts.intent.columns[0]
    before, now = _number(column, rows[0]), _number(column, rows[-1])
    if before is None or now is None:
        return ""
    start, end = rows[0][schema.YEAR], rows[-1][schema.YEAR]
    change = now - before
    if not change:
        return f"{end}年与{start}年相比没有变化。"
    told = f"{end}年比{start}年{'增加' if change > 0 else '减少'}了{_amount(facts, column, abs(change))}"
    if _PERCENT.search(facts.entities.text) and before and schema.unit_of(column) != "percent":
        digits = _style(facts).digits
        told += f"，增长率为{format_percent(change / before, 2 if digits is None else digits)}"
    return told + "。"


def _comparison(facts: Facts, rows: Sequence[Row]) -> str:
    """Between companies in one year: who is higher, and by how much where that is asked."""
    column = facts.intent.columns[0]
    known = [(value, row) for row in rows if (value := _number(column, row)) is not None]
    text, asked = "", facts.entities.text.replace("多少", "")
    if len(known) == len(rows) and (facts.intent.order or _WHO.search(asked)):
        lowest = bool(_LESS.search(asked))
        _, row = (min if lowest else max)(known, key=lambda pair: pair[0])
        text = f"{facts.name_of(row[schema.COMPANY])}{'更' if len(rows) == 2 else '最'}{'低' if lowest else '高'}。"
    if len(known) == 2 == len(rows) and _DIFFERENCE.search(asked):
        (low, _), (high, top) = sorted(known, key=lambda pair: pair[0])
        more = f"，{facts.name_of(top[schema.COMPANY])}更高" if high != low and not text else ""
        text += f"两家公司的{facts.said(column)}相差{_amount(facts, column, high - low)}{more}。"
    return text


def _derived(facts: Facts, rows: Sequence[Row]) -> str:
    """What is asked about several rows of one figure, beyond the figures."""
    if len(rows) < 2 or len(facts.intent.columns) != 1 or schema.unit_of(facts.intent.columns[0]) == "text":
        return ""
    companies, years = {row[schema.COMPANY] for row in rows}, {row[schema.YEAR] for row in rows}
    if len(companies) == 1 and _CHANGE.search(facts.entities.text):
        return _change(facts, rows)
    return _comparison(facts, rows) if len(years) == 1 else ""


def _absent(facts: Facts, rows: Sequence[Row]) -> list[str]:
    """Companies and years that were asked for and have no row. A growth rate needs the last of two years alone."""
    found = {(row[schema.COMPANY], int(str(row[schema.YEAR]))) for row in rows}
    years = facts.entities.years
    grown = all(is_computed(c, {}) and schema.over_last_year(c)[1] for c in facts.intent.columns)
    needed = years[-1:] if grown and len(found) < len(years) else years
    wanted = [(company, year) for company in facts.entities.companies for year in needed]
    return [f"{year}年{facts.name_of(company)}" for company, year in wanted if (company, year) not in found]


def _lookup(facts: Facts) -> str:
    asked = facts.entities.companies
    rows = sorted(
        facts.rows,
        key=lambda r: (asked.index(c) if (c := str(r[schema.COMPANY])) in asked else 0, int(str(r[schema.YEAR]))),
    )
    if facts.intent.order:
        rows = facts.rows
    absent = _absent(facts, rows)
    if not rows or absent:
        raise NotAnswerable(f"未查询到{'、'.join(absent) or facts.years}的相关信息，无法回答该问题。")
    column = facts.intent.columns[0]
    if (
        len(rows) > 1
        and len(asked) == 1 == len(facts.intent.columns)
        and any(w in facts.entities.text for w in SAME_WORDS)
        and schema.unit_of(column) == "text"
    ):
        return _same(facts, rows)
    return "".join(_lookup_one(facts, row) for row in rows) + _derived(facts, rows)


def _best_year(facts: Facts) -> str:
    """The year in which one company's figure was highest (lowest)."""
    rows, column = facts.rows, facts.intent.order or facts.intent.columns[0]
    companies = "、".join(facts.name_of(c) for c in facts.entities.companies)
    if not rows:
        raise NotAnswerable(f"未查询到{facts.years}{companies}的{facts.said(column)}，无法回答该问题。")
    row, found = rows[0], {int(str(row[schema.YEAR])) for row in rows}
    absent = "、".join(f"{year}年" for year in facts.entities.years if year not in found)
    return (
        f"{'、'.join(f'{year}年' for year in sorted(found))}中，{facts.name_of(row[schema.COMPANY])}的"
        f"{facts.said(column)}{facts.extreme[0]}的是{row[schema.YEAR]}年，为{_value(facts, column, row)}。"
        + (f"未查询到{absent}的数据。" if absent else "")
    )


def _ranking(facts: Facts) -> str:
    intent, rows = facts.intent, facts.rows
    if not rows:
        raise NotAnswerable(f"表中没有{facts.conditions}且有{intent.order}的公司，无法回答该问题。")
    order, (most, more) = facts.said(intent.order or ""), facts.extreme

    def about(row: Row) -> str:
        return "，".join(f"{facts.said(c)}为{_value(facts, c, row)}" for c in intent.columns)

    if intent.k == 1:
        rank = f"第{intent.offset + 1}{more}" if intent.offset else most
        told = "，".join(filter(None, (f"{rank}的公司为{rows[0][schema.COMPANY]}", about(rows[0]))))
        return f"{facts.among}{order}{told}。"
    what = "及金额" if intent.columns == (intent.order,) else ""
    return (
        f"{facts.among}{order}{most}的前{len(rows)}家上市公司{what}分别为"
        + "；".join(f"{row[schema.COMPANY]}{about(row)}" for row in rows)
        + "。"
    )


def _totals(facts: Facts) -> str:
    """Companies by a sum or an average over several years."""
    (function, column), rows = facts.intent.aggregates[0], facts.result.rows
    if not rows:
        raise NotAnswerable(f"表中没有{facts.conditions}且有{column}的公司，无法回答该问题。")
    name = f"{facts.said(column)}的{AGGREGATE_NAMES.get(function, function)}"
    told = [(row[0], f"{name}为{_aggregated(facts, function, column, row[-1])}") for row in rows]
    if facts.intent.k == 1:
        return f"{facts.among}{name}{facts.extreme[0]}的公司为{told[0][0]}，{told[0][1]}。"
    return (
        f"{facts.among}{name}{facts.extreme[0]}的前{len(rows)}家上市公司及金额分别为"
        + "；".join(f"{company}{value}" for company, value in told)
        + "。"
    )


def _count(facts: Facts) -> str:
    rows = facts.result.rows
    if not facts.intent.by_year:
        return f"{facts.conditions}的上市公司数量为{rows[0][-1]}家。"
    counted = {int(str(row[0])): row[-1] for row in rows}
    told = "，".join(f"{year}年为{counted.get(year, 0)}家" for year in sorted({*facts.entities.years, *counted}))
    return f"{facts.intent.conditions}的上市公司数量，{told}。"


def _aggregated(facts: Facts, function: str, column: str, value: Value) -> str:
    """A sum or average with its unit; an average has two decimals unless told otherwise.

    Raises:
        NotAnswerable: nothing was there to add up, or the largest "number" is a text.
    """
    if value is None:
        raise NotAnswerable(f"未查询到{facts.conditions}的{facts.said(column)}，无法回答该问题。")
    if isinstance(value, str):
        raise NotAnswerable(f"表里的{facts.said(column)}有不是数字的内容（“{value}”），无法回答该问题。")
    style = _style(facts)
    digits = style.digits if style.digits is not None else (2 if function == "AVG" else None)
    unit, number = schema.unit_of(column), Decimal(value)
    if unit == "count":  # an average of heads has decimals, a sum has none
        return f"{format_number(number, 2 if function == 'AVG' else None)}人"
    if unit == "percent":
        return format_percent(number, 2 if digits is None else digits)
    if unit == "ratio":
        return format_number(number, 2 if digits is None else digits)
    return show(column, number, Style(digits, style.unit))


def _aggregate(facts: Facts) -> str:
    parts = []
    for row in facts.result.rows:
        year = f"{row[0]}年" if facts.intent.by_year else ""
        for (function, column), value in zip(facts.intent.aggregates, row[1:] if facts.intent.by_year else row):
            name = f"{year}{facts.said(column)}的{AGGREGATE_NAMES.get(function, function)}"
            parts.append(f"{name}为{_aggregated(facts, function, column, value)}")
    if not parts:
        raise NotAnswerable(f"未查询到{facts.conditions}的相关信息，无法回答该问题。")
    return f"{facts.conditions}，" + "，".join(parts) + "。"


def _list(facts: Facts) -> str:
    rows = facts.rows
    if not rows:
        return f"{facts.conditions}的上市公司有0家。"
    names = list(dict.fromkeys(str(row[schema.COMPANY]) for row in rows))
    many = f"（只列出前{LISTED}家）" if len(names) > LISTED else ""
    at_least = "超过" if facts.result.truncated else ""
    return f"{facts.conditions}的上市公司有{at_least}{len(names)}家{many}，分别为{'、'.join(names[:LISTED])}。"


def _intersection(facts: Facts) -> str:
    """Among the first k in every year, or in some year."""
    intent, names = facts.intent, [str(row[0]) for row in facts.result.rows]
    each = "至少有一年" if intent.every is False else "均"
    ranked = f"{facts.said(intent.order or '')}{each}位列{facts.extreme[0]}的前{intent.k}名"
    among = f"{intent.conditions}、" if intent.conditions else ""
    told = f"，分别为{'、'.join(names[:LISTED])}" if names else ""
    many = f"（只列出前{LISTED}家）" if len(names) > LISTED else ""
    return f"{intent.years}{among}{ranked}的上市公司有{len(names)}家{many}{told}。"


_SHAPES = {
    "lookup": _lookup,
    "best_year": _best_year,
    "ranking": _ranking,
    "totals": _totals,
    "count": _count,
    "aggregate": _aggregate,
    "list": _list,
    "intersection": _intersection,
}


def conclude(facts: Facts) -> Answer:
    """The answer to a question whose statement has run.

    Raises:
        NotAnswerable: what is asked for is not in the table; the message is the refusal.
    """
    return Answer(_SHAPES[facts.intent.shape](facts), evidence=facts.result)
