"""Two more methods, each as a colleague would write one: a class, its options and a line in METHODS. Nothing else is touched."""

import json
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import ptuning
from ptuning.answering.engine import Engine
from ptuning.answering.generate import generate
from ptuning.answering.requests import Request
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.main import main
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.method import Method, Tuning
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.registry import METHODS
from ptuning.methods.saving import export, layout_of, load, save


@dataclass(frozen=True)
class LowRankConfig:
    rank: int
    shapes: dict[str, tuple[int, int]]


class LowRank(Tuning):
    """A weight delta: two thin matrices beside every query projection (LoRA)."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.down = nn.ModuleList(nn.Linear(width, config.rank, bias=False) for width, _ in config.shapes.values())
        self.up = nn.ModuleList(nn.Linear(config.rank, width, bias=False) for _, width in config.shapes.values())

    def deltas(self):
        return {name: nn.Sequential(a, b) for name, a, b in zip(self.config.shapes, self.down, self.up)}


@dataclass
class LowRankOptions:
    low_rank: int | None = None

    @property
    def given(self):
        return self.low_rank is not None

    def wrong(self):
        return [f"--low_rank 至少为1，现在是{self.low_rank}"] if self.given and self.low_rank < 1 else []

    def fresh(self, base):
        layers = {name: layer for name, layer in base.model.get_decoder().named_modules() if name.endswith("q_proj")}
        shapes = {name: (layer.in_features, layer.out_features) for name, layer in layers.items()}
        return LowRank(LowRankConfig(self.low_rank, shapes))

    def differs(self, trained, checkpoint):
        return None


@dataclass(frozen=True)
class ScaleConfig:
    rows: int


class Scale(Tuning):
    """A head on the last state: the base's logits, each times a trained number."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.scale = nn.Parameter(torch.randn(config.rows))

    def head(self, output):
        return lambda hidden: output(hidden) * self.scale


@dataclass
class ScaleOptions(LowRankOptions):
    low_rank: None = None
    scale_head: bool = False

    @property
    def given(self):
        return self.scale_head

    def fresh(self, base):
        return Scale(ScaleConfig(base.model.config.vocab_size))


LOW_RANK = Method("低秩", LowRank, LowRankConfig, LowRankOptions, "或 --low_rank", "随机的低秩", "low_rank.safetensors", "low_rank.json")
SCALE = Method("标度", Scale, ScaleConfig, ScaleOptions, "或 --scale_head", "随机的标度", "scale.safetensors", "scale.json")


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture
def low_rank():
    METHODS.append(LOW_RANK)
    yield LOW_RANK
    METHODS.remove(LOW_RANK)


def tunings(base):
    torch.manual_seed(3)
    rank = LowRankOptions(2).fresh(base)
    for matrix in rank.parameters():
        nn.init.normal_(matrix)
    return {
        "prefix": PrefixEncoder(PrefixConfig.for_model(base.model, 5), 3.0),
        "rank": rank,
        "scale": ScaleOptions(scale_head=True).fresh(base),
    }


PROMPTS = ["2020年净利润是多少？", "负债合计大于5亿的上市公司有几家？", "甲"]


def test_rows_of_all_methods_share_a_batch_and_write_what_each_writes_alone(base):
    kinds = tunings(base)
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    for name, tuning in kinds.items():
        engine.add(name, tuning)
    names = [None, *kinds]
    asked = [(name, base.tokenizer.encode(prompt)) for prompt in PROMPTS for name in names]
    found = [result.ids for result in engine.run([Request(ids, name, 12) for name, ids in asked])]
    for (name, ids), written in zip(asked, found):
        text = list(ids)
        model = AdaptedModel(base.model, kinds[name]) if name else None
        for token in written:  # each token as a whole pass of its own gives it
            row = torch.tensor([text])
            with torch.no_grad():
                logits = (model(row, torch.ones_like(row)) if model else base.model(row)).logits[0, -1]
            assert token == logits.argmax().item(), name
            text.append(token)
    assert len({tuple(ids) for ids in found}) > len(PROMPTS) * 2, "the methods write different things"


