"""Wordings of the questions about one company, or two."""

from __future__ import annotations

from data.generator.wording import lines

_MONEY = lines("""
{company}{year}(的|){field}(是|有|)多少(元|钱)
{year}{company}(的|){field}(是|为)多少(元|)
{company}在{year}的{field}(是|为)多少(元|)
{company}{field}{year}是多少(元|)
{company}的{field}在{year}是多少(元|)
在{year},{company}的{field}(是|为)多少(元|)
{year},{company}的{field}是多少(元|)
{year}里{company}的{field}有多少(元|)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{field},{company}{year}
{company}{year}(年报|年度报告|财报)(中|里|上)的{field}是多少(元|)
根据{company}{year}(的|)(年报|年度报告|财务报告),{field}(是|为)多少(元|)
根据{year}(的|)年报数据,{company}的{field}是多少(元|)
{year}(年报|财报)显示,{company}的{field}是多少(元|)
依据{company}{year}披露的数据,{field}(为|是)多少(元|)
{company}{year}(披露|公布|列示)的{field}是多少(元|)
{company}{year}报告期(内|)的{field}是多少(元|)
{company}于{year}的{field}为多少(元|)
截至{year}末,{company}的{field}(是|为|有)多少(元|)
{company}{year}(末|底)的{field}(是|为)多少(元|)
{company}{year}的{field}达到(了|)多少(元|)
{company}{year}的{field}具体(是|为)多少(元|)
{company}{year}的{field},(数额|具体数额|数字)是多少
{company}{year}有多少{field}
{company}{year}{field}这一项是多少(元|)
{field}这一项,{company}{year}(是|填的是)多少(元|)
把{company}{year}的{field}给我
{company}{year}的{field}到底(是|有)多少(元|钱)
{company}{year}那会儿{field}有多少(钱|元)
{year}的时候,{company}的{field}是多少(元|)
{company}在{year}这一年,{field}是多少(元|)
要{company}{year}的{field}数据
就{year}而言,{company}的{field}是多少(元|)
{year}{company}的{field}金额(是|为)多少(元|)
单说{field},{company}{year}是多少(元|)
根据{company}{year}的年报,请简要介绍报告期内公司的{field}(是多少元|)
从{year}(的|)年报(看|来看),{company}的{field}是多少(元|)
{company}的{year}年报把{field}记为多少(元|)
""")
_TEXT = lines("""
{company}{year}(的|){field}是什么
{year}{company}(的|){field}是什么
{company}在{year}的{field}是什么
{company}的{field}在{year}是什么
在{year},{company}的{field}是什么
{year},{company}的{field}是(什么|啥)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{field},{company}{year}
{company}{year}(年报|年度报告)(中|里|上)的{field}是什么
根据{company}{year}(的|)(年报|年度报告),{field}是什么
根据{year}(的|)年报数据,{company}的{field}是什么
{year}年报(里|中)写的{company}的{field}是什么
{company}{year}(披露|登记|公布|填报)的{field}是什么
{company}{year}用的{field}是(什么|哪个)
{company}{year}的{field}是(啥|哪个)
{company}{year}的{field}怎么写
{year}的时候,{company}的{field}是什么
{company}{year}那时候的{field}是(啥|什么)
{company}在{year}里{field}是什么
把{company}{year}的{field}给我
要{company}{year}的{field}
{company}{year}(的|){field}是谁
{company}{year}(的|){field}在(哪|哪里|哪儿)
{year}{company}的{field}是多少
{company}{year}的{field},年报上填的是什么
{company}{year}的{field}信息
{year}{company}对外公布的{field}
从{year}年报(看|来看),{company}的{field}是什么
就{year}而言,{company}的{field}是什么
根据{company}{year}年报,请简要介绍(一下|)公司的{field}
{field}是什么,要{company}{year}的
我找不到{company}{year}的{field},(能帮忙找找吗|帮我找一下)
""")
_COUNT = lines("""
{company}{year}(的|){field}(是|有|为)多少(人|)
{year}{company}(的|){field}(是|有)多少(人|)
{company}在{year}的{field}(是|为)多少(人|)
{company}{field}{year}是多少(人|)
{company}的{field}在{year}是多少(人|)
在{year},{company}的{field}是多少(人|)
{year},{company}的{field}有(几个|几人|多少人)
{company}{year}{field}
{year}{company}{field}
{company} {year} {field}
{field} {company} {year}
{company},{year},{field}
{company}{year}(年报|年度报告)(中|里|上)的{field}是多少(人|)
根据{company}{year}(的|)(年报|年度报告),{field}(是|为|有)多少(人|)
根据{year}(的|)年报数据,{company}的{field}是多少(人|)
{company}{year}(披露|公布)的{field}是多少(人|)
截至{year}末,{company}的{field}(是|有)多少(人|)
{company}{year}末{field}(有|是)多少(人|名)
{company}{year}(一共|总共)有多少{field}
{year}{company}有多少(名|个){field}
{company}{year}(拥有|有)几个{field}
{company}在{year}这一年有多少{field}
{year}{company}的{field}(规模|)有多大
{year}的时候,{company}的{field}有(几个|多少)
{company}{year}的{field}具体(是|有)多少人
{company}{year}的{field}到底有多少
{company}{year}报告期末{field}是多少人
从{year}年报(看|来看),{company}的{field}有多少(人|)
{field}这一栏,{company}{year}填的是多少(人|)
{year}{company}{field}是什么
把{company}{year}的{field}报给我
要{company}{year}的{field}数据
根据{company}{year}年报,请简要介绍报告期内公司{field}的情况
单说{field},{company}{year}有多少人
""")
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


