"""The first k companies by a figure, the first one, the k-th."""

from __future__ import annotations

import random

from agent.records import Masked
from agent.writing.surrogates import KTH, TOP
from data.generator import slots
from data.generator.cores import either, everywhere, lines, placed
from data.generator.families.drawing import (
    Draw,
    Family,
    Names,
    Plan,
    in_places,
    numeric,
    places_of,
    statement,
    text_column,
    year_of,
)
from data.generator.render import Fill, plain
from data.generator.slots import World

_TOP = lines("""
@{year}{field}{best}的(前|){top}家#(公司|上市公司|企业)(是哪些|有哪些|分别是)
{year}@{field}{best}的前{top}家(公司|)(是哪些|分别是谁)
@{year}(哪|是哪){top}家#公司的{field}{best}
{year}@哪{top}家的{field}{best}
@{field}{best}的前{top}家#公司{year}(是哪些|有哪些)
{year}{field}{best}的前{top}位#企业(是谁|有谁)
列出{year}@{field}{best}的前{top}家
列出{year}{field}{best}的{top}家#(公司|企业)
@{year}{field}{best}前{top}(名|家)
按{field}排,{year}@{best}的前{top}家是(谁|哪些)
按照{field}排序,@{year}{best}的{top}家#公司分别是
把{year}{field}{best}的前{top}家#公司找出来
@{year}哪些公司的{field}{best},(给出|列出)前{top}家
{year}@{field}{best}的{top}家公司及(其金额|其数值|它们的数额)
@{year}{field}{best}的前{top}家#上市公司(都|)是哪些,各是多少
@就{year}的{field}来说,{best}的前{top}家#公司是哪些
{year}所有#公司(中|里),{field}{best}的前{top}家(是哪些|分别是)
@{year}{field}{best}的{top}家都是谁
挑出{year}{field}{best}的{top}家#公司
@{year}的{field}谁{best},要前{top}名
{year}@前{top}家{field}{best}的公司(是|有)哪些
根据{year}年报,@{field}{best}的前{top}家#公司有哪些
@在{year},{field}{best}的{top}家#(公司|上市公司)分别是哪些
""")
_TOP_HIGH = lines("""
{year}{field}排名前{top}的(公司|上市公司|企业)(有哪些|是哪些|)
{year}(哪些|哪几家)(公司|上市公司)(的|){field}(排|排在|位居|位列)前{top}
{year}{field}前{top}名是(谁|哪些公司)
{year}{field}居前{top}位的(公司|企业)(是谁|有哪些)
{year}{field}前{top}强(是谁|有哪些|)
{field}{year}排行榜前{top}(名|位)
列出{year}{field}排名前{top}的公司
{year}按{field}(从大到小|从高到低|由高到低)排,前{top}(家|名)是(谁|哪些公司)
{year}进入{field}前{top}的(公司|企业)有哪些
{year},{field}(位列|位居|排在)前{top}的是哪些公司
哪些公司{year}的{field}能排进前{top}
{year}{field}排前{top}的都有谁
{field}排名,{year}前{top}名的公司
{year}{field}领先的前{top}家公司(是|有)哪些
{year}各公司{field}排名,前{top}家是哪些
在{year}的{field}榜单上,前{top}(名|位)是谁
""")
_TOP_LOW = lines("""
{year}{field}(排名|排在|)(后|最后){top}(名|位|家)的(公司|上市公司|企业)(有哪些|是哪些|)
{year}{field}倒数前{top}(名|家|)(是谁|是哪些公司|的公司)
{year}(哪些|哪几家)公司(的|){field}(排|排在)(倒数|最后){top}(名|位)
{year}{field}垫底的{top}家公司(是谁|有哪些|)
{year}按{field}(从小到大|从低到高|由低到高)排,前{top}(家|名)是(谁|哪些)
{field}{year}排行榜(后|末尾|最后){top}(名|位)
列出{year}{field}排名后{top}的公司
{year}{field}(最后|倒数){top}名是(谁|哪些公司)
{year}{field}排在末尾的{top}家(公司|企业)
在{year}的{field}榜单上,倒数{top}(名|位)是谁
""")
_BEST = lines("""
@{year}(哪家|哪一家|哪个)#(公司|上市公司|企业)(的|){field}{best}
{year}@{field}{best}的(公司|企业)是(哪家|哪一家|谁)
@{year}{field}{best}的是(谁|哪家)
@{year}谁的{field}{best}
哪家#(公司|上市公司){year}(的|){field}{best}
{field}{best}的#(公司|企业){year}是(哪家|谁)
{year}所有#(公司|上市公司)(中|里),(谁|哪家)的{field}{best}
找出{year}@{field}{best}的公司
{year}{field}{best}的#公司叫什么
@就{year}而言,{field}{best}的#公司是哪家
{year}{best}的{field}(出自|属于)哪家#公司
论{field},{year}@(哪家|谁){best}
@比{field}的话,{year}哪家#公司{best}
{year}@{field}{best}的公司及(其金额|其数值|具体数额)
{year}@哪家的{field}{best},(是|有|达到)多少
@{year}{field}{best}#公司
@{year}年报里{field}{best}的#公司是谁
在{year},哪家#公司(拥有|有着){best}的{field}
{year}的{field},@{best}的是哪家
@{year}单看{field},{best}的是哪家#公司
{year}@哪家公司的{field}是{best}的
{year}@{best}的{field}是多少,是哪家
{year}@{best}的{field}有多少
@{year}{field}{best}的那家#企业是哪家,金额(是|)多少
""")
_KTH = lines("""
@{year}{field}第{kth}{high}的#(公司|上市公司|企业)是(哪家|谁|哪个)
{year}@{field}第{kth}{high}的是(哪家公司|哪家|谁)
@{year}(哪家|哪个)#(公司|上市公司)(的|){field}第{kth}{high}
哪家#公司{year}的{field}第{kth}{high}
@{year}谁的{field}第{kth}{high}
{field}第{kth}{high}的#公司{year}是(哪家|谁)
@{year}{field}排名第{kth}{high}的#公司叫什么
{year}@{field}第{kth}{high}的公司及(其金额|其数值|金额)
@{year}{field}第{kth}{high}
找出{year}@{field}第{kth}{high}的公司
{year}所有#(公司|上市公司)(中|里),{field}第{kth}{high}的是(哪家|谁)
@就{year}的{field}而言,第{kth}{high}的#公司是哪家
按{field}排,{year}@第{kth}{high}的是(谁|哪家)
{year}第{kth}{high}的{field}属于哪家#公司
@{year}{field}第{kth}{high}的那家#公司是谁,(有|是)多少
{year}@有哪家公司{field}是第{kth}{high}的
@在{year},{field}第{kth}{high}的是哪家#企业
论{field},{year}@第{kth}{high}的公司是谁
{year}{field}第{kth}{high}的是哪家#公司,金额是多少
@比{field},{year}排第{kth}{high}的是谁
{year}@{field}第{kth}{high}的企业
根据{year}年报,@{field}第{kth}{high}的#公司是哪家
""")
_KTH_HIGH = lines("""
{year}{field}(排名|排在|位列|位居)第{kth}(位|名|)的(公司|上市公司)(是哪家|是谁|)
{year}{field}第{kth}名是(谁|哪家公司)
{year}{field}排第{kth}的(公司|企业)是哪家
{year}(哪家|哪个)公司(的|){field}排(在|)第{kth}
{year}{field}第{kth}位是(哪家|谁)
哪家公司{year}{field}排名第{kth}
{year}{field}从(高到低|大到小)排(,|)第{kth}(家|名|位)是(谁|哪家)
按{field}(从大到小|从高到低)排,{year}第{kth}名是哪家公司
{year}各公司{field}排名中,第{kth}是谁
{field}排行,{year}第{kth}名
{year}排在{field}榜第{kth}的公司
{year},{field}位列第{kth}的是哪家,金额多少
{year}谁的{field}排在第{kth}位
{year}所有公司里{field}排第{kth}的是(谁|哪家)
在{year}的{field}排名里位居第{kth}的企业
{field}{year}排名第{kth}的上市公司是哪家
""")
_KTH_LOW = lines("""
{year}{field}倒数第{kth}的(公司|上市公司|企业)(是哪家|是谁|)
{year}{field}倒数第{kth}(名|位|)是(谁|哪家公司)
{year}(哪家|哪个)公司(的|){field}(排|)倒数第{kth}
{year}{field}从(低到高|小到大)排(,|)第{kth}(家|名|位)是(谁|哪家)
按{field}(从小到大|从低到高)排,{year}第{kth}名是哪家公司
哪家公司{year}{field}排倒数第{kth}
{field}排行,{year}倒数第{kth}名
{year},{field}倒数第{kth}的是哪家,金额多少
{year}谁的{field}排在倒数第{kth}(位|)
""")
_KTH_ATTRIBUTE = lines("""
{year}{field1}第{kth}{high}的(公司|上市公司|企业),(它的|其|该公司的){field2}是什么
{year}{field1}第{kth}{high}的(公司|企业)的{field2}是什么
{field1}{year}第{kth}{high}的那家公司,{field2}是(什么|啥)
{year}(哪家|哪个)公司{field1}第{kth}{high},(它的|其){field2}(是什么|呢)
{year}{field1}第{kth}{high}的公司{field2}
{year}{field1}第{kth}{high}的公司叫什么,{field2}是什么
{field2}是什么,{year}{field1}第{kth}{high}的那家公司
找到{year}{field1}第{kth}{high}的公司,给出它的{field2}
按{field1}排,{year}第{kth}{high}的公司,{field2}是什么
在{year},{field1}第{kth}{high}的上市公司,其{field2}是什么
{year}所有公司中,{field1}第{kth}{high}的那家的{field2}是什么
{year}{field1}第{kth}{high}的是哪家公司?它的{field2}又是什么
把{year}{field1}第{kth}{high}的公司的{field2}给我
{field1}第{kth}{high}的公司在{year}的{field2}是什么
说出{year}{field1}第{kth}{high}的那家企业的{field2}
{year}{field1}排名第{kth}{high}的公司,它{field2}是什么
谁的{field1}{year}第{kth}{high},{field2}是什么
{year},{field1}第{kth}{high}的公司,{field2}
就{year}而言,{field1}第{kth}{high}的公司{field2}是什么
{year}{field1}第{kth}{high}的企业是谁,顺便给一下它的{field2}
要的是{field2}:{year}{field1}第{kth}{high}的公司
{year}{field1}第{kth}{high}的公司,年报里的{field2}是什么
{year}第{kth}{high}{field1}的公司,其{field2}是什么
""")
_BEST_ATTRIBUTE = tuple(
    t.replace("排名第{kth}{high}", "{best}").replace("第{kth}{high}", "{best}") for t in _KTH_ATTRIBUTE
)
_TOP_ATTRIBUTE = lines("""
{year}{field1}{best}的(前|){top}家(公司|企业|上市公司)的{field2}(分别|)(是什么|是多少|)
{year}{field1}{best}的前{top}家公司,(它们的|各自的|其){field2}(分别|)是(什么|多少)
列出{year}{field1}{best}的前{top}家公司和它们的{field2}
{field1}{year}{best}的前{top}家公司的{field2}
按{field1}排,{year}{best}的前{top}家公司,{field2}分别是什么
{year}{field1}{best}的{top}家公司{field2}各是(什么|多少)
找出{year}{field1}{best}的前{top}家公司,给出{field2}
{year}哪{top}家公司{field1}{best},{field2}分别是什么
""")


