"""A conclusion taken apart: names, years, columns, numbers and the words between them, each with what it says.

The words are a closed list (wording.txt). What is neither one of them, nor evidence, nor a number is *unknown*: an invented name or
reason can then be told from a harmless turn of phrase without knowing either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from agent.figures import schema
from agent.figures.aliases import aliases
from agent.figures.numbers import NUMERAL, parse_number
from agent.text import normalise

RANK = "名次"


class Token(NamedTuple):
    """A stretch of a conclusion. kind: company, cell, place, column, formula, year, number, rank, top, unknown, or a group of
    wording.txt; value by kind: company → 公司全称; cell → the text; column → canonical name; year → years; number → Number;
    rank and top → Rank."""

    kind: str
    text: str
    value: object = None


class Number(NamedTuple):
    """A printed number. value: in 元, 人, or as a ratio (12.3% → 0.123). step: what its last digit is worth, 0 where it is exact
    (十二). figures: significant digits; decimals: digits after the point. unit: a name of _UNITS, "" where there is none."""

    value: Decimal
    step: Decimal
    figures: int
    decimals: int
    unit: str

    def says(self, actual: Decimal, wanted_decimals: int | None = None) -> bool:
        """`actual` rounds to what is printed, and not too coarsely: to three figures, or to the decimals wanted."""
        if actual == self.value:
            return True
        fine = self.figures >= 3 or self.decimals == wanted_decimals
        return fine and abs(actual - self.value) * 2 <= self.step


class Rank(NamedTuple):
    """第3高 → (3, "high"), 前5家 → (5, None), 倒数第2 → (2, "low")."""

    k: int
    order: str | None


def plain(text: str) -> str:
    """Text as it is read: normalised; a full-width comma is a stop and never a part of 1,234."""
    return normalise(re.sub(r"[，\n]+", "；", text.strip()))


@lru_cache(maxsize=1)
def wording() -> dict[str, Token]:
    """Word → its token, columns and their other names among them."""
    found: dict[str, Token] = {}
    group = ""
    for line in Path(__file__).with_name("wording.txt").read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[\w+\]", line):
            group = line[1:-1]
        elif not line.startswith("#"):
            found |= {word: Token(group, word) for word in map(normalise, line.split())}
    found |= {normalise(said): Token("column", said, name) for said, name in aliases().items()}
    lagged = {
        schema.LAST_YEAR + name: schema.LAST_YEAR + column.name
        for column in schema.columns().values()
        for name in (column.name, *column.aliases)
    }
    found |= {normalise(said): Token("column", said, name) for said, name in lagged.items()}
    return found | {word: Token("column", word, RANK) for word, token in found.items() if token.kind == "rank_column"}


class Words:
    """The words there are, and the longest of them at a position."""

    def __init__(self, *tables: Mapping[str, Token]) -> None:
        """Of words that stand in several tables the one of the first counts."""
        self._tables = tables
        self._longest = [max(map(len, table), default=0) for table in tables]

    def at(self, text: str, start: int) -> Token | None:
        best: Token | None = None
        for table, longest in zip(self._tables, self._longest):
            for length in range(min(longest, len(text) - start), len(best.text) if best else 0, -1):
                if token := table.get(text[start : start + length]):
                    best = token._replace(text=text[start : start + length])
                    break
        return best


_Y = r"(?:(?:19|20)\d\d|二[〇零○][〇零○一二三四五六七八九]{2})"
_YEARS = re.compile(
    rf"(?<![\d.])(?<!\d,)(?P<first>{_Y})年?度?(?:[-~—–]+|至|到)(?P<last>{_Y})年(?:度(?!报告))?"
    rf"|(?<![\d.])(?<!\d,)(?P<one>{_Y})(?:年(?:度(?!报告))?|(?=(?:[、,和与及]{_Y})+年))|(?<![\d.])(?<!\d,)(?P<short>[12]\d)年"
)
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_ORDERS = {"高": "high", "大": "high", "多": "high", "低": "low", "小": "low", "少": "low"}
_RANK_AT = re.compile(rf"(?P<last>倒数)?第(?P<k>{NUMERAL})(?:名|位|家)?(?P<order>[高低大小多少])?")
_TOP_AT = re.compile(rf"(?P<side>[前后])(?P<k>{NUMERAL})(?:名|家|位|强|大|个)?(?!年)")
_ITEM_AT = re.compile(r"(?P<k>\d{1,2})[.、)](?!\d)")
_FRACTION = re.compile(rf"(?P<under>{NUMERAL})分之(?P<over>{NUMERAL})")
_NUMBER = re.compile(rf"(?P<sign>[-−负])?(?P<body>(?:[\d.,]+(?=个百分点))|{NUMERAL})")
_UNITS = (
    ("points", "个百分点"),
    ("percent", "%"),
    ("per_share", "元/股|元每股"),
    ("money", "元人民币|元|块钱|块"),
    ("people", "名员工|位员工|人次|个人|人|名|位"),
    ("companies", "家|个(?=公司|企业|上市)"),
    ("times", "倍"),
    ("pieces", "个|项|件|台|次"),
    ("years", "年"),
    ("decimals", "位小数"),
)
_UNIT_AT = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS))
_PLAIN_ARABIC = re.compile(r"(?P<digits>[\d,]+(?:\.(?P<decimals>\d+))?)(?P<scale>[十百千万亿]*)")


def _year_token(text: str, start: int) -> Token | None:
    match = _YEARS.match(text, start)
    if match is None:
        return None
    if match["short"]:
        return Token("year", match[0], (2000 + int(match["short"]),))
    first, last = (int((match[name] or match["one"]).translate(_HAN_DIGITS)) for name in ("first", "last"))
    return Token("year", match[0], tuple(range(first, last + 1)))


def _place_token(text: str, start: int, begins: bool) -> Token | None:
    for kind, pattern in (("rank", _RANK_AT), ("top", _TOP_AT), ("rank", _ITEM_AT)):
        match = pattern.match(text, start) if pattern is not _ITEM_AT or begins else None
        k = parse_number(match["k"]) if match else None
        if match is None or k is None or k != int(k):
            continue
        groups = match.groupdict()
        low = groups.get("last") or groups.get("side") == "后"
        return Token(kind, match[0], Rank(int(k), "low" if low else _ORDERS.get(groups.get("order") or "")))
    return None


def _precision(body: str) -> tuple[Decimal, int, int]:
    """(what the last digit is worth, significant digits, decimals) of a numeral."""
    if match := _PLAIN_ARABIC.fullmatch(body):
        decimals = len(match["decimals"] or "")
        scale = parse_number(match["scale"]) if match["scale"] else Decimal(1)
        figures = match["digits"].replace(",", "").replace(".", "").lstrip("0")
        return Decimal(1).scaleb(-decimals) * (scale or 1), len(figures), decimals
    return Decimal(0), 99, 0


def _number_token(text: str, start: int) -> Token | None:
    fraction = _FRACTION.match(text, start)
    if fraction and fraction["under"] != "百":
        under, over = parse_number(fraction["under"]), parse_number(fraction["over"])
        return Token("number", fraction[0], Number(over / under, Decimal(0), 99, 0, "")) if under and over else None
    percent = text.startswith("百分之", start)
    match = _NUMBER.match(text, start + 3 if percent else start)
    value = parse_number(match["body"]) if match else None
    if match is None or value is None or not re.search(r"[\d零〇○一二两俩三四五六七八九十]", match["body"]):
        return None
    if match["sign"] and start and (text[start - 1].isdigit() or text[start - 1] == "年"):
        return None
    unit = _UNIT_AT.match(text, match.end())
    name = "percent" if percent else (unit.lastgroup or "") if unit else ""
    step, figures, decimals = _precision(match["body"])
    ratio = Decimal(100) if name == "percent" else Decimal(1)
    signed = -value if match["sign"] else value
    end = unit.end() if unit else match.end()
    return Token("number", text[start:end], Number(signed / ratio, step / ratio, figures, decimals, name))


def scan(text: str, words: Words) -> list[Token]:
    """The tokens of plain text: at each position the longest; what fits nothing is unknown, a run of it one token."""
    return _with_shared_units(list(_tokens(text, words)))


def _tokens(text: str, words: Words) -> Iterator[Token]:
    at, unknown, begins = 0, "", True
    while at < len(text):
        candidates = (
            words.at(text, at),
            _year_token(text, at),
            _place_token(text, at, begins),
            _number_token(text, at),
        )
        best = max((c for c in candidates if c), key=lambda token: len(token.text), default=None)
        if best is None:
            unknown += text[at]
            at += 1
            continue
        if unknown:
            yield Token("unknown", unknown)
            unknown = ""
        yield best
        at += len(best.text)
        begins = best.kind == "stop" or best.text == ":"
    if unknown:
        yield Token("unknown", unknown)


def _with_shared_units(tokens: Sequence[Token]) -> list[Token]:
    """1.2、3.4和5.6亿元: the numbers before the last have its scale and unit too."""
    found = list(tokens)
    for i in range(len(found) - 3, -1, -1):
        first, link, second = found[i : i + 3]
        if not (link.kind == "and" and isinstance(first.value, Number) and isinstance(second.value, Number)):
            continue
        scale = re.search(r"(?<=\d)[十百千万亿]+", second.text)
        if first.value.unit == "" and first.text[-1:].isdigit() and (second.value.unit or scale):
            larger = parse_number(scale[0]) if scale else None
            factor = (larger or Decimal(1)) / (100 if second.value.unit == "percent" else 1)
            value = Number(
                first.value.value * factor,
                first.value.step * factor,
                first.value.figures,
                first.value.decimals,
                second.value.unit,
            )
            text = first.text + second.text[len(re.match(r"[-−负]?[\d.,]*", second.text)[0]) :]  # type: ignore[index]
            found[i] = Token("number", text, value)
    return found


def negated(tokens: Sequence[Token], i: int) -> bool:
    """Whether the place at `i` is ruled out: 不含“杭州”, 不在杭州, 杭州以外; in a list like the first of it."""
    form = ("word", "mark", "registered", "office")
    before = next((j for j in range(i - 1, -1, -1) if tokens[j].kind not in form), -1)
    after = next((token.text for token in tokens[i + 1 :] if token.kind != "mark"), "") in ("以外", "之外")
    if before > 0 and tokens[before].kind in ("and", "or") and tokens[before - 1].kind == "place":
        return after or negated(tokens, before - 1)
    return after or (before >= 0 and tokens[before].kind == "not")


def named(kind: str, names: Iterable[tuple[str, object]]) -> dict[str, Token]:
    """A table of names for `Words`: (as it may be said, what it stands for)."""
    return {said: Token(kind, said, value) for said, value in ((plain(s), v) for s, v in names) if said}
