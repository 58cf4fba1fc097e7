import copy
import sys
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import GlmConfig, GlmForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from ptuning.base.models import load_base
from ptuning.base.quantization.integers import dequantize, pack, quantize, unpack
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.base.quantization.models import memory_bytes, quantize_model, replace_linears
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def filled(bits, weight, bias=None):
    layer = QuantizedLinear(weight.shape[1], weight.shape[0], bits, bias is not None)
    layer.quantize(weight)
    layer.bias = bias
    return layer


def tiny_llama(width=16):
    config = LlamaConfig(vocab_size=50, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
                         num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False)  # fmt: skip
    return LlamaForCausalLM(config).eval().requires_grad_(False)


# The format


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_weight_moves_by_more_than_half_a_scale(bits, dtype):
    weight = random(20, 64).mul(10.0 ** torch.arange(-4, 1).repeat(4)[:, None]).to(dtype)
    integers, scale = quantize(weight, bits)
    error = (dequantize(integers, scale, bits, torch.float32) - weight.float()).abs()
    assert (error <= scale[:, None] / 2 * (1 + 1e-5)).all()
    assert torch.allclose(scale, weight.float().abs().amax(1) / {4: 7, 8: 127}[bits], rtol=1e-6, atol=0)


def test_two_weights_share_a_byte_as_in_chatglm():
    """`(even << 4) | (odd & 0xF)`: 1, 2 → 0x12; -1, 7 → 0xF7; -8, -7 → 0x89."""
    packed = pack(torch.tensor([[1, 2, -1, 7], [-8, -7, 0, -1]], dtype=torch.int8))
    assert packed.view(torch.uint8).tolist() == [[0x12, 0xF7], [0x89, 0x0F]]


def test_four_bits_by_hand():
    packed, scale = quantize(torch.tensor([[0.7, -0.3, 0.14, 0.0], [-14.0, 2.1, 0.0, 13.9]]), 4)
    assert torch.allclose(scale, torch.tensor([0.1, 2.0]))
    assert packed.view(torch.uint8).tolist() == [[0x7D, 0x10], [0x91, 0x07]]  # 7, -3, 1, 0 and -7, 1, 0, 7
    expected = torch.tensor([[0.7, -0.3, 0.1, 0.0], [-14.0, 2.0, 0.0, 14.0]])
    assert torch.allclose(dequantize(packed, scale, 4, torch.float32), expected)


