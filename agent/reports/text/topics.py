"""The matters that the rules of disclosure name (topics.txt): how they are asked for, under which titles they stand."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_OF = re.compile("(?<=[益东])的?(?=净)")  # the 的 that questions and reports leave out
FILE = Path(__file__).with_name("topics.txt")


@dataclass(frozen=True)
class Topic:
    """Regular expressions over texts without blanks.

    first: of the title to look under first; same: the lines hold the words of the question that `asked` found; titles: of its sections; under: what a title above must hold besides; lines: that carry the facts; needs: without such a
    line the report is silent; kind: "list", "top", "names" or ""; stands: where a report would tell it.
    """

    name: str
    asked: re.Pattern[str]
    titles: re.Pattern[str]
    under: re.Pattern[str] | None
    lines: re.Pattern[str] | None
    needs: re.Pattern[str] | None
    first: re.Pattern[str] | None
    same: bool
    kind: str
    stands: str

    def facts(self, question: str) -> re.Pattern[str] | None:
        """What a line that carries the asked fact holds; None where any line may."""
        found = self.asked.search(question) if self.same else None
        return re.compile(_OF.sub("的?", re.escape(found[0])) + r".*\d") if found else self.needs


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """All topics in the order of the file: the first that is asked for leads."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.read(FILE, encoding="utf-8")
    return tuple(_topic(name, parser[name]) for name in parser.sections())


def names_a_matter(question: str) -> bool:
    """Whether a question names a matter that reports tell in words and tables of their own, not a figure of the statements."""
    return any(topic.asked.search(question) for topic in topics() if not topic.same)


def _topic(name: str, said: configparser.SectionProxy) -> Topic:
    def pattern(key: str) -> re.Pattern[str] | None:
        return re.compile(said[key]) if key in said else None

    return Topic(
        name,
        re.compile(said["asked"]),
        re.compile(said["titles"]),
        pattern("under"),
        pattern("lines"),
        pattern("needs"),
        pattern("first"),
        said.get("same") == "yes",
        said.get("kind", ""),
        said["stands"],
    )
