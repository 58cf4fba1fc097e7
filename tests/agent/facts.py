"""A small table with round figures, and the facts that a statement over it gives: real linker, real database, no model."""

from __future__ import annotations

from pathlib import Path

import sqlglot

from agent.reading.entities import Linker
from agent.reading.keywords import ColumnLinker
from agent.records import Facts, Value
from agent.table import sql_guard
from agent.table.database import Database
from agent.writing.expansion import expand
from agent.writing.nl2sql import intent_of
from tests.agent.scripted import make_database

HUAXING, RUIDA, BOSHI = "江苏华兴科技股份有限公司", "杭州瑞达银行股份有限公司", "北京博士眼镜股份有限公司"
TABLE = f"""公司全称,年份,股票代码,股票简称,法定代表人,注册地址,职工总人数,营业收入,营业成本,净利润,货币资金,研发机构数
{HUAXING},2019,600001,华兴科技,王伟,江苏省苏州市人民路1号,100,800000000,640000000,100000000,50500000.05,3
{HUAXING},2020,600001,华兴科技,王伟,江苏省苏州市人民路1号,120,1000000000,750000000,123456789.12,60600000.1,4
{HUAXING},2021,600001,华兴科技,李敏,江苏省苏州市人民路1号,130,1500000000,1200000000,-30000000,70700000.15,5
{RUIDA},2020,600002,瑞达银行,张丽,杭州市滨江路2号,2000,5000000000,2000000000,900000000,9000000000,
{RUIDA},2021,600002,瑞达银行,张丽,杭州市滨江路2号,2100,5500000000,2500000000,800000000,9500000000,
{BOSHI},2020,600003,博士眼镜,刘洋,北京市科技路3号,300,700000000,300000000,80000000,40000000,1
{BOSHI},2021,600003,博士眼镜,刘洋,北京市科技路3号,310,770000000,330000000,88000000,44000000,1
"""
_ONE = "公司全称=:c AND 年份=:y"
# name: (question, statement, values)
ASKED: dict[str, tuple[str, str, dict[str, Value]]] = {
    "figure": (
        "华兴科技2020年的净利润是多少元?",
        f"SELECT 净利润 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "loss": (
        "华兴科技2021年的净利润是多少元?",
        f"SELECT 净利润 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2021},
    ),
    "fields": (
        "2020年华兴科技营业收入和营业成本分别是多少?",
        f"SELECT 营业收入,营业成本 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "person": (
        "华兴科技2020年的法定代表人是谁?",
        f"SELECT 法定代表人 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "address": (
        "华兴科技2020年的注册地址?",
        f"SELECT 注册地址 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "people": (
        "瑞达银行2020年的职工总人数?",
        f"SELECT 职工总人数 FROM company_table WHERE {_ONE}",
        {"c": RUIDA, "y": 2020},
    ),
    "own": (
        "华兴科技2020年的研发机构数?",
        f"SELECT 研发机构数 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "ratio": (
        "华兴科技2020年毛利率是多少?",
        f"SELECT 毛利率 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "growth": (
        "华兴科技2021年营业收入增长率是多少?",
        f"SELECT 营业收入增长率 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2021},
    ),
    "shrink": (
        "华兴科技2021年净利润增长率是多少?",
        f"SELECT 净利润增长率 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2021},
    ),
    "rounded": (
        "华兴科技2020年净利润增长率是多少?保留两位小数",
        f"SELECT 净利润增长率 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "in_yi": (
        "华兴科技2020年的净利润是多少亿元?保留1位小数",
        f"SELECT 净利润 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "years": (
        "华兴科技2019年和2020年的营业收入?",
        "SELECT 营业收入 FROM company_table WHERE 公司全称=:c AND 年份 IN (:y,:z)",
        {"c": HUAXING, "y": 2019, "z": 2020},
    ),
    "persons": (
        "华兴科技2020年和2021年的法定代表人相同吗?",
        "SELECT 法定代表人 FROM company_table WHERE 公司全称=:c AND 年份 IN (:y,:z)",
        {"c": HUAXING, "y": 2020, "z": 2021},
    ),
    "compare": (
        "瑞达银行和博士眼镜2020年的净利润谁更高?",
        "SELECT 公司全称,净利润 FROM company_table WHERE 公司全称 IN (:c,:d) AND 年份=:y ORDER BY 净利润 DESC",
        {"c": RUIDA, "d": BOSHI, "y": 2020},
    ),
    "ranking": (
        "2020年净利润最高的前2家公司?",
        "SELECT 公司全称,净利润 FROM company_table WHERE 年份=:y ORDER BY 净利润 DESC LIMIT 2",
        {"y": 2020},
    ),
    "kth": (
        "2020年净利润第二高的公司?",
        "SELECT 公司全称,净利润 FROM company_table WHERE 年份=:y ORDER BY 净利润 DESC LIMIT 1 OFFSET 1",
        {"y": 2020},
    ),
    "low": (
        "2020年净利润第二低的公司?",
        "SELECT 公司全称,净利润 FROM company_table WHERE 年份=:y ORDER BY 净利润 ASC LIMIT 1 OFFSET 1",
        {"y": 2020},
    ),
    "count": (
        "2020年在苏州注册、净利润大于1亿元的公司有几家?",
        "SELECT COUNT(*) FROM company_table WHERE 年份=:y AND 注册地址 LIKE :p AND 净利润>:a",
        {"y": 2020, "p": "%苏州%", "a": 100000000},
    ),
    "outside": (
        "2020年在苏州注册、不在杭州注册的公司有几家?",
        "SELECT COUNT(*) FROM company_table WHERE 年份=:y AND 注册地址 LIKE :p AND NOT 注册地址 LIKE :q",
        {"y": 2020, "p": "%苏州%", "q": "%杭州%"},
    ),
    "name": (
        "华兴科技2020年的公司全称?",
        f"SELECT 公司全称 FROM company_table WHERE {_ONE}",
        {"c": HUAXING, "y": 2020},
    ),
    "list": (
        "2020年净利润大于1亿元的公司有哪些?",
        "SELECT 公司全称 FROM company_table WHERE 年份=:y AND 净利润>:a",
        {"y": 2020, "a": 100000000},
    ),
    "average": ("2020年净利润的平均值?", "SELECT AVG(净利润) FROM company_table WHERE 年份=:y", {"y": 2020}),
    "sums": (
        "2020年和2021年各年净利润的总和?",
        "SELECT 年份,SUM(净利润) FROM company_table WHERE 年份 IN (:y,:z) GROUP BY 年份",
        {"y": 2020, "z": 2021},
    ),
}


def database_in(folder: Path) -> Database:
    return make_database(folder, TABLE)


def facts_of(database: Database, name: str) -> Facts:
    """The facts of one of ASKED."""
    question, sql, values = ASKED[name]
    columns = database.columns()
    select = sqlglot.parse_one(sql)
    assert isinstance(select, sqlglot.exp.Select)
    entities = Linker(database.companies(), columns).link(question)
    statement = sql_guard.emit(expand(select, columns, database.table), database.dialect)
    return Facts(
        entities,
        ColumnLinker(columns).link(entities, ()).columns,
        intent_of(select, values),
        database.execute(statement, values),
    )
