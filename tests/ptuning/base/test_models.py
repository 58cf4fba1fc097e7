import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ptuning.base import folders
from ptuning.base.folders import locate
from ptuning.base.models import load_base
from ptuning.errors import PtuningError


@pytest.fixture
def copy(tiny_base_folder, tmp_path):
    return shutil.copytree(tiny_base_folder, tmp_path / "copy")


def test_a_base_is_frozen_and_in_evaluation_mode(tiny_base_folder):
    base = load_base(tiny_base_folder)
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
    assert not base.model.training


def test_half_precision_weights_are_computed_in_float32_on_the_cpu(tiny_base_folder):
    assert load_file(tiny_base_folder / "model.safetensors")["model.norm.weight"].dtype == torch.float16
    base = load_base(tiny_base_folder)
    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.float32}
    assert base.model.dtype == base.model.config.dtype == torch.float32


def test_the_output_layer_stays_tied_to_the_embedding(tiny_base_folder):
    model = load_base(tiny_base_folder).model
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_base_is_the_same_base_in_every_dtype(tiny_base_folder, dtype):
    base = load_base(tiny_base_folder, dtype)
    assert base.model.dtype == dtype
    assert base.model.get_decoder().rotary_emb.inv_freq.dtype == torch.float32
    assert base.identity == load_base(tiny_base_folder).identity


def test_a_copy_is_the_same_base_and_changed_weights_are_another(tiny_base_folder, copy):
    known = load_base(tiny_base_folder).identity["fingerprint"]
    assert load_base(copy).identity == {"name": "copy", "fingerprint": known}
    weights = load_file(copy / "model.safetensors")
    weights["model.norm.weight"] += 0.5
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert load_base(copy).identity["fingerprint"] != known


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "找不到基座模型"),
        ("{\n broken", "第2行"),
        ("[]", "JSON对象"),
        ('{"model_type": "martian"}', "martian"),
        ('{"model_type": "llama", "auto_map": {"AutoModelForCausalLM": "own.Own"}, "hidden_size": "much"}', "llama"),
        ("{}", "model_type"),
    ],
)
def test_a_folder_that_is_no_base_is_one_sentence_that_names_it(copy, config, words):
    (copy / "config.json").unlink()
    if config is not None:
        (copy / "config.json").write_text(config)
    with pytest.raises(PtuningError, match=words) as caught:
        load_base(copy)
    assert str(copy) in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.model"])
@pytest.mark.parametrize("content", [None, b"torn"])
def test_missing_and_damaged_files_of_a_base_are_one_sentence(copy, name, content):
    (copy / name).unlink()
    if content is not None:
        (copy / name).write_bytes(content)
    with pytest.raises(PtuningError, match=str(copy)):
        load_base(copy)


def test_weights_that_are_missing_are_not_filled_with_random_numbers(copy):
    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.down_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(PtuningError, match=r"model\.layers\.1\.mlp\.down_proj\.weight"):
        load_base(copy)


def test_weights_of_another_shape_than_the_settings_are_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"intermediate_size": 128}))
    with pytest.raises(PtuningError, match=r"config\.json"):
        load_base(copy)


def test_a_tokenizer_that_is_too_large_for_the_model_is_refused(copy, shared_dir):
    shutil.copy(shared_dir / "oracle" / "chatglm2-tiny" / "tokenizer.model", copy / "tokenizer.model")
    with pytest.raises(PtuningError, match="64794"):
        load_base(copy)


def test_code_in_a_folder_is_not_run(copy, tmp_path):
    own = {"auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}
    config = json.loads((copy / "config.json").read_text())
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (copy / "config.json").write_text(json.dumps(config | own))
    load_base(copy)  # a kind that transformers has itself
    (copy / "config.json").write_text(json.dumps(config | own | {"model_type": "own"}))
    with pytest.raises(PtuningError, match="own"):
        load_base(copy)
    assert not (tmp_path / "ran").exists()


def test_a_folder_quantised_by_others_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": "gptq", "bits": 4}}))
    with pytest.raises(PtuningError, match="quantization_config"):
        load_base(copy)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that cannot be reached, an empty store of downloads, and a RawModels of this test's own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(folders, "RAW_MODELS", tmp_path / "RawModels")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hub"


def test_a_hub_name_without_a_hub_says_what_to_download_and_where_to_put_it(hub):
    with pytest.raises(PtuningError, match="THUDM/chatglm2-6b.*RawModels/chatglm2-6b") as caught:
        load_base("THUDM/chatglm2-6b")
    assert len(str(caught.value).splitlines()) == 1


def test_a_hub_name_is_read_from_what_was_downloaded(hub, tiny_base_folder):
    store = hub / "models--THUDM--tiny"
    snapshot = shutil.copytree(tiny_base_folder, store / "snapshots" / "0123abc")
    (store / "refs").mkdir()
    (store / "refs" / "main").write_text("0123abc")
    base = load_base("THUDM/tiny")
    assert base.folder.resolve() == snapshot.resolve()
    assert base.identity == load_base(tiny_base_folder).identity | {"name": "tiny"}


def test_a_hub_name_is_read_from_raw_models_first(hub, tiny_base_folder):
    shutil.copytree(tiny_base_folder, folders.RAW_MODELS / "tiny")
    assert locate("THUDM/tiny") == folders.RAW_MODELS / "tiny"


@pytest.mark.parametrize("name", ["RawModels/nothing", "./a/b", "/a/b", "nothing", "a/b/c", "../a"])
def test_a_path_is_not_taken_for_a_hub_name(hub, name):
    with pytest.raises(PtuningError, match="找不到基座模型"):
        load_base(name)
