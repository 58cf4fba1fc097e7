import copy
import itertools
from dataclasses import replace

import pytest
import torch
from transformers import DynamicCache

from ptuning.answering.generate import generate, score_choices, stream
from ptuning.answering.sampling import Sampling
from ptuning.base.models import load_base
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel

PROMPTS = [
    "什么是净利润？",
    "甲",
    "2020年甲公司的营业收入和净利润分别是多少元？",
    "多少",
    "乙公司2021年的净利润是多少元？",
]


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
        position_ids=(model.text_start if prefix else 0) + torch.arange(len(ids))[None],
        past_key_values=model.cache(1) if prefix else DynamicCache(),
    ).logits[0]


def ending_at(tokenizer, *tokens):
    """The tokenizer, but with other end tokens."""
    other = copy.copy(tokenizer)
    other.__class__ = type("Other", (type(tokenizer),), {"end_token_ids": frozenset(tokens)})
    return other


def slow(model, tokenizer, prompt, new_tokens):
    ids, written = tokenizer.encode(prompt), []
    while len(written) < new_tokens:
        token = int(whole_logits(model, [*ids, *written])[-1].argmax())
        if token in tokenizer.end_token_ids:
            break
        written.append(token)
    return written


def test_a_batch_with_a_prefix_writes_what_each_prompt_alone_writes(base, model):
    alone = [base.tokenizer.decode(slow(model, base.tokenizer, prompt, 8)) for prompt in PROMPTS]
    assert len(set(alone)) > 1
    assert generate(model, base.tokenizer, PROMPTS, 8) == alone


def test_a_base_without_prefix_writes_what_transformers_generates(base):
    wanted = []
    for prompt in PROMPTS:
        ids = torch.tensor([base.tokenizer.encode(prompt)])
        out = base.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False)
        wanted.append(base.tokenizer.decode(out[0, ids.shape[1] :].tolist()))
    assert generate(base.model, base.tokenizer, PROMPTS, 6) == wanted


def test_rows_end_at_the_end_token_each_at_its_own_time(base, model):
    mixed = 0
    for token in {token for prompt in PROMPTS for token in slow(model, base.tokenizer, prompt, 8)}:
        tokenizer = ending_at(base.tokenizer, token)  # whatever the model happens to write stands for the end
        written = [slow(model, tokenizer, prompt, 8) for prompt in PROMPTS]
        mixed += len({len(ids) for ids in written}) > 1
        assert generate(model, tokenizer, PROMPTS, 8) == [tokenizer.decode(ids) for ids in written]
    assert mixed


def test_any_of_several_end_tokens_ends_an_answer(base, model):
    written = [slow(model, base.tokenizer, prompt, 8) for prompt in PROMPTS]
    tokens = (written[0][3], written[2][5])
    cut = [base.tokenizer.decode(ids[: min([8, *(ids.index(t) for t in tokens if t in ids)])]) for ids in written]
    assert generate(model, ending_at(base.tokenizer, *tokens), PROMPTS, 8) == cut


def test_ready_ids_are_prompts_as_their_texts_are(base, model):
    ids = [base.tokenizer.encode(prompt) for prompt in PROMPTS]
    assert generate(model, base.tokenizer, [PROMPTS[0], *ids[1:]], 8) == generate(model, base.tokenizer, PROMPTS, 8)
    assert score_choices(model, base.tokenizer, ids, ["A"]) == score_choices(model, base.tokenizer, PROMPTS, ["A"])


def test_a_text_that_starts_behind_the_prefix_goes_on_there(base, model):
    """PEFT's positions: the whole passes of `whole_logits` count from text_start, and so must each step."""
    moved = PrefixModel(base.model, PrefixEncoder(replace(model.prefix_encoder.config, text_start=5))).eval()
    moved.prefix_encoder.load_state_dict(model.prefix_encoder.state_dict())
    alone = [base.tokenizer.decode(slow(moved, base.tokenizer, prompt, 8)) for prompt in PROMPTS]
    assert generate(moved, base.tokenizer, PROMPTS, 8) == alone
    assert alone != generate(model, base.tokenizer, PROMPTS, 8)


