"""Ratios, growth and changes that are named as one."""

from __future__ import annotations

import random

from agent.figures import schema
from data.generator.cores import lines
from data.generator.families.drawing import NUMBERS, Family, growth, ratio
from data.generator.families.lookup import lookup
from data.generator.slots import World

_COMPUTED = lines("""
{company}{year}(的|){field}(是|为|)多少{tail}
{year}{company}(的|){field}(是|为)多少{tail}
{company}在{year}的{field}(是|为)多少{tail}
{company}的{field}在{year}是多少{tail}
在{year},{company}的{field}(是|为)多少{tail}
{year},{company}的{field}是多少{tail}
{company}{year}{field}{tail}
{year}{company}{field}{tail}
{company} {year} {field}{tail}
{field},{company}{year}{tail}
{company}{year}的{field}(等于|达到)多少{tail}
{company}{year}的{field}(具体|)是多少{tail}
根据{year}(的|)(年报|财报)(数据|),{company}的{field}(是|为)多少{tail}
根据{company}{year}(的|)(年报|年度报告),{field}(是|为)多少{tail}
从{year}年报(看|来看),{company}的{field}是多少{tail}
计算(一下|){company}{year}的{field}{tail}
算一下{year}{company}的{field}{tail}
求{company}{year}的{field}{tail}
{company}{year}{field}(有多高|有多大|几何){tail}
{company}{year}的{field},(数值|结果|算出来)是多少{tail}
{year}里,{company}的{field}是多少{tail}
{company}在{year}这一年的{field}是多少{tail}
{company}{year}{field}是什么{tail}
根据{company}{year}年报,请简要介绍报告期内公司{field}的情况{tail}
{company}{year}报告期的{field}为多少{tail}
把{company}{year}的{field}算出来{tail}
按{year}的数据,{company}{field}应该是多少{tail}
要{company}{year}的{field}{tail}
""")
_GROWTH = (
    *_COMPUTED,
    *lines("""
{company}{year}的{field}是(百分之多少|百分之几){tail}
"""),
)


def change(rng: random.Random, world: World) -> str:
    """A column that is the change since the year before."""
    return world.column(rng, *NUMBERS) + schema.CHANGE


FAMILIES = {
    "ratio": Family(lookup(ratio, with_tail=True), _COMPUTED),
    "growth": Family(lookup(growth, with_tail=True), _GROWTH),
    "change": Family(lookup(change, with_tail=True), _COMPUTED),
}
