import json
from pathlib import Path

from agent.table.database import Database
from benchmarks import large_table


def test_every_family_is_timed_on_a_small_table(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert large_table.main(["--rows", "4000", "--repeat", "1", "--folder", str(tmp_path), "--output", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))["databases"]["sqlite"]
    families = {family for family, _, _ in large_table.statements("sqlite")}
    assert set(found["families"]) == families and len(families) > 40
    assert all(0 < p50 <= p95 <= most for p50, p95, most in [*found["families"].values(), found["all"]])
    assert found["import"]["peak_mb"] > 10 and set(found["start"]) == {"columns", "years", "companies", "linker"}
    table = Database(f"sqlite:///{tmp_path / 'large.sqlite3'}", large_table.TABLE)
    assert table.execute("SELECT COUNT(*), MIN(年份), MAX(年份) FROM large_table", {}).rows == ((4000, 2013, 2022),)


def test_the_statements_of_companies_and_places_find_something(tmp_path: Path) -> None:
    """The made-up table holds the sample's companies and places, so that what is timed is no empty result."""
    large_table.main(["--rows", "4000", "--repeat", "1", "--folder", str(tmp_path), "--output", str(tmp_path / "o")])
    table = Database(f"sqlite:///{tmp_path / 'large.sqlite3'}", large_table.TABLE)
    asked = [
        (sql, values) for family, sql, values in large_table.statements("sqlite") if family in ("field", "list_place")
    ]
    found = [bool(table.execute(sql, values).rows) for sql, values in asked]
    assert sum(found) > 0.8 * len(found)
