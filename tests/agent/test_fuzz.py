"""Made-up input of any shape: statements, numbers, names, rows and files; nothing raises but the errors a user may meet."""

import itertools
import json
import string
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import CaibaoError, NotAnswerable, SqlRejected
from agent.faces.batch import read_questions
from agent.figures import formulas, schema
from agent.figures.numbers import (
    find_amounts,
    format_number,
    format_percent,
    parse_number,
    requested_digits,
    requested_unit,
)
from agent.prompts import join_terms, split_terms
from agent.reading.entities import Linker
from agent.records import ColumnMention, Entities, Facts, Intent, Mention, QueryResult, Shape
from agent.table import sql_guard
from agent.table.database import Database
from agent.telling.conclude import conclude
from agent.text import normalise
from agent.writing.expansion import expand
from tests.agent.adversarial import ASKED

REAL = ("公司全称", "年份", "股票代码", "注册地址", "营业收入", "营业成本", "货币资金", "净利润", "职工总人数")
MADE_UP = ("毛利率", "净利润增长率", "净利润增长额", "速动比率", "名次", "x")
MANY = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

# --- statements that are nearly allowed
column = st.sampled_from(REAL * 3 + MADE_UP)
number = st.sampled_from(["0", "1", "2020", "-5", "0.5", "9" * 30, "'100'"])
text = st.text(alphabet="甲'\"\\%_;-*/:v1?@{}\n\t\x1b\u202e`", max_size=8).map(
    lambda said: "'" + said.replace("'", "''") + "'"
)
value = st.one_of(number, text, st.just("NULL"), column)
function = st.sampled_from(["SUM", "AVG", "MAX", "MIN", "COUNT"])
aggregate = st.one_of(
    st.just("COUNT(*)"),
    st.builds("{}({})".format, function, column),
    st.builds("{}(DISTINCT {})".format, function, column),
)
compared = st.one_of(
    st.builds("{} {} {}".format, column, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), value),
    st.builds(
        "{} {} ({})".format, column, st.sampled_from(["IN", "NOT IN"]), st.lists(value, max_size=3).map(",".join)
    ),
    st.builds("{} BETWEEN {} AND {}".format, column, value, value),
    st.builds("{} LIKE {}".format, column, text),
    st.builds("{} IS {}NULL".format, column, st.sampled_from(["", "NOT "])),
)
condition = st.recursive(
    compared,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner), st.builds("NOT {}".format, inner)
    ),
    max_leaves=4,
)
maybe = st.sampled_from([True, False, False])
sorted_by = st.builds(
    "{} {}".format, st.one_of(column, aggregate), st.sampled_from(["", "ASC", "DESC", "DESC NULLS LAST"])
)
ranked = st.builds(
    "ROW_NUMBER() OVER ({} ORDER BY {}) AS 名次".format,
    st.one_of(st.just(""), st.builds("PARTITION BY {}".format, column)),
    sorted_by,
)


@st.composite
def selects(draw: st.DrawFn, derived: bool = False) -> str:
    """A SELECT of the parts that the guard knows, in any combination."""
    shown = st.one_of(column, aggregate, ranked) if derived else st.one_of(column, aggregate)
    parts = ["SELECT", "DISTINCT" if draw(maybe) else "", ",".join(draw(st.lists(shown, min_size=1, max_size=3)))]
    inner = not derived and draw(st.integers(0, 4)) == 0
    parts.append(f"FROM ({draw(selects(derived=True))}) AS t" if inner else "FROM company_table")
    if draw(maybe):
        parts.append("WHERE " + draw(condition))
    if draw(maybe):
        parts.append("GROUP BY " + ",".join(draw(st.lists(st.sampled_from(schema.KEY), min_size=1, unique=True))))
        if draw(maybe):
            parts.append(
                "HAVING " + draw(st.sampled_from(["COUNT(*)=2", "SUM(净利润)>0", "年份>2019", "MAX(年份)=2020"]))
            )
    if draw(maybe):
        parts.append("ORDER BY " + ",".join(draw(st.lists(sorted_by, min_size=1, max_size=2))))
    if draw(maybe):
        parts.append(draw(st.sampled_from(["LIMIT 3", "LIMIT 3 OFFSET 1", "LIMIT 0", "OFFSET 2", "LIMIT 999999999"])))
    return " ".join(parts)


