import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from ptuning.errors import PtuningError
from ptuning.models import load_base
from ptuning.prefix import (
    CONFIG_FILE,
    PREFIX_FILE,
    PrefixConfig,
    PrefixEncoder,
    PrefixModel,
    is_prefix_parameter,
    load_prefix,
    positions,
    save_prefix,
)


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(params=[False, True], ids=["embedding", "projection"])
def encoder(request, base):
    torch.manual_seed(1)
    return PrefixEncoder(PrefixConfig.for_model(base.model, 5, prefix_projection=request.param))


def row(length, seed=0):
    return torch.randint(10, 300, (1, length), generator=torch.Generator().manual_seed(seed))


def test_the_shape_follows_the_model(base):
    config = PrefixConfig.for_model(base.model, 7)
    assert (config.num_layers, config.num_kv_heads, config.head_dim) == (2, 2, 8)
    assert PrefixEncoder(config)().shape == (7, 2 * 2 * 2 * 8)


def test_a_row_of_the_prefix_is_layers_then_key_and_value_then_heads(base):
    encoder = PrefixEncoder(PrefixConfig(pre_seq_len=3, num_layers=2, num_kv_heads=2, head_dim=4))
    with torch.no_grad():
        encoder.embedding.weight.copy_(torch.arange(3 * 32).view(3, 32))
    keys_values = encoder.key_values()
    assert keys_values.shape == (2, 2, 2, 3, 4)
    for layer, kind, head, position in [(0, 0, 0, 0), (1, 0, 1, 2), (0, 1, 0, 1)]:
        start = position * 32 + ((layer * 2 + kind) * 2 + head) * 4
        assert keys_values[layer, kind, head, position].tolist() == list(range(start, start + 4))


def test_a_prefix_cut_from_a_text_continues_it(base):
    """A prefix that holds the keys and values of a text acts as that text, but for the positions, which start at 0 again."""
    text, rest = row(5), row(6, seed=1)
    with torch.inference_mode():
        start = base.model(text, position_ids=torch.arange(5)[None] - 5, use_cache=True).past_key_values
        whole = torch.cat((text, rest), 1)
        expected = base.model(whole, position_ids=torch.arange(11)[None] - 5).logits[:, 5:]
        encoder = PrefixEncoder(PrefixConfig.for_model(base.model, 5))
        layers = [torch.stack((layer.keys[0], layer.values[0])) for layer in start.layers]
        encoder.embedding.weight.copy_(torch.stack(layers).permute(3, 0, 1, 2, 4).reshape(5, -1))
        logits = PrefixModel(base.model, encoder)(rest, torch.ones_like(rest)).logits
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing(base, encoder, side):
    model = PrefixModel(base.model, encoder)
    long, short = row(9), row(4, seed=1)
    ids = torch.cat((long, torch.nn.functional.pad(short, (5, 0) if side == "left" else (0, 5))))
    mask = (ids != 0).long()
    real = slice(5, 9) if side == "left" else slice(0, 4)
    with torch.inference_mode():
        together = model(ids, mask).logits
        alone = model(short, torch.ones_like(short)).logits
    torch.testing.assert_close(together[1, real], alone[0], atol=1e-5, rtol=0)


def test_positions_count_real_tokens_only():
    mask = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 0]])
    assert positions(mask).tolist() == [[0, 0, 0, 1], [0, 1, 2, 2]]


def test_the_loss_is_the_mean_over_the_labelled_positions(base, encoder):
    model = PrefixModel(base.model, encoder)
    ids = torch.cat((row(8), row(8, seed=1)))
    labels = ids.masked_fill(torch.arange(8)[None] < torch.tensor([[5], [7]]), -100)
    out = model(ids, torch.ones_like(ids), labels)
    logits = model(ids, torch.ones_like(ids)).logits.log_softmax(-1)
    wanted = [(0, 5), (0, 6), (0, 7), (1, 7)]
    expected = -sum(logits[r, c - 1, ids[r, c]] for r, c in wanted) / len(wanted)
    torch.testing.assert_close(out.loss, expected)
    assert out.logits.shape == (4, base.model.config.vocab_size)


def test_only_the_prefix_gets_gradients(base, encoder):
    model = PrefixModel(base.model, encoder)
    ids = row(8)
    model(ids, torch.ones_like(ids), ids).loss.backward()
    for name, parameter in model.named_parameters():
        assert (parameter.grad is not None) == is_prefix_parameter(name) == parameter.requires_grad


def test_the_base_stays_in_evaluation_mode(base, encoder):
    model = PrefixModel(base.model, encoder).train()
    assert model.training
    assert not model.base_model.training


def test_a_float32_prefix_trains_over_a_half_precision_base(tiny_base_folder):
    base = load_base(tiny_base_folder, torch.bfloat16)
    model = PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, 3)))
    ids = row(8)
    out = model(ids, torch.ones_like(ids), ids)
    out.loss.backward()
    weight = model.prefix_encoder.embedding.weight
    assert out.loss.dtype == weight.dtype == weight.grad.dtype == torch.float32
    assert weight.grad.abs().sum() > 0


def test_exactly_what_trains_is_saved(base, encoder, tmp_path):
    model = PrefixModel(base.model, encoder)
    save_prefix(tmp_path, encoder, base.identity)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {f"prefix_encoder.{name}" for name in load_file(tmp_path / PREFIX_FILE)}
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG_FILE, PREFIX_FILE]


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

    monkeypatch.setattr("ptuning.prefix.os.replace", killed)
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


def test_a_length_below_one_is_refused(base):
    with pytest.raises(PtuningError, match="pre_seq_len"):
        PrefixConfig.for_model(base.model, 0)


def test_two_prefixes_share_one_base(base, encoder, tmp_path):
    """As the agent uses it: another task's model changes nothing for the first."""
    first, ids = PrefixModel(base.model, encoder), row(6)
    with torch.inference_mode():
        before = first(ids, torch.ones_like(ids)).logits
        PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, 9)))(ids, torch.ones_like(ids))
        assert torch.equal(first(ids, torch.ones_like(ids)).logits, before)
