"""A statement's result as sentences: what was understood, the figures asked for, and what they were made of. Templates only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from agent.errors import NotAnswerable
from agent.figures import schema
from agent.statements.meaning import conjuncts, is_aggregate, listed_companies, own_parts, scope, unit_of
from agent.statements.parsing import parse_expression
from agent.statements.results import Got, Result, Row, cut
from agent.statements.spelling import spell
from agent.statements.syntax import COMPANY, Binary, Call, Column, Node, Select, Star, Statement, walk
from agent.statements.words import Speaker

LISTED = 60  # companies an answer names at most; the count is always told
_OPERANDS = 8  # figures that are told behind a computed one at most


def tell(statement: Statement, result: Result, names: Mapping[str, str]) -> str:
    """The answer. `names`: 公司全称 → what each is called.

    Raises:
        NotAnswerable: what was asked for is empty.
    """
    assert statement.select is not None
    teller = _Teller(statement, result, names)
    kind = scope(statement.select)
    return {
        "named": teller.named,
        "free": teller.named,
        "listed": teller.listed,
        "found": teller.found,
        "aggregated": teller.aggregated,
    }[kind]()


class _Teller:
    def __init__(self, statement: Statement, result: Result, names: Mapping[str, str]) -> None:
        assert statement.select is not None
        self._select: Select = statement.select
        self._result, self._names = result, names
        self._say = Speaker.of(statement, names)
        self._plain = replace(self._say, unit="", digits=None)

    # --- one company, or companies against each other

    def named(self) -> str:
        row = self._result.rows[0]
        who = self._say.name(row.company) if row.company else ""
        told = [self._item(item, value, who) for item, value in zip(self._select.items, row.values)]
        text = "；".join(told) + "。"
        return text + self._operands(self._select.items, row.company)

    def _item(self, item: Node, value: Got, who: str) -> str:
        if value is None:
            raise NotAnswerable(f"未查询到{who}{self._missing(item)}，无法回答该问题。")
        if isinstance(item, Column) and item.name == COMPANY:
            return f"是{self._both_names(self._result.rows[0].company)}"
        if unit_of(item) == "truth":
            return self._truth(item, value, who)
        if isinstance(item, Call) and item.name in ("最高项", "最低项"):
            return self._extreme(item, who)
        label = self._say.expression(item)
        told = self._say.value(item, value)
        if isinstance(item, Binary) and item.op == "-" and isinstance(value, Decimal):
            told += self._direction(item, value)
        told += self._loss(item, value) + self._base(item, who)
        return f"{who}{label}为{told}"

    def _base(self, item: Node, who: str) -> str:
        """Growth over a loss: -100 to -300 is +200 %, which is no good news."""
        start = item.args[0] if isinstance(item, Call) and item.name == "增长率" else None
        if not isinstance(start, Column):
            return ""
        cells = self._result.cells.items()
        of_it = [v for (c, year, name), v in cells if (year, name) == (start.year, start.name) and self._say.name(c) == who]
        if not of_it or not isinstance(of_it[0], (int, Decimal)) or of_it[0] >= 0:
            return ""
        return f"（基数{start.year}年{start.name}为负值，增长率的正负不表示盈亏变好或变坏）"

    def _missing(self, item: Node) -> str:
        empty = [f"{year}年的{column}" for (_, year, column), value in self._result.cells.items() if value is None]
        return "、".join(dict.fromkeys(empty)) or f"计算{self._say.expression(item)}所需的数据（分母为0或没有意义）"

    def _direction(self, item: Binary, value: Decimal) -> str:
        """Who is higher, where two companies or two years are subtracted."""
        if not (isinstance(item.left, Column) and isinstance(item.right, Column)) or not value:
            return ""
        left, right = item.left, item.right
        if left.company and right.company and left.company != right.company:
            high, low = (left, right) if value > 0 else (right, left)
            return f"（{self._say.name(high.company)}更高，比{self._say.name(low.company)}高{self._say.number(unit_of(item), abs(value))}）"
        if left.name == right.name and left.year != right.year:
            more = "增加" if value > 0 else "减少"
            return f"（{left.year}年比{right.year}年{more}了{self._say.number(unit_of(item), abs(value))}）"
        return ""

    def _loss(self, item: Node, value: Got) -> str:
        """A negative profit is a loss of so much."""
        columns = {part.name for part in walk(item) if isinstance(part, Column)}
        profit = bool(columns) and all("利润" in name for name in columns) and unit_of(item) == "money"
        minus = any(isinstance(part, Binary) and part.op == "-" for part in walk(item))
        if not profit or minus or not isinstance(value, Decimal) or value >= 0:
            return ""
        return f"（亏损{self._say.value(item, -value)}）"

    def _truth(self, item: Node, value: Got, who: str) -> str:
        if isinstance(item, Binary) and item.op in ("=", "AND") and self._texts(item):
            parts = dict.fromkeys(part for part in walk(item) if isinstance(part, Column))
            told = "，".join(
                f"{self._say.name(p.company) if p.company else who}{p.year}年{p.name}是{self._cell(p)}" for p in parts
            )
            return f"{'相同' if value else '不相同'}。{told}"
        return f"{'是' if value else '否'}，{who}{self._say.condition(item)}{'成立' if value else '不成立'}"

    @staticmethod
    def _texts(item: Node) -> bool:
        columns = [part for part in walk(item) if isinstance(part, Column)]
        return bool(columns) and all(schema.unit_of(column.name) == "text" for column in columns)

    def _cell(self, column: Column) -> str:
        owner = column.company or self._result.rows[0].company
        value = self._result.cells.get((owner, column.year, column.name))
        return str(value) if value is not None else "没有数据"

    def _extreme(self, item: Call, who: str) -> str:
        value = self._result.rows[0].values[self._select.items.index(item)]
        best = next(arg for arg in item.args if spell(arg) == value)
        most = "最高" if item.name == "最高项" else "最低"
        each = "，".join(f"{self._say.expression(arg)}为{self._inner(arg)}" for arg in item.args)
        return f"{who}{most}的是{self._say.expression(best)}（{each}）"

    def _inner(self, arg: Node) -> str:
        return self._say.value(arg, self._result.inner.get(spell(arg, 1)))

    def _operands(self, items: tuple[Node, ...], company: str) -> str:
        """The cells that computed items were made of, and the values of subqueries."""
        computed = [
            item
            for item in items
            if not isinstance(item, Column) or item.name not in {c for _, _, c in self._result.cells}
        ]
        if not computed or all(self._texts(item) for item in computed):
            return ""
        told = []
        for (owner, year, column), value in self._result.cells.items():
            if isinstance(value, str) or value is None or schema.unit_of(column) == "text":
                continue
            who = self._say.name(owner) if owner != company else ""
            told.append(
                f"{who}{year}年{column}为{self._plain.number(unit_of(Column(column)), Decimal(value), plain=True)}"
            )
        for text, got in self._result.inner.items():
            if got is not None and not isinstance(got, (str, bool)) and text.startswith("(SELECT"):
                node = parse_expression(text)
                told.append(f"{self._plain.expression(node)}为{self._plain.value(node, got)}")
        return f"其中{'，'.join(told[:_OPERANDS])}。" if told else ""

    # --- several named companies

    def listed(self) -> str:
        rows, select = self._result.rows, self._select
        if select.order is None:
            return self._items(rows) + self._operands(select.items, "")
        key = next(iter(rows[0].shown))  # the sort key with its subqueries as numbers
        label = self._say.expression(select.order)
        told = [f"{self._say.name(row.company)}{self._say.value(select.order, row.shown[key])}" for row in rows]
        first = cut(select, rows)
        if not first:
            raise NotAnswerable(f"这里只有{len(rows)}家公司，没有{label}{self._say.rank(select)}的，无法回答该问题。")
        best = f"按{label}{self._say.rank(replace(select, limit=''))}："
        if select.limit == "1" and not select.offset:
            more, high = "更" if len(rows) == 2 else "最", "高" if select.descending else "低"
            best = f"{self._both_names(first[0].company)}{more}{high}。{label}："
        elif select.limit == "1":
            best = f"{label}{self._say.rank(select)}的是{self._both_names(first[0].company)}："
        extra = self._gap(rows, select, key) if len(rows) == 2 else ""
        asked = any(not (isinstance(item, Column) and item.name == COMPANY) for item in select.items)
        items = self._items(first) if asked else ""
        return best + "，".join(told) + extra + "。" + items + self._operands((select.order,), "")

    def _items(self, rows: tuple[Row, ...]) -> str:
        """What is asked of each of several companies."""
        told = (
            "，".join(self._item(i, v, self._say.name(row.company)) for i, v in zip(self._select.items, row.values))
            for row in rows
        )
        return "；".join(told) + "。"

    def _gap(self, rows: tuple[Row, ...], select: Select, key: str) -> str:
        assert select.order is not None
        a, b = (Decimal(row.shown[key] or 0) for row in rows)
        unit = unit_of(select.order)
        return f"，相差{self._say.number('points' if unit == 'percent' else unit, abs(a - b))}"

    # --- companies that were found

    def found(self) -> str:
        select, rows = self._select, self._result.rows
        condition = "、".join(self._say.condition(part) for part in conjuncts(select.where))
        if not rows:
            if select.order is not None:
                raise NotAnswerable(self._none(condition))
            return f"{condition}的公司有0家。"
        among = f"{condition}的公司中，" if condition else ""
        if select.order is not None:
            return self._ranked(among)
        total = f"{'超过' if self._result.truncated else ''}{len(rows)}家"
        many = f"（只列出前{LISTED}家）" if len(rows) > LISTED else ""
        return f"{condition}的公司有{total}{many}：" + "；".join(self._about(row) for row in rows[:LISTED]) + "。"

    def _none(self, condition: str) -> str:
        select = self._select
        assert select.order is not None
        which = f"{condition}且有" if condition else "有"
        if select.offset or select.last:
            return f"{which}{self._say.expression(select.order)}的公司没有那么多，找不到{self._say.rank(select)}的，无法回答该问题。"
        return f"表中没有{which}{self._say.expression(select.order)}的公司，无法回答该问题。"

    def _ranked(self, among: str) -> str:
        select, rows = self._select, self._result.rows
        assert select.order is not None
        head = f"{among}{self._say.expression(select.order)}{self._say.rank(select)}的"
        if len(rows) == 1:
            one = "公司" if not select.limit or select.limit == "1" else ""
            return f"{head}{one}是{self._about(rows[0])}。{self._ties()}"
        listed = "；".join(
            f"{number}. {self._about(row)}"
            for number, row in enumerate(rows[:LISTED], min(int(select.limit), int(select.last)) if select.last else 1)
        )
        short = (
            f"（表中只有{len(rows)}家）" if select.limit and not select.last and len(rows) < int(select.limit) else ""
        )
        return f"{head}公司{short}：{listed}。{self._ties()}"

    def _ties(self) -> str:
        """The companies that share a place with those that were asked for."""
        tied = self._result.tied
        more = f"等{len(tied)}家" if len(tied) > LISTED else ""
        return f"数值相同、并列的还有：{'；'.join(self._about(row) for row in tied[:LISTED])}{more}。" if tied else ""

    def _about(self, row: Row) -> str:
        """A company with what is asked of it, its sort key and the figures that conditions compare."""
        who = self._both_names(row.company)
        told = [f"{self._say.expression(parse_expression(key))}为{self._shown(key, value)}" for key, value in row.shown.items()]
        for item, value in zip(self._select.items, row.values):
            if not (isinstance(item, Column) and item.name == COMPANY):
                told.append(f"{self._say.expression(item)}为{self._say.value(item, value)}{self._loss(item, value)}")
        return who + ("，" + "，".join(dict.fromkeys(told)) if told else "")

    def _both_names(self, company: str) -> str:
        short = self._say.name(company)
        return company if short == company else f"{company}（{short}）"

    def _shown(self, key: str, value: Got) -> str:
        return self._say.value(parse_expression(key), value)

    # --- numbers over companies

    def aggregated(self) -> str:
        row, select = self._result.rows[0], self._select
        names = listed_companies(select)
        among = (
            "、".join(self._say.name(name) for name in names)
            if names
            else self._say.among(replace(select, order=None)) or "全部公司"
        )
        told = []
        for item, value in zip(select.items, row.values):
            if value is None:
                raise NotAnswerable(
                    f"{among.removesuffix('的')}没有{self._say.expression(item)}的数据，无法回答该问题。"
                )
            told.append(self._aggregate(item, value))
        return f"{among.rstrip('的')}{'的' if among else ''}" + "；".join(told) + "。" + self._parts(names)

    def _aggregate(self, item: Node, value: Got) -> str:
        if unit_of(item) == "truth":
            return f"{self._say.condition(item)}：{'是' if value else '否'}"
        if isinstance(item, Call) and item.name in ("最高项", "最低项"):
            return self._extreme(item, "")
        if isinstance(item, Call) and item.name == "COUNT" and isinstance(item.args[0], Star):
            return f"数量为{self._say.value(item, value)}"
        return f"{self._say.expression(item)}为{self._say.value(item, value)}{self._loss(item, value)}"

    def _parts(self, names: tuple[str, ...]) -> str:
        """What an arithmetic of aggregates was made of."""
        if names:
            each = [(*key.split(":", 1), value) for key, value in self._result.inner.items() if ":" in key]
            told = [
                f"{self._say.name(str(name))}{self._say.expression(parse_expression(str(key)))}为{self._shown(str(key), value)}"
                for name, key, value in each
            ]
            return f"其中{'，'.join(told[:_OPERANDS])}。" if told else ""
        computed = [item for item in self._select.items if not is_aggregate(item)]
        calls = [part for item in computed for part in own_parts(item) if is_aggregate(part)]
        told = [
            f"{self._plain.expression(call)}为{self._plain.value(call, self._result.inner.get(spell(call)))}"
            for call in dict.fromkeys(calls)
        ]
        return f"其中{'，'.join(told[:_OPERANDS])}。" if told else ""

