import random
from dataclasses import replace

import pytest
import torch

from ptuning.answering.constraints import Grammar
from ptuning.answering.engine import Engine
from ptuning.answering.passes import Passes
from ptuning.answering.requests import Request, Result
from ptuning.answering.sampling import Sampling
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel

QUESTIONS = [
    "2020年净利润是多少？", "请问营业收入和研发费用分别是多少元？", "负债合计大于5亿的上市公司有几家？", "甲", "介绍公司的社会责任工作情况。" * 3,
    "请问2019年和2021年的净利润分别是多少？", "请问2019年的营业收入是多少？",
]  # fmt: skip
PREFIXES = {"short": 3, "long": 21, "one": 1}
END = 2


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(scope="module")
def models(base):
    """The bare base under None and three prefixes of different lengths."""
    torch.manual_seed(5)
    return {None: base.model} | {
        name: PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, length), 3.0)).eval()
        for name, length in PREFIXES.items()
    }


@pytest.fixture
def engine(base, models):
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    for name in PREFIXES:
        engine.add_prefix(name, models[name].prefix_encoder)
    return engine


def requests_for(base, count=40, seed=1):
    draw = random.Random(seed)
    return [
        Request(base.tokenizer.encode(draw.choice(QUESTIONS)), draw.choice([None, *PREFIXES]), draw.randint(1, 24))
        for _ in range(count)
    ]  # fmt: skip


@torch.no_grad()
def plain(model, prompt, new_tokens):
    """Reference: the whole text anew for every token, alone, without a cache."""
    written = []
    while len(written) < new_tokens:
        ids = torch.tensor([[*prompt, *written]])
        token = int(model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1].argmax())
        if token == END:
            break
        written.append(token)
    return written


def test_rows_with_different_prefixes_share_batches_and_write_what_each_writes_alone(base, models, engine):
    requests = requests_for(base)
    for request, result in zip(requests, engine.run(requests)):
        assert result.ids == plain(models[request.prefix], request.prompt, request.max_new_tokens)
        assert result.error is None and (result.ended or len(result.ids) == request.max_new_tokens)


@pytest.mark.parametrize("slots", [1, 3, 8])
def test_waiting_rows_take_the_slots_of_those_that_ended(base, engine, monkeypatch, slots):
    requests = requests_for(base, 20, seed=2)
    wanted = [result.ids for result in engine.run(requests)]
    monkeypatch.setattr("ptuning.answering.engine.MAX_SLOTS", slots)
    engine._answers.clear()
    rows = []
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes, "hidden", lambda self, pool, ids, *rest: (rows.append(len(ids)), hidden(self, pool, ids, *rest))[1]
    )
    assert [result.ids for result in engine.run(requests)] == wanted
    assert max(rows) == slots


def test_memory_decides_how_many_rows_share_a_pass(base, models):
    tight = Engine(base.model, base.tokenizer.end_token_ids, 0, memory=1)  # room for less than a row: one at a time
    pool, slots = tight.passes.pool([tight._row(request, Result(), 0) for request in [Request([5, 6, 7])] * 9], 10, 256)
    assert (slots, pool.slots, pool.capacity) == (1, 1, 14)
    request = requests_for(base, 1)[0]
    request = Request(request.prompt, None, 8)
    assert tight.run([request] * 3)[2].ids == plain(base.model, request.prompt, 8)


def test_out_of_memory_halves_the_batch_and_goes_on(base, engine, monkeypatch):
    requests, tried = requests_for(base, 12, seed=3), []
    wanted = [result.ids for result in engine.run(requests)]
    hidden = Passes.hidden

    def small_device(self, pool, ids, places, allowed):
        tried.append(len(ids))
        if len(ids) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return hidden(self, pool, ids, places, allowed)

    engine._answers.clear()
    monkeypatch.setattr(Passes, "hidden", small_device)
    assert [result.ids for result in engine.run(requests)] == wanted
    assert max(tried) > 3 >= tried[-1]


