"""Whether a text of a company is the same in two years."""

from __future__ import annotations

from data.generator.cores import lines
from data.generator.families.drawing import Family
from data.generator.families.years import over_years

_COMPARED = ("法定代表人", "法定代表人", "法定代表人", "注册地址", "办公地址", "电子信箱", "公司网址")
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


FAMILIES = {
    "same": Family(over_years(lambda r, w: r.choice(_COMPARED), label="A"), _SAME),
    "same_last": Family(over_years(lambda r, w: r.choice(_COMPARED), last=True, label="A"), _SAME_LAST),
}