def ranking(number: str, where: str = "", attribute: bool = False, direction: str = "") -> Draw:
    """number: "top" (first k), "kth" (k-th) or "best" (first); direction: fixed where the wording names none (前十 means the highest)."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, name = year_of(rng, world), numeric(rng, world)
        other = rng.choice((text_column, text_column, numeric))(rng, world) if attribute else ""
        shown = [name]
        way = direction or rng.choice(("DESC", "DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "year": slots.year(rng, year),
            "best": plain(rng.choice(slots.BEST[way])),
            "high": plain(rng.choice(slots.HIGH[way])),
            "field": [slots.said(rng, name)],
            **places_of(rng, world, where),
        }
        if attribute:
            shown = (
                [other] if rng.random() < 0.8 or other == name else [other, *more_attributes(rng, world, {name, other})]
            )
            given |= {"field1": given["field"], "field2": slots.listed(rng, [slots.said(rng, c) for c in shown])}
        if number != "best":
            given[number] = slots.ordinal(rng, number, rng.randint(2, 20))
        limit = {"top": f"LIMIT {TOP}", "kth": f"LIMIT 1 OFFSET {KTH - 1}", "best": "LIMIT 1"}[number]

        def sql(m: Masked) -> str:
            column = Names(m).column(name)
            return statement(
                list(dict.fromkeys(["公司全称", *(Names(m).column(c) for c in shown)])),
                [Names(m).years([year]), *in_places(m, given)],
                f" ORDER BY {column} {way} {limit}",
            )

        return Plan(given, "E", sql)

    return plan


def more_attributes(rng: random.Random, world: World, taken: set[str]) -> list[str]:
    """One more text column, where the draw gives one that is not taken."""
    name = text_column(rng, world)
    return [] if name in taken else [name]


FAMILIES = {
    "top": Family(ranking("top"), everywhere(_TOP)),
    "top_high": Family(ranking("top", direction="DESC"), _TOP_HIGH),
    "top_low": Family(ranking("top", direction="ASC"), _TOP_LOW),
    "top_place": Family(ranking("top", "place"), placed(_TOP)),
    "top_place_or": Family(ranking("top", "place_or"), either(placed(_TOP))),
    "top_attribute": Family(ranking("top", attribute=True), _TOP_ATTRIBUTE),
    "best": Family(ranking("best"), everywhere(_BEST)),
    "best_place": Family(ranking("best", "place"), placed(_BEST)),
    "best_place_or": Family(ranking("best", "place_or"), either(placed(_BEST))),
    "best_attribute": Family(ranking("best", attribute=True), _BEST_ATTRIBUTE),
    "best_place_attribute": Family(
        ranking("best", "place", attribute=True),
        tuple("在{place}注册的公司中," + t for t in _BEST_ATTRIBUTE[::2])
        + tuple("{place}的公司里," + t for t in _BEST_ATTRIBUTE[1::2]),
    ),
    "kth": Family(ranking("kth"), everywhere(_KTH)),
    "kth_high": Family(ranking("kth", direction="DESC"), _KTH_HIGH),
    "kth_low": Family(ranking("kth", direction="ASC"), _KTH_LOW),
    "kth_place": Family(ranking("kth", "place"), placed(_KTH)),
    "kth_attribute": Family(ranking("kth", attribute=True), _KTH_ATTRIBUTE),
}
