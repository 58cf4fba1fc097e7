"""Companies that the table does not know, found by their position in the sentence, where a company stands.

阿里巴巴2019年的净利润: nothing in the table is called so, yet the question is about a company. Telling so is better than leaving the name out,
which would turn the question into another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.reading.companies.index import CompanyIndex, Linked
from agent.reading.places import is_place
from agent.text import mark

# Same-length stand-ins, so that positions in the marked text are positions in the question.
COMPANY, YEAR, COLUMN, OTHER = "\ue000", "\ue001", "\ue002", "\ue003"

_ASKING = (
    r"请问一?下?|麻烦|帮我|帮忙|能否|可以|可否|告诉我|告知|我想|想要|知道|了解|查询|查一?下|查找|查看|看一?下|看看|提供|给出|介绍|简要|分析|计算(?!机)|算一?下|说明|根据|依据|按照|关于|对于|对比|比较|列出|给我|一下"
    r"|截至|截止"
)
_LEAD = rf"(?:{_ASKING}|[请你您能要想求在从,:]){{0,6}}"
_EDGE = rf"(?:^|(?<=[,。;:?!、的{YEAR}{OTHER}])){_LEAD}"
_NAME = r"(?P<name>[一-龥A-Za-z0-9*]{2,12}?)"
_FORM = r"(?:公司|企业)?"
_REPORT = r"(?:的?(?:年报|年度报告|财报|财务报[表告]|报告期)(?:数据)?[中里内]?|[期年][初末]|中)?"
_FRAMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_EDGE}{_NAME}{_FORM}(?:,|(?<=\d)、|在|于|的|从|截至){{0,4}}{YEAR}",
        rf"{YEAR}(?:,|的|度|间|期间){{0,4}}{_LEAD}{_NAME}{_FORM}{_REPORT}(?:,|的|在){{0,4}}{COLUMN}",
        rf"{_EDGE}{_NAME}{_FORM}{_REPORT}的?{COLUMN}",
        rf"{YEAR}的?{_NAME}{_FORM}的?(?:年报|年度报告|财报)",
        rf"{YEAR},?{_NAME}{_FORM}的(?=[^{COLUMN}]+(?:多少|几|什么|哪|谁))",
    )
)
_AND = r"(?:和|与|、|跟|及|以及|同|还是|比|对比)"
_BESIDE = (
    re.compile(rf"{COMPANY}{_AND}{_NAME}{_FORM}(?=[的在,谁哪{YEAR}{COLUMN}]|{_AND}|相比|两家)"),
    re.compile(rf"{_EDGE}{_NAME}{_FORM}{_AND}(?={COMPANY})"),
)
_NO_NAME = re.compile(
    rf"{_ASKING}|^[在从]|(?<![美绿])的|[请问你您了吗呢哪什谁怎几最该这那它他各对末是到或且]|我[们国司]|每[股家年个]|所有|全部|全国|全体|公司|企业|上市|平均|均值|合计|总和|总计|总共|总额|一共|行业|年报|报告|^数据|期间|分别|多少|情况|如果|如何|主要|相比|超过|大于|小于|低于|高于|不足|之间|同期|同比"
    r"|年度|季度|半年|全年|当年|次年|期末|期初|年初|我国|^中国$|国内|A股|市场|增长|下降|增加|减少|变化|变动|会计|准则|影响|原因|计算(?!机)|公式|定义|含义|概念|注册|办公[地所]|地址|法人|代表|职工|员工|人员|排名|排第|前[十百\d]|第[一二三四五六七八九十\d]|连续"
    r"|开始|统计|说出|^论|有劳|查查|找出|历史|并且|而且|劳驾|求问|问下|需要|同时|满足|条件|其中|合并|母公司|子公司|控股股东|行情|疫情|政策|经营|财务|以上|以下|单位|保留|小数|结果|高的|低的|至少|至多|共有|具体|实际|真实|官方|以来"
)
_NUMBERED = re.compile(r"[一-龥A-Za-z]{1,6}\d{2,4}|\d{2,4}[一-龥A-Za-z]{2,6}|\d{2,5}")  # 甲虎360, 51某网, 360
_CALLED = re.compile(  # how companies' short names end; 过去机器人 and 稀释后 are no companies
    "(?:国际|股份|集团|控股|科技|技术|实业|电子|医药|药业|生物|能源|材料|环保|银行|证券|保险|重工|时代|建材|乳业|汽车|机械|电气|电力|钢铁"
    "|矿业|化工|化学|食品|股份|传媒|通信|软件|信息|智能|网络|物流|航空|地产|置业|发展|建设|工程|水泥|纺织|服饰|家居|酒业|农业|新材|新能)$"
)
_ITS_NAME = re.compile(rf"^{_NAME}的{COLUMN}+[?？]?$")  # 某某国际的净利润, and nothing else
_STATISTICS = re.compile(r"最[高低大小多少]|排[名第]|平均|均值|总和|总计|合计|(?<!是)谁")
_MANY = re.compile(
    r"(?:公司|企业)(?:中|里|之?内|当中|数|列|共|总|几|多|有[多几哪]|都?有谁|请|[?。,]|$|的[平总合])|[几哪多少][家些]|哪\d*个|多少个|的(?:公司|企业)(?![网名简法代全])|居[首前]|垫底|上市公司|那家|所有|全部|各(?:公司|企业)|注册|前[十百\d一二三五]|第[一二三四五六七八九十\d]+[高低大小多少名位]"
)


def speaks_of_many(text: str) -> bool:
    """Whether a question asks about companies at large (多少家, 上市公司中, 排名前十)."""
    return bool(_MANY.search(text))


def find_unknown(marked: str, text: str, index: CompanyIndex) -> list[Linked]:
    """What stands where a company stands, and no company was linked there; with a name where it is a typo of one.

    `marked`: see `mark`, with companies, years and columns marked.
    """
    if COMPANY in marked:
        return list(_beside(marked, text, index))
    # 平均, 最高 … may be asked of many companies: then only a name right before the year is one for sure.
    many = speaks_of_many(marked) or OTHER in marked
    for frame in _FRAMES[:1] if many or _STATISTICS.search(marked) else _FRAMES:
        for match in frame.finditer(marked):
            unknown = _judge(match, text, index)
            # Where many are asked about, or no year is named, the position in the sentence says less: only a typo of a known name counts.
            if unknown and (unknown.name or (YEAR in marked and not many)):
                return [unknown, *_beside(mark(marked, [((unknown.start, unknown.end), COMPANY)]), text, index)]
    its = _ITS_NAME.match(marked) if YEAR not in marked and not many else None
    if its and len(its["name"]) > 2 and _CALLED.search(its["name"]):
        unknown = _judge(its, text, index)
        return [unknown] if unknown else []
    return []


def _beside(marked: str, text: str, index: CompanyIndex) -> Iterator[Linked]:
    for frame in _BESIDE:
        for match in frame.finditer(marked):
            if unknown := _judge(match, text, index):
                yield unknown


def _stands_for_a_name(match: re.Match[str], text: str) -> bool:
    """360 2021年净利润, 360公司: a number where a company stands."""
    start, end = match.span("name")
    return re.match("公司|集团|股份", text[end:]) is not None or (start == 0 and text[end : end + 1] in ",、")


def _judge(match: re.Match[str], text: str, index: CompanyIndex) -> Linked | None:
    start, end = match.span("name")
    said = text[start:end]
    if _NO_NAME.search(said) or is_place(said) or (re.search(r"\d{3,}", said) and not _NUMBERED.fullmatch(said)):
        return None
    if said.isdigit() and (re.fullmatch(r"(?:19|20)?\d\d", said) or not _stands_for_a_name(match, text)):
        return None
    return Linked(start, end, index.named(said) or index.similar(said))
