"""One figure or text of one company in one year."""

from __future__ import annotations

import random
from collections.abc import Callable

from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import Draw, Family, Names, Plan, label_of, statement, text_column, year_of
from data.generator.render import Fill
from data.generator.slots import World

_MONEY = lines("""
{company}{year}(的|){field}(是|有|)多少(元|钱)
{year}{company}(的|){field}(是|为)多少(元|)
{company}在{year}的{field}(是|为)多少(元|)
{company}{field}{year}是多少(元|)
{company}的{field}在{year}是多少(元|)
在{year},{company}的{field}(是|为)多少(元|)
{year},{company}的{field}是多少(元|)
{year}里{company}的{field}有多少(元|)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{field},{company}{year}
{company}{year}(年报|年度报告|财报)(中|里|上)的{field}是多少(元|)
根据{company}{year}(的|)(年报|年度报告|财务报告),{field}(是|为)多少(元|)
根据{year}(的|)年报数据,{company}的{field}是多少(元|)
{year}(年报|财报)显示,{company}的{field}是多少(元|)
依据{company}{year}披露的数据,{field}(为|是)多少(元|)
{company}{year}(披露|公布|列示)的{field}是多少(元|)
{company}{year}报告期(内|)的{field}是多少(元|)
{company}于{year}的{field}为多少(元|)
截至{year}末,{company}的{field}(是|为|有)多少(元|)
{company}{year}(末|底)的{field}(是|为)多少(元|)
{company}{year}的{field}达到(了|)多少(元|)
{company}{year}的{field}具体(是|为)多少(元|)
{company}{year}的{field},(数额|具体数额|数字)是多少
{company}{year}有多少{field}
{company}{year}{field}这一项是多少(元|)
{field}这一项,{company}{year}(是|填的是)多少(元|)
把{company}{year}的{field}给我
{company}{year}的{field}到底(是|有)多少(元|钱)
{company}{year}那会儿{field}有多少(钱|元)
{year}的时候,{company}的{field}是多少(元|)
{company}在{year}这一年,{field}是多少(元|)
要{company}{year}的{field}数据
就{year}而言,{company}的{field}是多少(元|)
{year}{company}的{field}金额(是|为)多少(元|)
单说{field},{company}{year}是多少(元|)
根据{company}{year}的年报,请简要介绍报告期内公司的{field}(是多少元|)
从{year}(的|)年报(看|来看),{company}的{field}是多少(元|)
{company}的{year}年报把{field}记为多少(元|)
""")
_TEXT = lines("""
{company}{year}(的|){field}是什么
{year}{company}(的|){field}是什么
{company}在{year}的{field}是什么
{company}的{field}在{year}是什么
在{year},{company}的{field}是什么
{year},{company}的{field}是(什么|啥)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{field},{company}{year}
{company}{year}(年报|年度报告)(中|里|上)的{field}是什么
根据{company}{year}(的|)(年报|年度报告),{field}是什么
根据{year}(的|)年报数据,{company}的{field}是什么
{year}年报(里|中)写的{company}的{field}是什么
{company}{year}(披露|登记|公布|填报)的{field}是什么
{company}{year}用的{field}是(什么|哪个)
{company}{year}的{field}是(啥|哪个)
{company}{year}的{field}怎么写
{year}的时候,{company}的{field}是什么
{company}{year}那时候的{field}是(啥|什么)
{company}在{year}里{field}是什么
把{company}{year}的{field}给我
要{company}{year}的{field}
{company}{year}(的|){field}是谁
{company}{year}(的|){field}在(哪|哪里|哪儿)
{year}{company}的{field}是多少
{company}{year}的{field},年报上填的是什么
{company}{year}的{field}信息
{year}{company}对外公布的{field}
从{year}年报(看|来看),{company}的{field}是什么
就{year}而言,{company}的{field}是什么
根据{company}{year}年报,请简要介绍(一下|)公司的{field}
{field}是什么,要{company}{year}的
我找不到{company}{year}的{field},(能帮忙找找吗|帮我找一下)
""")
_COUNT = lines("""
{company}{year}(的|){field}(是|有|为)多少(人|)
{year}{company}(的|){field}(是|有)多少(人|)
{company}在{year}的{field}(是|为)多少(人|)
{company}{field}{year}是多少(人|)
{company}的{field}在{year}是多少(人|)
在{year},{company}的{field}是多少(人|)
{year},{company}的{field}有(几个|几人|多少人)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{company}{year}(年报|年度报告)(中|里|上)的{field}是多少(人|)
根据{company}{year}(的|)(年报|年度报告),{field}(是|为|有)多少(人|)
根据{year}(的|)年报数据,{company}的{field}是多少(人|)
{company}{year}(披露|公布)的{field}是多少(人|)
截至{year}末,{company}的{field}(是|有)多少(人|)
{company}{year}末{field}(有|是)多少(人|名)
{company}{year}(一共|总共)有多少{field}
{year}{company}有多少(名|个){field}
{company}{year}(拥有|有)几个{field}
{company}在{year}这一年有多少{field}
{year}{company}的{field}(规模|)有多大
{year}的时候,{company}的{field}有(几个|多少)
{company}{year}的{field}具体(是|有)多少人
{company}{year}的{field}到底有多少
{company}{year}报告期末{field}是多少人
从{year}年报(看|来看),{company}的{field}有多少(人|)
{field}这一栏,{company}{year}填的是多少(人|)
{year}{company}{field}是什么
把{company}{year}的{field}报给我
要{company}{year}的{field}数据
根据{company}{year}年报,请简要介绍报告期内公司{field}的情况
单说{field},{company}{year}有多少人
""")


def lookup(column: Callable[[random.Random, World], str], with_tail: bool = False) -> Draw:
    """One company, one year, one field."""

    def plan(rng: random.Random, world: World) -> Plan:
        company, year, name = world.company(rng), year_of(rng, world), column(rng, world)
        given: dict[str, Fill] = {"company": company, "year": slots.year(rng, year), "field": [slots.said(rng, name)]}
        if with_tail:
            given["tail"] = slots.tail(rng)
        return Plan(
            given,
            label_of([name]),
            lambda m: statement(
                [Names(m).column(name)], [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])]
            ),
        )

    return plan


FAMILIES = {
    "field": Family(
        lookup(
            lambda r, w: (
                slots.own_column(r)
                if not w.columns and r.random() < 0.05
                else w.column(r, "money", "money", "money", "share")
            )
        ),
        _MONEY,
    ),
    "field_text": Family(lookup(text_column), _TEXT),
    "field_count": Family(lookup(lambda r, w: w.column(r, "count")), _COUNT),
}
