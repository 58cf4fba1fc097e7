"""One question from text to answer, with a model that says what each test needs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.querying import UNSURE
from agent.reading.report_text import NO_REPORT_TEXT
from agent.records import Candidate, Question
from agent.table.database import Database
from agent.writing.memory import Memory
from tests.agent.scripted import CSV, ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
YEARS = "SELECT 年份,法定代表人 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_database(tmp_path)


@pytest.fixture
def without_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the model's statements alone lead to."""
    monkeypatch.setattr("agent.writing.rules.statements", lambda masked, label: [])


def ask(database: Database, text: str, label: str = "C", keywords: str = "", sql: str = ONE) -> str:
    return Pipeline(ScriptedModel(label, keywords, sql), database).ask(text).answer.text


def test_a_figure_is_told_with_company_year_and_unit(database: Database) -> None:
    assert ask(database, "华兴科技2020年的净利润是多少元?", keywords="净利润") == "2020年华兴科技的净利润是150元。"


def test_several_figures_are_told_each_by_its_name(database: Database) -> None:
    sql = "SELECT 货币资金,净利润 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    assert (
        ask(database, "2020年华兴科技营业收入和营业成本分别是多少?", keywords="营业收入,营业成本", sql=sql)
        == "2020年华兴科技的营业收入为1200元，营业成本为900元。"
    )


def test_a_ratio_names_its_formula_and_operands(database: Database) -> None:
    answer = ask(database, "华兴科技2020年毛利率是多少?保留2位小数", "D", "毛利率")
    assert (
        answer
        == "根据公式，毛利率=(营业收入-营业成本)/营业收入，得出2020年华兴科技的毛利率是25.00%，其中营业收入为1200元，营业成本为900元。"
    )


def test_growth_over_a_negative_result_keeps_its_sign(database: Database) -> None:
    answer = ask(database, "华兴科技2021年净利润增长率是多少?", "D", "净利润增长率")
    assert "是-120.00%" in answer and "上年净利润为150元" in answer and "净利润为-30元" in answer


def test_growth_without_the_year_before_is_refused_naming_what_is_missing(database: Database) -> None:
    assert "上年净利润" in ask(database, "瑞达银行2020年净利润增长率是多少?", "D", "净利润增长率")


def test_a_wanted_unit_is_used(database: Database) -> None:
    assert "0.9万元" in ask(database, "瑞达银行2020年货币资金是多少万元?", keywords="货币资金")


def test_different_persons_are_told_apart(database: Database) -> None:
    answer = ask(database, "华兴科技2021年法定代表人与上年相比相同吗?", "A", "法定代表人", YEARS)
    assert answer == "不相同。2020年法定代表人是王伟，2021年法定代表人是李敏。"


def test_the_same_person_is_recognised(database: Database) -> None:
    answer = ask(database, "瑞达银行2020年与2021年法定代表人是否相同?", "A", "法定代表人", YEARS)
    assert answer.startswith("相同。")


@pytest.mark.parametrize(
    "text,missing",
    [
        ("华兴科技2016年的净利润是多少?", "2016年华兴科技"),
        ("2020年北京远航电子股份有限公司的净利润是多少?", "北京远航电子股份有限公司"),
    ],
)
def test_what_is_not_in_the_table_is_refused_by_name(database: Database, text: str, missing: str) -> None:
    answer = ask(database, text, keywords="净利润")
    assert missing in answer and "无法回答" in answer


def test_an_empty_cell_is_refused_by_its_column(database: Database) -> None:
    assert (
        ask(database, "瑞达银行2020年研发人员人数是多少?", "B", "研发人员人数")
        == "未查询到2020年瑞达银行的研发人员人数，无法回答该问题。"
    )


def test_a_column_that_only_the_table_knows_can_be_asked_by_its_name(database: Database) -> None:
    assert ask(database, "华兴科技2020年研发机构数是多少?", keywords="研发机构数") == "2020年华兴科技的研发机构数是4。"


def test_a_column_that_the_table_lacks_is_named(database: Database) -> None:
    answer = ask(database, "华兴科技2020年商誉是多少?", keywords="商誉")
    assert "商誉" in answer and "无法回答" in answer


def test_a_company_name_that_holds_a_column_word_is_a_company(database: Database) -> None:
    assert ask(database, "博士眼镜2020年的净利润是多少?", keywords="净利润") == "2020年博士眼镜的净利润是80元。"


