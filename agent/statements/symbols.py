"""A statement as symbols of a closed vocabulary, which a reader writes one by one; and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.figures import schema
from agent.statements.syntax import UNITS, StatementError

_SYMBOL = re.compile(
    r"SELECT|WHERE|ORDER BY|LIMIT|OFFSET|DESC|ASC|AND|OR|NOT|IS NOT NULL|IS NULL|LIKE|IN|COUNT\(\*\)|COUNT\(DISTINCT |AS"
    r"|@[YZ]\d+|[CMPAXKSNT]\d+|[一-鿿、]+\(|[A-Z]+\(|[一-鿿、A-Za-z]+|\d+|<=|>=|<>|[-+*/()=<>,.%\[\]:]|\s"
)
_BOTH_SIDES = frozenset({"WHERE", "ORDER BY", "LIMIT", "OFFSET", "AND", "OR", "LIKE", "AS"})
_BEFORE = frozenset({"DESC", "ASC", "IS NULL", "IS NOT NULL"})
SLOTS = tuple(f"{kind}{number}" for kind in "CMPAXKSN" for number in range(1, 8))
YEARS = tuple(f"@{year}" for year in ("Y00", "Y0", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Z1", "Z2"))


def symbols_of(text: str) -> list[str]:
    """The symbols of a statement over slots.

    Raises:
        StatementError: a part of it is none.
    """
    found, at = [], 0
    for match in _SYMBOL.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        if match[0] != " ":
            found.append(match[0])
    if at != len(text):
        raise StatementError(f"“{text[at:]}”不是语句的一部分：{text}")
    return found


def text_of(symbols: Sequence[str]) -> str:
    """The statement that symbols spell, its spaces where `syntax.write` has them."""
    text, after_unit = "", False
    for symbol in symbols:
        if symbol in _BOTH_SIDES:
            text += f" {symbol} "
        elif symbol in _BEFORE:
            text += f" {symbol}"
        elif symbol in ("SELECT", "NOT"):
            text += f"{symbol} "
        elif symbol == "IN":
            text += " IN "
        elif after_unit and re.fullmatch(r"\d+|N\d", symbol):
            text += f" {symbol}"
        else:
            text += symbol
        after_unit = symbol in UNITS
    return re.sub(" {2,}", " ", text)


def vocabulary() -> list[str]:
    """Every symbol, the three marks of a sequence first."""
    words = ["SELECT", "WHERE", "LIMIT", "OFFSET", "DESC", "ASC", "AND", "OR", "NOT", "LIKE", "IN", "COUNT(*)", "AS", "公司", "上述", "NONE", "位", "(", ")", "=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", ",", ".", "%", "倍", "小数", "元", "千元", "万元", "百万元", "亿元", "[", "]", ":", "增长率(", "年均增长率(", "最高项(", "最低项(", "GREATEST(", "LEAST(", "ABS(", "名次(", "倒数名次(", "SUM(", "AVG(", "MAX(", "MIN(", "MEDIAN(", "COUNT("]
    numbers = [*map(str, range(11)), "12", "100", "1000", "10000", "365"]
    columns = [*schema.columns(), *schema.formulas()]
    marks = ["<pad>", "<s>", "</s>", "ORDER BY", "IS NULL", "IS NOT NULL", "COUNT(DISTINCT "]
    return list(dict.fromkeys([*marks, *words, *numbers, *YEARS, *SLOTS, *columns]))
