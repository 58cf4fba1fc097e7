"""A converted folder is read by transformers alone, and by ptuning as the base it was."""

import json
import shutil

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from ptuning import checkpoints
from ptuning import convert as module
from ptuning.base.families.own import OWN
from ptuning.base.folders import Folder
from ptuning.base.models import load_base
from ptuning.base.tokenizers.fast import fast_tokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.base.weight_files import stored_dtype
from ptuning.convert import convert, main
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from tests.ptuning.base.tokenizers.test_glm4 import TOKENS, write_ranks
from tests.ptuning.chatglm_folder import write_chatglm


@pytest.fixture(scope="module")
def folder(shared_dir):
    return shared_dir / "oracle" / "chatglm2-tiny"


@pytest.fixture(scope="module")
def converted(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("converted") / "hf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHARD", "3MB")
        assert main([str(folder), str(out)]) == 0
    return out


def test_the_folder_holds_what_other_tools_look_for(converted):
    names = {path.name for path in converted.iterdir()}
    wanted = {
        "config.json",
        "generation_config.json",
        "model.safetensors.index.json",
        "tokenizer.json",
        "tokenizer.model",
    }
    assert wanted | {"tokenizer_config.json"} <= names
    assert len([name for name in names if name.endswith(".safetensors")]) > 1
    assert not list(converted.parent.glob("*.tmp"))
    config = json.loads((converted / "config.json").read_text())
    assert config["model_type"] == "glm" and "auto_map" not in config


def test_transformers_computes_what_the_base_computes(folder, converted):
    ids = torch.arange(5, 30)[None]
    model = AutoModelForCausalLM.from_pretrained(converted, dtype=torch.float32).eval()
    with torch.inference_mode():
        assert torch.equal(model(ids).logits, load_base(folder).model(ids).logits)
    assert model.generation_config.eos_token_id == [2] and model.generation_config.pad_token_id == 0


def test_weights_keep_their_dtype(folder, converted):
    assert stored_dtype(converted) == stored_dtype(folder) == torch.float16


def test_it_is_the_same_base(folder, converted):
    first, second = load_base(folder), load_base(converted)
    assert first.identity["fingerprint"] == second.identity["fingerprint"]
    assert type(first.tokenizer) is type(second.tokenizer)
    assert (first.original, second.original) == (True, False)


def test_autotokenizer_writes_the_original_ids(folder, converted):
    tokenizer = AutoTokenizer.from_pretrained(converted)
    rows = [json.loads(line) for line in (folder / "tokens.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if "ids" in row:
            assert tokenizer.encode(row["text"], add_special_tokens=False) == row["ids"]
            assert tokenizer.decode(row["ids"]) == row["decoded"]
        turns = [text for turn in row.get("history", []) for text in turn] + [row["text"]]
        assert chat_of(tokenizer, turns) == row["prompt_ids"]
    assert len(tokenizer) == 64794


def chat_of(tokenizer, turns):
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)


@pytest.fixture(scope="module", params=["caibao", "chatglm3", "glm-4"])
def tokenizer(request, tmp_path_factory, tiny_tokenizer):
    """Own: NFKC, whole pieces, no blank in front; ChatGLM3: roles; GLM-4: byte-level."""
    if request.param == "caibao":
        return tiny_tokenizer
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "glm-4":
        return glm_tokenizer(write_ranks(folder, TOKENS))
    shutil.copy(request.getfixturevalue("shared_dir") / "oracle" / "chatglm2-tiny" / "tokenizer.model", folder)
    (folder / "tokenizer_config.json").write_text('{"additional_special_tokens": ["<|user|>"]}')
    return glm_tokenizer(folder)


def test_a_converted_chatglm3_is_still_one(tokenizer, tmp_path):
    fast_tokenizer(tokenizer).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert type(OWN.tokenizer(Folder(tmp_path, {"model_type": "glm"}))) is type(tokenizer)


def test_a_transformers_base_gets_a_tokenizer_that_all_can_read(tiny_base_folder, tmp_path):
    convert(str(tiny_base_folder), tmp_path / "new")
    assert load_base(tmp_path / "new").identity["fingerprint"] == load_base(tiny_base_folder).identity["fingerprint"]
    assert AutoTokenizer.from_pretrained(tmp_path / "new").encode("净利润") == load_base(
        tiny_base_folder
    ).tokenizer.encode("净利润")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "new", dtype="auto").dtype == torch.float16


def test_a_folder_that_holds_something_is_left_alone(tiny_base_folder, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("")
    assert main([str(tiny_base_folder), str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_prefix_that_stands_among_the_weights_is_not_left_out_without_a_word(tiny_base_folder, tmp_path, capsys):
    base = load_base(tiny_base_folder)
    encoder = PrefixEncoder(PrefixConfig.for_model(base.model, 3))
    whole = write_chatglm(tmp_path / "whole", base, dict(encoder.state_dict()), pre_seq_len=3)
    shutil.copy(tiny_base_folder / "tokenizer.model", whole)
    assert main([str(whole), str(tmp_path / "new")]) == 0
    assert "还有一个前缀" in capsys.readouterr().out
    assert checkpoints.main([str(whole), "--base", str(whole), "--to", "caibao", str(tmp_path / "prefix")]) == 0
    assert torch.equal(checkpoints.load_prefix(tmp_path / "prefix", load_base(tmp_path / "new"))(), encoder())


def test_a_target_that_is_a_file_is_one_sentence(tiny_base_folder, tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main([str(tiny_base_folder), str(tmp_path / "mine")]) == 1
    arguments = [str(tmp_path), "--base", str(tiny_base_folder), "--to", "peft", str(tmp_path / "mine")]
    assert checkpoints.main(arguments) == 1
    assert capsys.readouterr().err.count("不是文件夹") == 2


def test_a_quantised_folder_is_refused(folder, tmp_path):
    settings = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings | {"quantization_bit": 4}))
    with pytest.raises(PtuningError, match="量化"):
        convert(str(tmp_path), tmp_path / "out")


def test_nothing_is_written_where_the_base_cannot_be_read(tmp_path):
    with pytest.raises(PtuningError, match="nowhere"):
        convert(str(tmp_path / "nowhere"), tmp_path / "out")
    assert not list(tmp_path.iterdir())
