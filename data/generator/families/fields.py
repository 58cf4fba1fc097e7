"""Several fields: of a company in a year or over years, of several companies."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import (
    Draw,
    Family,
    Names,
    Plan,
    label_of,
    ratio,
    several_years,
    statement,
    year_of,
)
from data.generator.render import Fill, plain
from data.generator.slots import World

_FIELDS = lines("""
{company}{year}(的|){fields}(分别|各)(是|为)多少(元|)
{year}{company}(的|){fields}分别(是|为)多少(元|)
{company}在{year}的{fields}(分别|各)是多少(元|)
{company}的{fields}在{year}分别是多少
在{year},{company}的{fields}分别(是|为)多少
{year},{company}的{fields}各(是|有)多少
{company}{year}{fields}
{year}{company}{fields}
{company} {year} {fields}
{company},{year},{fields}
{fields},{company}{year}
{company}{year}的{fields}(分别|各)是什么
{year}{company}的{fields}都(是|有)多少
{company}{year}(年报|年度报告|财报)(中|里)的{fields}(分别|各|)是多少
根据{company}{year}(的|)(年报|年度报告),{fields}(分别|各)是多少
根据{year}(的|)年报数据,{company}的{fields}分别是多少
{company}{year}披露的{fields}(分别|各)是多少
{company}于{year}的{fields}依次(是|为)多少
{company}{year}的{fields}具体(是|为)多少
列一下{company}{year}的{fields}
同时给出{company}{year}的{fields}
把{company}{year}的{fields}都给我
要{company}{year}的{fields}这几项
{company}{year}的这几项:{fields}
{year}的时候,{company}的{fields}分别是多少
从{year}年报(看|来看),{company}的{fields}(分别|各)是多少
根据{company}{year}的年报,请简要介绍报告期内公司的{fields}(分别是多少|)
{company}{year}报告期的{fields}分别是多少
关于{company}{year},{fields}各是多少
{company}{year}的{fields},一并列出来
""")
_FIELDS_COMPANIES = lines("""
{year}{companies}的{fields}(分别|各)(是|为)多少
{companies}{year}的{fields}(分别|各)是多少
{companies}{year}{fields}
在{year},{companies}的{fields}各是多少
对比{year}{companies}的{fields}
列出{companies}{year}的{fields}
把{companies}{year}的{fields}都给我
根据{year}年报,{companies}的{fields}分别是多少
{year}{companies}这两家公司的{fields}
""")
_FIELDS_YEARS = lines("""
{company}{years}的{fields}(分别|各)(是|为)多少
{years}{company}的{fields}(分别|各)是多少
{company}{years}{fields}
在{years},{company}的{fields}各是多少
列出{company}{years}各年的{fields}
{company}{years}每年的{fields}(是多少|)
把{company}{years}的{fields}都列出来
根据年报,{company}{years}的{fields}分别是多少
{company}{fields},{years}
""")


def several_fields(rng: random.Random, world: World) -> Plan:
    company, year = world.company(rng), year_of(rng, world)
    unit = rng.choice((("money",), ("money",), ("money",), ("count",), ("text",), ("money", "share"), ("formula",)))
    size = rng.choice((2, 2, 2, 3, 4))
    names: list[str] = []
    while len(names) < size:
        name = ratio(rng, world) if unit == ("formula",) else world.column(rng, *unit)
        names += [] if name in names else [name]
    names = names[:3] if unit == ("text",) else names
    given = {
        "company": company,
        "year": slots.year(rng, year),
        "fields": slots.listed(rng, [slots.said(rng, n) for n in names]),
    }
    return Plan(
        given,
        label_of(names),
        lambda m: statement(
            [Names(m).column(n) for n in names],
            [f"公司全称={Names(m).company(company[0].value)}", Names(m).years([year])],
        ),
    )


def fields_of(several_companies: bool) -> Draw:
    """Two fields of two companies in a year, or of one company over several years."""

    def plan(rng: random.Random, world: World) -> Plan:
        drawn = [world.company(rng) for _ in range(2 if several_companies else 1)]
        while len({company[0].value for company in drawn}) < len(drawn):
            drawn = [world.company(rng) for _ in drawn]
        values = [year_of(rng, world)] if several_companies else several_years(rng, world)
        unit = rng.choice(("money", "money", "count"))
        one, two = world.column(rng, unit), world.column(rng, unit)
        while one == two:
            two = world.column(rng, unit)
        given: dict[str, Fill] = {
            "companies": slots.listed(rng, [company[0] for company in drawn]),
            "company": drawn[0],
            "year": slots.year(rng, values[0]),
            "years": slots.years(rng, values) if len(values) > 1 else plain(""),
            "fields": slots.listed(rng, [slots.said(rng, one), slots.said(rng, two)]),
        }

        def sql(m: Masked) -> str:
            names = sorted(Names(m).company(company[0].value) for company in drawn)
            who = f"公司全称 IN ({','.join(names)})" if several_companies else f"公司全称={names[0]}"
            key = "公司全称" if several_companies else "年份"
            return statement([key, Names(m).column(one), Names(m).column(two)], [who, Names(m).years(values)])

        return Plan(given, label_of([one, two]), sql)

    return plan


FAMILIES = {
    "fields": Family(several_fields, _FIELDS),
    "compare_fields": Family(fields_of(several_companies=True), _FIELDS_COMPANIES),
    "fields_years": Family(fields_of(several_companies=False), _FIELDS_YEARS),
}
