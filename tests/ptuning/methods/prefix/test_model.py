import copy
from dataclasses import replace

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.methods.adapted import PastCache, is_trained, positions
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel


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


@torch.no_grad()
def cut_from(model, text, start, text_start):
    """A prefix that holds the keys and values of `text`, read from position `start`."""
    where = start + torch.arange(text.shape[1])[None]
    layers = model(text, position_ids=where, use_cache=True).past_key_values.layers
    encoder = PrefixEncoder(replace(PrefixConfig.for_model(model, text.shape[1]), text_start=text_start))
    both = torch.stack([torch.stack((layer.keys[0], layer.values[0])) for layer in layers])
    encoder.embedding.weight.copy_(both.permute(3, 0, 1, 2, 4).reshape(text.shape[1], -1))
    return encoder


def assert_continues(model, encoder, text, rest, start):
    whole = torch.cat((text, rest), 1)
    with torch.inference_mode():
        expected = model(whole, position_ids=start + torch.arange(whole.shape[1])[None]).logits[:, text.shape[1] :]
        logits = PrefixModel(model, encoder)(rest, torch.ones_like(rest)).logits
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("text_start", [0, 5, 7])
def test_a_prefix_cut_from_a_text_continues_it(base, text_start):
    """It acts as that text, whose positions end where those of the rest start."""
    text, rest = row(5), row(6, seed=1)
    encoder = cut_from(base.model, text, text_start - 5, text_start)
    assert_continues(base.model, encoder, text, rest, text_start - 5)


SIZES = {"vocab_size": 320, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
FAMILIES = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, intermediate_size=48, num_key_value_heads=2)),
    "llama with its own head_dim": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, intermediate_size=48, head_dim=12)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SIZES, intermediate_size=48, num_key_value_heads=2)),
    "gpt-neox": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(**SIZES, intermediate_size=48)),
    "gpt-2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=4, n_positions=64)),
    "gpt-neo": lambda: GPTNeoForCausalLM(
        GPTNeoConfig(
            vocab_size=320, hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]]
        )
    ),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FAMILIES[request.param]().eval().requires_grad_(False)


def test_a_prefix_fits_every_family_of_decoders(family):
    """Also those with learned positions, as long as the text starts behind the prefix."""
    text, rest = row(5), row(6, seed=1)
    assert_continues(family, cut_from(family, text, 0, 5), text, rest, 0)


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
        assert (parameter.grad is not None) == is_trained(name) == parameter.requires_grad


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


def test_a_layer_that_runs_again_sees_prefix_and_text_once():
    past, text = torch.randn(2, 1, 2, 3, 4), torch.randn(2, 1, 2, 5, 4)
    cache = PastCache([(past[0], past[1])])
    for _ in range(2):
        keys, values = cache.update(text[0], text[1], 0)
        assert torch.equal(keys, torch.cat((past[0], text[0]), 2))
        assert torch.equal(values, torch.cat((past[1], text[1]), 2))
        assert cache.get_seq_length() == 3


def loss_and_gradients(model):
    """Loss and prefix gradients of one padded batch, and the numbers autograd keeps for it."""
    ids = torch.cat((row(9), torch.nn.functional.pad(row(6, seed=1), (0, 3))))
    kept = {}

    def note(tensor):
        kept[tensor.data_ptr(), tensor.shape] = tensor.numel()
        return tensor

    model.zero_grad()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = model(ids, (ids != 0).long(), ids.masked_fill(ids == 0, -100)).loss
    loss.backward()
    gradients = {name: p.grad.clone() for name, p in model.prefix_encoder.named_parameters()}
    return loss.detach(), gradients, sum(kept.values())


def test_gradient_checkpointing_keeps_less_and_changes_neither_loss_nor_gradients(base, encoder):
    model = PrefixModel(copy.deepcopy(base.model), encoder)
    loss, gradients, kept = loss_and_gradients(model)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": True})
    again, same, kept_less = loss_and_gradients(model)
    torch.testing.assert_close(again, loss, atol=1e-6, rtol=0)
    torch.testing.assert_close(same, gradients, atol=1e-6, rtol=0)
    assert kept_less < kept / 2
    model.gradient_checkpointing_disable()
    assert loss_and_gradients(model)[2] == kept


def test_gradient_checkpointing_works_for_every_family(family):
    torch.manual_seed(1)
    model = PrefixModel(family, PrefixEncoder(PrefixConfig.for_model(family, 3)))
    _, gradients, kept = loss_and_gradients(model)
    model.activation_checkpointing_enable()
    _, same, kept_less = loss_and_gradients(model)
    model.activation_checkpointing_disable()
    torch.testing.assert_close(same, gradients, atol=1e-6, rtol=0)
    assert kept_less < kept


def test_every_other_layer_can_be_checkpointed(base, encoder):
    model = PrefixModel(copy.deepcopy(base.model), encoder)
    kept = []
    for step in (1, 2):
        model.activation_checkpointing_enable(every_n_layers=step)
        kept.append(loss_and_gradients(model)[2])
    model.activation_checkpointing_disable()
    assert kept[0] < kept[1] < loss_and_gradients(model)[2]


def test_offloading_of_activations_is_refused(base, encoder):
    with pytest.raises(PtuningError, match="offload"):
        PrefixModel(base.model, encoder).activation_checkpointing_enable(offload=True)