def test_a_programming_error_is_not_taken_for_a_lack_of_memory(base, engine, monkeypatch):
    monkeypatch.setattr(Passes, "hidden", lambda *_: (_ for _ in ()).throw(RuntimeError("shapes do not match")))
    with pytest.raises(RuntimeError, match="shapes"):
        engine.run(requests_for(base, 2))


def test_a_shared_beginning_is_read_once(base, engine, monkeypatch):
    head = base.tokenizer.encode("请根据年报回答下面的问题，" * 3)
    requests = [Request([*head, *base.tokenizer.encode(q, add_special_tokens=False)], "long", 12) for q in QUESTIONS]
    wanted = [engine.run([request])[0].ids for request in requests]
    read = []
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes, "hidden", lambda self, pool, ids, *rest: (read.append(ids.shape[1]), hidden(self, pool, ids, *rest))[1]
    )
    engine._answers.clear()
    assert [result.ids for result in engine.run(requests)] == wanted
    assert read[0] >= len(head) and max(read[1:]) <= max(len(request.prompt) for request in requests) - len(head)
    read.clear()
    engine._answers.clear()
    assert engine.run(requests[:1])[0].ids == wanted[0]
    assert read[0] <= len(requests[0].prompt) - len(head), "a single later prompt finds it again"


def test_a_new_prefix_under_an_old_name_forgets_the_old_beginnings(base, models, engine):
    head = base.tokenizer.encode("请根据年报回答下面的问题，" * 3)
    request = Request([*head, 90, 91], "short", 8)
    engine.run([request, Request([*head, 95], "short", 8)])
    engine.add_prefix("short", models["long"].prefix_encoder)
    assert engine.run([request])[0].ids == plain(models["long"], request.prompt, 8)


@pytest.mark.parametrize("choices", [("甲", "乙丙", "净利润是多少"), ("甲",), ("甲", "乙")])
def test_choices_are_scored_in_one_pass_as_by_reading_each(base, models, engine, monkeypatch, choices):
    passes = []
    hidden = Passes.hidden
    monkeypatch.setattr(Passes, "hidden", lambda self, *rest: (passes.append(1), hidden(self, *rest))[1])
    ids = tuple(tuple(base.tokenizer.encode(choice, add_special_tokens=False)) for choice in choices)
    names = [None, *PREFIXES]
    requests = [Request(base.tokenizer.encode(q), names[i % 4], choices=ids) for i, q in enumerate(QUESTIONS)]
    found = engine.run(requests)
    assert len(passes) == 1
    for request, result in zip(requests, found):
        for choice, score in zip(ids, result.scores):
            text = torch.tensor([[*request.prompt, *choice]])
            with torch.no_grad():
                logs = (
                    models[request.prefix](input_ids=text, attention_mask=torch.ones_like(text))
                    .logits[0]
                    .log_softmax(-1)
                )
            start = len(request.prompt) - 1
            assert score == pytest.approx(
                sum(logs[start + at, token].item() for at, token in enumerate(choice)), abs=1e-4
            )


class Alternating:
    """Tokens of one set and of the other in turn; after a 7 come 8 and 9."""

    def __init__(self, size):
        self.size, self.seen = size, []

    def matcher(self):
        return Alternating(self.size)

    def allowed(self):
        mask = torch.zeros(self.size, dtype=torch.bool)
        mask[[7] if len(self.seen) % 2 == 0 else [60, 61, 62]] = True
        return mask

    def accept(self, token):
        self.seen.append(token)

    def forced(self):
        more = [8, 9] if self.seen[-1:] == [7] else []
        self.seen += more
        return more


def test_constrained_rows_write_only_what_is_allowed_and_read_forced_tokens_together(base, models, engine, monkeypatch):
    size = base.model.config.vocab_size
    widths = []
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes,
        "hidden",
        lambda self, pool, ids, *rest: (widths.append(ids.shape[1]), hidden(self, pool, ids, *rest))[1],
    )
    prompt = base.tokenizer.encode(QUESTIONS[0])
    both = engine.run([Request(prompt, "long", 12, constraint=Alternating(size)), Request(prompt, "short", 12)])
    widths.clear()
    engine._answers.clear()
    assert engine.run([Request(prompt, "long", 12, constraint=Alternating(size))])[0].ids == both[0].ids
    assert len(both[0].ids) == 12 and both[0].ids[:3] == [7, 8, 9] and set(both[0].ids) <= {7, 8, 9, 60, 61, 62}
    assert both[1].ids == plain(models["short"], prompt, 12)
    assert widths[1] == 3, "the token and what it forces are read together"


