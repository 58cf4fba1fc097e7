"""Wordings of the structured families: text with {slots} and (a|b|c) alternatives. Which slots a family has is in families.py.

Politeness, closing words, punctuation and slips of the pen are added elsewhere. Our own sentences; add wordings freely, the split follows by itself.
"""

from __future__ import annotations

POLITE = (
    "请问", "请问一下", "请问,", "我想知道", "想知道", "我想了解一下", "想了解", "想问下", "想问一下,", "麻烦查一下", "麻烦帮我查查", "帮我查一下", "帮忙查查", "帮我看看", "帮看下", "查一下", "查查",
    "查询", "查询一下", "请查询", "请帮我查询一下", "请告诉我", "告诉我", "能告诉我", "能不能告诉我", "能否告诉我", "能否查一下", "请提供", "请给出", "给出", "给我", "请列出", "根据年报数据,", "根据年报,",
    "根据年度报告,", "从年报来看,", "按照年报披露,", "你好,", "您好,请问", "你好,我想问", "劳驾,", "我需要知道", "我在做研究,需要", "方便的话告诉我", "诶,", "那个,", "求问", "问一下", "问下", "请计算", "请统计", "统计一下", "在年报中,",
)
CLOSING = ("谢谢", "谢谢!", "多谢", "请给出具体数字", "请直接回答", "请简要回答", "麻烦了", "急", "在线等", "请按年报回答", "请给出答案", "感谢", "辛苦了", "我需要准确的数字", "尽快回复")

