"""The grammar against FinTrain, against what the guard refuses and allows, and with the shipped prefix."""

import json
import random
import re

import pytest

from agent import prompts
from agent.figures import schema
from agent.model import DEFAULT_BASE, ROOT
from agent.records import Masked
from agent.table import sql_guard
from agent.writing import nl2sql
from agent.writing.grammar import grammar_of, select_grammar
from agent.writing.surrogates import AMOUNTS, COMPANIES, KTH, NUMERIC, PLACES, TEXT, THEMSELVES, TOP
from ptuning import Engine, Grammar, Request, load_base, load_prefix
from ptuning.base.tokenizers.glm import GlmTokenizer
from tests.agent.adversarial import REJECTED

GROWN = [name + suffix for suffix in (schema.GROWTH, schema.CHANGE) for name in NUMERIC]
COLUMNS = (*NUMERIC, *GROWN, *TEXT, *sorted(THEMSELVES))
REAL = tuple(schema.columns())
T = schema.TABLE


@pytest.fixture(scope="module")
def tokenizer():
    return GlmTokenizer.from_pretrained(DEFAULT_BASE)


@pytest.fixture(scope="module")
def whole(tokenizer):
    """Of all surrogates."""
    return Grammar(select_grammar(COLUMNS), tokenizer, tokenizer.vocab_size)


def accepts(grammar, statement):
    matcher = grammar.matcher()
    for token in grammar.tokenizer.encode(statement, add_special_tokens=False):
        if not matcher.allowed()[token]:
            return False
        matcher.accept(token)
    return bool(matcher.allowed()[grammar.tokenizer.eos_token_id])


def rows_of(part):
    return json.loads((ROOT / "FinTrain" / "nl2sql" / f"{part}.json").read_text(encoding="utf-8"))


def masked_of(question):
    """The surrogates that stand in a masked question."""
    found = Masked(question)
    found.columns = {name: name for name in (*NUMERIC, *TEXT) if name in question}
    found.companies = {name: name for name in COMPANIES if name in question}
    found.places = {name: name for name in PLACES if name in question}
    found.amounts = {amount: amount for amount in AMOUNTS if f"{amount}元" in question or f"{amount}%" in question}
    found.years = {int(year): int(year) for year in re.findall(r"20\d\d", question)}
    found.top, found.kth = TOP, KTH
    return found


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_every_statement_of_fintrain_is_accepted(whole, tokenizer, part):
    rows = rows_of(part)
    assert [q for q in {row["query"] for row in rows} if not accepts(whole, q)] == []
    own = {(grammar_of(masked_of(row["question"]), REAL), row["query"]) for row in rows}
    assert len({text for text, _ in own}) > 20
    assert [q for text, q in own if not accepts(Grammar(text, tokenizer, tokenizer.vocab_size), q)] == []


BAD = [
    "SELECT 净利润 FROM other WHERE 年份=2020",
    f"SELECT 净利润 FROM {T}",
    f"SELECT 净利润 FROM {T} WHERE 年份=2020;",
    f"SELECT 净利润 FROM {T} WHERE 年份=2020 -- 注释",
    f"SELECT 净利润 FROM {T} WHERE 年份=2020 /* x */",
    f"SELECT 净利润 FROM {T} WHERE 年份=2020; SELECT 净利润 FROM {T} WHERE 年份=2020",
    f"SELECT 净利润 FROM {T} WHERE 年份=2020 UNION SELECT 净利润 FROM {T} WHERE 年份=2020",
    f"SELECT 商誉 FROM {T} WHERE 年份=2020",
    f"SELECT * FROM {T} WHERE 年份=2020",
    f"SELECT 净利润+1 FROM {T} WHERE 年份=2020",
    f"SELECT ABS(净利润) FROM {T} WHERE 年份=2020",
    f"SELECT SUM(法定代表人) FROM {T} WHERE 年份=2020",
    f"SELECT 净利润 FROM {T} WHERE 年份=1999",
    f"SELECT 净利润 FROM {T} WHERE 年份 BETWEEN 2019 AND 2021",
    f"SELECT 净利润 FROM {T} WHERE 年份>2019",
    f"SELECT 净利润 FROM {T} WHERE 公司全称='戊公司' AND 年份=2020",
    f"SELECT 净利润 FROM {T} WHERE 公司全称=2020 AND 年份=2020",
    f"SELECT 净利润 FROM {T} WHERE 净利润='甲公司' AND 年份=2020",
    f"SELECT 公司全称 FROM {T} WHERE 净利润>150 AND 年份=2020",
    f"SELECT 公司全称 FROM {T} WHERE 注册地址 LIKE '%上海%' AND 年份=2020",
    f"SELECT 公司全称 FROM {T} WHERE 年份=2020 OR 1=1",
    f"SELECT 公司全称 FROM {T} WHERE 年份=2020 AND 货币资金 DESC LIMIT 5",
    f"SELECT 公司全称 FROM {T} WHERE 年份=2020 ORDER BY 净利润 DESC LIMIT ",
    f"SELECT 公司全称 FROM {T} WHERE 年份=2020 ORDER BY 净利润 DESC LIMIT 0",
    f"SELECT 公司全称 FROM {T} WHERE 年份 IN (SELECT 年份 FROM {T})",
    f"SELECT 公司全称 FROM {T} WHERE (年份=2020",
    f"INSERT INTO {T} VALUES (1)",
    "",
]


