"""A small table of figures with everything that goes wrong in one, and the same rows in plain Python to reckon with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from agent.statements.evaluate import Evaluator
from agent.statements.parsing import parse
from agent.statements.results import Result
from agent.statements.tables import Table
from agent.statements.telling import tell
from agent.table.database import Database
from agent.table.importer import How, import_table

TABLE = "figures_of_companies"
NUMBERS = ("营业收入", "营业成本", "净利润", "研发费用", "资产总计", "负债合计", "职工总人数")
# Ties (甲, 丙 in 净利润 of 2020), negative bases (乙), empty cells, years that are missing (丁, 戊, 己), a bracket in a name.
CSV = """公司全称,年份,股票代码,股票简称,注册地址,法定代表人,营业收入,营业成本,净利润,研发费用,资产总计,负债合计,职工总人数
甲股份有限公司,2018,600001,甲股份,浙江省杭州市西湖区,张三,100,60,10,1.5,1000,400,10
甲股份有限公司,2019,600001,甲股份,浙江省杭州市西湖区,张三,120,70,12.1,2.5,1100,450,11
甲股份有限公司,2020,600001,甲股份,浙江省杭州市西湖区,李四,150.55,90.03,14.4,3,1200,480,12
乙股份有限公司,2018,600002,乙股份,北京市海淀区,王五,70,75,-5,0.5,300,290,3
乙股份有限公司,2019,600002,乙股份,北京市海淀区,王五,80,82,-2,0.6,310,300,3
乙股份有限公司,2020,600002,乙股份,北京市海淀区,王五,90,80,10,0.7,330,305,4
丙股份有限公司,2018,000003,丙股份,浙江省杭州市滨江区,赵六,0,1,8,,50,10,7
丙股份有限公司,2019,000003,丙股份,浙江省杭州市滨江区,赵六,10,4,9,0.1,60,12,
丙股份有限公司,2020,000003,丙股份,浙江省杭州市滨江区,赵六,20,8,14.4,0.2,70,14,9
丁股份有限公司,2020,000004,丁股份,浙江省宁波市,张三,,1,0.1,0.3,80,20,7
戊股份有限公司,2018,300005,戊股份,浙江省宁波市,孙七,30,10,0.2,,,5,7
己(集团)股份有限公司,2018,300006,己集团,上海市浦东新区,周八,500,300,50,20,5000,2500,200
己(集团)股份有限公司,2019,300006,己集团,上海市浦东新区,周八,400,350,-30,25,5200,2700,190
庚股份有限公司,2018,300007,庚股份,上海市徐汇区,吴九,33.33,20,3,1,90,45,30
庚股份有限公司,2019,300007,庚股份,上海市徐汇区,吴九,44.44,22,4,1,95,46,31
庚股份有限公司,2020,300007,庚股份,上海市徐汇区,吴九,55.55,24,5,1,99,47,33
"""
A, B, C, D, E, F, G = (
    "甲股份有限公司",
    "乙股份有限公司",
    "丙股份有限公司",
    "丁股份有限公司",
    "戊股份有限公司",
    "己(集团)股份有限公司",
    "庚股份有限公司",
)
NAMES = {name: name.removesuffix("有限公司") for name in (A, B, C, D, E, G)} | {F: "己集团"}
Cell = Decimal | str | None
CLOSE = Decimal("1e-12")


def _rows() -> dict[tuple[str, int], dict[str, Cell]]:
    head, *lines = (line.split(",") for line in CSV.splitlines())
    found = {}
    for line in lines:
        row = dict(zip(head, line))
        cells: dict[str, Cell] = {
            name: (Decimal(text) if name in NUMBERS else text) if text else None for name, text in row.items()
        }
        found[row["公司全称"], int(row["年份"])] = cells
    return found


ROWS = _rows()
COMPANIES = sorted({company for company, _ in ROWS})


def text(company: str, year: int, column: str) -> str | None:
    cell = ROWS.get((company, year), {}).get(column)
    return None if cell is None else str(cell)


def number(company: str, year: int, column: str) -> Decimal | None:
    cell = ROWS.get((company, year), {}).get(column)
    return None if cell is None else Decimal(cell)


def known(figure: Callable[[str], Decimal | None], among: Sequence[str] = COMPANIES) -> dict[str, Decimal]:
    """The figure of every company that has it."""
    return {company: value for company in among if (value := figure(company)) is not None}


def ranked(figures: dict[str, Decimal], descending: bool = True) -> list[str]:
    """Companies by figure, those alike by name."""
    return sorted(sorted(figures, key=_bytes), key=lambda company: figures[company], reverse=descending)


def _bytes(name: str) -> bytes:
    return name.encode()


def values(result: Result) -> list[object]:
    (row,) = result.rows
    return list(row.values)


def value(result: Result) -> Decimal:
    (only,) = values(result)
    assert isinstance(only, (Decimal, int))
    return Decimal(only)


def names(result: Result) -> list[str]:
    return [row.company for row in result.rows]


def near(left: object, right: object) -> bool:
    assert isinstance(left, Decimal) and isinstance(right, (Decimal, int))
    return abs(left - right) <= CLOSE * max(abs(left), 1)


def n(company: str, year: int, column: str) -> Decimal:
    found = number(company, year, column)
    assert found is not None
    return found


def of(column: str, year: int) -> Callable[[str], Decimal | None]:
    return lambda company: number(company, year, column)


def over(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return a / b if a is not None and b is not None and b else None


def growth(column: str, start: int, end: int) -> Callable[[str], Decimal | None]:
    def rate(company: str) -> Decimal | None:
        before, after = number(company, start, column), number(company, end, column)
        return over(after - before, before) if before is not None and after is not None else None

    return rate


def yearly(column: str, start: int, end: int) -> Callable[[str], Decimal | None]:
    def rate(company: str) -> Decimal | None:
        whole = over(number(company, end, column), number(company, start, column))
        return whole ** (Decimal(1) / (end - start)) - 1 if whole is not None and whole > 0 else None

    return rate


def database(folder: Path, url: str) -> Database:
    (folder / "figures.csv").write_text(CSV, encoding="utf-8")
    import_table(folder / "figures.csv", url, TABLE, How(replace=True))
    return Database(url, TABLE)


def run(base: Database, statement: str, shown: Sequence[str] = (), **options: object) -> Result:
    select = parse(statement).select
    assert select is not None
    return Evaluator(Table(base, base.columns()), shown, **options).run(select)  # type: ignore[arg-type]


def told(base: Database, statement: str, shown: Sequence[str] = ()) -> str:
    return tell(parse(statement), run(base, statement, shown), NAMES)
