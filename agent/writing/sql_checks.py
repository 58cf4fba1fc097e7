"""Does a statement say what its question says? What code can tell from words, it checks; a doubt is a reason not to run it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from agent.figures import schema
from agent.reading.words import GROWN, Words
from agent.records import Masked
from agent.writing.surrogates import KTH, TEXT, THEMSELVES, TOP

_AGGREGATE_WORDS: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Avg: ("平均值", ("均",)),
    exp.Sum: ("总和", ("合计", "总", "和", "共", "加", "累", "合")),
}
_ALL = re.compile("所有|全部|全体|整个|各")
_COUNTED = re.compile(r"[几数]|多少|总[共计]|统计|清点|共有")
# What stands before (after) an amount, and the comparison that it says; of several the longest counts, 不超过 holds 超过.
_BEFORE: Mapping[str, type[exp.Expr]] = {
    r"不超过|不高于|不大于|不多于|没有?超过|未超过|至多|最多|(?:小于|低于|少于)或?等于": exp.LTE,
    r"小于|低于|少于|不足|不到|不满|未满|未达到?|没有?达到|没到": exp.LT,
    r"不低于|不少于|不小于|不下于|至少|起码|达到|达|(?:大于|高于|多于)或?等于": exp.GTE,
    r"大于|高于|多于|超过|超出|超|突破|破|过|(?<![以之])上": exp.GT,
}
_AFTER: Mapping[str, type[exp.Expr]] = {"以上|之上": exp.GT, "以下|之下": exp.LT, "以内": exp.LTE}
AFTERWARDS = rf"(?:及|或)?(?:{'|'.join(_AFTER)})?"
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE)


def settle(select: exp.Select, masked: Masked) -> exp.Select:
    """The statement with what the question's words say for certain, whatever the model wrote: 不超过100元 is <= 100, 任意一年
    is HAVING COUNT(*) >= 1, and a bare 排第7 counts from the highest."""
    select, words = select.copy(), Words.of(masked.text)
    having = select.args.get("having")
    if having is not None and words.some_year != words.every_year:
        test, times = (exp.GTE, 1) if words.some_year else (exp.EQ, len(masked.years))
        having.set("this", test(this=having.this.this.copy(), expression=exp.Literal.number(times)))
    for ordered in select.find_all(exp.Ordered) if words.certain else ():
        ordered.set("desc", words.highest)
        ordered.set("nulls_first", words.lowest)
    for literal in list(select.find_all(exp.Literal)):
        parent = literal.parent
        if literal.is_string or not isinstance(parent, _COMPARISONS) or int(literal.this) not in masked.amounts:
            continue
        said = said_of(int(literal.this), _part(schema.over_last_year(parent.this.name)[0], literal.this, masked.text))
        if said and parent.find_ancestor(exp.Not) is None:
            parent.replace(said(this=parent.this.copy(), expression=literal.copy()))
    return select


def doubts(select: exp.Select, masked: Masked) -> list[str]:
    """Reasons, each a phrase, why the statement (over surrogates) cannot be what the masked question asks; empty where none."""
    return [
        *_unused(select, masked),
        *_unasked(select, masked),
        *_unselective(select),
        *_misranked(select, masked),
        *_misdirected(select, masked),
        *_repeated(select, masked),
        *_mispaired(select, masked),
        *_misordered(select, masked),
        *_over_years(select, masked),
        *_added_up(select, masked),
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
    missing += [c for c in masked.asked if c not in named]
    years = [str(y) for y in masked.years if str(y) not in literals]
    # A growth rate speaks of two years that follow each other and asks for one row.
    if not grown - named or len(years) != 1 or max(masked.years.values()) - min(masked.years.values()) != 1:
        missing += years
    where = select.args.get("where")
    elsewhere = where is not None and any(c.name == "注册地址" for c in where.find_all(exp.Column))
    if elsewhere and by_office(masked):
        missing.append("办公地址")
    return [f"缺少{name}" for name in missing]


def by_office(masked: Masked) -> bool:
    """Whether a place is said of offices, and none of a registration."""
    places = "|".join(masked.places) or "$"
    said = re.search(rf"办公[^,的和]{{0,6}}(?:{places})|(?:{places})[^,的]{{0,6}}办公", masked.text)
    return said is not None and "注册" not in masked.text


def _unasked(select: exp.Select, masked: Masked) -> list[str]:
    """Aggregates and growth that no word of the question asks for."""
    grown = any(schema.over_last_year(c.name)[1] for c in select.find_all(exp.Column))
    found = ["问题没有问增长"] if grown and not GROWN.search(masked.text) else []
    having = select.args.get("having")
    counted = [c for c in select.find_all(exp.Count) if having is None or c.find_ancestor(exp.Having) is None]
    shown = {e.name for e in select.expressions if isinstance(e, exp.Column)}
    beside = (shown & THEMSELVES) - masked.asked - {schema.COMPANY, schema.YEAR} if masked.companies else set()
    found += [f"问题没有问{name}" for name in sorted(beside)]
    found += ["问题没有问数量"] if counted and not _COUNTED.search(masked.text) else []
    return found + [
        f"问题没有问{name}"
        for node, (name, words) in _AGGREGATE_WORDS.items()
        if select.find(node)
        and not any(word in masked.text for word in words)
        and (masked.companies or node is exp.Avg or not (masked.places or masked.amounts or _ALL.search(masked.text)))
    ]


def _unselective(select: exp.Select) -> list[str]:
    """A list of all companies of a year: the question's company or condition was not found."""
    shaped = select.args.get("order") or select.args.get("group") or select.find(exp.AggFunc)
    conditions = (
        {column.name for column in select.args["where"].find_all(exp.Column)} if select.args.get("where") else set()
    )
    keys = {key.this.name for key in select.find_all(exp.Ordered) if isinstance(key.this, exp.Column)}
    if keys & {*TEXT, *THEMSELVES} - {schema.YEAR}:
        return ["没有说按哪个字段排序"]
    if schema.YEAR in keys and not conditions & {schema.COMPANY, schema.CODE, schema.SHORT_NAME}:
        return ["没有说按哪个字段排序"]
    return [] if shaped or conditions - {schema.YEAR} else ["没有选出公司的条件"]


