"""The lines of a section that answer a question, as printed, each with its page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.reports.text import headings, words
from agent.reports.text.passages import Passage
from agent.reports.text.question import Asked
from agent.reports.text.search import Ranked
from agent.reports.text.topics import Topic

SHORT = 420  # characters that are quoted whole
LONG = 900  # of a list
_MOST_ITEMS = 12
_SHARE = 0.45  # of the best line's weight, from which a line is quoted too
SENTENCE = re.compile(r"[^。！？；]+[。！？；]?")
_BORDER = re.compile(r"(?:货币|金额)?单位|.*(?:项目|科目|名称|账龄|类别|指标|序号)\s+\S")
_NOTHING = re.compile(r"(?:不适用|适用|是|否|无|/|-+)")


@dataclass(frozen=True)
class Quote:
    """Words of a report."""

    page: int
    path: tuple[str, ...]
    text: str

    @property
    def section(self) -> str:
        return self.path[-1] if self.path else ""


@dataclass(frozen=True)
class _Line:
    page: int
    path: tuple[str, ...]
    text: str


def quotes(
    asked: Asked, ranked: Ranked, at: Sequence[int], depth: int, topics: Sequence[Topic], best: int
) -> list[Quote]:
    """What of the passages `at`, a section in its order, answers the question.

    depth: titles that these passages share; best: the passage found for the question.
    """
    lines = [_Line(p.page, p.path, text) for p in (ranked.passages[i] for i in at) for text in p.lines]
    listed = any(topic.kind == "list" for topic in topics) or (asked.items and not topics)
    if listed and (items := _items(lines, depth)):
        if asked.first or len(items) == 1:
            return _merged(_of_item(lines, items[0], depth), SHORT)
        return _merged([_Line(i.page, i.path[:depth], i.text) for i in items[:_MOST_ITEMS]], LONG)
    if top := [topic.lines for topic in topics if topic.kind == "top" and topic.lines]:
        return _merged(_top(lines, top[0]), SHORT)
    if sum(len(line.text) for line in lines) <= SHORT and not any(topic.same for topic in topics):
        return _merged(_said(lines), SHORT)
    return _merged(_best(asked, ranked, lines, topics, ranked.passages[best]), SHORT)


def says_nothing(line: str) -> bool:
    """适用, 不适用, 无 and the like."""
    return bool(_NOTHING.fullmatch(line))


def _said(lines: Iterable[_Line]) -> list[_Line]:
    """Without ticks that say 适用 and nothing else."""
    return [line for line in lines if line.text != "适用"]


def _items(lines: Sequence[_Line], depth: int) -> list[_Line]:
    """The items of a list: the titles one deeper than the section, else its numbered paragraphs; the first sentence of each where all fit."""
    titles: dict[tuple[str, ...], _Line] = {}
    for line in _said(lines):
        if len(line.path) > depth and headings.numbered(line.path[depth]):
            titles.setdefault(line.path[: depth + 1], line)
    if titles:
        items = [_Line(line.page, path, path[-1]) for path, line in titles.items()]
        more = [f"{path[-1]}：{SENTENCE.findall(line.text)[0]}" for path, line in titles.items()]
        fit = len(items) <= _MOST_ITEMS and sum(map(len, more)) <= LONG
        return [_Line(item.page, item.path, said) for item, said in zip(items, more)] if fit else items
    numbered = [(line, found) for line in lines if (found := headings.numbered(line.text))]
    same = [line for line, found in numbered if found.style == numbered[0][1].style]
    return [_Line(n.page, n.path, SENTENCE.findall(n.text)[0]) for n in same] if len(same) > 1 else []


def _top(lines: Sequence[_Line], row: re.Pattern[str]) -> list[_Line]:
    """The first row of this kind, with the head of its table."""
    at = next((i for i, line in enumerate(lines) if row.search(headings.plain(line.text))), None)
    if at is None:
        return list(lines)
    heads = [line for line in lines[max(0, at - 4) : at] if _BORDER.match(line.text)]
    return [*heads[-1:], lines[at]]


def _of_item(lines: Sequence[_Line], item: _Line, depth: int) -> list[_Line]:
    """An item with what stands below its title."""
    if len(item.path) <= depth:
        return [item]
    below = [line for line in lines if line.path[: depth + 1] == item.path[: depth + 1]]
    return [_Line(item.page, item.path[:depth], item.path[depth]), *below]


def _best(asked: Asked, ranked: Ranked, lines: Sequence[_Line], topics: Sequence[Topic], found: Passage) -> list[_Line]:
    """Sentences and rows by the weight of the asked words in them, those that carry the topic's facts before others."""
    pieces = [piece for line in lines for piece in _pieces(line)]
    asked_words = set(asked.words)
    facts = [fact for topic in topics for fact in (topic.lines, topic.facts("".join(asked.bare.split()))) if fact]
    weights = []
    for piece in pieces:
        weight = sum(ranked.weight(word) for word in asked_words & set(words.of(piece.text)))
        plain = headings.plain(piece.text)
        weight += 8.0 * any(fact.search(plain) for fact in facts)
        weight += 2.0 * (asked.amount and bool(re.search(r"\d", piece.text)))
        weight += 3.0 * (piece.page == found.page and piece.path == found.path)
        if _BORDER.match(piece.text) and not re.search(r"\d{3}|\d\.\d", piece.text):
            weight *= 0.3  # a head comes along with its rows
        weights.append(weight if not _NOTHING.fullmatch(piece.text) else 0.5)
    return _within(pieces, weights)


def _pieces(line: _Line) -> list[_Line]:
    """A long paragraph as its sentences."""
    if len(line.text) < 120:
        return [line]
    return [_Line(line.page, line.path, said.strip()) for said in SENTENCE.findall(line.text) if said.strip()]


def _within(pieces: Sequence[_Line], weights: Sequence[float]) -> list[_Line]:
    """The heaviest pieces that fit, in their order, with the head of the table that a row stands in."""
    chosen: set[int] = set()
    size = 0
    most = max(weights, default=0.0)
    for i in sorted(range(len(pieces)), key=lambda i: (-weights[i], i)):
        if weights[i] < _SHARE * most or (size + len(pieces[i].text) > SHORT and chosen):
            break
        chosen.add(i)
        size += len(pieces[i].text)
    heads = {j for i in chosen for j in range(max(0, i - 12), i) if _BORDER.match(pieces[j].text) and pieces[j].page == pieces[i].page}
    return [pieces[i] for i in sorted(chosen | {max(heads)} if heads else chosen)]


def _merged(lines: Sequence[_Line], most: int) -> list[Quote]:
    """Lines of one page and section as one quote."""
    found: list[Quote] = []
    size = 0
    for line in lines:
        if size and size + len(line.text) > most:
            break
        size += len(line.text)
        if found and (found[-1].page, found[-1].path) == (line.page, line.path):
            text = found[-1].text
            found[-1] = Quote(line.page, line.path, text + ("" if text.endswith(("。", "；", "：")) else "；") + line.text)
        else:
            found.append(Quote(line.page, line.path, line.text))
    return found