def test_choices_are_scored_through_the_rows_own_head_and_layers(base):
    kinds = tunings(base)
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    for name, tuning in kinds.items():
        engine.add(name, tuning)
    prompt, choices = base.tokenizer.encode(PROMPTS[0]), ((40,), (41, 42))
    for (name, tuning), result in zip(kinds.items(), engine.run([Request(prompt, n, choices=choices) for n in kinds])):
        row = torch.tensor([[*prompt, 41, 42]])
        with torch.no_grad():
            logprobs = AdaptedModel(base.model, tuning)(row, torch.ones_like(row)).logits[0].log_softmax(-1)
        wanted = [logprobs[-3, 40].item(), (logprobs[-3, 41] + logprobs[-2, 42]).item()]
        assert result.scores == pytest.approx(wanted, abs=1e-4), name


def test_a_shared_beginning_is_read_with_the_rows_own_deltas(base):
    rank = tunings(base)["rank"]
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    engine.add("rank", rank)
    ids = [base.tokenizer.encode("请根据年报回答下面的问题，" * 3 + prompt) for prompt in PROMPTS]
    alone = [engine.run([Request(row, "rank", 9)])[0].ids for row in ids]
    engine.add("rank", rank)
    assert [result.ids for result in engine.run([Request(row, "rank", 9) for row in ids])] == alone
    assert len(engine._beginnings) == 1


def test_a_delta_has_the_gradient_of_the_weights_it_stands_for_also_when_layers_run_again(base):
    model = AdaptedModel(base.model, tunings(base)["rank"])
    assert {name for name, p in model.named_parameters() if p.requires_grad} == {
        f"tuning.{way}.{layer}.weight" for way in ("down", "up") for layer in range(2)
    }
    row = torch.tensor([base.tokenizer.encode(PROMPTS[1])])
    gradients = []
    for again in (False, True):
        if again:
            model.activation_checkpointing_enable()
        model.zero_grad()
        model(row, torch.ones_like(row), row).loss.backward()
        gradients.append([parameter.grad.clone() for parameter in model.tuning.parameters()])
    model.activation_checkpointing_disable()
    assert all(torch.equal(one, two) and one.any() for one, two in zip(*gradients))
    plain = base.model(row).logits
    assert not torch.equal(model(row, torch.ones_like(row)).logits, plain)
    assert torch.equal(base.model(row).logits, plain), "the base itself is as it was"


def test_another_method_trains_saves_and_answers_by_its_line_in_the_registry(
    base, low_rank, tiny_base_folder, tmp_path, capsys
):
    rows = [{"question_prompt": prompt, "query": "C"} for prompt in PROMPTS]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    common = ["--model_name_or_path", str(tiny_base_folder), "--use_cpu", "--output_dir", str(tmp_path / "out")]
    data = ["--train_file", str(tmp_path / "rows.json"), "--learning_rate", "0.01", "--max_steps", "3"]
    assert main([*common, *data, "--do_train", "--low_rank", "2"]) == 0
    saved = load_file(tmp_path / "out" / "low_rank.safetensors")
    assert set(saved) == {f"{way}.{layer}.weight" for way in ("down", "up") for layer in range(2)}
    assert layout_of(tmp_path / "out") == "caibao"
    tuned = ptuning.load(tiny_base_folder, {"own": tmp_path / "out"})
    trained = load(tmp_path / "out", base)
    assert isinstance(trained, LowRank) and trained.config.rank == 2
    wanted = generate(AdaptedModel(base.model, trained), base.tokenizer, PROMPTS, 8)
    assert tuned.generate_text(PROMPTS, 8) == wanted
    again = ["--do_predict", "--test_file", str(tmp_path / "rows.json"), "--ptuning_checkpoint", str(tmp_path / "out")]
    assert main([*common, *again]) == 0
    capsys.readouterr()
    assert main([*common, *data, "--do_train", "--low_rank", "0"]) == 1
    assert "--low_rank 至少为1" in capsys.readouterr().err
    assert main([*common, *data, "--do_train", "--low_rank", "2", "--pre_seq_len", "4"]) == 1
    assert "一次只能训练一种：前缀、低秩" in capsys.readouterr().err
    assert main([*common, *data, "--do_train"]) == 1
    assert "--pre_seq_len" in (said := capsys.readouterr().err) and "--low_rank" in said


def test_a_layout_that_a_method_does_not_have_is_refused(base, low_rank, tmp_path):
    with pytest.raises(PtuningError, match="低秩格式，请用 caibao 之一"):
        export(tmp_path, LowRankOptions(2).fresh(base), base, "peft")
    save(tmp_path, LowRankOptions(2).fresh(base), {"name": "other", "fingerprint": "0"})
    with pytest.raises(PtuningError, match=r"低秩 .*other"):
        load(tmp_path, base)