_MONEY = (
    "{year}{company}(的|){field}(是|为|)多少(元|)", "{company}{year}(的|){field}(是|为|)多少(元|)", "{company}(在|){year}(的|){field}(具体|)是多少(元|)", "{company}(在|于){year}的{field}(是|为)(多少|多少元)",
    "{company}的{field}在{year}是多少(元|)", "在{year},{company}的{field}(是|为)多少(元|)", "{year},{company}{field}多少(钱|元|)", "{company}{year}{field}", "{year}{company}{field}",
    "{field} {company} {year}", "{company}{year}{field}有多少(钱|)", "{company}{year}的{field}(达到|达到了)多少(元|)", "{company}{year}(年报|财报|年度报告)(中|里|)(的|){field}是多少(元|)",
    "根据{company}{year}(的|)(年报|年度报告),(该公司|公司|)(的|){field}(是|为)多少(元|)", "{year}的(年报|财报)(中|里|),{company}的{field}是多少(元|)", "根据{year}(的|)年报数据,{company}的{field}是多少元",
    "{company}{year}{field}金额(是|为|)多少", "{year}{company}(的|){field}金额(是|)多少元", "{company}(公司|)在{year}(里|中|)的{field}有多少", "{year}的时候{company}的{field}是多少", "{company},{year},{field}",
    "{company}{year}报告期(内|)的{field}是多少(元|)", "截至{year}末,{company}的{field}是多少(元|)", "{company}{year}末(的|){field}(是|为)多少", "{field}方面,{company}{year}是多少",
    "{company}在{year}这一年{field}是多少(元|)", "{company}{year}{field}的(数值|数额|具体数值|金额)(是|为)多少", "{year}{company}{field}的(值|数额|总额)(是|为)多少(元|)",
    "根据{company}{year}(的|)年报,请简要介绍(报告期内|)公司(的|){field}(的情况|)", "请简要介绍{company}{year}{field}的情况", "{company}{year}{field}的情况(如何|)", "{year}{company}的{field}(是啥|几何|咋样|多少呀)",
    "{company}{year}总共有多少{field}", "{company}{year}报了多少{field}", "说说{company}{year}的{field}", "{year}{company}账上的{field}", "{company}{year}那年{field}多少",
)
_TEXT = (
    "{year}{company}(的|){field}(是|为)(什么|)", "{company}{year}(的|){field}是(什么|啥|哪个)", "{company}(在|){year}的{field}是什么", "{company}的{field}在{year}是什么", "在{year},{company}的{field}是(什么|)",
    "{company}{year}{field}", "{year}{company}{field}", "{field} {company} {year}", "{year}{company}的{field}", "{company}{year}年报(中|里|上)(的|){field}(是|写的是)什么",
    "根据{company}{year}(的|)(年报|年度报告),(公司|该公司)(的|){field}是什么", "{year}的年报(中|里),{company}的{field}是什么", "{company}{year}披露的{field}(是|是什么)", "{company}在{year}的{field}是(谁|哪位|哪里|何处|多少)",
    "{year}{company}的{field}(是谁|在哪里|在哪儿|是哪里|是多少)", "{company}(公司|){year}{field}(是谁|在哪|是哪里|是啥)", "{company},{year},{field}", "{year}的时候{company}的{field}是什么", "{company}那时({year})的{field}是什么",
    "{company}{year}用的{field}是什么", "根据{year}年报数据,{company}的{field}是什么", "{company}{year}登记的{field}(是什么|)", "{year}{company}对外公布的{field}", "{company}{year}的{field}叫什么", "怎么找{company}{year}的{field}",
    "根据{company}{year}年报,请简要介绍公司的{field}", "{company}在{year}(里|中|)的{field}是什么", "说一下{company}{year}的{field}", "{year}{company}的{field}(是个啥|写的啥|是哪一个)", "{company}{year}{field}的具体内容",
)
_COUNT = (
    "{year}{company}(的|){field}(是|有|为|)多少(人|)", "{company}{year}(的|){field}(是|有|为|)多少(人|)", "{company}(在|){year}的{field}是多少(人|)", "{company}的{field}在{year}(是|有)多少(人|)",
    "在{year},{company}的{field}(是|为)多少", "{company}{year}{field}", "{year}{company}{field}", "{field} {company} {year}", "{company}{year}{field}(一共|总共|)有(几个|几人|多少人|多少名)", "{year}{company}{field}是什么",
    "{company}{year}(年报|年度报告)(中|里|)(的|){field}是多少", "根据{company}{year}(的|)年报,(公司|)(的|){field}(是|有)多少", "根据{company}{year}年报,请简要介绍(报告期内|)公司{field}的情况", "{company}{year}有多少{field}",
    "{year}{company}(拥有|有)(多少|几个){field}", "{company}在{year}这一年{field}有多少", "{company}{year}末(的|){field}(是|为)多少", "截至{year}末,{company}{field}多少人", "{company},{year},{field}", "{year}的时候{company}{field}有几个",
    "{company}{year}报告期末{field}是多少人", "{year}{company}{field}的数量是多少", "{company}{year}{field}规模多大", "{company}(公司|){year}{field}是几人", "{company}{year}的{field}有多少名", "{year}{company}在岗的{field}有多少",
)
_FIELDS = (
    "{year}{company}(的|){fields}(分别|各|)(是|为)多少(元|)", "{company}{year}(的|){fields}(分别|各)(是|为)多少(元|)", "{company}(在|){year}的{fields}分别是多少(元|)", "在{year},{company}的{fields}分别是(多少|多少元)",
    "{company}{year}{fields}", "{year}{company}{fields}", "根据{year}(的|)年报数据,{company}的{fields}(分别|)是多少(元|)", "根据{company}{year}(的|)年报,{fields}(分别|各|)是多少(元|)", "{company}的{fields}在{year}分别是多少",
    "{company}{year}{fields}(分别|各)有多少", "根据{year}{company}的年报,请简要介绍报告期内公司的{fields}", "{year}{company}的{fields}(各|分别)(是什么|是啥|怎样)", "{company}{year}年报(中|里)的{fields}(各|分别|)是多少",
    "{fields},{company}{year}的", "{year}的时候{company}的{fields}都是多少", "{company}{year}的{fields}都(是|有)多少", "同时给出{company}{year}的{fields}", "{company}{year}有关{fields}的数据", "{year}{company}{fields}的情况",
    "{company}在{year}报告期的{fields}(依次|分别)是多少", "{company}{year}{fields}(分别|)是什么", "列一下{company}{year}的{fields}", "{company},{year},{fields}", "{company}{year}的这几项:{fields}", "把{year}{company}的{fields}给我",
)


