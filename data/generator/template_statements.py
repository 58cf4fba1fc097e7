"""FinTrain's template questions as wordings for the reader: their SQL over surrogates becomes a statement over slots.

Only questions over many companies are taken: of one company's rows the old SQL leaves to code what is done with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlglot
from sqlglot import exp

from agent.figures import schema
from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.syntax import StatementError
from agent.writing.surrogates import COMPANIES, KTH, NUMERIC, PLACES, TOP

_YEARS = re.compile(r"20[12]\d")
_OPERATORS: dict[type, str] = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
_TOKEN = re.compile(
    "|".join([*sorted((*NUMERIC, *PLACES, *COMPANIES), key=len, reverse=True), r"20[12]\d", r"[1-4]00(?:元|%|人)?", rf"(?<!\d){TOP}(?!\d)", rf"(?<!\d){KTH}(?!\d)"])
)


class _Unlike(ValueError):
    """A statement that has no counterpart here."""


class _Slots:
    """Slots by first mention; a year's number is its place among the years."""

    def __init__(self, question: str) -> None:
        self._years = sorted({int(year) for year in _YEARS.findall(question)})
        self._names: dict[tuple[str, str], str] = {}
        self.text = _TOKEN.sub(lambda match: f"[{self._slot(match[0])}]", question)

    def _slot(self, said: str) -> str:
        kind = "Y" if _YEARS.fullmatch(said) else "M" if said in NUMERIC else "P" if said in PLACES else "C" if said in COMPANIES else "K"
        if re.fullmatch(r"[1-4]00(?:元|%|人)?", said):
            kind = "X" if said.endswith("%") else "A"
            said = said[:3]
        return self.year(int(said)) if kind == "Y" else self._give(kind, said)

    def _give(self, kind: str, said: str) -> str:
        if (kind, said) not in self._names:
            self._names[kind, said] = f"{kind}{1 + sum(k == kind for k, _ in self._names)}"
        return self._names[kind, said]

    def of(self, kind: str, said: str) -> str:
        """The slot of something that the question named."""
        if (kind, said) not in self._names:
            raise _Unlike(said)
        return self._names[kind, said]

    def number(self, said: str) -> str:
        for kind in "AX":
            if (kind, said) in self._names:
                return self._names[kind, said]
        if said == "0":
            return said
        raise _Unlike(said)

    def year(self, year: int) -> str:
        if year not in self._years:
            raise _Unlike(str(year))
        return f"Y{self._years.index(year) + 1}"


def statement(question: str, sql: str) -> tuple[str, str]:
    """(text over slots, statement) of one row.

    Raises:
        ValueError: it has no counterpart.
    """
    slots = _Slots(question)
    select = sqlglot.parse_one(sql, read="sqlite")
    if not isinstance(select, exp.Select):
        raise _Unlike(sql)
    return slots.text, write(parse(_Converter(slots).convert(select)))