@given(
    st.integers(1, 5).flatmap(
        lambda half: st.lists(
            st.lists(st.integers(-8, 7), min_size=2 * half, max_size=2 * half), min_size=1, max_size=6
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_unpack_undoes_pack(rows):
    assert unpack(pack(torch.tensor(rows, dtype=torch.int8))).tolist() == rows


def test_every_byte_is_packed_from_what_it_unpacks_to():
    packed = torch.arange(256, dtype=torch.uint8).view(torch.int8)[None]
    assert torch.equal(pack(unpack(packed)), packed)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("row", [0.0, 1e-44, 1e30])
def test_rows_of_zeros_and_of_extremes_stay_finite(bits, row):
    weight = torch.full((1, 4), row)
    back = dequantize(*quantize(weight, bits), bits, torch.float32)
    assert torch.allclose(back, weight, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(number):
    with pytest.raises(PtuningError, match="NaN 或无穷大"):
        quantize(torch.tensor([[1.0, number]]), 8)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dequantised_weights_are_those_of_chatglm(bits, dtype):
    """The original multiplies the integer by a half-precision scale and rounds once; float64 is exact before that."""
    integers = torch.arange(256, dtype=torch.uint8).view(torch.int8).repeat(3, 1)
    scale = torch.tensor([0.0123, 1.0, 3e-5], dtype=torch.float16)
    plain = unpack(integers) if bits == 4 else integers
    assert torch.equal(dequantize(integers, scale, bits, dtype), (plain.double() * scale.double()[:, None]).to(dtype))


# The layer


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("has_bias", [False, True])
def test_outputs_and_gradients_are_those_of_a_linear_layer_with_the_dequantised_weight(bits, has_bias):
    layer = filled(bits, random(6, 8), random(6, seed=1) if has_bias else None)
    linear = nn.Linear(8, 6, bias=has_bias)
    linear.weight.data = dequantize(layer.weight, layer.weight_scale, bits, torch.float32)
    if has_bias:
        linear.bias.data = layer.bias
    ours, theirs = random(2, 3, 8, seed=2).requires_grad_(), random(2, 3, 8, seed=2).requires_grad_()
    outputs = layer(ours), linear(theirs)
    assert torch.equal(*outputs)
    for output in outputs:
        output.square().sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bits", [4, 8])
def test_gradients_pass_gradcheck(bits):
    layer = filled(bits, random(5, 6), random(5, seed=1, dtype=torch.float64))
    x = random(3, 6, seed=2, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(layer, (x,))
    assert torch.autograd.gradgradcheck(layer, (x,))


def test_only_the_quantised_weight_is_kept_for_the_gradient():
    layer, kept = filled(4, random(64, 64)), []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        layer(random(1, 64).requires_grad_())
    assert [t.dtype for t in kept] == [torch.int8, torch.float32]
    assert [t.numel() for t in kept] == [64 * 32, 64]


def test_autocast_multiplies_in_its_own_dtype():
    layer, x = filled(8, random(6, 8), random(6)), random(3, 8).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    y.float().sum().backward()
    assert x.grad.dtype == torch.float32
    assert torch.allclose(y.float(), layer(x), atol=0.1)


def test_a_layer_has_nothing_to_train_and_moves_as_buffers():
    layer = filled(4, random(6, 8), random(6))
    assert not list(layer.parameters())
    assert {name: (t.dtype, tuple(t.shape)) for name, t in layer.state_dict().items()} == {
        "weight": (torch.int8, (6, 4)), "weight_scale": (torch.float32, (6,)), "bias": (torch.float32, (6,))}  # fmt: skip


def test_stored_weights_of_chatglm_are_taken_over():
    weight, scale = quantize(random(6, 8), 4)
    layer = QuantizedLinear(8, 6, 4, device="meta")
    layer.load(weight, scale.half())
    x = random(2, 8)
    assert torch.equal(layer(x), nn.functional.linear(x, dequantize(weight, scale.half(), 4, torch.float32)))


@pytest.mark.parametrize(
    ("weight", "scale", "message"),
    [
        (torch.zeros(6, 8, dtype=torch.int8), torch.ones(6), r"int8 的\[6, 4\].*int8 的\[6, 8\]"),
        (torch.zeros(6, 4), torch.ones(6), "float32 的"),
        (torch.zeros(6, 4, dtype=torch.int8), torch.ones(5), "应有6个数，现在是5个"),
    ],
)
def test_stored_weights_that_do_not_fit_are_named(weight, scale, message):
    with pytest.raises(PtuningError, match=message):
        QuantizedLinear(8, 6, 4).load(weight, scale)


def test_bits_and_rows_that_cannot_be_are_refused():
    with pytest.raises(PtuningError, match="只能是 4 或 8，现在是5"):
        QuantizedLinear(8, 6, 5)
    with pytest.raises(PtuningError, match="偶数个，现在是7个"):
        QuantizedLinear(7, 6, 4)
    with pytest.raises(PtuningError, match="偶数个，现在是7个"):
        quantize(random(6, 7), 4)
    assert filled(8, random(6, 7))(random(2, 7)).shape == (2, 6)


# Models


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_the_decoder_is_replaced_and_embeddings_and_output_layer_stay(device):
    with torch.device(device):
        model = tiny_llama()
    assert replace_linears(model, 4, torch.float16) == 3 * 7
    assert {type(m) for n, m in model.named_modules() if n.endswith("_proj")} == {QuantizedLinear}
    assert type(model.lm_head) is nn.Linear and type(model.get_input_embeddings()) is nn.Embedding
    assert model.model.layers[2].mlp.down_proj.weight.device.type == device


def test_biases_take_the_dtype_asked_for():
    model = LlamaForCausalLM(LlamaConfig(vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                                         num_attention_heads=2, attention_bias=True))  # fmt: skip
    replace_linears(model, 8, torch.bfloat16)
    assert model.model.layers[0].self_attn.q_proj.bias.dtype == torch.bfloat16
    assert model.model.layers[0].mlp.up_proj.bias is None


def test_a_model_without_linear_layers_is_refused():
    model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=32))
    with pytest.raises(PtuningError, match="GPT2LMHeadModel 的各层里没有可以量化的线性层"):
        quantize_model(model, 8)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(PtuningError, match="int 或 nf4，现在是“fp4”"):
        replace_linears(tiny_llama(), 4, torch.float32, "fp4")


@pytest.mark.parametrize("bits", [4, 8])
def test_a_quantised_model_computes_with_the_dequantised_weights(bits):
    model = tiny_llama()
    reference = copy.deepcopy(model)
    for module in reference.model.layers.modules():
        if isinstance(module, nn.Linear):
            module.weight.copy_(dequantize(*quantize(module.weight, bits), bits, torch.float32))
    quantize_model(model, bits)
    ids = torch.arange(12)[None]
    assert torch.equal(model(ids).logits, reference(ids).logits)


@pytest.mark.parametrize("bits", [0, 4, 8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_estimate_of_memory_is_what_the_weights_take(bits, dtype):
    config = GlmConfig(vocab_size=60, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                       num_key_value_heads=2, head_dim=8, attention_bias=True, tie_word_embeddings=True, pad_token_id=0)  # fmt: skip
    with torch.device("meta"):
        estimate = memory_bytes(GlmForCausalLM(config), bits, dtype)
    model = GlmForCausalLM(config).to(dtype)
    if bits:
        quantize_model(model, bits)
    held = {t.data_ptr(): t.nbytes for t in (*model.parameters(), *model.buffers())}
    assert estimate == pytest.approx(sum(held.values()), abs=64)  # the rotary frequencies may stay float32
    assert bits == 0 or estimate < memory_bytes(GlmForCausalLM(config), 0, dtype)


@pytest.mark.parametrize(("bits", "measured"), [(8, 0.013), (4, 0.215)])
def test_logits_of_a_quantised_chatglm_stay_near_the_float_ones(shared_dir, bits, measured):
    """Root mean square of the change, in standard deviations of the logits; random weights of 32 columns."""
    model = load_base(shared_dir / "oracle" / "chatglm2-tiny").model
    ids = torch.randint(100, 60000, (2, 24), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        exact = model(ids).logits
        assert quantize_model(model, bits) > 0
        change = (model(ids).logits - exact).square().mean().sqrt() / exact.std()
    assert float(change) == pytest.approx(measured, rel=0.2)


@pytest.mark.parametrize("bits", [4, 8])
def test_training_over_a_quantised_base_moves_the_prefix_only(tiny_base_folder, bits):
    base = load_base(tiny_base_folder).model
    quantize_model(base, bits)
    torch.manual_seed(0)
    model = PrefixModel(base, PrefixEncoder(PrefixConfig.for_model(base, 4)))
    before = {name: t.clone() for name, t in model.state_dict().items()}
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.1)
    ids = torch.randint(10, 300, (4, 9), generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(15):
        loss = model(ids, torch.ones_like(ids), labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    moved = {name for name, t in model.state_dict().items() if not torch.equal(t, before[name])}
    assert moved == {"tuning.embedding.weight"}
    assert model.prefix_encoder.embedding.weight.dtype == torch.float32


# NF4


def test_nf4_without_bitsandbytes_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ptuning.base.quantization.nf4", None)
    with pytest.raises(PtuningError, match="pip install bitsandbytes"):
        replace_linears(tiny_llama(), 4, torch.float32, "nf4")


@pytest.fixture
def bitsandbytes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("bitsandbytes")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nf4_outputs_and_gradients_are_those_of_the_dequantised_weight(bitsandbytes, dtype):
    model = tiny_llama(64).to(dtype)
    weight = model.model.layers[0].mlp.up_proj.weight
    assert quantize_model(model, 4, "nf4") == 3 * 7
    layer = model.model.layers[0].mlp.up_proj
    exact = bitsandbytes.functional.dequantize_4bit(layer.weight, layer.state)
    assert (exact - weight).abs().max() < 0.16 * weight.abs().max()  # half the widest step of the code is 0.152
    ours, theirs = (random(3, 64).to(dtype).requires_grad_() for _ in range(2))
    outputs = layer(ours), nn.functional.linear(theirs, exact)
    with torch.no_grad():
        assert torch.allclose(layer(ours), outputs[1], atol=4 * torch.finfo(dtype).eps)
    assert torch.allclose(*outputs, atol=4 * torch.finfo(dtype).eps)
    for output in outputs:
        output.sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=4 * torch.finfo(dtype).eps)


def test_nf4_takes_its_scales_along_and_keeps_no_float_weight(bitsandbytes):
    model = tiny_llama(64)
    quantize_model(model, 4, "nf4")
    layer = copy.deepcopy(model).to("cpu", torch.float16).model.layers[1].mlp.down_proj
    assert (layer.weight.dtype, layer.weight.nbytes) == (torch.uint8, 128 * 64 // 2)
    assert layer.weight_scale is None and layer.state.absmax.device == layer.weight.device


def test_what_nf4_cannot_take_is_refused(bitsandbytes):
    with pytest.raises(PtuningError, match="nf4 是4位的，现在 quantization_bit 是8"):
        replace_linears(tiny_llama(64), 8, torch.float32, "nf4")
    with pytest.raises(PtuningError, match="64的倍数，这一层是16个"):
        replace_linears(tiny_llama(), 4, torch.float32, "nf4")
    model = tiny_llama(64)
    replace_linears(model, 4, torch.float32, "nf4")
    layer = model.model.layers[0].mlp.up_proj
    with pytest.raises(PtuningError, match="不能再转成 nf4"):
        layer.load(*quantize(random(128, 64), 4))
    with pytest.raises(PtuningError, match=r"应是\[128, 64\]，现在是\[64, 128\]"):
        layer.quantize(random(64, 128))
