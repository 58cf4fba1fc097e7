from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.figures.numbers import (
    find_amounts,
    format_number,
    format_percent,
    parse_number,
    plain_amounts,
    requested_digits,
    requested_unit,
)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("五", "5"),
        ("十", "10"),
        ("十二", "12"),
        ("二十", "20"),
        ("一百零三", "103"),
        ("一百一十三", "113"),
        ("两千万", "20000000"),
        ("12000万", "120000000"),
        ("12345.68万", "123456800"),
        ("0亿", "0"),
        ("五千万", "50000000"),
        ("十个亿", "1000000000"),
        ("1.5亿", "150000000"),
        ("一点五亿", "150000000"),
        ("1,000,000", "1000000"),
        ("1,234.5万", "12345000"),
        ("1亿5000万", "150000000"),
        ("两亿三千万", "230000000"),
        ("一万五", "15000"),
        ("一万零五", "10005"),
        ("两千五", "2500"),
        ("3千万", "30000000"),
        ("万亿", "1000000000000"),
        ("二十万零五百", "200500"),
        ("二〇二〇", "2020"),
        ("50000000", "50000000"),
        ("负五亿", "-500000000"),
        ("-3.2", "-3.2"),
        ("零", "0"),
        ("百万", "1000000"),
        ("三千二百五十六万七千八百九十", "32567890"),
        ("1亿5", "150000000"),
        ("叁佰", "300"),
    ],
)
def test_a_numeral_has_its_value(said: str, value: str) -> None:
    assert parse_number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["", "元", "3五", "五家", "1.2.3", "点五", "-", "一 二", "abc", "1,00"])
def test_what_is_not_one_numeral_has_no_value(said: str) -> None:
    assert parse_number(said) is None


def _in_chinese(n: int) -> str:
    """A reference writer, group by group of four digits."""
    digits, small = "零一二三四五六七八九", ("", "十", "百", "千")
    text, zero = "", False
    figures = str(n)
    for i, c in enumerate(figures):
        place = len(figures) - 1 - i
        if c == "0":
            zero = True
        else:
            text += ("零" if zero and text else "") + digits[int(c)] + small[place % 4]
            zero = False
        if place == 8 or (place == 4 and figures[-8:-4].strip("0")):
            text += "亿" if place == 8 else "万"
    return text or "零"


