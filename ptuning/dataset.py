"""Rows of a task file become token ids and labels: loss on the answer and the end token only.

The layout is that of ChatGLM2's ptuning/main.py: [gMASK] sop, prompt, answer, end token, padding on the right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from ptuning.errors import PtuningError
from ptuning.tokenizer import GlmTokenizer

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

    def render(self, tokenizer: GlmTokenizer, example: Example) -> str:
        """source_prefix, then the prompt; only the chat style shows the history."""
        asked = tokenizer.build_prompt(example.prompt, example.history) if self.chat else example.prompt
        return self.source_prefix + asked


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PtuningError(f"数据文件 {path} 不存在，请检查路径。") from None
    except OSError as error:
        raise PtuningError(f"数据文件 {path} 读不了（{error.strerror}），请检查路径与权限。") from None
    except UnicodeDecodeError as error:
        raise PtuningError(f"数据文件 {path} 不是UTF-8编码（第{error.start}字节处），请转成UTF-8。") from None


def _parsed(text: str, path: Path, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise PtuningError(f"数据文件 {path} 第{line}行不是合法的JSON（{error.msg}），请改正。") from None


def _rows(path: Path) -> list[tuple[str, Any]]:
    """(place, row) of a JSON array or JSON lines file."""
    text = _text_of(path)
    if text.lstrip().startswith("["):
        return [(f"第{i}项", row) for i, row in enumerate(_parsed(text, path, 1), 1)]
    lines = enumerate(text.split("\n"), 1)
    return [(f"第{number}行", _parsed(line, path, number)) for number, line in lines if line.strip()]


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
    history = row.get(columns.history, []) if columns.history else []
    if not _is_history(history):
        raise PtuningError(f"{where}的字段“{columns.history}”不是 [[问, 答], …] 的列表，请改正。")
    return Example(row[columns.prompt], row[columns.response], tuple((asked, said) for asked, said in history))


def read_examples(path: str | Path, columns: Columns) -> list[Example]:
    """Rows of a JSON array or JSON lines file; a row without history has none.

    Raises:
        PtuningError: names the file, the row and the field that is missing or of the wrong kind.
    """
    path = Path(path)
    examples = [_example(row, columns, f"数据文件 {path} {place}") for place, row in _rows(path)]
    if not examples:
        raise PtuningError(f"数据文件 {path} 里没有数据，请检查文件。")
    return examples


@dataclass(frozen=True)
class Encoded:
    """input_ids: prompt, answer, end token; the answer starts at `start`. cut_*: a length limit took some of it."""

    input_ids: list[int]
    start: int
    cut_prompt: bool = False
    cut_answer: bool = False

    @property
    def labels(self) -> list[int]:
        return [IGNORED] * self.start + self.input_ids[self.start :]


def encode(
    tokenizer: GlmTokenizer, style: PromptStyle, example: Example, max_source_length: int, max_target_length: int
) -> Encoded:
    """[gMASK] sop prompt (the first max_source_length ids), answer (the first max_target_length ids), end token."""
    source = tokenizer.encode(style.render(tokenizer, example))
    target = tokenizer.encode(example.response, add_special_tokens=False)
    ids = [*source[:max_source_length], *target[:max_target_length], tokenizer.eos_token_id]
    start = min(len(source), max_source_length)
    return Encoded(ids, start, len(source) > max_source_length, len(target) > max_target_length)


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
