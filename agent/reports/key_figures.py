"""主要会计数据: the key figures that a report gives before its statements, of this period and the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from agent.figures.numbers import format_number
from agent.reports import heads, items
from agent.reports.amounts import UNITS, amount, is_figure, unit
from agent.reports.document import Document
from agent.reports.rows import Cell as Place
from agent.reports.rows import Row, rows
from agent.reports.store import Cell
from agent.reports.titles import title

STATEMENT = "主要会计数据"
_BEGIN = re.compile(r"主要(?:会计数据|财务数据|财务指标)|关键指标")
_STOP = re.compile(
    r"境内外会计|分季度|季度(?:主要|的)|非经常性损益(?:的)?项目|补充财务|股东信息|公司业务概要|报告期主要|变动的情况|发生变动"
)
_HEAD = re.compile(r"(?:19|20)\d\d年|本报告期|上年同期|本期|年初[至到]|增减|变动|期末|^减|调整[前后]")
_MOST_PAGES = 4
_SEARCHED = 60  # pages from the beginning
_RUNNING = re.compile(r"年度报告|季度报告|年报")
_NAMES = {
    "营业总收入": ("营业总收入",),
    "营业收入": ("营业收入",),
    "利润总额": ("利润总额",),
    "归属于母公司所有者的净利润": ("归属于上市公司股东的净利润", "归属于母公司股东的净利润", "归属于本行股东的净利润", "归属于本公司股东的净利润", "归属于母公司所有者的净利润"),
    "扣除非经常性损益的净利润": (
        "归属于上市公司股东的扣除非经常性损益的净利润",
        "归属于上市公司股东的扣除非经常性损益后的净利润",
        "归属于本行股东的扣除非经常性损益的净利润",
        "归属于母公司股东的扣除非经常性损益的净利润",
        "扣除非经常性损益后归属于上市公司股东的净利润",
        "扣除非经常性损益后归属于本行股东的净利润",
        "扣除非经常性损益后归属于母公司股东的净利润",
        "扣除非经常性损益后的归属于上市公司股东的净利润",
        "扣除非经常性损益的净利润",
        "扣除非经常性损益后的净利润",
    ),
    "经营活动产生的现金流量净额": ("经营活动产生的现金流量净额",),
    "资产总计": ("总资产", "资产总额", "资产总计"),
    "归属于母公司所有者权益合计": ("归属于上市公司股东的净资产", "归属于上市公司股东的所有者权益", "归属于母公司股东的净资产", "归属于本行股东的净资产", "归属于母公司股东权益", "归属于上市公司股东权益"),
    "基本每股收益": ("基本每股收益",),
    "稀释每股收益": ("稀释每股收益",),
    "加权平均净资产收益率": ("加权平均净资产收益率", "全面摊薄加权平均净资产收益率", "净资产收益率加权平均"),
    "研发投入合计": ("研发投入合计",),
}  # fmt: skip
_ITEMS = {items.key(wording): name for name, wordings in _NAMES.items() for wording in wordings}
_RATES = ("加权平均净资产收益率",)
_PER_SHARE = ("基本每股收益", "稀释每股收益")


@dataclass
class _Line:
    label: str
    figures: list[Place]
    page: int
    text: str


@dataclass
class _Block:
    """Lines under one set of heads."""

    unit: str
    heads: list[Row] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)


def cells(document: Document) -> list[Cell]:
    """The key figures of the first tables of them; a later table adds what they lack."""
    found: dict[tuple[str, str, str], Cell] = {}
    for block in _blocks(document):
        for cell in _of_block(block):
            found.setdefault((cell.item, cell.column, cell.span), cell)
    return list(found.values())


def _blocks(document: Document) -> list[_Block]:
    blocks = [_Block("")]
    started = False
    pages = document.pages
    texts = [page.text for page in pages[:_SEARCHED]]
    begin = next((i for i, text in enumerate(texts) if _begins(text + "".join(texts[i + 1 : i + 2]))), len(pages))
    for page in pages[begin : begin + _MOST_PAGES]:
        for row in rows(document, page):
            started = started or bool(_BEGIN.search(row.text))
            if not started:
                continue
            if any(block.lines for block in blocks) and _stops(row):
                return blocks
            _take(blocks, row)
    return blocks


def _begins(text: str) -> bool:
    """The page holds the title and, it or the next one, the table; not a line of the contents."""
    compact = "".join(text.split())
    begin = _BEGIN.search(compact)
    return bool(
        begin and re.search(r"(?:总资产|资产总额|营业收入|净利润)[^。]{0,30}\d,\d{3}", compact[begin.start() :])
    )


def _stops(row: Row) -> bool:
    alone = len(row.cells) == 1 and len(row.text) < 40
    return alone and bool(_STOP.search(row.text) or title(row.text))


def _take(blocks: list[_Block], row: Row) -> None:
    """Adds a row to the last block; heads after lines begin a new one."""
    block = blocks[-1]
    label = "" if is_figure(row.cells[0].text) else row.cells[0].text
    figures = [cell for cell in row.cells[1 if label else 0 :] if is_figure(cell.text)]
    last = block.lines[-1] if block.lines else None
    if figures and not label and last and not last.figures:
        last.figures, last.page = figures, row.page
    elif last and label and not (figures and last.figures) and _joins(last.label, label):
        last.label, last.text = last.label + label, last.text + " " + row.text
        if figures:
            last.figures, last.page = figures, row.page
    elif figures and label:
        block.lines.append(_Line(label, figures, row.page, row.text))
    elif _is_head(row):
        if block.lines:
            blocks.append(_Block(block.unit, [row]))
        else:
            block.heads.append(row)
    elif stated := unit(row.text):
        block.unit = stated
    elif label and len(row.cells) == 1:
        block.lines.append(_Line(label, [], row.page, row.text))


def _joins(last: str, label: str) -> bool:
    joined = items.key(last + label)
    return (joined in _ITEMS and items.key(last) not in _ITEMS) or items.is_open(last)


def _is_head(row: Row) -> bool:
    text = "".join(row.text.split())
    several = len(row.cells) > 1 or (row.text.strip().count(" ") > 1 and len(row.text) < 80)
    return bool(_HEAD.search(text)) and not _RUNNING.search(text) and (several or len(text) < 14)


def _of_block(block: _Block) -> Iterator[Cell]:
    known = [(name, line) for line in block.lines if line.figures and (name := _item(line.label))]
    places = heads.places([cell for _, line in known for cell in line.figures])
    columns = [column for column in heads.columns(block.heads, places) if column.role]
    for name, line in known:
        unit_ = _unit(name, line, block.unit)
        done = set()
        for column in sorted(columns, key=lambda c: not c.restated):
            place = next((c for c in line.figures if column.x0 <= (c.x0 + c.x1) / 2 <= column.x1), None)
            span = "single quarter" if column.single else "cumulative"
            if place and (column.role, span) not in done:
                done.add((column.role, span))
                yield _cell(name, line, place, unit_, column, span)


def _item(label: str) -> str | None:
    """Not the rates and figures that a remark in brackets makes other ones."""
    return None if re.search("[(（]扣除", label) else _ITEMS.get(items.key(label))


def _unit(name: str, line: _Line, stated: str) -> str:
    if name in _RATES:
        return "%"
    if name in _PER_SHARE:
        return "元/股"
    inside = re.search(r"[(（](百万元|千元|万元|亿元|元)[)）]", line.label)
    return inside[1] if inside else stated or "元"


def _cell(name: str, line: _Line, place: Place, unit_: str, column: heads.Column, span: str) -> Cell:
    number = None if "%" in place.text and unit_ != "%" else amount(place.text)
    value = None if number is None else format_number(Decimal(number * UNITS.get(unit_, 1)))
    x0, top, x1, bottom = place.box or (None, None, None, None)
    return Cell(
        "合并", name, column.role, span, STATEMENT, value, place.text, unit_, line.label, line.text, line.page,
        x0, top, x1, bottom, "" if value is not None else "报告里这一格是横线", restated=column.restated,
    )  # fmt: skip
