"""Identities of the statements: what they find wrong is kept and marked, as a report may be wrong or two cells mixed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from agent.reports import key_figures
from agent.reports.amounts import UNITS
from agent.reports.store import Cell

# (statement, whole, its parts): the whole is the sum of the parts, those after a minus taken away. Parts that are missing count as nothing
# where they stand in _OPTIONAL.
_IDENTITIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("资产负债表", "资产总计", ("流动资产合计", "非流动资产合计")),
    ("资产负债表", "负债合计", ("流动负债合计", "非流动负债合计")),
    ("资产负债表", "负债和所有者权益总计", ("负债合计", "所有者权益合计")),
    ("资产负债表", "资产总计", ("负债和所有者权益总计",)),
    ("资产负债表", "所有者权益合计", ("归属于母公司所有者权益合计", "少数股东权益")),
    ("利润表", "利润总额", ("营业利润", "营业外收入", "-营业外支出")),
    ("利润表", "净利润", ("利润总额", "-所得税费用")),
    ("利润表", "净利润", ("归属于母公司所有者的净利润", "少数股东损益")),
    ("利润表", "净利润", ("持续经营净利润", "终止经营净利润")),
    ("利润表", "综合收益总额", ("净利润", "其他综合收益的税后净额")),
    ("利润表", "综合收益总额", ("归属于母公司所有者的综合收益总额", "归属于少数股东的综合收益总额")),
    ("现金流量表", "经营活动产生的现金流量净额", ("经营活动现金流入小计", "-经营活动现金流出小计")),
    ("现金流量表", "投资活动产生的现金流量净额", ("投资活动现金流入小计", "-投资活动现金流出小计")),
    ("现金流量表", "筹资活动产生的现金流量净额", ("筹资活动现金流入小计", "-筹资活动现金流出小计")),
    (
        "现金流量表",
        "现金及现金等价物净增加额",
        ("经营活动产生的现金流量净额", "投资活动产生的现金流量净额", "筹资活动产生的现金流量净额", "汇率变动对现金及现金等价物的影响"),
    ),
    ("现金流量表", "期末现金及现金等价物余额", ("期初现金及现金等价物余额", "现金及现金等价物净增加额")),
)  # fmt: skip
_OPTIONAL = frozenset(
    [
        "少数股东权益",
        "少数股东损益",
        "营业外收入",
        "营业外支出",
        "终止经营净利润",
        "其他综合收益的税后净额",
        "归属于少数股东的综合收益总额",
        "汇率变动对现金及现金等价物的影响",
        "非流动负债合计",
        "投资活动现金流入小计",
        "筹资活动现金流入小计",
        "筹资活动现金流出小计",
    ]
)
_SIGNED = frozenset(["所得税费用", "营业外支出"])  # printed with brackets by banks: taken away all the same
_PER_SHARE, _SMALL = "元/股", Decimal("0.005")


def checked(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, each with the identities that it does not fulfil."""
    failed: dict[int, list[str]] = {}
    groups: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for i, cell in enumerate(cells):
        if cell.value is not None and cell.statement in ("资产负债表", "利润表", "现金流量表"):
            groups.setdefault((cell.statement, cell.scope, cell.column, cell.span), {})[cell.item] = i
    for (statement, *_), at in groups.items():
        for whole, parts, said in _broken(statement, at, cells):
            for name in (whole, *parts):
                if name in at:
                    failed.setdefault(at[name], []).append(said)
    _against_key_figures(cells, failed)
    return [replace(cell, failed="；".join(failed[i])) if i in failed else cell for i, cell in enumerate(cells)]


def _broken(statement: str, at: Mapping[str, int], cells: Sequence[Cell]) -> list[tuple[str, list[str], str]]:
    found = []
    for kind, whole, parts in _IDENTITIES:
        names = [part.lstrip("-") for part in parts]
        if kind != statement or whole not in at or any(n not in at and n not in _OPTIONAL for n in names):
            continue
        if not any(name in at for name in names):
            continue
        total = Decimal(0)
        for part, name in zip(parts, names):
            if name in at:
                value = _value(cells[at[name]])
                taken = -abs(value) if name in _SIGNED and value < 0 and cells[at[name]].unit != "元" else -value
                total += taken if part.startswith("-") else value
        known = _value(cells[at[whole]])
        outflow = known != total and _with_signed_outflow(parts, at, cells) == known
        if abs(known - total) > _allowed(cells[at[whole]]) and not outflow:
            found.append((whole, names, f"{whole}≠{''.join(p if p[0] == '-' else '+' + p for p in parts).lstrip('+')}"))
    return found


def _with_signed_outflow(parts: Sequence[str], at: Mapping[str, int], cells: Sequence[Cell]) -> Decimal | None:
    """The sum where what is taken away is printed negative already."""
    values = [_value(cells[at[name]]) for part in parts if (name := part.lstrip("-")) in at]
    return sum(values, Decimal(0))


def _value(cell: Cell) -> Decimal:
    return Decimal(cell.value or 0)


def _allowed(cell: Cell) -> Decimal:
    """What rounding may make: some of the last printed digit."""
    return Decimal("0.05") if cell.unit == "元" else Decimal(2 * UNITS.get(cell.unit, 1))


def _against_key_figures(cells: Sequence[Cell], failed: dict[int, list[str]]) -> None:
    """The key figures say the same as the group's statements."""
    told = {
        (c.item, c.column, c.span): i for i, c in enumerate(cells) if c.statement == key_figures.STATEMENT and c.value
    }
    for i, cell in enumerate(cells):
        other = told.get((cell.item, cell.column, cell.span))
        if cell.statement == key_figures.STATEMENT or cell.scope != "合并" or other is None or not cell.value:
            continue
        allowed = _SMALL if cell.unit == _PER_SHARE else max(_allowed(cell), _allowed(cells[other]))
        if abs(_value(cell) - _value(cells[other])) > allowed:
            for at in (i, other):
                failed.setdefault(at, []).append(f"{cell.statement}与{key_figures.STATEMENT}的{cell.item}不一致")
