"""Reports that the tests make themselves: one invented company's figures as PDF (ruled or bare), HTML, line-JSON and text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"  # of every reader; nothing is embedded
_WIDTH, _HEIGHT = A4
_LINE = 18.0  # points between the rules of a row
_SIZE = 9.0

Row = tuple[str, ...]
"""Label, then a text for each column; "" is an empty cell. A label with a newline wraps."""


@dataclass
class Sheet:
    """A table of a report with what stands above it."""

    title: str
    heads: Row
    rows: Sequence[Row]
    above: Sequence[str] = ("单位：元",)
    top_heads: Row = ()  # heads over several columns each, above the heads
    columns: Sequence[float] = ()  # where the columns begin; by default evenly
    ruled: bool = True


@dataclass
class Report:
    """Lines of text and tables in order."""

    parts: list[Sheet | str] = field(default_factory=list)


BALANCE: list[Row] = [
    ("流动资产：", "", ""),
    ("货币资金", "1,200.50", "900.00"),
    ("交易性金融资产", "", "300.00"),
    ("应收票据", "", ""),
    ("应收账款", "799.50", "700.00"),
    ("流动资产合计", "2,000.00", "1,900.00"),
    ("非流动资产：", "", ""),
    ("固定资产", "3,000.00", "2,600.00"),
    ("非流动资产合计", "3,000.00", "2,600.00"),
    ("资产总计", "5,000.00", "4,500.00"),
    ("流动负债：", "", ""),
    ("短期借款", "1,000.00", "800.00"),
    ("流动负债合计", "1,000.00", "800.00"),
    ("负债合计", "1,000.00", "800.00"),
    ("实收资本（或股本）", "1,500.00", "1,500.00"),
    ("未分配利润", "2,100.00", "1,900.00"),
    ("归属于母公司所有者权益\n（或股东权益）合计", "3,600.00", "3,400.00"),
    ("少数股东权益", "400.00", "300.00"),
    ("所有者权益（或股东权益）合计", "4,000.00", "3,700.00"),
    ("负债和所有者权益（或股\n东权益）总计", "5,000.00", "4,500.00"),
]
PARENT_BALANCE: list[Row] = [
    ("流动资产：", "", ""),
    ("货币资金", "111.00", "222.00"),
    ("应收账款", "89.00", "78.00"),
    ("流动资产合计", "200.00", "300.00"),
    ("长期股权投资", "800.00", "700.00"),
    ("非流动资产合计", "800.00", "700.00"),
    ("资产总计", "1,000.00", "1,000.00"),
    ("负债合计", "100.00", "100.00"),
    ("股本", "500.00", "500.00"),
    ("所有者权益合计", "900.00", "900.00"),
    ("负债和所有者权益总计", "1,000.00", "1,000.00"),
]
INCOME: list[Row] = [
    ("一、营业总收入", "8,000.00", "7,000.00"),
    ("其中：营业收入", "8,000.00", "7,000.00"),
    ("二、营业总成本", "7,100.00", "6,300.00"),
    ("其中：营业成本", "6,000.00", "5,500.00"),
    ("财务费用", "-20.00", "30.00"),
    ("其中：利息费用", "15.00", "40.00"),
    ("利息收入", "35.00", "10.00"),
    ("加：投资收益（损失以“－”号\n填列）", "(50.00)", "20.00"),
    ("三、营业利润（亏损以“－”号填列）", "850.00", "720.00"),
    ("加：营业外收入", "10.00", "5.00"),
    ("减：营业外支出", "20.00", "25.00"),
    ("四、利润总额", "840.00", "700.00"),
    ("减：所得税费用", "140.00", "100.00"),
    ("五、净利润", "700.00", "600.00"),
    ("1.归属于母公司股东的净利润", "650.00", "560.00"),
    ("2.少数股东损益", "50.00", "40.00"),
    ("（一）基本每股收益(元/股)", "0.43", "0.37"),
    ("（二）稀释每股收益(元/股)", "0.43", "0.37"),
]
CASH: list[Row] = [
    ("一、经营活动产生的现金流量：", "", ""),
    ("销售商品、提供劳务收到的现金", "9,000.00", "8,000.00"),
    ("经营活动现金流入小计", "9,000.00", "8,000.00"),
    ("支付的各项税费", "500.00", "400.00"),
    ("经营活动现金流出小计", "8,200.00", "7,500.00"),
    ("经营活动产生的现金流量净额", "800.00", "500.00"),
    ("处置固定资产、无形资产和其他长期\n资产收回的现金净额", "", "7.00"),
    ("投资活动产生的现金流量净额", "-600.00", "-400.00"),
    ("筹资活动产生的现金流量净额", "100.50", "-50.00"),
    ("五、现金及现金等价物净增加额", "300.50", "50.00"),
    ("加：期初现金及现金等价物余额", "900.00", "850.00"),
    ("六、期末现金及现金等价物余额", "1,200.50", "900.00"),
]
KEY: list[Row] = [
    ("营业收入", "8,000.00", "7,000.00", "14.29"),
    ("归属于上市公司股东的净利润", "650.00", "560.00", "16.07"),
    ("归属于上市公司股东的扣除非经\n常性损益的净利润", "610.00", "540.00", "12.96"),
    ("总资产", "5,000.00", "4,500.00", "11.11"),
    ("基本每股收益（元／股）", "0.43", "0.37", "16.22"),
    ("加权平均净资产收益率（%）", "18.57", "17.23", "增加1.34个百分点"),
]
STAFF: list[Row] = [
    ("母公司在职员工的数量", "120"),
    ("主要子公司在职员工的数量", "1,080"),
    ("在职员工的数量合计", "1,200"),
    ("专业构成", ""),
    ("专业构成类别", "专业构成人数"),
    ("生产人员", "700"),
    ("销售人员", "150"),
    ("合计", "1,200"),
    ("教育程度", ""),
    ("教育程度类别", "数量（人）"),
    ("硕士研究生", "60"),
    ("大学本科学历", "340"),
    ("合计", "1,200"),
]


def annual(ruled: bool = True) -> Report:
    """An annual report of 2021 with all parts that are looked for."""
    dates, years = ("项目", "2021年12月31日", "2020年12月31日"), ("项目", "2021年度", "2020年度")

    def sheet(title: str, heads: Row, rows: Sequence[Row]) -> Sheet:
        return Sheet(title, heads, rows, ruled=ruled)

    return Report(
        [
            "公司代码：600999 公司简称：云杉机械",
            "云杉机械股份有限公司",
            "2021年年度报告",
            Sheet(
                "一、公司信息",
                ("公司的中文名称", "云杉机械股份有限公司"),
                [
                    ("公司的外文名称", "Spruce Machinery Co., Ltd."),
                    ("公司的法定代表人", "林望"),
                    ("公司注册地址", "江苏省常州市天宁区云杉路8号"),
                    ("公司办公地址", "江苏省常州市天宁区云杉路8号"),
                    ("公司网址", "www.spruce.example"),
                    ("电子信箱", "ir@spruce.example"),
                ],
                above=(),
            ),
            Sheet("二、主要会计数据", ("主要会计数据", "2021年", "2020年", "本期比上年同期增减(%)"), KEY),
            Sheet("三、员工情况", ("项目", "人数"), STAFF, above=()),
            sheet("合并资产负债表", dates, BALANCE),
            sheet("母公司资产负债表", dates, PARENT_BALANCE),
            sheet("合并利润表", years, INCOME),
            sheet("合并现金流量表", years, CASH),
            "公司负责人：林望 主管会计工作负责人：沈括 会计机构负责人：沈括",
        ]
    )


def pdf(path: Path, report: Report) -> Path:
    """Draws a report; tables go on over pages, their rules closed on each."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas = Canvas(str(path), pagesize=A4)
    pen = _Pen(canvas)
    for part in report.parts:
        if isinstance(part, str):
            pen.line(part)
        else:
            pen.sheet(part)
    pen.page()
    canvas.save()
    return path


