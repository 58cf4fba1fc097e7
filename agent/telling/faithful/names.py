"""Names in a conclusion: companies, years, columns, places, texts of cells, and ranks of companies."""

from __future__ import annotations

from agent.figures import schema
from agent.telling.faithful.claims import Rank, Token, negated
from agent.telling.faithful.figures import values
from agent.telling.faithful.reading import Reader

_NOT = ("不含", "不满足", "不等于", "NOT")


def on_mention(reader: Reader, i: int, token: Token) -> None:
    """A company, a year or a column: what follows is about it."""
    named = token.value if isinstance(token.value, tuple) else (token.value,)
    if token.kind == "year":
        reader.back(set(named) <= reader.evidence.years, token, *(("year", year) for year in named))
    if token.kind == "company":
        _company(reader, i, token)
    reader.context.mention(token.kind, named, i, reader.tokens)
    whole = token.text.endswith(("总额", "合计", "总计")) and token.text != token.value
    if reader.evidence.aggregated and token.kind == "column" and reader.function is None and whole:
        reader.function = "SUM"  # 货币资金总额 may be the sum that was asked for


def _company(reader: Reader, i: int, token: Token) -> None:
    column, now, company = reader.near(i, -1), reader.context.now(), str(token.value)
    if column.kind == "column" and column.value in reader.intent.columns and now.company:
        # 简称是… names a company as a value.
        cell = reader.cell(now._replace(column=str(column.value)))
        reader.back(cell is not None and cell.value == token.text, token, *([cell.key] if cell else []))
    reader.found.claims.add(("company", company))
    rows = reader.evidence.row_companies
    if company in rows and rows.index(company) not in reader.ranked:
        reader.ranked.append(rows.index(company))


def on_last_year(reader: Reader, i: int, token: Token) -> None:
    """上年: the year before the one spoken of, else before the last one of the rows."""
    years = reader.evidence.row_years
    year = reader.context.now().year or (years[-1] if years else None)
    reader.back(year is not None and year - 1 in reader.evidence.years, token)
    if year is not None:
        reader.leaned = year
        reader.context.mention("year", (year - 1,), i, reader.tokens)


def on_suffix(reader: Reader, i: int, token: Token) -> None:
    """增长率, 增长额 behind a column that was named before."""
    reader.leave_last_year(i)
    column = reader.context.now().column
    if column and not schema.over_last_year(column)[1] and not reader.compared:
        suffix = schema.GROWTH if token.kind == "growth" else schema.CHANGE
        reader.context.mention("column", (column + suffix,), i, reader.tokens)


def on_place(reader: Reader, i: int, token: Token) -> None:
    """In a place, or out of it, as the condition says."""
    place = (token.value, negated(reader.tokens, i))
    reader.back(place in reader.evidence.places, token, ("place", *place))


def on_whole(reader: Reader, i: int, token: Token) -> None:
    """全部公司, where no condition has picked some of them."""
    reader.back(not reader.intent.conditions, token)


def on_cell(reader: Reader, i: int, token: Token) -> None:
    values(reader, i, token, lambda cell: cell.value == token.value)


def on_rank(reader: Reader, i: int, token: Token) -> None:
    """第3名 is the company named behind it in the same clause, else the one before; 1. in front of a list is no rank."""
    rank, rows = token.value, reader.evidence.row_companies
    assert isinstance(rank, Rank)
    if not reader.evidence.ordered:
        return reader.back(not token.text.startswith(("第", "倒")), token)
    who: str | None = None
    for following in reader.tokens[i + 1 :]:
        if following.kind in ("stop", "and", "rank"):
            break
        who = who or (str(following.value) if following.kind == "company" else None)
    who = who or reader.context.now().company
    index = rank.k - 1 - reader.intent.offset
    own = 0 <= index < len(rows) and (who == rows[index] or (who is None and len(rows) == 1))
    # A bare 第6名 counts from the top, unless 最低的 has been said.
    told = rank.order is not None or reader.intent.descending or ("extreme", -1) in reader.found.claims
    return reader.back(own and told and _ordered_alike(reader, rank), token, ("rank", rank.k))


def _ordered_alike(reader: Reader, rank: Rank) -> bool:
    return rank.order is None or (rank.order == "high") == reader.intent.descending


def on_top(reader: Reader, i: int, token: Token) -> None:
    rank = token.value
    assert isinstance(rank, Rank)
    reader.back(_ordered_alike(reader, rank) and rank.k in reader.evidence.tops, token)


def on_either(reader: Reader, i: int, token: Token) -> None:
    reader.back("或" in reader.intent.conditions, token)


def on_not(reader: Reader, i: int, token: Token) -> None:
    reader.back(any(word in reader.intent.conditions for word in _NOT), token, ("not",))


def on_seat(reader: Reader, i: int, token: Token) -> None:
    """注册, 办公: the address that the condition was about."""
    column = "注册地址" if token.kind == "registered" else "办公地址"
    reader.back(column in reader.intent.conditions or column in reader.intent.columns, token)


def on_every(reader: Reader, i: int, token: Token) -> None:
    """每年均, 均: in each of the years, where the statement goes over years."""
    over_years = reader.intent.every is not None or reader.intent.shape == "intersection"
    if over_years:
        reader.back(reader.intent.every is not False, token, ("every", True))
    elif token.kind == "every":
        reader.back(False, token)


def on_some(reader: Reader, i: int, token: Token) -> None:
    reader.back(reader.intent.every is False, token, ("every", False))
