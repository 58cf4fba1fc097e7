"""One field of one company over several years: each figure, their sum or average."""

from __future__ import annotations

import random
from collections.abc import Callable

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
    text_column,
)
from data.generator.render import Fill
from data.generator.slots import World

_OVER_YEARS = lines("""
{company}{years}(的|){field}(分别|各)(是|为)<ask>
{company}(的|){field}在{years}(分别|各)(是|为)<ask>
{years}{company}的{field}(分别|各)是<ask>
在{years},{company}的{field}分别(是|为)<ask>
{company}在{years}的{field}(分别|各自)是<ask>
{company}{years}{field}
{years}{company}{field}
{company} {years} {field}
{company},{field},{years}
{company}的{field}:{years}
{company}{years}每年的{field}(是|为)<ask>
{company}{years},各年的{field}是<ask>
{years}这几年,{company}的{field}(分别|各)是<ask>
{company}{field}{years}逐年是<ask>
列出{company}{years}(各年|)的{field}
把{company}{years}的{field}都列出来
根据年报,{company}{years}的{field}分别是<ask>
{company}{years}(年报|年度报告)(中|里)的{field}分别是<ask>
{field}这一项,{company}{years}分别是<ask>
{company}于{years}披露的{field}分别(是|为)<ask>
{company}{years}期间,{field}每年(是|为)<ask>
对照看看{company}{years}的{field}
{company}{years}里,{field}都是<ask>
从{years}的年报看,{company}的{field}各是<ask>
""")
_SUM_COMPANY = lines("""
{company}{years}(的|){field}加起来(是|一共|)多少(元|)
{company}{years}的{field}(一共|总共)(是|有)多少(元|)
{company}{years}的{field}(之和|总和)(是|为)多少(元|)
{years}{company}的{field}的合计(是|为)多少(元|)
{company}在{years}累计的{field}(是|有)多少
把{company}{years}的{field}加在一起是多少
求{company}{years}{field}之和
{years}{company}一共有多少{field}
{years}这几年,{company}的{field}合起来是多少
{company}{field},{years}加总
{company}{years}合计的{field}是多少(元|)
将{company}{years}的{field}相加,等于多少
{company}的{field}在{years}总共(是|有)多少
几年合计,{company}{years}的{field}是多少
在{years},{company}的{field}累计(是|为)多少(元|)
算算{company}{years}{field}的总和
{company}{field}{years}累加是多少
""")
_AVERAGE_COMPANY = lines("""
{company}{years}(的|){field}(的|)(平均值|均值|平均数)(是|为)多少(元|)
{company}{years}平均每年的{field}是多少(元|)
{years}{company}的{field}平均(是|为|有)多少
{company}的{field}在{years}的平均值是多少
求{company}{years}{field}的平均值
{company}{years}的年均{field}(是|为)多少
{company}在{years}的{field}平均下来是多少
{years}这几年,{company}{field}平均多少
{company}{years}{field}平均一年多少
{years},{company}的{field}均值是多少
{company}{field},{years}取平均
算一下{company}{years}{field}的均值
平均来看,{company}{years}每年{field}有多少
{company}{years}几年平均的{field}是多少(元|)
在{years}期间,{company}的{field}平均每年(是|为)多少
把{company}{years}的{field}平均一下是多少
{company}{field}{years}年平均值
""")


def _over_years(ask: str) -> tuple[str, ...]:
    """Wordings for one field over several years; `ask`: how the figure is asked for."""
    # 为什么 asks for a reason, 为多少 does not
    verb = "是" if ask == "什么" else "(是|为)"
    return tuple(line.replace("(是|为)<ask>", verb + ask).replace("<ask>", ask) for line in _OVER_YEARS)


def over_years(
    column: Callable[[random.Random, World], str],
    last: bool = False,
    aggregate: str = "",
    label: str = "",
    with_tail: bool = False,
) -> Draw:
    """One company and field over several years: each year's figure, or `aggregate` of them."""

    def plan(rng: random.Random, world: World) -> Plan:
        company, name = world.company(rng), column(rng, world)
        given: dict[str, Fill] = {"company": company, "field": [slots.said(rng, name)]}
        if last:
            year = rng.choice([y for y in world.years if y > 2018])
            values = [year - 1, year]
            given |= {"year": slots.year(rng, year), "last": slots.last_year(rng, year)}
        else:
            values = several_years(rng, world)
            given["years"] = slots.years(rng, values)
        if with_tail:
            given["tail"] = slots.tail(rng)

        def sql(m: Masked) -> str:
            what = [f"{aggregate}({Names(m).column(name)})"] if aggregate else ["年份", Names(m).column(name)]
            return statement(what, [f"公司全称={Names(m).company(company[0].value)}", Names(m).years(values)])

        return Plan(given, label or label_of([name]), sql)

    return plan


FAMILIES = {
    "field_years": Family(over_years(lambda r, w: w.column(r, "money")), _over_years("多少(元|)")),
    "field_years_count": Family(over_years(lambda r, w: w.column(r, "count")), _over_years("多少(人|)")),
    "field_years_text": Family(over_years(text_column), _over_years("什么")),
    "ratio_years": Family(over_years(ratio, with_tail=True), tuple(line + "{tail}" for line in _over_years("多少"))),
    "sum_company_years": Family(
        over_years(lambda r, w: w.column(r, "money"), aggregate="SUM", label="E"), _SUM_COMPANY
    ),
    "average_company_years": Family(
        over_years(lambda r, w: w.column(r, "money"), aggregate="AVG", label="E"), _AVERAGE_COMPANY
    ),
}