@pytest.mark.parametrize("statement", BAD)
def test_other_statements_are_refused(whole, statement):
    assert not accepts(whole, statement)


def test_what_the_guard_refuses_the_grammar_refuses(whole):
    readable = [s for s in REJECTED if s.encode("utf-8", "replace").decode() == s]  # half a surrogate pair is no text
    assert len(readable) > 300 and [statement for statement in readable if accepts(whole, statement)] == []


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT 净利润 FROM {T} WHERE 年份 IN (2019,2021) AND NOT 货币资金<=100 AND 存货 BETWEEN 100 AND 200",
        f"SELECT 公司全称 FROM {T} WHERE (净利润>100 OR 存货>200) AND 年份=2020 ORDER BY 净利润增长率 DESC LIMIT 1 OFFSET 6",
        f"SELECT 公司全称,MAX(净利润) FROM {T} WHERE 年份 IN (2020,2021) GROUP BY 公司全称 HAVING COUNT(*)=2 ORDER BY MAX(净利润) ASC",
        f"SELECT 法定代表人 FROM {T} WHERE 股票简称 IN ('甲公司','乙公司') AND 年份=2020",
    ],
)
def test_more_than_fintrain_is_accepted(whole, statement):
    assert accepts(whole, statement)
    sql_guard.check(statement, COLUMNS)


QUESTIONS = [
    "2020年净利润和存货大于100元的杭州或北京的公司有几家?",
    "甲公司2019年、2020年、2021年的货币资金合计是多少?",
    "哪些公司2020年的货币资金能排进前5?",
    "甲公司和乙公司2020年的法定代表人是谁?",
    "2020年有多少家公司?",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_whatever_the_grammar_of_a_question_allows_passes_the_guard_and_takes_values_from_the_question(
    tokenizer, question
):
    masked, rng = masked_of(question), random.Random(question)
    masked.top, masked.kth = 5, 7
    grammar = Grammar(grammar_of(masked, REAL), tokenizer, tokenizer.vocab_size)
    end, seen = tokenizer.eos_token_id, set()
    for _ in range(60):
        matcher, ids = grammar.matcher(), []
        while len(ids) < 150:
            ids += matcher.forced()
            options = matcher.allowed().nonzero().flatten().tolist()
            if ids[-1:] == [end] or (end in options and (options == [end] or rng.random() < 0.5)):
                break
            ids.append(rng.choice([token for token in options if token != end]))
            matcher.accept(ids[-1])
        else:
            continue  # a long list
        statement = tokenizer.decode(ids)
        nl2sql.restored(nl2sql.checked(statement, masked, REAL), masked, REAL, "sqlite")
        seen.add(statement)
    assert len(seen) > 30


def test_a_condition_that_the_question_has_no_value_for_cannot_be_begun(tokenizer):
    top = grammar_of(masked_of("哪些公司2020年的货币资金能排进前5?"), REAL)
    grammar = Grammar(top, tokenizer, tokenizer.vocab_size)
    assert accepts(grammar, f"SELECT 公司全称,货币资金 FROM {T} WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 5")
    matcher = grammar.matcher()
    for token in tokenizer.encode(f"SELECT 公司全称 FROM {T} WHERE 年份=2020", add_special_tokens=False):
        matcher.accept(token)
    texts = {tokenizer.id_to_bytes(token).decode() for token in matcher.allowed().nonzero().flatten().tolist()}
    assert " ORDER BY " in texts and not any(text.startswith(" A") for text in texts)


def test_the_shipped_prefix_writes_the_same_tokens_where_its_answer_is_in_the_grammar():
    base = load_base(DEFAULT_BASE)
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    engine.add_prefix("nl2sql", load_prefix(DEFAULT_BASE / "prefix" / "nl2sql", base))
    rows = list({row["family"]: row for row in rows_of("test")}.values())
    grammars = [Grammar(grammar_of(masked_of(row["question"]), REAL), base.tokenizer, 6005) for row in rows]
    prompt = [base.tokenizer.encode(prompts.render("nl2sql", row["question"])) for row in rows]
    free = engine.run([Request(ids, "nl2sql", 160) for ids in prompt])
    held = engine.run([Request(ids, "nl2sql", 160, constraint=g) for ids, g in zip(prompt, grammars)])
    inside = [accepts(g, base.tokenizer.decode(result.ids)) for g, result in zip(grammars, free)]
    assert sum(inside) > 0.9 * len(rows) > 30
    assert [h.ids for h, ok in zip(held, inside) if ok] == [f.ids for f, ok in zip(free, inside) if ok]
    assert all(accepts(g, base.tokenizer.decode(result.ids)) for g, result in zip(grammars, held))
