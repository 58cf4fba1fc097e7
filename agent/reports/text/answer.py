"""A question answered from one report: its own sentences and rows, with page and section, or that it does not say it, and where it would."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.reports.store import About
from agent.reports.text import causes, headings, index, quote
from agent.reports.text.question import Asked, asked
from agent.reports.text.quote import Quote
from agent.reports.text.reasons import Reason
from agent.reports.text.search import Ranked
from agent.reports.text.topics import Topic

COVERED = 0.5  # of the asked words, in the passage that answers; below it the report does not say it
# 客户一, 供应商 3, 单位A, 第二名, 某***公司: names that a report withholds.
_STAND_IN = re.compile(r"(?:客户|供应商|单位|公司|第)[一二三四五六七八九十甲乙丙丁戊A-Za-z\d]{0,2}名?|.*\*{2}.*|[A-Za-z]")
_NAME = re.compile(r"^\s*[1-5一二三四五]\s+|[\d,.%\s\-]+$")  # what stands around the name in such a row
_WHICH = re.compile("第([一二三四五])大|最大|首位")
_ORDINALS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4}
_OF_MOTHER = re.compile("母公司.{0,4}(?:财务报表|会计报表|主要项目|报表)")
_RANKED_ROW = re.compile(r"(?:^|\s)[1-5一二三四五]\s+\S+.*\d{1,3},\d{3}")
_PERIODS = {"FY": "年报", "H1": "半年报", "Q1": "一季报", "Q3": "三季报"}
_WORDS = 0.7  # weight of the words beside titles and lines of a topic
_FIGURE = re.compile(r"\d(?!\d{0,3}年)|[一二三四五六七八九十百]+[个家项名位]")  # a figure that is no year
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class TextAnswer:
    """sources: the quotes behind it; of a report that is silent the place where it would say it, if it has one."""

    text: str
    kind: Literal["answer", "not_disclosed"]
    sources: tuple[Quote, ...]


@dataclass(frozen=True)
class Report:
    """A report's words, ready to be asked."""

    about: About
    ranked: Ranked
    reasons: tuple[Reason, ...]

    @property
    def name(self) -> str:
        """贵州茅台2025年年报."""
        return f"{self.about.short_name or self.about.company}{self.about.year}年{_PERIODS.get(self.about.period, '报告')}"

    @property
    def names(self) -> tuple[str, ...]:
        return self.about.company, self.about.short_name


def report(connection: sqlite3.Connection, document: int, about: About) -> Report:
    """A report of the store."""
    found = Ranked(index.passages(connection, document))
    return Report(about, found, tuple(index.reasons(connection, document)))


def answer(question: str, source: Report) -> TextAnswer:
    """The answer to a question about this report."""
    wanted = asked(question, source.names, source.about.year)
    if wanted.why and (told := _because(wanted, source)):
        return told
    told = _of_topics(wanted, source) if wanted.topics else None
    return told or _of_any(wanted, source)


def _because(wanted: Asked, source: Report) -> TextAnswer | None:
    """The reasons that the report gives for a line's change; a figure alone is none, unless one is asked for too."""
    given = causes.find(wanted, source.reasons)
    said = [Quote(r.page, r.path, _row(r, source.ranked)) for r in given] or causes.sentences(wanted, source.ranked)
    if said:
        return _told(source, said)
    if wanted.amount and wanted.topics:
        return None
    return _silent(source, f"{wanted.subject}变动的原因", "管理层讨论与分析的变动原因说明")


def _row(reason: Reason, ranked: Ranked) -> str:
    """The row of a reason as printed, with its figures; item and reason where no row has both."""
    item, said = headings.plain(reason.item), headings.plain(reason.said)
    for i, passage in enumerate(ranked.passages):
        for plain, line in zip(ranked.lines[i], passage.lines):
            if passage.page == reason.page and plain.startswith(item) and plain.endswith(said):
                return line
    return f"{reason.item}：{reason.said}"


def _of_topics(wanted: Asked, source: Report) -> TextAnswer | None:
    """From the sections that the rules of disclosure name; None where no such section is there but others may say it."""
    scores = source.ranked.scores(wanted.words)
    most = max(scores, default=0.0) or 1.0
    found = [
        (_value(wanted, topic, source.ranked, at) + (_WORDS * scores[at] / most if topic.kind != "top" else 0.0), -at, topic)
        for topic in wanted.topics
        for at in _sections(wanted, topic, source.ranked)
        if not topic.same or _has_rest(wanted, topic, source.ranked, at)
    ]
    if not found:
        needed = [topic for topic in wanted.topics if topic.needs]
        return _silent(source, needed[0].name, needed[0].stands) if needed else None
    _, at, topic = max(found, key=lambda f: f[:2])
    depth = _depth(topic, source.ranked.titles[-at])
    section = source.ranked.below(-at, depth)
    if wanted.names and topic.kind == "names" and (hidden := _withheld(wanted, source, section, topic)):
        return hidden
    if not _hold(source.ranked, section, wanted.years):
        return None
    if not _hold(source.ranked, section, wanted.places):
        return _silent(source, wanted.bare, topic.stands)
    return _told(source, quote.quotes(wanted, source.ranked, section, depth, wanted.topics, -at))


def _has_rest(wanted: Asked, topic: Topic, ranked: Ranked, at: int) -> bool:
    """Whether a passage speaks of what is asked beside the topic's own words."""
    rest = wanted.rest(topic)
    return not rest or ranked.covered(rest, [at]) >= COVERED


