"""The lines of the statements: from a label as printed to the item that it names. The items stand in items.txt."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Literal

Statement = Literal["资产负债表", "利润表", "现金流量表"]

_QUOTES = str.maketrans({"－": "-", "—": "-", "–": "-", "−": "-", "“": '"', "”": '"', "＂": '"'})
_NUMERAL = re.compile(
    r"^(?:其中|加|减|[:、.,。*#△▲☆★]|[一二三四五六七八九十]+[、.]|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[.、)](?!\d)|\d(?=[^\d年]))+"
)
_BRACKETS = re.compile(r"\([^()]*\)")
_EQUAL = (
    ("股东权益", "所有者权益"),
    ("公司股东", "公司所有者"),
    ("本行股东", "本行所有者"),
    ("母公司普通股股东", "母公司普通股所有者"),
    ("1年内", "一年内"),
    ("年末", "期末"),
    ("年初", "期初"),
    ("帐款", "账款"),
    ("公允价值变动损益", "公允价值变动收益"),
    ("资产处置损益", "资产处置收益"),
    ("汇兑损益", "汇兑收益"),
    ("净敞口套期损益", "净敞口套期收益"),
    ("合营企业和联营企业", "联营企业和合营企业"),
    ("归属母", "归属于母"),
)
_SMALL = re.compile("[所的及和与、或以,/\"'·;；]")


def plain(label: str) -> str:
    """A label without blanks, numerals, 其中, 加, 减 before it and remarks in brackets; brackets that stay open go to the end.

    >>> plain("五、净利润（净亏损以“－”号填列）")
    '净利润'
    """
    text = "".join(unicodedata.normalize("NFKC", label).translate(_QUOTES).split())
    text = _NUMERAL.sub("", text)
    while text != (text := _BRACKETS.sub("", text)):
        pass
    return text.split("(")[0].strip(":-_.。、;*#")


def key(label: str) -> str:
    """What labels of one meaning share: small words and the old wordings are the same."""
    text = plain(label)
    for old, new in _EQUAL:
        text = text.replace(old, new)
    return _SMALL.sub("", text)


@lru_cache(maxsize=1)
def _items() -> dict[str, dict[str, str]]:
    """Statement → key → item."""
    found: dict[str, dict[str, str]] = {}
    keys: dict[str, str] = {}
    for line in Path(__file__).with_name("items.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            keys = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, *said = line.split()
            for wording in (name, *said):
                keys.setdefault(key(wording), name)
    return found


def item(statement: str, label: str) -> str | None:
    """The item that a label names in a statement; None where it is no line of the standard formats."""
    return _items()[statement].get(key(label))


def is_item(label: str) -> bool:
    """Whether a label names a line of any statement."""
    wanted = key(label)
    return any(wanted in keys for keys in _items().values())


def begins_item(label: str) -> bool:
    """Whether a label is the beginning of a longer one."""
    wanted = key(label)
    return len(wanted) > 3 and any(known.startswith(wanted) for keys in _items().values() for known in keys)


def is_open(label: str) -> bool:
    """Whether a bracket of the label is still open: the rest stands on the next line."""
    text = unicodedata.normalize("NFKC", label)
    return text.count("(") > text.count(")")


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The items of all statements."""
    return frozenset(name for keys in _items().values() for name in keys.values())
