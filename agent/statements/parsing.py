"""Text → statement."""

from __future__ import annotations

import re

from agent.statements.syntax import (
    COMPANY,
    COMPARISONS,
    FUNCTIONS,
    NONE,
    NUMBER,
    SHOWN,
    UNITS,
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
    StatementError,
    Text,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'[^']*')|(?P<symbol><=|>=|<>|[-+*/()=<>,.@%\[\]:])|(?P<word>[^\s'<>=+*/(),.@%\[\]:\-]+))"
)
_TAIL = re.compile(rf" AS (?P<unit>{'|'.join(UNITS)})?(?: ?(?P<digits>\w+?)位)?$")


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
        if kind != "word" or not NUMBER.fullmatch(word):
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
        if NUMBER.fullmatch(word):
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
