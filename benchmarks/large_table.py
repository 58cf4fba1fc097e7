"""SQL over a large table: the import, the start, and the statements of every family of questions, on SQLite and MySQL.

python -m benchmarks.large_table --rows 20000                                                      # a try, a minute
python -m benchmarks.large_table --rows 1200000 --mysql mysql+pymysql://user:password@host/database    # 1.2 million company-years

The table is made up: ten years, the companies of the sample first, 26 columns; a statement's other columns are replaced by one of
those of the same unit. What is timed is agent.table.database.Database, as the pipeline uses it; of a few runs of a statement the fastest counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlglot
from rich.console import Console
from rich.table import Table

from agent.figures import schema
from agent.reading.entities import Linker
from agent.records import Value
from agent.table.database import Database
from benchmarks import ROOT

TABLE = "large_table"
YEARS = range(2013, 2023)
TEXTS = ("公司全称", "年份", "股票代码", "股票简称", "注册地址", "法定代表人")
COUNTS = ("职工总人数", "研发人员人数", "硕士员工人数", "销售人员人数")
MONEY = (
    "营业收入", "营业成本", "净利润", "利润总额", "研发费用", "管理费用", "销售费用", "财务费用",
    "货币资金", "流动资产合计", "流动负债合计", "资产总计", "负债合计", "存货", "股本", "投资收益",
)  # fmt: skip
POOL = 200_000  # different figures
# ru_maxrss would count what this process held when it forked.
IMPORT = """
import os, sys
from agent.table.importer import import_table
import_table(sys.argv[1], os.environ["CAIBAO_DATABASE"], sys.argv[2])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
Statement = tuple[str, str, dict[str, Value]]  # family, SQL, parameters


def rows(count: int) -> Iterator[list[str]]:
    """Heading and lines of the table, company by company, every eighth figure missing."""
    rng = random.Random(7)
    with (ROOT / "data" / "company_table.csv").open(encoding="utf-8", newline="") as file:
        sample = list(csv.DictReader(file))
    names, places = list(dict.fromkeys(r["公司全称"] for r in sample)), [r["注册地址"] for r in sample]
    money = [f"{rng.lognormvariate(19, 2):.2f}" if rng.random() > 0.125 else "" for _ in range(POOL)]
    people = [str(int(rng.lognormvariate(6, 1.5))) if rng.random() > 0.125 else "" for _ in range(POOL)]
    yield [*TEXTS, *COUNTS, *MONEY]
    for company in range(count // len(YEARS)):
        name = (
            names[company]
            if company < len(names)
            else f"{places[company % len(places)][:3]}第{company:06d}科技股份有限公司"
        )
        brief, place, chief = f"科技{company:06d}", rng.choice(places), f"王{company % 997}"
        for year in YEARS:
            at, other = rng.randrange(POOL - len(MONEY)), rng.randrange(POOL - len(COUNTS))
            figures = (*people[other : other + len(COUNTS)], *money[at : at + len(MONEY)])
            yield [name, str(year), f"{company:06d}", brief, place, chief, *figures]


def _column(name: str) -> str:
    """A column of this table for one that it lacks, always the same."""
    unit = schema.unit_of(name.removeprefix(schema.LAST_YEAR))
    if name in TEXTS or unit is None:
        return name
    last = schema.LAST_YEAR if name.startswith(schema.LAST_YEAR) else ""
    of = {"text": ("法定代表人",), "count": COUNTS}.get(unit, MONEY)
    base = name.removeprefix(last)
    return last + (base if base in of else of[zlib.crc32(base.encode()) % len(of)])


def statements(dialect: str) -> list[Statement]:
    """The statements of the gold answers, over this table."""
    found = []
    for line in (ROOT / "data" / "test_answers.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "sql" not in row:
            continue
        sql = re.sub(r'"([^"]+)"', lambda m: f'"{_column(m[1])}"', row["sql"].replace(schema.TABLE, TABLE))
        values = {
            name: Decimal(text) if text.removeprefix("-").replace(".", "", 1).isdigit() else text
            for name, text in row["parameters"].items()
        }
        found.append((row["family"], sqlglot.parse_one(sql, read="sqlite").sql(dialect, identify=True), values))
    return found


def import_table(path: Path, url: str) -> dict[str, float]:
    """In a process of its own, whose memory is measured; the address goes by the environment, it may hold a password."""
    started = time.monotonic()
    command = [sys.executable, "-c", IMPORT, str(path), TABLE]
    environment = os.environ | {"CAIBAO_DATABASE": url}
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    return {"seconds": time.monotonic() - started, "peak_mb": int(done.stdout) / 1024}


def start(url: str) -> dict[str, float]:
    """Seconds of what a pipeline asks before the first question."""
    database, taken = Database(url, TABLE), {}
    for name, ask in (("columns", database.columns), ("years", database.years), ("companies", database.companies)):
        began = time.monotonic()
        found = ask()
        taken[name] = time.monotonic() - began
    began = time.monotonic()
    Linker(found, database.columns())  # type: ignore[arg-type]
    return taken | {"linker": time.monotonic() - began}


def measure(url: str, repeat: int) -> dict[str, list[float]]:
    """family → milliseconds of each of its statements."""
    database, taken = Database(url, TABLE), defaultdict(list)
    for family, sql, values in statements(database.dialect):
        best = float("inf")
        for _ in range(repeat):
            began = time.perf_counter()
            database.execute(sql, values, timeout=120)
            best = min(best, (time.perf_counter() - began) * 1000)
        taken[family].append(best)
    return taken


def _figures(times: Sequence[float]) -> list[float]:
    """p50, p95, max."""
    ordered = sorted(times)
    return [statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))], ordered[-1]]


