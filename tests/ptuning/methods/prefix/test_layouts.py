"""The original's and PEFT's layouts, against the real peft library and the original's own files."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    DynamicCache,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
)

import ptuning
from ptuning.base.families.chatglm import glm_config
from ptuning.base.models import Base, load_base
from ptuning.checkpoints import export_prefix, load_prefix
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from ptuning.methods.prefix.peft import ADAPTER_CONFIG, ADAPTER_FILE, ROWS
from ptuning.methods.prefix.rotation import rotated
from tests.ptuning.base.tokenizers.test_glm4 import TOKENS, write_ranks
from tests.ptuning.chatglm_folder import write_chatglm

IDS = torch.arange(10, 17)[None]


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(params=[False, True], ids=["embedding", "projection"])
def encoder(request, base):
    torch.manual_seed(1)
    return PrefixEncoder(PrefixConfig.for_model(base.model, 5, prefix_projection=request.param))


SIZES = {"vocab_size": 420, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
OTHERS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, intermediate_size=48, num_key_value_heads=2)),
    "gpt-neox": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(**SIZES, intermediate_size=48)),
    "gpt-2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=420, n_embd=32, n_layer=2, n_head=4, n_positions=64)),
}


def base_of(kind, base):
    """The tiny GLM, or a tiny random model of another family in its place."""
    if kind == "glm":
        return base
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = OTHERS[kind]().eval().requires_grad_(False)
    return replace(base, model=model, identity={"name": kind, "fingerprint": kind}, original=False)


@pytest.fixture(params=["glm", "llama", "gpt-neox"])
def rotary(request, base):
    return base_of(request.param, base)


def encoder_for(base: Base, length=5, projection=False):
    torch.manual_seed(2)
    return PrefixEncoder(PrefixConfig.for_model(base.model, length, projection))


@torch.inference_mode()
def logits_of(base, encoder, ids=IDS):
    return PrefixModel(base.model, encoder)(ids, torch.ones_like(ids)).logits


def bits(encoder):
    return encoder().detach().view(torch.int32)


@torch.inference_mode()
def peft_logits(base, folder):
    peft = pytest.importorskip("peft")
    wrapped = peft.PeftModel.from_pretrained(base.model, folder)
    return wrapped(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits


def made_with_peft(base, folder, length=5, **settings):
    """A random PREFIX_TUNING adapter as peft saves it, and the logits that peft computes with it."""
    peft = pytest.importorskip("peft")
    config = peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=length, **settings)
    torch.manual_seed(3)
    wrapped = peft.get_peft_model(base.model, config)
    wrapped.save_pretrained(folder)
    base.model.requires_grad_(False)
    with torch.inference_mode():
        return wrapped.eval()(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits


@pytest.mark.parametrize("projection", [False, True])
def test_a_prefix_of_ours_gives_the_same_logits_in_peft(rotary, tmp_path, projection):
    encoder = encoder_for(rotary, projection=projection)
    export_prefix(tmp_path, encoder, rotary, "peft")
    ours = logits_of(rotary, encoder)
    torch.testing.assert_close(peft_logits(rotary, tmp_path), ours, atol=1e-5, rtol=0)
    unturned = logits_of(rotary, PrefixEncoder(replace(encoder.config, text_start=5)))
    assert (unturned - ours).abs().max() > 1e-3


@pytest.mark.parametrize(
    "settings", [{}, {"prefix_projection": True, "encoder_hidden_size": 8}], ids=["plain", "projection"]
)
@pytest.mark.parametrize("kind", ["glm", "llama", "gpt-neox", "gpt-2"])
def test_a_prefix_of_peft_gives_the_same_logits_here(base, tmp_path, kind, settings):
    base = base_of(kind, base)
    expected = made_with_peft(base, tmp_path, **settings)
    encoder = load_prefix(tmp_path, base)
    assert encoder.config.text_start == encoder.config.pre_seq_len == 5
    torch.testing.assert_close(logits_of(base, encoder), expected, atol=1e-5, rtol=0)


def test_ours_through_peft_comes_back_bit_for_bit(rotary, tmp_path):
    encoder = encoder_for(rotary, length=7)
    with torch.no_grad():  # what turning would round away
        weight = encoder.embedding.weight
        weight[0] = 0.0
        weight[1, ::2], weight[2, 1::2], weight[3, ::3] = 0.0, 1e-30, -0.0
        weight[4, : weight.shape[1] // 2] = 1e-12
    export_prefix(tmp_path, encoder, rotary, "peft")
    again = load_prefix(tmp_path, rotary)
    assert again.config == replace(encoder.config, prefix_hidden_size=again.config.prefix_hidden_size)
    assert torch.equal(bits(again), bits(encoder))


def test_peft_through_ours_comes_back_bit_for_bit(base, tmp_path):
    made_with_peft(base, tmp_path / "peft")
    export_prefix(tmp_path / "ours", load_prefix(tmp_path / "peft", base), base, "caibao")
    again = load_prefix(tmp_path / "ours", base)
    assert again.config.text_start == 5
    export_prefix(tmp_path / "back", again, base, "peft")
    first, last = (load_file(tmp_path / name / ADAPTER_FILE) for name in ("peft", "back"))
    assert set(first) == set(last) == {ROWS}
    assert torch.equal(first[ROWS].view(torch.int32), last[ROWS].view(torch.int32))
    kept = [json.loads((tmp_path / name / ADAPTER_CONFIG).read_text()) for name in ("peft", "back")]
    assert {name: kept[0][name] for name in kept[1]} == kept[1] | {
        "base_model_name_or_path": kept[0]["base_model_name_or_path"]
    }


@pytest.mark.parametrize("text_start", [0, 3, 5])
def test_a_prefix_is_the_same_wherever_its_text_starts(rotary, text_start):
    encoder = encoder_for(rotary)
    moved = PrefixEncoder(replace(encoder.config, text_start=text_start))
    with torch.no_grad():
        moved.embedding.weight.copy_(rotated(encoder(), rotary.model, text_start))
    torch.testing.assert_close(logits_of(rotary, moved), logits_of(rotary, encoder), atol=1e-5, rtol=0)


def test_a_prefix_over_learned_positions_is_not_turned_for_peft(base, tmp_path):
    base = base_of("gpt-2", base)
    with pytest.raises(PtuningError, match="GPT2LMHeadModel"):
        export_prefix(tmp_path, encoder_for(base), base, "peft")
    assert not list(tmp_path.iterdir())


def test_a_prefix_of_another_base_is_refused_in_peft_layout_too(base, tmp_path):
    export_prefix(tmp_path, encoder_for(base), base, "peft")
    other = replace(base, identity={"name": "别的", "fingerprint": "0"})
    with pytest.raises(PtuningError, match=r"tiny-base.*别的"):
        load_prefix(tmp_path, other)


def test_what_peft_loads_from_our_export_and_saves_again_is_read_as_pefts(base, tmp_path):
    """Its save keeps no mark of ours: the rows are where PEFT's text starts."""
    peft = pytest.importorskip("peft")
    export_prefix(tmp_path / "ours", encoder_for(base), base, "peft")
    wrapped = peft.PeftModel.from_pretrained(base.model, tmp_path / "ours")
    wrapped.save_pretrained(tmp_path / "theirs")
    base.model.requires_grad_(False)
    encoder = load_prefix(tmp_path / "theirs", base)
    assert encoder.config.text_start == 5
    torch.testing.assert_close(logits_of(base, encoder), logits_of(base, encoder_for(base)), atol=1e-5, rtol=0)