class Impossible(Alternating):
    """Allows nothing that it then accepts."""

    def matcher(self):
        return self

    def accept(self, token):
        raise PtuningError("语法没有出路")


def test_a_constraint_without_a_way_on_fails_alone(base, models, engine):
    prompt = base.tokenizer.encode(QUESTIONS[0])
    stuck, other = engine.run(
        [Request(prompt, "long", 12, constraint=Impossible(base.model.config.vocab_size)), Request(prompt, "short", 12)]
    )
    assert stuck.error == "语法没有出路" and other.error is None
    assert other.ids == plain(models["short"], prompt, 12)


def test_an_answer_ends_where_the_base_reads_no_further(base, models, engine):
    limit = base.model.config.max_position_embeddings
    result = engine.run([Request([5] * (limit - 3), "long", 64)])[0]
    assert result.error is None and len(result.ids) == 3
    assert "最多读" in engine.run([Request([5] * limit, "long", 64)])[0].error


def test_a_call_between_two_streamed_tokens_disturbs_nothing(base, models, engine):
    request, other = Request(base.tokenizer.encode(QUESTIONS[0]), "long", 10), requests_for(base, 9, 4)
    for result in engine.stream(request):
        engine._answers.clear()
        engine.run(other)
        assert result.error is None
    assert result.ids == plain(models["long"], request.prompt, 10)


def test_log_probabilities_are_those_of_the_written_tokens(base, models, engine):
    request = Request(base.tokenizer.encode(QUESTIONS[0]), "long", 6)
    result = engine.run([request])[0]
    text = [*request.prompt, *result.ids]
    ids = torch.tensor([text])
    logits = models["long"](ids, torch.ones_like(ids)).logits[0].log_softmax(-1)
    start = len(request.prompt)
    wanted = sum(logits[at - 1, text[at]].item() for at in range(start, len(text)))
    if not result.ended:
        assert result.logprob == pytest.approx(wanted, abs=1e-3)
    assert result.logprob < 0


def test_every_free_choice_has_its_runner_up_and_its_margin(base, models, engine):
    requests = [Request(base.tokenizer.encode(text), "long", 8) for text in QUESTIONS[:3]]
    for request, result in zip(requests, engine.run(requests)):
        text = torch.tensor([[*request.prompt, *result.ids]])
        with torch.no_grad():
            logprobs = models["long"](text, torch.ones_like(text)).logits[0].log_softmax(-1)
        assert [d.at for d in result.decisions] == list(range(len(result.ids) + result.ended))
        for decision in result.decisions:
            (first, second), (_, other) = logprobs[len(request.prompt) - 1 + decision.at].topk(2)
            assert decision.other == other
            assert decision.logprob == pytest.approx(first.item(), abs=1e-3)
            assert decision.margin == pytest.approx((first - second).item(), abs=1e-3)
        assert result.logprob == pytest.approx(sum(d.logprob for d in result.decisions), abs=1e-4)
        assert result.margin == min(d.margin for d in result.decisions)


def test_forced_tokens_are_no_choices(base, engine):
    constraint = Alternating(base.model.config.vocab_size)
    result = engine.run([Request(base.tokenizer.encode(QUESTIONS[0]), None, 12, constraint=constraint)])[0]
    assert [decision.at for decision in result.decisions] == [3, 7, 11]  # 7 8 9 are forced, then one of three
    assert {decision.other for decision in result.decisions} <= {60, 61, 62}
    assert Result().margin == float("inf")


