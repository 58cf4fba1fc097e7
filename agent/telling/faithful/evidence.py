"""What a conclusion may say: the cells of the rows by company, year and column, what follows from them, and the question's conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from agent.figures import formulas, schema
from agent.figures.values import Style, compute
from agent.reading.companies.similar import LEGAL_FORM
from agent.reading.places import without_place
from agent.records import Facts, Value
from agent.telling.conclude import LISTED
from agent.telling.faithful.claims import Number, Token, Words, named, negated, plain, scan, wording
from agent.telling.faithful.context import Subject

COMPARED = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
UNITS_OF: dict[str | None, frozenset[str]] = {
    "money": frozenset(("money", "")),
    "share": frozenset(("money", "per_share", "")),
    "count": frozenset(("people", "")),
    "ratio": frozenset(("percent", "")),
    "percent": frozenset(("percent", "")),
    "text": frozenset(("", "pieces")),
    None: frozenset(("", "pieces")),
}


class Cell(NamedTuple):
    """A figure or a text of the evidence; `key` says which."""

    key: tuple[object, ...]
    column: str
    value: Decimal | str


class Condition(NamedTuple):
    """净利润大于500元 → (净利润, ">", 500)."""

    column: str | None
    compared: str
    value: Decimal


def _exact(value: Value) -> Decimal | str | None:
    return plain(value) if isinstance(value, str) else None if value is None else Decimal(value)


def _shortened(name: str) -> Iterator[str]:
    """A company's name without its legal form, and without the place in front: 杭州瑞达银行, 瑞达银行."""
    bare = LEGAL_FORM.sub("", name)
    yield from (said for said in (bare, without_place(bare)) if len(said) > 2)


def _printed(expression: str) -> Iterator[str]:
    """A formula as a conclusion writes it: without COALESCE, its operand in brackets or not."""
    for bracketed in ("({})", "{}"):
        text = re.sub(r"COALESCE\(([^,()]+),0\)", bracketed.format(r"\1"), expression)
        yield from {text, f"({text})", text.replace("/", "÷").replace("*", "×")}


