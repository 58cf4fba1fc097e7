"""What people sort companies by and the table cannot: industry, board, owner, age, market value, parts of names. Left out silently,
the answer would be of all companies."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent.records import Entities
from agent.text import mark

_COMPANIES = r"(?:[类业]|行业)?的?(?:上市)?(?:公司|企业|股(?![本东份票权价]))"
_INDUSTRIES = (
    "医药|医疗|制药|生物|房地产|地产|银行|证券|券商|保险|金融|汽车|整车|钢铁|煤炭|石油|石化|化工|有色|黄金|电子|半导体|芯片|计算机|软件|互联网|通信|传媒|游戏|影视|食品|饮料|白酒|酒|乳"
    "|农|林|牧|渔|养殖|纺织|服装|家电|家居|建筑|建材|水泥|玻璃|机械|装备|电力|电气|新能源|光伏|风电|锂电|电池|军工|航天|航空|环保|物流|快递|港口|机场|高速|铁路|零售|商贸|百货|旅游|酒店|餐饮|教育|体育|科技|高科技|制造|服务|消费|周期|能源|矿|造纸|包装|燃气|水务"
)
_APART = "(?:(?<![一-龥])|(?<=[的是有在年里中和与及家些个对把看按]))"  # no part of a company's name
# (what a column that told it would have in its name, how it is said in a question).
_DIMENSIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("行业", re.compile(rf"{_APART}[一-龥]{{2,5}}?(?<!结合)(?:行业|产业|板块|赛道)|概念股|龙头|{_APART}(?:{_INDUSTRIES}){_COMPANIES}")),
    (
        "板块",
        re.compile(
            "科创板|创业板|主板|中小板|新三板|北交所|上交所|深交所|(?:上海|深圳|北京)证券交易所|沪市|深市|港股|美股|沪深300|[BH]股"
        ),
    ),
    ("性质", re.compile("民营|民企|私营|国有(?:控股)?(?=的?(?:上市)?(?:公司|企业))|国企|央企|国资|外资|合资|(?:大|中小?|小|微)型的?(?:上市)?(?:公司|企业)")),
    (
        "成立",
        re.compile("(?:成立|创立|创办)(?:于|时间|年限|超过|不到|不足|满|早|晚|最|了|在|后|以后|以来)|上市(?:时间|日期|年限|超过|不到|不足|满|最[早晚]|不久)|次新股"),
    ),
    ("市值", re.compile("市值|股价|市盈率|市净率|换手率|涨停|分红|股息|派息|送转")),
    ("性别", re.compile("[男女](?:性|员工|职工|生)|年龄|[8-9]0后|党员")),
    ("名字里的字", re.compile("(?:名字|名称|简称|全称)[里中]?(?:面|当中)?(?:带|含|包含|包括|有|叫)")),
    ("这个分组", re.compile(r"除(?:了|去|开)?[一-龥]{2,8}?(?:之外|以外|外)|前[\d.]+%|前百分之")),
)  # fmt: skip
_WHY = {
    "性质": "表中没有企业性质",
    "成立": "表中没有成立和上市日期",
    "市值": "表中没有市值、股价和分红",
    "性别": "表中没有员工的性别和年龄",
    "名字里的字": "名字只用来认出公司",
    "这个分组": "能用的条件是地点、年份、金额和名次",
}


def unknown_group(entities: Entities, columns: Collection[tuple[int, int]], table_columns: Collection[str]) -> str | None:
    """Why the companies that a question speaks of cannot be told from others, in one sentence; None where they can.

    columns: spans of the question that name columns; like all mentions they explain themselves.
    """
    if entities.companies:
        return None
    explained = [*((m.start, m.end) for m in entities.mentions), *columns]
    text = mark(entities.text, [(span, "，") for span in explained])
    for dimension, pattern in _DIMENSIONS:
        said = pattern.search(text)
        if said and not any(dimension in name or said[0] in name for name in table_columns):
            why = _WHY.get(dimension, f"表中没有公司的{dimension}")
            return f"{why}，不能按“{said[0]}”挑选公司，无法回答该问题。"
    return None
