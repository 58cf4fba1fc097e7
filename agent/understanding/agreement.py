"""Whether two answers, come to in different ways, say the same."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|、)")
_NAME = re.compile(r"[一-鿿A-Z*（）()]+(?:股份有限公司|有限公司)")


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
