"""Companies among the first k in every year, or in some."""

from __future__ import annotations

import random

from agent.figures import schema
from agent.records import Masked
from agent.writing.surrogates import TOP
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import NUMBERS, Draw, Family, Names, Plan, several_years
from data.generator.render import plain
from data.generator.slots import World

_INTERSECTION = lines("""
{years}(哪些|哪几家)(公司|上市公司)(的|){field}(都|均)(在|属于){best}的前{top}家(里|之列)
{years}{field}(都|均)(排在|处于|位列){best}的前{top}的(公司|上市公司)(有哪些|是哪些)
(哪些|有哪些)公司{years}{field}(每年|年年|一直)都(是|在|排在){best}的前{top}(家|名)
{years}{field}每年都排在{best}的前{top}(家|名|位)的(公司|企业)
{years}各年{field}{best}的前{top}家里都出现的(公司是谁|是哪些公司)
{field}在{years}均为{best}的前{top}家的公司(有哪些|)
{years}期间,{field}始终位于{best}的前{top}名的(公司|上市公司)(是谁|)
列出{years}{field}都在{best}的前{top}名的公司
{years}哪几家公司的{field}年年都是{best}的前{top}家
{years}{field}{best}的前{top}名,都上榜的公司(有谁|是谁|有哪些)
{years}同时进入{field}{best}的前{top}家的公司(有哪些|是谁)
{years}每年{field}{best}的前{top}家,(共同|都有)的公司是哪些
{years}哪些上市公司每年都在{field}{best}的前{top}家里
在{years}这几年中,{field}每年都在{best}的前{top}家之中的公司
有没有公司{years}的{field}都是{best}的前{top}家,是哪些
对{years}的{field}分别取{best}的前{top}家,哪些公司每次都在
""")
_INTERSECTION_HIGH = lines("""
{years}(哪些|有哪些|哪几家)(公司|上市公司|企业)(的|){field}(均|都)(位列|排在|位居|处于)前{top}
{years}{field}(都|均)(位列|排名|排在|处于)前{top}的(公司|上市公司)(有哪些|是哪些|)
(哪些|有哪些)公司{years}{field}(每年|年年|一直)都(在|排|排在)前{top}
{years}{field}连续(位列|排在|保持在)前{top}(名|位)的(公司|企业)(是谁|有哪些)
{years}都进了{field}前{top}的公司(有哪些|)
{field}排名{years}都在前{top}的是(谁|哪些公司)
列出{years}{field}均排名前{top}的公司
{years}每一年{field}都能进前{top}(强|名)的公司是哪些
{years}这几年,{field}始终位居前{top}的上市公司
{years}哪几家公司的{field}年年前{top}
{years}各年{field}前{top}名里都有的公司
在{years}中,{field}排名一直处于前{top}位的企业有哪些
{years}{field}前{top}榜单每年都上榜的公司是(谁|哪些)
{field}{years}均居前{top}的公司名单
哪些企业的{field}在{years}全都排进了前{top}
""")
_UNION = lines("""
{years}(曾|曾经)(进入|进过|位列|排进)(过|){field}前{top}(名|)的(公司|企业)(有哪些|是谁|)
{years}(任意|任何|至少|其中)(有|)一年{field}(位列|排在|进入)前{top}的公司(有哪些|)
{years}哪些公司的{field}(曾|曾经)(位列|进入|排进)前{top}
{years}(有哪些|哪些)公司{field}至少有一年(排在|进入)前{top}(名|位|)
{years}任何一年进入{field}前{top}的公司
{field}在{years}中有任意一年排进前{top}的公司(是哪些|)
列出{years}{field}曾排进前{top}的公司
{years}里出现过在{field}前{top}名的公司有谁
{years}各年{field}前{top}名里出现过的公司
{years}只要有一年{field}进前{top}的企业有哪些
""")


def intersection(direction: str = "", every: bool = True) -> Draw:
    """Among the first k in every year (`every`: else in some); direction: fixed where the wording names none (均位列前十 means the highest)."""

    def plan(rng: random.Random, world: World) -> Plan:
        values, name, way = (
            several_years(rng, world),
            world.column(rng, *NUMBERS),
            direction or rng.choice(("DESC", "DESC", "DESC", "ASC")),
        )
        given = {
            "years": slots.years(rng, values),
            "field": [slots.said(rng, name)],
            "top": slots.ordinal(rng, "top", rng.randint(3, 30)),
            "best": plain(rng.choice(slots.BEST[way])),
        }

        def sql(m: Masked) -> str:
            column = Names(m).column(name)
            return (
                f"SELECT 公司全称 FROM (SELECT 公司全称,年份,ROW_NUMBER() OVER (PARTITION BY 年份 ORDER BY {column} {way}) AS 名次 FROM {schema.TABLE} "
                f"WHERE {Names(m).years(values)}) AS t WHERE 名次<={TOP} GROUP BY 公司全称 HAVING COUNT(*){f'={len(values)}' if every else '>=1'}"
            )

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "intersection": Family(intersection(), _INTERSECTION),
    "intersection_high": Family(intersection("DESC"), _INTERSECTION_HIGH),
    "union": Family(intersection("DESC", every=False), _UNION),
}
