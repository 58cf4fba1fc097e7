"""The fictional company_table: companies × years whose accounts add up.

What holds in every row (a test checks it, where no cell is missing): 资产总计 = 流动资产合计 + 非流动资产合计 = 负债合计 + 所有者权益合计;
the three cash flows and the exchange effect lead from 期初 to 期末现金及现金等价物余额; 利润总额 - 所得税费用 = 净利润; each subtotal is the sum of its
lines. Money is in whole fen, so the sums are exact.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.figures import schema
from data.generator import lexicon

YEARS = (2019, 2020, 2021)
Row = dict[str, Any]  # column → fen, people, text or None

_CURRENT = (
    ("货币资金", 5),
    ("交易性金融资产", 1),
    ("衍生金融资产", 0.05),
    ("应收票据", 0.6),
    ("应收账款", 4),
    ("应收款项融资", 0.7),
    ("预付款项", 0.6),
    ("其他应收款", 0.4),
    ("存货", 4),
    ("合同资产", 0.5),
    ("其他流动资产", 0.5),
)
_NON_CURRENT = (
    ("长期股权投资", 1.5),
    ("其他权益工具投资", 0.4),
    ("其他非流动金融资产", 0.4),
    ("投资性房地产", 0.5),
    ("固定资产", 6),
    ("在建工程", 1.5),
    ("使用权资产", 0.3),
    ("无形资产", 1.6),
    ("开发支出", 0.1),
    ("商誉", 0.6),
    ("长期待摊费用", 0.2),
    ("递延所得税资产", 0.2),
    ("其他非流动资产", 0.5),
)
_CURRENT_DEBT = (
    ("短期借款", 3),
    ("衍生金融负债", 0.03),
    ("应付票据", 1.5),
    ("应付账款", 4),
    ("预收款项", 0.1),
    ("合同负债", 0.8),
    ("应付职工薪酬", 0.5),
    ("应交税费", 0.4),
    ("其他应付款", 0.8),
)
_LONG_DEBT = (("长期借款", 2), ("应付债券", 0.8), ("租赁负债", 0.2), ("递延收益", 0.3), ("递延所得税负债", 0.1))
_OPERATING_IN = (("销售商品、提供劳务收到的现金", 20), ("收到的税费返还", 0.3), ("收到其他与经营活动有关的现金", 0.6))
_OPERATING_OUT = (
    ("购买商品、接受劳务支付的现金", 13),
    ("支付给职工以及为职工支付的现金", 2.6),
    ("支付的各项税费", 1),
    ("支付其他与经营活动有关的现金", 1.5),
)
_INVESTING_IN = (
    ("收回投资收到的现金", 3),
    ("取得投资收益收到的现金", 0.2),
    ("处置固定资产、无形资产和其他长期资产收回的现金净额", 0.1),
    ("处置子公司及其他营业单位收到的现金净额", 0.1),
    ("收到其他与投资活动有关的现金", 0.5),
)
_INVESTING_OUT = (
    ("购建固定资产、无形资产和其他长期资产支付的现金", 2),
    ("投资支付的现金", 3),
    ("支付其他与投资活动有关的现金", 0.3),
)
_FINANCING_IN = (("吸收投资收到的现金", 0.6), ("取得借款收到的现金", 4), ("收到其他与筹资活动有关的现金", 0.4))
_FINANCING_OUT = (("偿还债务支付的现金", 3.5), ("分配股利、利润或偿付利息支付的现金", 0.9))
_ALWAYS = {
    *schema.KEY,
    schema.CODE,
    schema.SHORT_NAME,
    "注册地址",
    "法定代表人",
    "资产总计",
    "负债合计",
    "所有者权益合计",
    "营业收入",
    "营业成本",
    "净利润",
    "货币资金",
    "流动资产合计",
    "流动负债合计",
    "职工总人数",
}
_OFTEN_MISSING = {
    "衍生金融资产": 0.7,
    "衍生金融负债": 0.7,
    "预收款项": 0.5,
    "外文名称": 0.15,
    "博士及以上的员工人数": 0.3,
    "合同资产": 0.4,
    "应付债券": 0.5,
    "开发支出": 0.4,
    "处置子公司及其他营业单位收到的现金净额": 0.6,
    "其他权益工具投资": 0.4,
    "投资性房地产": 0.3,
}


def _fen(rng: random.Random, yuan: float, spread: float = 0.6) -> int:
    """An amount in fen around `yuan`."""
    return round(yuan * 100 * math.exp(rng.gauss(0, spread)))


def _lines(rng: random.Random, row: Row, parts: tuple[tuple[str, float], ...], scale: float, total: str) -> int:
    """Fills `parts`, each its share of `scale`, and `total`, their sum; returns the total in fen."""
    for name, share in parts:
        row[name] = _fen(rng, share * scale)
    row[total] = sum(row[name] for name, _ in parts)
    return row[total]


def _balance_sheet(rng: random.Random, row: Row, scale: float) -> None:
    current = _lines(rng, row, _CURRENT, scale, "流动资产合计")
    fixed = _lines(rng, row, _NON_CURRENT, scale, "非流动资产合计")
    assets = row["资产总计"] = current + fixed
    near = _lines(rng, row, _CURRENT_DEBT, scale, "流动负债合计")
    far = _lines(rng, row, _LONG_DEBT, scale, "非流动负债合计")
    debt = row["负债合计"] = near + far
    equity = row["所有者权益合计"] = assets - debt
    minority = row["少数股东权益"] = round(equity * rng.uniform(-0.01, 0.1))
    own = row["归属于母公司所有者权益合计"] = equity - minority
    row["股本"] = max(round(abs(own) * rng.uniform(0.1, 0.4) / 100) * 100, 10_000_000_00)
    row["资本公积"] = round(own * rng.uniform(0.1, 0.4))
    row["盈余公积"] = round(own * rng.uniform(0.01, 0.06))
    row["未分配利润"] = own - row["股本"] - row["资本公积"] - row["盈余公积"]


def _income(rng: random.Random, row: Row, scale: float) -> None:
    revenue = row["营业收入"] = _fen(rng, 22 * scale, 0.3)
    row["营业总收入"] = revenue
    row["营业成本"] = round(revenue * min(max(rng.gauss(0.7, 0.15), 0.15), 1.05))
    for name, share in (("税金及附加", 0.006), ("销售费用", 0.06), ("管理费用", 0.06), ("研发费用", 0.045)):
        row[name] = round(revenue * share * math.exp(rng.gauss(0, 0.6)))
    row["利息费用"] = round(revenue * 0.012 * math.exp(rng.gauss(0, 0.8)))
    row["利息收入"] = round(revenue * 0.006 * math.exp(rng.gauss(0, 0.8)))
    row["财务费用"] = row["利息费用"] - row["利息收入"]
    costs = ("营业成本", "税金及附加", "销售费用", "管理费用", "研发费用", "财务费用")
    row["营业总成本"] = sum(row[name] for name in costs)
    for name, mean, spread in (
        ("其他收益", 0.01, 0.008),
        ("投资收益", 0.008, 0.02),
        ("公允价值变动收益", 0.001, 0.006),
        ("信用减值损失", -0.004, 0.006),
        ("资产减值损失", -0.006, 0.01),
        ("资产处置收益", 0.0005, 0.003),
        ("汇兑收益", 0.0, 0.002),
    ):
        row[name] = round(revenue * rng.gauss(mean, spread))
    row["对联营企业和合营企业的投资收益"] = round(row["投资收益"] * rng.uniform(0.1, 0.9))
    gains = ("其他收益", "投资收益", "公允价值变动收益", "信用减值损失", "资产减值损失", "资产处置收益", "汇兑收益")
    row["营业利润"] = revenue - row["营业总成本"] + sum(row[name] for name in gains)
    row["营业外收入"] = round(revenue * 0.002 * math.exp(rng.gauss(0, 1)))
    row["营业外支出"] = round(revenue * 0.002 * math.exp(rng.gauss(0, 1)))
    profit = row["利润总额"] = row["营业利润"] + row["营业外收入"] - row["营业外支出"]
    tax = row["所得税费用"] = round(max(profit, 0) * rng.uniform(0.1, 0.25))
    net = row["净利润"] = row["持续经营净利润"] = profit - tax
    minority = row["少数股东损益"] = round(net * rng.uniform(-0.02, 0.12))
    row["归属于母公司所有者的净利润"] = net - minority
    row["其他综合收益的税后净额"] = round(net * rng.gauss(0, 0.03))
    row["综合收益总额"] = net + row["其他综合收益的税后净额"]
    row["归属于少数股东的综合收益总额"] = minority
    row["归属于母公司所有者的综合收益总额"] = row["综合收益总额"] - minority


def _cash_flow(rng: random.Random, row: Row, scale: float, opening: int | None) -> None:
    net = []
    for kind, into, out in (
        ("经营", _OPERATING_IN, _OPERATING_OUT),
        ("投资", _INVESTING_IN, _INVESTING_OUT),
        ("筹资", _FINANCING_IN, _FINANCING_OUT),
    ):
        received = _lines(rng, row, into, scale, f"{kind}活动现金流入小计")
        paid = _lines(rng, row, out, scale, f"{kind}活动现金流出小计")
        row[f"{kind}活动产生的现金流量净额"] = received - paid
        net.append(received - paid)
    row["汇率变动对现金及现金等价物的影响"] = round(scale * 100 * rng.gauss(0, 0.05))
    change = row["现金及现金等价物净增加额"] = sum(net) + row["汇率变动对现金及现金等价物的影响"]
    start = row["期初现金及现金等价物余额"] = opening if opening is not None else _fen(rng, 4 * scale)
    row["期末现金及现金等价物余额"] = start + change


def _staff(rng: random.Random, row: Row, people: int) -> None:
    shares = [("生产人员人数", 0.5), ("销售人员人数", 0.12), ("技术人员人数", 0.2), ("财务人员人数", 0.03)]
    left = row["职工总人数"] = people
    for name, share in shares:
        row[name] = min(left, round(people * share * math.exp(rng.gauss(0, 0.2))))
        left -= row[name]
    row["行政人员人数"] = left
    row["研发人员人数"] = round(people * rng.uniform(0.05, 0.3))
    row["博士及以上的员工人数"] = round(people * rng.uniform(0, 0.01))
    row["硕士员工人数"] = round(people * rng.uniform(0.01, 0.12))
    row["本科员工人数"] = round(people * rng.uniform(0.15, 0.4))


def _company_rows(rng: random.Random, name: lexicon.CompanyName, code: str, place: tuple[str, str]) -> Iterator[Row]:
    street, boss = lexicon.address(rng, *place), lexicon.person(rng)
    office = street if rng.random() < 0.6 else lexicon.address(rng, *place)
    host = name.english.split(" Co.")[0].replace(" ", "").lower() + code[-3:]
    scale = math.exp(rng.gauss(math.log(1.2e8), 1.2))
    people, opening = round(max(60, scale / 5e4 * math.exp(rng.gauss(0, 0.5)))), None
    for year in YEARS:
        boss = lexicon.person(rng) if rng.random() < 0.2 else boss
        row: Row = {
            schema.COMPANY: name.full,
            schema.YEAR: year,
            schema.CODE: code,
            schema.SHORT_NAME: name.short,
            "外文名称": name.english,
            "法定代表人": boss,
            "注册地址": street,
            "办公地址": office,
            "公司网址": f"http://www.{host}.example",
            "电子信箱": f"ir@{host}.example",
        }
        _balance_sheet(rng, row, scale)
        _income(rng, row, scale)
        _cash_flow(rng, row, scale, opening)
        _staff(rng, row, people)
        row["基本每股收益"] = round(row["归属于母公司所有者的净利润"] / row["股本"], 2)
        row["稀释每股收益"] = row["基本每股收益"]
        opening = row["期末现金及现金等价物余额"]
        yield row
        scale *= math.exp(rng.gauss(0.08, 0.25))
        people = max(50, round(people * math.exp(rng.gauss(0.03, 0.1))))


def _gaps(rng: random.Random, row: Row) -> Row:
    """Some cells are empty, as in real tables; what others are computed from mostly stays."""
    return {
        name: None if name not in _ALWAYS and rng.random() < _OFTEN_MISSING.get(name, 0.03) else value
        for name, value in row.items()
    }


def rows(seed: int = 2024, companies: int = 360) -> list[Row]:
    """companies × 2019-2021, a few company-years missing; money still in fen."""
    rng = random.Random(seed)
    found: list[Row] = []
    used: set[str] = set()
    while len(used) < 2 * companies:
        place = lexicon.city(rng)
        name = lexicon.company(rng, place)
        if name.full in used or name.short in used:
            continue
        used |= {name.full, name.short}
        code = f"{rng.choice(('600', '601', '603', '000', '002', '300', '688'))}{len(used) % 1000:03d}"
        found += [_gaps(rng, row) for row in _company_rows(rng, name, code, place) if rng.random() > 0.02]
    return found


def cell(name: str, value: Any) -> str:
    """As the CSV holds it: money in 元 with two decimals."""
    if value is None:
        return ""
    if schema.unit_of(name) == "money":
        fen = int(value)
        return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
    return str(value)


def write(path: Path, seed: int = 2024, companies: int = 360) -> int:
    """Writes the CSV (UTF-8, heading line); returns the number of rows."""
    table = rows(seed, companies)
    names = [name for name in schema.columns() if any(name in row for row in table)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(name, row.get(name)) for name in names] for row in table)
    return len(table)
