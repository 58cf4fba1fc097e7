"""Labelled rows become token ids: whole texts (or pairs) with a class, or words with a class each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ptuning.base.models import Base
from ptuning.methods.adapted import is_decoder

IGNORED = -100


@dataclass(frozen=True)
class Labelled:
    """text: a text, or its two parts; words and tags instead for tokens. label: empty where it is asked for."""

    text: tuple[str, ...] = ()
    label: str = ""
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class EncodedLabels:
    """labels: [label's number], or one a token. firsts: for tokens, where the first piece of each word stands (words that
    were cut have none)."""

    input_ids: list[int]
    labels: list[int]
    firsts: tuple[int, ...] = ()
    cut: bool = False


class LabelEncoder:
    """Encodes for a base and labels; at most `longest` ids a row."""

    def __init__(self, base: Base, labels: Sequence[str], longest: int) -> None:
        self._tokenizer, self._longest = base.tokenizer, longest
        self._numbers = {label: number for number, label in enumerate(labels)}
        frame = base.tokenizer.encode("")
        ends = 0 if is_decoder(base.model) else 1  # an encoder's texts end with [SEP]
        self._before, self._after = frame[: len(frame) - ends], frame[len(frame) - ends :]

    def __call__(self, row: Labelled) -> EncodedLabels:
        return self._words(row) if row.words else self._text(row)

    def _text(self, row: Labelled) -> EncodedLabels:
        """The parts one after another, [SEP] or a new line between them; cut at its end."""
        between = self._after or self._tokenizer.encode("\n", add_special_tokens=False)
        inner: list[int] = []
        for number, part in enumerate(row.text):
            inner += (between if number else []) + self._tokenizer.encode(part, add_special_tokens=False)
        room = self._longest - len(self._before) - len(self._after)
        ids = [*self._before, *inner[:room], *self._after]
        return EncodedLabels(ids, [self._numbers.get(row.label, IGNORED)], cut=len(inner) > room)

    def _words(self, row: Labelled) -> EncodedLabels:
        """A word's first piece has its tag, the others none."""
        ids, labels, firsts = list(self._before), [IGNORED] * len(self._before), []
        tags = row.tags or ("",) * len(row.words)
        room = self._longest - len(self._after)
        for number, (word, tag) in enumerate(zip(row.words, tags)):
            blank = " " if number and word.isascii() and row.words[number - 1].isascii() else ""
            pieces = self._tokenizer.encode(blank + word, add_special_tokens=False)
            if not pieces:  # of characters that the tokenizer drops
                pieces = self._tokenizer.encode(".", add_special_tokens=False)
            if len(ids) + len(pieces) > room:
                break
            firsts.append(len(ids))
            labels += [self._numbers.get(tag, IGNORED), *[IGNORED] * (len(pieces) - 1)]
            ids += pieces
        cut = len(firsts) < len(row.words)
        return EncodedLabels([*ids, *self._after], labels + [IGNORED] * len(self._after), tuple(firsts), cut)


@dataclass(frozen=True)
class LabelCollator:
    """Pads on the right. wide: a label a token; else one a row."""

    pad: int
    wide: bool

    def __call__(self, features: Sequence[dict[str, list[int]]]) -> dict[str, Tensor]:
        longest = max(len(feature["input_ids"]) for feature in features)

        def padded(name: str, fill: int) -> Tensor:
            return torch.tensor([feature[name] + [fill] * (longest - len(feature[name])) for feature in features])

        real = torch.tensor([[len(feature["input_ids"])] for feature in features])
        labels = padded("labels", IGNORED) if self.wide else torch.tensor([f["labels"][0] for f in features])
        mask = (torch.arange(longest) < real).long()
        return {"input_ids": padded("input_ids", self.pad), "labels": labels, "attention_mask": mask}
