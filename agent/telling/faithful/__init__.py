"""Is a conclusion true to its evidence? Every name, year, number and comparison in it is looked up; what cannot be decided counts as untrue.

A number belongs to the company, the year and the column named last before it; after a list (甲和乙的…分别为) to each in turn.
"""

from __future__ import annotations

from agent.records import Facts
from agent.telling.faithful import comparisons, figures, names
from agent.telling.faithful.claims import Token, plain, scan
from agent.telling.faithful.evidence import COMPARED, Evidence
from agent.telling.faithful.reading import Handler, Key, Reader, Reading

__all__ = ["Evidence", "Key", "Reading", "read", "unbacked"]


def unbacked(text: str, facts: Facts) -> list[str]:
    """The claims of `text` that the facts do not bear out, each as one clause; empty where all of it holds."""
    return read(text, Evidence(facts)).unbacked


def read(text: str, evidence: Evidence) -> Reading:
    """What `text` says, looked up in the evidence."""
    reader = Reader(evidence, scan(plain(text), evidence.words))
    for i, token in enumerate(reader.tokens):
        if handler := _HANDLERS.get(token.kind):
            handler(reader, i, token)
    if evidence.ordered and reader.ranked != sorted(reader.ranked):
        reader.found.unbacked.append("公司的次序与查询结果不同")
    if reader.context.flawed:
        reader.found.unbacked.append("列出的几个之中有的重复，或没有对应的数")
    return reader.found


def _on_stop(reader: Reader, i: int, token: Token) -> None:
    if token.text == "。":
        reader.compared = None
        reader.context.end_sentence()
    if token.text in "。;" and not reader.evidence.aggregated:
        reader.function = None


def _on_unknown(reader: Reader, i: int, token: Token) -> None:
    reader.back(False, token)


_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("company", "year", "column"), names.on_mention),
    **dict.fromkeys(("growth", "change"), names.on_suffix),
    **dict.fromkeys(("all", "every"), names.on_every),
    **dict.fromkeys(("up", "down"), comparisons.on_change),
    **dict.fromkeys(("up_to", "down_to"), comparisons.on_reached),
    **dict.fromkeys(("more", "less"), comparisons.on_more),
    **dict.fromkeys(("high", "low", "higher", "lower"), comparisons.on_extreme),
    **dict.fromkeys(("same", "different"), comparisons.on_same),
    **dict.fromkeys(COMPARED, comparisons.on_compared),
    **dict.fromkeys(figures.FUNCTIONS, figures.on_function),
    **dict.fromkeys(("upwards", "downwards", "between"), figures.on_bound),
    "last_year": names.on_last_year,
    "place": names.on_place,
    "cell": names.on_cell,
    "rank": names.on_rank,
    "top": names.on_top,
    "or": names.on_either,
    "not": names.on_not,
    "some": names.on_some,
    "whole": names.on_whole,
    **dict.fromkeys(("registered", "office"), names.on_seat),
    "number": figures.on_number,
    "loss": figures.on_loss,
    "than": comparisons.on_than,
    "stop": _on_stop,
    "unknown": _on_unknown,
}
