"""What people say for the columns: aliases, suffixes of growth, and an index of all the names that a table's columns have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from agent.figures import schema
from agent.text import Lookup, normalise

GROWTH_SUFFIXES = (
    "增长率",
    "的增长率",
    "同比增长率",
    "的同比增长率",
    "同比增速",
    "增速",
    "年增长率",
    "增长比率",
    "增长幅度",
    "增幅",
)
CHANGE_SUFFIXES = (
    "增长额",
    "的增长额",
    "增加额",
    "的增加额",
    "变动额",
    "的变动额",
    "增减额",
    "的增减额",
    "增长量",
    "增量",
    "增加值",
)


@lru_cache(maxsize=1)
def aliases() -> dict[str, str]:
    """Said → canonical, for real and computed columns and for the growth rate of every numeric column."""
    said: dict[str, str] = {}
    for column in schema.columns().values():
        for name in (column.name, *column.aliases):
            said[name] = column.name
            if column.unit in ("money", "count", "share"):
                said |= {name + suffix: column.name + schema.GROWTH for suffix in GROWTH_SUFFIXES}
                said |= {name + suffix: column.name + schema.CHANGE for suffix in CHANGE_SUFFIXES}
    for formula in schema.FORMULAS:
        for name in (formula.name, *formula.aliases):
            said[name] = formula.name
    return said


class ColumnNames:
    """column: said → column, as searched; words: what is said, to be found in a text."""

    def __init__(self, table_columns: Iterable[str]) -> None:
        """Every name and alias that the schema knows, and the table's own names."""
        known = {normalise(said): column for said, column in aliases().items()}
        self.column = known | {normalise(name): name for name in table_columns}
        self.words = Lookup(self.column)


@lru_cache(maxsize=4)
def _indexed(table_columns: tuple[str, ...]) -> ColumnNames:
    return ColumnNames(table_columns)


def names_of(table_columns: Iterable[str]) -> ColumnNames:
    """The names of a table's columns, indexed once for all that search them."""
    return _indexed(tuple(table_columns))
