"""Questions about other reports than the consolidated annual one: their rows alone, said so; refused by name where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.conversation import Conversation
from agent.pipeline import Pipeline
from agent.records import Question
from tests.agent.scripted import ScriptedModel, make_database
from tests.agent.understood import FIGURE, understanding_of

CSV = """公司全称,报告期,报表类型,股票代码,股票简称,净利润
江苏华兴科技股份有限公司,2019-12-31,合并报表,600001,华兴科技,100
江苏华兴科技股份有限公司,2020-12-31,合并报表,600001,华兴科技,150
江苏华兴科技股份有限公司,2020-12-31,母公司报表,600001,华兴科技,40
江苏华兴科技股份有限公司,2020-09-30,合并报表,600001,华兴科技,90
江苏华兴科技股份有限公司,2019-09-30,合并报表,600001,华兴科技,45
杭州瑞达银行股份有限公司,2020-12-31,合并报表,600002,瑞达银行,900
"""
SUM, GROWTH = "SELECT SUM(M1@Y1)", "SELECT 增长率(M1@Y0,M1@Y1) WHERE 公司=C1"


def pipeline(folder: Path, csv: str = CSV) -> Pipeline:
    database = make_database(folder, csv)
    says = {"总和": SUM, "增长": GROWTH, "[C1]": FIGURE, "[M1": FIGURE}
    return Pipeline(ScriptedModel("C", "净利润", ""), database, understanding=understanding_of(database, says))


@pytest.fixture
def agent(tmp_path: Path) -> Pipeline:
    return pipeline(tmp_path)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("华兴科技2020年净利润是多少", ["150元"]),
        ("华兴科技2020年母公司净利润是多少", ["按母公司报表回答", "40元"]),
        ("华兴科技2020年前三季度净利润是多少", ["按三季报（1至9月）回答", "90元"]),
        ("2020年净利润的总和", ["1050元"]),
        ("2020年母公司净利润的总和", ["40元"]),
        ("华兴科技2020年净利润增长多少", ["50.00%"]),
        ("华兴科技2020年三季报净利润增长多少", ["100.00%"]),
    ],
)
def test_figures_come_from_the_rows_of_one_report_alone(agent: Pipeline, question: str, told: list[str]) -> None:
    answer = agent.ask(question).answer
    assert answer.kind == "answer" and all(text in answer.text for text in told), answer.text


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("华兴科技2020年一季度净利润是多少", "一季报"),
        ("华兴科技2020年三季报母公司净利润是多少", "三季报（母公司）"),
        ("华兴科技2020年一季度和三季度净利润是多少", "一季报、三季报"),
        ("瑞达银行2020年三季报净利润是多少", "瑞达银行"),
    ],
)
def test_a_report_that_is_not_there_is_refused_by_name(agent: Pipeline, question: str, named: str) -> None:
    answer = agent.ask(question).answer
    assert answer.kind == "refusal" and named in answer.text, answer.text


def test_questions_of_several_reports_in_one_batch_keep_their_order(agent: Pipeline) -> None:
    asked = ["华兴科技2020年母公司净利润是多少", "华兴科技2020年净利润是多少", "华兴科技2020年三季报净利润是多少"]
    traces = agent.answer([Question(at, text) for at, text in enumerate(asked)])
    assert [trace.question.text for trace in traces] == asked
    assert [figure in trace.answer.text for figure, trace in zip(("40元", "150元", "90元"), traces)] == [True] * 3


def test_a_table_without_annual_rows_says_what_it_has(tmp_path: Path) -> None:
    lines = CSV.splitlines()
    agent = pipeline(tmp_path, "\n".join([lines[0], *(line for line in lines if "09-30" in line)]) + "\n")
    assert "只有三季报（合并）" in agent.ask("华兴科技2020年净利润是多少").answer.text
    assert "90元" in agent.ask("华兴科技2020年三季报净利润是多少").answer.text


def test_a_talk_goes_on_in_the_part_that_was_named(agent: Pipeline) -> None:
    talk = Conversation(agent)
    assert "150元" in talk.ask("华兴科技2020年净利润是多少").answer.text
    assert "90元" in talk.ask("那三季度呢").answer.text
