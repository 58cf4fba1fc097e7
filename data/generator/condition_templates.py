"""Wordings of questions with conditions beyond one threshold: ranges, OR, NOT, several years. The marks are explained in wording.py."""

from __future__ import annotations

from data.generator.table_templates import C1, HOW_MANY, WHICH
from data.generator.wording import either, everywhere, lines, placed, with_condition

_RANGE = "{field}(在|介于|处于|){amount1}(到|至|和|与|-|~){amount2}之间"
_RANGE_TO = "{field}(在|从|为|){amount1}(到|至|-|~){amount2}"
_OR = "{field1}{cmp1}{amount1}(或|或者|或是){field2}{cmp2}{amount2}"
_OUTSIDE = lines("""
{year}(注册地|注册地址|注册地点)(不在|不是|不为){place}的(公司|上市公司|企业)<ask>
{year}不在{place}注册的(公司|上市公司|企业)<ask>
{year}没有(注册在|在){place}(注册|)的(公司|企业)<ask>
{year},注册(地|地址)不在{place}的(公司|上市公司)<ask>
不在{place}注册的(公司|企业)在{year}<ask>
{year}注册地在{place}以外的(公司|上市公司)<ask>
{year}除{place}以外的(公司|上市公司)<ask>
{year}不属于{place}的(公司|上市公司)<ask>
{year}非{place}的(公司|上市公司|企业)<ask>
注册地不是{place}的公司{year}<ask>
按{year}的年报,注册地址不在{place}的(公司|企业)<ask>
{year}<first>(公司|企业)不在{place}注册
{year}<first>(公司|企业)的注册地不在{place}
""")
_NOT_HERE = lines("""
不在{place}注册的(公司|企业)(中|里),
注册(地|地址)不在{place}的(公司|上市公司)(中|里),
除{place}以外的(公司|上市公司)(中|里),
注册地不是{place}的(公司|企业)里,
非{place}的(公司|上市公司)中,
""")
_OFFICE = lines("""
{year}办公(地|地址|地点)(在|是|为|位于){place}的(公司|上市公司|企业)<ask>
{year}在{place}办公的(公司|上市公司|企业)<ask>
办公(地|地址)在{place}的(公司|企业)在{year}<ask>
{year}办公所在地(在|为){place}的(公司|企业)<ask>
{year}<first>(公司|企业)(是|)在{place}办公(的|)
{year}<first>(公司|企业)的办公(地|地址)在{place}
按{year}的数据,办公地点在{place}的(公司|企业)<ask>
在{year},办公地址位于{place}的<ask>
{year}把办公地点设在{place}的(公司|企业)<ask>
""")
_ASK_MANY = ("(有|共有|一共有)(多少家|几家)", "有(多少家|几家)")
_ASK_WHICH = ("(有|都有|是)(哪些|哪几家)", "(有哪些|哪些|哪几家)")


def _asked(cores: tuple[str, ...], ask: tuple[str, str]) -> tuple[str, ...]:
    return tuple(core.replace("<ask>", ask[0]).replace("<first>", ask[1]) for core in cores)


