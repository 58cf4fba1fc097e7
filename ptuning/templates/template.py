"""A text with a gap (cloze or prefix) for a row's fields, and the words that mean each label (PET: Schick & Schütze 2021,
arXiv 2001.07676).

File: {"templates": ["{soft:8}{sentence}\\n情感：{mask}。"], "labels": {"积极": ["好", "乐观"], "消极": ["坏"]}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError
from ptuning.files import read_json

SLOT = re.compile(r"\{([^{}]*)\}")
MASK, SOFT = "mask", re.compile(r"soft:(\d+)")


@dataclass(frozen=True)
class Filled:
    """before: what stands before the gap; after: what stands behind it."""

    before: str
    after: str

    def answer(self, word: str) -> str:
        """The gap's word and all that follows; a blank before the gap is the word's, as tokenizers have it."""
        return " " * (len(self.before) - len(self.before.rstrip(" "))) + word + self.after

    @property
    def prompt(self) -> str:
        return self.before.rstrip(" ")


@dataclass(frozen=True)
class Template:
    """before, after: texts with {field}s around the gap. soft: trained tokens in front of all."""

    before: str
    after: str
    soft: int = 0

    @classmethod
    def parse(cls, text: str, where: str) -> Template:
        """Raises PtuningError: no gap, or several; soft tokens elsewhere than in front; no field."""
        slots = SLOT.findall(text)
        if slots.count(MASK) != 1:
            raise PtuningError(f"{where}“{text}”要有恰好一个 {{{MASK}}}（答案词的位置），现在有{slots.count(MASK)}个。")
        soft = [match for slot in slots if (match := SOFT.fullmatch(slot))]
        if len(soft) > 1 or (soft and not text.startswith("{soft:")):
            raise PtuningError(f"{where}“{text}”的 {{soft:N}} 只能有一个，并且写在最前面。")
        fields = [slot for slot in slots if slot != MASK and not SOFT.fullmatch(slot)]
        if not fields or not all(fields):
            raise PtuningError(f"{where}“{text}”没有数据的字段，例如 {{sentence}}，请加上。")
        count = int(soft[0][1]) if soft else 0
        text = text[text.index("}") + 1 :] if soft else text
        before, _, after = text.partition(f"{{{MASK}}}")
        return cls(before, after, count)

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(SLOT.findall(self.before + self.after)))

    def fill(self, row: Mapping[str, Any], where: str) -> Filled:
        """Raises PtuningError: the row has no such field, or it is no text."""
        for name in self.fields:
            if name not in row:
                raise PtuningError(f"{where}没有模板要的字段“{name}”（有：{'、'.join(row)}），请改模板或数据。")
            if not isinstance(row[name], str):
                raise PtuningError(f"{where}的字段“{name}”不是文字（是{type(row[name]).__name__}），请改成字符串。")
        return Filled(*(SLOT.sub(lambda match: row[match[1]], part) for part in (self.before, self.after)))


@dataclass(frozen=True)
class Verbalizer:
    """words: of each label; the first is what training teaches."""

    words: Mapping[str, tuple[str, ...]]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.words)

    def first(self, label: str, where: str) -> str:
        """Raises PtuningError: the label has no words."""
        if label not in self.words:
            raise PtuningError(
                f"{where}的标签“{label}”在模板的 labels 里没有答案词（有：{'、'.join(self.words)}），请补上。"
            )
        return self.words[label][0]


@dataclass(frozen=True)
class TemplateFile:
    """Several templates are an ensemble."""

    templates: tuple[Template, ...]
    verbalizer: Verbalizer

    @property
    def soft(self) -> int:
        return self.templates[0].soft


def read_template(path: str | Path) -> TemplateFile:
    """Raises PtuningError: the file is missing or damaged, or something in it cannot be."""
    path = Path(path)
    content = read_json(path)
    texts, labels = content.get("templates"), content.get("labels")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise PtuningError(f'模板文件 {path} 的 templates 应是文字的列表，例如 ["{{sentence}} 情感：{{mask}}"]。')
    templates = tuple(Template.parse(text, f"模板文件 {path} 第{n}个模板") for n, text in enumerate(texts, 1))
    if len({template.soft for template in templates}) > 1:
        raise PtuningError(f"模板文件 {path} 里各模板的 {{soft:N}} 要一样多，它们共用一组可训练的词元。")
    return TemplateFile(templates, Verbalizer(_words(labels, path)))


def _words(labels: Any, path: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(labels, dict) or len(labels) < 2:
        raise PtuningError(f"模板文件 {path} 的 labels 应是至少两个 {{标签: [答案词, …]}}。")
    found: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for label, words in labels.items():
        words = [words] if isinstance(words, str) else words
        if not isinstance(words, list) or not words or not all(isinstance(w, str) and w.strip() for w in words):
            raise PtuningError(f'模板文件 {path} 的标签“{label}”没有答案词，请写成 ["词", …]。')
        for word in words:
            if owners.setdefault(word, label) != label:
                raise PtuningError(f"模板文件 {path} 的答案词“{word}”同时属于“{owners[word]}”和“{label}”，请换一个词。")
        found[label] = tuple(words)
    return found
