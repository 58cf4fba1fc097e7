"""The numbers are those of the original ChatGLM2 code (expected.safetensors), the folders its own layout."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import DynamicCache

from ptuning.base.families.chatglm import FIXED, SETTINGS, glm_config
from ptuning.base.models import load_base
from ptuning.base.quantization.integers import quantize
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.checkpoints import load_prefix
from ptuning.errors import PtuningError
from ptuning.methods.prefix.model import PrefixModel
from ptuning.methods.prefix.original import read_weights_of

INPUTS = (0, 1, 2)
PREFIXES = ("plain", "prefix", "prefix_projection")
SETTINGS_OF_CHATGLM2 = dict.fromkeys(SETTINGS, 8) | {"add_qkv_bias": True, "layernorm_epsilon": 1e-5}


@pytest.fixture(scope="module")
def folder(shared_dir):
    return shared_dir / "oracle" / "chatglm2-tiny"


@pytest.fixture(scope="module")
def base(folder):
    return load_base(folder)


@pytest.fixture(scope="module")
def expected(folder):
    return load_file(folder / "expected.safetensors")


def prefix_of(folder, base, kind):
    return None if kind == "plain" else PrefixModel(base.model, load_prefix(folder / f"checkpoint_{kind}", base))


@torch.inference_mode()
def greedy(base, prefix, ids, count):
    """Plain greedy decoding, one token at a time: nothing of ptuning.answering.generate."""
    length = prefix.pre_seq_len if prefix else 0
    cache = prefix.cache(1) if prefix else DynamicCache()
    written, fed, start = [], ids, 0
    for _ in range(count):
        where = torch.arange(start, start + fed.shape[1])[None]
        mask = torch.ones(1, length + start + fed.shape[1], dtype=torch.long)
        out = base.model(input_ids=fed, attention_mask=mask, position_ids=where, past_key_values=cache)
        start += fed.shape[1]
        fed = out.logits[:, -1:].argmax(-1)
        written.append(fed.item())
    return written


@pytest.mark.parametrize("kind", PREFIXES)
@pytest.mark.parametrize("number", INPUTS)
def test_logits_equal_those_of_the_original_code(folder, base, expected, kind, number):
    ids = expected[f"input_{number}"]
    model = prefix_of(folder, base, kind) or base.model
    with torch.inference_mode():
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -4:]
    torch.testing.assert_close(logits, expected[f"logits_{kind}_{number}"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", PREFIXES)
@pytest.mark.parametrize("number", INPUTS)
def test_greedy_tokens_equal_those_of_the_original_code(folder, base, expected, kind, number):
    wanted = expected[f"greedy_{kind}_{number}"].tolist()
    assert greedy(base, prefix_of(folder, base, kind), expected[f"input_{number}"], len(wanted)) == wanted


def test_the_prefix_changes_what_the_model_computes(expected):
    """Else the tests above would pass without one."""
    assert (expected["logits_plain_0"] - expected["logits_prefix_0"]).abs().max() > 1e-2


@pytest.mark.parametrize("kind", PREFIXES)
def test_a_row_padded_on_the_left_computes_the_same_as_alone(folder, base, expected, kind):
    long, short = expected["input_1"], expected["input_2"]
    padding = long.shape[1] - short.shape[1]
    ids = torch.cat((long, torch.nn.functional.pad(short, (padding, 0))))
    mask = torch.ones_like(ids)
    mask[1, :padding] = 0
    where = (mask.cumsum(1) - 1).clamp(min=0)
    prefix = prefix_of(folder, base, kind)
    with torch.inference_mode():
        out = prefix(ids, mask) if prefix else base.model(ids, attention_mask=mask, position_ids=where)
    for row, number in enumerate((1, 2)):
        torch.testing.assert_close(out.logits[row, -4:], expected[f"logits_{kind}_{number}"], atol=1e-4, rtol=0)


def test_a_single_safetensors_file_is_the_same_base_as_bin_shards(folder, base, tmp_path):
    state = {}
    for shard in folder.glob("pytorch_model-*.bin"):
        state |= torch.load(shard, weights_only=True)
    state["transformer.rotary_pos_emb.inv_freq"] = torch.ones(2)  # some versions saved it
    save_file(state, tmp_path / "model.safetensors")
    for name in ("config.json", "tokenizer.model"):
        shutil.copy(folder / name, tmp_path)
    again = load_base(tmp_path)
    assert again.identity["fingerprint"] == base.identity["fingerprint"]
    assert all(torch.equal(a, b) for a, b in zip(again.model.parameters(), base.model.parameters()))


def test_a_converted_folder_is_the_same_base(folder, base, tmp_path):
    base.model.save_pretrained(tmp_path)
    base.tokenizer.save_pretrained(tmp_path)
    again = load_base(tmp_path)
    assert again.identity["fingerprint"] == base.identity["fingerprint"]
    assert (base.original, again.original) == (True, False)


def test_length_and_kind_of_a_prefix_are_read_off_its_weights(folder):
    assert read_weights_of(folder / "checkpoint_prefix")[:2] == (12, False)
    assert read_weights_of(folder / "checkpoint_prefix_projection")[:2] == (12, True)


@pytest.fixture
def copy(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("expected*", "checkpoint*"))
    for path in (tmp_path / "copy").iterdir():
        path.chmod(0o644)
    return tmp_path / "copy"


def test_a_missing_shard_is_named(copy):
    (copy / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(PtuningError, match=r"pytorch_model-00002-of-00002\.bin"):
        load_base(copy)


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"PK\x03\x04torn"])
def test_a_shard_that_did_not_download_is_named(copy, content):
    (copy / "pytorch_model-00002-of-00002.bin").write_bytes(content)
    with pytest.raises(PtuningError, match=r"pytorch_model-00002-of-00002\.bin"):
        load_base(copy)


def test_a_shard_cut_short_is_named(copy):
    path = copy / "pytorch_model-00001-of-00002.bin"
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(PtuningError, match=path.name):
        load_base(copy)


def test_code_in_a_weight_file_is_not_run(copy, tmp_path):
    class Intruder:
        def __reduce__(self):
            return (open, (str(tmp_path / "intruded"), "w"))

    torch.save({"transformer.output_layer.weight": Intruder()}, copy / "pytorch_model-00002-of-00002.bin")
    with pytest.raises(PtuningError, match="pytorch_model-00002"):
        load_base(copy)
    assert not (tmp_path / "intruded").exists()


def test_weights_that_are_missing_are_not_filled_with_random_numbers(copy):
    path = copy / "pytorch_model-00002-of-00002.bin"
    state = torch.load(path, weights_only=True)
    del state["transformer.encoder.layers.2.mlp.dense_h_to_4h.weight"]
    torch.save(state, path)
    with pytest.raises(PtuningError, match=r"model\.layers\.2\.mlp\.gate_up_proj\.weight"):
        load_base(copy)


@pytest.mark.parametrize(("name", "value"), [("hidden_size", 64), ("multi_query_group_num", 1), ("num_layers", 4)])
def test_weights_of_another_shape_than_the_settings_are_refused(copy, name, value):
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | {name: value}))
    with pytest.raises(PtuningError, match="copy"):
        load_base(copy)


def test_a_folder_without_weights_says_what_belongs_there(copy):
    for path in copy.glob("pytorch_model*"):
        path.unlink()
    with pytest.raises(PtuningError, match=r"model\.safetensors 或 pytorch_model\.bin"):
        load_base(copy)


@pytest.mark.parametrize("name", FIXED)
def test_settings_of_another_architecture_are_refused(tmp_path, name):
    settings = SETTINGS_OF_CHATGLM2 | {name: not FIXED[name]}
    with pytest.raises(PtuningError, match=name):
        glm_config(settings, tmp_path / "config.json")


def test_the_first_chatglm_is_refused_by_what_its_settings_lack(tmp_path):
    first = {"model_type": "chatglm", "hidden_size": 4096, "inner_hidden_size": 16384, "num_layers": 28}
    with pytest.raises(PtuningError, match="padded_vocab_size"):
        glm_config(first, tmp_path / "config.json")


def test_rope_ratio_stretches_the_rotary_base(tmp_path):
    config = glm_config(SETTINGS_OF_CHATGLM2 | {"rope_ratio": 50}, tmp_path / "config.json")
    assert config.rope_parameters["rope_theta"] == 500_000


def test_chatglm2_32k_divides_positions_instead_as_its_code_says(copy, base):
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | {"rope_ratio": 4}))
    code = copy / "modeling_chatglm.py"
    code.write_text("raise SystemExit\nseq_idx = torch.arange(seq_len, device=device) / self.rope_ratio\n")
    ids = torch.arange(5, 25)[None]
    with torch.inference_mode():
        spread = load_base(copy).model(ids, position_ids=4 * torch.arange(20)[None]).logits
        assert (spread - base.model(ids, position_ids=4 * torch.arange(20)[None]).logits).abs().max() > 1e-3
        torch.testing.assert_close(
            spread, base.model(ids, position_ids=torch.arange(20)[None]).logits, atol=1e-5, rtol=0
        )


@pytest.mark.parametrize("said", [True, False])
def test_original_rope_is_ignored_as_the_original_code_ignores_it(copy, expected, said):
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | {"original_rope": said}))
    ids = expected["input_0"]
    with torch.inference_mode():
        logits = load_base(copy).model(ids).logits[0, -4:]
    torch.testing.assert_close(logits, expected["logits_plain_0"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantised_folder_is_the_float_one_quantised(copy, folder, bits, expected):
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | {"quantization_bit": bits}))
    for path in copy.glob("*.bin"):
        state = torch.load(path, weights_only=True)
        for name in [name for name in state if ".layers." in name and state[name].ndim == 2]:
            state[name], state[name + "_scale"] = quantize(state[name], bits)
        torch.save(state, path)
    stored, made = load_base(copy), load_base(folder, quantization_bit=bits)
    assert {m.bits for m in stored.model.modules() if isinstance(m, QuantizedLinear)} == {bits}
    ids = expected["input_0"]
    with torch.inference_mode():
        assert torch.equal(stored.model(ids).logits, made.model(ids).logits)
    assert load_base(copy, quantization_bit=bits).identity == stored.identity
    with pytest.raises(PtuningError, match=f"{bits}位量化"):
        load_base(copy, quantization_bit=12 - bits)


def test_weights_in_the_format_of_torch_before_1_6_are_read(copy, base):
    for path in copy.glob("*.bin"):
        torch.save(torch.load(path, weights_only=True), path, _use_new_zipfile_serialization=False)
    assert load_base(copy).identity["fingerprint"] == base.identity["fingerprint"]


@pytest.mark.parametrize("tied", [True, False])
def test_the_output_layer_is_tied_where_the_settings_say_so(copy, tied):
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | {"tie_word_embeddings": tied}))
    if tied:
        path = copy / "pytorch_model-00002-of-00002.bin"
        state = torch.load(path, weights_only=True)
        del state["transformer.output_layer.weight"]
        torch.save(state, path)
    model = load_base(copy).model
    assert (model.get_output_embeddings().weight is model.get_input_embeddings().weight) == tied
