"""Facts about the sentences: names, units, decimals, what was understood, what was compared."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import NotAnswerable
from agent.statements.parsing import parse
from agent.statements.results import Result, Row
from agent.statements.telling import LISTED, tell
from agent.statements.words import Speaker, said
from agent.table.database import Database
from tests.agent.statements.sample import NAMES, A, B, C, D, F, G, told

# --- values


@pytest.mark.parametrize(
    ("statement", "value", "text"),
    [
        ("SELECT 净利润@2020", "1234567.5", "1234567.5元"),
        ("SELECT 净利润@2020", "100.00", "100元"),
        ("SELECT 净利润@2020+营业收入@2020", "0.30000000000000004", "0.30元"),
        ("SELECT 净利润@2020 AS 万元", "1234567.5", "123.46万元"),
        ("SELECT 净利润@2020 AS 亿元", "123456789", "1.23亿元"),
        ("SELECT 净利润@2020 AS 亿元 4位", "123456789", "1.2346亿元"),
        ("SELECT 净利润@2020 AS 亿元 0位", "150000000", "2亿元"),
        ("SELECT 净利润@2020 AS 千元", "1234", "1.23千元"),
        ("SELECT 净利润@2020 AS 百万元", "1500000", "1.50百万元"),
        ("SELECT 净利润@2020 AS 元", "12.345", "12.345元"),
        ("SELECT 净利润@2020 AS 1位", "12.35", "12.4元"),
        ("SELECT 职工总人数@2020", "1200", "1200人"),
        ("SELECT AVG(职工总人数@2020)", "12.345", "12.35人"),
        ("SELECT 毛利率@2020", "0.12345", "12.35%"),
        ("SELECT 毛利率@2020 AS 1位", "0.12345", "12.3%"),
        ("SELECT 毛利率@2020 AS 小数", "0.12345", "0.1235"),
        ("SELECT 净利润@2020/营业收入@2020", "0.5", "0.50（50.00%）"),
        ("SELECT 净利润@2020/营业收入@2020 AS %", "0.5", "50.00%"),
        ("SELECT 净利润@2020/营业收入@2020 AS 倍", "2.5", "2.50倍"),
        ("SELECT GREATEST(净利润@2019,净利润@2020)/营业收入@2020 AS %", "0.144", "14.40%"),
        ("SELECT GREATEST(净利润@2019/营业收入@2019,净利润@2020/营业收入@2020) AS %", "0.144", "14.40%"),
        ("SELECT MAX(净利润@2019/营业收入@2019) AS % 1位", "0.144", "14.4%"),
        ("SELECT 增长率(净利润@2019,净利润@2020)", "-0.05", "-5.00%"),
        ("SELECT 毛利率@2020-毛利率@2019", "0.012", "1.20个百分点"),
        ("SELECT 每股净资产@2020", "3.14159", "3.14元"),
        ("SELECT 净利润@2020/职工总人数@2020 AS 万元", "25000", "2.50万元"),
        ("SELECT COUNT(*)", "3", "3家"),
        ("SELECT AVG(净利润@2020>1) AS %", "0.25", "25.00%"),
        ("SELECT 名次(净利润@2020)", "4", "第4名"),
        ("SELECT (净利润@2020>1)+(营业收入@2020>2)", "2", "2项"),
        ("SELECT 净利润@2020>1", "True", "是"),
        ("SELECT 净利润@2020>1", "False", "否"),
    ],
)
def test_a_value_has_its_unit_and_its_decimals(statement: str, value: str, text: str) -> None:
    read = parse(statement)
    assert read.select is not None
    given = value == "True" if value in ("True", "False") else Decimal(value)
    assert Speaker.of(read, {}).value(read.select.items[0], given) == text


def test_nothing_and_texts() -> None:
    speaker = Speaker()
    item = parse("SELECT 法定代表人@2020").select
    assert item is not None
    assert speaker.value(item.items[0], None) == "没有数据" and speaker.value(item.items[0], "张三") == "张三"


# --- what was understood


@pytest.mark.parametrize(
    ("statement", "parts"),
    [
        (f"SELECT 净利润@2020 WHERE 公司={A}", ["甲股份", "2020年净利润"]),
        ("SELECT 公司 WHERE 净利润@2020>1 ORDER BY 营业收入@2019 DESC LIMIT 3", ["2020年净利润大于1元", "2019年营业收入最高的前3家"]),
        ("SELECT 公司 ORDER BY 净利润@2020 ASC LIMIT 1 OFFSET 4", ["2020年净利润第4低"]),
        ("SELECT 公司 ORDER BY 净利润@2020 DESC LIMIT 3,5", ["第3到第5高"]),
        ("SELECT COUNT(*) WHERE 毛利率@2020>=0.2", ["2020年毛利率不低于20.00%", "公司数"]),
        ("SELECT COUNT(*) WHERE 职工总人数@2020<100", ["小于100人"]),
        ("SELECT AVG(净利润@2020) WHERE 注册地址@2020 LIKE '杭州'", ["注册地址含“杭州”", "平均值"]),
        ("SELECT COUNT(*) WHERE 股票代码 LIKE '60'", ["以“60”开头"]),
        ("SELECT 公司 WHERE 净利润@2020>(SELECT AVG(净利润@2020))", ["大于2020年净利润的平均值"]),
        ("SELECT 公司 WHERE 增长率(净利润@2019,净利润@2020)>0.1", ["净利润从2019年到2020年的增长率大于10.00%"]),
        ("SELECT 公司 WHERE NOT 净利润@2020>1", ["不满足", "大于1元"]),
        (f"SELECT 公司 WHERE 公司 IN ({A},{B})", ["甲股份、乙股份"]),
        ("SELECT 公司 WHERE 公司@2019 IS NOT NULL AND 公司@2020 IS NULL", ["有2019年的数据", "没有2020年的数据"]),
        ("SELECT 公司 WHERE 公司 IN 上述 AND 净利润@2020>1", ["上面列出"]),
        ("SELECT 净利润@2020 WHERE 公司=甲 AS 亿元", ["亿元"]),
        ("NONE", ["没有的内容"]),
    ],
)  # fmt: skip
def test_a_statement_in_words(statement: str, parts: list[str]) -> None:
    text = said(parse(statement), NAMES)
    assert all(part in text for part in parts), text
    assert "的的" not in text and "SELECT" not in text


# --- answers


def test_one_figure(sqlite: Database) -> None:
    assert told(sqlite, f"SELECT 营业收入@2020 WHERE 公司={A}") == "甲股份2020年营业收入为150.55元。"
    text = told(sqlite, f"SELECT 净利润@2020,法定代表人@2020 WHERE 公司={A}")
    assert "14.4元" in text and "14.40" not in text and "李四" in text


def test_a_company_known_by_its_code_alone_is_kept_apart_from_the_year() -> None:
    column = parse("SELECT 净利润@2020").select.items[0]
    assert Speaker({"甲": "000903"}).expression(replace(column, company="甲")) == "“000903”2020年净利润"


def test_what_is_empty_is_refused_by_name(sqlite: Database) -> None:
    with pytest.raises(NotAnswerable, match="2019年的职工总人数"):
        told(sqlite, f"SELECT 职工总人数@2019 WHERE 公司={C}")
    with pytest.raises(NotAnswerable, match="分母"):
        told(sqlite, f"SELECT 净利润@2018/营业收入@2018 WHERE 公司={C}")


def test_a_computed_figure_tells_what_it_was_made_of(sqlite: Database) -> None:
    text = told(sqlite, f"SELECT 增长率(净利润@2018,净利润@2020) WHERE 公司={A}")
    assert "44.00%" in text and "2018年净利润为10元" in text and "2020年净利润为14.4元" in text
    text = told(sqlite, f"SELECT 净利润@2018/(SELECT SUM(净利润@2018)) WHERE 公司={A} AS %")
    assert "15.11%" in text and "总和" in text and "66.2元" in text


def test_yes_and_no(sqlite: Database) -> None:
    assert told(sqlite, f"SELECT 净利润@2020>10 WHERE 公司={A}").startswith("是，甲股份2020年净利润大于10元")
    assert told(sqlite, f"SELECT 净利润@2020>20 WHERE 公司={A}").startswith("否，")
    same = told(sqlite, f"SELECT 法定代表人@2019=法定代表人@2020 WHERE 公司={A}")
    assert same.startswith("不相同") and "张三" in same and "李四" in same
    assert told(sqlite, f"SELECT 法定代表人@2018=法定代表人@2019 WHERE 公司={A}").startswith("相同")


def test_who_is_higher_and_by_how_much(sqlite: Database) -> None:
    text = told(sqlite, f"SELECT {A}.净利润@2018-{B}.净利润@2018")
    assert "15元" in text and "甲股份更高，比乙股份高15元" in text
    text = told(sqlite, f"SELECT {B}.净利润@2018-{A}.净利润@2018")
    assert "-15元" in text and "甲股份更高，比乙股份高15元" in text
    text = told(sqlite, f"SELECT 净利润@2020-净利润@2018 WHERE 公司={A}")
    assert "2020年比2018年增加了4.4元" in text
    text = told(sqlite, f"SELECT 最高项('{F}'.净利润@2018,{A}.净利润@2018)")
    assert re.search("最高的是己集团.*（.*50元.*10元", text)


def test_named_companies(sqlite: Database) -> None:
    text = told(sqlite, f"SELECT 公司 WHERE 公司 IN ({A},{B},{C}) ORDER BY 净利润@2018 DESC LIMIT 1")
    assert re.search("公司（甲股份）最高", text) and "-5元" in text and "8元" in text
    text = told(sqlite, f"SELECT 公司 WHERE 公司 IN ({A},{B},{C}) ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 2")
    assert re.search("第2高的是.*公司（丙股份）", text)
    text = told(sqlite, f"SELECT 公司 WHERE 公司 IN ({A},{B}) ORDER BY 净利润@2018 DESC LIMIT 1")
    assert "相差15元" in text
    text = told(
        sqlite, f"SELECT 公司 WHERE 公司 IN ({A},{B}) ORDER BY ABS(净利润@2018-(SELECT AVG(净利润@2018))) ASC LIMIT 1"
    )
    assert "甲股份" in text and "1.03元" in text and "16.03元" in text
    with pytest.raises(NotAnswerable, match="只有2家"):
        told(sqlite, f"SELECT 公司 WHERE 公司 IN ({A},{B}) ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 3")
    text = told(sqlite, f"SELECT SUM(净利润@2018) WHERE 公司 IN ({A},{B})")
    assert "甲股份" in text and "5元" in text and "10元" in text


def test_found_companies_are_named_in_full_and_in_short(sqlite: Database) -> None:
    text = told(sqlite, "SELECT 公司 ORDER BY 净利润@2018 DESC LIMIT 2")
    assert f"1. {F}（己集团）" in text and f"2. {A}（甲股份）" in text and "50元" in text and "前2家" in text
    text = told(sqlite, "SELECT 法定代表人@2018 WHERE 净利润@2018>9")
    assert "有2家" in text and "周八" in text and "张三" in text and "2018年净利润大于9元" in text and "10元" in text
    text = told(sqlite, "SELECT 公司 ORDER BY 净利润@2018 DESC LIMIT 2,3")
    assert "2. " in text and "3. " in text and "1. " not in text
    text = told(sqlite, "SELECT 公司 ORDER BY 净利润@2020 DESC LIMIT 9")
    assert "只有5家" in text


def test_none_found(sqlite: Database) -> None:
    assert "0家" in told(sqlite, "SELECT 公司 WHERE 净利润@2018>500")
    with pytest.raises(NotAnswerable, match="大于500元"):
        told(sqlite, "SELECT 公司 WHERE 净利润@2018>500 ORDER BY 营业收入@2018 DESC LIMIT 1")
    with pytest.raises(NotAnswerable, match="没有那么多.*第9高"):
        told(sqlite, "SELECT 公司 ORDER BY 净利润@2018 DESC LIMIT 1 OFFSET 9")


def test_numbers_over_companies(sqlite: Database) -> None:
    assert "3家" in told(sqlite, "SELECT COUNT(*) WHERE 净利润@2018>5")
    assert "6家" in told(sqlite, "SELECT COUNT(公司@2018)")
    text = told(sqlite, "SELECT SUM(净利润@2018)/SUM(营业收入@2018) AS %")
    assert "9.03%" in text and "66.2元" in text and "733.33元" in text
    assert "50.00%" in told(sqlite, "SELECT AVG(净利润@2018>5) AS %")
    with pytest.raises(NotAnswerable, match="没有.*数据"):
        told(sqlite, "SELECT SUM(净利润@2018) WHERE 净利润@2018>500")
    both = "(SELECT COUNT(*) WHERE 注册地址@2020 LIKE '杭州'),(SELECT COUNT(*) WHERE 注册地址@2020 LIKE '北京')"
    text = told(sqlite, f"SELECT {both}")
    assert "2家" in text and "1家" in text
    assert "杭州" in told(sqlite, f"SELECT 最高项({both})").split("（")[0]


def test_how_many_of_several_conditions_tells_each_figure(sqlite: Database) -> None:
    text = told(sqlite, "SELECT 公司 WHERE (净利润@2020>14)+(营业收入@2020>100)>=2")
    assert (
        A in text
        and "净利润为14.4元" in text
        and "营业收入为150.55元" in text
        and "人" not in text.replace("代表人", "")
    )


def test_what_was_shown(sqlite: Database) -> None:
    text = told(sqlite, "SELECT 净利润@2019 WHERE 公司 IN 上述", (A, D))
    assert "上面列出的公司有2家" in text and "12.1元" in text and "没有数据" in text
    text = told(sqlite, "SELECT 公司 WHERE 公司 IN 上述 ORDER BY 净利润@2018 DESC LIMIT 1", (G, A, B))
    assert A in text and B not in text and G not in text


def test_a_long_list_is_cut_and_its_count_told() -> None:
    statement = parse("SELECT 公司 WHERE 净利润@2020>1")
    rows = tuple(Row(f"公司{at:03}", (f"公司{at:03}",)) for at in range(LISTED + 5))
    text = tell(statement, Result(rows), {})
    assert f"有{LISTED + 5}家" in text and f"只列出前{LISTED}家" in text
    assert f"公司{LISTED - 1:03}" in text and f"公司{LISTED:03}" not in text
    assert "超过" in tell(statement, Result(rows, truncated=True), {})


def test_exactly_as_many_rows_as_are_read_is_not_more(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "many.sqlite3") as connection:
        connection.execute("CREATE TABLE company_table (公司全称 TEXT, 年份 INTEGER, 净利润 REAL)")
        cells = [(f"公司{at:04}", 2020, 1.0) for at in range(2001)]
        connection.executemany("INSERT INTO company_table VALUES (?,?,?)", cells[:2000])
        connection.commit()
        base = Database(f"sqlite:///{tmp_path / 'many.sqlite3'}")
        assert "公司有2000家" in told(base, "SELECT 公司 WHERE 净利润@2020>0")
        connection.execute("INSERT INTO company_table VALUES (?,?,?)", cells[2000])
        connection.commit()
    assert "公司有超过2000家" in told(base, "SELECT 公司 WHERE 净利润@2020>0")
    # A condition inside a statement sees all of them.
    inner = "公司 IN (SELECT 公司 WHERE 净利润@2020>0)"
    assert "2001家" in told(base, f"SELECT COUNT(*) WHERE {inner} AND 净利润@2020<2")
    assert "2001元" in told(base, f"SELECT SUM(净利润@2020) WHERE {inner}")
