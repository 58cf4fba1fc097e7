"""Examples become token ids and labels: loss on the answer and the end token only.

The layout is that of ChatGLM2's ptuning/main.py: [gMASK] sop, prompt, answer, end token, padding on the right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from ptuning.base.tokenizers.messages import system_asked
from ptuning.base.tokenizers.tokenizer import ChatIds, Tokenizer
from ptuning.errors import PtuningError
from ptuning.training.examples import Example

IGNORED = -100  # the label that cross-entropy leaves out


@dataclass(frozen=True)
class PromptStyle:
    """What the model reads of a row: its prompt as it is, or (chat) in ChatGLM's numbered 问/答 rounds."""

    chat: bool
    source_prefix: str = ""

    def ids(self, tokenizer: Tokenizer, example: Example) -> ChatIds:
        """The whole prompt, source_prefix first.

        Raises:
            PtuningError: a history, which only the chat style shows; or one that the tokenizer's chat format does not have.
        """
        if self.chat:
            messages = example.messages(self.source_prefix)
            return tokenizer.encode_messages(messages if tokenizer.has_system else system_asked(messages))
        if example.history:
            raise PtuningError("有历史或 system 的数据只能用问答格式，请加 --prompt_style chatglm。")
        return ChatIds(tokenizer.encode(self.source_prefix + example.prompt), [])

    def answer(self, tokenizer: Tokenizer, example: Example) -> tuple[list[int], int]:
        """What the model is to write after `ids`, and the token that ends it."""
        if self.chat:
            return tokenizer.answer_ids(example.response, example.metadata), tokenizer.answer_end_id
        return tokenizer.encode(example.response, add_special_tokens=False), tokenizer.eos_token_id

    def shown(self, written: str) -> str:
        """What a model wrote, as a text to compare: without the blanks around it that a chat format may have put there."""
        return written.strip() if self.chat else written


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
    target, end = style.answer(tokenizer, example)
    ids = [*source.ids, *target[:max_target_length], end]
    earlier = tuple(source.answered) if history_loss or example.every else ()
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
