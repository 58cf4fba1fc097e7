"""From a question to an answer or a refusal, over the small table, with a reader that writes what each test needs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.records import Written
from agent.table.database import Database
from agent.understanding.explained import KnownPairs
from agent.understanding.slots import Before
from agent.understanding.understand import Talk, Understanding, Understood
from agent.writing.memory import Memory
from agent.writing.surrogates import COMPANIES
from tests.agent.scripted import make_database
from tests.agent.understood import FIGURE, Says, ScriptedReader, understanding_of, unsure

HUAXING, RUIDA = "江苏华兴科技股份有限公司", "杭州瑞达银行股份有限公司"
PROFIT = "华兴科技2020年的净利润是多少"
TOP = "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return make_database(tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="module")
def base(database: Database) -> Understanding:
    return understanding_of(database)


def saying(base: Understanding, says: Says | dict[str, Says]) -> Understanding:
    """The same with another reader."""
    return replace(base, reader=ScriptedReader(says))


def test_a_sure_reading_is_answered_with_its_cells_and_its_sql(base: Understanding) -> None:
    found = saying(base, FIGURE).understand(PROFIT)
    assert found.kind == "answer" and "150元" in found.text and "华兴科技" in found.text
    assert found.evidence is not None and (HUAXING, 2020, "净利润", 150) in found.evidence.rows
    assert found.sql is not None and HUAXING in found.sql.parameters.values() and found.sql.written_by == "model"
    assert found.sql.source.text == FIGURE and found.words(base.names) == "华兴科技的2020年净利润"


def test_the_parameters_of_several_statements_do_not_mix(base: Understanding) -> None:
    found = saying(base, "SELECT C1.M1@Y1-C2.M1@Y1").understand("2020年华兴科技净利润比瑞达银行多多少")
    assert found.kind == "answer" and found.sql is not None and found.sql.text.count("SELECT") == 2
    names = re.findall(r":(\w+)", found.sql.text)
    assert set(names) == set(found.sql.parameters) and {HUAXING, RUIDA} <= set(found.sql.parameters.values())


def test_the_reader_gets_the_slotted_text_and_may_use_its_slots_alone(base: Understanding) -> None:
    understanding = saying(base, FIGURE)
    understanding.understand(PROFIT)
    ((text, slots),) = understanding.reader.asked
    assert text == "[C1][Y1]年的[M1m]是多少" and slots == {"C1", "M1", "@Y1", "@Y0", "@Y00", "@Z1", "@Z2"}


def test_several_questions_are_read_together_and_none_are_not_read(base: Understanding) -> None:
    understanding = saying(base, FIGURE)
    assert [u.kind for u in understanding.understand_all([PROFIT, "瑞达银行2021年营业收入"])] == ["answer"] * 2
    assert understanding.reader.calls == [2] and understanding.understand_all([]) == []


def test_below_the_threshold_what_may_be_meant_is_offered_and_nothing_is_answered(base: Understanding) -> None:
    found = saying(base, [unsure(FIGURE), unsure("SELECT M1@Y1-M1@Y0 WHERE 公司=C1")]).understand(PROFIT)
    assert found.kind == "unclear" and found.sure < 0.5 and "150" not in found.text
    assert "可能的意思：1. 华兴科技的2020年净利润；2. " in found.text and len(found.readings) == 2
    assert "150元" in found.told  # for another witness


def test_words_that_nothing_explains_are_quoted_and_not_answered_however_sure(base: Understanding) -> None:
    pairs = KnownPairs.of(["[C1][Y1]年的[M1]是多少"])
    found = replace(saying(base, FIGURE), pairs=pairs).understand(PROFIT + "呀蝴蝶飞舞")
    assert found.kind == "unclear" and found.text.startswith("没有看懂“少呀蝴蝶飞舞”，无法回答")


def test_nothing_sensible_quotes_the_unread_words_or_says_so(base: Understanding) -> None:
    silent = saying(base, ())
    assert silent.understand(PROFIT).text == "没有看懂这个问题，请换一种说法，无法回答该问题。"
    strange = replace(silent, pairs=KnownPairs(())).understand("蝴蝶飞舞")
    assert strange.kind == "unclear" and strange.text == "没有看懂“蝴蝶飞舞”，无法回答该问题。"


def test_a_reading_that_leaves_a_name_of_the_question_out_gives_way_to_one_that_does_not(base: Understanding) -> None:
    understanding = saying(base, ["SELECT M1@Y1 WHERE 公司=C1", "SELECT C1.M1@Y1-C2.M1@Y1"])
    found = understanding.understand("2020年华兴科技的净利润比瑞达银行多多少")
    assert found.candidate is not None and found.candidate.text == "SELECT C1.M1@Y1-C2.M1@Y1"
    assert saying(base, FIGURE).understand("华兴科技和瑞达银行2020年的净利润").kind == "unclear"
    assert saying(base, FIGURE).understand("华兴科技2020年比2021年的净利润").kind == "unclear"


def test_an_asker_who_corrects_himself_need_not_be_taken_at_every_word(base: Understanding) -> None:
    found = saying(base, "SELECT M1@Y1 WHERE 公司=C2").understand("华兴科技，不对，瑞达银行2020年的净利润")
    assert found.kind == "answer" and "900元" in found.text
    unknown = saying(base, FIGURE).understand("天马微电子，哦不对，是华兴科技2020年的净利润")
    assert unknown.kind == "answer" and "150元" in unknown.text


def test_the_inner_year_of_a_range_may_be_left_out(base: Understanding) -> None:
    found = saying(base, "SELECT 增长率(M1@Y1,M1@Y3) WHERE 公司=C1").understand("华兴科技2019到2021年净利润增长多少")
    assert found.kind == "answer" and "130" in found.text


@pytest.mark.parametrize(
    "wrong",
    ["SELECT", "", "SELECT M1@Y1 WHERE 公司=", "SELECT M9@Y1 WHERE 公司=C1", "SELECT M1@Y5 WHERE 公司=C1", "SELECT 飞(M1@Y1)",
     "SELECT M1@Y1-M1@Y1 WHERE 公司=C1", "SELECT 增长率(M1@Y1) WHERE 公司=C1", "SELECT 公司 WHERE M1@Y1>上述[1]"],
)  # fmt: skip
def test_what_is_no_statement_or_makes_no_sense_is_passed_over(base: Understanding, wrong: str) -> None:
    found = saying(base, [wrong, Written(FIGURE, -0.01, -0.01)]).understand(PROFIT)
    assert found.candidate is not None and found.candidate.text == FIGURE and "150元" in found.told


@pytest.mark.parametrize(
    ("question", "senseless"),
    [
        ("华兴科技", "SELECT C1 WHERE 公司=C1"),
        ("华兴科技", "SELECT 公司 ORDER BY C1 DESC LIMIT 1"),
    ],
)
def test_a_statement_that_only_fails_when_it_runs_is_refused_in_a_sentence(
    base: Understanding, question: str, senseless: str
) -> None:
    found = saying(base, senseless).understand(question)
    assert found.kind != "answer" and found.text.endswith("无法回答该问题。")


def test_none_counts_only_as_the_likeliest(base: Understanding) -> None:
    assert saying(base, ["NONE", FIGURE]).understand(PROFIT).kind == "none"
    assert saying(base, [FIGURE, "NONE"]).understand(PROFIT).kind == "answer"
    assert saying(base, ["SELECT", "NONE"]).understand(PROFIT).kind == "unclear"


def test_what_no_table_holds_is_named(base: Understanding) -> None:
    understanding = saying(base, "NONE")
    assert understanding.understand("华兴科技2020年的股价是多少").text == "表里没有“股价”这样的内容，无法回答该问题。"
    assert understanding.understand(PROFIT).text == "表里的年度数据回答不了这个问题，无法回答该问题。"


@pytest.mark.parametrize(
    ("question", "statement", "named"),
    [
        ("华兴科技2025年的净利润", FIGURE, "2025年"),
        ("华兴科技2019年净利润比上年多多少", "SELECT M1@Y1-M1@Y0 WHERE 公司=C1", "2018年"),
        ("瑞达银行2019年的净利润", FIGURE, "瑞达银行"),
        ("600999在2020年的净利润", FIGURE, "600999"),
        ("天马微电子2020年的净利润", FIGURE, "天马微电子"),
        ("华兴科技2020年的商誉", FIGURE, "商誉"),
        ("博士眼镜2020年的流动负债合计", FIGURE, "流动负债合计"),
    ],
)
def test_a_year_company_column_or_value_that_is_not_there_is_refused_by_name(
    base: Understanding, question: str, statement: str, named: str
) -> None:
    found = saying(base, statement).understand(question)
    assert found.kind == "refusal" and named in found.text and found.text.endswith("无法回答该问题。")


def test_an_approved_statement_is_taken_and_the_reader_need_not_know_it(base: Understanding) -> None:
    memory = Memory.of({"[C1][Y1]年的[M1m]是多少": "SELECT M1@Y1-M1@Y0 WHERE 公司=C1"})
    found = replace(saying(base, unsure("NONE")), approved=memory.statement).understand(PROFIT + "？")
    assert found.kind == "answer" and found.sure == 1 and found.remembered and "50元" in found.text
    assert found.sql is not None and found.sql.written_by == "memory"
    other = replace(saying(base, FIGURE), approved=memory.statement).understand("瑞达银行2020年净利润")
    assert other.kind == "answer" and not other.remembered


def talk_after(understanding: Understanding, question: str, last: Talk | None = None) -> tuple[Understood, Talk]:
    understood = understanding.understand(question, last)
    talk = Talk.after(understood, 2021, last)
    assert talk is not None
    return understood, talk


def test_a_follow_up_is_read_after_the_statement_before_with_its_names(base: Understanding) -> None:
    understanding = saying(base, FIGURE)
    _, talk = talk_after(understanding, PROFIT)
    found = understanding.understand("那2019年呢", talk)
    assert understanding.reader.asked[-1][0] == "SELECT [M1m]@[Y2] WHERE 公司=[C1][SEP]那[Y1]年呢"
    assert found.kind == "answer" and "100元" in found.text


def test_the_rows_just_shown_can_be_spoken_of_and_stay_until_others_are_shown(base: Understanding) -> None:
    ranked, talk = talk_after(saying(base, TOP), "2021年净利润最高的前2家公司")
    assert ranked.shown[0] == RUIDA and talk.shown == ranked.shown and len(talk.shown) == 2
    first, talk = talk_after(saying(base, "SELECT M2@Y1 WHERE 公司=上述[1]"), "第一家的营业收入呢", talk)
    assert first.kind == "answer" and "5500元" in first.text
    assert saying(base, "SELECT M1@Y1 WHERE 公司=上述[5]").understand("第五家的净利润呢", talk).kind == "refusal"


def test_all_of_what_was_shown_is_a_list(base: Understanding) -> None:
    _, talk = talk_after(saying(base, TOP), "2021年净利润最高的前2家公司")
    found = saying(base, "SELECT M2@Y1 WHERE 公司 IN 上述").understand("它们的营业收入呢", talk)
    assert found.kind == "answer" and "5500元" in found.text and "770元" in found.text


def test_what_was_no_statement_leaves_the_talk_as_it_was(base: Understanding) -> None:
    _, talk = talk_after(saying(base, FIGURE), PROFIT)
    for says in ("NONE", ()):
        assert Talk.after(saying(base, says).understand("谢谢", talk), 2021, talk) is talk
    assert Talk.after(saying(base, "NONE").understand("谢谢"), 2021) is None


ITEMS = st.sampled_from(
    ["M1@Y1", "M2@Y1", "M1@Y2", "M1@Z1", "M12@Y1", "C1.M1@Y1", "C1.M1@Y1-C2.M1@Y1", "净利润@Y1", "毛利率@Y1", "商誉@Y1", "公司", "C1", "M1",
     "增长率(M1@Y0,M1@Y1)", "年均增长率(M1@Y1,M1@Y3)", "SUM(M1@Y1)", "AVG(M1@Y1>A1)", "MEDIAN(M1@Y1)", "COUNT(*)", "名次(M1@Y1)",
     "最高项(M1@Y1,M1@Y2)", "M1@Y1/M2@Y1", "法定代表人@Y1", "法定代表人@Y1=法定代表人@Y0", "ABS(M1@Y1-M1@Y0)", "(SELECT MAX(M1@Y1))"]
)  # fmt: skip
CONDITIONS = st.sampled_from(
    ["", " WHERE 公司=C1", " WHERE 公司 IN (C1,C2)", " WHERE M1@Y1>A1", " WHERE M1@Y1>0 AND M2@Y1<A1", " WHERE 注册地址@Y1 LIKE P1",
     " WHERE 股票代码@Y1 LIKE S1", " WHERE 公司 IN 上述", " WHERE 公司=上述[1]", " WHERE M1@Y1>上述[1]", " WHERE M1@Y1>C2.M1@Y1",
     " WHERE M1@Y1>(SELECT AVG(M1@Y1))", " WHERE C1=M1@Y1", " WHERE NOT M1@Y1 IS NULL", " WHERE 公司@Y1 IS NULL",
     " WHERE 公司 IN (SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1)", " WHERE 名次(M1@Y1)<=K1"]
)  # fmt: skip
ORDERS = st.sampled_from(
    ["", " ORDER BY M1@Y1 DESC LIMIT K1", " ORDER BY C1 ASC LIMIT 1", " ORDER BY M1@Y1 ASC LIMIT 1 OFFSET K1",
     " ORDER BY 增长率(M1@Y0,M1@Y1) DESC LIMIT 1", " ORDER BY 名次(M1@Y1) ASC LIMIT 1", " ORDER BY M2@Y1/M1@Y1 DESC"]
)  # fmt: skip
TAILS = st.sampled_from(["", "", " AS 亿元", " AS %", " AS N1位", " AS 倍 2位"])
QUESTIONS = st.sampled_from(
    ["华兴科技2020年的净利润是多少", "2020年净利润大于100元的公司有哪些", "2021年瑞达银行和博士眼镜营业收入谁高", "2023年杭州净利润最高的前3家",
     "股票代码600开头的公司的职工总人数", "华兴科技近三年的研发人员人数", "2019到2021年净利润", "天马微电子的净利润", "怎么样", "谢谢",
     "华兴科技，不对，瑞达银行2020年净利润保留2位小数"]
)  # fmt: skip
STATEMENTS = st.builds(lambda *parts: "SELECT " + "".join(parts), ITEMS, CONDITIONS, ORDERS, TAILS)
TALKS = st.sampled_from(
    [
        None,
        Talk(Before("SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1", {"M1": "净利润", "K1": 2}, (2021,)), (RUIDA, HUAXING)),
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(QUESTIONS, st.lists(STATEMENTS, min_size=1, max_size=3), st.floats(-7, 0), TALKS)
def test_whatever_is_read_nothing_that_is_told_speaks_of_slots_or_surrogates(
    base: Understanding, question: str, statements: list[str], logprob: float, talk: Talk | None
) -> None:
    written = [Written(text, logprob - rank, logprob - rank) for rank, text in enumerate(statements)]
    found = saying(base, written).understand(question, talk)
    for text in (found.text, *found.readings, found.words(base.names)):
        assert text and not re.search(r"[CMYPAXKSNTZ]\d", text), text
        assert not any(name in text for name in COMPANIES), text
    if found.kind != "answer":
        assert "无法回答该问题" in found.text, found.text
    Talk.after(found, 2021, talk)


def test_what_points_back_to_nothing_is_refused_with_its_word(base: Understanding) -> None:
    understanding = saying(base, "SELECT 公司 ORDER BY 职工总人数@Y1 DESC LIMIT 1")
    assert "“里面”指的是什么" in understanding.understand("里面哪家员工最多").text
    assert "“它”指的是什么" in understanding.understand("它那年的净利润是多少").text


def test_the_age_of_an_item_is_no_part_of_a_column(base: Understanding) -> None:
    assert saying(base, FIGURE).understand("华兴科技2020年1年以内的净利润是多少").kind != "answer"


def test_words_that_are_a_part_of_the_statement_are_not_left_out(base: Understanding) -> None:
    assert saying(base, "SELECT COUNT(*) WHERE M1@Y1<A1").understand("2020年净利润绝对值小于1亿的公司有几家").kind != "answer"
    assert saying(base, "SELECT 名次(M1@Y1) WHERE 公司=C1").understand("华兴科技哪一年净利润最高").kind != "answer"


def test_a_group_that_no_table_knows_is_named(base: Understanding) -> None:
    from agent.understanding.absent import AbsentWords

    understanding = replace(saying(base, "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT 1"), group=AbsentWords(()).group)
    assert "表里没有“药企”" in understanding.understand("2020年净利润最高的药企是哪家").text