class _Pen:
    """Writes from top to bottom; `number` of the page below it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.y, self.number = canvas, 80.0, 1

    def page(self) -> None:
        self._text(_WIDTH / 2, _HEIGHT - 40, str(self.number))
        self._text(380, 45, "云杉机械股份有限公司2021年年度报告")
        self.canvas.showPage()
        self.y, self.number = 80.0, self.number + 1

    def line(self, text: str) -> None:
        self._room(_LINE)
        self._text(60, self.y, text)
        self.y += _LINE

    def _room(self, height: float) -> None:
        if self.y + height > _HEIGHT - 60:
            self.page()

    def _text(self, x: float, y: float, text: str, right: bool = False) -> None:
        self.canvas.setFont(FONT, _SIZE)
        (self.canvas.drawRightString if right else self.canvas.drawString)(x, _HEIGHT - y - _SIZE, text)

    def sheet(self, sheet: Sheet) -> None:
        for text in (sheet.title, *sheet.above):
            self.line(text)
        width = len(sheet.heads)
        starts = list(sheet.columns) or [60.0, *(280.0 + i * 260.0 / (width - 1) for i in range(width - 1))]
        ends = [*starts[1:], 545.0]
        if sheet.top_heads:
            share = (width - 1) // (len(sheet.top_heads) - 1)
            x = [starts[0], *starts[1::share]]
            self._row(sheet.top_heads, x, [*x[1:], 545.0], sheet.ruled, False)
        self._row(sheet.heads, starts, ends, sheet.ruled, False)
        for row in sheet.rows:
            self._row(row, starts, ends, sheet.ruled, True)
        self.y += _LINE

    def _row(self, row: Row, starts: Sequence[float], ends: Sequence[float], ruled: bool, right: bool) -> None:
        lines = row[0].split("\n")
        height = _LINE + (len(lines) - 1) * 12.0
        self._room(height)
        for i, text in enumerate(lines):
            self._text(starts[0] + 4, self.y + 4 + i * 12.0, text)
        middle = self.y + 4 + (len(lines) - 1) * 6.0 * (1 if ruled else 2)
        for text, x0, x1 in zip(row[1:], starts[1:], ends[1:]):
            self._text(x1 - 6 if right else x0 + 10, middle, text, right)
        if ruled:
            for x in (*starts, ends[-1]):
                self.canvas.line(x, _HEIGHT - self.y, x, _HEIGHT - self.y - height)
            for y in (self.y, self.y + height):
                self.canvas.line(starts[0], _HEIGHT - y, ends[-1], _HEIGHT - y)
        self.y += height


def html(path: Path, report: Report) -> Path:
    parts = []
    for part in report.parts:
        if isinstance(part, str):
            parts.append(f"<p>{part}</p>")
            continue
        parts += [f"<p>{text}</p>" for text in (part.title, *part.above)]
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in (part.heads, *part.rows))
        parts.append(f"<table>{rows}</table>")
    path.write_text(f"<html><body>{''.join(parts)}</body></html>".replace("\n", ""), encoding="utf-8")
    return path


def json_lines(path: Path, report: Report) -> Path:
    """As the organisers of the challenge wrote reports; a part a page."""
    records = []
    for page, part in enumerate(report.parts, 1):
        texts = [part] if isinstance(part, str) else [part.title, *part.above]
        records += [{"page": page, "type": "text", "inside": text} for text in texts]
        if not isinstance(part, str):
            for row in (part.heads, *part.rows):
                records.append({"page": page, "type": "excel", "inside": str([cell.replace("\n", "") for cell in row])})
        records.append({"page": page, "type": "页脚", "inside": str(page)})
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    return path


def text(path: Path, report: Report, encoding: str = "gb18030") -> Path:
    """Text as some converters write it: a blank behind every cell, a running head and the page's number before each part."""
    lines = []
    for page, part in enumerate(report.parts, 1):
        lines += ["云杉机械股份有限公司 2021 年年度报告全文 ", f"{page} "]
        for said in [part] if isinstance(part, str) else [part.title, *part.above]:
            lines.append(said + " ")
        if not isinstance(part, str):
            for row in (part.heads, *part.rows):
                *wrapped, label = row[0].split("\n")
                cells = "".join(f"{cell} " for cell in row[1:])
                lines += [*wrapped, f"{label} ", cells] if wrapped else [f"  {label} {cells}"]
    path.write_text("\n".join(lines), encoding=encoding)
    return path