_AMONG = "{condition}"  # {field} is what is ranked or averaged
_RANKED = lines("""
{year}<c>的(公司|上市公司|企业)(中|里|当中),{field}{best}的前{top}家(是哪些|有哪些|分别是)
在{year}<c>的(公司|企业)(中|里),{field}{best}的{top}家(是谁|有哪些)
{year},<c>的公司按{field}排,{best}的前{top}家是(谁|哪些)
{year}<c>的公司里{field}{best}的前{top}名
<c>的(公司|企业)中,{year}{field}{best}的前{top}家是哪些
{year}哪{top}家<c>的公司{field}{best}
列出{year}<c>的公司中{field}{best}的前{top}家
{year}满足<c>的公司,{field}{best}的前{top}家
先选{year}<c>的公司,再找{field}{best}的前{top}家
从{year}<c>的企业里挑{field}{best}的{top}家
""")
_RANKED_BEST = lines("""
{year}<c>的(公司|上市公司|企业)(中|里|当中),{field}{best}的是(哪家|谁)
在{year}<c>的(公司|企业)(中|里),(哪家|谁)的{field}{best}
{year},<c>的公司里(哪家|谁){field}{best}
<c>的(公司|企业)中,{year}{field}{best}的(公司|)是哪家
{year}哪家<c>的公司{field}{best}
找出{year}<c>的公司中{field}{best}的那家
{year}满足<c>的公司,{field}{best}的是谁
从{year}<c>的企业里找{field}{best}的
""")
_AGGREGATED = lines("""
{year}<c>的(公司|上市公司|企业)(的|){field}<of>(是|为)多少
{year}<c>的(公司|企业),{field}<of>是多少
<c>的公司{year}{field}的<of>(是多少|)
{year},<c>的公司{field}<of>有多少
求{year}<c>的公司{field}的<of>
计算{year}<c>的企业的{field}<of>
在{year},<c>的公司,它们的{field}<of>是多少
{year}满足<c>的公司{field}<of>
""")
_AVERAGE_OF = "(平均值|均值|平均)"
_SUM_OF = "(总和|合计|之和|总额)"
# Over several years.
_TOTALLED = lines("""
{years}@{field}<of>{best}的前{top}家#(公司|上市公司|企业)(是哪些|有哪些|分别是|)
{years}@<of>{field}{best}的{top}家#(公司|企业)(是哪些|分别是|)
@哪{top}家#公司{years}的{field}<of>{best}
按{years}{field}<of>排,@{best}的前{top}家是(谁|哪些)
{years}@(各公司|)的{field}<of>,{best}的前{top}家(是谁|是哪些|)
@{field}{years}<of>{best}的前{top}家#公司
列出{years}{field}<of>{best}的前{top}家#公司
{years}这几年@{field}<of>{best}的前{top}名
{years}@<of>下来{field}{best}的前{top}家#企业
把{years}的{field}<of>起来,@{best}的前{top}家(是哪些|)
""")
_TOTALLED_BEST = lines("""
{years}@{field}<of>{best}的#(公司|上市公司|企业)是(哪家|谁)
{years}@哪家#公司的{field}<of>{best}
@哪家#公司{years}(的|)<of>{field}{best}
{years}@谁的{field}<of>{best}
{years}这几年@{field}<of>{best}的是(谁|哪家)
按{years}{field}<of>看,@哪家#公司{best}
{years}@<of>{field}{best}的#公司是哪家
找出{years}@{field}<of>{best}的公司
""")
_TOTAL_OF = "(累计|合计|总和|加起来|总计|一共)"
_MEAN_OF = "(平均|年均|平均值|均值)"
_EVERY = lines("""
{years}{field}(每年|年年|各年|)(都|均){cmp}{amount}的(公司|上市公司|企业)(有哪些|是哪些|)
{years}(哪些|哪几家)(公司|上市公司)(的|){field}(每年|年年|各年|)(都|均){cmp}{amount}
(哪些|有哪些)公司{years}{field}(每年|年年|一直)(都|){cmp}{amount}
{years}连续{field}{cmp}{amount}的(公司|企业)(有哪些|)
列出{years}每年{field}都{cmp}{amount}的公司
{field}在{years}(都|均){cmp}{amount}的公司(有哪些|有几家|有多少家)
{years}(有多少|有几)家公司{field}(每年|年年)都{cmp}{amount}
{years}这几年,{field}始终{cmp}{amount}的(公司|上市公司)
{years}各年{field}全都{cmp}{amount}的企业有(哪些|几家)
在{years}中,每一年{field}都{cmp}{amount}的公司(是哪些|)
{years}期间{field}一直{cmp}{amount}的公司
{years}{field}{cmp}{amount}年年如此的公司有哪些
""")
_SOME = lines("""
{years}(曾经|曾|曾有)(有|){field}{cmp}{amount}的(公司|企业)(有哪些|有几家|)
{years}(任意|任何|至少|其中)(有|)一年{field}{cmp}{amount}的公司(有哪些|有几家|)
{years}哪些公司(曾|曾经)(有一年|){field}{cmp}{amount}
{years}有哪些公司{field}至少有一年{cmp}{amount}
列出{years}中任何一年{field}{cmp}{amount}的公司
{years}里{field}有过{cmp}{amount}的公司(是哪些|)
{years}只要有一年{field}{cmp}{amount}的公司有(哪些|多少家)
{years}(有多少|有几)家公司{field}曾{cmp}{amount}
{years}期间{field}哪怕有一年{cmp}{amount}的企业
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
_COUNT_YEARS = lines("""
{years}(每年|各年|)<c>的(公司|上市公司|企业)(分别|各)(有|是)(多少家|几家)
{years}<c>的(公司|企业)每年(有|是)(多少家|几家)
{years}各年分别有(多少家|几家)公司<c>
分年统计{years}<c>的公司(数量|家数)
{years}<c>的公司数量(分别|各)是多少
逐年看{years}<c>的(公司|企业)有几家
{years}<c>的公司逐年(有多少家|数量)
{years}里,每一年<c>的公司各有几家
""")


def _of(cores: tuple[str, ...], words: str) -> tuple[str, ...]:
    return tuple(core.replace("<of>", words) for core in cores)


CONDITION_TEMPLATES: dict[str, tuple[str, ...]] = {
    "count_range": everywhere(with_condition(_RANGE, HOW_MANY)),
    "count_range_to": everywhere(with_condition(_RANGE_TO, HOW_MANY[:8])),
    "list_range": everywhere(with_condition(_RANGE, WHICH)),
    "count_place_range": placed(with_condition(_RANGE, HOW_MANY[:9])),
    "count_either": everywhere(with_condition(_OR, HOW_MANY)),
    "list_either": everywhere(with_condition(_OR, WHICH)),
    "count_three": everywhere(with_condition(_AMONG, HOW_MANY)),
    "list_three": everywhere(with_condition(_AMONG, WHICH)),
    "count_outside": _asked(_OUTSIDE, _ASK_MANY),
    "list_outside": _asked(_OUTSIDE, _ASK_WHICH),
    "count_outside_amount": tuple(
        here + core for here, core in zip(_NOT_HERE * 4, everywhere(with_condition(C1, HOW_MANY)))
    ),
    "count_office": _asked(_OFFICE, _ASK_MANY),
    "list_office": _asked(_OFFICE, _ASK_WHICH),
    "list_place_or": either(
        (
            "{year}(哪些|有哪些)(公司|企业)(在|注册在){place}(注册|)",
            "{year}注册(地|地址)在{place}的(公司|企业)有(哪些|哪几家)",
            "{year}在{place}注册的(公司|上市公司)(有哪些|是哪些|名单)",
            "列出{year}注册于{place}的公司",
            "{place}的上市公司{year}有哪些",
            "{year}位于{place}的(公司|企业)都有(谁|哪些)",
        )
    ),
    "count_place_or": either(
        (
            "{year}(有多少|有几)家(公司|企业)(在|注册在){place}(注册|)",
            "{year}注册(地|地址)在{place}的(公司|企业)有(多少家|几家)",
            "{year}在{place}注册的(公司|上市公司)(有多少|共有几家|数量)",
            "{place}的上市公司{year}有多少家",
            "{year}位于{place}的(公司|企业)一共(几家|多少家)",
            "统计{year}注册于{place}的公司数量",
        )
    ),
    "ranking_amount": with_condition(_AMONG, _RANKED),
    "best_amount": with_condition(_AMONG, _RANKED_BEST),
    "average_amount": _of(with_condition(_AMONG, _AGGREGATED), _AVERAGE_OF),
    "sum_amount": _of(with_condition(_AMONG, _AGGREGATED), _SUM_OF),
    "top_total": everywhere(_of(_TOTALLED, _TOTAL_OF)),
    "top_total_place": placed(_of(_TOTALLED, _TOTAL_OF)),
    "best_total": everywhere(_of(_TOTALLED_BEST, _TOTAL_OF)),
    "top_mean": everywhere(_of(_TOTALLED, _MEAN_OF)),
    "best_mean": everywhere(_of(_TOTALLED_BEST, _MEAN_OF)),
    "every_year_amount": _EVERY,
    "some_year_amount": _SOME,
    "union": _UNION,
    "count_years_amount": with_condition(C1, _COUNT_YEARS),
}
