"""The prompts, one place for all: training rows, evaluation and the agent render them here.

They are bare. The prefix carries the task, so a long role prompt only costs time (26 tokens against 379, equal or better answers).
"""

from __future__ import annotations

# Class → the words the model writes for it (a verbaliser, Schick & Schütze 2021): a small base knows topics in words at once,
# while letters would have to be learned from nothing.
LABEL_WORDS = {
    "A": "公司基本信息",
    "B": "员工人数",
    "C": "财务数据",
    "D": "计算指标",
    "E": "统计查询",
    "F": "开放问题",
}
LABELS = tuple(LABEL_WORDS)
SEPARATOR = ","
_TEMPLATES = {"classify": "{text}\n类别:", "keywords": "{text}\n关键词:", "nl2sql": "{text}\nSQL:"}
TASKS = tuple(_TEMPLATES)


def render(task: str, text: str) -> str:
    """The prompt of `task` for a question (nl2sql: the masked question)."""
    return _TEMPLATES[task].format(text=text)


def join_terms(terms: tuple[str, ...] | list[str]) -> str:
    """Key words as the model writes them."""
    return SEPARATOR.join(terms)


def split_terms(text: str) -> tuple[str, ...]:
    """Key words from what the model wrote: without empty ones and repetitions."""
    return tuple(dict.fromkeys(term.strip() for term in text.replace("，", SEPARATOR).split(SEPARATOR) if term.strip()))
