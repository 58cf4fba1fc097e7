"""Statements by rule: each passes the checks that the model's had failed, and gives the right rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.pipeline import Pipeline
from agent.records import Masked
from agent.table.sql_guard import check
from agent.writing.rules import statements
from agent.writing.sql_checks import doubts, settle
from tests.agent.scripted import ScriptedModel, make_database

YEARS = {2020: 2020, 2021: 2021}
KNOWN = ("公司全称", "年份", "货币资金", "净利润", "注册地址", "办公地址", "股票代码")


def asked(text: str, **known: object) -> Masked:
    return Masked(text, {"货币资金": "存货"}, **({"years": YEARS} | known))  # type: ignore[arg-type]


def two(text: str, **known: object) -> Masked:
    """About two figures of one year."""
    return Masked(text, {"货币资金": "存货", "净利润": "商誉"}, **({"years": {2020: 2020}} | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "masked,label,first",
    [
        (asked("甲公司2020年货币资金", companies={"甲公司": "x"}, years={2020: 2020}), "C", "SELECT 货币资金 FROM company_table WHERE 公司全称 IN ('甲公司') AND 年份 IN (2020)"),
        (asked("甲公司2020年、2021年货币资金加一块儿多少", companies={"甲公司": "x"}), "C", "SELECT SUM(货币资金) FROM company_table WHERE 公司全称 IN ('甲公司') AND 年份 IN (2020,2021)"),
        (asked("把2020年、2021年货币资金相加最大的5家", top=3), "E", "SELECT 公司全称,SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) GROUP BY 公司全称 ORDER BY SUM(货币资金) DESC LIMIT 5"),
        (asked("2020年、2021年货币资金合起来排第7", kth=2), "E", "SELECT 公司全称,SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) GROUP BY 公司全称 ORDER BY SUM(货币资金) DESC LIMIT 1 OFFSET 6"),
        (asked("杭州2020年、2021年总共货币资金最少的公司", places={"杭州": "苏州"}), "E", "SELECT 公司全称,SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) AND 注册地址 LIKE '%杭州%' GROUP BY 公司全称 ORDER BY SUM(货币资金) ASC LIMIT 1"),
        (asked("2020年、2021年年均货币资金最高的公司"), "E", "SELECT 公司全称,AVG(货币资金) FROM company_table WHERE 年份 IN (2020,2021) GROUP BY 公司全称 ORDER BY AVG(货币资金) DESC LIMIT 1"),
        (asked("杭州的公司2021年和2020年合计的货币资金是多少", places={"杭州": "苏州"}), "E", "SELECT SUM(货币资金) FROM company_table WHERE 年份 IN (2020,2021) AND 注册地址 LIKE '%杭州%'"),
        (asked("甲公司2020年货币资金涨了百分之几", companies={"甲公司": "x"}, years={2020: 2020}), "D", "SELECT 货币资金增长率 FROM company_table WHERE 公司全称 IN ('甲公司') AND 年份 IN (2020)"),
        (asked("2020年货币资金增长最快的5家", years={2020: 2020}, top=3), "E", "SELECT 公司全称,货币资金增长率 FROM company_table WHERE 年份=2020 ORDER BY 货币资金增长率 DESC LIMIT 5"),
        (two("2020年货币资金超过100%的公司中净利润最高的5家", amounts={100: 1}, top=3), "E", "SELECT 公司全称,净利润 FROM company_table WHERE 年份=2020 AND 货币资金>100 ORDER BY 净利润 DESC LIMIT 5"),
        (two("办公地在杭州、2020年货币资金不到100元、净利润在100元以上的有几家", amounts={100: 1}, places={"杭州": "苏州"}), "E", "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 办公地址 LIKE '%杭州%' AND 货币资金<100 AND 净利润>100"),
        (two("2020年货币资金最高的5家的净利润", top=3), "E", "SELECT 公司全称,货币资金,净利润 FROM company_table WHERE 年份=2020 ORDER BY 货币资金 DESC LIMIT 5"),
        (two("2020年货币资金大于100元的公司平均净利润", amounts={100: 1}), "E", "SELECT AVG(净利润) FROM company_table WHERE 年份=2020 AND 货币资金>100"),
        (asked("2020年货币资金不超过100元的公司有哪几家", years={2020: 2020}, amounts={100: 1}), "E", "SELECT 公司全称 FROM company_table WHERE 年份=2020 AND 货币资金<=100"),
        (asked("2020年或2021年货币资金排进前5的公司", top=3), "E", "SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY 货币资金 DESC) AS 名次 FROM company_table WHERE 年份 IN (2020,2021)) AS t WHERE 名次<=5 GROUP BY 公司全称 HAVING COUNT(*)>=1"),
        (asked("2020年或者2021年随便哪年货币资金超过100元的公司", amounts={100: 5}), "E", "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金>100 GROUP BY 公司全称 HAVING COUNT(*)>=1"),
        (asked("2020年、2021年货币资金都低于100元的公司", amounts={100: 5}), "E", "SELECT 公司全称 FROM company_table WHERE 年份 IN (2020,2021) AND 货币资金<100 GROUP BY 公司全称 HAVING COUNT(*)=2"),
        (asked("2020年、2021年各年货币资金的平均值分别是多少"), "E", "SELECT 年份,AVG(货币资金) FROM company_table WHERE 年份 IN (2020,2021) GROUP BY 年份"),
    ],
)  # fmt: skip
def test_words_that_tell_the_statement(masked: Masked, label: str, first: str) -> None:
    written = statements(masked, label)[0]
    assert written.text == first and written.written_by == "rule"
    select = check(first, KNOWN)
    assert doubts(select, masked) == [] and settle(select, masked).sql() == select.sql()


@pytest.mark.parametrize(
    "masked,label",
    [
        (asked("2020年、2021年货币资金大于100元的公司", amounts={100: 5}), "E"),
        (asked("非杭州注册、2020年货币资金高于100元的有几家", years={2020: 2020}, amounts={100: 5}, places={"杭州": "x"}), "E"),
        (asked("2020年货币资金高于100元或低于200元的有几家", years={2020: 2020}, amounts={100: 5, 200: 6}), "E"),
        (asked("2020年货币资金100元的有几家", years={2020: 2020}, amounts={100: 5}), "E"),
        (two("2020年货币资金和净利润都高的5家", top=3), "E"),
        (asked("2020年货币资金增长超过100%的有几家", years={2020: 2020}, amounts={100: 5}), "E"),
        (asked("2020年、2021年货币资金最高的5家", top=3), "E"),
        (asked("甲公司2020年货币资金如何", companies={"甲公司": "x"}), "F"),
    ],
)  # fmt: skip
def test_where_words_do_not_tell_it_nothing_is_written(masked: Masked, label: str) -> None:
    assert statements(masked, label) == []


@pytest.mark.parametrize(
    "question,model,answer",
    [
        ("2020年净利润大于90元的公司中,净利润最高的两家是?", "SELECT COUNT(*) FROM company_table", "净利润最高的前2家上市公司及金额分别为杭州瑞达银行股份有限公司净利润为900元"),
        ("把2020、2021两年的货币资金相加，合计数最大的两家公司是?", "SELECT 公司全称,货币资金 FROM company_table WHERE 年份 IN (2020,2021) ORDER BY 货币资金 DESC LIMIT 5", "货币资金的总和为18500元"),
        ("2020年或2021年净利润排进前二的公司都有哪些?", "SELECT 公司全称,货币资金 FROM company_table WHERE 年份 IN (2020,2021)", "至少有一年位列最高的前2名的上市公司有3家"),
        ("华兴科技2020年跟2021年的净利润加一块儿多少钱", "SELECT 年份,货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2020,2021)", "总和为120元"),
        ("华兴科技的净利润从2019年到2021年总共减少了多少", "SELECT SUM(货币资金) FROM company_table WHERE 公司全称='甲公司' AND 年份 IN (2019,2020,2021)", "减少了130元"),
    ],
)  # fmt: skip
def test_a_statement_by_rule_answers_where_the_model_s_was_rejected(tmp_path: Path, question: str, model: str, answer: str) -> None:
    label = "C" if "华兴" in question else "E"
    keywords = "货币资金" if "货币资金" in question else "净利润"
    trace = Pipeline(ScriptedModel(label, keywords, model), make_database(tmp_path)).ask(question)
    assert answer in trace.answer.text
    assert trace.sql is not None and trace.sql.source is not None and trace.sql.source.written_by == "rule"
