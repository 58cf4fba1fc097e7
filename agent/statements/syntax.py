"""Reads and writes statements: text ↔ tree, one spelling for each.

The language is SQL's SELECT over a virtual wide table, one row a company, with the time in the column (`净利润@2020`); data/wordings/STATEMENTS.md
tells it to people. Names of companies, years and values may be real ones, surrogates or slots: the grammar is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

AGGREGATES = frozenset({"SUM", "AVG", "MAX", "MIN", "MEDIAN", "COUNT"})
FUNCTIONS = AGGREGATES | {
    "增长率",
    "年均增长率",
    "最高项",
    "最低项",
    "GREATEST",
    "LEAST",
    "ABS",
    "COALESCE",
    "名次",
    "倒数名次",
}
COMPANY, SHOWN = "公司", "上述"
UNITS = ("百万元", "千元", "万元", "亿元", "元", "%", "倍", "小数")
COMPARISONS = ("<=", ">=", "<>", "=", "<", ">")


class StatementError(ValueError):
    """A text that is no statement; the message says what is wrong and where."""


@dataclass(frozen=True)
class Column:
    """`name@year` of the running company, or of `company`; `公司` and codes have no year."""

    name: str
    year: str = ""
    company: str = ""


@dataclass(frozen=True)
class Number:
    """A number or what stands for one, as it is written."""

    text: str


@dataclass(frozen=True)
class Text:
    """A string in quotes, without them."""

    text: str


@dataclass(frozen=True)
class Binary:
    """Arithmetic (+ - * /), a comparison, LIKE, AND or OR."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Not:
    this: Node


@dataclass(frozen=True)
class IsNull:
    this: Node
    negated: bool = False


@dataclass(frozen=True)
class Companies:
    """公司 IN (…): companies by name, those of a SELECT, or the rows just shown (`rows`: 2: from the second on, :3 the first three)."""

    names: tuple[str, ...] = ()
    select: Select | None = None
    shown: bool = False
    rows: str = ""


@dataclass(frozen=True)
class Shown:
    """公司=上述[row]: one of the rows just shown."""

    row: str


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Node, ...]
    distinct: bool = False


@dataclass(frozen=True)
class Star:
    """The * of COUNT(*)."""


@dataclass(frozen=True)
class Select:
    """limit, offset: as written (OFFSET k is the k-th); last: LIMIT i,j asks for the i-th to the j-th."""

    items: tuple[Node, ...]
    where: Node | None = None
    order: Node | None = None
    descending: bool = True
    limit: str = ""
    offset: str = ""
    last: str = ""


@dataclass(frozen=True)
class Statement:
    """A SELECT and how its figures are to be told: unit ("" where not said) and decimals; `select` None: no table answers it."""

    select: Select | None
    unit: str = ""
    digits: str = ""


Node = Column | Number | Text | Binary | Not | IsNull | Companies | Shown | Call | Star | Select
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*')|(?P<symbol><=|>=|<>|[-+*/()=<>,.@%\[\]:])|(?P<word>[^\s'<>=+*/(),.@%\[\]:\-]+))"
)
_TAIL = re.compile(rf" AS (?P<unit>{'|'.join(UNITS)})?(?: ?(?P<digits>\w+?)位)?$")
_WORD = re.compile(r"[^\s'<>=+*/(),.@%\[\]:\-]+")
_QUOTE = "'"
_NUMBER = re.compile(r"\d+|[AXKN]\d+")
NONE = "NONE"


def parse(text: str) -> Statement:
    """The statement that `text` spells.

    Raises:
        StatementError: it spells none.
    """
    if text.strip() == NONE:
        return Statement(None)
    unit = digits = ""
    if (tail := _TAIL.search(text)) and (tail["unit"] or tail["digits"]):
        text, unit, digits = text[: tail.start()], tail["unit"] or "", tail["digits"] or ""
    reader = _Reader(text)
    select = reader.select()
    reader.end()
    return Statement(select, unit, digits)


