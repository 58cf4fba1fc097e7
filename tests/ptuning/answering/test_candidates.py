"""Branches against the whole text read anew, under the grammar."""

import pytest
import torch

from ptuning.answering.candidates import candidates
from ptuning.answering.constraints import Grammar
from ptuning.answering.engine import Engine
from ptuning.answering.passes import Passes
from ptuning.answering.requests import Request
from ptuning.base.models import load_base

LARK = 'start: "select " COLUMN (" = " /[1-9][0-9]/)?\nCOLUMN: "净利润" | "净利润率" | "利润"\n'
QUESTIONS = ["2020年净利润是多少？", "利润率？", "请问2019年和2021年的净利润分别是多少？"]


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture
def engine(base):
    return Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)


def requests_for(base, most=60, grammar=LARK):
    constraint = Grammar(grammar, base.tokenizer, base.model.config.vocab_size) if grammar else None
    return [Request(base.tokenizer.encode(text), None, most, constraint=constraint) for text in QUESTIONS]


@torch.no_grad()
def read_anew(base, request, ids):
    """Log-probability of an answer and its end, token by token under the constraint, what is forced being certain; and the
    margin at each place with a choice."""
    matcher = request.constraint.matcher() if request.constraint else None
    total, margins, forced = 0.0, {}, matcher.forced() if matcher else []
    for at, token in enumerate([*ids, base.tokenizer.eos_token_id]):
        if forced:
            assert forced.pop(0) == token
            continue
        text = torch.tensor([[*request.prompt, *ids[:at]]])
        logits = base.model(input_ids=text, attention_mask=torch.ones_like(text)).logits[0, -1].float()
        if matcher:
            logits[~matcher.allowed()] = -torch.inf
        logprobs = logits.log_softmax(-1)
        total += logprobs[token].item()
        others = logprobs.clone()
        others[token] = -torch.inf
        margins[at] = (logprobs[token] - others.max()).item()
        if matcher and at < len(ids):
            matcher.accept(token)
            forced = matcher.forced()
    return total, margins


def test_every_candidate_is_as_likely_as_when_it_is_read_anew_and_the_likeliest_comes_first(base, engine):
    requests = requests_for(base)
    greedy = engine.run(requests)
    for request, first, found in zip(requests, greedy, candidates(engine, requests, 4)):
        assert first in found and 2 <= len(found) <= 5
        assert len({tuple(result.ids) for result in found}) == len(found)
        assert [r.logprob for r in found] == sorted((r.logprob for r in found), reverse=True)
        for result in found:
            wanted, margins = read_anew(base, request, result.ids)
            assert result.ended and result.logprob == pytest.approx(wanted, abs=1e-3)
            for decision in result.decisions:
                assert decision.margin == pytest.approx(margins[decision.at], abs=1e-3)
            negative = [at for at, margin in margins.items() if margin < -1e-3]
            assert len(negative) == (result != first), "one runner-up is taken, and it is no decision of its own"
            assert result.margin >= 0


def test_branches_leave_the_greedy_answer_where_it_was_closest(base, engine):
    requests = requests_for(base)
    for first, found in zip(engine.run(requests), candidates(engine, requests, 2)):
        closest = sorted(first.decisions, key=lambda decision: decision.margin)[:2]
        left = {
            next(i for i, (a, b) in enumerate(zip([*r.ids, -1], [*first.ids, -1])) if a != b)
            for r in found
            if r != first
        }
        assert left == {decision.at for decision in closest}


def test_the_branches_of_all_requests_share_their_passes(base, engine, monkeypatch):
    requests, rows = requests_for(base), []
    engine.run(requests)
    hidden = Passes.hidden
    monkeypatch.setattr(
        Passes, "hidden", lambda self, pool, ids, *rest: (rows.append(len(ids)), hidden(self, pool, ids, *rest))[1]
    )
    candidates(engine, requests, 3)
    assert max(rows) > len(requests), "the greedy answers are remembered, their branches read together"


def test_no_branches_are_the_greedy_answers(base, engine):
    requests = requests_for(base)
    assert candidates(engine, requests, 0) == [[result] for result in engine.run(requests)]


def test_answers_that_were_cut_off_are_none_save_the_greedy_one(base, engine):
    requests = requests_for(base, most=5)
    for first, found in zip(engine.run(requests), candidates(engine, requests, 4)):
        assert not first.ended and first in found and all(result.ended for result in found if result != first)


def test_without_a_constraint_every_token_is_a_decision(base, engine):
    requests = requests_for(base, most=6, grammar=None)
    for request, found in zip(requests, candidates(engine, requests, 3)):
        for result in found:
            if result.ended:
                assert result.logprob == pytest.approx(read_anew(base, request, result.ids)[0], abs=1e-3)


def test_a_request_that_fails_has_its_error_alone(base, engine):
    good, bad = requests_for(base)[0], Request([], None, 8)
    found = candidates(engine, [bad, good], 2)
    assert len(found[0]) == 1 and "没有任何词元" in found[0][0].error and len(found[1]) == 3
