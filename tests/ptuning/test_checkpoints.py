import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ptuning.base.models import load_base
from ptuning.checkpoints import export_prefix, load_prefix, main, save_prefix
from ptuning.errors import PtuningError
from ptuning.methods.prefix import PREFIX
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from ptuning.methods.prefix.peft import ADAPTER_CONFIG, ADAPTER_FILE, ROWS

CONFIG_FILE, PREFIX_FILE = PREFIX.config_file, PREFIX.weights_file


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(params=[False, True], ids=["embedding", "projection"])
def encoder(request, base):
    torch.manual_seed(1)
    return PrefixEncoder(PrefixConfig.for_model(base.model, 5, prefix_projection=request.param))


def encoder_for(base, length=5):
    torch.manual_seed(2)
    return PrefixEncoder(PrefixConfig.for_model(base.model, length))


def test_exactly_what_trains_is_saved(base, encoder, tmp_path):
    model = PrefixModel(base.model, encoder)
    save_prefix(tmp_path, encoder, base.identity)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {f"tuning.{name}" for name in load_file(tmp_path / PREFIX_FILE)}
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG_FILE, PREFIX_FILE]


@pytest.mark.parametrize("layout", ["caibao", *PREFIX.layouts])
def test_a_checkpoint_is_readable_for_whom_the_umask_lets(base, tmp_path, layout):
    before = os.umask(0o022)
    try:
        export_prefix(tmp_path, encoder_for(base), base, layout)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_a_saved_prefix_loads_as_it_was(base, encoder, tmp_path):
    save_prefix(tmp_path, encoder, base.identity, {"task": "分类"})
    again = load_prefix(tmp_path, base)
    assert again.config == encoder.config
    assert torch.equal(again(), encoder())
    settings = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    assert settings["pre_seq_len"] == 5
    assert settings["base"] == base.identity
    assert settings["meta"] == {"task": "分类"}


def test_a_save_that_is_killed_between_the_files_leaves_no_checkpoint_with_other_settings(
    base, encoder, tmp_path, monkeypatch
):
    save_prefix(tmp_path, encoder, base.identity)

    def killed(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("ptuning.files.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        save_prefix(tmp_path, encoder, {"name": "other", "fingerprint": "0"})
    with pytest.raises(PtuningError, match="不是前缀检查点"):
        load_prefix(tmp_path, base)


def test_a_prefix_of_another_base_is_refused_naming_both(base, encoder, tmp_path):
    save_prefix(tmp_path, encoder, {"name": "chatglm2-6b", "fingerprint": "0123"})
    with pytest.raises(PtuningError, match=r"chatglm2-6b.*tiny-base"):
        load_prefix(tmp_path, base)


def test_an_original_prefix_of_another_shape_is_refused_naming_both(base, shared_dir):
    with pytest.raises(PtuningError, match=r"checkpoint_prefix.*\[12, 96\].*tiny-base"):
        load_prefix(shared_dir / "oracle" / "chatglm2-tiny" / "checkpoint_prefix", base)


def test_a_base_given_as_a_prefix_is_refused(base, shared_dir):
    with pytest.raises(PtuningError, match="不是前缀检查点"):
        load_prefix(shared_dir / "oracle" / "chatglm2-tiny", base)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (CONFIG_FILE, None, "不是前缀检查点"),
        (CONFIG_FILE, b"{\n\n,", "第3行"),
        (CONFIG_FILE, b"\xff\xfe", "UTF-8"),
        (PREFIX_FILE, None, "无法读取前缀的权重"),
        (PREFIX_FILE, b"torn", "无法读取前缀的权重"),
    ],
)
def test_a_damaged_checkpoint_is_one_sentence_that_names_it(base, encoder, tmp_path, name, content, words):
    save_prefix(tmp_path, encoder, base.identity)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PtuningError, match=words) as caught:
        load_prefix(tmp_path, base)
    assert str(tmp_path) in str(caught.value)


def test_settings_without_a_field_are_damaged(base, encoder, tmp_path):
    save_prefix(tmp_path, encoder, base.identity)
    settings = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    del settings["pre_seq_len"]
    (tmp_path / CONFIG_FILE).write_text(json.dumps(settings))
    with pytest.raises(PtuningError, match="pre_seq_len"):
        load_prefix(tmp_path, base)


def test_weights_of_another_length_than_the_settings_are_refused(base, encoder, tmp_path):
    save_prefix(tmp_path, encoder, base.identity)
    weights = load_file(tmp_path / PREFIX_FILE)
    weights["embedding.weight"] = weights["embedding.weight"][:4].contiguous()
    save_file(weights, tmp_path / PREFIX_FILE)
    with pytest.raises(PtuningError, match="形状"):
        load_prefix(tmp_path, base)


def test_a_folder_that_is_not_there_is_no_checkpoint(base, tmp_path):
    with pytest.raises(PtuningError, match="nowhere"):
        load_prefix(tmp_path / "nowhere", base)


def test_a_checkpoint_from_before_text_start_starts_at_0(base, encoder, tmp_path):
    save_prefix(tmp_path, encoder, base.identity)
    settings = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    del settings["text_start"]
    (tmp_path / CONFIG_FILE).write_text(json.dumps(settings))
    assert load_prefix(tmp_path, base).config == replace(encoder.config, text_start=0)


@pytest.mark.parametrize("layout", ["caibao", *PREFIX.layouts])
def test_an_export_that_is_killed_leaves_no_checkpoint(base, tmp_path, monkeypatch, layout):
    export_prefix(tmp_path, encoder_for(base), base, layout)
    whole = os.replace

    def killed(source, target):
        if target.name in (CONFIG_FILE, ADAPTER_CONFIG, "pytorch_model.bin"):
            raise KeyboardInterrupt
        whole(source, target)

    monkeypatch.setattr("ptuning.files.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export_prefix(tmp_path, encoder_for(base, length=6), base, layout)
    with pytest.raises(PtuningError, match="不是前缀检查点"):
        load_prefix(tmp_path, base)


def test_the_command_line_converts_there_and_back(base, tiny_base_folder, tmp_path, capsys):
    encoder = encoder_for(base)
    save_prefix(tmp_path / "caibao", encoder, base.identity)
    for source, target in [("caibao", "peft"), ("peft", "original"), ("original", "again")]:
        layout = "caibao" if target == "again" else target
        arguments = [tmp_path / source, "--base", tiny_base_folder, "--to", layout, tmp_path / target]
        assert main(list(map(str, arguments))) == 0
        assert str(tmp_path / target) in capsys.readouterr().out
    assert torch.equal(load_prefix(tmp_path / "again", base)(), encoder())
    with safe_open(tmp_path / "peft" / ADAPTER_FILE, framework="pt") as file:
        assert file.get_tensor(ROWS).dtype == torch.float64
        assert json.loads(file.metadata()["caibao"])["exact"] == []


def test_the_command_line_says_in_one_line_what_is_wrong(base, tiny_base_folder, tmp_path, capsys):
    save_prefix(tmp_path / "caibao", encoder_for(base), base.identity)
    common = ["--base", str(tiny_base_folder), "--to", "peft"]
    for source, target in [("nowhere", "out"), ("caibao", "caibao")]:
        assert main([str(tmp_path / source), *common, str(tmp_path / target)]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert str(tmp_path / (source if source == "nowhere" else target)) in error
