"""People's own words for what the table calls by its name: 赚了多少钱 is 净利润是多少. Data: what is said, and what it is read as.

Single words stand in schema's aliases; here are phrases whose grammar changes with them. The reading is what every later step sees,
and the trace shows it.
"""

from __future__ import annotations

import re
from functools import partial

_HOW_MUCH = r"(?P<much>多少|几个?)(?:(?P<scale>亿|万)元?|钱|块钱|块|元)?"

# (pattern, reading); {how} stands for 是多少, with the unit that was asked for. Earlier lines go first.
_READINGS: tuple[tuple[str, str], ...] = (
    # profit
    (rf"(?:总共|一共)?(?:到底)?(?:净?赚|盈利|挣)(?:了|到|得|的)?(?:{_HOW_MUCH})", "净利润{how}"),
    (r"最(?:能)?(?:赚钱|挣钱|盈利)|(?:赚|挣)(?:钱|得|的)*最多|盈利(?:能力)?最[高强多好]", "净利润最高"),
    (
        r"最不(?:赚钱|挣钱)|(?:赚|挣)(?:钱|得|的)*最少|亏(?:损|钱|得|的|了)*最(?:多|严重|厉害|惨|大)|最亏(?:钱)?",
        "净利润最低",
    ),
    (rf"(?:亏损|亏|赔)(?:了|掉)?(?:{_HOW_MUCH})", "净利润{how}"),
    (
        r"(?:出现|发生|有)?(?:亏损|亏钱|赔钱|亏本)(?:了)?(?=的?(?:公司|企业|上市公司)|的?[有是]|[?。,]|$|的$)",
        "净利润小于0元",
    ),
    (r"(?:实现)?(?:盈利|赚钱)(?:了)?(?=的(?:公司|企业|上市公司)|的?有(?:几|多少|哪))", "净利润大于0元"),
    (r"(?:为|是)负(?:数|值)?(?=$|[?。,的有])", "小于0元"),
    (r"(?:为|是)正(?:数|值)?(?=$|[?。,的有])", "大于0元"),
    # revenue
    (rf"(?:一共|总共)?(?:卖|销售)(?:了|出|掉|出去)*(?:{_HOW_MUCH})(?:的?(?:东西|货|产品))?", "营业收入{how}"),
    (r"卖(?:得|的|货)*最(?:多|好)", "营业收入最高"),
    (r"卖(?:得|的|货)*最(?:少|差)", "营业收入最低"),
    # debts, assets, cash, taxes
    (
        rf"(?:一共|总共)?(?:欠|背|借)(?:了|着)?(?:别人|外面|外债)?(?:{_HOW_MUCH})(?:的?(?:外?债|债务|外债))?",
        "负债合计{how}",
    ),
    (r"(?:欠(?:债|钱|得|的)*|债务?)最多", "负债合计最高"),
    (
        rf"(?:账上|账面上?|手里|手头)(?:还|上|的)*(?:有|剩|剩下)?(?:的)?(?:{_HOW_MUCH})(?:的?(?:现金|现钱))?",
        "货币资金{how}",
    ),
    (rf"(?:账上|账面上?|手里|手头)(?:的)?(?:现金|钱|资金)(?:还|一共)?(?:有|剩|是)?(?:{_HOW_MUCH})", "货币资金{how}"),
    (rf"(?:家底|身家|总?家当)(?:有|是|一共)*(?:{_HOW_MUCH}|多厚|多大)?", "资产总计{how}"),
    (rf"(?:交|缴|纳)(?:了|纳)?(?:{_HOW_MUCH})的?(?:税|税费|税款)", "支付的各项税费{how}"),
    (
        rf"(?:花|投|砸|用)(?:了|进)*(?:{_HOW_MUCH})(?:来|去|在|到|搞|做|用于|于)*(?:搞|做)?(?:研发|科研)(?:上|里|上面|方面)?",
        "研发费用{how}",
    ),
    (
        rf"(?:搞|做|在)?(?:研发|科研)(?:上|方面)?(?:一共|总共)?(?:花|投|砸|用)(?:了|入|进)*(?:{_HOW_MUCH})",
        "研发费用{how}",
    ),
    (r"(?:研发|科研)(?:上|方面)?(?:花钱|花费|投钱|砸钱|烧钱|花|投)(?:得|的)*最多", "研发费用最高"),
    # people
    (r"(?:有|招了?|用了?)?(?:多少|几)(?:个|名|位)?(?:搞|做)(?:研发|技术)的人?", "研发人员人数是多少"),
    (r"(?:搞|做)(?:研发)的(?:人)?(?:有|是)?(?:多少|几)(?:个|名|位)?人?", "研发人员人数是多少"),
    (r"(?:有|招了?)?(?:多少|几)(?:个|名|位)(?P<who>博士|硕士|本科生?)(?:生|毕业生)?", "<degree>是多少"),
    (r"(?P<who>博士|硕士|本科)(?:生|毕业生|学历的)?(?:一共|总共)?有(?:多少|几)(?:个|名|位)?人?", "<degree>是多少"),
    (r"(?<![士生发])(?:员工|职工)(?:一共|总共)?有(?:多少|几)(?:个|名|位)?人?", "职工总人数是多少"),
    (
        r"(?<![数员上士生工])(?:总共|一共)?(?:有|雇了?|养了?|招了?)(?:多少|几)(?:个|名|位|号)?(?:人|员工|职工|雇员)"
        r"(?=$|[?。,!]|了|吗|呢)",
        "职工总人数是多少",
    ),
    (
        r"(?:员工|职工)(?:人)?最(?P<most>多|少)|(?<![员数])人最(?P<most2>多|少)(?=的(?:公司|企业)|的是)",
        "职工总人数最<most>",
    ),
    # names and places
    (r"谁是(?P<boss>老板|法人|法人代表|法定代表人|一把手)", "法定代表人是谁"),
    (r"(?:老板|一把手)(?=是|叫|姓|有没有|换|变|为|和|与|跟|同|、|,|[?。]|$)", "法定代表人"),
    (r"(?:英文名?|外文名?)叫(?:什么|啥|作什么)", "外文名称是什么"),
    (
        r"(?:注册|登记)在(?:哪里|哪儿|哪|什么地方|啥地方)|在(?:哪里|哪儿|哪|什么地方)(?:注册|登记)(?:的)?",
        "注册地址是什么",
    ),
    (
        r"(?:办公(?:室|楼|地点?)?|总部)(?:设)?在(?:哪里|哪儿|哪|什么地方|啥地方)|在(?:哪里|哪儿|哪|什么地方)办公",
        "办公地址是什么",
    ),
)
_DEGREES = {"博士": "博士及以上的员工人数", "硕士": "硕士员工人数", "本科": "本科员工人数"}
_COMPILED = tuple((re.compile(pattern), reading) for pattern, reading in _READINGS)


def _read(reading: str, match: re.Match[str]) -> str:
    given = match.groupdict()
    how = f"是多少{given['scale']}元" if given.get("scale") else "是多少"
    degree = next((column for word, column in _DEGREES.items() if (given.get("who") or "").startswith(word)), "")
    most = given.get("most") or given.get("most2") or ""
    return reading.replace("{how}", how).replace("<degree>", degree).replace("<most>", most)


def standard(text: str) -> str:
    """A normalised question in the table's words; what is said plainly stays as it is.

    >>> standard("某公司2020年赚了多少钱?")
    '某公司2020年净利润是多少?'
    """
    for pattern, reading in _COMPILED:
        text = pattern.sub(partial(_read, reading), text)
    return text
