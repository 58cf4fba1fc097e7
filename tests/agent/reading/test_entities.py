"""What a question names: years, places, ranks, amounts, and everything together."""

from __future__ import annotations

import csv
import gzip
import json
import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from agent.reading.entities import Linker
from agent.text import normalise
from tests.agent.reading.linked import COMPANIES, said


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("2019年净利润", [("2019年", (2019,))]),
        ("2019年度净利润", [("2019年度", (2019,))]),
        ("２０１９ 年净利润", [("2019年", (2019,))]),
        ("平安银行2019净利润", [("2019", (2019,))]),
        ("二〇二〇年净利润", [("二〇二〇年", (2020,))]),
        ("二零一九年度净利润", [("二零一九年度", (2019,))]),
        ("20年平安银行净利润", [("20年", (2020,))]),
        ("平安银行一九年净利润", [("一九年", (2019,))]),
        ("2019年年报", [("2019年", (2019,))]),
        ("2019-2021年", [("2019-2021年", (2019, 2020, 2021))]),
        ("2019年到2021年", [("2019年到2021年", (2019, 2020, 2021))]),
        ("2019至2021年", [("2019至2021年", (2019, 2020, 2021))]),
        ("二〇一九年至二〇二一年", [("二〇一九年至二〇二一年", (2019, 2020, 2021))]),
        ("19-21年", [("19-21年", (2019, 2020, 2021))]),
        ("2019、2020和2021年", [("2019", (2019,)), ("2020", (2020,)), ("2021年", (2021,))]),
        ("2021年和2019年", [("2021年", (2021,)), ("2019年", (2019,))]),
        ("2020年净利润比上年增长多少", [("2020年", (2020,)), ("上年", (2019,))]),
        ("2020年上一年度营业收入", [("2020年", (2020,)), ("上一年度", (2019,))]),
        ("2020年上年营业收入", [("2020年", (2020,)), ("上年", (2019,))]),
        ("2021年的上一年营业收入", [("2021年的上一年", (2020,))]),
        ("20年的前一年营业收入", [("20年的前一年", (2019,))]),
        ("以2021年为基准,平安银行上一年的存货", [("以2021年为基准", (2020,)), ("上一年", (2020,))]),
        ("站在2021年看,平安银行去年的存货", [("站在2021年看", (2020,)), ("去年", (2020,))]),
        ("从2020年看存货", [("2020年", (2020,))]),
        ("2020年与上年相比,存货增长率", [("2020年与上年相比", (2020,))]),
        ("2020年存货增长率和上年比", [("2020年", (2020,)), ("和上年比", (2020,))]),
        ("2020年存货与上年相比是否相同", [("2020年", (2020,)), ("上年", (2019,))]),
        ("三年(19、20、21)存货", [("19、20、21", (2019, 2020, 2021))]),
        ("19/20/21年存货", [("19/20/21年", (2019, 2020, 2021))]),
        ("19、20、21三年存货", [("19、20、21", (2019, 2020, 2021))]),
        ("前三名(19、20、21)", []),
        ("2021年与前年相比", [("2021年", (2021,)), ("前年", (2019,))]),
        ("2021年及前两年", [("2021年", (2021,)), ("前两年", (2019, 2020))]),
        ("平安银行去年净利润", [("去年", (2020,))]),
        ("平安银行近三年净利润", [("近三年", (2019, 2020, 2021))]),
        ("2020年12月31日总资产", [("2020年12月31日", (2020,))]),
        ("以前年度损益调整", []),
        ("会计上年限平均法", []),
        ("近20年的变化", []),
        ("营业收入大于2020元", []),
        ("职工人数超过2000", []),
        ("股票代码600519", []),
    ],
)
def test_years_are_understood(linker: Linker, text: str, mentions: list[tuple[str, tuple[int, ...]]]) -> None:
    assert said(linker.link(text, latest_year=2021), "year") == mentions


