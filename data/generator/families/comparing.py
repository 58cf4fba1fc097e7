"""Named companies against each other."""

from __future__ import annotations

import random

from agent.records import Masked
from data.generator import slots
from data.generator.cores import lines
from data.generator.families.drawing import NUMBERS, Draw, Family, Names, Plan, label_of, statement, year_of
from data.generator.render import Fill, plain
from data.generator.slots import World

_COMPARE = lines("""
{year}{company1}(和|与|跟){company2}的{field}(分别|各)(是|为)多少
{company1}(和|与){company2}{year}的{field}(分别|各)是多少
{company1}、{company2}{year}{field}(分别|各)是多少
在{year},{company1}和{company2}的{field}各是多少
{company1}及{company2}在{year}的{field}(分别|各)有多少
对比{year}{company1}与{company2}的{field}
比较一下{company1}和{company2}{year}的{field}
{year}{company1}的{field}是多少,{company2}呢
{company1}{year}的{field}是多少?{company2}的呢
列出{company1}和{company2}两家{year}的{field}
{field}:{company1}、{company2},{year}
{year}两家公司{company1}、{company2}的{field}
{company1}和{company2},{year}{field}
{company1}{year}的{field}以及{company2}的{field}分别是多少
把{company1}、{company2}{year}的{field}都给我
根据{year}年报,{company1}和{company2}的{field}分别是多少
看看{year}{company1}跟{company2}各自的{field}
{field}这一项,{year}{company1}与{company2}分别是多少
""")
_COMPARE_WHICH = lines("""
{year}{company1}(和|与|跟){company2}(谁|哪家|哪个)的{field}更{high}
{company1}和{company2}{year}(谁|哪家|哪个)的{field}(更|){high}
{company1}与{company2}相比,{year}(谁|哪家)的{field}更{high}
{year}{field}更{high}的是{company1}还是{company2}
{company1}、{company2}两家公司{year}谁的{field}{high}一些
{company1}和{company2}比,{year}哪家{field}更{high}
比比{company1}和{company2},{year}哪个{field}{high}
{year}是{company1}的{field}{high}还是{company2}的{high}
{company1}跟{company2}在{year}的{field}哪个更{high}
{year}{company1}与{company2}的{field}孰{high}
{company1}还是{company2},{year}谁{field}更{high}
在{year},{company1}和{company2}当中,{field}更{high}的是哪家
{field}上,{year}{company1}和{company2}谁更{high}
{year}{company1}和{company2}这两家,{field}{high}的是哪一家
从{year}年报看,{company1}与{company2}谁的{field}更{high}
{company1}、{company2},{year}{field}谁更{high}
论{field},{year}{company1}{high}还是{company2}{high}
找出{company1}和{company2}中{year}{field}更{high}的那家
""")
_DIFFERENCE = lines("""
{year}{company1}(和|与|跟){company2}的{field}(相差|差|差了)多少(元|)
{company1}和{company2}{year}的{field}(相差|差距是|差额是)多少
{company1}{year}的{field}比{company2}(多|少|高|低)(了|)多少(元|)
{year}{company1}的{field}比{company2}(多|高|少|低)多少
{company1}与{company2}相比,{year}{field}(差多少|相差多少|多多少|少多少)
{field}上,{company1}{year}比{company2}(高出|低)多少
{company1}、{company2}{year}{field}之差(是多少|)
在{year},{company1}的{field}(超过|超出)(了|){company2}多少
{year}{company1}和{company2}两家的{field}差额
算一下{year}{company1}与{company2}{field}的差
{company1}{year}{field}比{company2}{field}多多少
{company1}跟{company2}在{year}的{field}差距(有多大|是多少)
{company1}比{company2}{year}的{field}多出多少
比较{company1}和{company2}{year}的{field},差多少
{year},{company1}和{company2}的{field}相差几何
{company1}的{field}{year}领先{company2}多少
""")
_COMPARE_MANY = lines("""
{year}{companies}的{field}(分别|各)(是|为)多少
{companies}{year}的{field}(分别|各)是多少
{companies}{year}{field}
在{year},{companies}的{field}各是多少
对比{year}{companies}的{field}
比较一下{companies}{year}的{field}
列出{companies}{year}的{field}
{field}:{companies},{year}
{companies}这几家{year}的{field}
把{companies}{year}的{field}都给我
根据{year}年报,{companies}的{field}分别是多少
{field}这一项,{year}{companies}分别是多少
{companies}几家公司{year}的{field}各有多少
""")
_COMPARE_MANY_WHICH = lines("""
{year}{companies}(谁|哪家|哪个)的{field}最{high}
{companies}{year}(谁|哪家|哪个)的{field}最{high}
{companies}相比,{year}(谁|哪家)的{field}最{high}
{companies}当中,{year}{field}最{high}的是(谁|哪家)
{companies}几家里{year}谁的{field}最{high}
比比{companies},{year}哪个{field}最{high}
在{year},{companies}中{field}最{high}的是哪家
{companies},{year}{field}谁最{high}
论{field},{year}{companies}谁最{high}
{year}{field}最{high}的是{companies}中的哪家
找出{companies}中{year}{field}最{high}的那家
{companies}{year}按{field}排一下
""")