def test_without_a_year_the_latest_is_taken_and_said(database: Database) -> None:
    trace = Pipeline(ScriptedModel("C", "货币资金", ONE), database).ask("华兴科技的货币资金是多少?")
    assert "2021年" in trace.answer.text and "70.15元" in trace.answer.text
    assert "没有说年份" in trace.answer.text and trace.notes


def test_the_same_as_what_is_the_year_before_and_the_answer_says_so(database: Database) -> None:
    answer = ask(database, "华兴科技2021年法定代表人是否相同?", "A", "法定代表人", YEARS)
    assert answer == (
        "问题没有说与哪一年相比，按与上一年（2020年）相比回答：不相同。2020年法定代表人是王伟，2021年法定代表人是李敏。"
    )


def test_a_name_that_differs_by_a_space_is_the_same(tmp_path: Path) -> None:
    database = make_database(tmp_path, CSV.replace("华兴科技,李敏", "华兴科技,王 伟"))
    answer = ask(database, "华兴科技2021年法定代表人与上年相比相同吗?", "A", "法定代表人", YEARS)
    assert answer.startswith("相同。")


def test_a_ranking_is_in_order_with_amounts(database: Database) -> None:
    sql = "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 5"
    answer = ask(database, "2020年净利润最高的前2家公司是哪些?", "E", "净利润", sql)
    assert "前2家" in answer and answer.index("瑞达银行") < answer.index("华兴科技") and "博士眼镜" not in answer


def test_an_empty_cell_never_ranks(database: Database) -> None:
    sql = "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 ASC LIMIT 5"
    assert "瑞达银行" not in ask(database, "2020年研发人员人数最少的前3家公司?", "E", "研发人员人数", sql)


def test_the_kth_is_told_by_its_number(database: Database) -> None:
    sql = "SELECT 公司全称,货币资金 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 1 OFFSET 6"
    assert (
        ask(database, "2020年净利润第二高的公司是哪家?", "E", "净利润", sql)
        == "2020年净利润第2高的公司为江苏华兴科技股份有限公司，净利润为150元。"
    )


def test_a_count_states_the_conditions_it_applied(database: Database) -> None:
    sql = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 注册地址 LIKE '%杭州%' AND 货币资金>100"
    assert (
        ask(database, "2020年在苏州注册、净利润大于100元的公司有几家?", "E", "净利润", sql)
        == "2020年注册地址含“苏州”、净利润大于100元的上市公司数量为1家。"
    )


def test_sums_lose_no_cent(database: Database) -> None:
    sql = "SELECT SUM(货币资金) FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2019,2020,2021)"
    assert "180.3元" in ask(database, "华兴科技2019-2021年货币资金合计是多少?", "E", "货币资金", sql)


def test_an_intersection_over_years_lists_who_is_in_all(database: Database) -> None:
    sql = (
        "SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY 货币资金 DESC) AS 名次 FROM company_table WHERE 年份 IN (2020,2021)) AS t "
        "WHERE 名次<=5 GROUP BY 公司全称 HAVING COUNT(*)=2"
    )
    answer = ask(database, "2020-2021年货币资金均位列前2的公司有哪些?", "E", "货币资金", sql)
    assert "2家" in answer and "瑞达银行" in answer and "华兴科技" in answer and "博士眼镜" not in answer


DROPPED = "SELECT COUNT(*) FROM company_table WHERE 年份=2020"
COUNTED = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"
LISTED = "SELECT 公司全称 FROM company_table WHERE 年份=2020 AND 货币资金>100"
HOW_MANY = "2020年净利润大于100元的公司有几家?"


def test_where_a_condition_was_dropped_the_next_statement_answers(database: Database) -> None:
    model = ScriptedModel("E", "净利润", (DROPPED, "SELECT 存货 FROM company_table", COUNTED, LISTED))
    trace = Pipeline(model, database).ask(HOW_MANY)
    assert "2家" in trace.answer.text and trace.model_sql == DROPPED
    assert trace.sql and (trace.sql.written_by, trace.sql.rank, trace.sql.source.text) == ("model", 3, COUNTED)
    assert len([note for note in trace.notes if "没有通过检查" in note]) == 2
    assert len([task for task, _ in model.asked if task == "nl2sql"]) == 2, "once greedily, once for the others"


