"""One spelling for each statement: all wordings, precedence, real names, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.statements.parsing import parse
from agent.statements.spelling import spell, write
from agent.statements.syntax import (
    NONE,
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
    Statement,
    StatementError,
    Text,
    rebuild,
    walk,
)

WORDINGS = sorted((Path(__file__).resolve().parents[3] / "data" / "wordings").glob("*.jsonl"))


def statements(path: Path) -> set[str]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {row[key] for row in rows for key in ("sql", "before") if isinstance(row.get(key), str)}


def item(text: str) -> Node:
    select = parse(f"SELECT {text}").select
    assert select is not None
    return select.items[0]


def where(text: str) -> Node:
    select = parse(f"SELECT 公司 WHERE {text}").select
    assert select is not None and select.where is not None
    return select.where


@pytest.mark.parametrize("path", WORDINGS, ids=lambda path: path.stem)
def test_every_wordings_statement_is_written_as_it_was_read(path: Path) -> None:
    for text in statements(path):
        assert write(parse(text)) == text


def test_the_wordings_have_statements() -> None:
    assert sum(len(statements(path)) for path in WORDINGS) > 5000


A, B, C = (Column("a", "1"), Column("b", "1"), Column("c", "1"))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a@1+b@1*c@1", Binary("+", A, Binary("*", B, C))),
        ("(a@1+b@1)*c@1", Binary("*", Binary("+", A, B), C)),
        ("a@1-b@1-c@1", Binary("-", Binary("-", A, B), C)),
        ("a@1-(b@1-c@1)", Binary("-", A, Binary("-", B, C))),
        ("a@1/b@1/c@1", Binary("/", Binary("/", A, B), C)),
        ("a@1/(b@1*c@1)", Binary("/", A, Binary("*", B, C))),
        ("a@1/b@1*100", Binary("*", Binary("/", A, B), Number("100"))),
        ("a@1>b@1+c@1", Binary(">", A, Binary("+", B, C))),
        ("a@1<b@1 AND b@1<c@1", Binary("AND", Binary("<", A, B), Binary("<", B, C))),
        ("a@1 AND b@1 OR c@1", Binary("OR", Binary("AND", A, B), C)),
        ("a@1 AND (b@1 OR c@1)", Binary("AND", A, Binary("OR", B, C))),
        ("NOT a@1=b@1", Not(Binary("=", A, B))),
        ("NOT (a@1=b@1 AND c@1=b@1)", Not(Binary("AND", Binary("=", A, B), Binary("=", C, B)))),
        ("NOT NOT a@1=b@1", Not(Not(Binary("=", A, B)))),
        ("a@1 IS NULL", IsNull(A)),
        ("a@1+b@1 IS NOT NULL", IsNull(Binary("+", A, B), True)),
        (
            "(a@1>1)+(b@1>2)>=2",
            Binary(">=", Binary("+", Binary(">", A, Number("1")), Binary(">", B, Number("2"))), Number("2")),
        ),
        ("a@1<-0.2", Binary("<", A, Binary("-", Number("0"), Number("0.2")))),
        ("-a@1", Binary("-", Number("0"), A)),
        ("a@1 LIKE '杭州'", Binary("LIKE", A, Text("杭州"))),
        ("a@1 LIKE P1", Binary("LIKE", A, Text("P1"))),
        ("X.a@1-Y.b@1", Binary("-", Column("a", "1", "X"), Column("b", "1", "Y"))),
        ("COUNT(DISTINCT a@1)", Call("COUNT", (A,), True)),
        ("增长率(a@1,b@1)", Call("增长率", (A, B))),
        ("AVG(a@1>1)", Call("AVG", (Binary(">", A, Number("1")),))),
        ("'研发机构数(个)'@1", Column("研发机构数(个)", "1")),
        ("'己(集团)'.a@1", Column("a", "1", "己(集团)")),
    ],
)
def test_precedence(text: str, tree: Node) -> None:
    assert item(text) == tree
    assert spell(tree) == text


def test_lists_and_what_was_shown() -> None:
    assert where("公司 IN (甲,乙)") == Companies(names=("甲", "乙"))
    assert where("公司 IN ('己(集团)',乙)") == Companies(names=("己(集团)", "乙"))
    assert where("公司 IN 上述") == Companies(shown=True)
    assert where("公司 IN 上述[2:4]") == Companies(shown=True, rows="2:4")
    assert where("公司 IN 上述[:-1]") == Companies(shown=True, rows=":-1")
    assert where("公司=上述[-1]") == Binary("=", Column("公司"), Shown("-1"))
    assert where("公司 IN (SELECT 公司)") == Companies(select=Select((Column("公司"),)))


def test_order_limits_units() -> None:
    read = parse("SELECT 公司 ORDER BY a@1 ASC LIMIT 3,5 AS 亿元 2位")
    assert read == Statement(Select((Column("公司"),), None, A, False, "3", "", "5"), "亿元", "2")
    assert parse("SELECT 公司 ORDER BY a@1 DESC LIMIT 1 OFFSET K1").select == Select(
        (Column("公司"),), None, A, True, "1", "K1"
    )
    assert (parse("SELECT a@1 AS N1位").unit, parse("SELECT a@1 AS N1位").digits) == ("", "N1")
    assert parse("SELECT a@1 AS %").unit == "%"
    assert parse(NONE) == Statement(None) and write(Statement(None)) == NONE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "SELECT"),
        ("净利润", "SELECT"),
        ("SELECT", "没有写完"),
        ("SELECT a@1 WHERE", "没有写完"),
        ("SELECT a@1 b@1", "多出来"),
        ("SELECT (a@1", "应是“\\)”"),
        ("SELECT a@1)", "多出来"),
        ("SELECT a@1 ORDER a@1", "BY"),
        ("SELECT a@1 ORDER BY a@1", "ASC"),
        ("SELECT a@1 ORDER BY a@1 DESC LIMIT a", "不是名次"),
        ("SELECT a@1 ORDER BY a@1 DESC LIMIT 1,", "没有写完"),
        ("SELECT a@1 WHERE a@1 IS 1", "NULL"),
        ("SELECT a@1 WHERE a@1 IN (1,2)", "IN 的左边"),
        ("SELECT sleep(1)", "没有函数"),
        ("SELECT 增长率 (a@1,b@1", "应是"),
        ("SELECT a@1;DROP TABLE x", "多出来"),
        ("SELECT a@1 WHERE b@1='x", "读不懂"),
        ("SELECT + a@1", "不能在这里"),
        ("SELECT a@", "没有写完"),
        ("SELECT C1.", "没有写完"),
        ("SELECT 公司 WHERE 公司 IN 上述[1", "没有写完"),
    ],
)
def test_what_is_no_statement_is_an_error_that_says_where(text: str, why: str) -> None:
    with pytest.raises(StatementError, match=why):
        parse(text)


def test_walk_and_rebuild() -> None:
    statement = parse("SELECT a@1 WHERE 公司 IN (SELECT 公司 ORDER BY b@2 DESC LIMIT 3) AND c@1>1")
    assert [part.name for part in walk(statement) if isinstance(part, Column)] == ["a", "公司", "b", "c"]
    moved = rebuild(statement, lambda node: Column(node.name, "9") if isinstance(node, Column) and node.year else node)
    assert write(moved) == "SELECT a@9 WHERE 公司 IN (SELECT 公司 ORDER BY b@9 DESC LIMIT 3) AND c@9>1"


LEAVES = st.one_of(
    st.builds(Column, st.sampled_from(["a", "净利润", "其他(个)", "x.y"]), st.sampled_from(["2019", "Y1"])),
    st.builds(Column, st.just("净利润"), st.just("2019"), st.sampled_from(["C1", "己(集团)公司", "TCL 科技"])),
    st.builds(Number, st.sampled_from(["1", "0.2", "A1", "100"])),
)


def _arithmetic(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*/"), parts, parts),
        st.builds(Call, st.sampled_from(["增长率", "GREATEST", "SUM"]), st.tuples(parts, parts)),
    )


def _conditions(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Binary, st.sampled_from(["AND", "OR"]), parts, parts),
        st.builds(Not, parts),
    )


SUMS = st.recursive(LEAVES, _arithmetic, max_leaves=6)
COMPARED = st.one_of(
    st.builds(Binary, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), SUMS, SUMS),
    st.builds(IsNull, SUMS, st.booleans()),
    st.builds(Binary, st.just("LIKE"), LEAVES, st.builds(Text, st.sampled_from(["杭州", "P1", "a b"]))),
    st.builds(Companies, st.tuples(st.sampled_from(["C1", "己(集团)", "乙"]))),
)


@settings(max_examples=60, deadline=None)
@given(st.recursive(COMPARED, _conditions, max_leaves=4), SUMS)
def test_any_tree_is_read_as_it_was_written(condition: Node, key: Node) -> None:
    statement = Statement(Select((key,), condition, key, False, "K1"))
    assert parse(write(statement)) == statement