def _over_years(ask: str) -> tuple[str, ...]:
    """Wordings for one field over several years; `ask`: how the figure is asked for."""
    # 为什么 asks for a reason, 为多少 does not
    verb = "是" if ask == "什么" else "(是|为)"
    return tuple(line.replace("(是|为)<ask>", verb + ask).replace("<ask>", ask) for line in _OVER_YEARS)


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
_SAME = lines("""
{company}{years}(的|){field}(是否|是不是)(都|)(相同|一样|一致)
{company}在{years}的{field}(是否|是不是)(相同|一样)
{years}{company}的{field}(都|)(相同|一样|一致)吗
{company}的{field}在{years}(是否|是不是)(一样|相同)
在{years},{company}的{field}是否(都|)相同
{company}{years}{field}(变了吗|变没变|有没有变|有变化吗)
{company}{years}(有没有|是否)(换过|更换过|变更过|改过){field}
{company}{years}{field}(换了没有|换没换|换了吗)
对比{years},{company}的{field}是否(相同|一致)
比较一下{company}{years}的{field},(是否|是不是)相同
{years}相比,{company}的{field}(相同|一样)吗
{company}{years}的{field}是同一个(吗|不是)
{company}{years}{field}相不相同
{company}的{field}{years}是否(保持不变|没有变化)
{years}{company}的{field}相同(与否|还是不同)
{company}的{field}在{years}期间是否发生(了|)(变更|变化|改变)
看看{company}{years}的{field}是不是同一个
{company}{years}(这几年|)一直是同一个{field}吗
根据年报,{company}{years}的{field}是否(相同|发生变化)
{company}{years}{field}是否相同
{company},{years},{field}有无(变化|变动)
{years}的年报里,{company}的{field}是不是(都一样|没变)
{company}{years}披露的{field}一致(吗|与否)
{company}{years}换{field}了(吗|没)
""")
_SAME_LAST = lines("""
{company}{year}(的|){field}(与|和|同|跟){last}(相比|比较)(是否|是不是)(相同|一样|一致)
{year}{company}(的|){field}(与|和|跟){last}(是否|是不是)(相同|一样)
与{last}相比,{company}{year}的{field}(是否|是不是)(相同|一致)
和{last}比,{company}{year}的{field}(变了吗|变没变|有没有变)
{year},{company}的{field}(与|和){last}(相同|一样)吗
{company}{year}的{field}对比{last}(是否|是不是)相同
{company}{year}相比{last},{field}(有没有变|变没变|是否改变)
{company}{year}{field}跟{last}(一样|相同)(吗|不)
{company}{year}比{last}换{field}了(吗|没有)
{company}{year}的{field}和{last}的(相同|一样|一致)吗
{year}{company}的{field}较{last}是否(有变化|变更|发生变化)
对比{last},{company}{year}的{field}是否相同
{company}的{field},{year}与{last}(是否|是不是)一致
{company}的{field}在{year}是否与{last}(相同|一致)
相比{last},{year}{company}(有没有|是否)(更换|变更)(了|){field}
{company}{year}的{field}还是{last}那个吗
{company}{year}{field}是否同{last}一样
{company}{year}(有没有|是否)换过{field},和{last}比
{company}在{year}的{field}与{last}相比有无(变动|变化)
{year}{company}{field}与{last}相不相同
根据年报,{company}{year}的{field}较{last}变了(没有|吗)
{company}{year}的{field}跟{last}是同一个(吗|不)
看看{company}{year}的{field}和{last}是不是一样
""")
_COMPUTED = lines("""
{company}{year}(的|){field}(是|为|)多少{tail}
{year}{company}(的|){field}(是|为)多少{tail}
{company}在{year}的{field}(是|为)多少{tail}
{company}的{field}在{year}是多少{tail}
在{year},{company}的{field}(是|为)多少{tail}
{year},{company}的{field}是多少{tail}
{company}{year}{field}{tail}
{year}{company}{field}{tail}
{company} {year} {field}{tail}
{field},{company}{year}{tail}
{company}{year}的{field}(等于|达到)多少{tail}
{company}{year}的{field}(具体|)是多少{tail}
根据{year}(的|)(年报|财报)(数据|),{company}的{field}(是|为)多少{tail}
根据{company}{year}(的|)(年报|年度报告),{field}(是|为)多少{tail}
从{year}年报(看|来看),{company}的{field}是多少{tail}
计算(一下|){company}{year}的{field}{tail}
算一下{year}{company}的{field}{tail}
求{company}{year}的{field}{tail}
{company}{year}{field}(有多高|有多大|几何){tail}
{company}{year}的{field},(数值|结果|算出来)是多少{tail}
{year}里,{company}的{field}是多少{tail}
{company}在{year}这一年的{field}是多少{tail}
{company}{year}{field}是什么{tail}
根据{company}{year}年报,请简要介绍报告期内公司{field}的情况{tail}
{company}{year}报告期的{field}为多少{tail}
把{company}{year}的{field}算出来{tail}
按{year}的数据,{company}{field}应该是多少{tail}
要{company}{year}的{field}{tail}
""")
_GROWTH = (
    *_COMPUTED,
    *lines("""
{company}{year}的{field}是(百分之多少|百分之几){tail}
"""),
)
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
COMPANY_TEMPLATES: dict[str, tuple[str, ...]] = {
    "field": _MONEY,
    "field_text": _TEXT,
    "field_count": _COUNT,
    "fields": _FIELDS,
    "field_years": _over_years("多少(元|)"),
    "field_years_count": _over_years("多少(人|)"),
    "field_years_text": _over_years("什么"),
    "same": _SAME,
    "same_last": _SAME_LAST,
    "ratio": _COMPUTED,
    "growth": _GROWTH,
    "change": _COMPUTED,
    "ratio_years": tuple(line + "{tail}" for line in _over_years("多少")),
    "growth_words": _GROWTH_WORDS,
    "compare": _COMPARE,
    "compare_which": _COMPARE_WHICH,
    "sum_company_years": _SUM_COMPANY,
    "average_company_years": _AVERAGE_COMPANY,
}