@given(st.integers(0, 999_999_999_999))
def test_every_number_written_in_chinese_is_read_back(n: int) -> None:
    assert parse_number(_in_chinese(n)) == n


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020年综合收益总额小于十亿的公司有几家?", [("十亿", 10**9)]),
        ("在建工程超过了十个亿和少数股东权益超过一千万的有几家", [("十个亿", 10**9), ("一千万", 10**7)]),
        ("生产人员超过两亿元", [("两亿元", 2 * 10**8)]),
        ("营业外收入高于50000000的上市公司", [("50000000", 5 * 10**7)]),
        ("货币资金大于1,000,000元", [("1,000,000元", 10**6)]),
        ("职工总人数不少于1000人", [("1000人", 1000)]),
        ("职工人数在500名以上", [("500名", 500)]),
        ("职工人数5000以上的公司", [("5000", 5000)]),
        ("净利润大于0", [("0", 0)]),
        ("净利润小于-5亿元", [("-5亿元", -5 * 10**8)]),
        ("净利润低于负五亿", [("负五亿", -5 * 10**8)]),
        ("净利润过亿的公司", [("亿", 10**8)]),
        ("净利润超过千万的公司", [("千万", 10**7)]),
        ("总资产在100万到500万之间", [("100万", 10**6), ("500万", 5 * 10**6)]),
        ("总资产介于1到2亿之间", [("1", 10**8), ("2亿", 2 * 10**8)]),
        ("员工数在500到1000人之间", [("500", 500), ("1000人", 1000)]),
        ("职工总人数在5000和10000之间", [("5000", 5000), ("10000", 10000)]),
        ("毛利率大于30%", [("30%", Decimal("0.3"))]),
        ("毛利率超过百分之三十", [("百分之三十", Decimal("0.3"))]),
        ("流动比率大于1.5的", [("1.5", Decimal("1.5"))]),
        ("门店数量超过10家的公司", [("10家", 10)]),
        ("每股收益大于一元", [("一元", 1)]),
        ("总负债≥5亿", [("5亿", 5 * 10**8)]),
        ("净利润不低于2亿元人民币", [("2亿元人民币", 2 * 10**8)]),
        ("员工超千人的企业", [("千人", 1000)]),
        ("员工过万的公司", [("万", 10**4)]),
        ("营业收入超过500百万元的公司", [("500百万元", 5 * 10**8)]),
        ("员工连150个都不到的公司", [("150个", 150)]),
        ("1000个员工以上的公司", [("1000个", 1000)]),
        ("5000号人以上", [("5000号人", 5000)]),
    ],
)
def test_an_amount_is_found_with_its_unit(text: str, expected: list[tuple[str, object]]) -> None:
    assert [(text[a.start : a.end], a.value) for a in find_amounts(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "保留两位小数",
        "请保留2位小数",
        "小数点后3位",
        "2019年",
        "2019-2021年",
        "高于2020年",
        "最高的前三家",
        "前10名",
        "第十二高",
        "排名第三",
        "单位为万元",
        "是多少亿元?",
        "以亿元为单位",
        "三一重工",
        "三六零",
        "超过万科",
        "超过两三百人",  # nobody knows which
        "七一二",
        "三元股份的净利润",
        "万科",
        "五粮液",
        "前五大客户销售额",
        "上一年",
        "最多的5家",
        "一品红药业",
        "600519",
        "上百货",
        "有多少元",
        "同比增长率",
    ],
)
def test_what_is_no_amount_is_left_alone(text: str) -> None:
    assert find_amounts(text) == ()


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("保留3位小数", 3),
        ("保留两位小数", 2),
        ("两位小数", 2),
        ("小数点后两位", 2),
        ("请保留到小数点后两位", 2),
        ("保留至小数点后2位", 2),
        ("精确到0.01", 2),
        ("精确到小数点后一位", 1),
        ("保留整数", 0),
        ("小数点后保留四位", 4),
        ("保留0位小数", 0),
        ("保留999位小数", 20),
        ("净利润是多少", None),
        ("保留三位有效数字", None),
        ("第2位", None),
        ("0.01", None),
    ],
)
def test_the_decimals_asked_for_are_understood(text: str, digits: int | None) -> None:
    assert requested_digits(text) == digits


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("是多少亿元?", "亿元"),
        ("单位亿元", "亿元"),
        ("单位:亿元", "亿元"),
        ("(单位为万元)", "万元"),
        ("以万元为单位", "万元"),
        ("用亿元表示", "亿元"),
        ("有几亿", "亿元"),
        ("营业收入(亿元)", "亿元"),
        ("用百分比表示", "百分比"),
        ("占营业收入的百分比是多少", "百分比"),
        ("是百分之多少", "百分比"),
        ("换算成万元", "万元"),
        ("是多少个亿", "亿元"),
        ("大于5亿元的有几家", None),
        ("是多少元", None),
        ("毛利率大于百分之三十", None),
        ("多少万人", None),
        ("超过100万元", None),
        ("不用百分比", None),
        ("净利润折成万元是多少", "万元"),
        ("净利润折合亿元", "亿元"),
        ("净利润换成万元", "万元"),
        ("净利润按万元算", "万元"),
        ("净利润用亿元表示", "亿元"),
        ("净利润以亿为单位", "亿元"),
        ("净利润按5亿元算", None),
    ],
)
def test_the_unit_asked_for_is_understood(text: str, unit: str | None) -> None:
    assert requested_unit(text) == unit


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("138734348.36", None, "138734348.36"),
        ("2.0", None, "2"),
        ("201257", None, "201257"),
        ("1E+10", None, "10000000000"),
        ("-0.0", None, "0"),
        ("100", None, "100"),
        ("0.00000001", None, "0.00000001"),
        ("2.345", 2, "2.35"),
        ("2.5", 0, "3"),
        ("-2.345", 2, "-2.35"),
        ("-0.001", 2, "0.00"),
        ("1", 2, "1.00"),
        ("12345678901234567890123456789012.345", 2, "12345678901234567890123456789012.35"),
        ("0", 20, "0.00000000000000000000"),
    ],
)
def test_a_number_is_printed_plainly(value: str, digits: int | None, text: str) -> None:
    assert format_number(Decimal(value), digits) == text


def test_a_number_that_is_not_finite_cannot_be_printed() -> None:
    for value in ("NaN", "Infinity"):
        with pytest.raises(ValueError, match="not a finite number"):
            format_number(Decimal(value))
        with pytest.raises(ValueError, match="not a finite number"):
            format_percent(Decimal(value))


@pytest.mark.parametrize(
    ("ratio", "digits", "text"),
    [
        ("0.18263", 2, "18.26%"),
        ("-0.5", 2, "-50.00%"),
        ("0.000049", 2, "0.00%"),
        ("1.23456", 1, "123.5%"),
        ("0.00125", 2, "0.13%"),
    ],
)
def test_a_ratio_is_printed_as_a_percentage(ratio: str, digits: int, text: str) -> None:
    assert format_percent(Decimal(ratio), digits) == text


@given(st.decimals(-(10**15), 10**15, places=4))
def test_printing_loses_nothing(value: Decimal) -> None:
    assert Decimal(format_number(value)) == value


@pytest.mark.parametrize(
    ("text", "plain"),
    [("超过1.2e9元", "超过1200000000元"), ("超过1B", "超过1000000000"), ("10E的", "1000000000的"), ("1/2亿", "0.5亿"),
     ("12亿零500万", "12亿500万"), ("5G", "5G"), ("2019/2020亿", "2019/2020亿"), ("3M公司", "3M公司")],
)  # fmt: skip
def test_amounts_of_tables_and_phones_are_written_out(text: str, plain: str) -> None:
    assert plain_amounts(text) == plain
