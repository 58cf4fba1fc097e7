"""Companies by growth that is said in words."""

from __future__ import annotations

import random

from agent.figures import schema
from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import Draw, Family, Names, Plan, statement
from data.generator.render import Fill, plain
from data.generator.slots import World

_GROWING_TOP = lines("""
{year}{field}{fastest}的(前|){top}家(公司|企业|上市公司)(是哪些|有哪些|)
{year}(哪|是哪){top}家公司的{field}{fastest}
列出{year}{field}{fastest}的(前|){top}家
{field}{fastest}的前{top}家公司{year}(是哪些|有哪些)
{year}{field}{fastest}的{top}(家|名)是谁
按{field}看,{year}{fastest}的前{top}家
{year},{field}{fastest}的前{top}家公司分别是
找出{year}{field}{fastest}的{top}家企业
""")
_GROWING_BEST = lines("""
{year}(哪家|哪个)(公司|企业)(的|){field}{fastest}
{year}{field}{fastest}的(公司|企业|)是(哪家|谁)
{year}谁的{field}{fastest}
{field}{fastest}的公司{year}是哪家
找出{year}{field}{fastest}的公司
论{field},{year}谁{fastest}
{year}所有公司中,{field}{fastest}的是哪家
在{year},{field}{fastest}的上市公司叫什么
""")
_GROWING_MANY = lines("""
{year}{field}(同比|比上年|)(增长|增加)(了|){cmp}{amount}的(公司|企业)有(多少家|几家)
{year}有(多少家|几家)公司{field}(同比|比上年|)(增长|增加|上升){cmp}{amount}
{field}{year}(同比|)(增长|增加){cmp}{amount}的公司(数量|家数)
统计{year}{field}(同比|)增长{cmp}{amount}的公司
{year},{field}(较上年|同比)(增长|增加){cmp}{amount}的有几家
{year}{field}涨(了|){cmp}{amount}的公司有多少
""")
_GROWING_WHICH = lines("""
{year}{field}(同比|比上年|)(增长|增加)(了|){cmp}{amount}的(公司|企业)有哪些
{year}(哪些|有哪些)公司{field}(同比|比上年|)(增长|增加|上升){cmp}{amount}
列出{year}{field}(同比|)增长{cmp}{amount}的公司
{year},{field}(较上年|同比)(增长|增加){cmp}{amount}的是哪些公司
{year}{field}涨(了|){cmp}{amount}的公司是谁
找出{year}{field}(同比|)(增长|增加){cmp}{amount}的企业
""")


def growing(what: str) -> Draw:
    """The table by growth that is said in words: what is "top", "best", "count" or "list"."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, name = (
            rng.choice([y for y in world.years if y > 2018]),
            world.column(rng, "money", "money", "money", "count"),
        )
        percent = rng.random() < 0.6
        grown = name + (schema.GROWTH if percent else schema.CHANGE)
        amount = slots.amount(rng, "percent" if percent else schema.unit_of(name) or "money")
        words, said, operator = slots.comparator(rng, amount)
        way = rng.choice(("DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "top": slots.ordinal(rng, "top", rng.randint(2, 20)),
            "fastest": plain(rng.choice(slots.FASTEST[percent, way])),
            "cmp": words,
            "amount": said,
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(grown)
            if what in ("top", "best"):
                limit = "LIMIT 1" if what == "best" else f"LIMIT {TOP}"
                return statement(["公司全称", column], [Names(m).years([year])], f" ORDER BY {column} {way} {limit}")
            test = f"{column}{operator}{Names(m).amount(amount[0].value)}"
            return statement(["COUNT(*)"] if what == "count" else ["公司全称", column], [Names(m).years([year]), test])

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "growing_top": Family(growing("top"), _GROWING_TOP),
    "growing_best": Family(growing("best"), _GROWING_BEST),
    "growing_count": Family(growing("count"), _GROWING_MANY),
    "growing_list": Family(growing("list"), _GROWING_WHICH),
}
