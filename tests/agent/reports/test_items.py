"""Labels as printed and the items that they name."""

from __future__ import annotations

import pytest

from agent.reports import items
from agent.reports.amounts import amount, is_dash, unit
from agent.reports.titles import title


@pytest.mark.parametrize(
    ("statement", "label", "item"),
    [
        ("资产负债表", "实收资本（或股本）", "股本"),
        ("资产负债表", "减：库存股", "库存股"),
        ("资产负债表", "其中：应收利息", "应收利息"),
        ("资产负债表", "归属于母公司股东权益合计", "归属于母公司所有者权益合计"),
        ("资产负债表", "负债及股东权益总计", "负债和所有者权益总计"),
        ("资产负债表", "1年内到期的非流动负债", "一年内到期的非流动负债"),
        ("利润表", "㈠ 持续经营净利润", "持续经营净利润"),
        ("利润表", "加：公允价值变动损益", "公允价值变动收益"),
        ("利润表", "营业税金及附加", "税金及附加"),
        ("利润表", "四、利润总额（亏损总额以“－”号填列）", "利润总额"),
        (
            "现金流量表",
            "购建固定资产、无形资产和其他长期资产所支付的现金",
            "购建固定资产、无形资产和其他长期资产支付的现金",
        ),
        ("现金流量表", "支付的其他与经营活动有关的现金", "支付其他与经营活动有关的现金"),
        ("现金流量表", "加：年初现金及现金等价物余额", "期初现金及现金等价物余额"),
        ("现金流量表", "投资活动产生/(使用)的现金流量净额", "投资活动产生的现金流量净额"),
        ("利润表", "货币资金", None),
        ("资产负债表", "其他", None),
    ],
)
def test_wordings(statement: str, label: str, item: str | None) -> None:
    assert items.item(statement, label) == item


def test_no_wording_names_two_items_of_a_statement() -> None:
    assert items.item("利润表", "营业利润") != items.item("利润表", "营业总收入")
    assert items.item("利润表", "归属于母公司所有者的净利润") != items.item(
        "利润表", "归属于母公司所有者的综合收益总额"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"),
        ("(1,234)", "-1234"),
        ("（12.3）", "-12.3"),
        ("－5.00", "-5.00"),
        ("553,982,5 87", "553982587"),
        ("12.5%", "12.5"),
        ("1,23.4", None),
        ("七、61", None),
        ("2021年", None),
        ("-", None),
        ("", None),
    ],
)
def test_amounts(text: str, value: str | None) -> None:
    found = amount(text)
    assert (None if found is None else str(found)) == value


def test_dashes_stand_for_nothing() -> None:
    assert is_dash("－") and is_dash("--") and not is_dash("-1")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("单位：元 币种：人民币", "元"),
        ("(除特别注明外，金额单位均为人民币百万元)", "百万元"),
        ("金额单位：人民币千元", "千元"),
        ("编制单位：某某公司", None),
    ],
)
def test_units(line: str, name: str | None) -> None:
    assert unit(line) == name


@pytest.mark.parametrize(
    ("line", "kind", "scopes", "single"),
    [
        ("1、合并资产负债表", "资产负债表", ("合并",), False),
        ("（二）母公司利润表", "利润表", ("母公司",), False),
        ("合并及公司现金流量表", "现金流量表", ("合并", "母公司"), False),
        ("3、合并本报告期利润表", "利润表", ("合并",), True),
        ("5、合并年初到报告期末利润表", "利润表", ("合并",), False),
        ("银行资产负债表(续)", "资产负债表", ("母公司",), False),
        ("合并资产负债表 2020年12月31日", "资产负债表", ("合并",), False),
        ("合并利润表 单位：元", "利润表", ("合并",), False),
        ("合并现金流量表 编制单位：云杉机械股份有限公司 单位：元", "现金流量表", ("合并",), False),
        ("2019 年度合并利润表", "利润表", ("合并",), False),
    ],
)
def test_titles(line: str, kind: str, scopes: tuple[str, ...], single: bool) -> None:
    found = title(line)
    assert found and (found.kind, found.scopes, found.single) == (kind, scopes, single)


@pytest.mark.parametrize(
    "line",
    [
        "合并资产负债表.......56",
        "资产负债表日后事项",
        "合并资产负债表中确认",
        "现金流量表补充资料",
        "合并利润表 11-12",
        "我们审计了合并资产负债表和利润表",
    ],
)
def test_no_titles(line: str) -> None:
    assert title(line) is None
