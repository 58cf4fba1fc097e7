"""Batched greedy generation and one-pass scoring with a prefix: left padding, requests of like length together, finished rows leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from transformers import DynamicCache

from ptuning.prefix import PrefixModel, positions
from ptuning.tokenizer import GlmTokenizer


def _padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Left-padded ids and mask, [rows, longest] each."""
    longest = max(map(len, rows))
    ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask


def _grouped(encoded: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    """Row numbers in batches of like length."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    for at in range(0, len(order), batch_size):
        yield order[at : at + batch_size]


def _last_logits(model: PrefixModel, ids: Tensor, mask: Tensor, where: Tensor, cache: DynamicCache) -> Tensor:
    """Logits after the last token of each row, [rows, vocabulary]; `mask` covers prefix and text, `where` the position ids of `ids`."""
    hidden = model.base_model.get_decoder()(input_ids=ids, attention_mask=mask, position_ids=where, past_key_values=cache, use_cache=True).last_hidden_state
    return model.base_model.get_output_embeddings()(hidden[:, -1]).float()


def _start(model: PrefixModel, rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor, Tensor, DynamicCache]:
    """Prompts through the model: (logits, mask, next position [rows, 1], cache)."""
    ids, mask = _padded(rows, pad, model.device)
    where, cache = positions(mask), model.cache(len(rows))
    full = torch.cat((mask.new_ones(len(rows), model.pre_seq_len), mask), 1)
    return _last_logits(model, ids, full, where, cache), full, where[:, -1:] + 1, cache


def _generate_batch(model: PrefixModel, rows: Sequence[Sequence[int]], pad: int, end: int, max_new_tokens: int) -> list[list[int]]:
    logits, mask, where, cache = _start(model, rows, pad)
    written: list[list[int]] = [[] for _ in rows]
    alive = list(range(len(rows)))
    for _ in range(max_new_tokens):
        token = logits.argmax(-1)
        keep = [i for i, t in enumerate(token.tolist()) if t != end]
        for i in keep:
            written[alive[i]].append(int(token[i]))
        if not keep:
            break
        if len(keep) < len(alive):  # finished rows leave the batch
            chosen = torch.tensor(keep, device=token.device)
            cache.batch_select_indices(chosen)
            token, mask, where, alive = token[chosen], mask[chosen], where[chosen], [alive[i] for i in keep]
        mask = torch.cat((mask, mask.new_ones(len(alive), 1)), 1)
        logits = _last_logits(model, token[:, None], mask, where, cache)
        where = where + 1
    return written


@torch.inference_mode()
def generate(model: PrefixModel, tokenizer: GlmTokenizer, prompts: Sequence[str], max_new_tokens: int = 64, batch_size: int = 64) -> list[str]:
    """What the model writes after each prompt, greedily, up to the end token or `max_new_tokens`; in the order of `prompts`."""
    encoded = [tokenizer.encode(prompt) for prompt in prompts]
    texts = [""] * len(prompts)
    for group in _grouped(encoded, batch_size):
        for i, ids in zip(group, _generate_batch(model, [encoded[i] for i in group], tokenizer.pad_token_id, tokenizer.eos_token_id, max_new_tokens)):
            texts[i] = tokenizer.decode(ids)
    return texts


@torch.inference_mode()
def score_choices(model: PrefixModel, tokenizer: GlmTokenizer, prompts: Sequence[str], choices: Sequence[str], batch_size: int = 64) -> list[list[float]]:
    """Log-probability of each choice as the next token: [prompts][choices], one forward pass and no generation.

    A choice of several tokens is judged by its first, so the choices' first tokens must differ.
    """
    first = [tokenizer.encode(choice, add_special_tokens=False)[0] for choice in choices]
    if len(set(first)) < len(first):
        raise ValueError(f"choices {choices} do not differ in their first token")
    encoded = [tokenizer.encode(prompt) for prompt in prompts]
    scores: list[list[float]] = [[] for _ in prompts]
    for group in _grouped(encoded, batch_size):
        logits, *_ = _start(model, [encoded[i] for i in group], tokenizer.pad_token_id)
        for i, row in zip(group, logits.log_softmax(-1)[:, first].tolist()):
            scores[i] = row
    return scores
