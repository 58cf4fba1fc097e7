"""What no sensible statement says is found; what people say passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.statements.checks import faults
from agent.statements.parsing import parse
from agent.statements.syntax import Column, Node, Number, Statement, Text, rebuild
from tests.agent.statements.test_syntax import WORDINGS, statements

FIGURES = ("营业收入", "净利润", "负债合计", "营业成本", "研发费用", "资产总计", "货币资金", "存货", "营业利润")


def filled(statement: Statement) -> Statement:
    """Slots of figures as money columns, others as they are."""

    def change(node: Node) -> Node:
        if isinstance(node, Column) and (found := re.fullmatch(r"M(\d)", node.name)):
            return Column(FIGURES[int(found[1]) - 1], node.year, node.company)
        if isinstance(node, Column) and not node.year and re.fullmatch(r"[PS]\d", node.name):
            return Text(node.name)
        if isinstance(node, Number) and re.fullmatch(r"[AXKN]\d", node.text):
            return Number(str(ord(node.text[0]) * 10 + int(node.text[1])))
        return node

    return rebuild(statement, change)


@pytest.mark.parametrize("path", WORDINGS, ids=lambda path: path.stem)
def test_what_people_say_passes(path: Path) -> None:
    wrong = {}
    for text in statements(path):
        statement = filled(parse(text))
        # A named figure of the wording may be the one that its slot is filled with here, or of another unit.
        if (re.search(r"M\d", text) and re.search("|".join(FIGURES) + "|率|人数|每股|比", text)) or "电子邮箱" in text:
            continue
        if found := faults(statement):
            wrong[text] = found
    assert not wrong


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT 净利润@2020-净利润@2020 WHERE 公司=甲", "它自己"),
        ("SELECT 净利润@2020>净利润@2020 WHERE 公司=甲", "它自己"),
        ("SELECT 净利润@2020/净利润@2020 WHERE 公司=甲", "它自己"),
        ("SELECT 公司 WHERE 净利润@2020", "不是条件"),
        ("SELECT 公司 WHERE 净利润@2020 AND 营业收入@2020>1", "不是条件"),
        ("SELECT 公司 WHERE 净利润@2020 LIKE '1'", "只有文字"),
        ("SELECT 公司 WHERE 公司>甲", "不能这样比"),
        ("SELECT 公司 WHERE 法定代表人@2020>1", "文字和数"),
        ("SELECT 净利润@2020>法定代表人@2020 WHERE 公司=甲", "文字和数"),
        ("SELECT 净利润@2020+职工总人数@2020 WHERE 公司=甲", "单位不同"),
        ("SELECT 公司 WHERE 净利润@2020>毛利率@2020", "单位不同"),
        ("SELECT 法定代表人@2020+法定代表人@2019 WHERE 公司=甲", "不能计算"),
        ("SELECT 增长率(净利润@2020,净利润@2020) WHERE 公司=甲", "两个不同"),
        ("SELECT 增长率(净利润@2020) WHERE 公司=甲", "两个不同"),
        ("SELECT 最高项(净利润@2020,净利润@2020) WHERE 公司=甲", "有相同的"),
        ("SELECT 最高项(净利润@2020) WHERE 公司=甲", "有相同的"),
        ("SELECT SUM(法定代表人@2020)", "汇总一个数"),
        ("SELECT SUM(AVG(净利润@2020))", "还有汇总"),
        ("SELECT 公司 ORDER BY 法定代表人@2020 DESC LIMIT 1", "不能按它排序"),
        ("SELECT 公司 ORDER BY 净利润@2020>1 DESC LIMIT 1", "应是|排序"),
        ("SELECT SUM(净利润@2020) ORDER BY 净利润@2020 DESC LIMIT 1", "不用排序"),
        ("SELECT SUM(净利润@2020)/净利润@2020", "单家的数"),
        ("SELECT 净利润@2020,净利润@2020 WHERE 公司=甲", "出现两次"),
        ("SELECT 公司 WHERE 净利润@2020>0 AND 净利润@2020>0", "说了两遍"),
        ("SELECT 公司 WHERE 净利润@2020>0 AND 净利润@2020<0", "相反"),
        ("SELECT 毛利率@2020/营业收入@2020 WHERE 公司=甲", "比率再除以"),
        ("SELECT 净利润@2020 WHERE 公司=甲 ORDER BY 净利润@2020 DESC", "一家公司不用排序"),
    ],
)
def test_faults(text: str, why: str) -> None:
    try:
        found = "；".join(faults(parse(text)))
    except ValueError as error:  # the grammar has it already
        found = str(error)
    assert re.search(why, found), found


@pytest.mark.parametrize(
    "text",
    [
        "NONE",
        "SELECT 净利润@2020/职工总人数@2020 WHERE 公司=甲",
        "SELECT 法定代表人@2020=法定代表人@2019 WHERE 公司=甲",
        "SELECT 公司 WHERE (净利润@2020>1)+(营业收入@2020>2)+(负债合计@2020>3)>=2",
        "SELECT 公司 WHERE 公司<>甲 ORDER BY ABS(净利润@2020-甲.净利润@2020) ASC LIMIT 1",
        "SELECT AVG(净利润@2020>1) AS %",
        "SELECT 公司 WHERE 公司 IN (SELECT 公司 ORDER BY 净利润@2020 DESC LIMIT 3) AND NOT 公司 IN (甲,乙)",
        "SELECT 公司 WHERE 净利润@2020>-营业收入@2020",
        "SELECT 增长率(SUM(净利润@2019),SUM(净利润@2020))",
        "SELECT COUNT(*)/COUNT(公司@2020)",
    ],
)
def test_what_makes_sense_passes(text: str) -> None:
    assert faults(parse(text)) == []
