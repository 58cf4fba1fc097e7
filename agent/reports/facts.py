"""Facts beside the statements: company information, staff by kind and degree, research, shareholders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from agent.reports.amounts import amount
from agent.reports.document import Document
from agent.reports.pages import Page
from agent.reports.rows import Cell as Place
from agent.reports.rows import Row, rows
from agent.reports.store import Cell

_BASIC, _STAFF, _OTHER = "基本信息", "员工情况", "其他"
_NOTHING = re.compile(r"^(?:/|-+|无|不适用|—+)$")
_COMPANY = (
    ("公司全称", r"(?:公司的?)?(?:法定)?中文(?:法定)?名称|公司名称|法定中文名称"),
    ("股票简称", r"(?:公司)?(?:股票|证券)简称|A股简称"),
    ("股票代码", r"(?:公司)?(?:股票|证券)代码|A股代码"),
    ("外文名称缩写", r"(?:公司的?)?(?:法定)?(?:外文|英文)名称缩写|英文简称|外文简称"),
    ("外文名称", r"(?:公司的?)?(?:法定)?(?:外文|英文)(?:法定)?名称"),
    ("法定代表人", r"(?:公司的?)?法定代表人"),
    ("注册地址", r"(?:公司)?注册地址"),
    ("办公地址", r"(?:公司)?(?:主要)?办公地址"),
    ("公司网址", r"(?:公司)?(?:国际互联网|互联网)?(?:网址|网站)|国际互联网网址|公司国际互联网网址"),
    ("电子信箱", r"(?:公司)?电子(?:信箱|邮箱)"),
)
_LABELS = [(name, re.compile(rf"(?:{pattern})(?:\(如有\))?[::]?")) for name, pattern in _COMPANY]
_LINE = [(name, re.compile(rf"^(?:{pattern})(?:[((]如有[))])?[::\s]+(?P<value>\S.*)$")) for name, pattern in _COMPANY]


def cells(document: Document, company: str, code: str, short_name: str, quarter: bool) -> list[Cell]:
    """All facts of a report, each once. `quarter`: a first or third quarter's, whose table of research has a column a quarter."""
    found: dict[str, Cell] = {}
    for cell in _all(document, quarter):
        found.setdefault(cell.item, cell)
    for item, value in (("公司全称", company), ("股票简称", short_name), ("股票代码", code)):
        if item not in found and value and (page := _page_of(document, value)):
            found[item] = _text(item, value, page, value)
    return list(found.values())


def _all(document: Document, quarter: bool) -> Iterator[Cell]:
    for page in document.pages:
        compact = _compact(page.text)
        if len(re.findall("法定代表人|注册地址|办公地址|公司网址|电子信箱|中文名称|互联网网址|股票简称", compact)) >= 3:
            yield from _company(document, page)
        if re.search("在职员工的?数量|教育程度", compact):
            yield from _staff(document, page)
        if not quarter and re.search("研发人员的?数量|研发投入(?:合计|金额)", compact):
            yield from _research(document, page)
        if "股东总数" in compact or "股东户数" in compact or "股东总户数" in compact:
            yield from _shareholders(page, compact)
        if staff := re.search(r"(?:共有|合计)?在职员工(?:总数|总人数|人数)?(?:合计|共计|为|共)?([\d,]{3,})人", compact):
            yield _count("职工总人数", staff[1], page.number, staff[0], _STAFF)


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _page_of(document: Document, value: str) -> int | None:
    wanted = _compact(value)
    return next((page.number for page in document.pages if wanted in _compact(page.text)), None)


def _text(item: str, value: str, page: int, label: str, row: str = "", place: Place | None = None) -> Cell:
    box = place.box if place and place.box else (None, None, None, None)
    return Cell("", item, "current", "cumulative", _BASIC, value, value, "", label, row or label, page, *box)


def _count(item: str, printed: str, page: int, row: str, statement: str, place: Place | None = None) -> Cell:
    value = amount(printed)
    box = place.box if place and place.box else (None, None, None, None)
    number = None if value is None else str(int(value)) if value == int(value) else str(value)
    return Cell("", item, "current", "cumulative", statement, number, printed, "人", row.split(" ")[0], row, page, *box)


def _company(document: Document, page: Page) -> Iterator[Cell]:
    """Pairs of label and value in a row, and the table of shares (a row of heads, A股 below it)."""
    found = rows(document, page)
    site = next((i for i, row in enumerate(found) if re.search("网址|网站", _compact(row.cells[0].text))), None)
    for i, row in enumerate(found):
        for item, value, label in _pairs(row):
            if item == "电子信箱" and (site is None or abs(site - i) > 2 or len(row.cells) > 2):
                continue  # those of secretaries
            if not _NOTHING.match(value.text):
                yield _text(item, value.text, page.number, label, row.text, value)
        yield from _shares(row, found[i + 1 : i + 4])


