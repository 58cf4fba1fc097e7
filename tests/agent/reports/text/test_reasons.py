"""Reasons of changes: in sentences, at the end of rows, in cells that a file breaks into several rows."""

from __future__ import annotations

from pathlib import Path

from agent.reports.document import Document
from agent.reports.pages import Line, Page
from agent.reports.text import passages, reasons


def found(*lines: Line) -> dict[str, str]:
    document = Document(Path("a.txt"), "json", "", (Page(1, lines),))
    return {r.item: r.said for r in reasons.of(document, passages.of(document.pages))}


def row(*cells: str) -> Line:
    return Line(" ".join(filter(None, cells)), cells)


def test_a_sentence_and_a_row_that_ends_with_a_reason() -> None:
    given = found(
        Line("销售费用变动原因说明：主要系门店增加所致。"),
        Line("研发费用 12,000,000.00 9,000,000.00 33.33% 系新品立项增加所致"),
        Line("货币资金 12,000,000.00 9,000,000.00 33.33%"),
    )
    assert given == {"销售费用": "主要系门店增加所致。", "研发费用": "系新品立项增加所致"}


def test_rows_of_one_line_are_put_together_and_the_next_line_stays_apart() -> None:
    given = found(
        row("", "2023年", "2022年", "同比增减", "重大变动说明"),
        row("", "36,100.00", "25,800.00", "", "主要系公司开拓"),
        row("销售费用", "", "", "39.83%", "市场，人员薪酬"),
        row("", "", "", "", "增加所致；"),
        row("管理费用", "40,200.00", "37,100.00", "8.60%", "无"),
        row("", "4,100.00", "1,900.00", "", "主要系利息支出"),
        row("财务费用", "", "", "119.52%", "增加所致；"),
    )
    assert given == {"销售费用": "主要系公司开拓市场，人员薪酬增加所致；", "财务费用": "主要系利息支出增加所致；"}