def _over_years(ask: str) -> tuple[str, ...]:
    """Wordings for one field over several years; `ask`: how the figure is asked for."""
    return tuple(t.replace("<ask>", ask) for t in (
        "{company}(的|){field}在{years}(分别|各)(是|为)<ask>", "{company}{years}(的|){field}(分别|各|)(是|为)<ask>", "{years}{company}的{field}(分别|各)是<ask>", "在{years},{company}的{field}分别是<ask>",
        "{company}(在|于){years}的{field}(各|分别)是<ask>", "{company}{years}{field}", "{years}{company}{field}", "{company}{years}期间(的|){field}分别是<ask>", "{company}在{years}(这几年|)的{field}都是<ask>",
        "{company}{field}{years}各年(是|为)<ask>", "{years}这几年{company}的{field}(是|分别是)<ask>", "列出{company}{years}的{field}", "{company}的{field}:{years}", "根据年报,{company}{years}{field}每年是<ask>",
        "{company}{years}历年{field}", "{field}这一项,{company}{years}分别是<ask>", "{company}{years}的{field}(情况|数据)"))


_SAME = (
    "{company}{years}(的|){field}(是否|是不是)(都|)(相同|一样|一致)", "{company}(在|){years}的{field}(是否|是不是|有没有)(相同|改变|变化|变过|更换)", "{years}{company}的{field}(都|)(相同|一样)吗", "{company}的{field}在{years}(是否|是不是)(相同|一样|相同的)",
    "在{years}期间,{company}的{field}是否(都是|是)相同的", "{company}{years}{field}(变了吗|变没变|有没有变|换了没有|换了吗|有变化吗)", "{company}{years}(有没有|是否)(换过|更换|变更|改过){field}", "对比{years},{company}的{field}是否相同",
    "{years}相比,{company}的{field}(是否|)相同(吗|)", "{company}{years}{field}一致(吗|不|)", "{company}{years}{field}相不相同", "{company}{years}的{field}是同一个(吗|不)", "比较{company}{years}的{field},是否相同",
    "{company}{years}{field}是否保持不变", "{years}{company}{field}(相同|一样)(与否|还是不同)", "{company}{field}在{years}期间是否发生(了|)(变更|变化|改变)", "看看{company}{years}的{field}是不是同一个",
)
_SAME_LAST = (
    "{company}{year}(的|){field}(与|和|同|跟){last}(相比|比|比较|){same}", "{year}{company}(的|){field}(与|和|跟){last}(相比|)(是否|是不是)(相同|一样)", "与{last}相比,{company}{year}的{field}(是否|)(相同|一致)(吗|)", "{year},{company}的{field}(与|和){last}相同吗",
    "{company}{year}的{field}对比{last}是否相同", "{company}{year}相比{last}{field}(变了吗|有没有变|变没变|是否改变)", "{company}{year}{field}跟{last}一样(吗|不)", "{company}{year}比{last}换{field}了(吗|没有)", "{company}{year}的{field}和{last}的(相同|一样|一致)吗",
    "{year}{company}{field}较{last}是否(变化|变更|发生变化)", "对比{last},{company}{year}{field}是否相同", "{company}的{field}{year}与{last}是否一致", "{company}的{field}在{year}是否与{last}相同", "{year}{company}(有没有|是否)更换{field},相比{last}",
    "{company}{year}{field}与{last}相比相不相同", "{company}{year}的{field}还是{last}那个吗",
)
_COMPUTED = (
    "{year}{company}(的|){field}(是|为|)多少{tail}", "{company}{year}(的|){field}(是|为|)多少{tail}", "{company}(在|){year}的{field}(是|为)多少{tail}", "{company}的{field}在{year}是多少{tail}", "在{year},{company}的{field}是多少{tail}",
    "{company}{year}{field}{tail}", "{year}{company}{field}{tail}", "{company}{year}的{field}(等于|达到)多少{tail}", "根据{year}(的|)年报数据,{company}的{field}(是|为)多少{tail}", "在{year}的(财报|年报)(中|里),{company}的{field}是多少{tail}",
    "计算{company}{year}的{field}{tail}", "算一下{year}{company}的{field}{tail}", "求{company}{year}{field}{tail}", "{company}{year}{field}(有多高|几何|咋样|多大){tail}", "{company}{year}{field}的(数值|结果|值)是多少{tail}", "{company},{year},{field}{tail}",
    "{year}(里|中),{company}的{field}是多少{tail}", "根据{company}{year}年报,请简要介绍报告期内公司{field}的情况", "{company}{year}{field}是什么{tail}", "{company}在{year}这一年的{field}{tail}", "{company}公司{year}的{field}(具体|)是多少{tail}", "{year}{company}的{field}算出来是多少{tail}",
)
_GROWTH_WORDS = (
    "{company}{year}(的|){field}(比|较|相比){last}(增长|增加)(了|)(百分之几|百分之多少|多少个百分比|多少百分比)", "{year}{company}{field}同比增长(了|)(百分之几|百分之多少|多少个百分点|多大比例)", "{company}{year}{field}同比(增速|增幅|增长率|变动率)(是|为)多少",
    "{company}的{field}{year}(比|较){last}(增长|上升|提高)了百分之多少", "与{last}相比,{company}{year}的{field}(增长|变动|变化)了百分之几", "{year}{company}{field}(较|比){last}的(增长率|增幅|增长幅度|增速)(是|)多少", "{company}{year}{field}涨了百分之几",
    "{company}{field}{year}同比增长率多少", "{year}{company}的{field}相对{last}的增长比例", "{company}{year}{field}相较{last}的增长率", "相比{last},{company}{year}{field}增长的百分比是多少", "{company}{year}的{field}(较|比){last}变动百分之多少", "{year}{company}{field}的同比变化率",
    "{company}{year}{field}同比上升或下降了百分之几",
)
_COMPARE = (
    "{year}{company1}(和|与|跟){company2}的{field}(分别|各)是多少(元|)", "{company1}(和|与){company2}{year}的{field}(分别|各|)(是|为)多少", "{company1}、{company2}{year}{field}(分别|各)是多少", "对比{year}{company1}与{company2}的{field}",
    "{year}{company1}的{field}是多少,{company2}呢", "比较一下{company1}和{company2}{year}的{field}", "{company1}及{company2}在{year}的{field}各有多少", "列出{company1}和{company2}两家{year}的{field}", "{field}:{company1}、{company2},{year}",
    "{company1}{year}的{field}以及{company2}的分别是多少", "{year}两家公司{company1}、{company2}的{field}",
)
_COMPARE_WHICH = (
    "{year}{company1}(和|与|跟){company2}(谁|哪家|哪个)的{field}(更|){high}", "{company1}和{company2}{year}{field}(谁|哪家|哪个公司)(更|){high}", "{company1}与{company2}相比,{year}(谁|哪家)的{field}(更|){high}", "{year}{field}(更|){high}的是{company1}还是{company2}",
    "{company1}、{company2}两家公司{year}谁的{field}{high}一些", "{company1}和{company2}比,{year}哪家{field}更{high}", "比比{company1}和{company2},{year}哪个{field}{high}", "{year}是{company1}的{field}{high}还是{company2}的{high}", "{company1}跟{company2}在{year}{field}哪个更{high}",
    "{year}{company1}与{company2}的{field}孰{high}",
)
_SUM_COMPANY = (
    "{company}{years}(的|){field}(合计|总计|总和|加起来|一共|总共)(是|)多少(元|)", "{company}{years}{field}(加总|累计|合在一起)(是|)多少", "{years}{company}的{field}(之和|总和|合计)(是|)多少", "把{company}{years}的{field}加起来是多少", "{company}{field}{years}合计",
    "{company}在{years}累计{field}(是|有|)多少", "{years}{company}一共有多少{field}", "{company}{years}{field}的总额", "求{company}{years}{field}之和", "{company}{years}几年的{field}总共多少",
)
_AVERAGE_COMPANY = (
    "{company}{years}(的|){field}(平均|平均值|均值)(是|为)多少(元|)", "{years}{company}{field}的(平均数|平均值|均值)(是|)多少", "{company}{years}平均每年(的|){field}是多少", "{company}{field}{years}的年均值", "{company}{years}年均{field}多少",
    "求{company}{years}{field}的平均值", "{company}在{years}的{field}平均下来是多少", "{years}这几年{company}{field}平均多少", "{company}{years}{field}平均一年多少", "{years},{company}的{field}均值是多少",
)


