"""Does a statement say what its question says? What code can tell from words, it checks; a doubt is a reason not to run it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from agent import schema
from agent.surrogates import Masked

_AGGREGATE_WORDS: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Avg: ("平均值", ("均",)),
    exp.Sum: ("总和", ("合计", "总", "和", "共", "加", "累", "合")),
}
_HIGHEST = re.compile(r"最[高大多快强]|第\d+[高大多]|居首|榜首|领先|[从由](?:大到小|高到低)")
_LOWEST = re.compile(
    r"最[低小少慢弱差]|第\d+[低小少]|倒数|垫底|末[尾位]|最后\d|后\d+[名位家]|[从由](?:小到大|低到高)|[降跌减滑]"
)
_OPPOSITE: Mapping[str, str] = {">": "<", "<": ">"}
# What stands before (after) an amount, and the comparison it means; longer words first, 不超过 holds 超过.
_BEFORE = {
    "<": "不超过|不高于|不大于|不多于|没有?超过|未超过|至多|最多|小于|低于|少于|不足|不到|不满|未达到?|没有?达到|没到",
    ">": "不低于|不少于|不小于|不下于|至少|起码|大于|高于|多于|超过|超出|超|突破|达到|达|破|过",
}
_AFTER = {">": "以上|之上", "<": "以下|以内|之下"}
_DIRECTION: Mapping[type[exp.Expr], str] = {exp.GT: ">", exp.GTE: ">", exp.LT: "<", exp.LTE: "<"}


def doubts(select: exp.Select, masked: Masked) -> list[str]:
    """Reasons, each a phrase, why the statement (over surrogates) cannot be what the masked question asks; empty where none."""
    return [
        *_unused(select, masked),
        *_unasked(select, masked),
        *_unselective(select),
        *_misdirected(select, masked),
        *_miscompared(select, masked),
    ]


def _unused(select: exp.Select, masked: Masked) -> list[str]:
    """Linked surrogates that the statement leaves out: a condition was dropped."""
    literals = [str(x.this) for x in select.find_all(exp.Literal)]
    text = " ".join(literals)
    missing = [s for s in (*masked.companies, *masked.places) if s not in text]
    missing += [str(a) for a in masked.amounts if str(a) not in literals]
    named = {c.name for c in select.find_all(exp.Column)}
    grown = {schema.over_last_year(c)[0] for c in named}
    missing += [c for c in masked.columns if c not in named and c not in grown]
    years = [str(y) for y in masked.years if str(y) not in literals]
    # A growth rate speaks of two years that follow each other and asks for one row.
    if not grown - named or len(years) != 1 or max(masked.years.values()) - min(masked.years.values()) != 1:
        missing += years
    return [f"缺少{name}" for name in missing]


def _unasked(select: exp.Select, masked: Masked) -> list[str]:
    """Aggregates that no word of the question asks for."""
    return [
        f"问题没有问{name}"
        for node, (name, words) in _AGGREGATE_WORDS.items()
        if select.find(node) and not any(word in masked.text for word in words)
    ]


def _unselective(select: exp.Select) -> list[str]:
    """A list of all companies of a year: the question's company or condition was not found."""
    shaped = select.args.get("order") or select.args.get("group") or select.find(exp.AggFunc)
    conditions = (
        {column.name for column in select.args["where"].find_all(exp.Column)} if select.args.get("where") else set()
    )
    by_year = any(
        key.this.name == schema.YEAR for key in select.find_all(exp.Ordered) if isinstance(key.this, exp.Column)
    )
    if by_year and not conditions & {schema.COMPANY, schema.CODE, schema.SHORT_NAME}:
        return ["没有说按哪个字段排序"]
    return [] if shaped or conditions - {schema.YEAR} else ["没有选出公司的条件"]


def _misdirected(select: exp.Select, masked: Masked) -> list[str]:
    """Sorted upwards where the question says 最高 and nothing of 最低, or the other way round."""
    order = next(iter(select.find_all(exp.Ordered)), None)
    high, low = bool(_HIGHEST.search(masked.text)), bool(_LOWEST.search(masked.text))
    if order is None or high == low or bool(order.args.get("desc")) == high:
        return []
    return [f"排序方向与“{'最高' if high else '最低'}”不符"]


def _said_of(amount: int, text: str) -> str | None:
    """The comparison that stands at an amount: > or <; None where the words tell nothing."""
    said = rf"(?<!\d){amount}[元%]"
    if len(re.findall(said, text)) != 1:
        return None
    for comparison, words in _AFTER.items():
        if re.search(rf"{said}(?:及|或)?(?:{words})", text):
            return comparison
    found = [
        (len(match[1]), comparison)
        for comparison, words in _BEFORE.items()
        for match in re.finditer(rf"({words})(?:了|过|在|或?等于|人民币)?{said}(?!到|至|-|~|和|与)", text)
    ]
    return max(found)[1] if found else None


def _miscompared(select: exp.Select, masked: Masked) -> list[str]:
    """超过100元 written as < 100, or the other way round; NOT turns it."""
    found = []
    for literal in select.find_all(exp.Literal):
        parent = literal.parent
        if (
            parent is None
            or type(parent) not in _DIRECTION
            or literal.is_string
            or int(literal.this) not in masked.amounts
        ):
            continue
        written = _DIRECTION[type(parent)]
        if parent.find_ancestor(exp.Not):
            written = _OPPOSITE[written]
        said = _said_of(int(literal.this), masked.text)
        if said and said != written:
            found.append(f"与{literal.this}的比较方向不符")
    return found
