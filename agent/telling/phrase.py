"""Step 5, where it is wanted: the language model words the conclusion. Nothing but the evidence may stand in it, else the template stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.figures.values import Style, show
from agent.model import LanguageModel
from agent.records import Facts, Value
from agent.telling import faithful
from agent.telling.conclude import AGGREGATE_NAMES
from agent.telling.faithful import Evidence

SHOWN_ROWS = 20  # rows of evidence in a prompt
LONGEST = 600  # characters of a template that a model is asked to word; a list of sixty names gains nothing
NAMED = 3  # reasons that a note gives
# No prefix is trained for this: it is put to the bare base, so it says what to do.
_PROMPT = """问题：{question}
依据：
{evidence}
参考答案：{template}
请根据依据，用一两句话回答问题，不要改动数字，不要补充依据里没有的内容。
回答："""


@dataclass(frozen=True)
class Wording:
    """The accepted text (None: the template stays) and what the trace says about it."""

    text: str | None
    note: str


def reword(model: LanguageModel, told: Sequence[tuple[Facts, str]]) -> list[Wording]:
    """The model's wording of each conclusion (facts, the template's sentence), all asked for in one call."""
    short = [(facts, text) for facts, text in told if len(text) <= LONGEST]
    written = iter(model.phrase([prompt(facts, text) for facts, text in short]) if short else [])
    return [
        judge(next(written), text, facts) if len(text) <= LONGEST else Wording(None, "答案太长，没有请模型措辞。")
        for facts, text in told
    ]


def prompt(facts: Facts, template: str) -> str:
    """The question, the evidence as lines, and the template's sentence."""
    lines = [
        "，".join(_cell(c, v) for c, v in zip(facts.result.columns, row) if v is not None)
        for row in facts.result.rows[:SHOWN_ROWS]
    ]
    return _PROMPT.format(
        question=facts.entities.text, evidence="\n".join(lines) or "（没有符合条件的公司）", template=template
    )


def _cell(column: str, value: Value) -> str:
    """A cell with its heading: 净利润：5元, 净利润的平均值：5.25."""
    aggregate = re.fullmatch(r'(\w+)\("?(.+?)"?\)', column)
    name = (
        f"{aggregate[2]}的{AGGREGATE_NAMES[aggregate[1]]}" if aggregate and aggregate[1] in AGGREGATE_NAMES else column
    )
    if isinstance(value, Decimal) and aggregate:
        value = round(value, 4)
    return f"{name}：{show(column, value, Style())}"


def judge(written: str, template: str, facts: Facts) -> Wording:
    """Accepted where everything in it is backed and nothing that the template tells is missing."""
    text = written.strip()
    if not text:
        return Wording(None, "模型没有写出措辞，用模板的答案。")
    evidence = Evidence(facts)
    said, wanted = faithful.read(text, evidence), faithful.read(template, evidence)
    if said.unbacked or wanted.unbacked:
        why = "、".join((said.unbacked or ["模板的答案无法逐项核对"])[:NAMED])
        return Wording(None, f"模型的措辞没有采用（{why}），用模板的答案。")
    if missing := _asked(wanted.claims, facts) - said.claims:
        return Wording(None, f"模型的措辞没有采用（漏掉{len(missing)}处内容），用模板的答案。")
    return Wording(text, "答案由模型措辞，其中的名称和数字已逐个核对。")


def _asked(claims: set[faithful.Key], facts: Facts) -> set[faithful.Key]:
    """The claims that an answer has to make: the operands of a formula may be left out."""
    columns = facts.intent.columns
    return {c for c in claims if c[0] != "cell" or c[-1] in columns or not columns}
