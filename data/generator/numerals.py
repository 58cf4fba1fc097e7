"""Ranks and decimals that a wording says with a number of its own (前三, 第二名, 两位小数) become slots, as the agent makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.figures.numbers import parse_number
from agent.reading.entities import RANKS, positions
from agent.understanding.mentions import DECIMALS

_SLOT = re.compile(r"\[\w+\]")


def _said(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Start, end, value and slot letter of what the agent takes for a number: a first place stays a word."""
    plain = _SLOT.sub(lambda m: "□" * len(m[0]), text)
    for match in DECIMALS.finditer(plain):
        group = "a" if match["a"] else "b"
        yield *match.span(group), int(parse_number(match[group]) or 0), "N"
    for _, patterns in RANKS:
        for start, end, k in positions(plain, patterns):
            if k > 1:
                yield start, end, int(k), "K"


def slotted(text: str, sql: str) -> tuple[str, str]:
    """A wording whose own numbers stand in its statement too: both as slots."""
    for start, end, value, kind in sorted(set(_said(text)), reverse=True):
        number = 1 + max((int(n) for n in re.findall(rf"(?<![A-Za-z]){kind}(\d)", text + sql)), default=0)
        slot = f"{kind}{number}"
        literal = rf"(?<=AS ){value}位|(?<= ){value}位" if kind == "N" else rf"(?<=LIMIT ){value}\b|(?<=OFFSET ){value}\b|(?<=,){value}\b(?=\)|$| )|(?<=上述\[){value}(?=\])"
        made = re.sub(literal, f"{slot}位" if kind == "N" else slot, sql)
        if made != sql:
            text, sql = f"{text[:start]}[{slot}]{text[end:]}", made
    return text, sql
