"""Reports in a store are found by company, year and period; an answer brings its places along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.figures.periods import USUAL, Slice
from agent.pipeline import Pipeline
from agent.records import Question, Source, Trace
from agent.reports.store import Cell, Store, put
from agent.reports.text import index, passages, reasons
from agent.reports.text.library import Library
from agent.telling.trace import as_json
from tests.agent.reports.text.sample import ABOUT, document, pages
from tests.agent.scripted import ScriptedModel, make_database

COMPANY = (ABOUT.company,)
CELLS = [
    Cell("合并", "营业收入", column, "cumulative", "利润表", value, printed, page=9)
    for column, value, printed in (("current", "280000000.00", "280,000,000.00"), ("prior", "250000000.00", "250,000,000.00"))
]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    store = Store(tmp_path / "a.reports.sqlite3", writing=True)
    report = document()
    cut = passages.of(report.pages)
    with store.transaction() as connection:
        index.put(connection, put(connection, ABOUT, CELLS), cut, reasons.of(report, cut))
    store.close()
    return Library(tmp_path / "a.reports.sqlite3")


def test_an_answer_names_file_page_and_section(library: Library) -> None:
    told = library.answer("青岚水务2023年有没有重大诉讼", COMPANY, (2023,))
    assert told and told.kind == "open" and "无重大诉讼" in told.text
    assert told.sources == (Source("青岚2023.txt", 5, "八、重大诉讼、仲裁事项"),)
    row = as_json(Trace(Question(1, "…"), told), steps=False)
    assert row["kind"] == "open" and row["sources"][0]["page"] == 5


def test_what_the_report_does_not_say_has_a_kind_of_its_own(library: Library) -> None:
    told = library.answer("青岚水务2023年的关键审计事项有哪些", COMPANY, (2023,))
    assert told and told.kind == "not_disclosed"
    assert as_json(Trace(Question(1, "…"), told), steps=False)["kind"] == "not_disclosed"


@pytest.mark.parametrize(
    ("question", "companies", "years"),
    [
        ("有没有重大诉讼", ("别家股份有限公司",), (2023,)),
        ("有没有重大诉讼", COMPANY, (2021,)),
        ("有没有重大诉讼", (), (2023,)),
        ("有没有重大诉讼", (*COMPANY, "别家股份有限公司"), (2023,)),
        ("一季度有没有重大诉讼", COMPANY, (2023,)),
        ("预测2023年的利润", COMPANY, (2023,)),
        ("2023年第二季度的股东户数是多少", COMPANY, (2023,)),
        ("2023年第四季度管理费用为什么增加", COMPANY, (2023,)),
        ("2023年5月的管理费用", COMPANY, (2023,)),
    ],
)
def test_without_the_report_of_one_company_and_period_nothing_is_told(
    library: Library, question: str, companies: tuple[str, ...], years: tuple[int, ...]
) -> None:
    assert library.answer(question, companies, years) is None


def test_a_quarter_s_report_is_asked_beside_the_annual_one_where_its_period_was_named(library: Library) -> None:
    store = Store(library.path, writing=True)
    texts = ("第三节 股东信息\n一、股东总数\n报告期末普通股股东总数(户) 17,311",)
    about = replace(ABOUT, file="青岚一季.txt", digest="1" * 64, period="Q1")
    with store.transaction() as connection:
        index.put(connection, put(connection, about, ()), passages.of(pages(texts)), ())
    store.close()
    for question, part in (("股东户数是多少", Slice("一季报")), ("一季度末股东户数是多少", USUAL)):
        told = library.answer(question, COMPANY, (2023,), part)
        assert told and "17,311" in told.text and "一季报" in told.text
    told = library.answer("股东户数是多少", COMPANY, (2023,))
    assert told and "18,205" in told.text


def test_the_words_for_the_part_of_a_table_reach_the_report(library: Library, tmp_path: Path) -> None:
    rows = "".join(f"{COMPANY[0]},2023-12-31,{scope},600999,青岚水务,5\n" for scope in ("合并报表", "母公司报表"))
    database = make_database(tmp_path, f"公司全称,报告期,报表类型,股票代码,股票简称,净利润\n{rows}")
    agent = Pipeline(ScriptedModel("F"), database, library=library)
    told = agent.ask("青岚水务2023年母公司应收账款的账龄情况").answer
    assert "11,000.00" in told.text and "64,123,000.11" not in told.text


def test_the_latest_report_is_asked_where_no_year_is_named(library: Library) -> None:
    told = library.answer("青岚水务的核心竞争力有哪些", COMPANY, ())
    assert told and "水源优势" in told.text


def test_an_introduction_tells_figures_with_growth_then_the_report_s_words(library: Library) -> None:
    told = library.answer("介绍一下青岚水务2023年的情况", COMPANY, (2023,))
    assert told and "营业收入 280,000,000.00（同比+12.00%）（第9页）" in told.text
    assert "城市供水" in told.text and "水源优势" in told.text and "2.35元" in told.text


def test_no_store_is_an_empty_one_and_a_removed_report_takes_its_words_along(library: Library, tmp_path: Path) -> None:
    assert Library(tmp_path / "none.sqlite3").answer("有没有重大诉讼", COMPANY, (2023,)) is None
    store = Store(library.path, writing=True)
    with store.transaction() as connection:
        connection.execute("DELETE FROM documents")
    assert [store.connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("passages", "passage_words", "reasons")] == [0, 0, 0]
