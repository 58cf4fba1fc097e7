"""Statement → text: one spelling for each."""

from __future__ import annotations

import re

from agent.statements.syntax import (
    COMPANY,
    COMPARISONS,
    NONE,
    NUMBER,
    SHOWN,
    WORD,
    Binary,
    Call,
    Column,
    Companies,
    IsNull,
    Node,
    Not,
    Number,
    Select,
    Shown,
    Star,
    Statement,
    Text,
)

_QUOTE = "'"
_LEVEL = {"OR": 1, "AND": 2, "LIKE": 4, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6}


def write(statement: Statement) -> str:
    """The one spelling of a statement."""
    if statement.select is None:
        return NONE
    told = f"{statement.unit}{' ' if statement.unit and statement.digits else ''}{statement.digits + '位' if statement.digits else ''}"
    return spell(statement.select) + (f" AS {told}" if told else "")


def spell(node: Node, level: int = 0) -> str:
    """A part of a statement as text; in brackets where it binds looser than `level`."""
    if isinstance(node, Column):
        return (
            (f"{_name(node.company)}." if node.company else "")
            + _name(node.name)
            + (f"@{node.year}" if node.year else "")
        )
    if isinstance(node, Number):
        return node.text
    if isinstance(node, Text):
        return node.text if re.fullmatch(r"[PS]\d+", node.text) else f"'{node.text.replace(_QUOTE, '')}'"
    if isinstance(node, Binary):
        return _spell_binary(node, level)
    if isinstance(node, Not):
        text = f"NOT {spell(node.this, 3)}"
        return f"({text})" if level > 3 else text
    if isinstance(node, IsNull):
        return f"{spell(node.this, 5)} IS {'NOT ' if node.negated else ''}NULL"
    if isinstance(node, Companies):
        return f"{COMPANY} IN {_spell_members(node)}"
    if isinstance(node, Shown):
        return f"{SHOWN}[{node.row}]"
    if isinstance(node, Star):
        return "*"
    if isinstance(node, Call):
        inner = ",".join(spell(arg, int(isinstance(arg, Select))) for arg in node.args)
        return f"{node.name}({'DISTINCT ' if node.distinct else ''}{inner})"
    return f"({_spell_select(node)})" if level else _spell_select(node)


def _name(text: str) -> str:
    """A real name that has what the grammar is made of, 己(集团)股份有限公司, stands in quotes."""
    return (
        text if (WORD.fullmatch(text) and not NUMBER.fullmatch(text)) or not text else f"'{text.replace(_QUOTE, '')}'"
    )


def _spell_binary(node: Binary, level: int) -> str:
    own = _LEVEL[node.op]
    words = f" {node.op} " if node.op in ("OR", "AND", "LIKE") else node.op
    # a-(b-c) keeps its brackets, (a-b)-c needs none; a comparison inside another has them.
    left = spell(node.left, own + (own == 4))
    right = spell(node.right, own + 1)
    if isinstance(node.left, Binary) and node.op == "-" and node.left == Number("0"):
        left = ""
    text = f"-{right}" if node.op == "-" and node.left == Number("0") else f"{left}{words}{right}"
    return f"({text})" if own < level else text


def _spell_members(node: Companies) -> str:
    if node.shown:
        return SHOWN + (f"[{node.rows}]" if node.rows else "")
    return f"({_spell_select(node.select) if node.select else ','.join(map(_name, node.names))})"


def _spell_select(select: Select) -> str:
    text = "SELECT " + ",".join(spell(item, 1) for item in select.items)
    if select.where is not None:
        text += f" WHERE {spell(select.where)}"
    if select.order is not None:
        text += f" ORDER BY {spell(select.order, 5)} {'DESC' if select.descending else 'ASC'}"
    if select.limit:
        text += f" LIMIT {select.limit}"
    if select.last:
        text += f",{select.last}"
    if select.offset:
        text += f" OFFSET {select.offset}"
    return text
