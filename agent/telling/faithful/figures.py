"""Numbers in a conclusion: counts, thresholds, and values of the company, year and column named last before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from agent.figures import schema
from agent.telling.faithful import comparisons
from agent.telling.faithful.claims import Number, Token
from agent.telling.faithful.context import Subject
from agent.telling.faithful.evidence import COMPARED, UNITS_OF, Cell
from agent.telling.faithful.reading import NAMES, Reader, member

FUNCTIONS = {"average": "AVG", "sum": "SUM", "maximum": "MAX", "minimum": "MIN"}
# 以上 and 在…之间 leave open whether the threshold itself is meant.
_UP, _DOWN = (">", ">="), ("<", "<=")
_LINKS = ("到", "至", "和", "与")


def on_number(reader: Reader, i: int, token: Token) -> None:
    number, before = token.value, reader.near(i, -1)
    assert isinstance(number, Number)
    counting = reader.intent.shape == "count" and number.unit in ("", "pieces")
    compared = _threshold(reader, i, before) if number.unit != "companies" else ()
    if compared:
        _condition(reader, token, number, compared)
    elif number.unit == "companies" or counting:
        _count(reader, token, number, before)
    elif number.unit == "years":
        told = {len(reader.evidence.facts.entities.years), len(reader.evidence.row_years)}
        reader.back(number.value in told, token)
    elif number.unit == "decimals":
        reader.back(number.value in {reader.evidence.style.digits, 2}, token)
    elif before.kind in ("up", "down"):
        comparisons.change(reader, token, number, comparisons.SIGNS[before.kind])
    elif before.kind in ("growth", "change") and reader.compared:
        comparisons.change(reader, token, number, 1)
    elif before.kind in ("gap", "more", "less"):
        comparisons.difference(reader, token, number)
    elif number.unit == "points":
        reader.back(False, token)  # percentage points are a difference
    else:
        meant = number._replace(value=-number.value) if before.kind == "loss" else number
        values(reader, i, token, lambda cell: reader.evidence.says(meant, cell))


def _count(reader: Reader, token: Token, number: Number, before: Token) -> None:
    """A number of companies."""
    evidence = reader.evidence
    if reader.intent.shape != "count":
        more = evidence.facts.result.truncated if before.kind == "above" else before.kind not in COMPARED
        return reader.back(more and number.value in evidence.counts, token, ("count", number.value))
    subject = reader.context.subject(True) if reader.intent.by_year else Subject()
    cell = evidence.aggregate("COUNT", "*", subject) if subject and before.kind not in COMPARED else None
    return reader.back(cell is not None and cell.value == number.value, token, *([cell.key] if cell else []))


def _threshold(reader: Reader, i: int, before: Token) -> tuple[str, ...]:
    """How the condition compares whose threshold stands here; empty where none does."""
    behind, ahead = reader.tokens[i + 1 : i + 4], reader.tokens[max(0, i - 2) : i]
    if before.kind in COMPARED:
        return (COMPARED[before.kind],)
    if behind and behind[0].kind in ("upwards", "downwards"):
        return _UP if behind[0].kind == "upwards" else _DOWN
    if [t.kind for t in behind[1:]] == ["number", "between"] and behind[0].text in _LINKS:
        return _UP
    within = len(ahead) == 2 and ahead[0].kind == "number" and ahead[1].text in _LINKS
    return _DOWN if within and behind and behind[0].kind == "between" else ()


def _condition(reader: Reader, token: Token, number: Number, compared: Sequence[str]) -> None:
    for column in reader.context.all("column") or [None]:
        units = UNITS_OF[schema.unit_of(column) if column else None]
        found = [
            c
            for c in reader.evidence.conditions
            if c.column == column and c.compared in compared and c.value == number.value and number.unit in units
        ]
        reader.back(bool(found), token, *(("condition", *c) for c in found))


def values(reader: Reader, i: int, token: Token, holds: Callable[[Cell], bool]) -> None:
    """A value: that of every subject where 均 says so, else of the one whose turn it is."""
    every = any(t.kind == "all" for t in reader.tokens[max(0, i - 3) : i])
    if reader.function and not reader.evidence.aggregated:
        subjects: list[Subject | None] = [reader.context.now()]  # 合计 is of all of them
    else:
        subjects = reader.context.subjects() if every else [reader.context.subject(True)]
    cells = [_meant(reader, subject) if subject else None for subject in subjects]
    keys = [cell.key for cell in cells if cell and holds(cell)]
    clear = bool(keys) and len(keys) == len(cells) and not _of_what_follows(reader, i)
    reader.back(clear, token, *keys)


def _meant(reader: Reader, subject: Subject) -> Cell | None:
    """The subject's cell; behind 合计 or 平均 the sum or mean of the column over all rows."""
    if reader.evidence.aggregated:
        return reader.evidence.aggregate(reader.function, subject.column, subject)
    if reader.function is None:
        return reader.cell(subject)
    if reader.function == "SUM" and len(reader.evidence.rows) == 1:
        return reader.cell(subject)
    cells = reader.evidence.column_cells(subject.column or "")
    amounts = [cell.value for cell in cells if isinstance(cell.value, Decimal)]
    if reader.function not in ("SUM", "AVG") or len(amounts) != len(reader.evidence.rows) or len(amounts) < 2:
        return None
    total, name, reader.function = sum(amounts, Decimal(0)), reader.function, None
    return Cell((name, subject.column), subject.column or "", total if name == "SUM" else total / len(amounts))


def _of_what_follows(reader: Reader, i: int) -> bool:
    """9亿元的是乙: a value that belongs to a company or year behind it and not to the one before."""
    if not reader.beside(i).text.startswith("的"):
        return False
    now = reader.context.now()
    for token in reader.tokens[i + 2 :]:
        if token.kind in NAMES:
            return getattr(now, token.kind) is not None and now.but(**member(token)) != now
        if token.kind in ("stop", "number"):
            return False
    return False


def on_loss(reader: Reader, i: int, token: Token) -> None:
    """亏损: with a number behind it a sign, else a claim about the figure spoken of."""
    if reader.near(i, 1).kind != "number":
        cell = reader.cell(reader.context.now())
        reader.back(cell is not None and isinstance(cell.value, Decimal) and cell.value < 0, token)


def on_function(reader: Reader, i: int, token: Token) -> None:
    reader.function = FUNCTIONS[token.kind]


def on_bound(reader: Reader, i: int, token: Token) -> None:
    """以上, 之间 belong to a number."""
    reader.back(i > 0 and reader.tokens[i - 1].kind == "number", token)
