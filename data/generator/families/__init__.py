"""The families of questions: each file holds some that are drawn alike, with their wordings and the SQL that answers them.

A new family is an entry of its file's FAMILIES; a new file is one more name here. Splits and seeds follow the order below, which
keeps the rows that were drawn before: what is not named there comes after it.
"""

from __future__ import annotations

from data.generator.cores import words
from data.generator.families import (
    aggregates,
    among,
    best_year,
    by_code,
    changes,
    comparing,
    computed,
    conditions,
    elsewhere,
    fields,
    filters,
    growing,
    in_years,
    intersection,
    lookup,
    open_questions,
    ranking,
    same,
    totals,
    years,
)
from data.generator.families.drawing import Family

_ORDER = words("""
field field_text field_count fields field_years field_years_count field_years_text same same_last ratio growth
change ratio_years growth_words compare compare_which sum_company_years average_company_years change_years
change_words difference compare_many compare_many_which best_year compare_text compare_fields fields_years
growing_top growing_best growing_count growing_list by_code top top_high top_place top_place_or best best_place
best_place_or best_attribute top_attribute count_all best_place_attribute kth kth_high top_low kth_low kth_place
kth_attribute count_place list_place count_amount count_place_amount count_place_or_amount count_two count_place_two
count_shared_two list_amount list_place_amount list_two list_place_two list_shared_two intersection
intersection_high count_range count_range_to list_range count_place_range count_either list_either count_three
list_three count_outside list_outside count_outside_amount count_office list_office list_place_or count_place_or
ranking_amount best_amount average_amount sum_amount top_total top_total_place best_total top_mean best_mean
every_year_amount some_year_amount union count_years_amount average average_place average_place_or
average_fields_place average_years_place sum sum_place sum_place_or sum_years_place sum_together_place concept
concept_formula concept_impact concept_compare report report_yesno report_reason
""")
FILES = (
    lookup,
    fields,
    years,
    same,
    computed,
    changes,
    best_year,
    comparing,
    by_code,
    growing,
    ranking,
    filters,
    elsewhere,
    conditions,
    among,
    totals,
    in_years,
    intersection,
    aggregates,
    open_questions,
)
_ALL: dict[str, Family] = {name: family for file in FILES for name, family in file.FAMILIES.items()}
FAMILIES = {name: _ALL[name] for name in [*_ORDER, *(name for name in _ALL if name not in _ORDER)]}
