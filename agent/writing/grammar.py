"""The statements that NL2SQL may write, as a grammar in llguidance's dialect of Lark.

It is narrower than sql_guard: one spelling of everything, that of FinTrain/nl2sql; every statement names its years, once, each
by itself (surrogate years follow each other where the real ones may not); a column is compared with values of its own kind. It
fixes form and names, not meaning: the guard and sql_checks stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

from agent.figures import schema
from agent.figures.schema import COMPANY, YEAR
from agent.records import Masked
from agent.table.sql_guard import DERIVED, RANK
from agent.writing.surrogates import AMOUNTS, COMPANIES, KTH, LAST_YEAR_SHOWN, PLACES, THEMSELVES, TOP

YEARS = tuple(range(LAST_YEAR_SHOWN - 6, LAST_YEAR_SHOWN + 4))
_NAMES = (COMPANY, schema.CODE, schema.SHORT_NAME)

# A line that needs a kind of word that a question has none of is left out: what is begun can always be ended.
_RULES = f"""
start: "SELECT " (simple | grouped)
simple: columns from order? limit?
  | totals from
grouped: "{COMPANY}" ("," totals)? from " GROUP BY {COMPANY}" having? sorted? limit?
  | "{YEAR}" ("," totals)? from " GROUP BY {YEAR}" having? sorted? limit?
  | "{COMPANY}" ranks NUMERIC WAY ") AS {RANK}" from ranked having
ranks: " FROM (SELECT {COMPANY},{YEAR},ROW_NUMBER() OVER (PARTITION BY {YEAR} ORDER BY "
ranked: ") AS {DERIVED} WHERE {RANK}<=" RANK " GROUP BY {COMPANY}"
columns: column ("," column)*
column: YEARLY
  | NAMED
  | PLACED
  | NUMERIC
  | TEXTUAL
totals: total ("," total)*
total: "COUNT(*)"
  | FUNCTION "(" NUMERIC ")"
from: " FROM {schema.TABLE} WHERE " years
  | " FROM {schema.TABLE} WHERE " (test " AND ")* years (" AND " test)*
years: YEARLY ("=" YEAR | " IN (" YEAR ("," YEAR)* ")")
test: "NOT "? (compared | "(" compared ((" AND " | " OR ") compared)+ ")")
named: NAMED ("=" COMPANY | " IN (" COMPANY ("," COMPANY)* ")")
placed: PLACED " LIKE " PLACE
numeric: NUMERIC (OPERATOR AMOUNT | " BETWEEN " AMOUNT " AND " AMOUNT)
having: " HAVING COUNT(*)" OPERATOR NUMBER
order: " ORDER BY " column WAY
sorted: " ORDER BY " total WAY
limit: " LIMIT " RANK (" OFFSET {KTH - 1}")?
FUNCTION: "SUM" | "AVG" | "MAX" | "MIN"
OPERATOR: "=" | "<>" | "<" | "<=" | ">" | ">="
WAY: " ASC" | " DESC"
NUMBER: /[1-9][0-9]{{0,8}}/
"""
_COMPARED = {"named": ("NAMED", "COMPANY"), "placed": ("PLACED", "PLACE"), "numeric": ("NUMERIC", "AMOUNT")}


def select_grammar(
    columns: Collection[str],
    companies: Iterable[str] = COMPANIES,
    places: Iterable[str] = PLACES,
    amounts: Iterable[int] = AMOUNTS,
    years: Iterable[int] = YEARS,
    ranks: Iterable[int] = (1, TOP, KTH),
) -> str:
    """One SELECT over the table, of these columns (computed ones among them) and these values, all of them surrogates.

    年份 is always a column, and there is at least one year; the other kinds may be empty.
    """
    numeric = [c for c in columns if schema.unit_of(c) != "text"]
    words: dict[str, list] = {
        "YEARLY": [YEAR],
        "NAMED": [c for c in columns if c in _NAMES],
        "PLACED": [c for c in columns if c in schema.PLACE_COLUMNS],
        "NUMERIC": numeric,
        "TEXTUAL": [c for c in columns if c not in (YEAR, *_NAMES, *schema.PLACE_COLUMNS, *numeric)],
        "COMPANY": [f"'{company}'" for company in companies],
        "PLACE": [f"'%{place}%'" for place in places],
        "AMOUNT": list(amounts),
        "YEAR": list(years),
        "RANK": list(ranks),
    }
    compared = [rule for rule, kinds in _COMPARED.items() if all(words[kind] for kind in kinds)]
    missing = {kind for kind, found in words.items() if not found} | (set() if compared else {"compared", "test"})
    rules = [line for line in _RULES.split("\n") if not missing & set(re.findall(r"\w+", line))]
    rules += [f"compared: {' | '.join(compared)}"] if compared else []
    return "\n".join([*rules, *(f"{kind}: {_one_of(found)}" for kind, found in words.items() if found), ""])


def _one_of(words: Iterable[object]) -> str:
    return " | ".join(json.dumps(str(word), ensure_ascii=False) for word in words)


def grammar_of(masked: Masked, table_columns: Collection[str]) -> str:
    """What one masked question may become: a SELECT of its own surrogates and the columns that stand for themselves.

    Where the model misses a word (of a company that code has not found), its statement has no condition but the year; that
    may be written, and has to be refused afterwards.
    """
    columns = [*masked.columns, *sorted(THEMSELVES & set(table_columns))]
    numeric = [c for c in masked.columns if schema.unit_of(c) != "text"]
    growing = [c + suffix for suffix in (schema.GROWTH, schema.CHANGE) for c in numeric]
    ranks = [1, *([TOP] if masked.top else []), *([KTH] if masked.kth == 1 else [])]
    return select_grammar([*columns, *growing], masked.companies, masked.places, masked.amounts, masked.years, ranks)
