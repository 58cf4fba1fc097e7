"""Wordings of changes between years and differences between companies. The marks in a core are explained in wording.py."""

from __future__ import annotations

from data.generator.wording import lines

# 2021年比2019年: both years are named, both figures are fetched, the difference is taken afterwards.
_CHANGE_YEARS = lines("""
{company}{year}(的|){field}比{last}(增加|增长|多|上升)(了|)多少(元|钱|)
{company}{year}(的|){field}(较|相比|相对){last}(增加|增长|变化|变动)(了|)多少(元|)
{company}的{field}{year}比{last}(减少|下降|少|降低)了多少(元|)
{year}{company}{field}比{last}(多|少)(了|)多少
与{last}相比,{company}{year}的{field}(增加|减少|变化|变动)了多少(元|)
相比{last},{company}{year}{field}(增加|减少|增减)了多少
{company}{field}从{last}到{year}(增加|变化|变动|减少)了多少
{company}{year}的{field}(和|跟|与){last}(相差|差|差了)多少
{company}{last}到{year},{field}(涨|降|增|减)了多少
{year}{company}{field}较{last}的(变化额|变动额|差额|增减额)(是多少|)
{company}的{field},{year}和{last}之间(差多少|相差多少|差额是多少)
算一下{company}{year}比{last}{field}多了多少
从{last}到{year},{company}的{field}(变化|增长|减少)了多少(元|)
{company}{year}与{last}的{field}之差(是多少|)
{year}比{last},{company}的{field}(多|少)出多少
{company}{year}比起{last},{field}(增|减)了多少
和{last}比,{company}{year}{field}(涨了|跌了|变了)多少
{company}{year}{field}比{last}是(增加|减少)了多少还是没变
拿{company}{year}的{field}和{last}的比,差多少
根据年报,{company}{year}{field}比{last}(增加|减少)多少(元|)
{company}{last}和{year}的{field}(相差|差距)(是|有|)多少
{company}在{year}的{field}比在{last}(高|低)了多少
""")
# Only one year is named: the year before is understood.
_CHANGE_WORDS = lines("""
{company}{year}(的|){field}同比(增加|减少|增长|变动)(了|)多少(元|)
{company}{year}{field}同比(多|少)了多少(钱|元|)
{year}{company}的{field}同比(增加额|增减额|变动额|变化额)(是多少|)
{company}{year}{field}的同比增量(是多少|)
{year}{company}{field}同比(涨|降)了多少(元|钱)
{company}{year}的{field}同比变化了多少元
{company}{year},{field}的(增加|增长)金额是多少
{year},{company}的{field}同比多出多少
{company}{year}{field}同比增加了多少(元|),不要百分比
{company}在{year}的{field}同比变动金额(是多少|)
{company}{year}{field}的年增长量是多少
{year}{company}的{field}同比增长了多少元
计算{company}{year}{field}的同比变动额
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
_BEST_YEAR = lines("""
{company}{years}(哪一年|哪年)(的|){field}{best}
{company}{field}{best}的是{years}(中|里|)(的|)(哪一年|哪年)
{years}{company}(哪一年|哪年|哪个年度)的{field}{best}
{years}中,{company}{field}{best}的年份是(哪年|哪一年|)
{company}在{years}里,{field}{best}的是哪一年
{company}{years}{field}{best}的一年是(哪年|)
{company}的{field}在{years}哪年{best}
{years}这几年,{company}的{field}哪年{best}
{company}{years}期间{field}{best}是在哪一年
{company}{field}{years}哪一年达到{best}
{years}里{company}{field}{best}的那一年是哪年,是多少
看{company}{years}的{field},哪年{best}
从{years}年报看,{company}哪一年{field}{best}
{company}{years}{field}{best}的年度
{company}在{years}当中{field}在哪一年{best}
""")
_CHANGE_WORDS += lines("""
{company}{year}{field}同比是多了还是少了,差多少
{year}{company}{field}同比净增(多少|加多少)
{company}{year}{field}增加了多少元
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
_BY_CODE = lines("""
{year}(股票代码|证券代码|代码)(为|是){company}的(公司|企业)(是哪家|是谁|叫什么|全称是什么)
{year}{company}是(哪家|什么|哪个)公司
{year}{company}(对应|代表)(的是|)哪家公司
{year}{company}这个代码是哪家公司
{year}{company}的公司(全称|名称)是什么
代码{company}在{year}是哪家
{year}股票代码{company}
""")
CHANGE_TEMPLATES: dict[str, tuple[str, ...]] = {
    "change_years": _CHANGE_YEARS,
    "change_words": _CHANGE_WORDS,
    "difference": _DIFFERENCE,
    "compare_many": _COMPARE_MANY,
    "compare_many_which": _COMPARE_MANY_WHICH,
    "best_year": _BEST_YEAR,
    "compare_text": tuple(t.replace("多少", "什么") for t in _COMPARE_MANY),
    "compare_fields": _FIELDS_COMPANIES,
    "fields_years": _FIELDS_YEARS,
    "growing_top": _GROWING_TOP,
    "growing_best": _GROWING_BEST,
    "growing_count": _GROWING_MANY,
    "growing_list": _GROWING_WHICH,
    "by_code": _BY_CODE,
}