def test_last_year_means_nothing_where_no_year_is_known(linker: Linker) -> None:
    assert linker.link("平安银行去年净利润").years == ()


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("注册在杭州、总负债大于5亿的有多少家", [("杭州", "杭州")]),
        ("曾经在宁波注册的公司", [("宁波", "宁波")]),
        ("历史注册地址在无锡的公司", [("无锡", "无锡")]),
        ("在西安或北京注册的公司", [("西安", "西安"), ("北京", "北京")]),
        ("北京市的公司2021年职工总人数", [("北京市", "北京")]),
        ("广东省和广州市的公司", [("广东省", "广东"), ("广州市", "广州")]),
        ("浙江省杭州市的企业", [("浙江省杭州市", "杭州")]),
        ("内蒙古自治区的上市公司", [("内蒙古自治区", "内蒙古")]),
        ("延边朝鲜族自治州的公司", [("延边朝鲜族自治州", "延边")]),
        ("北京、四川的公司", [("北京", "北京"), ("四川", "四川")]),
        ("总部位于昆山的公司", [("昆山", "昆山")]),
        ("在余杭区注册的公司有几家", [("余杭区", "余杭区")]),
        ("2020年厦门有几家公司净利润超过1亿", [("厦门", "厦门")]),
        ("上海国际港务集团2020年的注册地址", []),
        ("平安银行的注册地址在哪个城市", []),
        ("四川水井坊股份有限公司在哪注册", []),
        ("北京市值最高的", []),
    ],
)
def test_places_are_understood(linker: Linker, text: str, mentions: list[tuple[str, str]]) -> None:
    assert said(linker.link(text), "place") == mentions


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("货币资金最高的前三家", "top", [("三", 3)]),
        ("均位列前十", "top", [("十", 10)]),
        ("前10名", "top", [("10", 10)]),
        ("营收top5", "top", [("5", 5)]),
        ("营收TOP 10的公司", "top", [("10", 10)]),
        ("最高的十五家公司", "top", [("十五", 15)]),
        ("最多的5个公司", "top", [("5", 5)]),
        ("哪三家公司净利润最高", "top", [("三", 3)]),
        ("净利润后五名的公司", "top", [("五", 5)]),
        ("居首的二十家公司", "top", [("二十", 20)]),
        ("净利润第十二高", "kth", [("十二", 12)]),
        ("净利润第二十大公司", "kth", [("二十", 20)]),
        ("排名第4", "kth", [("4", 4)]),
        ("净利润排名第三的公司", "kth", [("三", 3)]),
        ("第五高", "kth", [("五", 5)]),
        ("净利润倒数第三", "kth", [("三", 3)]),
        ("净利润排在第20位", "kth", [("20", 20)]),
        ("净利润排名三", "kth", [("三", 3)]),
        ("净利润排名一直处于前三位的企业", "kth", []),
        ("第一季度净利润", "kth", []),
        ("第三方支付", "kth", []),
        ("第一大股东", "kth", []),
        ("中国一重2020年净利润", "kth", []),
        ("前两年净利润", "top", []),
        ("前三季度", "top", []),
        ("前五大客户销售额", "top", []),
        ("排名前50%的公司", "top", []),
        ("小数点后两位", "top", []),
        ("2021年哪一家公司净利润最高", "top", []),
    ],
)
def test_ranks_cover_only_the_number(linker: Linker, text: str, kind: str, mentions: list[tuple[str, int]]) -> None:
    assert said(linker.link(text), kind) == mentions


@pytest.mark.parametrize(
    ("text", "kind", "mention"),
    [
        ("存货多于三个亿 2020年这样的公司", "amount", ("三个亿", Decimal(300_000_000))),
        ("存货超过500 2020年的公司", "amount", ("500", Decimal(500))),
        ("存货小于5亿 21年的公司", "amount", ("5亿", Decimal(500_000_000))),
        ("存货没到100名的公司", "amount", ("100名", Decimal(100))),
        ("存货前两家 2021年", "top", ("两", 2)),
        ("存货排第三 2020年", "kth", ("三", 3)),
        ("存货最多的头四家", "top", ("四", 4)),
        ("存货倒数的三家", "top", ("三", 3)),
    ],
)
def test_a_number_is_not_lost_in_front_of_a_year_or_behind_everyday_words(
    linker: Linker, text: str, kind: str, mention: tuple[str, object]
) -> None:
    assert said(linker.link(text, latest_year=2021), kind) == [mention]


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("我打算去山东华鹏玻璃上班,他家2021年存货", "山东华鹏玻璃"),
        ("想入职四方科技的人问2021年存货", "四方科技"),
        ("我想投资鹏博士,它2021年存货多少", "鹏博士"),
        ("听说四川水井坊不错", "四川水井坊"),
    ],
)
def test_a_name_is_linked_behind_a_verb_or_its_own_place(linker: Linker, text: str, mention: str) -> None:
    assert [m.text for m in linker.link(text).of("company")] == [mention]


