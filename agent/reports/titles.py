"""Titles of the three statements, and the pages that carry them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agent.reports.items import Statement

_KINDS: dict[str, Statement] = {
    "资产负债表": "资产负债表",
    "财务状况表": "资产负债表",
    "利润表": "利润表",
    "损益表": "利润表",
    "利润及利润分配表": "利润表",
    "综合收益表": "利润表",
    "利润表及综合收益表": "利润表",
    "现金流量表": "现金流量表",
}
_GROUP, _PARENT = "合并|集团|本集团", "母公司|本公司|公司|银行|本行|本银行"
_TITLE = re.compile(
    r"(?:^|(?<=\d)[、.)]|^.{0,60}\d[、.])(?:[(]?[一二三四五六七八九十\d.]{1,6}[)、.,:]*)*"
    r"(?:(?:19|20)\d\d年?(?:度|半年度|前三季度|第[一三]季度|1-[369]月|\d{1,2}月\d{1,2}日)?)?"
    rf"(?P<scope>(?:(?:{_GROUP}|{_PARENT})(?:(?:及|和|与)(?:{_GROUP}|{_PARENT}))?)?)"
    r"(?P<span>(?:(?:年初[至到])?(?:本)?报告期末?|年初[至到]报告期末|中期|季度)?)"
    rf"(?P<both>(?:{_GROUP}|{_PARENT})?)"
    rf"(?P<kind>{'|'.join(sorted(_KINDS, key=len, reverse=True))})"
    r"(?P<more>(?:\(?续\d?\)?)?)(?:\(未经审计\)|\(经审计\))?"
    r"(?:(?:19|20)\d\d年(?:度|半年度|前三季度|[\d-]{1,5}月|\d{1,2}月\d{1,2}日)?)?"
    r"(?:(?:编制|金额)?单位:?.{1,40}|会[企合商]\w{1,5}表.{0,12}|未经审计)?$"
)
_MAYBE = re.compile("|".join(_KINDS))


@dataclass(frozen=True)
class Title:
    """`scopes`: 合并, 母公司, both, or none where the title does not say. `single`: of one quarter. `more`: goes on from a page before."""

    kind: Statement
    scopes: tuple[str, ...]
    single: bool = False
    more: bool = False


def title(text: str) -> Title | None:
    """The title that a line is, or ends with behind a number."""
    plain = unicodedata.normalize("NFKC", "".join(text.split())).replace("—", "-")
    if len(plain) > 90 or not _MAYBE.search(plain) or "....." in plain:
        return None
    match = _TITLE.search(plain)
    if not match:
        return None
    said = match["scope"] + match["both"]
    scopes = [scope for scope, pattern in (("合并", _GROUP), ("母公司", _PARENT)) if re.search(pattern, said)]
    single = match["span"] in ("本报告期", "报告期")
    return Title(_KINDS[match["kind"]], tuple(scopes), single, bool(match["more"]))
