"""The question before with its like-kind stretches replaced by what a fragment names; or a question composed of both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from agent.reading.followup.turn import Fragment, Turn, amount_span, is_text, joined, names_a_year, said_years
from agent.records import ColumnMention, Entities, Mention
from agent.text import Span

Edit = tuple[int, int, str]
MOST_COMPANIES = 4  # as many as one question may name
_LISTED = re.compile(r"(?:[、,和与及或跟至到~-]|以及|或者|还有)*")
_EXTREME = re.compile(r"(?:最(?:为)?|(?<=第)(?:\d+|[一二三四五六七八九十百]+))(?P<way>[高低大小多少])")
_WAYS = {"大": "高", "多": "高", "小": "低", "少": "低"}


def rewrite(turn: Turn, fragment: Fragment) -> str | None:
    """The whole question that `fragment` means after `turn`; None where no sense can be made of it."""
    if turn.is_open and fragment.kinds != {"columns"}:
        return None
    if fragment.compares:
        return _comparison(turn, fragment)
    edits = _edits(turn, fragment)
    return _applied(turn.text, edits) if edits is not None else _composed(turn, fragment)


def with_years(entities: Entities, turn: Turn) -> str:
    """The question with the years of `turn` where it names none; 去年, where it stands alone, as the year it is."""
    mentions = entities.of("year")
    if any(names_a_year(m) for m in mentions):
        return entities.text
    if mentions:
        return _applied(entities.text, [(m.start, m.end, said_years(m.value)) for m in mentions])  # type: ignore[arg-type]
    at = _before_company(entities)
    return _applied(entities.text, [(at, at, said_years(turn.years))] if turn.years else [])


def _applied(text: str, edits: Sequence[Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _before_company(entities: Entities) -> int:
    return min((m.start for m in entities.of("company")), default=0)


def _edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    """Replacements for everything that the fragment names; None where something has no like in the question."""
    edits: list[Edit] = []
    for kind, make in _MAKERS.items():
        if kind in fragment.kinds:
            made = make(turn, fragment)
            if made is None:
                return None
            edits += made
    return edits


def _run(text: str, mentions: Sequence[Mention | ColumnMention]) -> Span | None:
    """The stretch from the first to the last where nothing but 和 or 、 stands between them."""
    if not mentions or any(not _LISTED.fullmatch(text[a.end : b.start]) for a, b in pairwise(mentions)):
        return None
    return mentions[0].start, mentions[-1].end


def _year_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    new, mentions = said_years(fragment.years), [m for m in turn.year_mentions if m.text]
    if not mentions:
        at = _before_company(turn.entities)
        return [(at, at, new)]
    run = _run(turn.text, mentions)
    return [(*run, new)] if run else None


def _company_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    new, mentions = joined(fragment.companies), turn.entities.of("company")
    if len(turn.companies) == 1 and (len(mentions) == 1 or len(fragment.companies) == 1):
        return [(m.start, m.end, new) for m in mentions]
    run = _run(turn.text, mentions) if len(fragment.companies) == len(turn.companies) else None
    return [(*run, new)] if run else None


def _column_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    new = joined([c.text for c in fragment.columns])
    if len({c.column for c in turn.columns}) == 1:
        run, asked = None, turn.columns
    else:
        run = _run(turn.text, turn.columns)
        # 负债总额第四的公司,它的法定代表人是谁: what comes last is what is asked for.
        asked = turn.columns if run else turn.columns[-1:] if not turn.entities.of("amount") else ()
    if not asked or (is_text(asked) != is_text(fragment.columns) and not turn.is_open):
        return None
    return [(*run, new)] if run else [(c.start, c.end, new) for c in asked]


def _place_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    new, mentions = "或".join(fragment.places), turn.entities.of("place")
    if not mentions:
        return [(0, 0, f"在{new}注册的公司中,")] if turn.is_statistic else None
    run = _run(turn.text, mentions)
    return [(*run, new)] if run else None


def _amount_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    mentions = turn.entities.of("amount")
    if len(mentions) != 1:
        return None
    number = (mentions[0].start, mentions[0].end)
    return [(*(amount_span(turn.text, *number) if fragment.amount_compares else number), fragment.amount)]


def _rank_edits(turn: Turn, fragment: Fragment, kind: str) -> list[Edit] | None:
    mentions = [m for m in turn.entities.mentions if m.kind == kind]
    return [(m.start, m.end, str(getattr(fragment, kind))) for m in mentions] if len(mentions) == 1 else None


def _extreme_edits(turn: Turn, fragment: Fragment) -> list[Edit] | None:
    found = list(_EXTREME.finditer(turn.text))
    return [(*found[0].span("way"), fragment.extreme)] if len(found) == 1 else None


_MAKERS = {
    "years": _year_edits,
    "companies": _company_edits,
    "columns": _column_edits,
    "places": _place_edits,
    "amount": _amount_edits,
    "top": lambda turn, fragment: _rank_edits(turn, fragment, "top"),
    "kth": lambda turn, fragment: _rank_edits(turn, fragment, "kth"),
    "extreme": _extreme_edits,
}


def _composed(turn: Turn, fragment: Fragment) -> str | None:
    """A plain look-up or ranking of what the fragment names and what it leaves to the turn before."""
    if fragment.amount:
        return None
    years = said_years(fragment.years or turn.years)
    columns = fragment.columns or turn.columns
    companies = fragment.companies or turn.companies
    if not companies and is_text(columns):
        companies = turn.answered  # 2020年净利润最高的公司是哪家; 法定代表人呢
    if fragment.kinds & {"top", "kth", "extreme"} and not fragment.companies:
        return _ranking(turn, fragment, years)
    if not columns or not 0 < len(companies) <= MOST_COMPANIES or fragment.places:
        return None
    asked = list(dict.fromkeys(c.text for c in columns))
    several = "分别" if len(asked) > 1 or len(companies) > 1 else ""
    return f"{joined(companies)}{years}的{joined(asked)}{several}是{'什么' if is_text(columns) else '多少'}?"


def _ranking(turn: Turn, fragment: Fragment, years: str) -> str | None:
    column = next(iter(fragment.columns or turn.columns), None)
    if column is None or turn.entities.of("amount") or is_text([column]):
        return None
    before = _EXTREME.search(turn.text)
    way = fragment.extreme or (before["way"] if before else "高")
    places = fragment.places or tuple(m.text for m in turn.entities.of("place"))
    where = f"在{'或'.join(places)}注册的公司中," if places else ""
    if fragment.kth:
        return f"{where}{years}{column.text}第{fragment.kth}{way}的公司是哪家?"
    if fragment.top:
        return f"{where}{years}{column.text}最{way}的前{fragment.top}家公司是哪些?"
    return f"{where}{years}{column.text}最{way}的公司是哪家?"


def _comparison(turn: Turn, fragment: Fragment) -> str | None:
    """它和瑞达银行比谁高: one figure of two companies."""
    others = tuple(name for name in turn.companies if name not in fragment.companies)
    companies = (*(others if len(fragment.companies) == 1 else ()), *fragment.companies)
    columns = {c.column: c.text for c in fragment.columns or turn.columns}
    if len(companies) != 2 or len(columns) != 1 or is_text(fragment.columns or turn.columns):
        return None
    way = _WAYS.get(fragment.compares, fragment.compares)
    years = said_years(fragment.years or turn.years)
    return f"{years}{joined(companies)}谁的{next(iter(columns.values()))}更{way}?"
