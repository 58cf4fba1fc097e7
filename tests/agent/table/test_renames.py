"""A company that changed its 公司全称 answers under all its names, on the rows of each year."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.records import Question, SqlQuery, Trace
from agent.table import renames
from tests.agent.scripted import CSV, ScriptedModel, make_database

OLD, NEW = "江苏老华兴股份有限公司", "江苏华兴科技股份有限公司"
RENAMED = CSV.replace(f"{NEW},2019,600001,华兴科技", f"{OLD},2019,600001,老华兴")
ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
TWO = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)"


def ask(folder: Path, text: str, sql: str = ONE, keywords: str = "净利润") -> Trace:
    pipeline = Pipeline(ScriptedModel("C", keywords, sql), make_database(folder, RENAMED))
    return pipeline.answer([Question(0, text)])[0]


@pytest.mark.parametrize("said", ["华兴科技", "老华兴", OLD, NEW, "600001.SH"])
@pytest.mark.parametrize(("year", "told"), [(2019, "100元"), (2020, "150元")])
def test_each_year_is_found_under_the_name_of_that_year(tmp_path: Path, said: str, year: int, told: str) -> None:
    trace = ask(tmp_path, f"{said}{year}年的净利润是多少?")
    assert trace.answer.text == f"{year}年{said}的净利润是{told}。"
    assert trace.answer.evidence and trace.answer.evidence.rows[0][0] == (OLD if year == 2019 else NEW)
    assert [OLD in note for note in trace.notes] == ([True] if year == 2019 else [])


def test_years_on_both_sides_of_the_change_are_told_together(tmp_path: Path) -> None:
    trace = ask(tmp_path, "华兴科技2019年和2020年的净利润是多少?", TWO)
    assert trace.answer.text == "2019年华兴科技的净利润是100元。2020年华兴科技的净利润是150元。"


def test_a_growth_rate_over_the_change_finds_the_year_before(tmp_path: Path) -> None:
    trace = ask(tmp_path, "华兴科技2020年净利润增长率是多少?", keywords="净利润增长率")
    assert "是50.00%" in trace.answer.text and "上年净利润为100元" in trace.answer.text


def test_companies_that_never_changed_their_name_have_their_statement_as_it_was(tmp_path: Path) -> None:
    query = SqlQuery('SELECT "净利润" FROM "company_table" WHERE "公司全称" = :v1', {"v1": "杭州瑞达银行股份有限公司"})
    assert renames.widen(query, ((OLD, NEW),), "sqlite") is query
    database = make_database(tmp_path)
    assert renames.years_of_names(database, database.companies()) == {}


@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_a_statement_is_widened_in_both_dialects(dialect: str) -> None:
    quote = "`" if dialect == "mysql" else '"'
    company = f"{quote}公司全称{quote}"
    query = SqlQuery(f"SELECT {company} FROM {quote}t{quote} WHERE {company} IN (:v1, :v2)", {"v1": NEW, "v2": "乙"})
    widened = renames.widen(query, ((OLD, NEW),), dialect)
    assert f"{company} IN (:v1, :v1_1, :v2)" in widened.text
    assert widened.parameters == {"v1": NEW, "v2": "乙", "v1_1": OLD}


def test_a_code_that_many_names_share_is_no_company(tmp_path: Path) -> None:
    rows = "\n".join(f"甲{i}股份有限公司,{2000 + i},0,甲{i},1" for i in range(9))
    database = make_database(tmp_path, f"公司全称,年份,股票代码,股票简称,净利润\n{rows}\n")
    assert renames.years_of_names(database, database.companies()) == {}
