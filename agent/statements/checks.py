"""What no sensible statement says: a figure compared with itself, money with heads, a condition that is none. For what a model wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agent.figures import schema
from agent.statements.meaning import conjuncts, is_aggregate, is_truth, own_parts, scope, unit_of
from agent.statements.syntax import (
    COMPANY,
    Binary,
    Call,
    Column,
    Companies,
    Node,
    Number,
    Select,
    Shown,
    Statement,
    Text,
    walk,
)


def faults(statement: Statement) -> list[str]:
    """Why a statement cannot be meant, one phrase each; none for one that can."""
    if statement.select is None:
        return []
    return [fault for node in walk(statement) for fault in _of(node)]


def _of(node: Node) -> Iterator[str]:
    if isinstance(node, Binary):
        yield from _of_binary(node)
    elif isinstance(node, Call):
        yield from _of_call(node)
    elif isinstance(node, Select):
        yield from _of_select(node)


def _of_binary(node: Binary) -> Iterator[str]:
    if node.op not in ("+", "*") and node.left == node.right:
        yield "一个数和它自己比"
    if node.op in ("AND", "OR"):
        if not (is_truth(node.left) and is_truth(node.right)):
            yield "条件不是条件"
        return
    if node.op == "LIKE":
        if not (isinstance(node.left, Column) and schema.unit_of(node.left.name) == "text"):
            yield "只有文字能含有文字"
        return
    if node.left == Column(COMPANY):
        if node.op not in ("=", "<>") or (isinstance(node.right, Column) and (node.right.year or node.right.company)):
            yield "公司不能这样比"
        return
    yield from _of_sides(node)


def _of_sides(node: Binary) -> Iterator[str]:
    plain = (Number, Text, Shown)
    if isinstance(node.left, plain) or isinstance(node.right, plain):
        left = unit_of(node.left)
        if isinstance(node.right, Number) and left in ("text", "name"):
            yield "文字和数比"
        return
    left, right = unit_of(node.left), unit_of(node.right)
    if (left == "text") != (right == "text"):
        yield "文字和数比"
    # Money of each head is no money; a quotient joins anything else.
    if (
        node.op != "/"
        and node.op != "*"
        and left != right
        and {left, right} <= {"money", "count", "percent", "companies", "rank"}
    ):
        yield "单位不同的数相加减或比较"
    if node.op in "+-*/" and "text" in (left, right):
        yield "文字不能计算"
    if node.op == "/" and left == "percent" and right in ("money", "count", "share"):
        yield "比率再除以金额或人数"


def _of_call(node: Call) -> Iterator[str]:
    if node.name in ("增长率", "年均增长率") and (len(node.args) != 2 or node.args[0] == node.args[1]):
        yield "增长率要两个不同的数"
    elif node.name in ("最高项", "最低项", "GREATEST", "LEAST") and len(set(node.args)) < max(2, len(node.args)):
        yield "几项里有相同的"
    elif node.name in ("SUM", "AVG", "MAX", "MIN", "MEDIAN") and (
        len(node.args) != 1 or unit_of(node.args[0]) == "text"
    ):
        yield "只能汇总一个数"
    if node.name in ("SUM", "AVG") and any(is_aggregate(part) for arg in node.args for part in own_parts(arg)):
        yield "汇总里面还有汇总"


def _of_select(node: Select) -> Iterator[str]:
    parts = conjuncts(node.where)
    if not all(map(is_truth, parts)):
        yield "条件不是条件"
    if len(set(parts)) < len(parts) or any(_opposite(part) in parts for part in parts):
        yield "一个条件说了两遍，或者两个条件相反"
    if node.order is not None and (unit_of(node.order) in ("text", "truth", "name") or isinstance(node.order, Number)):
        yield "不能按它排序"
    kind = scope(node)
    if kind == "aggregated" and node.order is not None:
        yield "汇总成一个数不用排序"
    if kind == "aggregated" and any(
        isinstance(part, Column) and not part.company for item in node.items for part in _outside_aggregates(item)
    ):
        yield "汇总旁边还有单家的数"
    if len(set(node.items)) < len(node.items):
        yield "同一项出现两次"
    if kind == "named" and node.order is not None:
        yield "一家公司不用排序"


def _opposite(node: Node) -> Node | None:
    """净利润>0 against 净利润<0."""
    turned = {">": "<", "<": ">"}.get(node.op) if isinstance(node, Binary) else None
    return replace(node, op=turned) if turned and isinstance(node, Binary) else None


def _outside_aggregates(node: Node) -> Iterator[Node]:
    if is_aggregate(node) or isinstance(node, (Select, Companies)):
        return
    yield node
    for name in ("left", "right", "this", "args"):
        part = getattr(node, name, None)
        for below in part if isinstance(part, tuple) else (part,):
            if below is not None and not isinstance(below, str):
                yield from _outside_aggregates(below)