def test_an_adapter_of_another_kind_is_refused(base, tmp_path):
    (tmp_path / ADAPTER_CONFIG).write_text('{"peft_type": "LORA"}')
    with pytest.raises(PtuningError, match=r"LORA.*PREFIX_TUNING"):
        load_prefix(tmp_path, base)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "缺少权重"),
        (lambda path: path.write_bytes(b"torn"), "无法读取"),
        (lambda path: save_file({"other": torch.zeros(5, 64)}, path), r"other.*tiny-base"),
        (lambda path: save_file({ROWS: torch.zeros(5, 63)}, path), r"\[5, 63\].*tiny-base"),
        (lambda path: save_file({ROWS: torch.zeros(5, 64)}, path, metadata={"caibao": "{}"}), "caibao"),
        (lambda path: save_file({ROWS: torch.zeros(5, 64)}, path, metadata={"caibao": "{"}), "caibao"),
    ],
)
def test_a_damaged_adapter_is_one_sentence_that_names_it(base, tmp_path, damage, words):
    export_prefix(tmp_path, encoder_for(base), base, "peft")
    damage(tmp_path / ADAPTER_FILE)
    with pytest.raises(PtuningError, match=words) as caught:
        load_prefix(tmp_path, base)
    assert str(tmp_path) in str(caught.value)


