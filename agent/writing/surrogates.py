"""Surrogates: what the NL2SQL model reads and writes in place of real names.

A small model copies 华兴 but not 鑫鹏镧, and writes 五千万 with a zero too few. So every company, year, place, amount, k and column that
code has linked is replaced by one of a few fixed words before the model, and put back after it: names and amounts as values, columns by name.
The words are ordinary ones (a known column, a known place), which a language model handles better than odd placeholders.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.records import ColumnMention, Entities, Masked, Mention

COMPANIES = ("甲公司", "乙公司", "丙公司", "丁公司")
PLACES = ("杭州", "北京", "四川", "广东")
NUMERIC = ("货币资金", "净利润", "营业收入", "存货", "固定资产", "财务费用")
TEXT = ("法定代表人", "电子信箱", "外文名称")
AMOUNTS = (100, 200, 300, 400)
LAST_YEAR_SHOWN = 2021
TOP, KTH = 5, 7
# Columns that the sentence structure itself speaks of (在杭州注册的, 公司名称); they stand for themselves.
THEMSELVES = frozenset({schema.COMPANY, schema.YEAR, schema.CODE, schema.SHORT_NAME, *schema.PLACE_COLUMNS})


def _give(table: dict, surrogates: Sequence, real: object, what: str) -> object:
    """The surrogate of `real`, a new one from `surrogates` where it has none yet."""
    for surrogate, known in table.items():
        if known == real:
            return surrogate
    if len(table) >= len(surrogates):
        raise NotAnswerable(f"一个问题里最多能处理{len(surrogates)}个{what},请拆成几个问题。")
    surrogate = next(s for s in surrogates if s not in table)
    table[surrogate] = real
    return surrogate


def _column(masked: Masked, name: str) -> str:
    if name in THEMSELVES:
        if name not in (schema.COMPANY, schema.YEAR):
            masked.asked.add(name)
        return name
    words = TEXT if schema.unit_of(name) == "text" else NUMERIC
    taken = {s: r for s, r in masked.columns.items() if s in words}
    surrogate = str(_give(taken, words, name, "字段"))
    masked.columns[surrogate] = name
    return surrogate


def _mention(masked: Masked, mention: Mention) -> str:
    if mention.kind == "company":
        return str(_give(masked.companies, COMPANIES, mention.value or mention.text, "公司"))
    if mention.kind == "place":
        return str(_give(masked.places, PLACES, mention.value, "地点"))
    if mention.kind == "amount":
        unit = "%" if "%" in mention.text or "百分之" in mention.text else "元"  # 增长超过5% is not 增加超过5亿
        return f"{_give(masked.amounts, AMOUNTS, mention.value, '金额')}{unit}"
    if mention.kind == "year":
        shown = {real: surrogate for surrogate, real in masked.years.items()}
        return "、".join(f"{shown[year]}年" for year in mention.value)  # type: ignore[attr-defined]
    if mention.kind == "top":
        masked.top = masked.top or int(str(mention.value))
        return str(TOP)
    masked.kth = masked.kth or int(str(mention.value))
    return str(KTH)


def mask(entities: Entities, columns: Sequence[ColumnMention]) -> Masked:
    """Replaces every mention; a column inside another mention (博士 in 博士眼镜) is not one.

    Years keep their order: the latest becomes 2021 (2020 where only one is named), the others the years before it.

    Raises:
        NotAnswerable: more companies, places, amounts or columns than there are surrogates.
    """
    masked = Masked()
    years = entities.years
    last = LAST_YEAR_SHOWN if len(years) > 1 else LAST_YEAR_SHOWN - 1
    masked.years = {last - len(years) + 1 + i: year for i, year in enumerate(years)}
    pieces: list[str] = []
    at = 0
    both: list[Mention | ColumnMention] = [*entities.mentions, *columns]
    spans = sorted(both, key=lambda m: (m.start, -m.end, isinstance(m, ColumnMention)))
    for span in spans:
        if span.start < at:
            continue
        pieces.append(entities.text[at : span.start])
        pieces.append(_column(masked, span.column) if isinstance(span, ColumnMention) else _mention(masked, span))
        at = span.end
    masked.text = "".join([*pieces, entities.text[at:]])
    if any(m.text.isdecimal() for m in entities.of("company")):
        masked.asked.discard(schema.CODE)  # 股票代码600001是哪家公司 names the company
    return masked