@pytest.mark.usefixtures("without_rules")
def test_a_statement_that_finds_nothing_answers_only_where_no_other_passes(database: Database) -> None:
    text = "2020年净利润大于10000元的公司有哪些,一共几家?"
    with_figures = LISTED.replace("公司全称", "公司全称,货币资金")
    trace = Pipeline(ScriptedModel("E", "净利润", (DROPPED, LISTED, COUNTED)), database).ask(text)
    assert trace.sql and trace.sql.source.text == COUNTED
    trace = Pipeline(ScriptedModel("E", "净利润", (DROPPED, LISTED, with_figures)), database).ask(text)
    assert trace.sql and trace.sql.source.text == LISTED and trace.sql.rank == 2


@pytest.mark.usefixtures("without_rules")
def test_a_candidate_that_the_model_was_not_sure_of_beside_its_branch_is_not_tried(database: Database) -> None:
    class Guessing(ScriptedModel):
        def candidates(
            self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
        ) -> list[list[Candidate]]:
            return [[replace(c, margin=0.2) for c in found] for found in super().candidates(task, texts, grammars, n)]

    trace = Pipeline(Guessing("E", "净利润", (DROPPED, COUNTED)), database).ask(HOW_MANY)
    assert trace.answer.kind == "refusal" and trace.sql is None


@pytest.mark.parametrize("margin,said", [(UNSURE - 0.1, True), (UNSURE, False), (math.inf, False)])
def test_a_statement_that_the_model_was_not_sure_of_answers_and_says_so(
    database: Database, margin: float, said: bool
) -> None:
    trace = Pipeline(ScriptedModel("E", "净利润", COUNTED, margin), database).ask(HOW_MANY)
    assert "2家" in trace.answer.text and any("把握不大" in note for note in trace.notes) == said
    assert trace.sql and trace.sql.source.margin == margin


def test_an_approved_statement_answers_its_question_without_the_model(database: Database, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "approved.jsonl")
    model = ScriptedModel("E", "净利润", COUNTED)
    memory.approve(Pipeline(model, database, memory=memory).ask(HOW_MANY))
    model.asked.clear()
    trace = Pipeline(model, database, memory=Memory(memory.path)).ask("2020年净利润大于500元的公司有几家？")
    assert "1家" in trace.answer.text and trace.sql and trace.sql.written_by == "memory"
    assert "nl2sql" not in {task for task, _ in model.asked} and trace.model_sql is None


def test_an_approved_statement_of_a_similar_question_answers_only_where_the_models_own_fails(
    database: Database, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "approved.jsonl")
    memory.approve(Pipeline(ScriptedModel("E", "净利润", COUNTED), database, memory=memory).ask(HOW_MANY))
    similar = "请问2020年净利润大于100元的公司有几家呢"
    trace = Pipeline(ScriptedModel("E", "净利润", DROPPED), database, memory=memory).ask(similar)
    assert "2家" in trace.answer.text and trace.sql and trace.sql.written_by == "memory"
    own = Pipeline(ScriptedModel("E", "净利润", LISTED), database, memory=memory).ask(similar)
    assert own.sql and own.sql.written_by == "model" and own.sql.rank == 1


def test_a_remembered_statement_is_checked_like_any_other(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "approved.jsonl"
    for sql in (DROPPED, "DROP TABLE company_table"):
        row = {"question": "2020年货币资金大于100元的公司有几家?", "sql": sql, "asked": HOW_MANY, "date": "2024-05-01"}
        path.write_text(json.dumps(row) + "\n", encoding="utf-8")
        trace = Pipeline(ScriptedModel("E", "净利润", COUNTED), database, memory=Memory(path)).ask(HOW_MANY)
        assert trace.sql and trace.sql.written_by == "model" and trace.notes[0].startswith("记住的语句没有通过检查")


def test_a_lookup_of_which_all_candidates_fail_is_written_by_rule_and_says_so(database: Database) -> None:
    trace = Pipeline(ScriptedModel("C", "净利润", "SELECT 存货 FROM company_table"), database).ask(
        "华兴科技2020年净利润是多少?"
    )
    assert trace.sql and trace.sql.written_by == "rule" and "150元" in trace.answer.text


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE company_table",
        "SELECT * FROM sqlite_master",
        "",
        "我不知道",
        "SELECT 货币资金 FROM company_table; DELETE FROM company_table",
    ],
)
@pytest.mark.usefixtures("without_rules")
def test_a_statement_that_the_guard_rejects_is_never_run_and_ends_in_a_refusal(database: Database, sql: str) -> None:
    trace = Pipeline(ScriptedModel("E", "净利润", sql), database).ask("2020年净利润最高的公司是哪家?")
    assert trace.answer.kind == "refusal" and trace.sql is None
    assert database.years() == (2019, 2020, 2021)


