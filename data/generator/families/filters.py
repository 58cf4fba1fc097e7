"""Which companies, or how many, are in a place or past a threshold or two."""

from __future__ import annotations

import random

from agent.figures import schema
from agent.records import Masked
from data.generator import slots
from data.generator.cores import either, everywhere, lines, placed, with_condition
from data.generator.families.drawing import (
    NUMBERS,
    Draw,
    Family,
    Names,
    Plan,
    in_places,
    places_of,
    ratio,
    statement,
    year_of,
)
from data.generator.render import Fill
from data.generator.slots import World


def asked(cores: tuple[str, ...], ask: tuple[str, str]) -> tuple[str, ...]:
    return tuple(core.replace("<ask>", ask[0]).replace("<first>", ask[1]) for core in cores)


ASK_MANY = ("(有|共有|一共有)(多少家|几家)", "有(多少家|几家)")
ASK_WHICH = ("(有|都有|是)(哪些|哪几家)", "(有哪些|哪些|哪几家)")
HOW_MANY = lines("""
{year}@<c>的(有|共有|一共有)(多少家|几家)
@{year}<c>的#(公司|上市公司|企业)(有|一共有|共有)(多少家|几家|几个)
@{year}有(多少家|几家)#(公司|上市公司|企业)(的|)<c>
(多少家|有几家)#(公司|上市公司|企业){year}(的|)<c>
{year}(所有|全部)#(公司|上市公司)(中|里),<c>的有(多少家|几家)
统计(一下|){year}<c>的#公司(数量|家数|数目)
@{year}<c>的#(公司|企业)(数量|家数|个数)(是|为)多少
{year}@满足<c>(这一条件|的条件|)的有几家
@{year}符合<c>(这一|的)条件的#公司有(几家|多少家)
<c>的#(公司|企业){year}(有|共)(几家|多少家)
@{year}里<c>的#公司有多少
清点{year}@<c>的有几家
在{year}的时候,有几家#公司<c>
{year}@总共有多少家<c>
@按{year}的数据,<c>的#公司有多少家
根据{year}年报,@<c>的#公司一共几家
@{year}<c>的#公司多不多,有几家
@{year}<c>的#企业总共有多少个
@{year}<c>的#公司数
求{year}<c>的#公司数量
@{year}<c>,这样的#公司有几家
""")
WHICH = lines("""
{year}@<c>的(有|都有|)(哪些|哪几家)
@{year}<c>的#(公司|上市公司|企业)(有|是|都有)(哪些|哪几家)
@{year}(有哪些|哪些|哪几家)#(公司|上市公司|企业)(的|)<c>
(哪些|有哪些)#(公司|上市公司|企业){year}(的|)<c>
{year}(所有|全部)#(公司|上市公司)(中|里),<c>的是(谁|哪些)
列出{year}<c>的#(公司|上市公司|企业)
@把{year}<c>的#公司(都|)列出来
{year}@满足<c>(这一条件|的条件|)的有谁
@{year}符合<c>(这一|的)条件的#公司(名单|有哪些)
<c>的#(公司|企业){year}(有哪些|都有谁)
@{year}里<c>的#公司是哪些
找出{year}@<c>的公司
在{year}的时候,哪些#公司<c>
{year}@谁的<c>
@按{year}的数据,<c>的#公司有哪几家
根据{year}年报,@<c>的#公司都有哪些
@{year}<c>的#公司名单
筛选{year}<c>的#公司
@{year}<c>的#企业分别是(谁|哪些)
@{year}<c>,这样的#公司有哪些
""")
_HOW_MANY_THERE = lines("""
{year}<c>的(公司|上市公司)(中|里),(有多少家|有几家)注册(地|地址|地点)在{place}
{year}<c>的(公司|上市公司)(中|里),在{place}注册的有(几家|多少家)
{year}<c>、注册(地|地址)在{place}的(公司|企业)有(多少家|几家)
{year}<c>且注册(地|地点)(是|在|为){place}的公司有几家
{year}注册在{place}且<c>的(公司|企业)有(多少家|几家)
""")
_WHICH_THERE = lines("""
{year}<c>的(公司|上市公司)(中|里),(哪些|哪几家)注册(地|地址|地点)在{place}
{year}<c>的(公司|上市公司)(中|里),在{place}注册的有(哪些|哪几家)
{year}<c>、注册(地|地址)在{place}的(公司|企业)有(哪些|哪几家)
{year}<c>且注册(地|地点)(是|在|为){place}的公司是哪些
{year}注册在{place}且<c>的(公司|企业)有(哪些|谁)
""")
_REGISTERED = lines("""
{year}在{place}注册的(公司|上市公司|企业)<ask>
{year},注册(地|地址|地点)在{place}的(公司|上市公司|企业)<ask>
注册于{place}的(公司|企业)在{year}<ask>
{place}的上市公司{year}<ask>
{year}注册(地|地址)(为|是){place}的(公司|上市公司)<ask>
{year}<first>(公司|上市公司|企业)(是|)在{place}注册的
{year}<first>(公司|企业)注册在{place}
<first>(公司|上市公司){year}的注册(地|地点)(是|在|为){place}
{year}位于{place}的(公司|上市公司)<ask>
按{year}的年报,注册在{place}的(公司|企业)<ask>
曾经在{place}注册的公司{year}<ask>
{year}的数据里,注册地在{place}的<ask>
{year}<first>公司把注册地放在{place}
在{year},{place}的(公司|企业)<ask>
{year}历史注册地址在{place}的公司<ask>
""")
_EVERYONE = lines("""
{year}(一共|总共|共|)有(多少家|几家)(公司|上市公司|企业)
{year}(公司|上市公司)(的|)(总数|数量|家数)(是多少|)
{year}表里有多少家公司
{year}披露年报的公司有(多少家|几家)
{year}全部(公司|企业)有(多少|几)家
统计{year}的公司数量
{year}(公司|企业)一共几家
""")
C1 = "{field}{cmp}{amount}"
_C2 = "{field1}{cmp1}{amount1}(且|并且|、|,|,同时|,而且|和){field2}{cmp2}{amount2}"
_CS = "{field1}(和|与|、|及|以及){field2}(都|均|全都|同时|){cmp}{amount}"
_THE_MANY = asked(_REGISTERED, ASK_MANY)
_THE_LIST = asked(_REGISTERED, ASK_WHICH)
_MANY_1, _WHICH_1 = with_condition(C1, HOW_MANY), with_condition(C1, WHICH)
_MANY_THERE = placed(_MANY_1) + with_condition(C1, _HOW_MANY_THERE)


