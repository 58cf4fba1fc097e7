"""Statements that code writes over surrogates where none of the model's passes its checks: kinds that words tell for certain."""

from __future__ import annotations

import re

from sqlglot import exp

from agent.figures import schema
from agent.reading.words import GROWN, Words
from agent.records import Candidate, Masked
from agent.writing.sql_checks import AFTERWARDS, amount_said, by_office, column_said, ranked_by, said_of
from agent.writing.surrogates import KTH, NUMERIC, TOP

_OPERATORS: dict[type[exp.Expr], str] = {exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_NOT_PLAIN = re.compile("或|要么|任一|之一|除了?|不在|不是|非|既不|至|到.*之间|介于")  # conditions that are not simply all true
_HOW_MANY = re.compile("(?<!哪)(?:几|多少)[家个]|数量|个数")
_WHICH = re.compile("哪|名单|名字|列[出举一]|谁")


def statements(masked: Masked, label: str) -> list[Candidate]:
    """What the question may be, the likeliest first; they are checked and executed like the model's."""
    words, figures = Words.of(masked.text), [c for c in masked.columns if c in NUMERIC]
    ranked = bool(masked.top or masked.kth or words.highest != words.lowest)
    found: list[str | None] = []
    if masked.companies:
        if label in "ABCD" or (label == "E" and not (ranked or masked.amounts)):
            whole = len(masked.years) > 1 == len(figures) and (words.together or words.mean) and not words.changed
            found.append(_total(masked, figures[0], words) if whole else _lookup(masked, figures))
    elif len(masked.years) == 1:
        found.append(_statistic(masked, words, figures, ranked))
    elif masked.amounts:
        found.append(_under_conditions_in_years(masked, words, figures))
    elif len(figures) == 1 == len(masked.columns):
        found += [_ranked_in_years(masked, figures[0], words)] if ranked and words.some_year != words.every_year else []
        found += [_in_years(masked, figures[0], words, ranked)] if words.mean or words.together else []
    return [Candidate(statement, written_by="rule") for statement in found if statement]


def _statistic(masked: Masked, words: Words, figures: list[str], ranked: bool) -> str | None:
    """A ranking, average, sum, count or list of one year, under conditions that are said one after the other."""
    conditions = _conditions(masked)
    growing = ranked and not conditions and len(figures) == 1 and re.search("[增涨].{0,2}最", masked.text)
    if conditions is None or len(masked.places) > 1 or (GROWN.search(masked.text) and not growing):
        return None
    tests = "".join(f" AND {column}{test}" for column, test in conditions)
    where = f"FROM {schema.TABLE} WHERE {schema.YEAR}={next(iter(masked.years))}{_places(masked)}{tests}"
    free = [c for c in figures if c not in {column for column, _ in conditions}]
    if ranked:
        by = ranked_by(masked)[:1] or free
        if len(by) != 1:
            return None
        others = [c for c in [*masked.columns, *sorted(masked.asked)] if c not in by and (c in free or c not in figures)]
        order = by[0] + schema.GROWTH if growing else by[0]
        return f"SELECT {','.join([schema.COMPANY, order, *others])} {where} ORDER BY {order} {words.order} {_rank(masked)}"
    if len(free) == 1 and (words.mean or words.together):
        return f"SELECT {_function(words)}({free[0]}) {where}"
    if free or not (conditions or masked.places):
        return None
    if _HOW_MANY.search(masked.text):
        return f"SELECT COUNT(*) {where}"
    return f"SELECT {schema.COMPANY} {where}" if _WHICH.search(masked.text) else None


def _conditions(masked: Masked) -> list[tuple[str, str]] | None:
    """(column, comparison) of every amount; None where one is not said plainly behind its column."""
    amount = amount_said(f"({'|'.join(map(str, masked.amounts)) or '$'})")
    if _NOT_PLAIN.search(re.sub("年或者?", "年", masked.text)):
        return None
    found = []
    for match in re.finditer(rf"({column_said(masked)})[^,，元%]{{0,8}}?{amount}{AFTERWARDS}", masked.text):
        said = said_of(int(match[2]), match[0])
        if said is None:
            return None
        found.append((match[1], f"{_OPERATORS[said]}{match[2]}"))
    return found if len(found) == len(re.findall(amount, masked.text)) else None


def _under_conditions_in_years(masked: Masked, words: Words, figures: list[str]) -> str | None:
    """Companies of which the conditions are true in every year, or in some."""
    conditions = _conditions(masked)
    if not conditions or words.some_year == words.every_year or words.highest != words.lowest:
        return None
    if len(masked.places) > 1 or GROWN.search(masked.text) or {column for column, _ in conditions} != set(figures):
        return None
    tests = "".join(f" AND {column}{test}" for column, test in conditions)
    return (
        f"SELECT {schema.COMPANY} FROM {schema.TABLE} WHERE {_years(masked)}{_places(masked)}{tests} "
        f"GROUP BY {schema.COMPANY} HAVING COUNT(*){_having(masked, words)}"
    )


def _having(masked: Masked, words: Words) -> str:
    return f"={len(masked.years)}" if words.every_year else ">=1"


def _rank(masked: Masked) -> str:
    return f"LIMIT 1 OFFSET {KTH - 1}" if masked.kth else f"LIMIT {TOP if masked.top else 1}"


def _years(masked: Masked) -> str:
    return f"{schema.YEAR} IN ({','.join(map(str, masked.years))})"


def _where(masked: Masked) -> str:
    """The question's companies and years."""
    companies = ",".join(f"'{company}'" for company in masked.companies)
    return f"{schema.COMPANY} IN ({companies}) AND {_years(masked)}"


def _lookup(masked: Masked, figures: list[str]) -> str:
    """These columns of the named companies and years; the growth where one company's in one year is asked for."""
    shown = [*masked.columns, *sorted(masked.asked)] or [schema.COMPANY]
    if len(masked.companies) == len(masked.years) == 1 == len(figures) and GROWN.search(masked.text):
        suffix = schema.CHANGE if re.search("元|额|多少钱", masked.text) else schema.GROWTH
        shown = [column + suffix if column in figures else column for column in shown]
    return f"SELECT {','.join(shown)} FROM {schema.TABLE} WHERE {_where(masked)}"


def _total(masked: Masked, column: str, words: Words) -> str:
    """One figure over the years of the companies."""
    return f"SELECT {_function(words)}({column}) FROM {schema.TABLE} WHERE {_where(masked)}"


def _function(words: Words) -> str:
    return "AVG" if words.mean else "SUM"


def _places(masked: Masked) -> str:
    address = "办公地址" if by_office(masked) else "注册地址"
    return "".join(f" AND {address} LIKE '%{place}%'" for place in masked.places)


def _in_years(masked: Masked, column: str, words: Words, ranked: bool) -> str:
    """Sums or averages over several years: of each company in their order, of each year, or of all."""
    value, where = f"{_function(words)}({column})", f"FROM {schema.TABLE} WHERE {_years(masked)}{_places(masked)}"
    if ranked or words.which:
        order = f"GROUP BY {schema.COMPANY} ORDER BY {value} {words.order} {_rank(masked)}"
        return f"SELECT {schema.COMPANY},{value} {where} {order}"
    if words.year_by_year:
        return f"SELECT {schema.YEAR},{value} {where} GROUP BY {schema.YEAR}"
    return f"SELECT {value} {where}"


def _ranked_in_years(masked: Masked, column: str, words: Words) -> str:
    """Companies that are among the first in every year, or in some."""
    ranks = f"ROW_NUMBER() OVER (PARTITION BY {schema.YEAR} ORDER BY {column} {words.order}) AS 名次"
    return (
        f"SELECT {schema.COMPANY} FROM (SELECT {schema.COMPANY},{schema.YEAR},{ranks} FROM {schema.TABLE} "
        f"WHERE {_years(masked)}{_places(masked)}) AS t WHERE 名次<={TOP if masked.top else 1} GROUP BY {schema.COMPANY} HAVING COUNT(*){_having(masked, words)}"
    )
