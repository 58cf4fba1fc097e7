"""Companies however they are named: full, short, by code, misspelt, renamed, or not in the table."""

from __future__ import annotations

import pytest

from agent.reading.entities import Linker
from tests.agent.reading.linked import said


@pytest.mark.parametrize(
    ("text", "mention", "company"),
    [
        ("东方通信2019年净利润", "东方通信", "东方通信股份有限公司"),
        ("东方通2019年净利润", "东方通", "北京东方通科技股份有限公司"),
        ("博士眼镜2019年博士人数是多少", "博士眼镜", "博士眼镜连锁股份有限公司"),
        ("鹏博士2020年的博士及以上人数", "鹏博士", "鹏博士电信传媒集团股份有限公司"),
        (
            "上海国际港务（集团）股份有限公司 2020年营收",
            "上海国际港务(集团)股份有限公司",
            "上海国际港务(集团)股份有限公司",
        ),
        ("上海国际港务集团股份有限公司2020年营收", "上海国际港务集团股份有限公司", "上海国际港务(集团)股份有限公司"),
        ("上海国际港务集团2020年营收", "上海国际港务集团", "上海国际港务(集团)股份有限公司"),
        ("（北京）东方通科技股份有限公司2019年净利润", "(北京)东方通科技股份有限公司", "北京东方通科技股份有限公司"),
        ("东方通科技股份有限公司2019年净利润", "东方通科技股份有限公司", "北京东方通科技股份有限公司"),
        ("上港集团公司2020年净利润", "上港集团公司", "上海国际港务(集团)股份有限公司"),
        ("平 安 银 行 2019 年净利润", "平安银行", "平安银行股份有限公司"),
        ("000001在2020年的净利润", "000001", "平安银行股份有限公司"),
        ("000002.SZ2020年净利润", "000002.SZ", "万科企业股份有限公司"),
        ("sh603339 2020年净利润", "sh603339", "四方科技集团股份有限公司"),
        ("000002.XSHE在2020年的净利润", "000002.XSHE", "万科企业股份有限公司"),
        ("股票代码：603339，2020年净利润", "603339", "四方科技集团股份有限公司"),
        ("四方科技（603339）2020年净利润", "四方科技(603339)", "四方科技集团股份有限公司"),
        ("四方科技（股票代码：603339.SH）2020年净利润", "四方科技(股票代码:603339.SH)", "四方科技集团股份有限公司"),
        ("水井坊(SH600779)2020年净利润", "水井坊(SH600779)", "四川水井坊股份有限公司"),
        ("四方·科技2020年净利润", "四方·科技", "四方科技集团股份有限公司"),
        ("＊ＳＴ海航２０２０年净利润", "*ST海航", "海南航空控股股份有限公司"),
        ("万科2020年总资产", "万科", "万科企业股份有限公司"),
        ("tcl科技2020年净利润", "tcl科技", "TCL科技集团股份有限公司"),
        ("ST海航2020年净利润", "ST海航", "海南航空控股股份有限公司"),
        ("*ST海航2020年净利润", "*ST海航", "海南航空控股股份有限公司"),
        ("海航控股2020年净利润", "海航控股", "海南航空控股股份有限公司"),
        ("三六零2019年净利润", "三六零", "三六零安全科技股份有限公司"),
        ("请计算水井坊2020年的毛利率", "水井坊", "四川水井坊股份有限公司"),
        ("2021年水井坊每股的净资产", "水井坊", "四川水井坊股份有限公司"),
        ("机器人2019年净利润", "机器人", "沈阳新松机器人自动化股份有限公司"),
        ("中国第一重型机械股份有限公司2019年净利润", "中国第一重型机械股份有限公司", "中国第一重型机械股份公司"),
    ],
)
def test_a_company_is_linked_however_it_is_named(linker: Linker, text: str, mention: str, company: str) -> None:
    assert said(linker.link(text), "company") == [(mention, company)]


