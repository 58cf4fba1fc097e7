"""Random tables with random cells: an import either refuses with one sentence, or every number asked for afterwards equals its cell.

The writing of each value is drawn with the value, so that the reference knows nothing of the reader. 40 tables in the suite; more by

    CAIBAO_TABLES=2000 python -m pytest tests/agent/table/test_import_fuzz.py
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import CaibaoError
from agent.table.database import Database
from agent.table.importer import How, import_tables

TABLES = int(os.environ.get("CAIBAO_TABLES", "40"))
MONEY = ("营业收入", "净利润", "存货", "货币资金", "某种余额")
UNITS = {"": 0, "(万元)": 4, "（亿）": 8, "_千元": 3, "/百万": 6, "(元)": 0}
NOTHING = ("", "--", "NA", "<NA>", "/", "暂无", "不适用", "\\N", "False", "N/A")
ODD = ("亏损", "1.2.3", "Infinity", "-4e34", "12,34", "五千", "0x12", "--7", "3%%", "≈5")
CODES = ("{0}", "{0}.SH", "sh{0}", "sh.{0}", '="{0}"', "{0}.XSHG")

# (text, value in 元 where the heading has no unit, whether the text has a unit of its own)
Cell = tuple[str, "Decimal | None", bool]


@st.composite
def amounts(draw: st.DrawFn) -> Cell:
    digits = draw(st.integers(-(10**9), 10**9))
    places = draw(st.integers(0, 3))
    value = Decimal(digits).scaleb(-places)
    plain = f"{value:f}"
    how = draw(st.sampled_from(("plain", "thousands", "brackets", "wide", "亿", "万", "exponent", "minus")))
    if how == "thousands":
        return f"{value:,f}", value, False
    if how == "brackets" and value < 0:
        return f"({-value:f})", value, False
    if how == "wide":
        return plain.translate(str.maketrans("0123456789.-", "０１２３４５６７８９．－")), value, False
    if how in ("亿", "万"):
        return f"{plain}{how}", value.scaleb(8 if how == "亿" else 4), True
    if how == "exponent":
        return f"{digits}e-{places}", value, False
    if how == "minus":
        return plain.replace("-", "−"), value, False
    return plain, value, False


cells: st.SearchStrategy[Cell] = st.one_of(
    amounts(), amounts(), amounts(), st.sampled_from(NOTHING).map(lambda text: (text, None, False))
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Cell]], set[tuple[int, int]], str, str]:
    """(headings, rows of cells, places of odd cells, how codes are written, delimiter)."""
    names = draw(st.lists(st.sampled_from(MONEY), min_size=1, max_size=4, unique=True))
    headings = [name + draw(st.sampled_from(tuple(UNITS))) for name in names]
    rows = draw(st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), min_size=2, max_size=6))
    odd = set()
    if draw(st.integers(0, 2)) == 0:
        row, column = draw(st.integers(0, len(rows) - 1)), draw(st.integers(0, len(names) - 1))
        rows[row][column] = (draw(st.sampled_from(ODD)), None, False)
        odd.add((row, column))
    return headings, rows, odd, draw(st.sampled_from(CODES)), draw(st.sampled_from(",;\t|"))


def written(headings: list[str], rows: list[list[Cell]], code: str, delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["证券代码", "年度", "公司名称", *headings])
    for at, row in enumerate(rows):
        writer.writerow([code.format(603100 + at), 2010 + at % 2, f"第{at}（集团）公司", *(cell for cell, _, _ in row)])
    return text.getvalue()


def asked(database: Database, at: int, column: str) -> object:
    query = f'SELECT "{column}" FROM company_table WHERE 公司全称 = :c AND 年份 = :y'
    ((value,),) = database.execute(query, {"c": f"第{at}（集团）公司", "y": 2010 + at % 2}).rows
    return value


@settings(max_examples=TABLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.booleans())
def test_a_table_is_refused_in_one_sentence_or_every_number_is_the_cell(
    drawn: tuple[list[str], list[list[Cell]], set[tuple[int, int]], str, str], lenient: bool
) -> None:
    headings, rows, odd, code, delimiter = drawn
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "t.csv").write_text(written(headings, rows, code, delimiter), encoding="utf-8")
        url = f"sqlite:///{folder / 'x.sqlite3'}"
        try:
            import_tables([folder / "t.csv"], url, how=How(odd_cells="null" if lenient else "refuse"))
        except CaibaoError as error:
            assert "\n" not in str(error) and not (folder / "x.sqlite3").exists()
            # Words among so few cells may also make a column that nobody knows one of text.
            assert odd and not lenient, str(error)
            assert all(f"第{row + 2}行" in str(error) for row, _ in odd)
            return
        database = Database(url)
        for column, heading in enumerate(headings):
            name_, power = next(
                (heading[: -len(u)] if u else heading, p)
                for u, p in sorted(UNITS.items(), reverse=True)
                if heading.endswith(u)
            )
            if name_ not in database.columns():
                continue
            for at, row in enumerate(rows):
                text, value, has_unit = row[column]
                got = asked(database, at, name_)
                if (at, column) in odd:
                    assert got is None or (name_ == MONEY[-1] and got == text), (text, got)
                elif value is None:
                    assert got is None, (text, got)
                else:
                    wanted = value if has_unit else value.scaleb(power)
                    assert Decimal(str(got)) == wanted or (isinstance(got, str) and got == text), (heading, text, got)