_P1 = ("在{place}注册的(公司|上市公司|企业)(中|里|)", "注册(地|地点|地址)在{place}的(所有|)(公司|上市公司|企业)(中|里|)", "注册于{place}的(公司|企业)(中|里|)", "{place}的(公司|上市公司|企业)(中|里|)", "注册地为{place}的(公司|上市公司)(中|里)", "{place}注册的(公司|上市公司)里",
       "曾经在{place}注册的公司(中|里)", "历史注册地址在{place}的(上市公司|公司)中", "总部注册在{place}的企业中")
_P2 = ("在{place1}(或|或者|和|与){place2}注册的(公司|上市公司|企业)(中|里|)", "注册(地|地点|地址)在{place1}(或|、|和|或者){place2}的(所有|)(公司|上市公司)(中|里|)", "{place1}(和|或|与|以及){place2}的(公司|上市公司)(中|里|)", "注册地为{place1}或{place2}的公司中", "{place1}、{place2}两地注册的企业里",
       "注册在{place1}或者{place2}的上市公司中")
_T1 = ("注册(地|地址|地点|)在{place}", "在{place}注册", "{place}注册", "注册于{place}", "注册地是{place}", "{place}")
_T2 = ("注册(地|地址|)在{place1}(或|或者|和){place2}", "在{place1}(或|或者|、){place2}注册", "{place1}或{place2}注册", "注册地是{place1}或{place2}")


