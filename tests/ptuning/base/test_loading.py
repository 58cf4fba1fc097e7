import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GlmConfig, GlmForCausalLM

from ptuning.base import loading
from ptuning.base.loading import Fingerprint
from ptuning.base.models import load_base
from ptuning.base.weight_files import stored_dtype
from ptuning.errors import PtuningError

# Loads a folder as it is and in 4 bits; prints how far memory rose above what the process held before, in bytes each.
MEASURE = """
import pathlib, sys
from ptuning.base.models import load_base
import torch
tiny, folder = sys.argv[1:3]
def memory(name):
    return int(next(l for l in pathlib.Path("/proc/self/status").read_text().splitlines() if l.startswith(name)).split()[1]) * 1024
for bits in (0, 4):
    load_base(tiny, torch.float16, quantization_bit=bits)
    before = memory("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    base = load_base(folder, torch.float16, quantization_bit=bits)
    print(memory("VmHWM") - before)
    del base
"""


def whole(model):
    """The fingerprint by its definition, of a model in memory."""
    fingerprint = Fingerprint()
    for name, weight in model.state_dict().items():
        fingerprint.add(name, weight)
    return fingerprint.value()


def test_the_fingerprint_taken_while_streaming_is_that_of_the_whole_model(tiny_base_folder):
    stored = GlmForCausalLM.from_pretrained(tiny_base_folder, dtype="auto")
    assert load_base(tiny_base_folder).identity["fingerprint"] == whole(stored)


def test_the_shipped_prefixes_know_their_base():
    folder = Path(__file__).resolve().parents[3] / "RawModels" / "caibao-mini"
    known = {json.loads(path.read_text())["base"]["fingerprint"] for path in folder.glob("prefix/*/prefix_config.json")}
    assert known == {load_base(folder).identity["fingerprint"]}


@pytest.fixture(scope="module")
def large_folder(tiny_base_folder, tmp_path_factory):
    """100 MB of weights in shards of at most 20 MB."""
    folder = tmp_path_factory.mktemp("large")
    config = GlmConfig.from_pretrained(tiny_base_folder)
    config.update(
        {
            "hidden_size": 512,
            "intermediate_size": 2048,
            "num_hidden_layers": 13,
            "num_attention_heads": 8,
            "head_dim": 64,
        }
    )
    with torch.random.fork_rng():
        GlmForCausalLM(config).half().save_pretrained(folder, max_shard_size="20MB")
    shutil.copy(tiny_base_folder / "tokenizer.model", folder)
    return folder


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux")
def test_loading_holds_one_model_and_one_shard(tiny_base_folder, large_folder):
    sizes = [path.stat().st_size for path in large_folder.glob("model-*.safetensors")]
    assert len(sizes) > 4 and sum(sizes) > 80e6
    call = [sys.executable, "-c", MEASURE, str(tiny_base_folder), str(large_folder)]
    freeing = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}  # what is freed goes back to the system at once
    told = subprocess.run(call, capture_output=True, text=True, check=True, env=freeing).stdout.split()
    plain, quantised = map(int, told[-2:])
    assert 0.9 * sum(sizes) < plain < sum(sizes) + max(sizes) + 8e6
    assert 0.2 * sum(sizes) < quantised < 0.3 * sum(sizes) + max(sizes) + 8e6 + 40e6, told


def test_a_base_larger_than_memory_is_refused_with_both_numbers(large_folder, monkeypatch):
    monkeypatch.setattr(loading, "free_memory", lambda device: 120_000_000)
    with pytest.raises(PtuningError, match=r"0\.2GB.*0\.1GB.*--quantization_bit 8 或 4"):
        load_base(large_folder)  # float32
    assert load_base(large_folder, quantization_bit=4).model.dtype == torch.float32


def test_free_memory_is_that_of_the_machine():
    told = Path("/proc/meminfo").read_text()
    available = int(re.search(r"MemAvailable:\s+(\d+)", told)[1]) * 1024
    assert loading.free_memory(torch.device("cpu")) == pytest.approx(available, rel=0.2)


@pytest.fixture
def copy(tiny_base_folder, tmp_path):
    return shutil.copytree(tiny_base_folder, tmp_path / "copy")


def rewrite(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_weight_of_another_shape_is_named_with_both_shapes(copy):
    rewrite(copy, lambda weights: weights.update({"model.norm.weight": torch.ones(31)}))
    with pytest.raises(PtuningError, match=r"model\.norm\.weight.*\[31\].*\[32\]"):
        load_base(copy)


def test_a_weight_of_integers_is_named(copy):
    rewrite(copy, lambda weights: weights.update({"model.norm.weight": torch.ones(32, dtype=torch.int8)}))
    with pytest.raises(PtuningError, match=r"model\.norm\.weight.*int8.*quantization_bit"):
        load_base(copy)


def test_layers_that_the_settings_do_not_count_are_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    with pytest.raises(PtuningError, match=r"model\.layers\.1\..*层数"):
        load_base(copy)


def test_what_the_model_has_no_place_for_is_left_out(copy, tiny_base_folder):
    rewrite(copy, lambda weights: weights.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(2)}))
    assert load_base(copy).identity["fingerprint"] == load_base(tiny_base_folder).identity["fingerprint"]


def test_a_bare_decoders_file_fills_the_whole_model(copy, tiny_base_folder):
    def shorten(weights):
        for name in list(weights):
            weights[name.removeprefix("model.")] = weights.pop(name)

    rewrite(copy, shorten)
    assert load_base(copy).identity["fingerprint"] == load_base(tiny_base_folder).identity["fingerprint"]


def test_a_file_with_the_tied_output_layer_alone_is_the_same_base(copy, tiny_base_folder):
    rewrite(copy, lambda weights: weights.update({"lm_head.weight": weights.pop("model.embed_tokens.weight")}))
    base = load_base(copy)
    assert base.identity["fingerprint"] == load_base(tiny_base_folder).identity["fingerprint"]
    assert base.model.get_output_embeddings().weight is base.model.get_input_embeddings().weight


def test_the_files_are_not_needed_after_loading(copy):
    base = load_base(copy, torch.float16)
    before = base.model.model.norm.weight.clone()
    rewrite(copy, lambda weights: weights.update({"model.norm.weight": torch.zeros(32, dtype=torch.float16)}))
    assert torch.equal(base.model.model.norm.weight, before)


@pytest.mark.parametrize("bits", [8, 4])
def test_quantising_while_loading_equals_quantising_a_loaded_base(tiny_base_folder, bits):
    from ptuning.base.quantization.layers import QuantizedLinear
    from ptuning.base.quantization.models import quantize_model

    now = load_base(tiny_base_folder, quantization_bit=bits)
    later = load_base(tiny_base_folder)
    assert now.identity == later.identity  # a prefix of the one fits the other
    quantize_model(later.model, bits)
    mine, theirs = now.model.state_dict(), later.model.state_dict()
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert sum(isinstance(module, QuantizedLinear) for module in now.model.modules()) == 2 * 6


def test_the_dtype_of_a_folder_is_that_of_its_files(tiny_base_folder):
    assert stored_dtype(tiny_base_folder) == torch.float16