@pytest.mark.parametrize(
    ("text", "mention", "company"),
    [
        ("苏州科大2019年的营业收入", "苏州科大", "苏州科达科技股份有限公司"),
        ("2019年四方科既电子信箱是什么?", "四方科既", "四方科技集团股份有限公司"),
        ("四方科既的电子信箱是什么", "四方科既", "四方科技集团股份有限公司"),
        (
            "上海国际港物(集团)股份有限公司2020年营收",
            "上海国际港物(集团)股份有限公司",
            "上海国际港务(集团)股份有限公司",
        ),
        (
            "鹏博士电信传谋集团股份有限公司2019年营收",
            "鹏博士电信传谋集团股份有限公司",
            "鹏博士电信传媒集团股份有限公司",
        ),
    ],
)
def test_one_wrong_character_is_forgiven(linker: Linker, text: str, mention: str, company: str) -> None:
    assert said(linker.link(text), "company") == [(mention, company)]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("东方电子2019年净利润是多少", "东方电子"),
        ("东方电子股份有限公司2019年净利润是多少", "东方电子股份有限公司"),
        ("中国南方航空股份有限公司2019年净利润", "中国南方航空股份有限公司"),
        ("华灿光电股份有限公司2019年净利润", "华灿光电股份有限公司"),
        ("2019年华灿光电的净利润是多少", "华灿光电"),
        ("阿里巴巴2019年净利润是多少", "阿里巴巴"),
        ("在2019年,阿里巴巴的净利润是多少", "阿里巴巴"),
        ("根据2019年五洲新春的年报,其净利润是多少", "五洲新春"),
        ("东方通达2019年净利润", "东方通达"),
        ("中国平安保险（集团）股份有限公司2019年净利润", "中国平安保险(集团)股份有限公司"),
        ("股票代码为600999的公司2020年净利润是多少", "600999"),
        ("美的集团2020年净利润", "美的集团"),
        ("华能国际2019年的注册地址在哪里", "华能国际"),
        ("2019年请问金山办公的管理费用率是多少", "金山办公"),
        ("阿里巴巴2019年和2020年净利润合计是多少", "阿里巴巴"),
    ],
)
def test_a_company_that_the_table_lacks_is_told_and_never_another_one(linker: Linker, text: str, unknown: str) -> None:
    entities = linker.link(text)
    assert entities.companies == ()
    assert entities.unknown_companies == (unknown,)


def test_of_two_companies_the_unknown_one_is_told_too(linker: Linker) -> None:
    for text in ("东方通信和阿里巴巴2019年净利润谁高", "阿里巴巴和东方通信2019年净利润谁高"):
        entities = linker.link(text)
        assert (entities.companies, entities.unknown_companies) == (("东方通信股份有限公司",), ("阿里巴巴",))


def test_a_short_name_of_two_companies_is_not_linked_but_their_full_names_are(linker: Linker) -> None:
    assert linker.link("华鹏股份2019年净利润").companies == ()
    assert linker.link("江苏华鹏变压器股份有限公司2019年净利润").companies == ("江苏华鹏变压器股份有限公司",)


def test_a_code_with_two_names_in_different_years_is_one_company_and_in_the_same_year_two() -> None:
    companies = [("江苏华兴股份有限公司", "华兴股份", "600001"), ("江苏新华兴股份有限公司", "新华兴", "600001")]
    renamed = Linker(companies, years={companies[0][0]: {2019}, companies[1][0]: {2020, 2021}})
    for name in ("华兴股份", "新华兴", "江苏华兴股份有限公司", "600001.SH"):
        assert renamed.link(f"{name}2019年净利润").companies == ("江苏新华兴股份有限公司",), name
    assert renamed.renamed == ((companies[0][0], companies[1][0]),)
    twice = Linker(companies, years={companies[0][0]: {2019, 2020}, companies[1][0]: {2020}})
    assert twice.renamed == () and twice.link("华兴股份2019年净利润").companies == (companies[0][0],)


def test_a_short_name_kept_through_a_change_of_the_full_one_is_not_shared() -> None:
    companies = [("江苏华兴股份有限公司", "华兴", "600001"), ("北京大地股份有限公司", "华兴", "600001")]
    years = {companies[0][0]: {2019}, companies[1][0]: {2020}}
    assert Linker(companies, years=years).link("华兴2019年净利润").companies == ("北京大地股份有限公司",)


def test_several_companies_are_linked_in_order(linker: Linker) -> None:
    entities = linker.link("东方通、万科和东方通信2020年谁的净利润高")
    assert entities.companies == ("北京东方通科技股份有限公司", "万科企业股份有限公司", "东方通信股份有限公司")


@pytest.mark.parametrize(
    "text",
    [
        "2021年货币资金最高的前三家",
        "在杭州注册的公司中,2020年净利润最高的是哪家",
        "什么是存货周转率?",
        "研发费用对公司的技术创新有何影响?",
        "2019年上海的平均净利润",
        "统计2019年净利润大于1亿的公司数量",
        "2020年机器人行业平均净利润",
        "机器人数量超过100的公司有几家",
        "2019年全国职工总人数",
        "按净利润从最高的开始,2019年前5家公司是谁",
        "净利润大于600018的公司有几家",
        "2020年哪些公司连续三年盈利",
        "有多少家上市公司2020年存货超过1亿",
        "2019年第二大股东",
        "公司网址是什么",
        "毛利率的计算公式是什么",
        "投资机器人的公司2020年有哪些",
        "过去机器人的销售额",
    ],
)
def test_no_company_is_seen_where_there_is_none(linker: Linker, text: str) -> None:
    assert linker.link(text).of("company") == ()
