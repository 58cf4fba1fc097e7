"""What a question asks of one report: its own words, the matters of disclosure that it names, and the kind of answer it wants."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from agent.reports.text import words
from agent.reports.text.topics import Topic, topics

_WHY = re.compile(r"为什么|为何|为啥|因为什么|是什么导致|由什么引起|怎么会|原因(?!及|和对)")
_NAMES = re.compile(r"叫什么|名字|名称|是谁|哪[几]?家|哪些(?:公司|客户|供应商)|是哪个?公司")
_AMOUNT = re.compile(r"多少|几(?:家|起|笔|项|个|名|人|年|次|亿|万)|金额|占比|比例|比率|余额|数量|总数|是几")
_UNIT = re.compile(r"(?:多少|几)(吨|辆|台|平方米|公里|千瓦时|度电|张|件|家|起|笔)")
_ITEMS = re.compile(r"哪些|哪几|体现在|方面|有什么|[主重]要风险|五大|[三四六]大(?!股东)|列了|是什么|包括")
_FIRST = re.compile(r"第一(?:点|条|项|个)|首要|首先|最主要的(?:一项|一个)?|之一")
_WHETHER = re.compile(r"有没有|有无|是否|[吗没]$|[吗没][？?]|是不是")
_TELL = re.compile(r"介绍|简[述要介]|概述|分析|描述|总结|讲讲|说说|如何|怎么?样")
_TIME = re.compile(
    r"(?:截至|截止)?(?:20\d\d|\d\d)年(?:年?度)?(?:第?[一二三四]季度|上半年|下半年|前[一二三]季度|[年]?末|底|初)?(?:单季)?"
    r"|第?[一二三四]季[度报]|前三季度|上半年|半年报|三季报|一季报|季报|年初至报告期末"
)
# Words of asking, of any report, of any company: they tell one passage from another no more than a full stop does.
_SAID_EVERYWHERE = re.compile(
    r"报告期(?:内|末)?|本报告|年度报告|年报里?|本年度?|全年|这一年|今年|当年|根据|请简要|请问|告诉我|公司的?|本行|该行|集团|企业|大概|大约|一共|一下"
    r"|什么时候|什么|多少|哪些|哪几|哪家|哪位|哪个|几[家起笔项个名人次]|有没有|有无|是否|是不是|如何|怎么?样|怎样|为什么|为何|因为|是谁|谁|分别|其中|里面"
    r"|主要|情况|提到|写了|说了|披露|介绍|分析|简述|总结|列了|叫|名字|名称|具体|进展到|到哪一步|吗|呢|了|的|是|有|和|与|及|在|被|把|里|等|个|以及|并且"
)
# What people say for what reports print.
_SAID_AS = {
    "扣非": "扣除非经常性损益",
    "董监高": "董事监事高级管理人员",
    "高管": "高级管理人员",
    "大客户": "名客户",
    "大供应商": "名供应商",
    "欠款方": "欠款方归集",
    "独董": "独立董事",
}
_OF_FIGURES = re.compile("同比|环比|增幅|增速|增长率?|变化|变动|幅度|累计|单季|较上年|比上年|上年|金额|数额|比例|比率|占比|合计|总额|年末|期末|[增降升减]")
_PUNCTUATION = re.compile(r"[?？!！。，,、：:；;“”\"'（）()《》]")
_REPORT = re.compile(r"^.{0,16}?(?:年报|半年报|季报|年度报告|季度报告|报告)(?:里|中|显示|披露)?(?:的|[,，:：])|^[,，:：、]+")
_SUBJECT_END = re.compile(
    r"为什么|为何|为啥|因为什么|是因为|因为|同比|比年初|比上年|较上年|较年初|大幅|大增|变动|变化|增加|增长|减少|下降|上升|上涨|涨|降|波动|的?原因"
)


@dataclass(frozen=True)
class Asked:
    """`text`: the question without blanks and without names of the company; years: those that it names beside the report's."""

    text: str
    years: tuple[str, ...] = ()

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in topics() if topic.asked.search(self.text))

    @cached_property
    def bare(self) -> str:
        """What is asked about: without times, words of asking and what every report says."""
        text = _PUNCTUATION.sub(" ", _TIME.sub(" ", self.text))
        for said, printed in _SAID_AS.items():
            text = text.replace(said, f" {printed} ")
        return " ".join(_SAID_EVERYWHERE.sub(" ", text).split())

    @cached_property
    def words(self) -> tuple[str, ...]:
        return (*words.of(self.bare), *self.years)

    @property
    def why(self) -> bool:
        return bool(_WHY.search(self.text))

    @property
    def names(self) -> bool:
        return bool(_NAMES.search(self.text))

    @property
    def amount(self) -> bool:
        return bool(_AMOUNT.search(self.text))

    @property
    def unit(self) -> str:
        """The unit that the amount is asked in, as far as a report would print it beside the figure; "" where none is said."""
        found = _UNIT.search(self.text)
        return found[1] if found else ""

    @property
    def items(self) -> bool:
        return bool(_ITEMS.search(self.text)) and not self.amount

    @property
    def first(self) -> bool:
        return bool(_FIRST.search(self.text))

    @property
    def whether(self) -> bool:
        return bool(_WHETHER.search(self.text))

    @property
    def tell(self) -> bool:
        return bool(_TELL.search(self.text))

    def rest(self, topic: Topic) -> list[str]:
        """The asked words beside those that name a topic and those of any figure."""
        return words.of(_OF_FIGURES.sub(" ", topic.asked.sub(" ", "".join(self.bare.split()))))

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Places that the question names; an answer must speak of them."""
        return words.places(self.bare)

    @property
    def mother(self) -> bool:
        """Asks of the mother company alone."""
        return "母公司" in self.text and "归属于母公司" not in self.text and "归母" not in self.text

    @property
    def subject(self) -> str:
        """What 为什么 is asked of: 2019年销售费用为什么涨了三成多 → 销售费用."""
        text = _TIME.sub("", _REPORT.sub("", self.text))
        text = re.sub(r"^(?:年末|年初|期末|本期|今年|公司|本行|的|[,，、:：])+", "", text)
        end = _SUBJECT_END.search(text)
        return text[: end.start()] if end else text


def asked(question: str, names: Iterable[str], year: int) -> Asked:
    """The question of one company's report of a year; names: of the company."""
    text = re.sub(r"\s", "", words.unify(question))
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "")
    return Asked(text, tuple(dict.fromkeys(y for y in re.findall(r"20\d\d", text) if y != str(year))))
