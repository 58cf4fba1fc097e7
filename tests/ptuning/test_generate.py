import copy

import pytest
import torch
from transformers import DynamicCache

from ptuning.generate import generate, score_choices
from ptuning.models import load_base
from ptuning.prefix import PrefixConfig, PrefixEncoder, PrefixModel

PROMPTS = ["什么是净利润？", "甲", "2020年甲公司的营业收入和净利润分别是多少元？", "多少", "乙公司2021年的净利润是多少元？"]


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(scope="module")
def model(base):
    torch.manual_seed(0)
    return PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, 5))).eval()


@torch.no_grad()
def whole_logits(model, ids):
    """Reference: every position anew, alone in its batch, no padding, no cache beyond the prefix. [tokens, vocabulary]"""
    prefix = model.pre_seq_len if isinstance(model, PrefixModel) else 0
    base = model.base_model if prefix else model
    return base(
        input_ids=torch.tensor([ids]),
        attention_mask=torch.ones(1, prefix + len(ids), dtype=torch.long),
        position_ids=torch.arange(len(ids))[None],
        past_key_values=model.cache(1) if prefix else DynamicCache(),
    ).logits[0]


def slow(model, tokenizer, prompt, new_tokens):
    ids, written = tokenizer.encode(prompt), []
    while len(written) < new_tokens:
        token = int(whole_logits(model, [*ids, *written])[-1].argmax())
        if token == tokenizer.eos_token_id:
            break
        written.append(token)
    return written


def test_a_batch_with_a_prefix_writes_what_each_prompt_alone_writes(base, model):
    alone = [base.tokenizer.decode(slow(model, base.tokenizer, prompt, 8)) for prompt in PROMPTS]
    assert len(set(alone)) > 1
    for batch_size in (1, 2, 64):
        assert generate(model, base.tokenizer, PROMPTS, 8, batch_size) == alone


def test_a_base_without_prefix_writes_what_transformers_generates(base):
    wanted = []
    for prompt in PROMPTS:
        ids = torch.tensor([base.tokenizer.encode(prompt)])
        out = base.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False)
        wanted.append(base.tokenizer.decode(out[0, ids.shape[1] :].tolist()))
    assert generate(base.model, base.tokenizer, PROMPTS, 6) == wanted


def test_rows_end_at_the_end_token_each_at_its_own_time(base, model):
    tokenizer = copy.copy(base.tokenizer)
    mixed = 0
    for token in {token for prompt in PROMPTS for token in slow(model, base.tokenizer, prompt, 8)}:
        tokenizer.eos_token_id = token  # whatever the model happens to write stands for the end
        written = [slow(model, tokenizer, prompt, 8) for prompt in PROMPTS]
        mixed += len({len(ids) for ids in written}) > 1
        assert generate(model, tokenizer, PROMPTS, 8) == [tokenizer.decode(ids) for ids in written]
    assert mixed


def test_no_prompts_write_nothing(base, model):
    assert generate(model, base.tokenizer, []) == [] and score_choices(model, base.tokenizer, [], ["A"]) == []


@pytest.mark.parametrize("prefixed", [True, False])
@pytest.mark.parametrize("choices", [["A", "B", "C"], ["A", "营业收入和净利润", "营业成本"], ["净利润净利润净利润", "净利润"]])
def test_choices_are_scored_over_all_their_tokens(base, model, choices, prefixed):
    chosen = model if prefixed else base.model
    found = score_choices(chosen, base.tokenizer, PROMPTS, choices, batch_size=2)
    for prompt, scores in zip(PROMPTS, found):
        start = base.tokenizer.encode(prompt)
        for choice, score in zip(choices, scores):
            ids = base.tokenizer.encode(choice, add_special_tokens=False)
            logs = whole_logits(chosen, [*start, *ids]).log_softmax(-1)
            alone = sum(float(logs[len(start) - 1 + at, token]) for at, token in enumerate(ids))
            assert score == pytest.approx(alone, abs=1e-3)
