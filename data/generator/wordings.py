"""The wordings of data/wordings: texts with slots, each with its statement in the one spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import md5

from agent.statements.meaning import own_parts
from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.syntax import Binary, Column, Statement, rebuild, walk
from data.generator import ROOT, numerals

WORDINGS = ROOT / "data" / "wordings"
_RANGE = re.compile(r"\[Y(\d)\]年?度?\s?(?:到|至|-|~|—|–|→)\s?\[Y(\d)\]")


@dataclass(frozen=True)
class Wording:
    """text, statement and (of a follow-up) the statement before, all over slots; `source`: the file."""

    text: str
    sql: str
    before: str = ""
    source: str = ""


def numbered(wording: Wording) -> Wording:
    """Years as the agent numbers them: those that are named (inner years of a range too) Y1, Y2, …; the year before the first Y0, the
    one before that Y00, the year after the last Z1."""
    named = {int(n) for n in re.findall(r"\[Y(\d)\]", wording.text)} | {
        int(n) for n in re.findall(r"@Y(\d)", wording.before)
    }
    used = sorted({int(n) for n in re.findall(r"@Y(\d)", wording.sql)})
    if not named:
        last = max(used, default=1)
        names = {year: ("Y1", "Y0", "Y00")[min(2, last - year)] for year in used}
    else:
        inner = {n for a, b in _RANGE.findall(wording.text) for n in range(int(a) + 1, int(b))}
        first, last = min(named), max(named)
        every = sorted(named | inner | {year for year in used if first < year < last})
        names = {year: f"Y{number}" for number, year in enumerate(every, 1)}
        names |= {year: "Y0" if first - year == 1 else "Y00" for year in used if year < first}
        names |= {year: f"Z{year - last}" for year in used if year > last}

    def again(text: str, pattern: str, form: str) -> str:
        return re.sub(pattern, lambda m: form.format(names.get(int(m[1]), f"Y{m[1]}")), text)

    return replace(
        wording,
        text=again(wording.text, r"\[Y(\d)\]", "[{}]"),
        sql=again(wording.sql, r"@Y(\d)", "@{}"),
        before=again(wording.before, r"@Y(\d)", "@{}"),
    )


def wordings() -> Iterator[Wording]:
    """Every wording of data/wordings, its years numbered, its statement in the one spelling."""
    for path in sorted(WORDINGS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "sql" in row:
                text, sql = numerals.slotted(row["text"], row["sql"])
                made = numbered(Wording(text, sql, row.get("before", ""), path.stem))
                yield replace(made, sql=canonical(made.sql), before=canonical(made.before) if made.before else "")


_COLUMN_NAMES = {
    "英文名称": "外文名称",
    "英文全称": "外文名称",
    "英文简称": "外文名称",
    "电子邮箱": "电子信箱",
    "邮箱": "电子信箱",
    "网址": "公司网址",
}
_TIMELESS = re.compile(
    r"(股票代码|股票简称|公司全称|外文名称|法定代表人|电子信箱|公司网址|注册地址|办公地址)(?![@一-鿿])"
)


@cache
def canonical(sql: str) -> str:
    """The one spelling where hands differ: column names, years of text columns, one company against a number over all."""
    if sql == "NONE":
        return sql
    for said, column in _COLUMN_NAMES.items():
        sql = re.sub(rf"(?<![一-鿿]){said}(?![一-鿿])", column, sql)
    years = re.findall(r"@([YZ]\d+)", sql)
    sql = _TIMELESS.sub(rf"\1@{max(years, default='Y1')}", sql)
    sql = re.sub(r"公司@(\w+) IS NOT NULL AND 股票代码@\1 LIKE", r"股票代码@\1 LIKE", sql)
    statement = parse(re.sub("SELECT 公司,", "SELECT ", sql))
    return write(_about_one(statement))


def _about_one(statement: Statement) -> Statement:
    """C1.M1@Y1/(SELECT …) is M1@Y1/(SELECT …) WHERE 公司=C1."""
    select = statement.select
    if select is None or select.where is not None or select.order is not None:
        return statement
    outer = [part for part in own_parts(select.items) if isinstance(part, Column)]
    every = [c for item in select.items for c in walk(item) if isinstance(c, Column) and c.company]
    names = {column.company for column in outer}
    if len(names) != 1 or "" in names or len(every) != len(outer):
        return statement
    company = names.pop()
    bare = rebuild(select, lambda n: replace(n, company="") if isinstance(n, Column) and n.company == company else n)
    return replace(statement, select=replace(bare, where=Binary("=", Column("公司"), Column(company))))


def held_out(text: str) -> bool:
    return int(md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 12 == 0
