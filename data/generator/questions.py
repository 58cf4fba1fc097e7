"""data/test_questions.json: questions of every family over the sample table, with gold answers.

Gold comes from the generator's own statement and the table, never from the model; what must stand in an answer is a list of values.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonlines

from agent.figures import schema
from agent.figures.numbers import format_number, format_percent
from agent.figures.values import compute, is_computed
from agent.records import Intent, QueryResult, Value
from agent.table.database import Database
from agent.writing.nl2sql import complete
from data.generator import lexicon, slots
from data.generator.render import Piece, choose, fill
from data.generator.samples import Sample, make, splits, wordings
from data.generator.slots import World

PER_FAMILY = 5
REFUSALS = 30


def world_of(database: Database) -> World:
    """Names that the sample table holds."""
    companies = [lexicon.CompanyName(full, short or full, "", code) for full, short, code in database.companies()]
    places = [name for province, towns in lexicon.PROVINCES.items() for name in dict.fromkeys((province, *towns))]
    return World(companies, places, tuple(database.years()), tuple(database.columns()))


def gold_values(intent: Intent, result: QueryResult) -> list[str] | None:
    """What must stand in the answer, in order; None where the table cannot answer (a cell is empty, no row)."""
    rows = [dict(zip(result.columns, row)) for row in result.rows]
    if intent.shape == "count":
        return [str(row[-1]) for row in result.rows] or ["0"]
    if intent.shape == "totals":
        told = [(str(row[0]), row[-1]) for row in result.rows]
        return [text for name, value in told for text in (name, format_number(Decimal(str(value)), 2))] or None
    if intent.shape == "aggregate":
        return _aggregates(intent, result)
    if intent.shape in ("list", "intersection"):
        names = list(dict.fromkeys(str(row[schema.COMPANY]) for row in rows))
        return (names if len(names) <= 20 else [str(len(names))]) or ["0"]
    return _figures(intent, rows[:1] if intent.shape == "best_year" else rows)


def _aggregates(intent: Intent, result: QueryResult) -> list[str] | None:
    flat = [v for row in result.rows for v in (row[1:] if intent.by_year else row)]
    units = [schema.unit_of(column) for _, column in intent.aggregates] * len(result.rows)
    if not flat or any(v is None for v in flat):
        return None
    numbers = [(unit, Decimal(str(v))) for unit, v in zip(units, flat)]
    return [format_percent(v) if unit == "percent" else format_number(v, 2) for unit, v in numbers]


def _figures(intent: Intent, rows: Sequence[dict[str, Value]]) -> list[str] | None:
    """Row by row: the company of a ranking, the best year, then every column."""
    key = {"ranking": schema.COMPANY, "best_year": schema.YEAR}.get(intent.shape)
    values: list[str] = []
    for row in rows:
        values += [str(row[key])] if key else []
        for column in intent.columns:
            told = _figure(column, row)
            if told is None:
                return None
            values.append(told)
    return values or None


def _figure(column: str, row: dict[str, Value]) -> str | None:
    formula, made = schema.computed(column), is_computed(column, row)
    value = compute(column, row) if made else row.get(column)
    if value is None:
        return None
    if formula is not None and formula.unit == "percent" and made:
        return format_percent(Decimal(str(value)))
    return value if isinstance(value, str) else format_number(Decimal(str(value)), 2 if made else None)


def gold_of(sample: Sample, database: Database) -> dict[str, Any]:
    """kind: answer, refusal or open; values: what an answer must hold."""
    if sample.masked is None or sample.sql is None:
        return {"kind": "open", "values": []}
    query, intent = complete(sample.sql, sample.masked, database.columns(), database.dialect)
    values = gold_values(intent, database.execute(query.text, query.parameters))
    years = database.years()
    if intent.shape not in ("lookup", "best_year") and any(y in years and y - 1 not in years for y in intent.grown):
        values = None  # there is nothing to compare with
    wanted = len(sample.entities.companies) * len(sample.masked.years)
    if intent.shape == "lookup" and values is not None and not schema.over_last_year(intent.columns[0])[1]:
        values = values if len(values) >= wanted * len(intent.columns) else None
    return {
        "kind": "answer" if values is not None else "refusal",
        "values": values or [],
        "sql": query.text,
        "parameters": {k: str(v) for k, v in query.parameters.items()},
    }


def _refusals(rng: random.Random, world: World) -> Iterator[dict[str, Any]]:
    """A company, a year or a column that the table does not have."""
    known = {c.full for c in world.companies} | {c.short for c in world.companies}
    for i in range(REFUSALS):
        family = rng.choice(("field", "field_text", "ratio", "growth"))
        template = choose(rng, wordings()[family][rng.choice(splits()["test"][family])])
        name = lexicon.company(rng)
        while name.full in known or name.short in known:
            name = lexicon.company(rng)
        unknown_company = [Piece(name.full, "company")]
        column = {"field": "净利润", "field_text": "法定代表人", "ratio": "毛利率", "growth": "净利润增长率"}[family]
        given = {
            "company": unknown_company if i % 3 == 0 else world.company(rng),
            "year": slots.year(rng, rng.choice((2016, 2025)) if i % 3 == 1 else 2020),
            "field": [Piece(slots.own_column(rng))] if i % 3 == 2 else [slots.said(rng, column)],
            "tail": slots.tail(rng),
        }
        yield {
            "question": "".join(piece.text for piece in fill(template, given)),
            "family": f"refusal_{('company', 'year', 'column')[i % 3]}",
            "kind": "refusal",
            "values": [],
        }


def rows(database: Database, seed: int) -> list[dict[str, Any]]:
    """Questions with gold, in test wordings only; families in turn."""
    rng, world = random.Random(seed), world_of(database)
    found: list[dict[str, Any]] = []
    for family, numbers in splits()["test"].items():
        for _ in range(PER_FAMILY):
            sample = make(rng, family, rng.choice(numbers), world, typos=0.03)
            found.append(
                {
                    "question": sample.question,
                    "family": family,
                    "label": sample.label,
                    "keywords": list(sample.keywords),
                    **gold_of(sample, database),
                }
            )
    found += _refusals(rng, world)
    rng.shuffle(found)
    return [{"id": number, **row} for number, row in enumerate(found)]


def write(folder: Path, database: Database, seed: int = 2024) -> int:
    """Writes test_questions.json (id, question) and test_answers.jsonl (gold); returns how many questions."""
    made = rows(database, seed)
    questions = [json.dumps({"id": row["id"], "question": row["question"]}, ensure_ascii=False) for row in made]
    (folder / "test_questions.json").write_text("[\n" + ",\n".join(questions) + "\n]\n", encoding="utf-8")
    with jsonlines.open(folder / "test_answers.jsonl", "w") as file:
        file.write_all(made)
    return len(made)