def test_a_place_of_another_company_in_front_makes_it_an_unknown_one(linker: Linker) -> None:
    assert linker.link("深圳水井坊2020年的存货").companies == ()


def test_amounts_are_linked_outside_other_mentions(linker: Linker) -> None:
    entities = linker.link("2020年在杭州注册、货币资金超过十个亿且存货低于5000万元的前10家公司")
    assert said(entities, "amount") == [("十个亿", Decimal(10**9)), ("5000万元", Decimal(5 * 10**7))]
    assert said(entities, "top") == [("10", 10)]


def test_spans_refer_to_the_normalised_text_and_never_overlap(linker: Linker) -> None:
    for text in (
        "上海国际港务（集团）股份有限公司（上港集团）２０２０年与上年相比，净利润是否大于１亿？",
        "2019-2021年东方通、东方通信哪家货币总额位列前十",
    ):
        entities = linker.link(text)
        assert entities.text == normalise(text)
        assert all(entities.text[m.start : m.end] == m.text for m in entities.mentions)
        assert all(a.end <= b.start for a, b in zip(entities.mentions, entities.mentions[1:]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "()",
        "年",
        "ST",
        "*ST",
        "第",
        "前",
        "-",
        "(" * 50,
        "股份有限公司",
        "的" * 20_000,
        "2019年" * 3000,
        "万科" * 5000,
        "一" * 20_000,
        "前" + "1" * 5000 + "%",
        "1," * 9000,
        "请" * 20_000,
        "大于" + "9" * 9000,
        "股份有限公司" * 3000,
        "ST" * 9000,
        "北京市" * 5000,
        "查一下" * 6000,
        "阿" * 20_000 + "2019年",
        "一亿" * 9000,
        "在从" * 9000,
        "净利润" * 6000,
        "管里费用" * 5000,
        "本科毕业的" * 4000,
        "2020年与上年相比,存货增长率" * 1000,
        "销售和" * 6000 + "管理费用",
        "第一" * 9000,
        "1.2" * 6000,
        "(" * 20_000,
        "-" * 20_000,
    ],
    ids=lambda text: f"{text[:6]}…{len(text)}",
)
def test_any_text_is_survived_quickly(linker: Linker, text: str) -> None:
    start = time.perf_counter()
    linker.link(text, 2021)
    assert time.perf_counter() - start < 3


def test_a_table_without_short_names_and_codes_works() -> None:
    assert Linker([("东方通信股份有限公司", "", "")]).link("东方通信2019年净利润").companies == (
        "东方通信股份有限公司",
    )


def test_a_thousand_questions_against_five_thousand_companies_take_less_than_two_seconds() -> None:
    brands = [f"华{chr(0x4E00 + i)}{chr(0x5E00 + i % 997)}" for i in range(5000)]
    linker = Linker(
        [
            *COMPANIES,
            *((f"江苏{brand}科技股份有限公司", f"{brand}科", f"{300000 + i}") for i, brand in enumerate(brands)),
        ]
    )
    linker.link("四方科既的电子信箱2019年")
    start = time.perf_counter()
    for _ in range(250):
        linker.link("2019年四方科技的净利润是多少?")
        linker.link("阿里巴巴2020年营业收入是多少?")
        linker.link("2019-2021年哪些公司货币总额均位列前十")
        linker.link("注册地点在西安、上海的公司中,有多少家2019年存货超过5000万?")
    assert time.perf_counter() - start < 2


def test_real_questions_are_linked() -> None:
    """Recall on public questions over real reports; only where they are at hand."""
    shared = Path(os.environ.get("CAIBAO_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "finglm"
    if not shared.exists():
        pytest.skip(f"没有 {shared}(用环境变量 CAIBAO_SHARED 指明)")
    with gzip.open(shared / "company_table.csv.gz", "rt", encoding="utf-8") as file:
        companies = {(row["公司全称"], row["股票简称"], row["股票代码"]) for row in csv.DictReader(file)}
    linker, full, short = Linker(companies), {normalise(c[0]) for c in companies}, {c[1]: c[0] for c in companies}
    right = wrong = total = 0
    for line in (shared / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name = normalise(row["prompt"].get("ent_name") or "").replace("(", "").replace(")", "")
        meant = name if name in full else short.get(row["prompt"].get("ent_short_name"))
        found = linker.link(row["question"]).companies
        total += meant is not None
        right += meant is not None and found == (meant,)
        wrong += bool(found) and found != (meant,)
    assert right >= 0.995 * total
    assert wrong == 0