def parse_expression(text: str) -> Node:
    """The expression that `text` spells.

    Raises:
        StatementError: it spells none.
    """
    select = parse(f"SELECT {text}").select
    assert select is not None
    return select.items[0]


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise StatementError(f"“{text[position:]}”读不懂：{text}")
            self._tokens.append((str(match.lastgroup), match[match.lastgroup or 0]))
            position = match.end()

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else ""

    def _take(self, *expected: str) -> bool:
        if self._peek() in expected and self._peek():
            self._at += 1
            return True
        return False

    def _need(self, expected: str) -> None:
        if not self._take(expected):
            raise StatementError(f"这里应是“{expected}”，却是“{self._peek() or '结尾'}”：{self._text}")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise StatementError(f"语句没有写完：{self._text}")
        self._at += 1
        return self._tokens[self._at - 1]

    def end(self) -> None:
        if self._peek():
            raise StatementError(f"“{self._peek()}”多出来了：{self._text}")

    def select(self) -> Select:
        self._need("SELECT")
        items = [self._condition()]
        while self._take(","):
            items.append(self._condition())
        where = self._condition() if self._take("WHERE") else None
        order, descending, limit, offset, last = None, True, "", "", ""
        if self._take("ORDER"):
            self._need("BY")
            order = self._sum()
            if not self._take("DESC"):
                self._need("ASC")
                descending = False
            if self._take("LIMIT"):
                limit = self._count()
                if self._take(","):
                    last = self._count()
                elif self._take("OFFSET"):
                    offset = self._count()
        return Select(tuple(items), where, order, descending, limit, offset, last)

    def _count(self) -> str:
        kind, word = self._next()
        if kind != "word" or not _NUMBER.fullmatch(word):
            raise StatementError(f"“{word}”不是名次：{self._text}")
        return word

    def _condition(self) -> Node:
        left = self._conjunction()
        while self._take("OR"):
            left = Binary("OR", left, self._conjunction())
        return left

    def _conjunction(self) -> Node:
        left = self._negation()
        while self._take("AND"):
            left = Binary("AND", left, self._negation())
        return left

    def _negation(self) -> Node:
        return Not(self._negation()) if self._take("NOT") else self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        if self._take("IS"):
            negated = self._take("NOT")
            self._need("NULL")
            return IsNull(left, negated)
        if self._take("LIKE"):
            return Binary("LIKE", left, Text(self._next()[1].strip("'%")))
        if self._take("IN"):
            return self._members(left)
        for op in COMPARISONS:
            if self._take(op):
                return Binary(op, left, self._shown_row() or self._sum())
        return left

    def _shown_row(self) -> Shown | None:
        if not self._take(SHOWN):
            return None
        return Shown(self._rows())

    def _rows(self) -> str:
        self._need("[")
        rows = ""
        while not self._take("]"):
            rows += self._next()[1]
        return rows

    def _members(self, left: Node) -> Node:
        if left != Column(COMPANY):
            raise StatementError(f"IN 的左边只能是{COMPANY}：{self._text}")
        if self._take(SHOWN):
            return Companies(shown=True, rows=self._rows() if self._peek() == "[" else "")
        self._need("(")
        if self._peek() == "SELECT":
            found = Companies(select=self.select())
        else:
            names = [self._next()[1]]
            while self._take(","):
                names.append(self._next()[1])
            found = Companies(names=tuple(name.strip("'") for name in names))
        self._need(")")
        return found

    def _sum(self) -> Node:
        left = self._product()
        while self._peek() in ("+", "-"):
            left = Binary(self._next()[1], left, self._product())
        return left

    def _product(self) -> Node:
        left = self._atom()
        while self._peek() in ("*", "/"):
            left = Binary(self._next()[1], left, self._atom())
        return left

    def _atom(self) -> Node:
        if self._take("("):
            inner = self.select() if self._peek() == "SELECT" else self._condition()
            self._need(")")
            return inner
        if self._take("-"):
            return Binary("-", Number("0"), self._atom())
        kind, word = self._next()
        if kind == "string":
            named = self._peek() in ("@", ".") and self._peek() != ""
            return self._column(word[1:-1]) if named else Text(word[1:-1])
        if kind != "word":
            raise StatementError(f"“{word}”不能在这里：{self._text}")
        if self._peek() == "(":
            return self._call(word)
        if _NUMBER.fullmatch(word):
            if self._peek() == "." and self._peek(1).isdecimal():
                self._at += 2
                return Number(f"{word}.{self._peek(-1)}")
            return Number(word)
        return self._column(word)

    def _call(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise StatementError(f"没有函数“{name}”：{self._text}")
        self._need("(")
        if name == "COUNT" and self._take("*"):
            self._need(")")
            return Call(name, (Star(),))
        distinct = self._take("DISTINCT")
        args = [self._condition()]
        while self._take(","):
            args.append(self._condition())
        self._need(")")
        return Call(name, tuple(args), distinct)

    def _column(self, word: str) -> Column:
        company = ""
        if self._take("."):
            company, word = word, self._next()[1].strip("'")
        # Real names have commas, dots and brackets' relatives in them: 购建固定资产、无形资产和其他长期资产支付的现金.
        year = self._next()[1] if self._take("@") else ""
        return Column(word, year, company)


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
        text if (_WORD.fullmatch(text) and not _NUMBER.fullmatch(text)) or not text else f"'{text.replace(_QUOTE, '')}'"
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


T = TypeVar("T")


def walk(node: object) -> Iterator[Node]:
    """The node and everything below it, in the order of writing."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif is_dataclass(node):
        if not isinstance(node, Statement):
            yield node  # type: ignore[misc]
        for field in fields(node):
            yield from walk(getattr(node, field.name))


def rebuild(node: T, change: Callable[[Node], Node]) -> T:
    """The tree with every node replaced by what `change` makes of it, from the leaves up."""
    if isinstance(node, tuple):
        return tuple(rebuild(part, change) for part in node)  # type: ignore[return-value]
    if not is_dataclass(node):
        return node
    made = replace(node, **{f.name: rebuild(getattr(node, f.name), change) for f in fields(node)})  # type: ignore[type-var]
    return made if isinstance(made, Statement) else change(made)  # type: ignore[arg-type,return-value]
