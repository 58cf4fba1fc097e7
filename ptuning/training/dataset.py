"""Rows of task files become token ids and labels: loss on the answer and the end token only.

The layout is that of ChatGLM2's ptuning/main.py: [gMASK] sop, prompt, answer, end token, padding on the right.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from ptuning.base.tokenizers.tokenizer import ChatIds, Tokenizer
from ptuning.errors import PtuningError
from ptuning.training.readers import read_rows

IGNORED = -100  # the label that cross-entropy leaves out


@dataclass(frozen=True)
class Example:
    """prompt: as in the file; response: what the model should write; history: earlier (question, answer) rounds."""

    prompt: str
    response: str
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Columns:
    """The fields of a row that hold prompt, response and, where there is one, history."""

    prompt: str
    response: str
    history: str | None = None


@dataclass(frozen=True)
class PromptStyle:
    """What the model reads of a row: its prompt as it is, or (chat) in ChatGLM's numbered 问/答 rounds."""

    chat: bool
    source_prefix: str = ""

    def ids(self, tokenizer: Tokenizer, example: Example) -> ChatIds:
        """The whole prompt, source_prefix first; only the chat style shows the history."""
        asked = self.source_prefix + example.prompt
        return tokenizer.encode_chat(asked, example.history) if self.chat else ChatIds(tokenizer.encode(asked), [])


def _is_history(value: Any) -> bool:
    """[[question, answer], …], all texts."""
    return isinstance(value, list) and all(
        isinstance(turn, list) and len(turn) == 2 and all(isinstance(text, str) for text in turn) for turn in value
    )


def _example(row: Any, columns: Columns, where: str) -> Example:
    if not isinstance(row, dict):
        raise PtuningError(f"{where}不是JSON对象（是{type(row).__name__}），每条数据应为 {{字段: 值}}。")
    for option, column in (("prompt_column", columns.prompt), ("response_column", columns.response)):
        if column not in row:
            raise PtuningError(f"{where}没有字段“{column}”（有：{'、'.join(row)}），请用 --{option} 指定正确的字段名。")
        if not isinstance(row[column], str):
            raise PtuningError(f"{where}的字段“{column}”不是文字（是{type(row[column]).__name__}），请改成字符串。")
    history = _history(row.get(columns.history)) if columns.history else []
    if not _is_history(history):
        raise PtuningError(f"{where}的字段“{columns.history}”不是 [[问, 答], …] 的列表，请改正。")
    return Example(row[columns.prompt], row[columns.response], tuple((asked, said) for asked, said in history))


def _history(value: Any) -> Any:
    """A missing one is empty; in csv it is written as JSON."""
    if isinstance(value, str) and value.strip():
        try:
            return json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return value
    return value or []


def read_examples(path: str | Path, columns: Columns) -> list[Example]:
    """Rows of a JSON array, JSON lines or csv file; a row without history has none.

    Raises:
        PtuningError: names the file, the row and the field that is missing or of the wrong kind.
    """
    path = Path(path)
    examples = [_example(row, columns, f"数据文件 {path} {where}") for where, row in read_rows(path)]
    if not examples:
        raise PtuningError(f"数据文件 {path} 里没有数据，请检查文件。")
    return examples


def mix(parts: Sequence[Sequence[Example]], weights: Sequence[float], seed: int) -> list[Example]:
    """Every part `weight` times: 2 is each row twice, 0.5 a seeded half of the rows, 1.5 all and a seeded half again."""
    mixed: list[Example] = []
    for number, (part, weight) in enumerate(zip(parts, weights)):
        times, rest = divmod(weight, 1)
        mixed += list(part) * int(times)
        mixed += random.Random(f"{seed} {number}").sample(list(part), round(rest * len(part)))
    return mixed


@dataclass(frozen=True)
class Encoded:
    """input_ids: prompt, answer, end token; the answer starts at `start`. cut_*: a length limit took some of it.

    earlier: [start, end) of the history's answers that count in the loss as well.
    """

    input_ids: list[int]
    start: int
    cut_prompt: bool = False
    cut_answer: bool = False
    earlier: tuple[tuple[int, int], ...] = ()

    @property
    def labels(self) -> list[int]:
        labels = [IGNORED] * self.start + self.input_ids[self.start :]
        for first, end in self.earlier:
            labels[first:end] = self.input_ids[first:end]
        return labels


def cut(tokenizer: Tokenizer, prompt: ChatIds, longest: int, side: str = "left") -> ChatIds:
    """The prompt in at most `longest` ids. `left` keeps its special head ([gMASK] sop) and its end, where the question and
    答： are; `right` keeps its beginning, as ChatGLM's ptuning folder does."""
    over = len(prompt.ids) - longest
    if over <= 0:
        return prompt
    if side == "right":
        kept = [(first, min(end, longest)) for first, end in prompt.answered if first < longest]
        return ChatIds(prompt.ids[:longest], kept)
    head = min(len(tokenizer.encode("")), longest)
    moved = [(max(first - over, head), end - over) for first, end in prompt.answered]
    return ChatIds(prompt.ids[:head] + prompt.ids[head + over :], [span for span in moved if span[0] < span[1]])


def encode(
    tokenizer: Tokenizer,
    style: PromptStyle,
    example: Example,
    max_source_length: int,
    max_target_length: int,
    truncation_side: str = "left",
    history_loss: bool = False,
) -> Encoded:
    """[gMASK] sop prompt (at most max_source_length ids), answer (the first max_target_length ids), end token."""
    whole = style.ids(tokenizer, example)
    source = cut(tokenizer, whole, max_source_length, truncation_side)
    target = tokenizer.encode(example.response, add_special_tokens=False)
    ids = [*source.ids, *target[:max_target_length], tokenizer.eos_token_id]
    earlier = tuple(source.answered) if history_loss else ()
    return Encoded(ids, len(source.ids), len(source.ids) < len(whole.ids), len(target) > max_target_length, earlier)


class EncodedRows(Dataset[dict[str, list[int]]]):
    """Encoded rows as a trainer reads them; it groups by the length of input_ids."""

    def __init__(self, rows: Sequence[Encoded]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        return {"input_ids": self.rows[index].input_ids, "labels": self.rows[index].labels}


class LengthGroups(Sampler[int]):
    """Every row once an epoch, rows of like length in one batch; the order depends on seed and epoch alone.

    (transformers' own sampler draws from the global random state, which differs after resuming.)
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        return iter(get_length_grouped_indices(self.lengths, self.batch_size, generator=generator))


@dataclass(frozen=True)
class Collator:
    """Pads on the right: to the longest row of the batch, or to `length` (max_source + max_target + 1 as the original)."""

    pad: int
    length: int | None = None

    def __call__(self, features: Sequence[dict[str, list[int]]]) -> dict[str, Tensor]:
        """input_ids, labels (-100 over the padding) and attention_mask. Shapes: [rows, length] each."""
        longest = self.length or max(len(feature["input_ids"]) for feature in features)

        def padded(name: str, fill: int) -> Tensor:
            return torch.tensor([feature[name] + [fill] * (longest - len(feature[name])) for feature in features])

        real = torch.tensor([[len(feature["input_ids"])] for feature in features])
        return {
            "input_ids": padded("input_ids", self.pad),
            "labels": padded("labels", IGNORED),
            "attention_mask": (torch.arange(longest) < real).long(),
        }