def test_a_seeded_prompt_is_answered_the_same_in_any_batch(base, model, monkeypatch):
    sampling = Sampling(True, temperature=2.0, seed=1)
    written = generate(model, base.tokenizer, PROMPTS, 8, sampling=sampling)
    assert generate(model, base.tokenizer, PROMPTS, 8, sampling=Sampling(True, temperature=2.0, seed=2)) != written
    monkeypatch.setattr("ptuning.answering.engine.MAX_SLOTS", 2)
    assert generate(model, base.tokenizer, PROMPTS, 8, sampling=sampling) == written


def test_without_a_seed_the_global_one_counts(base, model):
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(generate(model, base.tokenizer, PROMPTS, 8, sampling=Sampling(True, temperature=2.0)))
    assert found[0] == found[1] != found[2]


def test_one_token_to_draw_from_is_greedy(base, model):
    greedy = generate(model, base.tokenizer, PROMPTS, 8)
    assert generate(model, base.tokenizer, PROMPTS, 8, sampling=Sampling(True, top_k=1)) == greedy
    assert generate(model, base.tokenizer, PROMPTS, 8, sampling=Sampling(True, top_p=1e-9)) == greedy


@pytest.mark.parametrize("sampling", [None, Sampling(True, temperature=2.0, seed=3)], ids=["greedy", "sampled"])
def test_a_stream_grows_to_what_is_generated(base, model, sampling):
    for prompt in PROMPTS:
        texts = list(stream(model, base.tokenizer, prompt, 8, sampling))
        assert all(later.startswith(text) and later != text for text, later in itertools.pairwise(texts))
        assert [texts[-1]] == generate(model, base.tokenizer, [prompt], 8, sampling=sampling)


def test_a_stream_never_shows_half_a_character(base, model, monkeypatch):
    tokens = base.tokenizer.encode("龘a\n龘", add_special_tokens=False)  # 龘 is no piece: three bytes
    assert len(tokens) > 6
    written = iter([*tokens, base.tokenizer.eos_token_id])
    monkeypatch.setattr(Sampling, "choose", lambda *_: torch.tensor([next(written)]))
    assert list(stream(model, base.tokenizer, "甲", 20)) == ["龘", "龘a", "龘a\n", "龘a\n龘"]


def test_a_stream_that_stops_within_a_character_ends_as_generate_does(base, model, monkeypatch):
    tokens = base.tokenizer.encode("a龘", add_special_tokens=False)[:-1]
    written = iter(tokens)
    monkeypatch.setattr(Sampling, "choose", lambda *_: torch.tensor([next(written)]))
    assert list(stream(model, base.tokenizer, "甲", len(tokens))) == ["a", base.tokenizer.decode(tokens)]


def test_an_empty_answer_is_streamed_once(base, model, monkeypatch):
    monkeypatch.setattr(Sampling, "choose", lambda *_: torch.tensor([base.tokenizer.eos_token_id]))
    assert list(stream(model, base.tokenizer, "甲")) == [""]


def test_no_prompts_write_nothing(base, model):
    assert generate(model, base.tokenizer, []) == [] and score_choices(model, base.tokenizer, [], ["A"]) == []


@pytest.mark.parametrize("prefixed", [True, False])
@pytest.mark.parametrize(
    "choices", [["A", "B", "C"], ["A", "营业收入和净利润", "营业成本"], ["净利润净利润净利润", "净利润"]]
)
def test_choices_are_scored_over_all_their_tokens(base, model, choices, prefixed):
    chosen = model if prefixed else base.model
    found = score_choices(chosen, base.tokenizer, PROMPTS, choices)
    for prompt, scores in zip(PROMPTS, found):
        start = base.tokenizer.encode(prompt)
        for choice, score in zip(choices, scores):
            ids = base.tokenizer.encode(choice, add_special_tokens=False)
            logs = whole_logits(chosen, [*start, *ids]).log_softmax(-1)
            alone = sum(float(logs[len(start) - 1 + at, token]) for at, token in enumerate(ids))
            assert score == pytest.approx(alone, abs=1e-3)