def everyone(rng: random.Random, world: World) -> Plan:
    """How many companies the table has in a year."""
    year = year_of(rng, world)
    return Plan({"year": slots.year(rng, year)}, "E", lambda m: statement(["COUNT(*)"], [Names(m).years([year])]))


def filtered(what: str, conditions: int, where: str = "", shared: bool = False) -> Draw:
    """what: "count" or "list"; conditions: thresholds on that many fields (shared: both against one amount)."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, unit = year_of(rng, world), rng.choice(NUMBERS)
        computed = rng.random() < 0.1
        names: list[str] = []
        while len(names) < conditions:
            same = shared or rng.random() < 0.8
            name = ratio(rng, world) if computed else world.column(rng, unit if same else rng.choice(NUMBERS))
            names += [] if name in names else [name]
        given: dict[str, Fill] = {"year": slots.year(rng, year), **places_of(rng, world, where)}
        tests = []
        for i, name in enumerate(names, 1):
            if not (shared and i > 1):
                threshold = slots.amount(rng, schema.unit_of(name) or "money")
                words, said, operator = slots.comparator(rng, threshold)
            given |= {f"field{i}": [slots.said(rng, name)], f"cmp{i}": words, f"amount{i}": said}
            tests.append((name, operator, threshold[0].value))
        given |= {key: given[key + "1"] for key in ("field", "cmp", "amount") if conditions}

        def sql(m: Masked) -> str:
            chosen = ["COUNT(*)"] if what == "count" else ["公司全称", *(Names(m).column(n) for n in names)]
            return statement(
                chosen,
                [
                    Names(m).years([year]),
                    *in_places(m, given),
                    *(f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in tests),
                ],
            )

        return Plan(given, "E", sql)

    return plan


FAMILIES = {
    "count_all": Family(everyone, _EVERYONE),
    "count_place": Family(filtered("count", 0, "place"), _THE_MANY),
    "count_amount": Family(filtered("count", 1), everywhere(_MANY_1)),
    "count_place_amount": Family(filtered("count", 1, "place"), _MANY_THERE),
    "count_place_or": Family(
        filtered("count", 0, "place_or"),
        either(
            (
                "{year}(有多少|有几)家(公司|企业)(在|注册在){place}(注册|)",
                "{year}注册(地|地址)在{place}的(公司|企业)有(多少家|几家)",
                "{year}在{place}注册的(公司|上市公司)(有多少|共有几家|数量)",
                "{place}的上市公司{year}有多少家",
                "{year}位于{place}的(公司|企业)一共(几家|多少家)",
                "统计{year}注册于{place}的公司数量",
            )
        ),
    ),
    "count_place_or_amount": Family(filtered("count", 1, "place_or"), either(_MANY_THERE)),
    "count_two": Family(filtered("count", 2), everywhere(with_condition(_C2, HOW_MANY))),
    "count_place_two": Family(
        filtered("count", 2, "place"), placed(with_condition(_C2, HOW_MANY)) + with_condition(_C2, _HOW_MANY_THERE)
    ),
    "count_shared_two": Family(filtered("count", 2, shared=True), everywhere(with_condition(_CS, HOW_MANY))),
    "list_place": Family(filtered("list", 0, "place"), _THE_LIST),
    "list_place_or": Family(
        filtered("list", 0, "place_or"),
        either(
            (
                "{year}(哪些|有哪些)(公司|企业)(在|注册在){place}(注册|)",
                "{year}注册(地|地址)在{place}的(公司|企业)有(哪些|哪几家)",
                "{year}在{place}注册的(公司|上市公司)(有哪些|是哪些|名单)",
                "列出{year}注册于{place}的公司",
                "{place}的上市公司{year}有哪些",
                "{year}位于{place}的(公司|企业)都有(谁|哪些)",
            )
        ),
    ),
    "list_amount": Family(filtered("list", 1), everywhere(_WHICH_1)),
    "list_place_amount": Family(filtered("list", 1, "place"), placed(_WHICH_1) + with_condition(C1, _WHICH_THERE)),
    "list_two": Family(filtered("list", 2), everywhere(with_condition(_C2, WHICH))),
    "list_place_two": Family(
        filtered("list", 2, "place"), placed(with_condition(_C2, WHICH)) + with_condition(_C2, _WHICH_THERE)
    ),
    "list_shared_two": Family(filtered("list", 2, shared=True), everywhere(with_condition(_CS, WHICH))),
}
