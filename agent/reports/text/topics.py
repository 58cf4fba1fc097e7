"""The matters that the rules of disclosure name (topics.txt): how they are asked for, under which titles they stand."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("topics.txt")


@dataclass(frozen=True)
class Topic:
    """Regular expressions over texts without blanks.

    titles: of its sections; under: what a title above must hold besides; lines: that carry the facts; needs: without such a
    line the report is silent; kind: "list", "names" or ""; stands: where a report would tell it.
    """

    name: str
    asked: re.Pattern[str]
    titles: re.Pattern[str]
    under: re.Pattern[str] | None
    lines: re.Pattern[str] | None
    needs: re.Pattern[str] | None
    kind: str
    stands: str


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """All topics in the order of the file: the first that is asked for leads."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.read(FILE, encoding="utf-8")
    return tuple(_topic(name, parser[name]) for name in parser.sections())


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
        said.get("kind", ""),
        said["stands"],
    )
