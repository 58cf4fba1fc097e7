"""Wordings of rankings, counts, lists and intersections over the table. The marks in a core are explained in wording.py."""

from __future__ import annotations

from data.generator.wording import either, everywhere, lines, placed, with_condition

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
C1 = "{field}{cmp}{amount}"
_C2 = "{field1}{cmp1}{amount1}(且|并且|、|,|,同时|,而且|和){field2}{cmp2}{amount2}"
_CS = "{field1}(和|与|、|及|以及){field2}(都|均|全都|同时|){cmp}{amount}"
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
_THE_MANY = tuple(
    t.replace("<ask>", "(有|共有|一共有)(多少家|几家)").replace("<first>", "有(多少家|几家)") for t in _REGISTERED
)
_THE_LIST = tuple(
    t.replace("<ask>", "(有|都有|是)(哪些|哪几家)").replace("<first>", "(有哪些|哪些|哪几家)") for t in _REGISTERED
)
_MANY_1, _WHICH_1 = with_condition(C1, HOW_MANY), with_condition(C1, WHICH)
_MANY_THERE = placed(_MANY_1) + with_condition(C1, _HOW_MANY_THERE)
_BEST_ATTRIBUTE = tuple(
    t.replace("排名第{kth}{high}", "{best}").replace("第{kth}{high}", "{best}") for t in _KTH_ATTRIBUTE
)

_EVERYONE = lines("""
{year}(一共|总共|共|)有(多少家|几家)(公司|上市公司|企业)
{year}(公司|上市公司)(的|)(总数|数量|家数)(是多少|)
{year}表里有多少家公司
{year}披露年报的公司有(多少家|几家)
{year}全部(公司|企业)有(多少|几)家
统计{year}的公司数量
{year}(公司|企业)一共几家
""")
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
TABLE_TEMPLATES: dict[str, tuple[str, ...]] = {
    "top": everywhere(_TOP),
    "top_high": _TOP_HIGH,
    "top_place": placed(_TOP),
    "top_place_or": either(placed(_TOP)),
    "best": everywhere(_BEST),
    "best_place": placed(_BEST),
    "best_place_or": either(placed(_BEST)),
    "best_attribute": _BEST_ATTRIBUTE,
    "top_attribute": _TOP_ATTRIBUTE,
    "count_all": _EVERYONE,
    "best_place_attribute": tuple("在{place}注册的公司中," + t for t in _BEST_ATTRIBUTE[::2])
    + tuple("{place}的公司里," + t for t in _BEST_ATTRIBUTE[1::2]),
    "kth": everywhere(_KTH),
    "kth_high": _KTH_HIGH,
    "top_low": _TOP_LOW,
    "kth_low": _KTH_LOW,
    "kth_place": placed(_KTH),
    "kth_attribute": _KTH_ATTRIBUTE,
    "count_place": _THE_MANY,
    "list_place": _THE_LIST,
    "count_amount": everywhere(_MANY_1),
    "count_place_amount": _MANY_THERE,
    "count_place_or_amount": either(_MANY_THERE),
    "count_two": everywhere(with_condition(_C2, HOW_MANY)),
    "count_place_two": placed(with_condition(_C2, HOW_MANY)) + with_condition(_C2, _HOW_MANY_THERE),
    "count_shared_two": everywhere(with_condition(_CS, HOW_MANY)),
    "list_amount": everywhere(_WHICH_1),
    "list_place_amount": placed(_WHICH_1) + with_condition(C1, _WHICH_THERE),
    "list_two": everywhere(with_condition(_C2, WHICH)),
    "list_place_two": placed(with_condition(_C2, WHICH)) + with_condition(_C2, _WHICH_THERE),
    "list_shared_two": everywhere(with_condition(_CS, WHICH)),
    "intersection": _INTERSECTION,
    "intersection_high": _INTERSECTION_HIGH,
}
