"""A document read whole: which report it is, and all its cells with what the checks say of them."""

from __future__ import annotations

from agent.errors import CaibaoError
from agent.reports import about, facts, key_figures
from agent.reports.cells import cells as statement_cells
from agent.reports.checks import checked
from agent.reports.document import Document
from agent.reports.statements import tables
from agent.reports.store import About, Cell


def extract(document: Document) -> tuple[About, list[Cell]]:
    """What the document is and what stands in it.

    Raises:
        CaibaoError: it is no report, or none whose company and period are named, or it has pictures of pages only.
    """
    if len(document.pictures) > len(document.pages) / 2:
        raise CaibaoError(
            f"{document.path} 的{len(document.pages)}页里有{len(document.pictures)}页没有文字（扫描件），"
            "请先安装 requirements-ocr.txt 再加上 --ocr 重试。"
        )
    year, period = about.period(document)
    company, code, short_name = about.company(document), about.code(document), about.short_name(document)
    named = facts.cells(document, company, code, short_name, period in ("Q1", "Q3"))
    by_item = {cell.item: cell.value or "" for cell in named}
    company = by_item.get("公司全称") or company
    if not company:
        raise CaibaoError(f"{document.path} 里没有找到公司全称，不能加入。")
    found = [*statement_cells(tables(document), period != "FY"), *key_figures.cells(document), *named]
    if not any(cell.statement in ("资产负债表", "利润表", "现金流量表") for cell in found):
        raise CaibaoError(f"{document.path} 里没有找到资产负债表、利润表或现金流量表，不是报告全文？")
    short_name = by_item.get("股票简称") or short_name
    code = by_item.get("股票代码") or code
    return (
        About(
            document.file, str(document.path), document.digest, document.kind, len(document.pages),
            company, code, short_name, year, period,
        ),
        checked(found),
    )  # fmt: skip
