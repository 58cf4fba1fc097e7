"""Whether two answers, come to in different ways, say the same."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|、)")
_NAME = re.compile(r"[一-鿿A-Z*（）()]+(?:股份有限公司|有限公司)")
_ITEM = re.compile("[；。]")
_VERDICT = re.compile(r"(?:^|：)(?:是|否|相同|不相同)|[^，。：]+[更最][高低]")


def _figures(text: str) -> set[str]:
    """Numbers without their signs, years left out."""
    return {number.lstrip("-") for number in _NUMBER.findall(_YEAR.sub("", text))}


def _names(text: str) -> set[str]:
    """Full company names; words before one may stand in front of it (利润最高的公司是…)."""
    return {name.rpartition("是")[2] for name in _NAME.findall(text)}


def agrees(told: str, other: str) -> bool:
    """Every figure and every company that the one states, in its first sentence, stands in the other."""
    stated = told.split("其中")[0]
    figures, names, others = _figures(stated), _names(stated), _names(other)
    known = all(any(name.endswith(o) or o.endswith(name) for o in others) for name in names)
    return bool(figures or names) and figures <= _figures(other) and known


def contains(told: str, other: str) -> bool:
    """Whether an answer says all that another one says: the same companies in the same order, the same 是, 否 and 更高, each of
    its figures. 前三名 with their amounts contains 前三名; a count and a list are different answers."""
    mine, theirs = told.split("其中")[0], other.split("其中")[0]
    if set(_ITEM.split(theirs)) <= set(_ITEM.split(mine)):  # three items of a company, and two of them
        return True
    if _NAME.findall(mine) != _NAME.findall(theirs) or _VERDICT.findall(mine) != _VERDICT.findall(theirs):
        return False
    figures, others = _figures(mine), _figures(theirs)
    return others <= figures if _NAME.search(mine) else others == figures