class _Converter:
    def __init__(self, slots: _Slots) -> None:
        self._slots = slots

    def convert(self, select: exp.Select) -> str:
        if select.find(exp.Window):
            return self._ranked(select)
        years, conditions = self._where(select)
        if any(isinstance(c, (exp.EQ, exp.In)) and c.this.name == schema.COMPANY for c in select.find_all(exp.EQ, exp.In)):
            raise _Unlike("one company")
        group = select.args.get("group")
        if group is not None and group.expressions[0].name == schema.COMPANY:
            return self._grouped(select, years, conditions)
        items = select.expressions
        aggregates = [e for e in items if isinstance(e, exp.AggFunc)]
        if aggregates:
            return self._totals(aggregates, years, conditions, bool(group))
        if len(years) != 1:
            raise _Unlike("years")
        year = years[0]
        asked = [e.name for e in items if e.name not in (schema.COMPANY, schema.YEAR)]
        order = select.args.get("order")
        key = self._column(order.expressions[0].this, year) if order else ""
        shown = [self._column(exp.column(name), year) for name in asked]
        shown = [s for s in shown if s != key and not re.search(re.escape(s) + "[<>=]", " ".join(self._each(conditions, year)))]
        return f"SELECT {','.join(shown) or '公司'}{self._conditions(conditions, [year])}{self._order(select, key)}"

    def _order(self, select: exp.Select, key: str) -> str:
        order, limit, offset = (select.args.get(part) for part in ("order", "limit", "offset"))
        if not order:
            return ""
        text = f" ORDER BY {key} {'DESC' if order.expressions[0].args.get('desc') else 'ASC'}"
        if limit:
            number = limit.expression.this
            text += f" LIMIT {self._slots.of('K', str(TOP)) if number == str(TOP) else '1'}"
        return text + (f" OFFSET {self._slots.of('K', str(KTH))}" if offset and offset.expression.this != "0" else "")

    def _where(self, select: exp.Select) -> tuple[list[str], list[exp.Expr]]:
        """Years as slots, and the other conditions."""
        where = select.args.get("where")
        parts = list(where.this.flatten()) if where is not None and isinstance(where.this, exp.And) else [where.this] if where is not None else []
        years: list[str] = []
        rest: list[exp.Expr] = []
        for part in parts:
            if isinstance(part, exp.EQ) and part.this.name == schema.YEAR:
                years = [self._slots.year(int(part.expression.this))]
            elif isinstance(part, exp.In) and part.this.name == schema.YEAR:
                years = sorted(self._slots.year(int(e.this)) for e in part.expressions)
            else:
                rest.append(part)
        if not years:
            raise _Unlike("no year")
        return years, rest

    def _column(self, node: exp.Expr, year: str) -> str:
        name = node.name
        base, suffix = schema.over_last_year(name)
        before = f"Y{int(year[1:]) - 1}"
        if suffix and before != "Y0" and before not in self._slots.text:
            raise _Unlike("gap")
        if suffix == schema.GROWTH:
            return f"增长率({self._column(exp.column(base), before)},{self._column(exp.column(base), year)})"
        if suffix:
            return f"{self._column(exp.column(base), year)}-{self._column(exp.column(base), before)}"
        return f"{self._slots.of('M', name) if name in NUMERIC else name}@{year}"

    def _condition(self, node: exp.Expr, year: str) -> str:
        if isinstance(node, exp.Paren):
            return f"({self._condition(node.this, year)})"
        if isinstance(node, exp.Not):
            return f"NOT {self._condition(node.this, year)}"
        if isinstance(node, (exp.And, exp.Or)):
            word = "AND" if isinstance(node, exp.And) else "OR"
            return f"{self._condition(node.this, year)} {word} {self._condition(node.expression, year)}"
        if isinstance(node, exp.Like):
            return f"{node.this.name}@{year} LIKE {self._slots.of('P', node.expression.this.strip('%'))}"
        if isinstance(node, exp.Between):
            low, high = (self._slots.number(node.args[part].this) for part in ("low", "high"))
            return f"{self._column(node.this, year)}>={low} AND {self._column(node.this, year)}<={high}"
        if type(node) in _OPERATORS and isinstance(node.this, exp.Column):
            return f"{self._column(node.this, year)}{_OPERATORS[type(node)]}{self._slots.number(node.expression.this)}"
        raise _Unlike(node.sql())

    def _each(self, conditions: list[exp.Expr], year: str) -> list[str]:
        texts = [f"({self._condition(c, year)})" if isinstance(c, exp.Or) else self._condition(c, year) for c in conditions]
        return sorted(texts, key=lambda text: "注册地址" not in text and "办公地址" not in text)

    def _conditions(self, conditions: list[exp.Expr], years: list[str]) -> str:
        texts = [text for year in years for text in self._each(conditions, year)]
        return f" WHERE {' AND '.join(texts)}" if texts else ""

    def _totals(self, aggregates: Sequence[exp.Expr], years: list[str], conditions: list[exp.Expr], by_year: bool) -> str:
        def one(call: exp.Expr, year: str) -> str:
            return f"{type(call).__name__.upper()}({self._column(call.this, year)})"

        if isinstance(aggregates[0], exp.Count):
            if len(years) > 1 and not by_year:
                raise _Unlike("count over years")
            counted = "COUNT(*)" if conditions else ""
            items = [f"(SELECT COUNT(*){self._conditions(conditions, [year])})" if counted else f"COUNT(公司@{year})" for year in years]
            return f"SELECT COUNT(*){self._conditions(conditions, years)}" if len(years) == 1 and counted else f"SELECT {','.join(items)}"
        if len(years) == 1 or by_year:
            items = [one(call, year) for year in years for call in aggregates]
        elif len(aggregates) == 1 and isinstance(aggregates[0], exp.Sum):
            items = ["+".join(one(aggregates[0], year) for year in years)]
        else:
            raise _Unlike("average over years")
        return f"SELECT {','.join(items)}{self._conditions(conditions, years[-1:])}"

    def _grouped(self, select: exp.Select, years: list[str], conditions: list[exp.Expr]) -> str:
        having, order = select.args.get("having"), select.args.get("order")
        if having is not None:  # in each of the years, or in one of them
            joiner = " AND " if isinstance(having.this, exp.EQ) else " OR "
            texts = [" AND ".join(self._each(conditions, year)) for year in years]
            if len(conditions) > 1 and joiner == " OR ":
                raise _Unlike("conditions in some year")
            return f"SELECT 公司 WHERE {joiner.join(texts)}"
        if order is None or not isinstance(order.expressions[0].this, (exp.Sum, exp.Avg)):
            raise _Unlike("group")
        call = order.expressions[0].this
        total = "+".join(self._column(call.this, year) for year in years)
        key = f"({total})/{len(years)}" if isinstance(call, exp.Avg) else total
        return f"SELECT 公司{self._conditions(conditions, years[-1:])}{self._order(select, key)}"

    def _ranked(self, select: exp.Select) -> str:
        """Among the first K in each of the years, or in one of them."""
        inner = select.args["from_" if "from_" in select.args else "from"].this.this
        years, conditions = self._where(inner)
        window, having = inner.find(exp.Window), select.args["having"].this
        ordered = window.args["order"].expressions[0]
        way = "DESC" if ordered.args.get("desc") else "ASC"
        limit = next(select.find_all(exp.LTE)).expression.this
        count = self._slots.of("K", str(TOP)) if limit == str(TOP) else "1"
        texts = [
            f"公司 IN (SELECT 公司{self._conditions(conditions, [year])} ORDER BY {self._column(ordered.this, year)} {way} LIMIT {count})"
            for year in years
        ]
        return f"SELECT 公司 WHERE {(' AND ' if isinstance(having, exp.EQ) else ' OR ').join(texts)}"


def template_wordings(path: Path) -> Iterator[tuple[str, str]]:
    """(text, statement) of every row of a FinTrain file that has a counterpart."""
    for row in json.loads(path.read_text(encoding="utf-8")):
        try:
            yield statement(row["question"], row["query"])
        except (StatementError, ValueError, KeyError, AttributeError, IndexError):
            continue