class Evidence:
    """The facts of one question, arranged for looking up."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.intent = facts, facts.intent
        self.style = Style.of(facts.entities.text)
        self.rows: list[Mapping[str, Value]] = list(facts.rows)
        self.ordered = self.intent.shape in ("ranking", "totals")
        self.aggregated = self.intent.shape in ("aggregate", "count", "totals")

    @cached_property
    def only_column(self) -> str | None:
        """What is meant where no column is named."""
        asked = [c for _, c in self.intent.aggregates if c != "*"] if self.aggregated else self.intent.columns
        return asked[0] if len(set(asked)) == 1 else None

    @cached_property
    def years(self) -> frozenset[int]:
        """Those of the rows, of the question, and the year before where its figures are among the operands."""
        found = set(self.facts.entities.years) | set(self.row_years)
        if any(c.startswith(schema.LAST_YEAR) for c in self.facts.result.columns):
            found |= {year - 1 for year in found}
        return frozenset(found)

    @cached_property
    def row_years(self) -> tuple[int, ...]:
        return tuple(sorted({int(str(row[schema.YEAR])) for row in self.rows if row.get(schema.YEAR) is not None}))

    @cached_property
    def row_companies(self) -> tuple[str, ...]:
        """Each company once, in the order of the rows."""
        return tuple(dict.fromkeys(str(row[schema.COMPANY]) for row in self.rows if row.get(schema.COMPANY)))

    @cached_property
    def counts(self) -> frozenset[int]:
        """Numbers of companies that may be told."""
        if self.intent.shape == "count":
            return frozenset(int(str(row[-1])) for row in self.facts.result.rows)
        asked = {self.intent.k} if self.ordered and self.intent.k else set()
        return frozenset({len(self.row_companies)} | asked)

    @cached_property
    def tops(self) -> frozenset[int]:
        """k of 前k家."""
        found = {LISTED} if len(self.row_companies) > LISTED else set()
        if self.intent.shape == "intersection" and self.intent.k:
            found.add(self.intent.k)
        return frozenset(found | self.counts if self.ordered else found)

    @cached_property
    def _conditions(self) -> list[Token]:
        return scan(plain(self.intent.conditions), Words(self._names, wording()))

    @cached_property
    def places(self) -> frozenset[tuple[object, bool]]:
        """(place, whether it is ruled out) of the statement's conditions."""
        tokens = self._conditions
        return frozenset((token.value, negated(tokens, i)) for i, token in enumerate(tokens) if token.kind == "place")

    @cached_property
    def conditions(self) -> frozenset[Condition]:
        """The thresholds that the statement applied."""
        tokens = self._conditions
        found, column = set[Condition](), None
        for i, token in enumerate(tokens):
            if token.kind == "column":
                column = str(token.value)
            number, ahead = token.value, tokens[i - 1].kind if i else ""
            if isinstance(number, Number) and ahead in COMPARED:
                found.add(Condition(column, COMPARED[ahead], number.value))
            elif isinstance(number, Number):  # 在1元到2元之间
                first = [t.kind for t in tokens[i + 2 : i + 4]] == ["number", "between"]
                found.add(Condition(column, ">=" if first else "<=", number.value))
        return frozenset(found)

    @cached_property
    def _names(self) -> dict[str, Token]:
        entities = self.facts.entities
        full = dict.fromkeys([*self.row_companies, *entities.companies])
        bare = [(said, name) for name in full for said in _shortened(name)]
        unique = [(said, name) for said, name in bare if sum(said in other for other in full) == 1]
        short = [
            (str(row[schema.SHORT_NAME]), row[schema.COMPANY])
            for row in self.rows
            if row.get(schema.SHORT_NAME) and row.get(schema.COMPANY)
        ]
        said = [(m.text, m.value) for m in entities.of("company") if m.value is not None]
        places = [(str(m.value) + ending, m.value) for m in entities.of("place") for ending in ("", "市", "省")]
        places += [(m.text, m.value) for m in entities.of("place")]
        return (
            named("place", places)
            | named("column", self._columns())
            | named("company", [*unique, *short, *((n, n) for n in full), *said])
        )

    def _columns(self) -> Iterator[tuple[str, object]]:
        """Columns by their own names and in the asker's words."""
        own = [c for c in (*self.facts.result.columns, *self.intent.columns) if "(" not in c or schema.unit_of(c)]
        for name in dict.fromkeys([*own, *(c.column for c in self.facts.columns)]):
            yield name, name
            yield schema.LAST_YEAR + name, schema.LAST_YEAR + name
        for mention in self.facts.columns:
            yield mention.text, mention.column

    @cached_property
    def words(self) -> Words:
        """Everything that a conclusion on these facts may be made of, numbers aside."""
        texts = [v for row in self.rows for c, v in row.items() if isinstance(v, str) and c != schema.COMPANY]
        asked = [f for c in self.intent.columns if (f := schema.computed(c))]
        said = {f.name: {f.name, self.facts.said(f.name)} for f in asked}
        printed = [
            text
            for f in asked
            for body in _printed(f.expression)
            for text in (body, *(f"{name}={body}" for name in said[f.name]))
        ]
        cells = named("cell", ((text, plain(text)) for text in texts))
        return Words(self._names, cells, named("formula", ((text, text) for text in printed)), wording())

    def find(self, company: str | None, year: int | None, column: str) -> Cell | None:
        """The one cell that is meant; None where there is none, or where several could be."""
        rows = [(i, row) for i, row in enumerate(self.rows) if _fits(row, company, year)]
        if len(rows) == 1:
            return self._cell(*rows[0], column)
        lagged = [(i, row) for i, row in enumerate(self.rows) if year is not None and _fits(row, company, year + 1)]
        return self._cell(*lagged[0], schema.LAST_YEAR + column) if not rows and len(lagged) == 1 else None

    def _cell(self, index: int, row: Mapping[str, Value], column: str) -> Cell | None:
        if column in row:
            value = _exact(row[column])
        else:
            formula = schema.computed(column)
            known = formula is not None and set(formulas.operands(formula.expression)) <= set(row)
            value = compute(column, row) if known else None
        return None if value is None else Cell(("cell", index, column), column, value)

    def column_cells(self, column: str) -> list[Cell]:
        """Its cell in every row that has one."""
        found = (self._cell(i, row, column) for i, row in enumerate(self.rows))
        return [cell for cell in found if cell]

    def aggregate(self, function: str | None, column: str | None, subject: Subject) -> Cell | None:
        """The cell of an aggregate; company and year count where the rows go by them."""
        rows = [row for row in self.facts.result.rows if self._of(row, subject)]
        if (
            (function, column) not in self.intent.aggregates
            or len(rows) > 1
            or (self.intent.by_year and not subject.year)
        ):
            return None
        whose = (subject.company if self.row_companies else None, subject.year if self.intent.by_year else None)
        at = self.intent.aggregates.index((function or "", column or ""))
        value = _exact(rows[0][at - len(self.intent.aggregates)]) if rows else None
        if not rows and function == "COUNT" and self.intent.by_year and subject.year in self.years:
            value = Decimal(0)  # no group for a year without companies
        return None if value is None else Cell(("aggregate", function, column, *whose), column or "", value)

    def _of(self, row: Sequence[Value], subject: Subject) -> bool:
        named = dict(zip(self.facts.result.columns, row))
        return _fits(
            named, subject.company if self.row_companies else None, subject.year if self.intent.by_year else None
        )

    def before(self, year: int) -> int:
        """The year that a change up to `year` is counted from: the year before, else the only other one."""
        others = [y for y in self.row_years if y != year]
        return year - 1 if len(others) != 1 or others[0] > year else others[0]

    def says(self, number: Number, cell: Cell) -> bool:
        """Whether a printed number is the cell's: value, unit and precision."""
        unit = schema.unit_of(cell.column)
        if unit == "percent" and number.unit == "points":
            number = number._replace(value=number.value / 100, step=number.step / 100, unit="")
        if number.unit not in UNITS_OF[unit] or not isinstance(cell.value, Decimal):
            return False
        if unit == "money":  # 保留两位小数 makes no 0.07亿元 of 7000000元, unless 亿元 were wanted
            own = self.style.unit is not None or number.step <= 1
            return number.says(cell.value, self.style.digits if own else None)
        return any(number.says(cell.value, decimals) for decimals in (self.style.digits, 2))


def _fits(row: Mapping[str, Value], company: str | None, year: int | None) -> bool:
    """Whether a row is of the company and year, as far as it says so."""
    return (company is None or row.get(schema.COMPANY, company) == company) and (
        year is None or int(str(row.get(schema.YEAR, year))) == year
    )
