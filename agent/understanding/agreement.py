"""Whether two answers, come to in different ways, say the same."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|、)")
_NAME = re.compile(r"[一-鿿A-Z*（）()]+(?:股份有限公司|有限公司)")


def _figures(text: str) -> set[str]:
    """What a first sentence states: numbers without years, and full company names."""
    stated = _YEAR.sub("", text.split("其中")[0])
    return {number.lstrip("-") for number in _NUMBER.findall(stated)} | set(_NAME.findall(stated))


def agrees(told: str, other: str) -> bool:
    """Every figure and every company that the one states stands in the other."""
    figures = _figures(told)
    whole = {n.lstrip("-") for n in _NUMBER.findall(_YEAR.sub("", other))} | set(_NAME.findall(other))
    return bool(figures) and figures <= whole
