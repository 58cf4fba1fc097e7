"""介绍一下X公司Y年: key figures with their growth, then what the report says of its business, its strengths and its dividend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from agent.reports.store import Cell
from agent.reports.text import answer
from agent.reports.text.answer import Report, TextAnswer
from agent.reports.text.question import Asked, asked
from agent.reports.text.quote import Quote

_TOLD = re.compile(r"介绍|概述|概括|总结|概况|讲讲|说说|基本情况|整体情况|怎么样")
_WHOLE = re.compile(r"介绍|概述|概括|总结|概况|讲讲|说说|一下|基本|整体|总体|情况|年度?报告?|年报|经营|财务|业绩|公司|怎么样|这家|请|帮我|[\d年的度、]")
_FIGURES = (
    "营业收入", "归属于母公司的净利润", "归属于母公司所有者的净利润", "净利润", "扣除非经常性损益的净利润", "经营活动产生的现金流量净额", "资产总计", "基本每股收益",
)  # fmt: skip
_SECTIONS = ("公司主要从事什么业务", "公司的核心竞争力有哪些", "公司的利润分配预案是什么")


def is_asked(question: Asked) -> bool:
    """Whether the whole report is asked for and no matter of its own."""
    return bool(_TOLD.search(question.text)) and not question.topics and not _WHOLE.sub("", question.text).strip("，。？?！!吧呢")


def _figures(cells: Sequence[Cell]) -> list[Quote]:
    """A quote for each key figure of the group with the same figure of the year before and the growth between them."""
    found: list[Quote] = []
    for item in _FIGURES:
        now, before = (_cell(cells, item, column) for column in ("current", "prior"))
        if now is None or now.value is None or now.page is None or (item == "净利润" and any("归属于" in q.text for q in found)):
            continue
        growth = _growth(now.value, before.value if before else None)
        printed = now.printed or now.value
        found.append(Quote(now.page, (now.statement or "主要会计数据",), f"{item} {printed}{now.unit}{growth}"))
    return found


def _cell(cells: Sequence[Cell], item: str, column: str) -> Cell | None:
    own = [c for c in cells if c.item == item and c.column == column and c.scope != "母公司" and not c.failed]
    return next((c for c in own if c.span == "cumulative"), None)


def _growth(now: str, before: str | None) -> str:
    try:
        value, old = Decimal(now), Decimal(before or "")
    except InvalidOperation:
        return ""
    return f"（同比{(value - old) / abs(old) * 100:+.2f}%）" if old else ""


def _sections(report: Report) -> list[TextAnswer]:
    """What the report says of each matter that a summary tells."""
    found = (answer.answer(question, report) for question in _SECTIONS)
    return [one for one in found if one.kind == "answer"]


def _summary(report: Report, cells: Sequence[Cell]) -> TextAnswer | None:
    """The summary; None where there is nothing to tell."""
    figures, sections = _figures(cells), _sections(report)
    parts = [f"{q.text}（第{q.page}页）" for q in figures]
    text = f"{report.name}：" + "，".join(parts) + "。" if parts else ""
    text += "".join(one.text for one in sections)
    sources = (*figures, *(said for one in sections for said in one.sources))
    return TextAnswer(text, "answer", sources) if text else None


def told(question: str, report: Report, cells: Sequence[Cell]) -> TextAnswer | None:
    """The summary where one is asked for."""
    wanted = asked(question, report.names, report.about.year)
    return _summary(report, cells) if is_asked(wanted) else None