def _hold(ranked: Ranked, at: Sequence[int], said: Sequence[str]) -> bool:
    """Whether some passages say all of these words."""
    return all(any(word in line for i in at for line in (*ranked.titles[i], *ranked.lines[i])) for word in said)


def _sections(wanted: Asked, topic: Topic, ranked: Ranked) -> list[int]:
    """Passages under a title of the topic; where it needs certain lines, those of sections with such a line."""
    found = [
        i
        for i, titles in enumerate(ranked.titles)
        if any(topic.titles.search(title) for title in titles[-3:])
        and not (topic.under and not any(topic.under.search(t) and "其他应收" not in t for t in titles))
        and (not wanted.mother or any("母公司" in title for title in titles))
    ]
    fact = topic.facts("".join(wanted.bare.split()))
    if fact is None:
        return found
    keep: dict[tuple[str, ...], bool] = {}
    for i in found:
        head = ranked.titles[i][: _depth(topic, ranked.titles[i])]
        keep[head] = keep.get(head, False) or any(fact.search(line) for line in ranked.lines[i])
    return [i for i in found if keep[ranked.titles[i][: _depth(topic, ranked.titles[i])]]]


def _value(wanted: Asked, topic: Topic, ranked: Ranked, at: int) -> float:
    """How surely a passage tells of the topic: its own title, its lines; earlier ones before later ones."""
    titles = ranked.titles[at]
    value = 0.4 * bool(titles and topic.titles.search(titles[-1]))
    value += 0.6 * bool(topic.first and any(topic.first.search(title) for title in titles))
    for fact in filter(None, (topic.lines, topic.facts("".join(wanted.bare.split())))):
        value += 0.6 * any(fact.search(line) for line in ranked.lines[at])
    value -= bool(not wanted.mother and any(_OF_MOTHER.search(title) for title in titles))
    if (wanted.names or wanted.amount) and all(quote.says_nothing(line) for line in ranked.passages[at].lines):
        value -= 1.0
    return value - 0.3 * at / len(ranked.passages)


def _depth(topic: Topic, titles: Sequence[str]) -> int:
    """Titles down to the deepest one of the topic; of a list down to the first one, whose items are below."""
    named = [i + 1 for i, title in enumerate(titles) if topic.titles.search(title)]
    return (named[0] if topic.kind == "list" else named[-1]) if named else len(titles)


def _withheld(wanted: Asked, source: Report, section: Sequence[int], topic: Topic) -> TextAnswer | None:
    """Names are asked for, and the report gives stand-ins (客户一) or totals only."""
    passages = [source.ranked.passages[i] for i in section]
    rows = [(p, line) for p in passages for line in p.lines if _RANKED_ROW.search(line)]
    one = _WHICH.search(wanted.text)
    if one and rows:  # the largest one alone
        rows = rows[_ORDINALS.get(one[1] or "", 0) :][:1] or rows
    named = [line for _, line in rows if not _STAND_IN.fullmatch(_name(line))]
    if named:
        return None
    page = (rows[0][0] if rows else passages[0]).page
    why = "只写了代称" if rows else "只写了合计"
    return _silent(source, f"{topic.name}的名称", topic.stands, f"第{page}页这一部分{why}，没有写出名称", passages[0])


def _name(row: str) -> str:
    """The name in a row of a ranking: without its rank and its figures."""
    return headings.plain(_NAME.sub("", _NAME.sub("", row, count=1))) or "客户"


def _of_any(wanted: Asked, source: Report) -> TextAnswer:
    """From the passage that BM25 ranks first, where it covers what is asked."""
    scores = source.ranked.scores(wanted.words)
    allowed = [i for i in range(len(scores)) if not wanted.mother or any("母公司" in t for t in source.ranked.titles[i])]
    order = sorted(allowed, key=lambda i: -scores[i])[:5]
    for best in order if wanted.words else []:
        depth = len(source.ranked.passages[best].path)
        section = source.ranked.below(best, depth)
        covered = source.ranked.covered(wanted.words, [best]) >= COVERED and _hold(source.ranked, section, wanted.places)
        said = quote.quotes(wanted, source.ranked, section, depth, (), best) if covered else []
        if said and (not wanted.amount or any(_FIGURE.search(q.text) for q in said)):
            return _told(source, said)
    return _silent(source, wanted.bare or wanted.text, "")


def _told(source: Report, said: Sequence[Quote]) -> TextAnswer:
    """The quotes, whose numbers must stand on their pages."""
    checked = [q for q in said if _stands(source, q)]
    parts = [f"第{q.page}页“{q.section}”：“{q.text}”" for q in checked]
    return TextAnswer(f"{source.name}" + "；".join(parts) + "。", "answer", tuple(checked))


def _stands(source: Report, said: Quote) -> bool:
    """Every number of a quote is printed on its page, or on the next one where a paragraph goes on."""
    printed = "".join(source.ranked.pages.get(page, "") for page in (said.page, said.page + 1))
    return all(number in printed for number in _NUMBER.findall(headings.plain(said.text)))


def _silent(source: Report, what: str, stands: str, why: str = "", place: object = None) -> TextAnswer:
    where = f"这类内容通常写在{stands}" if stands else "在报告的文字里没有找到"
    text = f"{source.name}没有披露“{what}”：{why or where}。"
    return TextAnswer(text, "not_disclosed", (Quote(place.page, place.path, ""),) if place else ())  # type: ignore[attr-defined]