def test_an_adapter_that_peft_pickled_is_read(base, tmp_path):
    made_with_peft(base, tmp_path)
    rows = load_file(tmp_path / ADAPTER_FILE)
    (tmp_path / ADAPTER_FILE).unlink()
    torch.save(rows, tmp_path / "adapter_model.bin")
    assert torch.equal(load_prefix(tmp_path, base)(), rows[ROWS])


def test_ours_through_the_original_layout_comes_back_bit_for_bit(base, encoder, tmp_path):
    export_prefix(tmp_path, encoder, base, "original")
    again = load_prefix(tmp_path, base)
    assert again.config == encoder.config
    for name, weight in encoder.state_dict().items():
        assert torch.equal(again.state_dict()[name].view(torch.int32), weight.view(torch.int32))
    settings = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert (settings["pre_seq_len"], settings["prefix_projection"]) == (5, encoder.config.prefix_projection)
    told, config = glm_config(settings, tmp_path), base.model.config
    for name in ("rope_parameters", "head_dim", "num_key_value_heads", "attention_bias", "eos_token_id", "vocab_size"):
        assert getattr(told, name) == getattr(config, name), name


@pytest.mark.parametrize("name", ["checkpoint_prefix", "checkpoint_prefix_projection"])
def test_an_original_checkpoint_is_written_as_it_was(shared_dir, tmp_path, name):
    folder = shared_dir / "oracle" / "chatglm2-tiny"
    base = load_base(folder)
    export_prefix(tmp_path, load_prefix(folder / name, base), base, "original")
    first, last = (torch.load(place / "pytorch_model.bin", weights_only=True) for place in (folder / name, tmp_path))
    assert list(first) == list(last)
    assert all(torch.equal(first[key].view(torch.int32), last[key].view(torch.int32)) for key in first)
    first, last = (json.loads((place / "config.json").read_text()) for place in (folder / name, tmp_path))
    assert first == last


def test_a_prefix_of_peft_is_moved_to_where_the_original_counts_from(base, tmp_path):
    expected = made_with_peft(base, tmp_path / "peft")
    export_prefix(tmp_path / "original", load_prefix(tmp_path / "peft", base), base, "original")
    encoder = load_prefix(tmp_path / "original", base)
    assert encoder.config.text_start == 0
    torch.testing.assert_close(logits_of(base, encoder), expected, atol=1e-5, rtol=0)


def test_the_original_layout_is_for_chatglm_only(base, tmp_path):
    base = base_of("llama", base)
    with pytest.raises(PtuningError, match=r"llama.*original"):
        export_prefix(tmp_path, encoder_for(base), base, "original")


@pytest.fixture(scope="module")
def glm4(base, tmp_path_factory):
    """The tiny GLM as a folder of GLM-4's original layout."""
    folder = tmp_path_factory.mktemp("glm4") / "glm-4-tiny"
    return load_base(write_ranks(write_chatglm(folder, base), TOKENS))


@torch.inference_mode()
def at_zero(base, encoder):
    """Logits of a text at positions 0, 1, … behind a past: transformers' own model, nothing of PrefixModel."""
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(encoder.key_values()):
        cache.update(keys[None], values[None], layer)
    length = IDS.shape[1]
    mask = torch.ones(1, encoder.config.pre_seq_len + length, dtype=torch.long)
    where = torch.arange(length)[None]
    return base.model(input_ids=IDS, attention_mask=mask, position_ids=where, past_key_values=cache).logits


def test_a_prefix_of_peft_over_glm_4s_own_code_counts_from_0(glm4, base, tmp_path):
    """PEFT sets position_ids to None; the original code then counts from 0, transformers' from the length of the past."""
    assert glm4.original and glm4.identity["fingerprint"] == base.identity["fingerprint"]
    made_with_peft(base, tmp_path)
    ours, theirs = load_prefix(tmp_path, glm4), load_prefix(tmp_path, base)
    assert (ours.config.text_start, theirs.config.text_start) == (0, 5)
    torch.testing.assert_close(logits_of(glm4, ours), at_zero(glm4, ours), atol=1e-5, rtol=0)
    assert (logits_of(glm4, ours) - logits_of(base, theirs)).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("name", "original", "start"),
    [
        ("THUDM/glm-4-9b-chat-hf", True, 5),
        ("THUDM/glm-4-9b-chat", False, 0),
        ("C:\\models\\GLM-4-9B-Chat-1M\\", False, 0),
        ("/data/mine", True, 0),
        ("/data/mine", False, 5),
        (None, False, 5),
    ],
)
def test_positions_are_those_of_the_layout_that_an_adapter_was_trained_in(glm4, base, tmp_path, name, original, start):
    made_with_peft(base, tmp_path)
    settings = json.loads((tmp_path / ADAPTER_CONFIG).read_text())
    (tmp_path / ADAPTER_CONFIG).write_text(json.dumps(settings | {"base_model_name_or_path": name}))
    assert load_prefix(tmp_path, glm4 if original else base).config.text_start == start