def _placed(cores: tuple[str, ...], leads: tuple[str, ...]) -> tuple[str, ...]:
    """Every core behind two of the leads (taken in turn); <of> in a core is where an inner place phrase may stand instead."""
    return tuple(f"{leads[(2 * i + j * 3) % len(leads)]}(,|){core}" for i, core in enumerate(cores) for j in (0, 1))


_TOP = (
    "{year}{field}{best}的(前|){top}(家|个)(公司|上市公司|企业|)(是|有|)(哪些|哪几家|分别是谁|)", "{year}{field}(排名|位列|排|居)前{top}的(公司|上市公司|企业)(有哪些|是哪些|分别是|是谁)", "{year}(,|)(哪些|哪{top}家|哪几家)(公司|上市公司)(的|){field}(排|排在|位居|处于)前{top}",
    "{year}{field}{best}的{top}家公司分别是,{field2}分别是", "{field}{best}的前{top}家公司{year}(是哪些|有哪些|)", "{year}(的|){field}前{top}名(是谁|是哪些公司|公司|)({best}|)", "列出{year}{field}{best}的前{top}家公司", "{year}{field}{best}前{top}", "{year}哪{top}家公司{field}{best}",
    "{year}{field}{best}的{top}家(公司|上市公司)(的名字|名单|)", "{year}{field}排行{best}的前{top}家", "按{field}从{best}的开始,{year}前{top}家公司是(谁|哪些)", "{year}{field}{best}的前{top}(家|个|名)(公司|)及(其金额|金额|数额)", "{year}{field}排在{best}的前{top}位的(企业|公司)",
)
_TOP = tuple(t for t in _TOP if "{field2}" not in t and ("{best}" in t))  # the direction must be in the words
_TOP_HIGH = ("{year}{field}排名前{top}的(公司|上市公司)(有哪些|是哪些|)", "{year}(,|)(哪些|哪几家)(公司|上市公司)(的|){field}(排|排在|位居|处于)前{top}", "{year}{field}前{top}(名|强)(是谁|是哪些公司|公司|)", "{year}{field}居前{top}位的公司", "{field}前{top}大的公司,{year}")
_BEST = (
    "{year}(哪家|哪个|哪一家)(公司|上市公司|企业)(的|){field}{best}", "{year}{field}{best}的(公司|上市公司|企业)(是|是哪家|是谁|是哪个|)", "哪家(公司|上市公司){year}(的|){field}{best}", "{year}谁的{field}{best}", "{field}{best}的公司{year}是(哪家|哪一家|谁)", "{year}{field}{best}的是(哪家|哪个公司|谁)",
    "{year}(所有|全部)(公司|上市公司)(中|里)(哪家|谁)(的|){field}{best}", "找出{year}{field}{best}的公司", "{year}{field}哪家{best}", "{year}{field}{best}的那家公司叫什么", "{year}(的|){field}{best}是哪家(公司|)", "{year}{field}数{best}的企业名称", "就{year}而言,{field}{best}的公司是哪家",
    "{year}在{field}上{best}的是哪家公司", "{year}有着{best}的{field}的公司是",
)
_KTH = (
    "{year}{field}第{kth}{high}的(公司|上市公司|企业)(是|是哪家|是谁|是哪个|)", "{year}(哪家|哪个)(公司|上市公司)(的|){field}第{kth}{high}", "{year}{field}(排名|排|位列)第{kth}{high}的(是|公司是|)(哪家|谁|)", "{field}第{kth}{high}的公司{year}是(谁|哪家)", "{year}{field}第{kth}{high}", "{year}{field}第{kth}{high}的公司及金额",
    "{year}{field}{high}到第{kth}的公司", "哪家公司{year}{field}第{kth}{high}", "找{year}{field}第{kth}{high}的公司", "{year}第{kth}{high}的{field}是哪家公司的", "{year}(所有|全部)公司(里|中){field}第{kth}{high}的是(哪家|谁)", "{year}谁的{field}第{kth}{high}",
    "{year}(的|){field}从{high}到{opposite}排第{kth}的公司",
)
_KTH = tuple(t for t in _KTH if "{opposite}" not in t)
_KTH_HIGH = ("{year}{field}(排名|排在|位列|位居)第{kth}(位|名|)的(公司|上市公司)(是|是哪家|是谁|)", "{year}{field}第{kth}名(是谁|是哪家公司|)", "{year}{field}(排|排名)第{kth}(的|)(公司|家公司)(是哪家|是谁|,金额是多少|)", "{year}(哪家|哪个)公司{field}排第{kth}")
_KTH_ATTRIBUTE = (
    "{year}{field1}第{kth}{high}的(公司|上市公司),(它|其|该公司)的{field2}是(什么|谁|多少|)", "{year}{field1}第{kth}{high}的(公司|企业)的{field2}是(什么|多少)", "{field1}{year}第{kth}{high}的那家公司{field2}是(什么|啥)", "{year}{field1}排第{kth}{high}的公司,{field2}是什么", "{year}第{kth}{high}{field1}的公司,它{field2}是什么",
    "{year}{field1}第{kth}{high}的公司{field2}", "告诉我{year}{field1}第{kth}{high}的公司的{field2}", "{year}{field1}第{kth}{high}的公司叫什么,{field2}呢", "{field2}是什么,{year}{field1}第{kth}{high}的公司", "{year}{field1}第{kth}{high}的上市公司是哪家,它的{field2}是",
)
_BEST_ATTRIBUTE = (
    "{year}{field1}{best}的(公司|上市公司),(它|其|该公司)的{field2}是(什么|谁|多少|)", "{year}{field1}{best}的(公司|企业)的{field2}是(什么|多少)", "{year}{field1}{best}的那家公司{field2}是(什么|啥)", "{year}(哪家|哪个)公司{field1}{best},(它|其)的{field2}是什么", "{year}{field1}{best}的公司{field2}",
    "告诉我{year}{field1}{best}的公司的{field2}", "{field1}{best}的公司{year}的{field2}", "{year}{field1}{best}的公司叫什么,{field2}呢", "{field2}是什么,{year}{field1}{best}的公司", "{year}{field1}{best}的企业是哪家,{field2}是多少",
)