def two_companies(which: bool) -> Draw:
    """Both figures; with `which` the larger (smaller) first."""

    def plan(rng: random.Random, world: World) -> Plan:
        one, two, year, name = world.company(rng), world.company(rng), year_of(rng, world), world.column(rng, *NUMBERS)
        direction = rng.choice(("DESC", "DESC", "ASC")) if which else "DESC"
        given = {
            "company1": one,
            "company2": two,
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "best": plain(rng.choice(slots.HIGH[direction])),
            "high": plain(rng.choice(slots.HIGH[direction])),
        }

        def sql(m: Masked) -> str:
            both = sorted(Names(m).company(c[0].value) for c in (one, two))
            column = Names(m).column(name)
            return statement(
                ["公司全称", column],
                [f"公司全称 IN ({','.join(both)})", Names(m).years([year])],
                f" ORDER BY {column} {direction}" if which else "",
            )

        return Plan(given, "E" if which else label_of([name]), sql)

    return plan


def companies(count: int, which: bool = False, label: str = "", units: tuple[str, ...] = NUMBERS) -> Draw:
    """`count` companies' figures; `which`: sorted, the asked one first."""

    def plan(rng: random.Random, world: World) -> Plan:
        drawn = [world.company(rng) for _ in range(count)]
        while len({company[0].value for company in drawn}) < count:
            drawn = [world.company(rng) for _ in range(count)]
        year, name = year_of(rng, world), world.column(rng, *units)
        direction = rng.choice(("DESC", "DESC", "ASC"))
        given: dict[str, Fill] = {
            "companies": slots.listed(rng, [company[0] for company in drawn]),
            "company1": drawn[0],
            "company2": drawn[1],
            "year": slots.year(rng, year),
            "field": [slots.said(rng, name)],
            "high": plain(rng.choice(slots.HIGH[direction])),
        }

        def sql(m: Masked) -> str:
            all_of_them = ",".join(sorted(Names(m).company(company[0].value) for company in drawn))
            column = Names(m).column(name)
            return statement(
                ["公司全称", column],
                [f"公司全称 IN ({all_of_them})", Names(m).years([year])],
                f" ORDER BY {column} {direction}" if which else "",
            )

        return Plan(given, label or ("E" if which else label_of([name])), sql)

    return plan


FAMILIES = {
    "compare": Family(two_companies(False), _COMPARE),
    "compare_which": Family(two_companies(True), _COMPARE_WHICH),
    "difference": Family(companies(2, label="D"), _DIFFERENCE),
    "compare_many": Family(companies(3), _COMPARE_MANY),
    "compare_many_which": Family(companies(3, which=True), _COMPARE_MANY_WHICH),
    "compare_text": Family(companies(2, units=("text",)), tuple(t.replace("多少", "什么") for t in _COMPARE_MANY)),
}