@pytest.mark.parametrize("text_start", [0, 5])
def test_an_export_of_glm_4_to_peft_is_for_its_own_code_and_read_back_over_either_layout(glm4, base, tmp_path, text_start):
    encoder = PrefixEncoder(replace(encoder_for(glm4).config, text_start=text_start))
    export_prefix(tmp_path, encoder, glm4, "peft")
    assert json.loads((tmp_path / ADAPTER_CONFIG).read_text())["base_model_name_or_path"] == str(glm4.folder)
    rows = load_file(tmp_path / ADAPTER_FILE)[ROWS]
    in_peft = PrefixEncoder(replace(encoder.config, text_start=0))
    with torch.no_grad():
        in_peft.embedding.weight.copy_(rows)
    torch.testing.assert_close(at_zero(glm4, in_peft), logits_of(glm4, encoder), atol=1e-5, rtol=0)
    for other in (glm4, base):
        again = load_prefix(tmp_path, other)
        assert again.config.text_start == text_start and torch.equal(bits(again), bits(encoder))


def test_no_original_layout_is_offered_for_glm_4_whose_code_has_no_prefix(glm4, tmp_path):
    with pytest.raises(PtuningError, match=r"glm-4-tiny.*没有程序能装载 original"):
        export_prefix(tmp_path, encoder_for(glm4), glm4, "original")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def whole(base, encoder, tmp_path, tiny_base_folder):
    """A whole model with the prefix among its weights, as ChatGLM3's finetune_demo leaves it."""
    weights = {name: weight.detach() for name, weight in encoder.state_dict().items()}
    folder = write_chatglm(tmp_path / "whole", base, weights, pre_seq_len=5)
    shutil.copy(tiny_base_folder / "tokenizer.model", folder)
    return folder


def test_a_prefix_within_a_whole_model_is_loaded(whole, base, encoder):
    tuned = ptuning.load(whole)
    assert tuned.prefixes == ["whole"]
    ids = {"input_ids": IDS, "attention_mask": torch.ones_like(IDS)}
    with torch.inference_mode():
        assert torch.equal(tuned.model(**ids).logits, logits_of(base, encoder))
        tuned.use_prefix(None)
        assert torch.equal(tuned.model(**ids).logits, base.model(**ids).logits)
    other = ptuning.load(whole, {})
    assert other.prefixes == [] and other.base.identity["fingerprint"] == base.identity["fingerprint"]


@pytest.mark.parametrize(("held", "told", "words"), [(True, None, "没有 pre_seq_len"), (False, 5, "写着 pre_seq_len")])
def test_settings_and_weights_that_disagree_about_a_prefix_are_refused(base, tmp_path, tiny_base_folder, held, told, words):
    weights = dict(encoder_for(base).state_dict()) if held else None
    folder = write_chatglm(tmp_path / "whole", base, weights, pre_seq_len=told)
    shutil.copy(tiny_base_folder / "tokenizer.model", folder)
    with pytest.raises(PtuningError, match=words):
        ptuning.load(folder)


def test_a_models_own_config_is_not_overwritten(base, tiny_base_folder):
    before = (tiny_base_folder / "config.json").read_bytes()
    with pytest.raises(PtuningError, match=r"config\.json"):
        export_prefix(tiny_base_folder, encoder_for(base), base, "original")
    assert (tiny_base_folder / "config.json").read_bytes() == before


def test_an_unknown_layout_is_refused_naming_those_there_are(base, tmp_path):
    with pytest.raises(PtuningError, match=r"lora.*caibao、original、peft"):
        export_prefix(tmp_path, encoder_for(base), base, "lora")
