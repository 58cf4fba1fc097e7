"""Random tables against plain Python over the same rows."""

from __future__ import annotations

import sqlite3
import statistics
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.table.database import Database
from tests.agent.statements.sample import (
    names,
    near,
    over,
    ranked,
    run,
    values,
)

MONEY = st.one_of(st.none(), st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100))
FIGURES = st.lists(st.tuples(MONEY, MONEY, st.one_of(st.none(), st.integers(1, 99))), min_size=1, max_size=12)


def table(folder: Path, rows: list[tuple[Decimal | None, Decimal | None, int | None]]) -> Database:
    path = folder / "random.sqlite3"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE company_table (公司全称 TEXT, 年份 INTEGER, 净利润 REAL, 营业收入 REAL, 职工总人数 INTEGER)"
        )
        for at, (profit, income, heads) in enumerate(rows):
            cells = (f"公司{at:02}", 2020, *(None if v is None else float(v) for v in (profit, income)), heads)
            connection.execute("INSERT INTO company_table VALUES (?,?,?,?,?)", cells)
    connection.close()
    return Database(f"sqlite:///{path}")


RANDOM = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RANDOM
@given(FIGURES, st.integers(-(10**9), 10**9))
def test_random_aggregates(
    folder: Path, rows: list[tuple[Decimal | None, Decimal | None, int | None]], cents: int
) -> None:
    base, least = table(folder, rows), Decimal(cents) / 100
    got = values(
        run(
            base,
            f"SELECT SUM(净利润@2020),AVG(净利润@2020),MEDIAN(净利润@2020),COUNT(*) WHERE 营业收入@2020>={least:f}",
        )
    )
    met = [profit for profit, income, _ in rows if income is not None and income >= least]
    kept = [profit for profit in met if profit is not None]
    right = [sum(kept), sum(kept) / len(kept), statistics.median(kept)] if kept else [None] * 3
    assert got[3] == len(met)
    assert all(a == b or near(a, b) for a, b in zip(got[:3], right)), (got, right)


@RANDOM
@given(FIGURES, st.integers(1, 13))
def test_random_first_and_ranks(
    folder: Path, rows: list[tuple[Decimal | None, Decimal | None, int | None]], k: int
) -> None:
    base = table(folder, rows)
    figures = {f"公司{at:02}": profit for at, (profit, _, _) in enumerate(rows) if profit is not None}
    assert names(run(base, f"SELECT 公司 ORDER BY 净利润@2020 DESC LIMIT {k}")) == ranked(figures)[:k]
    assert (
        names(run(base, f"SELECT 公司 ORDER BY 净利润@2020 ASC LIMIT 1 OFFSET {k}"))
        == ranked(figures, False)[k - 1 : k]
    )
    first = next(iter(figures), None)
    if first is not None:
        above = sum(other > figures[first] for other in figures.values())
        assert values(run(base, f"SELECT 名次(净利润@2020) WHERE 公司={first}")) == [1 + above]
    heads = {
        f"公司{at:02}": over(profit, Decimal(h)) for at, (profit, _, h) in enumerate(rows) if profit is not None and h
    }
    got = run(base, f"SELECT 公司 ORDER BY 净利润@2020/职工总人数@2020 DESC LIMIT {k}")
    best = sorted((v for v in heads.values() if v is not None), reverse=True)[:k]
    assert [round(Decimal(str(row.shown["净利润@2020/职工总人数@2020"])), 8) for row in got.rows] == [
        round(v, 8) for v in best
    ]