FRAGMENTS = (
    "SELECT", "公司全称", "净利润", "年份", "*", "FROM", "company_table", "secret", "WHERE", "=", "'x'", "2020", "(", ")", ",", ";", "AND", "OR",
    "NOT", "UNION", "ALL", "JOIN", "ON", "WITH", "AS", "t", "DROP TABLE", "DELETE FROM", "INTO OUTFILE", "/*!50000", "*/", "--", "#", "\n", "\\",
    "'", '"', "`", "@x:=", "SLEEP(9)", "COUNT(*)", "SUM(净利润)", "ORDER BY", "GROUP BY", "HAVING", "LIMIT", "1", "OVER", "CASE", "NULL", "IN", "LIKE",
)  # fmt: skip
soup = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(
        lambda words: "SELECT 公司全称 FROM company_table " + " ".join(words)
    ),
)


@lru_cache(maxsize=4)
def opened(url: str) -> Database:
    return Database(url)


def runs_where_it_is_let_through(database: Database, statement: str) -> bool:
    """Whether the guard lets it through; then it runs, and reads back as what was checked."""
    try:
        select = sql_guard.check(statement, database.columns())
        expanded = expand(select, database.columns())
    except (SqlRejected, NotAnswerable) as error:
        assert str(error).isprintable()
        return False
    database.execute(sql_guard.emit(expanded, database.dialect), {})
    written = sql_guard.emit(select, "sqlite")
    if "CAST(" not in written:
        assert sql_guard.emit(sql_guard.check(written, database.columns()), "sqlite") == written
    return True


@MANY
@given(statement=selects())
def test_whatever_the_guard_lets_through_runs_on_each_database(database_url: str, statement: str) -> None:
    runs_where_it_is_let_through(opened(database_url), statement)


@MANY
@given(statement=soup)
def test_a_soup_of_words_is_refused_or_runs(database_url: str, statement: str) -> None:
    runs_where_it_is_let_through(opened(database_url), statement)


# --- text of users
NUMERALS = "0123456789零一二三四五六七八九〇两十百千万亿点.,-负%元家个位年月第前后到至~超过大于不足以上下保留小数精确单位为百分之多少[](){}\\"
near_numbers = st.one_of(st.text(alphabet=NUMERALS, max_size=60), st.text(max_size=40), st.sampled_from(ASKED))


@MANY
@given(said=near_numbers)
def test_any_text_has_numbers_or_none(said: str) -> None:
    said = normalise(said)
    value = parse_number(said)
    assert value is None or value.is_finite()
    amounts = find_amounts(said)
    assert all(0 <= a.start < a.end <= len(said) and a.value.is_finite() for a in amounts)
    assert all(one.end <= other.start for one, other in itertools.pairwise(amounts))
    digits = requested_digits(said)
    assert digits is None or 0 <= digits <= 20
    assert requested_unit(said) in (None, "亿元", "万元", "百分比")


@MANY
@given(
    number=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    digits=st.integers(0, 20),
)
def test_any_number_is_printed_plainly_and_reads_back(number: Decimal, digits: int) -> None:
    assert Decimal(format_number(number)) == number
    assert abs(Decimal(format_number(number, digits)) - number) * 2 <= Decimal(1).scaleb(-digits)
    assert "E" not in format_percent(number, digits)


COMPANIES = [
    ("江苏华兴科技股份有限公司", "华兴科技", "600001"),
    ("杭州瑞达银行股份有限公司", "瑞达银行", "600002"),
    ("北京博士眼镜股份有限公司", "*ST博士", "600003"),
    ("a", "", ""),
    ("'\"\\;--", "[red]", "x"),
    ("三元食品股份有限公司", "三元", "600429"),
]
LINKER = Linker(COMPANIES, (*REAL, "'; DROP TABLE x", "a.b"))
WORDS = (
    "华兴科技", "江苏华兴科技", "瑞达", "博士", "*ST博士", "ST博士", "600001", "SZ000001", "2020年", "19年", "去年", "近三年", "2019-2021", "第一", "前十", "倒数第二",
    "大于", "5亿元", "三千万", "净利润", "注册地址", "在杭州", "苏州市", "四川", "注册的", "公司", "股份有限公司", "甲乙丙", "和", "的", "是多少", "最高", "有几家", "哪些", "[red]",
)  # fmt: skip
wordy = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=14).map("".join), st.text(max_size=60), st.sampled_from(ASKED)
)


@MANY
@given(said=wordy, latest=st.one_of(st.none(), st.integers(1990, 2100)))
def test_whatever_is_said_is_linked_without_overlaps(said: str, latest: int | None) -> None:
    found = LINKER.link(said[:1000], latest)
    assert all(found.text[m.start : m.end] == m.text for m in found.mentions)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found.mentions))
    assert set(found.companies) <= {full for full, _, _ in COMPANIES}
    assert all(1000 <= year <= 9999 for year in found.years)


