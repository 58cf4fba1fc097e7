import pytest
import torch
from torch import nn

from ptuning.base.quantization.integers import dequantize, quantize
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.errors import PtuningError


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def filled(bits, weight, bias=None):
    layer = QuantizedLinear(weight.shape[1], weight.shape[0], bits, bias is not None)
    layer.quantize(weight)
    layer.bias = bias
    return layer


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