def _pairs(row: Row) -> Iterator[tuple[str, Place, str]]:
    for cell, following in zip(row.cells, row.cells[1:]):
        for item, pattern in _LABELS:
            if pattern.fullmatch(_compact(cell.text)) and not _is_label(following.text):
                yield item, following, cell.text
    if not row.ruled and (len(row.cells) <= 2 or row.cells[0].box is None):
        line = row.text
        for item, pattern in _LINE:
            if match := pattern.match(unicodedata.normalize("NFKC", line)):
                value = re.split(r"\s+(?=股票代码|证券代码)", match["value"])[0]
                yield item, Place(value, 0, 0, row.cells[-1].box), item


def _is_label(text: str) -> bool:
    compact = _compact(text)
    return any(pattern.fullmatch(compact) for _, pattern in _LABELS) or "变更前" in compact


def _shares(row: Row, below: list[Row]) -> Iterator[Cell]:
    names = {_compact(cell.text): (cell.x0 + cell.x1) / 2 for cell in row.cells}
    if not {"股票简称", "股票代码"} <= set(names):
        return
    for other in below:
        if len(other.cells) < 3 or not re.match("A股|人民币普通股|境内上市", _compact(other.cells[0].text)):
            continue
        for item in ("股票简称", "股票代码"):
            cell = min(other.cells, key=lambda c: abs((c.x0 + c.x1) / 2 - names[item]))
            yield _text(item, cell.text, other.page, item, other.text, cell)


_EMPLOYED = (
    ("母公司职工人数", r"(?:报告期末)?母公司在职员工的?数量"),
    ("主要子公司职工人数", r"(?:报告期末)?主要子公司在职员工的?数量"),
    ("职工总人数", r"(?:报告期末)?(?:在职)?员工的?(?:数量|总数|人数)合计|在职员工(?:总数|总人数)"),
)
_KINDS = re.compile(r"(生产|销售|技术|财务|行政|研发|职能|管理|业务|运营|服务|采购|质量|后勤)(?:类)?人员")


def _staff(document: Document, page: Page) -> Iterator[Cell]:
    """Numbers of people by company, by kind of work and by degree, from this page and the next."""
    following = [p for p in document.pages if p.number == page.number + 1]
    found = [row for p in (page, *following) for row in rows(document, p)]
    degrees = work = known = False
    for row in found:
        label = re.sub(r"\(.*?\)", "", _compact(row.cells[0].text))
        if re.match("专业构成", label):
            work, degrees = True, False
        elif re.match("教育程度|学历(?:构成|类别|分布)?$", label) and known:
            work, degrees = False, True
        elif label == "合计" and degrees:
            return
        figure = next((cell for cell in row.cells[1:] if amount(cell.text) is not None), None)
        if figure is None:
            continue
        item = next((name for name, pattern in _EMPLOYED if re.fullmatch(pattern, label)), None)
        if item is None and work and (kind := _KINDS.fullmatch(label)):
            item = f"{kind[1]}人员人数"
        if item is None and degrees and label:
            item = _degree(label)
        if item:
            known = True
            yield _count(item, figure.text, row.page, row.text, _STAFF, figure)


def _degree(label: str) -> str | None:
    """The item of a degree: 大学本科学历 → 本科员工人数, 博士及以上 → 博士及以上的员工人数."""
    name = re.sub("学历|学位|毕业|大学(?=本科|专科)|(?<=博士|硕士)研究生|人员|员工|人数", "", label)
    name = re.sub("^大学专科$|^专科$|^大学大专$", "大专", name)
    if not re.match("博士|硕士|研究生|本科|大专|专科|中专|高中|大学", name) or len(name) > 12:
        return None
    return (
        "博士及以上的员工人数"
        if re.fullmatch("博士及?以上", name)
        else f"{name.replace('研究生及以上', '研究生以上')}员工人数"
    )


def _research(document: Document, page: Page) -> Iterator[Cell]:
    for row in rows(document, page):
        label = re.sub(r"\(.*?\)", "", _compact(row.cells[0].text))
        figure = next((cell for cell in row.cells[1:] if amount(cell.text) is not None), None)
        if figure and re.fullmatch("(?:公司)?研发人员的?数量", label):
            yield _count("研发人员人数", figure.text, row.page, row.text, _STAFF, figure)
        elif figure and re.fullmatch("研发投入(?:合计|金额)", label):
            number = amount(figure.text)
            yield Cell(
                "合并", "研发投入合计", "current", "cumulative", _OTHER, str(number), figure.text, "元",
                row.cells[0].text, row.text, row.page, *(figure.box or (None,) * 4),
            )  # fmt: skip


_HOLDERS = re.compile(
    r"(?:截[至止])?(?:本?报告期末|\d{4}年\d{1,2}月\d{1,2}日)(?:的|末)?(?:公司)?(?:普通股|A股)?股东(?:总数|总户数|户数)(?:\(户\))?[^\d,。;股]{0,4}([\d,]+)"
)


def _shareholders(page: Page, compact: str) -> Iterator[Cell]:
    if match := _HOLDERS.search(compact):
        yield _count("股东总户数", match[1], page.number, match[0], _OTHER)
