"""Headings of a report: the chapters of its table of contents, enumerated titles by their numbering, plain titles above a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_CHINESE = "一二三四五六七八九十"
_NUMBERS = {c: i for i, c in enumerate(_CHINESE, 1)}
# Style of numbering → how it is printed; the first that fits.
_STYLES = {
    "第": re.compile(rf"第([{_CHINESE}]+)[节章部]\s*(?:分\s*)?(?=\S)"),
    "一、": re.compile(rf"([{_CHINESE}]{{1,3}})[、.．]\s*(?=\S)"),
    "(一)": re.compile(rf"[(（]([{_CHINESE}]{{1,3}})[)）][.．、]?\s*(?=\S)"),
    "1.1.1": re.compile(r"(\d{1,2}\.\d{1,2}\.\d{1,2})\s*[、.．]?\s*(?=[^\d\s.,%])"),
    "1.1": re.compile(r"(\d{1,2}\.\d{1,2})\s*[、.．]?\s*(?=[^\d\s.,%])"),
    "1、": re.compile(r"(\d{1,2})\s*[、.．]\s*(?=[^\d\s])"),
    "(1)": re.compile(r"[(（](\d{1,2})[)）]\s*[、.．]?\s*(?=\S)"),
    "1)": re.compile(r"(\d{1,2})[)）]\s*[、.．]?\s*(?=\S)"),
    "①": re.compile(r"([①-⑳])\s*(?=\S)"),
    "A": re.compile(r"([A-H])\s*[.．、]\s*(?=\S)"),
}
_DEEPEST = 8
_GAP = 3  # numbers that may be missing between two titles
LONGEST = 60  # characters of a title
_ENDS_PROSE = re.compile(r"[。；;，,：:]\s*$|。")
_CONTENTS_LINE = re.compile(r"\s*(\S.*?)\s*(?:\.{4,}|…{2,}|·{4,}|-{6,})\s*\d{1,4}\s*")


class Numbered(NamedTuple):
    """A line that begins with a number as titles do."""

    style: str
    number: int
    title: str  # without the number


class Title(NamedTuple):
    """A title on the way to where one is; `style` "" is a plain title without a number."""

    style: str
    number: int
    text: str


def numbered(line: str) -> Numbered | None:
    """The number and the title of a line; None where it begins with none."""
    for style, pattern in _STYLES.items():
        if found := pattern.match(line):
            number = found[1]
            return Numbered(style, _value(number), line[found.end() :].strip())
    return None


def may_be_title(title: str) -> bool:
    """Short and no sentence."""
    return 0 < len(title) <= LONGEST and not _ENDS_PROSE.search(title)


def contents(lines: Sequence[str]) -> dict[str, str]:
    """The table of contents: title without blanks → title, as far as lines lead to a page number by dots."""
    found = (_CONTENTS_LINE.fullmatch(line) for line in lines)
    return {plain(m[1]): m[1] for m in found if m}


def plain(text: str) -> str:
    """Without blanks."""
    return re.sub(r"\s", "", text)


class Path:
    """The titles above a line. A number goes on where its predecessor stands; 1 begins below; others are no titles."""

    def __init__(self) -> None:
        self.titles: list[Title] = []

    def chapter(self, text: str) -> None:
        self.titles = [Title("第", 0, text)]

    def take(self, line: Numbered, printed: str) -> bool:
        """Whether the line fits in as a title; the path is then where it stands."""
        for i in range(len(self.titles) - 1, -1, -1):
            title = self.titles[i]
            if title.style == line.style and 0 < line.number - title.number <= _GAP:
                self.titles[i:] = [Title(line.style, line.number, printed)]
                return True
        if not _begins(line) or len(self.titles) >= _DEEPEST:
            return False
        self._drop_plain()
        self.titles.append(Title(line.style, line.number, printed))
        return True

    def plain_title(self, text: str) -> None:
        """A title without a number stands below all numbered ones and ends with the next title."""
        self._drop_plain()
        self.titles.append(Title("", 0, text))

    def _drop_plain(self) -> None:
        while self.titles and not self.titles[-1].style:
            self.titles.pop()

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(title.text for title in self.titles)


def _begins(line: Numbered) -> bool:
    last = line.number % 100 if line.style in ("1.1", "1.1.1") else line.number
    return last == 1


def _value(number: str) -> int:
    """12, 十二, 3.4.1 and ⑫ as a number that grows; dotted ones take two digits a part."""
    if "." in number:
        value = 0
        for part in number.split("."):
            value = value * 100 + int(part)
        return value
    if number.isdecimal():
        return int(number)
    if "①" <= number <= "⑳":
        return ord(number) - ord("①") + 1
    if number in "ABCDEFGH":
        return ord(number) - ord("A") + 1
    if "十" in number:
        tens, _, ones = number.partition("十")
        return _NUMBERS.get(tens, 1) * 10 + _NUMBERS.get(ones, 0)
    return _NUMBERS.get(number, 0)
