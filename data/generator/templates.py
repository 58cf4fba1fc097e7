"""Wordings of the structured families: text with {slots} and (a|b|c) alternatives. Which slots a family has is in families.py.

Politeness, closing words, final punctuation and slips of the pen are put around them. Our own sentences; add wordings freely,
the split follows by itself. Questions about a company are in company_templates.py, over the whole table in table_templates.py
and aggregate_templates.py, open questions in open_templates.py.
"""

from __future__ import annotations

from data.generator.aggregate_templates import AGGREGATE_TEMPLATES
from data.generator.company_templates import COMPANY_TEMPLATES
from data.generator.table_templates import TABLE_TEMPLATES

POLITE = (
    "请问", "请问,", "请问一下", "请问下", "我想问", "我想问一下,", "想问下", "想问一下,", "问一下", "问下", "问个问题,", "求问",
    "我想知道", "想知道", "我想了解一下", "我想了解", "想了解", "我需要知道", "需要了解一下", "麻烦查一下", "麻烦帮我查查",
    "麻烦您看看", "帮我查一下", "帮我查查", "帮忙查查", "帮忙看一下", "帮我看看", "帮看下", "查一下", "查查", "查询", "查询一下", "请查询",
    "请帮我查询一下", "请告诉我", "告诉我", "能告诉我", "能不能告诉我", "能否告诉我", "可以告诉我", "能否查一下", "能查到", "请提供",
    "请给出", "给我查", "根据年报数据,", "根据年报,", "根据公开年报,", "从年报来看,", "按照年报披露,", "查阅年报,", "结合年报数据,",
    "你好,", "您好,请问", "你好,我想问", "您好,帮我查一下", "劳驾,", "打扰一下,", "有劳,", "我在做研究,想知道", "写报告要用,", "同事问我,",
    "方便的话告诉我", "诶,", "那个,", "对了,", "请教一下,", "请教:", "咨询一下,", "有个问题:", "请回答:", "问题:", "想核对一下,", "谁知道",
)
CLOSING = (
    "谢谢", "谢谢!", "多谢", "谢谢您", "感谢", "辛苦了", "麻烦了", "拜托了", "急", "急用", "在线等", "请给出具体数字", "请直接回答", "请简要回答",
    "请按年报回答", "请给出答案", "只要答案", "说个数就行", "我需要准确的数字", "请写明数据", "尽快回复", "不用解释", "望告知", "盼复",
)
TEMPLATES: dict[str, tuple[str, ...]] = {**COMPANY_TEMPLATES, **TABLE_TEMPLATES, **AGGREGATE_TEMPLATES}