def show(console: Console, found: dict[str, Any]) -> None:
    kinds = list(found["databases"])
    table = Table(title=f"{found['rows']:,} 行，SQL 毫秒：p50 / p95 / 最慢", title_justify="left")
    table.add_column("题型")
    for kind in kinds:
        table.add_column(kind, justify="right")
    for family in [*found["databases"][kinds[0]]["families"], "all"]:
        parts = (found["databases"][kind]["families"].get(family) or found["databases"][kind]["all"] for kind in kinds)
        table.add_row(family, *(" / ".join(f"{x:.1f}" for x in part) for part in parts))
    console.print(table)
    for kind in kinds:
        one = found["databases"][kind]
        told = "，".join(f"{name} {seconds:.2f} 秒" for name, seconds in one["start"].items())
        console.print(
            f"{kind}：导入 {one['import']['seconds']:.0f} 秒，内存最多 {one['import']['peak_mb']:.0f} MB；{told}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="python -m benchmarks.large_table", description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--rows", type=int, default=1_200_000, help="公司数乘以10年")
    made.add_argument("--mysql", help="也在这个MySQL库上测；表 large_table 会被替换")
    made.add_argument("--repeat", type=int, default=3, help="每条语句跑几次，取最快的")
    made.add_argument("--folder", type=Path, help="csv和SQLite文件放在哪里，默认临时文件夹，用完删除")
    made.add_argument("--output", type=Path, default=ROOT / "output" / "benchmarks" / "large_table.json")
    options = made.parse_args(argv)
    found: dict[str, Any] = {"rows": options.rows, "databases": {}}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        with (folder / "large.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows(options.rows))
        found["csv_mb"] = (folder / "large.csv").stat().st_size >> 20
        urls = {"sqlite": f"sqlite:///{folder / 'large.sqlite3'}"} | ({"mysql": options.mysql} if options.mysql else {})
        for kind, url in urls.items():
            one: dict[str, Any] = {"import": import_table(folder / "large.csv", url), "start": start(url)}
            times = measure(url, options.repeat)
            one["families"] = {family: _figures(times[family]) for family in sorted(times)}
            one["all"] = _figures([t for family in times.values() for t in family])
            found["databases"][kind] = one
            options.output.parent.mkdir(parents=True, exist_ok=True)
            options.output.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    show(Console(), found)
    print(f"数字在 {options.output}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
