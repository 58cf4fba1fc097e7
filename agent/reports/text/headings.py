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
_ENDS_TITLE = re.compile("(?:情况|说明|事项|披露|预案|声明|分析|讨论|提示|变动|变更|政策|注释|展望|介绍|概要|简介)[:：]?$")
_UNNUMBERED = re.compile("重要(?:内容)?提示|释义|备查文件目录|(?:董事长|行长|总裁|总经理|主席)?致(?:辞|词|股东)(?:的?信)?|(?:董事长|行长)报告书?")
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
    """Short and no sentence; a colon at the end is no matter."""
    return 0 < len(title) <= LONGEST and not _ENDS_PROSE.search(title.rstrip(":：") if len(title) < 25 else title)


def contents(lines: Sequence[str]) -> dict[str, str]:
    """The table of contents: title without blanks → title, as far as lines lead to a page number by dots."""
    found = (_CONTENTS_LINE.fullmatch(line) for line in lines)
    return {plain(m[1]): m[1] for m in found if m}


def is_chapter(line: str, contents: dict[str, str]) -> bool:
    """第三节 管理层讨论与分析, a title of the table of contents, or what stands before the first chapter."""
    number = numbered(line)
    if number and number.style == "第":
        return may_be_title(number.title) and len(number.title) < 30
    return number is None and len(line) > 1 and (plain(line) in contents or bool(_UNNUMBERED.fullmatch(plain(line))))


def is_contents_line(line: str) -> bool:
    """A title that leads to its page number by dots."""
    return bool(_CONTENTS_LINE.fullmatch(line))


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
        """Whether the line fits in as a title; the path is then where it stands.

        What ends as titles do (情况, 说明) may also follow a higher number, which was a row of a table, or begin with any.
        """
        sure = bool(_ENDS_TITLE.search(line.title))
        same = [i for i, title in enumerate(self.titles) if title.style == line.style]
        fits = [i for i in same if 0 < line.number - self.titles[i].number <= _GAP]
        if not fits and sure and not _begins(line):
            fits = same[:1]
        if fits:
            self.titles[fits[-1] :] = [Title(line.style, line.number, printed)]
            return True
        if not (sure or _begins(line)) or len(self.titles) >= _DEEPEST:
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
