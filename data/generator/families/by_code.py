"""Which company a stock code belongs to."""

from __future__ import annotations

import random

from data.generator import lexicon, slots
from data.generator.cores import lines
from data.generator.families.drawing import Family, Names, Plan, statement, year_of
from data.generator.render import Piece
from data.generator.slots import World

_BY_CODE = lines("""
{year}(股票代码|证券代码|代码)(为|是){company}的(公司|企业)(是哪家|是谁|叫什么|全称是什么)
{year}{company}是(哪家|什么|哪个)公司
{year}{company}(对应|代表)(的是|)哪家公司
{year}{company}这个代码是哪家公司
{year}{company}的公司(全称|名称)是什么
代码{company}在{year}是哪家
{year}股票代码{company}
""")


def by_code(rng: random.Random, world: World) -> Plan:
    """Which company a stock code belongs to."""
    year = year_of(rng, world)
    company = rng.choice(world.companies) if world.companies else lexicon.company(rng)
    made_up = f"{rng.choice(('000', '002', '300', '600', '603', '688'))}{rng.randrange(1000):03}"
    code = Piece(company.code or made_up, "company", company.full)
    return Plan(
        {"company": [code], "year": slots.year(rng, year)},
        "A",
        lambda m: statement(["公司全称"], [f"公司全称={Names(m).company(company.full)}", Names(m).years([year])]),
    )


FAMILIES = {
    "by_code": Family(by_code, _BY_CODE),
}
