"""Data providers: what the headings of their exports mean, one TOML file each beside this one.

A file holds: title; marks (lists of headings by which a table is known to be theirs: all of one list; ~ begins a regular expression);
ratios (points: 15.6 is 15.6 %; fractions: 0.156 is; seen: told from the values); columns (heading → column of the table); scopes
(their codes of 口径, rows with others are left out); growth (what they write behind a heading for 同比); ignored; latest (of two rows
that are alike but for the figures, the greater in these columns counts); repeats (one column stands under several headings).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from agent.errors import CaibaoError
from agent.text import normalise

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Ratios = Literal["points", "fractions", "seen"]
AUTO, COMMON = "auto", "common"


def folded(heading: str) -> str:
    """A heading as it is looked up."""
    return normalise(heading).casefold()


@dataclass(frozen=True)
class Provider:
    """One provider's headings, folded."""

    key: str
    title: str
    ratios: Ratios = "seen"
    marks: tuple[tuple[str, ...], ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    scopes: Mapping[str, str] = field(default_factory=dict)
    growth: tuple[str, ...] = ()
    latest: tuple[str, ...] = ()
    repeats: bool = False

    def wrote(self, headings: Iterable[str]) -> bool:
        """Whether a table with these headings is this provider's."""
        given = list(headings)
        plain = {folded(heading) for heading in given}

        def there(mark: str) -> bool:
            if mark.startswith("~"):
                return any(re.search(mark[1:], heading) for heading in given)
            return folded(mark) in plain

        return any(all(map(there, marks)) for marks in self.marks)


@lru_cache(maxsize=1)
def all_providers() -> dict[str, Provider]:
    """Every provider by the name of its file; `common` among them."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = Provider(
            path.stem,
            given["title"],
            given["ratios"],
            tuple(map(tuple, given.get("marks", ()))),
            {folded(heading): column for heading, column in given.get("columns", {}).items()},
            frozenset(map(folded, given.get("ignored", ()))),
            given.get("scopes", {}),
            tuple(map(folded, given.get("growth", ()))),
            tuple(map(folded, given.get("latest", ()))),
            given.get("repeats", False),
        )
    return found


def common() -> Provider:
    return all_providers()[COMMON]


def names() -> tuple[str, ...]:
    """What `--provider` takes."""
    return (AUTO, *all_providers())


def find(name: str, headings: Iterable[str]) -> Provider:
    """The provider of that name; of `auto` the one whose marks the headings have, else the common one.

    Raises:
        CaibaoError: there is none of that name.
    """
    if name != AUTO:
        if name not in all_providers():
            raise CaibaoError(f"没有数据商“{name}”，可以用：{'、'.join(names())}。")
        return all_providers()[name]
    given = list(headings)
    return next((p for p in all_providers().values() if p.wrote(given)), common())
