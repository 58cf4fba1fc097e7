"""Which of a report's reasons belong to the line that 为什么 asks of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.reports.text import headings, reasons
from agent.reports.text.question import Asked
from agent.reports.text.quote import SENTENCE, Quote
from agent.reports.text.reasons import Reason
from agent.reports.text.search import Ranked

_MOST = 3
_SAME = 0.75  # of two characters side by side in common, from which two names are one
_LOOKED_AT = 30  # passages
_REASON = re.compile("主要系|主要是|主要由|主要因|主要受|受.{2,40}影响|由于|原因|所致|导致|因为|得益于|系.{4,}所致")
_CHANGE = re.compile("变动|变化|增[加长幅]|减少|下降|上升|上涨|亏损|同比|比上年|较上|提高|降低|转[正负]")
_FILLING = re.compile(r"产生的|及现金等价物|等价物|[（(].*?[)）]|期末|期内|合计|总额|金额|净额|余额|量|的|^[一二三四五六七八九十\d]+[、.．]")
_OWNERS = re.compile("^归属于?(?:上市公司|母公司|本公司|本行)?(?:普通股)?(?:股东|所有者)?")
_QUARTER = re.compile(r"单季|第[一二三四]季度")
_SO_FAR = re.compile(r"前[二三]季度|年初至|累计|1[-－至]9月")


def find(wanted: Asked, given: Sequence[Reason]) -> list[Reason]:
    """The reasons of the line, the most alike names first; none where no name is near."""
    subject = _plain(wanted.subject)
    named = [(_plain(reasons.name(r.item)), r) for r in given]
    likeness = [(_likeness(subject, name), r) for name, r in named]
    most = max((value for value, _ in likeness), default=0.0)
    if most < _SAME:  # 净利润, where only 归属于上市公司股东的净利润 is told
        likeness = [(float(_OWNERS.sub("", name) == subject), r) for name, r in named]
        most = max((value for value, _ in likeness), default=0.0)
    if most < _SAME:
        return []
    found = [r for value, r in likeness if value == most]
    return _of_the_time(wanted, found)[:_MOST]


def sentences(wanted: Asked, ranked: Ranked) -> list[Quote]:
    """Sentences that name the line and give a reason, those of the passages that tell most of it; none where there is none."""
    subject = _plain(wanted.subject)
    if len(subject) < 2:
        return []
    scores = ranked.scores(wanted.words)
    order = sorted((i for i in range(len(scores)) if scores[i]), key=lambda i: -scores[i])[:_LOOKED_AT]
    found = []
    for rank, i in enumerate(order):
        titled = any(subject in _plain(title) for title in ranked.titles[i][-1:])
        for line in ranked.passages[i].lines:
            for said in SENTENCE.findall(line):
                if _named(subject, _plain(headings.plain(said))) and _REASON.search(said) and _CHANGE.search(said):
                    found.append((not titled, rank, Quote(ranked.passages[i].page, ranked.passages[i].path, said.strip())))
    found.sort(key=lambda f: f[:2])
    return [said for *_, said in found[:1]]


def _named(subject: str, said: str) -> bool:
    """A short name stands alone: 利润 is not in 未分配利润."""
    found = re.search(("" if len(subject) > 2 else "(?:^|[，、；和及与])") + re.escape(subject), said)
    return found is not None


def _of_the_time(wanted: Asked, found: list[Reason]) -> list[Reason]:
    """营业收入_本报告期 and 营业收入_年初至报告期末 are two lines of a quarterly report."""
    if _SO_FAR.search(wanted.text):
        return [r for r in found if "年初" in r.item] or found
    if _QUARTER.search(wanted.text):
        return [r for r in found if "本报告期" in r.item] or found
    return found


def _plain(name: str) -> str:
    return _FILLING.sub("", name)


def _likeness(one: str, other: str) -> float:
    """Dice of the pairs of characters; 1 for the same."""
    if one == other:
        return 1.0
    a, b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (one, other))
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0
