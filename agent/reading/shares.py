"""A ratio said as its two columns: 研发费用占营业收入的比值 is the formula 研发费用/营业收入, under whatever name the schema has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from agent.figures import schema
from agent.text import Lookup

_OVER = re.compile(r"(?:占|与|和|同|跟|除以|/)(?:公司|企业|当年|全年)?的?")
_RATIO = re.compile(r"的?(?:金额|总额)?(?:之间)?的?(?:比[例重率值]|百分比|占比)(?:值)?")
_PARTS = re.compile(r"(\w+)/(\w+)")


@lru_cache(maxsize=1)
def _formulas() -> dict[tuple[str, str], str]:
    """(numerator, denominator) → the name of the formula, of those that are one column over another; the first listed of two."""
    found = ((_PARTS.fullmatch(formula.expression), formula.name) for formula in reversed(schema.FORMULAS))
    return {(match[1], match[2]): name for match, name in found if match}


def named(text: str, names: Lookup, columns: Mapping[str, str]) -> str:
    """`text` with such ratios under the formula's name; `columns`: said → column, of which `names` are the keys."""
    spans = names.spans(text)
    for (start, end), (after, last) in reversed(list(pairwise(spans))):
        # What a formula has just been written over is no column's name any more (A占B的比重与C占D的比重).
        formula = _formulas().get((columns.get(text[start:end], ""), columns.get(text[after:last], "")))
        ratio = _RATIO.match(text, last)
        if formula and ratio and _OVER.fullmatch(text[end:after]):
            text = text[:start] + formula + text[ratio.end() :]
    return text