def _misranked(select: exp.Select, masked: Masked) -> list[str]:
    """前k and 第k have to stand in LIMIT, OFFSET or 名次."""
    literals = [str(x.this) for x in select.find_all(exp.Literal)]
    missing = [f"缺少前{masked.top}名"] if masked.top and str(TOP) not in literals else []
    kth = masked.kth and masked.kth > 1 and str(KTH - 1) not in literals
    return [*missing, f"缺少第{masked.kth}名"] if kth else missing


def _misdirected(select: exp.Select, masked: Masked) -> list[str]:
    """Sorted upwards where the question says 最高 and nothing of 最低, or the other way round."""
    order, words = next(iter(select.find_all(exp.Ordered)), None), Words.of(masked.text)
    if order is None or words.highest == words.lowest or bool(order.args.get("desc")) == words.highest:
        return []
    return [f"排序方向与“{'最高' if words.highest else '最低'}”不符"]


def ranked_by(masked: Masked) -> list[str]:
    """The columns that stand before 最高 or 最低."""
    return re.findall(rf"({column_said(masked)})(?:的?(?:金额|总额|数额|数))?(?:是|为|排)?最[高大多低少小]", masked.text)


def _misordered(select: exp.Select, masked: Masked) -> list[str]:
    """Sorted by another column than the one before 最高."""
    order = next(iter(select.find_all(exp.Ordered)), None)
    said = set(ranked_by(masked))
    by = {schema.over_last_year(c.name)[0] for c in order.find_all(exp.Column)} if order else set()
    within = re.search(rf"({column_said(masked)})[^,]{{0,6}}?前\d[^,]{{0,8}}?[中里内][^,]{{0,6}}?({column_said(masked)})[^,]{{0,4}}?最", masked.text)
    if by and (len(said) > 1 or (within and within[1] != within[2])):
        return ["一个问题里有两个排名"]
    return [f"不是按{'、'.join(sorted(said))}排的"] if by and len(said) == 1 and not said & by else []


def amount_said(amount: object) -> str:
    """A pattern for an amount (or a group of them) as the masked question says it."""
    return rf"(?<!\d){amount}[元%]"


def _part(column: str, amount: str, text: str) -> str:
    """The text; of one that says the amount of several columns the part from this column to its amount."""
    said = amount_said(amount)
    if len(re.findall(said, text)) < 2:
        return text
    own = re.search(rf"{re.escape(column)}[^元%]*?{said}{AFTERWARDS}", text)
    return own[0] if own else text


