import copy

import pytest
import torch
from torch import nn
from transformers import GlmConfig, GlmForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from ptuning.base.models import load_base
from ptuning.base.quantization.integers import dequantize, quantize
from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.base.quantization.models import memory_bytes, quantize_model, replace_linears
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def tiny_llama(width=16):
    config = LlamaConfig(vocab_size=50, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
                         num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=False)  # fmt: skip
    return LlamaForCausalLM(config).eval().requires_grad_(False)


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
