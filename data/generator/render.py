"""Fills a template twice at once: the question as a person types it, and where each company, year, field … stands in it.

A template is text with {slots} and (a|b|c) alternatives. A slot is filled with pieces: plain text, or text that carries a mention.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.records import ColumnMention, Entities, Mention, MentionKind
from agent.text import normalise

_CHOICE = re.compile(r"\(([^(){}]*\|[^(){}]*)\)|\(((?:[^()|]|\{\w+\})*\|[^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Piece:
    """Text of a question; `kind` and `value` where it is a mention (kind "column": value is the column's name)."""

    text: str
    kind: MentionKind | str | None = None
    value: object = None


Fill = Sequence[Piece]


def plain(text: str) -> list[Piece]:
    return [Piece(text)]


def choose(rng: random.Random, template: str) -> str:
    """Settles every (a|b|c)."""
    while match := _CHOICE.search(template):
        option = rng.choice((match.group(1) or match.group(2)).split("|"))
        template = template[: match.start()] + option + template[match.end() :]
    return template


def fill(template: str, slots: Mapping[str, Fill]) -> list[Piece]:
    """The template's text and slots as one list of pieces.

    Raises:
        KeyError: the template names a slot that is not given.
    """
    pieces: list[Piece] = []
    for i, part in enumerate(_SLOT.split(template)):
        pieces.extend(slots[part] if i % 2 else plain(part))
    return [piece for piece in pieces if piece.text]


def locate(pieces: Sequence[Piece]) -> tuple[Entities, tuple[ColumnMention, ...]]:
    """The normalised question with its mentions and column mentions."""
    text, mentions, columns = "", [], []
    for piece in pieces:
        start, text = len(text), text + normalise(piece.text)
        if piece.kind == "column":
            columns.append(ColumnMention(start, len(text), text[start:], str(piece.value)))
        elif piece.kind:
            mentions.append(Mention(piece.kind, start, len(text), text[start:], piece.value))  # type: ignore[arg-type]
    return Entities(text, tuple(mentions)), tuple(columns)


_TYPOS = (
    ("多少", "多小"),
    ("分别", "分別"),
    ("哪些", "那些"),
    ("哪家", "那家"),
    ("是多少", "是多"),
    ("公司", "公 司"),
    ("最高", "最 高"),
    ("请问", "请问下"),
    ("的", ""),
    ("是", ""),
    ("什么", "啥"),
    ("多少", "几多"),
)


def typo(rng: random.Random, pieces: list[Piece]) -> list[Piece]:
    """One typo in the plain text, where one applies."""
    old, new = rng.choice(_TYPOS)
    places = [i for i, piece in enumerate(pieces) if piece.kind is None and old in piece.text]
    if places:
        i = rng.choice(places)
        pieces = [*pieces[:i], Piece(pieces[i].text.replace(old, new, 1)), *pieces[i + 1 :]]
    return pieces


_WIDE = str.maketrans("0123456789()-", "０１２３４５６７８９（）－")


def typed(rng: random.Random, pieces: Sequence[Piece]) -> str:
    """The question as typed: here and there full-width digits and brackets, or a stray space."""
    text = "".join(piece.text for piece in pieces)
    roll = rng.random()
    if roll < 0.04:
        return text.translate(_WIDE)
    if roll < 0.07:
        at = rng.randrange(len(text) + 1)
        return text[:at] + " " + text[at:]
    if roll < 0.25:
        return text.replace("(", "（").replace(")", "）").replace(",", "，").replace("?", "？")
    return text
