"""Questions that only the text of one company's report can answer. Wordings are data."""

from __future__ import annotations

import re
from pathlib import Path

from agent.figures import schema
from agent.records import Entities

# Stems of what reports tell in words.
TOPICS = tuple(Path(__file__).with_name("report_topics.txt").read_text(encoding="utf-8").split())
# One report is meant: a year, a reporting period, a company.
_ONE_REPORT = re.compile(
    r"(?:19|20)\d\d|\d\d年|[〇零一二三四五六七八九]{4}年|报告期|(?:根据|结合|依据|按照|从).*(?:年报|年度报告|年度的)"
    r"|(?:年报|年度报告)(?:里|中|有没有|是否|讲到|说到|如何)|该公司|本公司|有限公司|集团"
)
_REASON = re.compile(
    r"为什么|为何|受.+影响|是什么导致|由什么引起|(?:变动|变化|增[减长加]|减少|上升|下[降滑]|波动).*(?:原因|说明|解释)|原因|解释.+(?:变动|波动|变化)"
)
_TELL = re.compile(
    r"介绍|分析|[概简]述|总结|归纳|描述|说明|谈|聊|说说|讲|评价|了解|情况|是否|有没有|有无|提[及到]|披露|如何|怎么?样|哪些|是什么|规划|内容"
)
_TELL_OF_A_COMPANY = re.compile(r"情况|简[要述]|概述|有哪些|进展|公司的?(?:年报|年度报告)")
_CONCEPT = re.compile(
    r"什么[是叫]|何谓|所谓|含义|意思|定义|概念|名词|术语|解释|理解|指的?是?什么|常说的|区[别分]|差[别异]|异同|一回事|公式|计算|怎[么样]算"
    r"|影响|作用|意义|意味|反映|体现|代表|为什么要|[越过][高低大小]|重要性|局限"
)


def is_report_text_question(question: str) -> bool:
    """Asks for what stands in the words of one company's report; 什么是关联交易 does not, 2020年关联交易情况 does."""
    told = any(topic in question for topic in TOPICS)
    if _ONE_REPORT.search(question):
        asks_meaning = re.search(r"什么[是叫]|何谓|所谓|含义|定义|概念|名词|术语|常说的|意思", question)
        return not asks_meaning and bool(told or _REASON.search(question) or _TELL.search(question))
    return told and bool(_TELL_OF_A_COMPANY.search(question)) and not _CONCEPT.search(question)


NO_REPORT_TEXT = "这个问题需要年报原文，目前只装载了财务数据表，没有装载年报文字，无法回答该问题。"
# 社会责任都干了些啥, 采取了哪些措施, 情况怎么样: a narrative is asked for, whatever class the model gives it.
_WHAT_WAS_DONE = re.compile(
    r"(?:干|做)(?:了|过|得|的|出)*(?:些|哪些|点|几件)?(?:什么|啥|工作|努力|贡献|事)|(?:采取|实施|推出|出台)了?(?:的|过)?(?:哪些|什么|何种|啥|怎样的)"
    r"|(?:哪些|什么|啥|何种)(?:具体|相关|新的?)?(?:措施|举措|进展|动作|规划|布局|成果|行动|安排|风险)|(?:情况|进展|工作|表现|进度|开展得|做得|搞得|方面)(?:又|都|是)?(?:如何|咋样|怎么?样|怎么个样)"
)
_FIGURE_ASKED = re.compile(r"多少|几|金额|数额|总额|最|排名|比[例率重]|[高低大小多少]于|超过|合计|平均|增长率|占")


def asks_for_narrative(question: str) -> bool:
    """Asks in plain words what one company's report tells of a topic; a column of the table that holds the topic's word (应付职工薪酬) is none."""
    if not (_ONE_REPORT.search(question) and _WHAT_WAS_DONE.search(question)) or _FIGURE_ASKED.search(question):
        return False
    for name in schema.columns():
        question = question.replace(name, "")
    return any(topic in question for topic in TOPICS)


_NARRATIVE = re.compile(
    r"介绍|分析|[概简综]述|总结|归纳|描述|说明|评价|了解|情况|原因|影响|如何|怎么|怎样|为什么|为何|有没有|有无|是否|规划|进展|披露|变动|变化|意义|策略|风险|[谈聊讲]"
)

_CHANGE_ASKED = re.compile("(?:变化|变动)了?(?:额|幅度)?[是为]?多少")


def asks_for_a_figure(question: str) -> bool:
    """No word in it asks for a narrative: with a company, a year and a column of the table it is a look-up, whatever its class."""
    return not _NARRATIVE.search(_CHANGE_ASKED.sub("", question))


def asks_whether_the_same(entities: Entities) -> bool:
    """是否相同, of one company in some years."""
    alike = re.search(
        r"(?:相同|一样|一致|同一个?)(?:吗|的情况|的?[?。]|的?$)|是否.{0,4}(?:相同|一样|一致)", entities.text
    )
    return len(entities.companies) == 1 and bool(entities.years) and alike is not None


_STATISTIC = re.compile(r"最[高低大小多少]|第[\d一二三四五六七八九十]+[高低大小多少]|多少家|几家|平均|排名|倒数|居首|榜首")


def asks_for_statistics(entities: Entities) -> bool:
    """Of a year's companies at large: a rank or a count, in words or as k."""
    ranked = bool(entities.of("top") or entities.of("kth"))
    return not entities.companies and bool(entities.years) and (ranked or bool(_STATISTIC.search(entities.text)))


_PARTS_OF_A_YEAR = re.compile(
    r"环比|第?[一二三四1-4]季(?:度|报)?|[上下]半年|半年[度报]|中期报告|季报|[qQ][1-4](?![0-9A-Za-z])"
    r"|(?<![\d.])(?:[1-9]|1[01]|[一二三四五六七八九十]|十一)月(?:份|底|末)?(?!\d)|每个?[月季]|[按分逐][月季]"
)
_TO_COME = re.compile(r"明年|后年|未来(?:几|[一二三两\d])|预测|(?:会|将)(?:是|达到|有|涨到)多少")


def beyond_a_year(question: str) -> str | None:
    """Why yearly figures cannot answer it (months, quarters, 环比, forecasts), in one sentence; None where they may."""
    if found := _PARTS_OF_A_YEAR.search(question):
        return (
            f"表中只有年度数据，没有季度、月度和半年度的数据，回答不了“{found[0]}”"
            f"{'（环比要与上一季度或上一月比较；可以问同比增长率）' if found[0] == '环比' else ''}，无法回答该问题。"
        )
    if found := _TO_COME.search(question):
        year = re.search(r"20\d\d年?", question)
        asked = f"{year[0]}的" if year else ""
        return f"表中只有已披露的年度数据，没有对将来的预测，回答不了{asked}“{found[0]}”，无法回答该问题。"
    return None
