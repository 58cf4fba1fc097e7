"""Companies that share a place are all named."""

from __future__ import annotations

import pytest

from agent.statements.evaluate import Evaluator
from agent.statements.parsing import parse
from agent.statements.tables import Table
from agent.statements.telling import tell
from agent.table.database import Database
from agent.table.importer import import_table

CSV = "公司全称,年份,净利润\n甲,2020,90\n乙,2020,70\n丙,2020,70\n丁,2020,70\n戊,2020,10\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("ties")
    (folder / "t.csv").write_text(CSV, encoding="utf-8")
    import_table(folder / "t.csv", f"sqlite:///{folder / 'x.sqlite3'}")
    return Database(f"sqlite:///{folder / 'x.sqlite3'}")


def told(base: Database, order: str) -> tuple[list[str], set[str], str]:
    statement = parse(f"SELECT 公司 ORDER BY 净利润@2020 {order}")
    assert statement.select is not None
    result = Evaluator(Table(base, base.columns())).run(statement.select)
    return [r.company for r in result.rows], {r.company for r in result.tied}, tell(statement, result, {})


@pytest.mark.parametrize(
    ("order", "rows", "tied"),
    [
        ("DESC LIMIT 1", 1, set()),
        ("DESC LIMIT 2", 2, {"乙", "丙", "丁"}),
        ("DESC LIMIT 4", 4, set()),
        ("DESC LIMIT 1 OFFSET 3", 1, {"乙", "丙", "丁"}),
        ("DESC LIMIT 1 OFFSET 5", 1, set()),
        ("ASC LIMIT 1", 1, set()),
        ("ASC LIMIT 2", 2, {"乙", "丙", "丁"}),
        ("DESC LIMIT 2,3", 2, {"乙", "丙", "丁"}),
    ],
)
def test_who_shares_the_first_or_last_place_is_told(base: Database, order: str, rows: int, tied: set[str]) -> None:
    found, also, text = told(base, order)
    assert len(found) == rows
    assert also == tied - set(found)
    assert ("并列" in text) == bool(also) and all(name in text for name in also)
