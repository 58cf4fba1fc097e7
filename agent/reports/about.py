"""Which report a file is: company, code, year and period, from its first pages and its company information."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from agent.errors import CaibaoError
from agent.reports.document import Document

_FIRST = 12  # pages that say which report it is
_PERIODS = {
    "年度报告": "FY",
    "年报": "FY",
    "半年度报告": "H1",
    "中期报告": "H1",
    "半年报": "H1",
    "第一季度报告": "Q1",
    "一季度报告": "Q1",
    "一季报": "Q1",
    "第三季度报告": "Q3",
    "三季度报告": "Q3",
    "三季报": "Q3",
}
_HAN = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"○": "0", "零": "0", "O": "0", "０": "0"}
_REPORT = re.compile(rf"((?:19|20)\d\d)年?度?({'|'.join(sorted(_PERIODS, key=len, reverse=True))})(?P<more>.{{0,8}})")
_COMPANY = re.compile(
    r"^[\u4e00-\u9fffA-Za-z0-9()·&.\-]{2,40}?(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司)$"
)
_CODE = re.compile(r"(?:股票|证券|公司)代码[:：]?\s*(?:A股[:：]?\s*)?(\d{6})")
_SHORT = re.compile(
    r"(?:股票|证券|公司)简称[:：]?\s*(\*?[\u4e00-\u9fffA-Za-z0-9*ＡＢ]{2,10}?)(?=股票|证券|公司|公告|编号|\s|$)"
)


def period(document: Document) -> tuple[int, str]:
    """(year, FY H1 Q1 or Q3) that the first pages name most.

    Raises:
        CaibaoError: they name none, or it is a summary.
    """
    votes: Counter[tuple[int, str]] = Counter()
    for index, line in enumerate(_lines(document)):
        for match in _REPORT.finditer(_years(line)):
            if match["more"].startswith("摘要") and len(line) < 40 and index < 40:
                raise CaibaoError(f"{document.path} 是报告摘要，没有完整的报表，请换成报告全文。")
            weight = 5 if len(line) < 60 and index < 60 else 1
            votes[int(match[1]), _PERIODS[match[2]]] += weight
    if not votes:
        raise CaibaoError(f"{document.path} 的前{_FIRST}页没有写明是哪一年的年度、半年度或季度报告，不能加入。")
    return votes.most_common(1)[0][0]


def _years(line: str) -> str:
    """二〇一九年 as 2019年."""
    han = re.compile(f"[{''.join(_HAN)}]{{4}}(?=年)")
    return han.sub(lambda m: "".join(_HAN[c] for c in m[0]), line)


def _lines(document: Document, most: int = _FIRST) -> Iterator[str]:
    for page in document.pages[:most]:
        for line in page.lines:
            yield unicodedata.normalize("NFKC", "".join(line.text.split()))


def company(document: Document) -> str:
    """The name that stands alone on a line of the first pages, or else heads them; "" where none does."""
    votes: Counter[str] = Counter()
    for line in _lines(document, 3):
        name = re.split(r"(?:19|20)\d\d年", line)[0]
        name = re.sub(r"^(?:编制单位|公司名称)[:：]?", "", name)
        if _COMPANY.match(name):
            votes[name] += 3 if name == line else 1
    return votes.most_common(1)[0][0] if votes else ""


def code(document: Document) -> str:
    """The first stock code that is called one."""
    return _first(document, _CODE)


def short_name(document: Document) -> str:
    return _first(document, _SHORT)


def _first(document: Document, pattern: re.Pattern[str]) -> str:
    for page in document.pages[:_FIRST]:
        for line in page.lines:
            match = pattern.search(unicodedata.normalize("NFKC", line.text))
            if match:
                return match[1]
    return ""


def named(names: Sequence[str]) -> str:
    """The first that is not empty."""
    return next((name for name in names if name), "")
