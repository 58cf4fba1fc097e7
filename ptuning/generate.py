"""Batched greedy generation and one-pass scoring, with a prefix or without.

Requests of like length share a batch, padded on the left; finished rows leave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from ptuning.prefix import PrefixModel, positions
from ptuning.tokenizer import GlmTokenizer

Model = PrefixModel | PreTrainedModel


def _padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Left-padded ids and mask, [rows, longest] each."""
    longest = max(map(len, rows))
    ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask


def _grouped(encoded: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    """Row numbers in batches of like length, the longest first: what does not fit into memory fails at once."""
    order = sorted(range(len(encoded)), key=lambda i: -len(encoded[i]))
    for at in range(0, len(order), batch_size):
        yield order[at : at + batch_size]


@dataclass
class _Reading:
    """A batch that has been read so far. mask: [rows, prefix + text]; place: position id of the next token, [rows, 1]."""

    base: PreTrainedModel
    cache: DynamicCache
    mask: Tensor
    place: Tensor

    @classmethod
    def of(cls, model: Model, rows: Sequence[Sequence[int]], pad: int) -> tuple[_Reading, Tensor]:
        """Prompts through the model: the reading, and the logits after each prompt [rows, vocabulary]."""
        ids, mask = _padded(rows, pad, model.device)
        if isinstance(model, PrefixModel):
            base, cache = model.base_model, model.cache(len(rows))
            full = torch.cat((mask.new_ones(len(rows), model.pre_seq_len), mask), 1)
        else:
            base, cache, full = model, DynamicCache(), mask
        where = positions(mask)
        reading = cls(base, cache, full, where[:, -1:] + 1)
        return reading, reading._logits(ids, where, last=1)[:, 0]

    def _logits(self, ids: Tensor, where: Tensor, last: int) -> Tensor:
        """Logits of the `last` positions, [rows, last, vocabulary] in float32; `self.mask` already covers `ids`."""
        decoder, head = self.base.get_decoder(), self.base.get_output_embeddings()
        read = decoder(
            input_ids=ids, attention_mask=self.mask, position_ids=where, past_key_values=self.cache, use_cache=True
        )
        return head(read.last_hidden_state[:, -last:]).float()

    def read(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Reads on. Shapes: ids, mask [rows, more] → [rows, more, vocabulary]; padding (mask 0) only on the right."""
        more = ids.shape[1]
        self.mask = torch.cat((self.mask, torch.ones_like(ids) if mask is None else mask), 1)
        logits = self._logits(ids, self.place + torch.arange(more, device=ids.device), last=more)
        self.place = self.place + more
        return logits

    def keep(self, rows: Tensor) -> None:
        """Only these rows go on; a row may be named more than once."""
        self.cache.batch_select_indices(rows)
        self.mask, self.place = self.mask[rows], self.place[rows]


def _generate_batch(
    model: Model, rows: Sequence[Sequence[int]], pad: int, end: int, max_new_tokens: int
) -> list[list[int]]:
    reading, logits = _Reading.of(model, rows, pad)
    written: list[list[int]] = [[] for _ in rows]
    alive = list(range(len(rows)))
    while True:
        tokens = logits.argmax(-1)
        going = []
        for at, token in enumerate(tokens.tolist()):
            if token != end:
                written[alive[at]].append(token)
                if len(written[alive[at]]) < max_new_tokens:
                    going.append(at)
        if not going:
            return written
        if len(going) < len(alive):
            chosen = torch.tensor(going, device=tokens.device)
            reading.keep(chosen)
            tokens, alive = tokens[chosen], [alive[at] for at in going]
        logits = reading.read(tokens[:, None])[:, -1]


@torch.inference_mode()
def generate(
    model: Model, tokenizer: GlmTokenizer, prompts: Sequence[str], max_new_tokens: int = 64, batch_size: int = 64
) -> list[str]:
    """What the model writes after each prompt, greedily, up to the end token or `max_new_tokens`; in the order of `prompts`."""
    encoded = [tokenizer.encode(prompt) for prompt in prompts]
    texts = [""] * len(prompts)
    for group in _grouped(encoded, batch_size):
        batch = [encoded[i] for i in group]
        written = _generate_batch(model, batch, tokenizer.pad_token_id, tokenizer.eos_token_id, max_new_tokens)
        for i, ids in zip(group, written):
            texts[i] = tokenizer.decode(ids)
    return texts


def _score_batch(model: Model, rows: Sequence[Sequence[int]], pad: int, choices: Sequence[Sequence[int]]) -> Tensor:
    """Sum of the log-probabilities of each choice's tokens after each row, [rows, choices]."""
    reading, logits = _Reading.of(model, rows, pad)
    first = torch.tensor([choice[0] for choice in choices], device=model.device)
    scores = logits.log_softmax(-1)[:, first]
    longest = max(map(len, choices))
    if longest == 1:
        return scores
    ids = torch.tensor([[*choice, *[pad] * (longest - len(choice))] for choice in choices], device=model.device)
    real = torch.tensor([[1] * len(choice) + [0] * (longest - len(choice)) for choice in choices], device=model.device)
    reading.keep(torch.arange(len(rows), device=model.device).repeat_interleave(len(choices)))
    ids, real = ids.repeat(len(rows), 1), real.repeat(len(rows), 1)
    after = reading.read(ids[:, :-1], real[:, :-1]).log_softmax(-1)  # what follows each token but the last
    rest = after.gather(-1, ids[:, 1:, None]).squeeze(-1) * real[:, 1:]
    return scores + rest.sum(1).view(len(rows), len(choices))


@torch.inference_mode()
def score_choices(
    model: Model, tokenizer: GlmTokenizer, prompts: Sequence[str], choices: Sequence[str], batch_size: int = 64
) -> list[list[float]]:
    """Log-probability of each choice after each prompt, over all its tokens: [prompts][choices].

    Choices of one token cost one pass over the prompts; longer ones a second, short pass that reuses the first.
    """
    wanted = [tokenizer.encode(choice, add_special_tokens=False) for choice in choices]
    encoded = [tokenizer.encode(prompt) for prompt in prompts]
    scores: list[list[float]] = [[] for _ in prompts]
    for group in _grouped(encoded, batch_size):
        found = _score_batch(model, [encoded[i] for i in group], tokenizer.pad_token_id, wanted)
        for i, row in zip(group, found.tolist()):
            scores[i] = row
    return scores
