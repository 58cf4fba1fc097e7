"""The question families: which build each is. The wordings are in the templates files.

A family draws its companies, years, fields … and says how the SQL reads once code has replaced them by surrogates.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from data.generator import slots
from data.generator.plans import (
    Plan,
    aggregated,
    filtered,
    growth,
    growth_in_words,
    intersection,
    lookup,
    opened,
    over_years,
    ranking,
    ratio,
    several_fields,
    text_column,
    two_companies,
)
from data.generator.slots import World

_COMPARED = ("法定代表人", "法定代表人", "法定代表人", "注册地址", "办公地址", "电子信箱", "公司网址")

FAMILIES: dict[str, Callable[[random.Random, World], Plan]] = {
    "field": lookup(
        lambda r, w: (
            slots.own_column(r)
            if not w.columns and r.random() < 0.05
            else w.column(r, "money", "money", "money", "share")
        )
    ),
    "field_text": lookup(text_column),
    "field_count": lookup(lambda r, w: w.column(r, "count")),
    "fields": several_fields,
    "field_years": over_years(lambda r, w: w.column(r, "money")),
    "field_years_count": over_years(lambda r, w: w.column(r, "count")),
    "field_years_text": over_years(text_column),
    "same": over_years(lambda r, w: r.choice(_COMPARED), label="A"),
    "same_last": over_years(lambda r, w: r.choice(_COMPARED), last=True, label="A"),
    "ratio": lookup(ratio, with_tail=True),
    "ratio_years": over_years(ratio, with_tail=True),
    "growth": lookup(growth, with_tail=True),
    "growth_words": growth_in_words,
    "compare": two_companies(False),
    "compare_which": two_companies(True),
    "sum_company_years": over_years(lambda r, w: w.column(r, "money"), aggregate="SUM", label="E"),
    "average_company_years": over_years(lambda r, w: w.column(r, "money"), aggregate="AVG", label="E"),
    "top": ranking("top"),
    "top_high": ranking("top", direction="DESC"),
    "top_place": ranking("top", "place"),
    "top_place_or": ranking("top", "place_or"),
    "best": ranking("best"),
    "best_place": ranking("best", "place"),
    "best_place_or": ranking("best", "place_or"),
    "kth": ranking("kth"),
    "kth_high": ranking("kth", direction="DESC"),
    "kth_place": ranking("kth", "place"),
    "kth_attribute": ranking("kth", attribute=True),
    "best_attribute": ranking("best", attribute=True),
    "count_place": filtered("count", 0, "place"),
    "count_amount": filtered("count", 1),
    "count_place_amount": filtered("count", 1, "place"),
    "count_place_or_amount": filtered("count", 1, "place_or"),
    "count_two": filtered("count", 2),
    "count_place_two": filtered("count", 2, "place"),
    "count_shared_two": filtered("count", 2, shared=True),
    "list_place": filtered("list", 0, "place"),
    "list_amount": filtered("list", 1),
    "list_place_amount": filtered("list", 1, "place"),
    "list_two": filtered("list", 2),
    "average": aggregated("AVG"),
    "average_place": aggregated("AVG", "place"),
    "average_place_or": aggregated("AVG", "place_or"),
    "average_fields_place": aggregated("AVG", "place", fields=2),
    "average_years_place": aggregated("AVG", "place", "each"),
    "sum": aggregated("SUM"),
    "sum_place": aggregated("SUM", "place"),
    "sum_place_or": aggregated("SUM", "place_or"),
    "sum_years_place": aggregated("SUM", "place", "each"),
    "sum_together_place": aggregated("SUM", "place", "together"),
    "intersection": intersection(),
    "intersection_high": intersection("DESC"),
    "concept": opened("concept"),
    "concept_formula": opened("concept"),
    "concept_impact": opened("concept"),
    "concept_compare": opened("concept1", "concept2"),
    "report": opened("company", "year", "topic"),
    "report_yesno": opened("company", "year", "topic"),
    "report_reason": opened("company", "year", "field"),
}