def said_of(amount: int, text: str) -> type[exp.Expr] | None:
    """The comparison that stands at an amount; None where the words tell nothing, or it is said twice."""
    said = amount_said(amount)
    if len(re.findall(said, text)) != 1:
        return None
    for words, comparison in _AFTER.items():
        if re.search(rf"{said}(?:及|或)?(?:{words})", text):
            return comparison
    found = [
        (len(match[1]), comparison)
        for words, comparison in _BEFORE.items()
        for match in re.finditer(rf"({words})(?:了|过|在|到|人民币)?{said}(?!到|至|-|~|和|与)", text)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _repeated(select: exp.Select, masked: Masked) -> list[str]:
    """An amount that is said once and compared with twice, without a word such as 均; a range of one amount."""
    literals = [str(x.this) for x in select.find_all(exp.Literal)]
    said = {a: len(re.findall(amount_said(a), masked.text)) for a in masked.amounts}
    twice = [a for a, count in said.items() if literals.count(str(a)) > count > 0]
    listed = re.search(rf"{column_said(masked)}{_LISTED}{column_said(masked)}|[都均]|同时", masked.text)
    points = [b for b in select.find_all(exp.Between) if b.args["low"] == b.args["high"]]
    ranges = [b for b in select.find_all(exp.Between) if not _is_range(b, masked.text)]
    if ranges and not points:
        return ["两个金额不是一个范围"]
    return ["范围的两头相同"] if points else [] if listed else [f"{a}只说了一次" for a in twice]


def _is_range(between: exp.Between, text: str) -> bool:
    """Whether the amounts of a range are said as one: nothing is listed between them, or a word says so."""
    low, high = (amount_said(between.args[end].this) for end in ("low", "high"))
    apart = re.search(rf"{low}(.*?){high}|{high}(.*?){low}", text)
    if apart is None:
        return True
    said = apart[1] or apart[2] or ""
    return not re.search("[、,;]", said) or bool(re.search(r"(?<![不没达])到|至|[~-]", said)) or "之间" in text[apart.end() :]


_LISTED = "(?:和|与|、|及|以及|跟|还有|,)"


def column_said(masked: Masked) -> str:
    """A pattern for the columns of the question."""
    return f"(?:{'|'.join(map(re.escape, masked.columns)) or '$'})"


def _mispaired(select: exp.Select, masked: Masked) -> list[str]:
    """An amount compared with another column than the one that stands before it."""
    found = []
    for literal in select.find_all(exp.Literal):
        parent = literal.parent
        if literal.is_string or not isinstance(parent, (*_COMPARISONS, exp.Between)):
            continue
        before = re.split(amount_said(literal.this), masked.text)
        named = re.findall(rf"{column_said(masked)}(?:{_LISTED}{column_said(masked)})*", before[0])
        column = schema.over_last_year(parent.this.name)[0]
        if len(before) == 2 and named and column not in named[-1] and not re.match(rf"的?{column_said(masked)}", before[1]):
            found.append(f"{literal.this}不是对{column}说的")
    return found


def _over_years(select: exp.Select, masked: Masked) -> list[str]:
    """Every year taken for some year or the other way round; one figure over all years where one for each is asked for."""
    words, having = Words.of(masked.text), select.args.get("having")
    one_sided = words.some_year != words.every_year
    if having is not None and one_sided and isinstance(having.this, exp.EQ) == words.some_year:
        return ["“每年”与“某一年”不符"]
    group = select.args.get("group")
    if group is not None and group.expressions[0].name == schema.YEAR and not words.each:
        return ["没有要求按年份分开"]
    several = len(masked.years) > 1 and not masked.companies
    if several and group is None and select.find(exp.Count):
        return ["几年里的同一家公司会重复计数"]
    shown = {c.name for c in select.find_all(exp.Column)}
    grown = any(schema.over_last_year(name)[1] for name in shown)
    compared = [str(x.this) for x in select.find_all(exp.Literal) if str(x.this) in map(str, masked.years)]
    if several and grown and len(compared) > 1 and not words.each:
        return ["与上年比较只看后一年"]
    aggregated = any(e.find(exp.AggFunc) for e in select.expressions) and select.args.get("group") is None
    limit = select.args.get("limit")
    first = limit is not None and limit.expression.this == "1" and masked.kth in (None, 1)
    if several and having is None and select.args.get("order") and one_sided and words.some_year and first:
        return ["没有按年份分别排名"]
    return ["没有按年份分开"] if several and aggregated and words.year_by_year else []


def _added_up(select: exp.Select, masked: Masked) -> list[str]:
    """Years that are to be added up and are not; a sum where a change, or a company, is asked for."""
    words, several = Words.of(masked.text), len(masked.years) > 1
    aggregated = bool(select.find(exp.Sum, exp.Avg))
    total = aggregated and select.args.get("group") is None
    if words.which and total and not masked.companies and not words.each:
        return ["问的是哪家公司"]
    if several and masked.companies and total and words.changed:
        return ["问的是变化，不是总和"]
    counted = any(shown.find(exp.Count) for shown in select.expressions)
    in_years = select.args.get("having") is not None and not (words.some_year or words.every_year)
    ranked = (select.args.get("order") is not None or in_years) and not masked.companies
    plain = len(masked.companies) == 1 and not words.changed
    if several and words.together and not (words.each or aggregated or counted) and (ranked or plain):
        return ["没有把几年加起来"]
    return []