def test_an_answer_that_is_begun_goes_on_as_if_the_engine_had_chosen_the_beginning(base, engine):
    constraint = Alternating(base.model.config.vocab_size)
    for held in (None, constraint):
        request = Request(base.tokenizer.encode(QUESTIONS[0]), "short", 12, constraint=held)
        whole = engine.run([request])[0]
        for at in (1, 4, 7, 12):
            result = engine.run([replace(request, begun=tuple(whole.ids[:at]))])[0]
            rest = [decision for decision in whole.decisions if decision.at >= at]
            assert (result.ids, [d.at for d in result.decisions]) == (whole.ids, [d.at for d in rest])
            assert result.logprob == pytest.approx(sum(d.logprob for d in rest), abs=1e-3)


def test_a_beginning_that_ends_or_that_the_constraint_forbids_fails_alone(base, models, engine):
    prompt = base.tokenizer.encode(QUESTIONS[0])
    good = Request(prompt, "short", 6)
    never = Grammar('start: "净利润" | "利润"', base.tokenizer, base.model.config.vocab_size)
    ended, forbidden, other = engine.run(
        [replace(good, begun=(5, END)), replace(good, begun=(7,), constraint=never), good]
    )
    assert "begun" in ended.error and "不允许词元7" in forbidden.error
    assert other.ids == plain(models["short"], prompt, 6)


def test_what_an_answer_must_begin_with_rides_with_the_prompt(base, engine, monkeypatch):
    widths, prompt = [], base.tokenizer.encode(QUESTIONS[0])
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes,
        "hidden",
        lambda self, pool, ids, *rest: (widths.append(ids.shape[1]), hidden(self, pool, ids, *rest))[1],
    )
    begin = base.tokenizer.encode("请问净利润", add_special_tokens=False)
    constraint = Grammar('start: "请问净利润" ("年" | "率")', base.tokenizer, base.model.config.vocab_size)
    result = engine.run([Request(prompt, "short", 12, constraint=constraint)])[0]
    assert result.ended and result.ids[: len(begin)] == begin
    assert widths[0] == len(prompt) + len(begin)
    widths.clear()
    only = Grammar('start: "请问净利润"', base.tokenizer, base.model.config.vocab_size)
    request = Request(prompt, "short", 12, constraint=only)
    assert engine.run([request])[0] == Result(begin, ended=True) and not widths, "there is nothing to ask the model"
    assert next(iter(engine.stream(request))) == Result(begin, ended=True)
    cut = engine.run([replace(request, max_new_tokens=2)])[0]
    assert cut == Result(begin[:2]) and not widths


def test_a_malformed_request_fails_alone(base, models, engine):
    good = Request(base.tokenizer.encode(QUESTIONS[0]), "long", 5)
    bad = [Request([]), Request([5], "nobody"), Request([5] * 5000), Request([5], max_new_tokens=0)]
    results = engine.run([bad[0], good, *bad[1:]])
    assert results[1].ids == plain(models["long"], good.prompt, 5)
    for result, words in zip([results[0], *results[2:]], ["没有任何词元", "nobody", "5000个词元", "max_new_tokens"]):
        assert words in result.error and not result.ids


def test_the_same_request_is_answered_once_and_remembered(base, models, engine, monkeypatch):
    prompt, rows = base.tokenizer.encode(QUESTIONS[0]), []
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes, "hidden", lambda self, pool, ids, *rest: (rows.append(len(ids)), hidden(self, pool, ids, *rest))[1]
    )
    first = engine.run([Request(prompt, "long", 6)] * 3 + [Request(list(prompt), "short", 6)])
    assert max(rows) == 2 and first[0] == first[1] == first[2] != first[3]
    first[0].ids.append(99)  # what a caller does with a result is its own affair
    rows.clear()
    assert engine.run([Request(prompt, "long", 6)])[0] == first[1] and not rows
    engine.run([Request(prompt, "long", 5)])
    assert rows, "another limit is another request"
    rows.clear()
    drawn = engine.run([Request(prompt, "long", 12, sampling=Sampling(True, temperature=9.0))] * 2)
    assert rows and drawn[0].ids != drawn[1].ids


def test_nothing_grows_with_the_number_of_questions(base, engine):
    for seed in range(30):
        engine.run(requests_for(base, 6, seed))
    assert len(engine._beginnings) <= 32
    pool = engine.passes._pool
    engine.run(requests_for(base, 6, 7))
    assert engine.passes._pool is pool
