"""Own tables: what is wrong in them is found at the start and said, mended where that is certain, and refused where it is not."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import NotAnswerable
from agent.figures.periods import Slice
from agent.table.database import Database


def own(tmp_path: Path, columns: str, *rows: tuple[object, ...]) -> Database:
    path = tmp_path / "own.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE company_table ({columns})")
        connection.executemany(f"INSERT INTO company_table VALUES ({', '.join('?' * len(rows[0]))})", rows)
    return Database(f"sqlite:///{path}")


def ask(database: Database, query: str, **values: object) -> tuple[tuple[object, ...], ...]:
    return database.execute(query, values).rows  # type: ignore[arg-type]


def test_numbers_held_as_text_are_numbers(tmp_path: Path) -> None:
    database = own(
        tmp_path,
        "公司全称 TEXT, 年份 INTEGER, 净利润 TEXT",
        ("甲", 2020, "1,300.5"),
        ("乙", 2020, "900"),
        ("丙", 2020, "--"),
    )
    assert ask(database, "SELECT 公司全称 FROM company_table WHERE 年份 = 2020 ORDER BY 净利润 DESC LIMIT 1") == (
        ("甲",),
    )
    assert ask(database, "SELECT SUM(净利润) FROM company_table") == ((Decimal("2200.5"),),)
    assert any("净利润" in sentence for sentence in database.said)


@pytest.mark.parametrize("bad", ["亏损", float("inf")])
def test_what_needs_a_bad_cell_is_refused_and_the_rest_is_answered(tmp_path: Path, bad: object) -> None:
    database = own(
        tmp_path,
        "公司全称 TEXT, 年份 INTEGER, 净利润, 存货 REAL",
        ("甲", 2020, bad, 1.0),
        ("乙", 2020, 7.5, 2.0),
        ("甲", 2019, 3.5, 1.0),
    )
    for query in (
        "SELECT AVG(净利润) FROM company_table WHERE 年份 = :y",
        "SELECT 净利润 FROM company_table WHERE 年份 = :y ORDER BY 净利润",
    ):
        with pytest.raises(NotAnswerable, match="甲2020年的净利润"):
            ask(database, query, y=2020)
        assert ask(database, query, y=2019) == ((Decimal("3.5"),),)
    with pytest.raises(NotAnswerable):
        ask(database, "SELECT 净利润 FROM company_table WHERE 公司全称 = :c AND 年份 = :y", c="甲", y=2020)
    assert ask(database, "SELECT 净利润 FROM company_table WHERE 公司全称 = :c AND 年份 = :y", c="乙", y=2020) == (
        (Decimal("7.5"),),
    )
    assert ask(database, "SELECT SUM(存货) FROM company_table WHERE 年份 = :y", y=2020) == ((3,),)


def test_rows_of_other_reports_are_never_counted_in(tmp_path: Path) -> None:
    database = own(
        tmp_path,
        "公司全称 TEXT, 年份 INTEGER, 报表类型 TEXT, 报告期 TEXT, 净利润 REAL",
        ("甲", 2020, "合并", "2020-12-31", 9.0),
        ("甲", 2020, "母公司", "2020-12-31", 4.0),
        ("甲", 2020, "合并", "2020-06-30", 5.0),
        ("乙", 2020, "合并", "2020-12-31", 2.0),
    )
    total = "SELECT SUM(净利润), COUNT(*) FROM company_table WHERE 年份 = :y"
    assert ask(database, total, y=2020) == ((11, 2),)
    assert ask(database.over(Slice("年报", "母公司")), total, y=2020) == ((4, 1),)
    assert ask(database.over(Slice("半年报")), total, y=2020) == ((5, 1),)
    assert "报表类型" not in database.columns() and "报告期" not in database.columns()


def test_identical_rows_count_once_and_different_ones_are_refused(tmp_path: Path) -> None:
    rows = [("甲", 2020, 5.0), ("甲", 2020, 5.0), ("乙", 2020, 1.0)]
    database = own(tmp_path, "公司全称 TEXT, 年份 INTEGER, 净利润 REAL", *rows)
    assert ask(database, "SELECT SUM(净利润), COUNT(*) FROM company_table WHERE 年份 = :y", y=2020) == ((6, 2),)
    (tmp_path / "own.sqlite3").unlink()
    database = own(tmp_path, "公司全称 TEXT, 年份 INTEGER, 净利润 REAL", *rows, ("乙", 2020, 3.0))
    with pytest.raises(NotAnswerable, match="乙2020年有2行"):
        ask(database, "SELECT SUM(净利润) FROM company_table WHERE 年份 = :y", y=2020)


def test_amounts_in_several_currencies_are_never_added_up(tmp_path: Path) -> None:
    database = own(
        tmp_path,
        "公司全称 TEXT, 年份 INTEGER, 币种 TEXT, 净利润 REAL",
        ("甲", 2020, "人民币", 5.0),
        ("乙", 2020, "HKD", 6.0),
    )
    with pytest.raises(NotAnswerable, match="HKD"):
        ask(database, "SELECT SUM(净利润) FROM company_table WHERE 年份 = :y", y=2020)


def test_percent_points_marks_of_absence_and_spellings_are_mended(tmp_path: Path) -> None:
    database = own(
        tmp_path,
        "公司全称 TEXT, 年份 INTEGER, 股票代码 TEXT, 法定代表人 TEXT, 资产负债率 REAL",
        ("甲（集团）公司", 2019, "sh603701", "暂无", 61.5),
        ("甲(集团)公司", 2020, "603701.SH", "张某", 70.25),
        ("乙公司", 2020, "003702", "不适用", 20.0),
    )
    assert ask(database, "SELECT 资产负债率 FROM company_table WHERE 公司全称 = :c", c="乙公司") == ((Decimal("0.2"),),)
    assert ask(database, "SELECT 法定代表人 FROM company_table WHERE 公司全称 = :c", c="乙公司") == ((None,),)
    assert len({name for name, _, _ in database.companies()}) == 2
    assert {code for _, _, code in database.companies()} == {"603701", "003702"}
    assert ask(database, "SELECT COUNT(DISTINCT 公司全称) FROM company_table") == ((2,),)


def test_a_table_that_was_imported_is_read_as_it_is(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    assert database.said == () and database.slices == {Slice()}
