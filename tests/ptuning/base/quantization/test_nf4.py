import copy
import sys
import warnings

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from ptuning.base.quantization.integers import quantize
from ptuning.base.quantization.models import quantize_model, replace_linears
from ptuning.errors import PtuningError


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def tiny_llama(width=16):
    config = LlamaConfig(vocab_size=50, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
                         num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False)  # fmt: skip
    return LlamaForCausalLM(config).eval().requires_grad_(False)


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
