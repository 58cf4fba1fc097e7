"""Comparisons in a conclusion: more and less, highest and lowest, growth, differences, the same or not."""

from __future__ import annotations

from decimal import Decimal

from agent.figures import schema
from agent.telling.faithful.claims import Number, Token
from agent.telling.faithful.context import Subject
from agent.telling.faithful.evidence import Cell
from agent.telling.faithful.reading import NAMES, Reader, member

SIGNS = {"up": 1, "up_to": 1, "more": 1, "higher": 1, "high": 1, "above": 1, "at_least": 1}
SIGNS |= {"down": -1, "down_to": -1, "less": -1, "lower": -1, "low": -1, "below": -1, "at_most": -1}


def _gap(first: Cell | None, second: Cell | None, sign: int) -> Decimal | None:
    """By how much the first figure is larger (sign 1) or smaller (-1); None where they are no two figures."""
    if first is None or second is None or not (isinstance(first.value, Decimal) and isinstance(second.value, Decimal)):
        return None
    return sign * (first.value - second.value)


def _base(reader: Reader) -> str | None:
    """The column whose change is spoken of."""
    column = reader.context.now().column
    return schema.over_last_year(column)[0] if column else None


def on_than(reader: Reader, i: int, token: Token) -> None:
    """甲比乙: who is measured is known already; 与乙相比: comes later."""
    reader.compared = reader.context.now()
    reader.reversed = reader.beside(i).kind not in (*NAMES, "last_year")


def _pair(reader: Reader) -> tuple[Cell | None, Cell | None]:
    """The measured cell and its measure; without 比 those of the year spoken of and the one before."""
    column = _base(reader)
    now = reader.context.now()._replace(column=column)
    other = reader.compared._replace(column=column) if reader.compared else None
    if other is not None and other != now:
        first, second = (now, other) if reader.reversed else (other, now)
        filled = [
            Subject(a.company or b.company, a.year or b.year, column) for a, b in ((first, second), (second, first))
        ]
        return reader.cell(filled[0]), reader.cell(filled[1])
    year = now.year or (reader.evidence.row_years[-1] if reader.evidence.row_years else None)
    if year is None:
        return None, None
    return reader.cell(now._replace(year=year)), reader.cell(now._replace(year=reader.evidence.before(year)))


def on_change(reader: Reader, i: int, token: Token) -> None:
    """增长, 下降: the direction; a number behind it is looked up when it comes."""
    if not reader.compared:
        reader.leave_last_year(i)
    gap = _gap(*_pair(reader), SIGNS[token.kind])
    reader.back(gap is not None and gap > 0, token, ("change", SIGNS[token.kind]))


def on_reached(reader: Reader, i: int, token: Token) -> None:
    """从8亿元增长至10亿元: what follows is the later year's figure."""
    after, now, years = reader.near(i, 1), reader.context.now(), reader.evidence.row_years
    later = reader.leaned or (years[-1] if years else None)
    if after.kind == "year":
        later = member(after)["year"]
    if now.year in (None, later) and later:
        now = now.but(year=reader.evidence.before(later))
    gap = _gap(reader.cell(now.but(year=later)), reader.cell(now), SIGNS[token.kind]) if later else None
    reader.back(gap is not None and gap > 0, token, ("change", SIGNS[token.kind]))
    if after.kind != "year" and later:
        reader.context.mention("year", (later,), i, reader.tokens)


def change(reader: Reader, token: Token, number: Number, sign: int) -> None:
    """增长12.3%, 减少100元, 上升3个百分点: a growth rate or a difference over the years."""
    later, earlier = _pair(reader)
    gap = _gap(later, earlier, 1)
    rate = number.unit == "percent"
    if gap is None or later is None or earlier is None or (rate and not earlier.value):
        return reader.back(False, token)
    column = later.column + (schema.GROWTH if rate else schema.CHANGE)
    value = gap / Decimal(earlier.value) if rate else gap
    cell = Cell((*later.key[:-1], column), later.column if not rate else column, value)
    return reader.back(reader.evidence.says(number._replace(value=sign * number.value), cell), token, cell.key)


def difference(reader: Reader, token: Token, number: Number) -> None:
    """相差100元, 比乙多100元."""
    first, second = _pair(reader)
    if (first is None or second is None) and not reader.compared:
        cells = reader.evidence.column_cells(_base(reader) or "")
        first, second = (cells[0], cells[1]) if len(cells) == 2 else (None, None)
    gap = _gap(first, second, 1)
    if gap is None or first is None:
        return reader.back(False, token)
    holds = reader.evidence.says(number, Cell((), first.column, abs(gap)))
    return reader.back(holds, token, ("difference", abs(gap)))


def on_more(reader: Reader, i: int, token: Token) -> None:
    """比乙多."""
    gap = _gap(*_pair(reader), SIGNS[token.kind]) if reader.compared else None
    reader.back(gap is not None and gap > 0, token, ("better", SIGNS[token.kind]))


def on_compared(reader: Reader, i: int, token: Token) -> None:
    """大于, 高于: before a number a condition, before a name a comparison with it."""
    after, subject = reader.near(i, 1), reader.context.now()
    if after.kind == "number":
        return
    if after.kind not in NAMES:
        return reader.back(False, token)
    gap = _gap(reader.cell(subject), reader.cell(subject.but(**member(after))), SIGNS[token.kind])
    reader.compared, reader.reversed = subject, False
    return reader.back(gap is not None and gap > 0, token, ("better", SIGNS[token.kind]))


def on_extreme(reader: Reader, i: int, token: Token) -> None:
    """最高, 更低: of a ranking, or of the rows of a look-up."""
    sign, pointed = SIGNS[token.kind], reader.pointed_at(i)
    if reader.evidence.ordered or reader.intent.shape == "intersection":
        return _of_ranking(reader, i, token, pointed)
    now = reader.context.now()
    if pointed is not None:
        now = now.but(**member(pointed))
    alone = not reader.evidence.aggregated and not reader.context.listed(pointed)
    cell = reader.cell(now) if alone else None
    others = [c for c in reader.evidence.column_cells(now.column or "") if cell and c.key != cell.key]
    gaps = [_gap(cell, other, sign) for other in others]
    holds = bool(gaps) and all(gap is not None and gap > 0 for gap in gaps)
    return reader.back(holds, token, ("best", sign, *(cell.key if cell else ())))


def _of_ranking(reader: Reader, i: int, token: Token, pointed: Token | None) -> None:
    """The direction and the column of a ranking; whoever is called the highest is its first."""
    before, first = reader.near(i, -1), reader.evidence.row_companies[:1]
    who = pointed or (before if before.kind == "company" else None)
    right = token.kind in ("high", "low") and (SIGNS[token.kind] > 0) == reader.intent.descending
    right = right and reader.context.now().column in (reader.intent.order, None) and not reader.intent.offset
    if reader.evidence.ordered and who is not None and who.kind == "company":
        right = right and first == (who.value,)
    reader.back(right, token, ("extreme", SIGNS[token.kind]))


def on_same(reader: Reader, i: int, token: Token) -> None:
    """相同, 不相同: over all rows, of one company or of one year."""
    evidence = reader.evidence
    cells = evidence.column_cells(reader.context.now().column or "")
    reader.verdicts += 1
    comparable = len(evidence.row_companies) == 1 or len(evidence.row_years) == 1
    clear = len(cells) == len(evidence.rows) >= 2 and comparable and (reader.verdicts == 1 or len(cells) == 2)
    alike = len({cell.value for cell in cells}) == 1
    reader.back(clear and not evidence.aggregated and alike == (token.kind == "same"), token, ("same", token.kind))