@pytest.mark.parametrize("sql", ["DROP TABLE company_table", "我不知道"])
def test_where_no_statement_of_the_model_can_run_a_rule_writes_one_and_says_so(database: Database, sql: str) -> None:
    trace = Pipeline(ScriptedModel("E", "净利润", sql), database).ask("2020年净利润最高的公司是哪家?")
    assert trace.sql and trace.sql.written_by == "rule" and "瑞达银行" in trace.answer.text
    assert any("没有通过检查" in note for note in trace.notes)


@pytest.mark.usefixtures("without_rules")
def test_an_amount_that_the_question_does_not_hold_is_not_believed(database: Database) -> None:
    sql = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100 AND 货币资金<99999"
    trace = Pipeline(ScriptedModel("E", "净利润", sql), database).ask("2020年净利润大于100元的公司有几家?")
    assert trace.answer.kind == "refusal" and "99999" in " ".join(trace.notes)


def test_a_longer_column_name_overrides_the_models_shorter_one_and_the_trace_says_rule(database: Database) -> None:
    trace = Pipeline(ScriptedModel("D", "净利润", ONE), database).ask("华兴科技2020年净利润增长率是多少?")
    assert trace.keywords and [(c.column, c.decided_by) for c in trace.keywords.columns] == [("净利润增长率", "rule")]
    assert "50.00%" in trace.answer.text


def test_a_lookup_taken_for_an_open_question_is_corrected_by_a_rule_and_says_so(database: Database) -> None:
    trace = Pipeline(ScriptedModel("F", "净利润", ONE), database).ask("2020年华兴科技的净利润是什么?")
    assert trace.answer.text == "2020年华兴科技的净利润是150元。"
    assert trace.classification and (trace.classification.label, trace.classification.decided_by) == ("C", "rule")


@pytest.mark.parametrize(
    "text",
    [
        "请介绍2020年华兴科技净利润的情况",
        "2020年华兴科技净利润变动的原因是什么?",
        "2020年净利润是什么意思?",
        "2020年华兴科技的企业文化是什么?",
    ],
)
def test_a_tale_a_concept_and_an_unknown_column_stay_open_questions(database: Database, text: str) -> None:
    trace = Pipeline(ScriptedModel("F", "净利润", ONE), database).ask(text)
    assert trace.classification and trace.classification.label == "F" and trace.sql is None


def test_questions_about_report_text_say_that_none_is_loaded(database: Database) -> None:
    trace = Pipeline(ScriptedModel("F"), database).ask("请简要分析华兴科技2020年社会责任工作情况")
    assert trace.answer.text == NO_REPORT_TEXT and trace.answer.kind == "refusal"


def test_a_concept_is_explained_from_the_glossary(database: Database) -> None:
    trace = Pipeline(ScriptedModel("F"), database).ask("什么是存货周转率?")
    assert trace.answer.kind == "open" and "存货" in trace.answer.text


@pytest.mark.parametrize("text,reason", [("", "空"), ("   ", "空"), ("多" * 20_000, "上限")])
def test_no_question_and_too_long_a_question_are_refused_before_the_model(
    database: Database, text: str, reason: str
) -> None:
    model = ScriptedModel()
    assert reason in Pipeline(model, database).ask(text).answer.text
    assert not model.asked


def test_answers_keep_the_order_of_their_questions(database: Database) -> None:
    questions = [
        Question(i, f"{name}2020年的净利润是多少?") for i, name in enumerate(("瑞达银行", "", "华兴科技", "博士眼镜"))
    ]
    traces = Pipeline(ScriptedModel("C", "净利润", ONE), database).answer(questions)
    assert [t.question.id for t in traces] == [0, 1, 2, 3]
    assert [n in t.answer.text for n, t in zip(("900元", "", "150元", "80元"), traces)] == [True] * 4


def test_a_table_of_another_name_with_fewer_columns_works_too(tmp_path: Path) -> None:
    short = "\n".join(",".join(line.split(",")[:4] + line.split(",")[11:12]) for line in CSV.splitlines())
    database = make_database(tmp_path, short, "my_table")
    assert ask(database, "华兴科技2020年的净利润是多少元?", keywords="净利润") == "2020年华兴科技的净利润是150元。"
