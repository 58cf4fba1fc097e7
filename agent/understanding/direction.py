"""Which way round a question compares: 占B is over B, and 比2020年增长 starts from 2020.

Two patterns over the question, for what the reading model confuses now and then: the statement with its sides the other way
round is as well-formed, and its answer looks as right. They only ever take readings away.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(r"占(?!比)[^\[\]，,。？?]{0,6}\[(M\d)\w?\]")
_START = re.compile(r"(?:比|较|vs\.?|相比于?|对比)\[(Y\d)\]", re.IGNORECASE)
_SIGNED = re.compile(r"\[(Y\d)\]年?(?:还|却|又|是|在|就)?(亏损|亏|盈利|赚钱|赚)(?!得?最)")
_TAKEN_BACK = re.compile("不要|说反|不是|除")
_SMALL_LOSS = re.compile(r"亏损?(?:额|了)?(?:不到|不足|小于|低于|少于|没有?到)\[A\d\]")


def turned(question: str, statement: str) -> bool:
    """Whether a statement over slots divides by the part, or lets grow to the year that a slotted question compares with."""
    wholes = [rf"{name}@Y\d/(?!{name})M\d@" for name in _WHOLE.findall(question)]
    single = statement.count("增长率(") == 1  # 2021年的增速比2020年的增速快 has both
    starts = [rf"增长率\(\w+@Y\d,\w+@{year}\)" for year in _START.findall(question) if single]
    return any(re.search(pattern, statement) for pattern in (*wholes, *starts)) or _of_the_other_year(question, statement)


def _of_the_other_year(question: str, statement: str) -> bool:
    """2020年亏损而2019年盈利, read as the loss of 2019; 亏损不到1亿 read as a loss beyond it."""
    said = dict.fromkeys(_SIGNED.findall(question))
    if len(said) == len({year for year, _ in said}) == 2 and not _TAKEN_BACK.search(question):
        for year, word in said:
            other = ">" if word[0] == "亏" else "<"
            if re.search(rf"@{year}{other}0\b", statement) and not re.search(rf"@{year}{'<' if other == '>' else '>'}0\b", statement):
                return True
    return bool(_SMALL_LOSS.search(question)) and re.search(r"<0?-A\d", statement) is not None
