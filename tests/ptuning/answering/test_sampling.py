import pytest
import torch
from transformers import TopKLogitsWarper, TopPLogitsWarper

from ptuning.answering.sampling import Sampling
from ptuning.errors import PtuningError

SAMPLINGS = [Sampling(True), Sampling(True, top_p=0.6), Sampling(True, top_k=5), Sampling(True, 0.7, 9, 0.5)]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=repr)
def test_tokens_are_drawn_as_transformers_distributes_them(sampling):
    torch.manual_seed(0)
    logits = 2 * torch.randn(1, 30)
    wanted = logits / sampling.temperature
    if sampling.top_k:
        wanted = TopKLogitsWarper(sampling.top_k)(None, wanted)
    if sampling.top_p < 1:
        wanted = TopPLogitsWarper(sampling.top_p)(None, wanted)
    wanted = wanted.softmax(-1)[0]
    draws = 20_000
    found = sampling.choose(logits.expand(draws, -1), [None] * draws).bincount(minlength=30) / draws
    assert (found[wanted == 0] == 0).all()
    assert (found - wanted).abs().max() < 5 * (0.25 / draws) ** 0.5  # five standard deviations


@pytest.mark.parametrize("wrong", [{"top_p": 0}, {"top_p": 1.1}, {"top_k": -1}, {"temperature": 0}])
def test_sampling_that_cannot_be_is_refused_by_name(wrong):
    with pytest.raises(PtuningError, match=next(iter(wrong))):
        Sampling(True, **wrong)