@MANY
@given(written=st.one_of(st.text(max_size=60), st.text(alphabet=",， \n\t甲乙\u3000", max_size=30)))
def test_any_writing_has_key_words_or_none(written: str) -> None:
    terms = split_terms(written)
    assert all(term and term == term.strip() for term in terms) and len(set(terms)) == len(terms)
    assert split_terms(join_terms(terms)) == terms


# --- rows and files
cell = st.one_of(
    st.none(),
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.sampled_from(["", "王伟", "[red]", "约100", "1e5", "\n"]),
)
asked_columns = st.lists(
    st.sampled_from([*REAL, "毛利率", "净利润增长率", "净利润增长额"]), max_size=3, unique=True
).map(tuple)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """A question, what its statement asks for, and rows as a database could return them: the key is there, any other cell is anything."""
    asked = draw(asked_columns) or ("净利润",)
    operands = [o for c in asked if (f := schema.computed(c)) for o in formulas.operands(f.expression)]
    names = tuple(dict.fromkeys([*schema.KEY, *(c for c in asked if not schema.computed(c)), *operands]))
    rows = draw(st.lists(st.tuples(*(_cell_of(name) for name in names)), max_size=4))
    shape = draw(st.sampled_from(get_args(Shape)))
    totals: tuple[tuple[str, str], ...] = ()
    if shape in ("count", "aggregate", "totals"):
        totals = tuple((draw(function), name) for name in asked) or (("COUNT", "*"),)
        names = ("年份", *(f"{f}({c})" for f, c in totals))
        rows = [(2020, *(draw(st.integers(0, 10**20) if f == "COUNT" else cell) for f, _ in totals)) for _ in rows or [()]]
    intent = Intent(shape, asked, totals, draw(st.sampled_from(asked)), draw(st.booleans()), draw(st.integers(1, 3)))
    intent = replace(
        intent, by_year=bool(totals) and draw(st.booleans()), conditions=draw(st.sampled_from(["", "注册地址含“苏州”"]))
    )
    if totals and not intent.by_year:
        names, rows = names[1:], [row[1:] for row in rows[:1]]
    return Facts(draw(st.sampled_from(QUESTION_ENTITIES)), _mentions(asked), intent, QueryResult(names, tuple(rows)))


def _cell_of(name: str) -> st.SearchStrategy[object]:
    if name == "公司全称":
        return st.sampled_from([COMPANIES[0][0], COMPANIES[1][0], "[red]公司"])
    return st.sampled_from([2019, 2020, 2021]) if name == "年份" else cell


def _mentions(columns: Sequence[str]) -> tuple[ColumnMention, ...]:
    return tuple(ColumnMention(0, 1, name[:3], name) for name in columns)


QUESTION_ENTITIES = [
    LINKER.link(text, 2021)
    for text in (
        "华兴科技2020年的净利润是多少？",
        "华兴科技2019年和2020年的法定代表人是否相同？",
        "2020年和2021年比增加了多少亿元？",
        "2020年最高的是哪家？保留2位小数",
    )
] + [Entities("", (Mention("year", 0, 0, "", (2020,)),))]


@MANY
@given(known=facts())
def test_any_rows_become_a_sentence_or_a_refusal(known: Facts) -> None:
    try:
        answer = conclude(known).text
    except NotAnswerable as refusal:
        answer = str(refusal)
    assert answer.endswith("。")


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["id", "question", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
BROKEN_FILES = [
    "", "[", "{", "[]", "null", "[" * 100_000, '{"a":' * 50_000, "1" * 5000, f'[{"1" * 5000}]', f'{{"id": {"9" * 5000}, "question": "甲"}}',
    '{"id": NaN, "question": "甲"}', '{"question": "\\ud800"}', '{"id": "\\udfff", "question": "甲"}', '[{"question": ["甲"]}]', '\ufeff{"question": "甲"}',
    '{"question": "甲"}\r\n{"question": "乙"}', '{"question": "a\\u0000b"}', string.printable,
]  # fmt: skip


@MANY
@given(
    content=st.one_of(
        st.sampled_from(BROKEN_FILES).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=60),
        json_like.map(lambda value: json.dumps(value).encode()),
        st.lists(json_like, max_size=3).map(lambda rows: "\n".join(map(json.dumps, rows)).encode()),
    )
)
def test_any_file_has_questions_or_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "q.json").write_bytes(content)
    try:
        found = read_questions(tmp_path / "q.json")
    except CaibaoError as error:
        assert "\n" not in str(error)
        return
    assert found.questions
    for question in found.questions:
        written = json.dumps([question.id, question.text], ensure_ascii=False).encode("utf-8")
        assert json.loads(written) == [question.id, question.text], "batch could not find its place again"
