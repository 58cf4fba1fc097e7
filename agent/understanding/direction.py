"""Which way round a question compares: 占B is over B, and 比2020年增长 starts from 2020.

Two patterns over the question, for what the reading model confuses now and then: the statement with its sides the other way
round is as well-formed, and its answer looks as right. They only ever take readings away.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(r"占(?!比)[^\[\]，,。？?]{0,6}\[(M\d)\w?\]")
_START = re.compile(r"(?:比|较|vs\.?|相比于?|对比)\[(Y\d)\]", re.IGNORECASE)


def turned(question: str, statement: str) -> bool:
    """Whether a statement over slots divides by the part, or lets grow to the year that a slotted question compares with."""
    wholes = [rf"{name}@Y\d/(?!{name})M\d@" for name in _WHOLE.findall(question)]
    single = statement.count("增长率(") == 1  # 2021年的增速比2020年的增速快 has both
    starts = [rf"增长率\(\w+@Y\d,\w+@{year}\)" for year in _START.findall(question) if single]
    return any(re.search(pattern, statement) for pattern in (*wholes, *starts))
