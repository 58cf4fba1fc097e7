"""What in a question may mean several things: names that companies share, bare words such as 利润, a missing year. Found by code, settled by a choice.

Chat asks; where nobody can be asked the default is taken and told. A company has no default: no figure is better than another company's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from agent.figures import schema
from agent.reading.entities import Linker
from agent.reading.report_text import asks_for_a_figure
from agent.records import Ambiguity, ColumnMention, Entities
from agent.text import mark

# Bare word: the columns it may mean, the default first. Only those that the table has are offered; longer words go first.
WORDS: dict[str, tuple[str, ...]] = {
    "利润率": ("净利润率", "营业利润率", "毛利率"),
    "利润": ("净利润", "营业利润", "利润总额"),
    "费用": ("销售费用", "管理费用", "研发费用", "财务费用"),
    "总收入": ("营业总收入", "营业收入"),
    "收入": ("营业收入", "营业总收入", "营业外收入", "利息收入"),
    "成本": ("营业成本", "营业总成本"),
    "收益": ("净利润", "投资收益", "基本每股收益", "综合收益总额"),
    "资产": ("资产总计", "流动资产合计", "非流动资产合计"),
    "负债": ("负债合计", "流动负债合计", "非流动负债合计"),
    "现金流量": ("经营活动产生的现金流量净额", "投资活动产生的现金流量净额", "筹资活动产生的现金流量净额"),
    "现金流": ("经营活动产生的现金流量净额", "投资活动产生的现金流量净额", "筹资活动产生的现金流量净额"),
    "现金": ("货币资金", "期末现金及现金等价物余额"),
    "借款": ("短期借款", "长期借款"),
    "地址": ("注册地址", "办公地址"),
}
YEARS_OFFERED = 5
_WORD = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))
# The word stands by itself: 利润表, 现金流量表, 研发上的费用 and 利润之比 are other words.
_BEFORE = re.compile(r"(?:^|[,、:;和与及或]|以及|年度?|(?:公司|企业|年报|年度报告|年度?|[它其])的?)$")
_AFTER = re.compile(
    r"$|[?。,、;!是为有最第排超大小高低不少达合共平总均和与及或的呢在怎如几]|多少|增[长速幅]|分别|位[居列]|前[\d一二三五十]|比(?:上|去|前|20)|同比|相比"
)
_STATISTIC = re.compile(r"最[高低大小多少]|[哪几多][家少]|平均|合计|总和|排[名在]|位[居列]|倒数|[高低]于|超过|公司数")
_CONCEPT = re.compile(r"什么[叫意]|何谓|所谓|含义|意思|定义|概念|公式|除以|计算步骤|怎么?算|越[高低多少大小]|局限|解释")


def asks_for_a_meaning(text: str) -> bool:
    """What a word means is asked, not a figure (什么是毛利率)."""
    return re.search("什么[是叫]|是什么(?:意思|概念)|何谓|含义|定义|怎么算|解释", text) is not None


def find(
    entities: Entities, columns: Sequence[ColumnMention], linker: Linker, real: Collection[str], years: Collection[int]
) -> tuple[Ambiguity, ...]:
    """What is to be settled before the question can be answered, in order of position.

    `columns`: what of the question is a column; `real`: the table's columns; `years`: the table's years.
    """
    companies = [
        Ambiguity("company", m.start, m.end, m.text, choices)
        for m in entities.of("company")
        if m.value is None and (choices := linker.alternatives(m.text))
    ]
    if not _is_about_the_table(entities):
        return tuple(companies)
    words = list(_bare_words(entities, columns, real))
    year = [_year(entities, years)] if _needs_a_year(entities, columns, words) else []
    return tuple(sorted([*companies, *words, *year], key=lambda a: a.start))


def with_choices(text: str, choices: Sequence[tuple[Ambiguity, str]]) -> str:
    """`text` (that of the entities) with each ambiguous stretch replaced by what was chosen for it."""
    for ambiguity, chosen in sorted(choices, key=lambda pair: pair[0].start, reverse=True):
        written = f"{chosen}年" if ambiguity.kind == "year" else chosen
        text = text[: ambiguity.start] + written + text[ambiguity.end :]
    return text


def assumed(ambiguity: Ambiguity) -> str:
    """What an answer says before it where the default of a bare word was taken."""
    others = "、".join(c for c in ambiguity.choices if c != ambiguity.default)
    return f"问题里的“{ambiguity.text}”没有说是哪一种，按{ambiguity.default}回答" + (
        f"（还可以问{others}）：" if others else "："
    )


_ASKED = re.compile(
    r"([^，,。?？!！、的\s]{2,12}?)(?:最[高低大小多少])?(?:一共|总共|合计|分别)?(?:是|有|为|达到?|占)?(?:多少|什么|几)"
)


def unknown_field(entities: Entities) -> str:
    """What a question asks for in words that name no column, as far as they can be told: 审计费用."""
    asked = _ASKED.search(mark(entities.text, [((m.start, m.end), "，") for m in entities.mentions]))
    return asked[1] if asked else "要查的字段"


def unknown(text: str, choices: Sequence[str]) -> str:
    """The refusal for a name that is no company's own but near to some."""
    return f"“{text}”不是表中公司的全称、简称或代码，可能指{'、'.join(choices)}，请写出其中一个，无法回答该问题。"


def _is_about_the_table(entities: Entities) -> bool:
    """It asks for a figure of companies, not for a narrative or for what a word means."""
    text = entities.text
    if _CONCEPT.search(text) or not asks_for_a_figure(text):
        return False
    return bool(entities.of("company") or entities.of("place") or entities.of("amount")) or bool(
        _STATISTIC.search(text) or entities.of("top") or entities.of("kth")
    )


def _bare_words(entities: Entities, columns: Sequence[ColumnMention], real: Collection[str]) -> list[Ambiguity]:
    taken = [(m.start, m.end) for m in entities.mentions] + [(c.start, c.end) for c in columns]
    ends = {m.end for m in entities.mentions}
    found = []
    for match in _WORD.finditer(entities.text):
        start, end = match.span()
        before = entities.text[max(0, start - 5) : start]
        alone = (start in ends or (before.endswith("的") and start - 1 in ends) or _BEFORE.search(before)) and (
            _AFTER.match(entities.text, end) or any(s == end for s, _ in taken)
        )
        choices = tuple(name for name in WORDS[match[0]] if _has(name, real))
        if alone and choices and not any(s < end and start < e for s, e in taken):
            found.append(Ambiguity("column", start, end, match[0], choices, choices[0]))
    return found


def _has(name: str, real: Collection[str]) -> bool:
    """A column of the table, or one whose formula the schema knows (what it lacks is told later, by name)."""
    return name in real or name in schema.formulas()


def _needs_a_year(entities: Entities, columns: Sequence[ColumnMention], words: Sequence[Ambiguity]) -> bool:
    """No year is named and a figure is asked for, which differs from year to year as an e-mail address hardly does."""
    figures = any(schema.unit_of(c.column) != "text" for c in columns) or bool(words)
    return figures and not entities.years


def _year(entities: Entities, years: Collection[int]) -> Ambiguity:
    """The empty stretch where a year belongs: before the first company, else at the start."""
    at = min((m.start for m in entities.of("company")), default=0)
    latest = tuple(str(year) for year in sorted(years, reverse=True)[:YEARS_OFFERED])
    return Ambiguity("year", at, at, "", latest, latest[0])
