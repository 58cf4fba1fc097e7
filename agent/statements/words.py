"""A statement in plain Chinese: what was understood, told before the figures; and how values are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agent.figures import schema
from agent.figures.numbers import format_number, format_percent
from agent.statements.meaning import Unit, conjuncts, named_company, unit_of
from agent.statements.syntax import (
    COMPANY,
    COMPARISONS,
    Binary,
    Call,
    Column,
    Companies,
    IsNull,
    Node,
    Not,
    Number,
    Select,
    Star,
    Statement,
    Text,
)

SCALES = {"千元": 10**3, "万元": 10**4, "百万元": 10**6, "亿元": 10**8, "元": 1}
_COMPARED = {"=": "等于", "<>": "不等于", "<": "小于", "<=": "不超过", ">": "大于", ">=": "不低于"}
_AGGREGATED = {"SUM": "总和", "AVG": "平均值", "MAX": "最大值", "MIN": "最小值", "MEDIAN": "中位数"}


@dataclass(frozen=True)
class Speaker:
    """Says parts of one statement. names: 公司全称 → what it is called; unit, digits: as the statement asks."""

    names: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    digits: int | None = None

    @classmethod
    def of(cls, statement: Statement, names: Mapping[str, str]) -> Speaker:
        return cls(names, statement.unit, int(statement.digits) if statement.digits else None)

    def name(self, company: str) -> str:
        """What a company is called; in quotes where a year behind it would be read as part of it (000903, known by its code alone)."""
        name = self.names.get(company, company)
        return f"“{name}”" if name[-1:].isdigit() else name

    # --- what something is called

    def expression(self, node: Node) -> str:
        """An expression in words; the company of the row is not said."""
        if isinstance(node, Column):
            return self._column(node)
        if isinstance(node, Number):
            return format_number(Decimal(node.text))
        if isinstance(node, Text):
            return f"“{node.text}”"
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Select):
            return self.select(node)
        if isinstance(node, Binary) and node.op in "+-*/":
            return self._arithmetic(node)
        return self.condition(node)

    def _column(self, column: Column) -> str:
        who = f"{self.name(column.company)}" if column.company else ""
        if column.name == COMPANY:
            return f"{column.year}年的数据" if column.year else "公司"
        return f"{who}{column.year}年{column.name}" if column.year else f"{who}{column.name}"

    def _arithmetic(self, node: Binary) -> str:
        sign = {"+": "+", "-": "-", "*": "×", "/": "÷"}[node.op]
        sides = []
        for at, side in enumerate((node.left, node.right)):
            text = self.expression(side)
            loose = isinstance(side, Binary) and (
                (side.op in "+-" and (node.op in "*/" or (at and node.op == "-")))
                or (at and node.op == "/" and side.op in "*/")
            )
            sides.append(f"({text})" if loose or isinstance(side, (Not, Select)) or unit_of(side) == "truth" else text)
        return sign.join(sides)

    def _call(self, node: Call) -> str:
        if node.name in ("增长率", "年均增长率"):
            return self._growth(node)
        if node.name in ("名次", "倒数名次"):
            among = f"在{self.condition(node.args[1])}的公司中" if len(node.args) > 1 else ""
            return f"{self.expression(node.args[0])}{among}{'从高到低' if node.name == '名次' else '从低到高'}的名次"
        if node.name == "COUNT":
            arg = node.args[0]
            if node.distinct:
                return f"不同的{self.expression(arg)}个数"
            return "公司数" if isinstance(arg, Star) else f"有{self.expression(arg)}的公司数"
        inner = "、".join(self.expression(arg) for arg in node.args)
        if node.name in _AGGREGATED:
            if node.name == "AVG" and unit_of(node.args[0]) == "truth":
                return f"{self.condition(node.args[0])}的公司所占比例"
            return f"{inner}的{_AGGREGATED[node.name]}"
        return {
            "ABS": f"{inner}的绝对值",
            "GREATEST": f"{inner}中最大的",
            "LEAST": f"{inner}中最小的",
            "最高项": f"{inner}中最高的一项",
            "最低项": f"{inner}中最低的一项",
        }.get(node.name, f"{node.name}({inner})")

    def _growth(self, node: Call) -> str:
        start, end = node.args
        if (
            isinstance(start, Column)
            and isinstance(end, Column)
            and start.name == end.name
            and start.company == end.company
        ):
            who = self.name(start.company) if start.company else ""
            return f"{who}{start.name}从{start.year}年到{end.year}年的{node.name}"
        return f"从{self.expression(start)}到{self.expression(end)}的{node.name}"

    def select(self, select: Select) -> str:
        """A subquery."""
        return f"{self.among(select)}{self.expression(select.items[0])}"

    # --- conditions

    def among(self, select: Select) -> str:
        """Which companies a SELECT is about, as what comes before a figure."""
        found = "、".join(self.condition(part) for part in conjuncts(select.where))
        ranked = ""
        if select.order is not None:
            ranked = f"{self.expression(select.order)}{self.rank(select)}的公司的"
        return (f"{found}的公司" + ("中，" if ranked else "的") if found else "") + ranked

    def rank(self, select: Select) -> str:
        """最高, 最高的前5家, 第7高, 第3到第5高 of a sort key."""
        most, more = ("最高", "高") if select.descending else ("最低", "低")
        if select.last:
            return f"第{select.limit}到第{select.last}{more}"
        if select.offset:
            return f"第{select.offset}{more}"
        return (
            most
            if select.limit == "1"
            else f"{most}的前{select.limit}家"
            if select.limit
            else f"从{most[1]}到{'低' if more == '高' else '高'}"
        )

    def condition(self, node: Node) -> str:
        if isinstance(node, Not):
            return f"不满足（{self.condition(node.this)}）"
        if isinstance(node, IsNull):
            what = self.expression(node.this)
            return f"有{what}" if node.negated else f"没有{what}"
        if isinstance(node, Companies):
            return self._members(node)
        if not isinstance(node, Binary):
            return self.expression(node)
        if node.op in ("AND", "OR"):
            sides = [
                f"（{self.condition(side)}）"
                if isinstance(side, Binary) and side.op in ("AND", "OR") and side.op != node.op
                else self.condition(side)
                for side in (node.left, node.right)
            ]
            return ("且" if node.op == "AND" else "或").join(sides)
        if node.op == "LIKE":
            assert isinstance(node.right, Text)
            begins = isinstance(node.left, Column) and node.left.name == schema.CODE
            return (
                f"{self.expression(node.left)}{'以' if begins else '含'}“{node.right.text}”{'开头' if begins else ''}"
            )
        if node.op not in COMPARISONS:
            return self.expression(node)
        if node.left == Column(COMPANY):
            who = (
                node.right.name
                if isinstance(node.right, Column)
                else node.right.text
                if isinstance(node.right, Text)
                else "上面的那一家"
            )
            return f"{'不是' if node.op == '<>' else '是'}{self.name(who)}"
        right = self._value_of(node)
        return f"{self.expression(node.left)}{_COMPARED[node.op]}{right}"

    def _value_of(self, node: Binary) -> str:
        if not isinstance(node.right, Number):
            return self.expression(node.right)
        unit = unit_of(node.left)
        number = Decimal(node.right.text)
        if unit == "percent":
            return format_percent(number)
        return format_number(number) + {"money": "元", "share": "元", "count": "人", "companies": "家"}.get(unit, "")

    def _members(self, node: Companies) -> str:
        if node.shown:
            return "上面列出"
        if node.select is not None:
            inner = node.select
            of = "、".join(self.condition(part) for part in conjuncts(inner.where))
            key = self.expression(inner.order) if inner.order is not None else ""
            return f"{of + '的公司中' if of else ''}{key}{'排在' if inner.order is not None else ''}{self.rank(inner).replace('最高的前', '前').replace('最低的前', '倒数前')}"
        return f"是{'、'.join(self.name(name) for name in node.names)}之一"

    # --- values

    def value(self, node: Node, value: Decimal | str | bool | None) -> str:
        """A value with its unit, as the statement asks for it."""
        if value is None:
            return "没有数据"
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, str):
            return value
        return self.number(unit_of(node), value, plain=isinstance(node, Column) and schema.computed(node.name) is None)

    def number(self, unit: Unit, value: Decimal, plain: bool = False) -> str:
        digits = self.digits
        if unit == "money" and self.unit in SCALES:
            scale = Decimal(SCALES[self.unit])
            return (
                format_number(
                    value / scale, (2 if self.unit != "元" or not plain else None) if digits is None else digits
                )
                + self.unit
            )
        if unit == "money" and self.unit == "%":
            return format_percent(value, 2 if digits is None else digits)
        if unit in ("money", "share"):
            return format_number(value, digits if digits is not None else None if plain else _cents(value)) + "元"
        if unit == "count":
            return (
                format_number(
                    value, digits if digits is not None else None if value == value.to_integral_value() else 2
                )
                + "人"
            )
        if unit == "companies":
            return format_number(value, None if value == value.to_integral_value() else 2) + "家"
        if unit == "met":
            return f"{format_number(value)}项"
        if unit == "rank":
            return f"第{format_number(value)}名"
        if unit == "points":
            return f"{format_number(value * 100, 2 if digits is None else digits)}个百分点"
        return self._ratio(unit, value, 2 if digits is None else digits)

    def _ratio(self, unit: Unit, value: Decimal, digits: int) -> str:
        if self.unit == "倍":
            return f"{format_number(value, digits)}倍"
        if self.unit == "小数":
            return format_number(value, max(digits, 4) if self.digits is None else digits)
        if self.unit == "%" or unit == "percent":
            return format_percent(value, digits)
        return (
            f"{format_number(value, digits)}（{format_percent(value, digits)}）"
            if abs(value) < 100
            else format_number(value, digits)
        )


def _cents(value: Decimal) -> int | None:
    """Computed money has two decimals at most."""
    return 2 if value != round(value, 2) else None


def said(statement: Statement, names: Mapping[str, str]) -> str:
    """The whole statement as a phrase, e.g. to offer it as a reading."""
    if statement.select is None:
        return "表里没有的内容"
    select, speaker = statement.select, Speaker.of(statement, names)
    items = "、".join(speaker.expression(item) for item in select.items)
    named = named_company(select)
    if isinstance(named, Column):
        text = f"{speaker.name(named.name)}的{items}"
    elif items == COMPANY and (select.order is not None or select.where is not None):
        text = speaker.among(select).removesuffix("的")
    else:
        text = f"{speaker.among(select)}{items}".replace("的公司的公司数", "的公司数")
    return text + (f"（{statement.unit}）" if statement.unit else "")

