"""Growth and changes said in words."""

from __future__ import annotations

import random

from agent.figures import schema
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import Family, Names, Plan, statement
from data.generator.render import Fill
from data.generator.slots import World

_GROWTH_WORDS = lines("""
{company}{year}(的|){field}比{last}(增长|增加)(了|)(百分之几|百分之多少)
{company}{year}(的|){field}(较|相比){last}(增长|增加|上升)(了|)百分之多少
{company}的{field}{year}比{last}(增长|上升|提高)了百分之(几|多少)
{year}{company}{field}同比增长(了|)(百分之几|百分之多少)
{company}{year}{field}同比(增长|上升)多少(个百分点|百分比|百分之几)
{company}{year}{field}同比(增速|增幅|变动率)(是|为)多少
{company}{year}{field}的同比变化率
与{last}相比,{company}{year}的{field}(增长|变动|变化)了百分之几
相比{last},{company}{year}{field}增长的(百分比|比例|幅度)是多少
{year}{company}{field}(较|比){last}的(增长率|增幅|增速)(是|为)多少
{company}{year}{field}涨了百分之几
{company}{year}{field}比{last}涨了(百分之几|多少个百分点)
{year}{company}的{field}相对{last}的增长比例
{company}{year}的{field}(较|比){last}变动(了|)百分之多少
{year},{company}的{field}在{last}的基础上增长了百分之几
{company}在{year}的{field}增长了百分之多少
{company}{year}{field}同比上升或下降了百分之几
{company}{year}的{field},同比(增减|变动)(比例|幅度)是多少
拿{year}和{last}比,{company}的{field}增长了百分之几
{company}{year}{field}增长速度(是|有)多(少|快)
{company}{field}从{last}到{year}增长了百分之多少
{year}{company}{field}增长多少,用百分比表示
{company}{year}{field}同比,%
根据年报,{company}{year}{field}同比增长百分之几
{company}{year}的{field}(较|比){last}(增减|升降)百分之几
""")
# 2021年比2019年: both years are named, both figures are fetched, the difference is taken afterwards.
_CHANGE_YEARS = lines("""
{company}{year}(的|){field}比{last}(增加|增长|多|上升)(了|)多少(元|钱|)
{company}{year}(的|){field}(较|相比|相对){last}(增加|增长|变化|变动)(了|)多少(元|)
{company}的{field}{year}比{last}(减少|下降|少|降低)了多少(元|)
{year}{company}{field}比{last}(多|少)(了|)多少
与{last}相比,{company}{year}的{field}(增加|减少|变化|变动)了多少(元|)
相比{last},{company}{year}{field}(增加|减少|增减)了多少
{company}{field}从{last}到{year}(增加|变化|变动|减少)了多少
{company}{year}的{field}(和|跟|与){last}(相差|差|差了)多少
{company}{last}到{year},{field}(涨|降|增|减)了多少
{year}{company}{field}较{last}的(变化额|变动额|差额|增减额)(是多少|)
{company}的{field},{year}和{last}之间(差多少|相差多少|差额是多少)
算一下{company}{year}比{last}{field}多了多少
从{last}到{year},{company}的{field}(变化|增长|减少)了多少(元|)
{company}{year}与{last}的{field}之差(是多少|)
{year}比{last},{company}的{field}(多|少)出多少
{company}{year}比起{last},{field}(增|减)了多少
和{last}比,{company}{year}{field}(涨了|跌了|变了)多少
{company}{year}{field}比{last}是(增加|减少)了多少还是没变
拿{company}{year}的{field}和{last}的比,差多少
根据年报,{company}{year}{field}比{last}(增加|减少)多少(元|)
{company}{last}和{year}的{field}(相差|差距)(是|有|)多少
{company}在{year}的{field}比在{last}(高|低)了多少
""")
# Only one year is named: the year before is understood.
_CHANGE_WORDS = lines("""
{company}{year}(的|){field}同比(增加|减少|增长|变动)(了|)多少(元|)
{company}{year}{field}同比(多|少)了多少(钱|元|)
{year}{company}的{field}同比(增加额|增减额|变动额|变化额)(是多少|)
{company}{year}{field}的同比增量(是多少|)
{year}{company}{field}同比(涨|降)了多少(元|钱)
{company}{year}的{field}同比变化了多少元
{company}{year},{field}的(增加|增长)金额是多少
{year},{company}的{field}同比多出多少
{company}{year}{field}同比增加了多少(元|),不要百分比
{company}在{year}的{field}同比变动金额(是多少|)
{company}{year}{field}的年增长量是多少
{year}{company}的{field}同比增长了多少元
计算{company}{year}{field}的同比变动额
{company}{year}{field}同比是多了还是少了,差多少
{year}{company}{field}同比净增(多少|加多少)
{company}{year}{field}增加了多少元
""")


def growth_in_words(rng: random.Random, world: World) -> Plan:
    company, year, name = (
        world.company(rng),
        rng.choice([y for y in world.years if y > 2018]),
        world.column(rng, "money"),
    )
    given = {
        "company": company,
        "year": slots.year(rng, year),
        "field": [slots.said(rng, name)],
        "last": slots.last_year(rng, year),
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            [Names(m).column(name + schema.GROWTH)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


def change_years(rng: random.Random, world: World) -> Plan:
    """Two years of one company, both named: both figures, from which the answer takes the difference."""
    company, name = world.company(rng), world.column(rng, "money", "money", "money", "count", "share")
    year = rng.choice([y for y in world.years if y > 2018])
    before = year - 1 if rng.random() < 0.7 or year - 2 not in world.years else year - 2
    last = slots.last_year(rng, year) if before == year - 1 and rng.random() < 0.5 else slots.year(rng, before)
    given: dict[str, Fill] = {
        "company": company,
        "year": slots.year(rng, year),
        "last": last,
        "field": [slots.said(rng, name)],
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            ["年份", Names(m).column(name)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([before, year])],
        ),
    )


def change_in_words(rng: random.Random, world: World) -> Plan:
    """One year, the one before it understood (同比增加了多少元)."""
    company, name = world.company(rng), world.column(rng, "money", "money", "money", "count")
    year = rng.choice([y for y in world.years if y > 2018])
    given: dict[str, Fill] = {
        "company": company,
        "year": slots.year(rng, year),
        "field": [slots.said(rng, name)],
    }
    return Plan(
        given,
        "D",
        lambda m: statement(
            [Names(m).column(name + schema.CHANGE)],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


FAMILIES = {
    "growth_words": Family(growth_in_words, _GROWTH_WORDS),
    "change_years": Family(change_years, _CHANGE_YEARS),
    "change_words": Family(change_in_words, _CHANGE_WORDS),
}
