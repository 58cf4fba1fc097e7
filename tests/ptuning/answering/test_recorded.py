import random

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ptuning.answering.constraints import Grammar
from ptuning.answering.engine import Engine
from ptuning.answering.recorded import WORTH, RecordedPasses, shape_of
from ptuning.answering.requests import Request
from ptuning.answering.slots import SlotPool
from ptuning.answering.writing import Writing
from ptuning.base.models import load_base
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder

QUESTIONS = ["2020年净利润是多少？", "负债合计大于5亿的上市公司有几家？", "甲", "介绍公司的社会责任工作情况。" * 12]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="没有 CUDA")
# What a graph cannot hold: numbers that the CPU waits for, and numbers that come from the CPU.
WAITING = {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "lift_fresh", "masked_select", "unique"}


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


def engine_for(base, graphs):
    torch.manual_seed(5)
    made = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id, kept_answers=0, graphs=graphs)
    for name, length in {"short": 3, "long": 150}.items():
        made.add_prefix(name, PrefixEncoder(PrefixConfig.for_model(base.model, length), 3.0))
    return made


def requests_for(base, count=60, seed=1):
    draw = random.Random(seed)
    held = Grammar('start: (("abc" | "xyz") ("1" | "2"))+', base.tokenizer, base.model.config.vocab_size)  # bc and yz are forced
    return [
        Request(base.tokenizer.encode(draw.choice(QUESTIONS)), draw.choice([None, "short", "long"]), draw.randint(1, 40), constraint=draw.choice([None, held]))
        for _ in range(count)
    ]  # fmt: skip


def test_recorded_passes_write_the_same_tokens(base, monkeypatch):
    monkeypatch.setattr(Writing, "_even", lambda self: max(len(row.pending) for row in self.active))  # as on a GPU
    monkeypatch.setattr("ptuning.answering.recorded.WORTH", 1)
    plain, recorded = engine_for(base, graphs=False), engine_for(base, graphs=True)
    for seed in range(3):
        requests = requests_for(base, seed=seed)
        assert [r.ids for r in recorded.run(requests)] == [r.ids for r in plain.run(requests)]
    shapes = set(recorded.passes._recorded._made)
    assert len({rows for rows, _, _ in shapes}) > 1 and {tokens for _, tokens, _ in shapes} > {1}


def test_a_stream_of_recorded_passes_is_the_same_answer(base):
    request = Request(base.tokenizer.encode(QUESTIONS[0]), "long", 30)
    *_, plain = engine_for(base, graphs=False).stream(request)
    *_, recorded = engine_for(base, graphs=True).stream(request)
    assert recorded.ids == plain.ids


def test_a_shape_holds_the_pass_and_never_more_than_the_pool(base):
    pool = SlotPool(engine_for(base, graphs=False).passes.bare.keys_values, 5, 200)
    assert shape_of(pool, 3, 1, 40) == (4, 1, 128)
    assert shape_of(pool, 5, 3, 190) == (5, 4, 200)
    assert shape_of(pool, 5, 9, 190) is None


def test_a_recording_that_gives_other_states_is_not_used(base):
    passes = 0

    def read(pool, ids, filled, place, width):
        nonlocal passes
        passes += 1
        return torch.full((*ids.shape, 4), float(passes))

    pool = SlotPool(engine_for(base, graphs=False).passes.bare.keys_values, 4, 64)
    recorded, ids = RecordedPasses(read), torch.ones(2, 1, dtype=torch.long)
    asked = (pool, ids, ids[:, 0], ids[:, 0], 9)
    assert all(recorded.read(*asked) is None for _ in range(WORTH - 1))
    with pytest.warns(UserWarning, match="结果与逐个启动时不同"):
        assert recorded.read(*asked) is None
    before = passes
    assert recorded.read(*asked) is None and passes == before


class NothingIsWaitedFor(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket.__name__ not in WAITING, f"{func} 不能录进 CUDA 图"
        return func(*args, **(kwargs or {}))


def test_a_pass_waits_for_no_number(base):
    engine = engine_for(base, graphs=False)
    with torch.no_grad():  # inference mode would hide calls from the watcher
        pool = SlotPool(engine.passes.bare.keys_values, 4, 64)
        ids = torch.ones(4, 2, dtype=torch.long)
        filled, place = torch.tensor([3, 5, 7, 63]), torch.tensor([0, 2, 4, 0])
        with NothingIsWaitedFor():
            hidden = engine.passes.read(pool, ids, filled, place, 32)
        assert hidden.isfinite().all()
        with pytest.raises(AssertionError), NothingIsWaitedFor():
            hidden.sum().item()


@needs_gpu
def test_graphs_write_the_same_tokens(tiny_base_folder):
    base = load_base(tiny_base_folder, torch.float32, "cuda")
    requests = requests_for(base)
    plain, recorded = engine_for(base, graphs=False), engine_for(base, graphs=True)
    assert [r.ids for r in recorded.run(requests)] == [r.ids for r in plain.run(requests)]
    assert recorded.passes._recorded._made and not recorded.passes._recorded._failed