def _asking(how_many: tuple[str, ...], condition: str, leads: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Wordings of a filter question: each question phrase before and after the condition; leads: place phrases."""
    out = []
    for i, ask in enumerate(how_many):
        place = leads[i % len(leads)] if leads else ""
        second = leads[(i + 1) % len(leads)] if leads else ""
        out.append(f"{{year}}{place}{'(且|,|、)' if place else ''}{condition}的{ask}")
        out.append(f"{second}{'(且|,|并且)' if second else ''}{{year}}{condition}的{ask}")
    return tuple(out)


_HOW_MANY = ("(公司|上市公司|企业)(有|一共有|总共有|共有)(多少家|几家|多少)", "(公司|上市公司)(数量|家数|个数|数目)(是|为|)(多少|)", "(有几家|有多少家)(公司|)", "企业(有几个|几家|有多少个)", "(公司|上市公司)(总共|)几家", "公司数")
_WHICH = ("(公司|上市公司|企业)(有|是|都有)(哪些|哪几家|谁)", "(有哪些|是哪些|有哪几家)(公司|)", "(公司|上市公司)(名单|名称|列表)", "(公司|企业)(分别|都)是(谁|哪些)", "公司(请|)列出来", "上市公司")


def _fronted(condition: str, leads: tuple[str, ...], verbs: tuple[str, ...]) -> tuple[str, ...]:
    """有多少家 … before the condition."""
    return tuple(f"{lead}{'(,|)' if lead else ''}{verb.replace('<c>', condition)}" for i, verb in enumerate(verbs) for lead in ((leads[i % len(leads)],) if leads else ("",)))


_MANY_FIRST = ("(有多少家|有几家|多少家)(公司|上市公司|企业){year}(的|)<c>", "{year}(有多少家|有几家|多少家)(公司|上市公司)(的|)<c>", "{year}(的时候|),(有几家|有多少家)公司满足<c>(的条件|)", "{year}<c>(的|)(有|)(几家|多少家)", "统计{year}<c>的公司数量", "{year}满足<c>的公司(有|)几家")
_WHICH_FIRST = ("(哪些|哪几家|有哪些)(公司|上市公司|企业){year}(的|)<c>", "{year}(哪些|有哪些|哪几家)(公司|上市公司)(的|)<c>", "列出{year}<c>的(公司|上市公司|企业)", "找出{year}<c>的公司", "{year}满足<c>的公司(有哪些|是哪些)", "{year}<c>的都有谁")
_C1 = "{field}{cmp}{amount}"
_C2 = "{field1}{cmp1}{amount1}(且|并且|,|,同时|和|而且){field2}{cmp2}{amount2}"
_CS = "{field1}(和|与|、|及){field2}(都|均|全都){cmp}{amount}"


def _aggregate(words: tuple[str, ...], leads: tuple[str, ...] = (), when: str = "{year}", what: str = "{field}") -> tuple[str, ...]:
    """Wordings of a sum or an average."""
    shapes = ("<lead>,<when>(的|)<what>(的|)<word>(是|为|)(多少|)", "<when><lead>,<what>(的|)<word>(是|为)(多少|多少元|)", "<lead><when><what><word>", "<lead>(,|)<what>在<when>的<word>(是|为|)(多少|)", "<when>(,|)<lead>(,|)<word>(的|)<what>(是|有|为)多少", "求<when><lead><what>的<word>",
              "<when><lead>的<what><word>(是|)多少", "<lead>的<what>,<when><word>(是|)多少")
    all_companies = ("所有(公司|上市公司)", "全部(公司|上市公司|企业)", "(各公司|所有企业)", "表里的公司", "(上市公司|公司)")
    given = leads or all_companies
    out = []
    for i, shape in enumerate(shapes):
        for j in range(2):
            lead, word = given[(i + 3 * j) % len(given)], words[(i + j) % len(words)]
            out.append(shape.replace("<lead>", lead).replace("<word>", word).replace("<when>", when).replace("<what>", what))
    return tuple(out)


_AVERAGES = ("平均值", "平均(金额|数|数额)", "均值", "平均")
_SUMS = ("总和", "(合计|总计)(金额|数量|)", "总额", "加总", "之和")
_EACH_AVERAGE = ("平均值分别", "平均(金额|数)分别", "均值各", "各年平均值", "每年的平均值")
_EACH_SUM = ("总和分别", "合计(数量|金额|)分别", "总计(金额|数量|)分别", "各年总和", "每年的合计", "总额分别")
_TOGETHER = ("一共", "(加起来|加在一起)(一共|)", "几年合计", "累计", "总共加起来")
_INTERSECTION = (
    "{years}(哪些|有哪些|哪几家)(公司|上市公司|企业)(的|){field}(均|都)(位列|排在|处于|排名|进入)(|{best}的)前{top}", "{years}{field}(都|均)(位列|排名|排在|处于)(|{best}的)前{top}的(公司|上市公司)(有哪些|是哪些|)", "(哪些|有哪些)公司{years}{field}(每年|年年|一直)(都|)(是|在|排在){best}的前{top}",
    "{years}{field}(连续|每年都)(排在|位列){best}的前{top}(家|名|位)的(公司|企业)", "{years}(各年|每年|每一年){field}{best}的前{top}家(公司|)(都有|里都出现的是)(谁|哪些公司)", "{field}在{years}均为{best}的前{top}的公司", "{years}期间{field}(始终|都)位于{best}前{top}的(公司|上市公司)", "列出{years}{field}都在{best}的前{top}名的公司",
    "{years}哪几家公司的{field}年年都是{best}的前{top}", "{years}{field}{best}的前{top}名,都上榜的公司(是|有)(谁|哪些)", "{years}同时(位列|进入){field}{best}的前{top}家的公司(有哪些|)",
)
_SAME_END = "(是否|是不是)(相同|一样|一致)"

TEMPLATES: dict[str, tuple[str, ...]] = {
    "field": _MONEY, "field_text": _TEXT, "field_count": _COUNT, "fields": _FIELDS,
    "field_years": _over_years("多少(元|)"), "field_years_count": _over_years("多少(人|)"), "field_years_text": _over_years("什么"),
    "same": _SAME, "same_last": tuple(t.replace("{same}", _SAME_END) for t in _SAME_LAST),
    "ratio": _COMPUTED, "growth": _COMPUTED, "ratio_years": tuple(t + "{tail}" for t in _over_years("多少")), "growth_words": _GROWTH_WORDS,
    "compare": _COMPARE, "compare_which": _COMPARE_WHICH, "sum_company_years": _SUM_COMPANY, "average_company_years": _AVERAGE_COMPANY,
    "top": _TOP, "top_high": _TOP_HIGH, "top_place": _placed(_TOP, _P1), "top_place_or": _placed(_TOP, _P2), "best": _BEST, "best_place": _placed(_BEST, _P1), "best_place_or": _placed(_BEST, _P2)[:12],
    "kth": _KTH, "kth_high": _KTH_HIGH, "kth_place": _placed(_KTH, _P1), "kth_attribute": _KTH_ATTRIBUTE, "best_attribute": _BEST_ATTRIBUTE,
    "count_place": tuple(f"{{year}}{lead}{ask}" for lead in ("在{place}注册的", "注册(地|地址|地点)在{place}的", "{place}(注册|)的", "注册于{place}的") for ask in _HOW_MANY[:5]),
    "count_amount": _asking(_HOW_MANY, _C1) + _fronted(_C1, (), _MANY_FIRST), "count_place_amount": _asking(_HOW_MANY, _C1, _T1) + _fronted(_C1, _P1, _MANY_FIRST),
    "count_place_or_amount": (_asking(_HOW_MANY, _C1, _T2) + _fronted(_C1, _P2, _MANY_FIRST))[:12], "count_two": _asking(_HOW_MANY, _C2) + _fronted(_C2, (), _MANY_FIRST),
    "count_place_two": _asking(_HOW_MANY, _C2, _T1) + _fronted(_C2, _P1, _MANY_FIRST), "count_shared_two": _asking(_HOW_MANY, _CS) + _fronted(_CS, (), _MANY_FIRST),
    "list_place": tuple(f"{{year}}{lead}{ask}" for lead in ("在{place}注册的", "注册(地|地址|地点)在{place}的", "{place}(注册|)的", "注册于{place}的") for ask in _WHICH[:5]),
    "list_amount": _asking(_WHICH, _C1) + _fronted(_C1, (), _WHICH_FIRST), "list_place_amount": _asking(_WHICH, _C1, _T1) + _fronted(_C1, _P1, _WHICH_FIRST), "list_two": _asking(_WHICH, _C2) + _fronted(_C2, (), _WHICH_FIRST),
    "average": _aggregate(_AVERAGES), "average_place": _aggregate(_AVERAGES, _P1), "average_place_or": _aggregate(_AVERAGES, _P2), "average_fields_place": _aggregate(_EACH_AVERAGE[:3], _P1, what="{fields}"),
    "average_years_place": _aggregate(_EACH_AVERAGE, _P1, when="{years}"), "sum": _aggregate(_SUMS), "sum_place": _aggregate(_SUMS, _P1), "sum_place_or": _aggregate(_SUMS, _P2),
    "sum_years_place": _aggregate(_EACH_SUM, _P1, when="{years}"), "sum_together_place": _aggregate(_TOGETHER, _P1, when="{years}"), "intersection": _INTERSECTION,
}
