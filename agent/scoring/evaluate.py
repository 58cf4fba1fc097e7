"""Figures: each task's model alone on its test split, and answers against gold by question family."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonlines

from agent import prompts
from agent.errors import CaibaoError
from agent.files import read_text
from agent.model import LanguageModel
from agent.reading import classify
from agent.records import Masked, Value
from agent.table.database import Database
from agent.writing import nl2sql
from agent.writing.surrogates import AMOUNTS, COMPANIES, KTH, NUMERIC, PLACES, TEXT, TOP

Row = dict[str, Any]
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Score:
    """right of total; by: the same for every part (class or family)."""

    right: int
    total: int
    by: Mapping[str, tuple[int, int]]

    @property
    def share(self) -> float:
        return self.right / self.total if self.total else 0.0


def score(parts: Sequence[str], right: Sequence[bool]) -> Score:
    """Counts by part."""
    by: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for part, ok in zip(parts, right):
        by[part][0] += ok
        by[part][1] += 1
    return Score(sum(right), len(right), {part: (a, b) for part, (a, b) in sorted(by.items())})


def load_rows(path: Path) -> list[Row]:
    """Rows of a FinTrain file or of a gold file.

    Raises:
        CaibaoError: not there or not JSON.
    """
    text = read_text(path)
    try:
        return (
            json.loads(text)
            if text.lstrip().startswith("[")
            else list(jsonlines.Reader(text.split("\n")).iter(type=dict, skip_empty=True))
        )
    except (json.JSONDecodeError, jsonlines.InvalidLineError) as error:
        raise CaibaoError(f"{path} 第{error.lineno}行不是合法的JSON，请重新生成这个文件。") from None


def _normal(text: object) -> str:
    return re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", str(text)))


def value_stands_in(value: str, answer: str) -> bool:
    """A number anywhere in the answer (as a number, percent as percent), a text as text."""
    value, answer = _normal(value), _normal(answer)
    number = re.fullmatch(r"(-?\d+(?:\.\d+)?)(%?)", value)
    if not number:
        return value in answer
    written = (
        re.findall(r"(-?\d+(?:\.\d+)?)%", answer)
        if number[2]
        else _NUMBER.findall(re.sub(r"(?<=\d)-(?=\d)", " ", answer))
    )
    return any(Decimal(found) == Decimal(number[1]) for found in written)


def is_right(gold: Row, answer: Row) -> bool:
    """Every gold value stands in the answer; a refusal refuses; an open question is answered in words (not with a figure of a company)."""
    kind = answer.get("kind")
    if gold["kind"] == "refusal":
        return kind == "refusal"
    if gold["kind"] == "open":
        return kind == "open" or (kind == "refusal" and gold["family"].startswith("report"))
    return kind == "answer" and all(value_stands_in(value, answer["answer"]) for value in gold["values"])


def score_answers(gold: Path, answers: Path) -> Score:
    """Batch answers (written with --trace) against the gold of the same ids, by family."""
    found = {row["id"]: row for row in load_rows(answers)}
    rows = load_rows(gold)
    return score([row["family"] for row in rows], [is_right(row, found.get(row["id"], {"answer": ""})) for row in rows])


def classify_score(model: LanguageModel, rows: Sequence[Row]) -> Score:
    """Accuracy of the class, by class; the rows name it by its letter or by its words."""
    letters = {word: letter for letter, word in prompts.LABEL_WORDS.items()}
    wanted = [letters.get(str(row["query"]), str(row["query"])) for row in rows]
    found = classify.classify(model, [row["question"] for row in rows])
    return score(wanted, [c.label == label for c, label in zip(found, wanted)])


def keywords_score(model: LanguageModel, rows: Sequence[Row]) -> Score:
    """Exact match of the list of key words, by family."""
    written = model.write("keywords", [row["question"] for row in rows])
    return score(
        [row.get("family", "") for row in rows],
        [prompts.split_terms(w) == prompts.split_terms(row["query"]) for w, row in zip(written, rows)],
    )


def stand_in(database: Database) -> Masked:
    """Surrogates of test statements stand for rows that the sample table has, so that results differ where statements do."""
    companies = [full for full, _, _ in database.companies()][: len(COMPANIES)]
    amounts: dict[int, Value] = dict(zip(AMOUNTS, (Decimal(10**8), Decimal(10**9), Decimal(5 * 10**8), Decimal(10**7))))
    years = {year: year for year in range(2015, 2025)}
    return Masked(
        "",
        {c: c for c in (*NUMERIC, *TEXT)},
        dict(zip(COMPANIES, companies)),
        {p: p for p in PLACES},
        amounts,
        years,
        TOP,
        KTH,
    )


def executed(sql: str, masked: Masked, database: Database, columns: Sequence[str]) -> object:
    """The rows of a statement over surrogates, order kept only where it sorts; None where guard or database refuse it."""
    try:
        query, intent = nl2sql.restored(
            nl2sql.checked(sql, masked, columns), masked, columns, database.dialect, database.table
        )
        rows = database.execute(query.text, query.parameters).rows
    except CaibaoError:
        return None
    return rows if intent.order else sorted(map(str, rows))


def nl2sql_score(model: LanguageModel, rows: Sequence[Row], database: Database) -> tuple[Score, Score]:
    """(exact match, execution accuracy) of the statements, by family; a statement that the guard rejects is wrong."""
    columns, masked = database.columns(), stand_in(database)
    written = model.write("nl2sql", [row["question"] for row in rows])
    families = [row.get("family", "") for row in rows]
    exact = [w.strip() == row["query"] for w, row in zip(written, rows)]
    same = [
        e
        or (
            (gold := executed(row["query"], masked, database, columns)) is not None
            and executed(w, masked, database, columns) == gold
        )
        for e, w, row in zip(exact, written, rows)
    ]
    return score(families, exact), score(families, same)
