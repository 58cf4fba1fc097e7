"""What the columns mean: canonical names, aliases, units, classes, and the formulas of computed columns.

The names stand in columns.txt, the formulas in formulas.txt; here they are read and looked up.

A column is *real* (the table holds it) or *computed* (a formula over real columns, or a growth rate). Names are those of
Chinese annual reports; money is in 元, head counts in 人.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

TABLE = "company_table"
COMPANY, YEAR, CODE, SHORT_NAME, PERSON = "公司全称", "年份", "股票代码", "股票简称", "法定代表人"
PLACE_COLUMNS = ("注册地址", "办公地址")
KEY = (COMPANY, YEAR)
PERIOD, SCOPE = "报告期", "口径"  # where a table has them, a row is one of a company, year, 报告期 and 口径
ROW_KEY = (COMPANY, YEAR, PERIOD, SCOPE)

Unit = Literal["text", "money", "count", "share", "ratio", "percent"]
UNIT_WORD = {"money": "元", "count": "人", "share": "元"}


@dataclass(frozen=True)
class Column:
    """A column the table may hold. `label` is the class (A-F) of a question that asks for it alone."""

    name: str
    unit: Unit
    label: str
    section: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A computed column: `expression` is arithmetic over real columns; the result is printed with `digits` decimals."""

    name: str
    expression: str
    unit: Unit
    aliases: tuple[str, ...] = ()
    digits: int = 2


def _lines(name: str) -> Iterator[str]:
    """The lines of a data file beside this one that hold something."""
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _formulas() -> Iterator[Formula]:
    for line in _lines("formulas.txt"):
        name, unit, expression, *said = line.split()
        yield Formula(name, expression, cast(Unit, unit), tuple(said))


FORMULAS: tuple[Formula, ...] = tuple(_formulas())

# For every numeric column: X增长率 = (X-上年X)/上年X, X增长额 = X-上年X; 上年X is the row of the year before.
GROWTH, CHANGE = "增长率", "增长额"
LAST_YEAR = "上年"


@lru_cache(maxsize=1)
def columns() -> dict[str, Column]:
    """Every known real column by canonical name, in the order of an annual report."""
    found: dict[str, Column] = {}
    found[YEAR] = Column(YEAR, "text", "A", "基本信息", ("年度",))
    unit, label, section = "text", "A", ""
    for line in _lines("columns.txt"):
        if line.startswith("["):
            section, unit, label = line.strip("[]").split()
        else:
            name, *said = line.split()
            found[name] = Column(name, cast(Unit, unit), label, section, tuple(said))
    return found


@lru_cache(maxsize=1)
def identities() -> dict[str, str]:
    """Column → arithmetic over others that equals it by definition, for tables that lack the column."""
    return dict(line.split() for line in _lines("identities.txt"))


@lru_cache(maxsize=1)
def formulas() -> dict[str, Formula]:
    """Every formula with a name of its own (growth rates are made on demand: `computed`)."""
    return {formula.name: formula for formula in FORMULAS}


def over_last_year(name: str) -> tuple[str, str]:
    """(X, 增长率 or 增长额) of a column that compares X with the year before; (name, "") of any other."""
    for suffix in (GROWTH, CHANGE):
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


@lru_cache(maxsize=4096)
def computed(name: str) -> Formula | None:
    """The formula of a computed column, growth rates included; None where `name` is not computed.

    X may be any real column, known here or not: 研发机构数增长率 works on a table that has 研发机构数.
    """
    if name in formulas():
        return formulas()[name]
    base, suffix = over_last_year(name)
    if suffix == GROWTH:
        return Formula(name, f"({base}-{LAST_YEAR}{base})/{LAST_YEAR}{base}", "percent")
    if suffix == CHANGE:
        return Formula(name, f"{base}-{LAST_YEAR}{base}", unit_of(base) or "money")
    return None


def unit_of(name: str) -> Unit | None:
    """Unit of a real or computed column; None for a column that only the user's table knows."""
    base = name[len(LAST_YEAR) :] if name.startswith(LAST_YEAR) else name
    if base in columns():
        return columns()[base].unit
    formula = computed(name)
    return formula.unit if formula else _unit_by_name(base)


_QUOTIENT = re.compile(r"(?:市[盈净销现]|周转|本益|汇)[率比]$|倍数$|[比值]值$")
_SHARE = re.compile(r"(?:率|比例|占比|比重|增速|增幅|同比)$")


def _unit_by_name(name: str) -> Unit | None:
    """Of a column that only the user's table knows: 市盈率 is a quotient, 持股比例 a share of a hundred."""
    return "ratio" if _QUOTIENT.search(name) else "percent" if _SHARE.search(name) else None
