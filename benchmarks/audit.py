"""Every number of an answer is found again in its evidence, by code that shares nothing with the code that wrote the answer.

Regular expressions, Decimal, the rows as `batch --trace` prints them, and the formulas as they are documented.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations
from typing import Any

Row = Mapping[str, Decimal]
# Documented: name = formula; an empty 博士 counts as 0.
FORMULAS: dict[str, Callable[[Row], Decimal]] = {
    "流动比率": lambda r: r["流动资产合计"] / r["流动负债合计"],
    "速动比率": lambda r: (r["流动资产合计"] - r["存货"]) / r["流动负债合计"],
    "企业研发经费与利润比值": lambda r: r["研发费用"] / r["净利润"],
    "企业研发经费与营业收入比值": lambda r: r["研发费用"] / r["营业收入"],
    "企业研发经费占费用比例": lambda r: r["研发费用"] / (r["销售费用"] + r["财务费用"] + r["管理费用"] + r["研发费用"]),
    "研发人员占职工人数比例": lambda r: r["研发人员人数"] / r["职工总人数"],
    "企业硕士及以上人员占职工人数比例": lambda r: (
        (r["硕士员工人数"] + r.get("博士及以上的员工人数", Decimal(0))) / r["职工总人数"]
    ),
    "毛利率": lambda r: (r["营业收入"] - r["营业成本"]) / r["营业收入"],
    "三费比重": lambda r: (r["销售费用"] + r["管理费用"] + r["财务费用"]) / r["营业收入"],
    "净利润率": lambda r: r["净利润"] / r["营业收入"],
    "营业利润率": lambda r: r["营业利润"] / r["营业收入"],
    "营业成本率": lambda r: r["营业成本"] / r["营业收入"],
    "管理费用率": lambda r: r["管理费用"] / r["营业收入"],
    "财务费用率": lambda r: r["财务费用"] / r["营业收入"],
    "投资收益占营业收入比率": lambda r: r["投资收益"] / r["营业收入"],
    "资产负债比率": lambda r: r["负债合计"] / r["资产总计"],
    "现金比率": lambda r: r["货币资金"] / r["流动负债合计"],
    "流动负债比率": lambda r: r["流动负债合计"] / r["负债合计"],
    "非流动负债比率": lambda r: r["非流动负债合计"] / r["负债合计"],
    "净资产收益率": lambda r: r["净利润"] / r["所有者权益合计"],
    "每股净资产": lambda r: r["归属于母公司所有者权益合计"] / r["股本"],
    "每股经营现金流量": lambda r: r["经营活动产生的现金流量净额"] / r["股本"],
}
_NUMBER = re.compile(r"(?<![\d.])-?\d[\d,]*(?:\.\d+)?(?P<unit>亿元|万元|元|%|个百分点|人|家|年)?")
_SCALE = {"亿元": Decimal(10) ** 8, "万元": Decimal(10) ** 4, "%": Decimal("0.01"), "个百分点": Decimal("0.01")}
_NUMERIC = re.compile(r"-?\d+(?:\.\d+)?(?:E[+-]?\d+)?")
_CODES = ("股票代码",)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text.replace("，", "；")).replace(" ", "")


def _rows(evidence: Mapping[str, Any]) -> list[dict[str, Decimal]]:
    """The numeric cells of each row by column."""
    return [
        {
            column: Decimal(cell)
            for column, cell in zip(evidence["columns"], row)
            if cell is not None and column not in _CODES and _NUMERIC.fullmatch(cell)
        }
        for row in evidence["rows"]
    ]


def _texts(answer: Mapping[str, Any]) -> list[str]:
    """Names and texts whose digits are no numbers, the longest first."""
    columns, rows = answer["evidence"]["columns"], answer["evidence"]["rows"]
    cells = [c for row in rows for name, c in zip(columns, row) if c and (name in _CODES or not _NUMERIC.fullmatch(c))]
    given = [value for value in answer["parameters"].values() if not _NUMERIC.fullmatch(value)]
    found = {_plain(text).strip("%") for text in (*cells, *given)}
    return sorted(filter(None, found), key=len, reverse=True)


def _known(rows: list[dict[str, Decimal]]) -> Iterator[Decimal]:
    """Cells, formulas and changes over the year before; and how two rows differ in each of these."""
    derived = []
    for row in rows:
        found = {name: value for name, value in row.items() if name != "年份"}
        for name, formula in FORMULAS.items():
            try:
                found[name] = formula(row)
            except (KeyError, ArithmeticError):
                continue
        for name in [n for n in row if "上年" + n in row]:
            change = row[name] - row["上年" + name]
            found[name + "增长额"] = change
            if row["上年" + name]:
                found[name + "增长率"] = change / row["上年" + name]
        derived.append(found)
        yield from found.values()
    for first, second in permutations(derived, 2) if len(derived) <= 4 else ():
        for name in first.keys() & second.keys():
            yield first[name] - second[name]
            if second[name]:
                yield (first[name] - second[name]) / second[name]


def _is(printed: str, unit: str | None, value: Decimal) -> bool:
    number, scale = Decimal(printed.replace(",", "")), _SCALE.get(unit or "", Decimal(1))
    exact = value / scale
    return exact == number or exact.quantize(number, ROUND_HALF_UP) == number


def _whole(answer: Mapping[str, Any], rows: list[dict[str, Decimal]]) -> set[int]:
    """Numbers that count something: rows, companies, k of the statement, numbers and years of the question."""
    evidence = answer["evidence"]
    companies = (
        {row[evidence["columns"].index("公司全称")] for row in evidence["rows"]}
        if "公司全称" in evidence["columns"]
        else set()
    )
    stated = [int(n) for n in re.findall(r"(?<![\w\"])\d+", answer["sql"] or "")]
    years = {int(row["年份"]) for row in rows if "年份" in row}
    listed = {60} if len(companies) > 60 else set()
    asked = {int(n) + (2000 if len(n) == 2 else 0) for n in re.findall(r"\d+(?=年)", _plain(answer["question"]))}
    return {len(rows), len(companies), 0, *stated, *(n + 1 for n in stated), *years, *listed, *asked}


def audit(answer: Mapping[str, Any]) -> tuple[int, list[str]]:
    """(how many numbers the answer prints, those that are found nowhere). `answer`: a line of `batch --trace`, evidence there."""
    text = _plain(answer["answer"])
    for name in _texts(answer):
        text = text.replace(name, "〇")
    rows = _rows(answer["evidence"])
    known = [*_known(rows), *(Decimal(v) for v in answer["parameters"].values() if _NUMERIC.fullmatch(v))]
    whole, count, missed = _whole(answer, rows), 0, []
    for match in _NUMBER.finditer(text):
        unit = match["unit"]
        printed = match[0].removesuffix(unit or "")
        count += 1
        counted = unit in (None, "家", "年") and "." not in printed and int(printed.replace(",", "")) in whole
        if not counted and not any(_is(printed, unit, value) for value in known):
            missed.append(match[0])
    return count, missed
