"""A GGUF file written here from a random Llama: the same numbers come out as from its folder."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ptuning.base.models import load_base
from ptuning.errors import PtuningError

gguf = pytest.importorskip("gguf")
PIECES = ["<unk>", "<s>", "</s>", *(chr(i) for i in range(ord("a"), ord("z") + 1)), "Ġ", "ab", "<|endoftext|>"]
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.o_proj": "attn_output"}
NAMES |= {f"mlp.{name}_proj": f"ffn_{name}" for name in ("gate", "up", "down")}
NAMES |= {f"self_attn.{letter}_proj": f"attn_{letter}" for letter in "qkv"}


def stored(name, weight, heads):
    """llama.cpp's name; rows of q and k in its order of rotary pairs."""
    if not name.startswith("model.layers."):
        return {"model.embed_tokens.weight": "token_embd", "model.norm.weight": "output_norm", "lm_head.weight": "output"}[name] + ".weight", weight
    _, _, number, part = name.removesuffix(".weight").split(".", 3)
    if part in ("self_attn.q_proj", "self_attn.k_proj"):
        weight = weight.reshape(heads, 2, -1, weight.shape[1]).transpose(1, 2).reshape(weight.shape)
    return f"blk.{number}.{NAMES[part]}.weight", weight


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=len(PIECES), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False)).eval()  # fmt: skip


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    c = model.config
    for add, value in (
        (writer.add_context_length, 128), (writer.add_embedding_length, 32), (writer.add_block_count, 2),
        (writer.add_feed_forward_length, 64), (writer.add_head_count, 4), (writer.add_head_count_kv, 4),
        (writer.add_layer_norm_rms_eps, c.rms_norm_eps), (writer.add_rope_freq_base, 10000.0), (writer.add_vocab_size, len(PIECES)),
        (writer.add_tokenizer_model, "gpt2"), (writer.add_token_list, PIECES), (writer.add_token_merges, ["a b"]),
        (writer.add_token_types, [3, 3, 3, *[1] * (len(PIECES) - 4), 3]), (writer.add_bos_token_id, 1), (writer.add_eos_token_id, 2),
        (writer.add_unk_token_id, 0),
    ):  # fmt: skip
        add(value)
    for name, weight in model.state_dict().items():
        there, moved = stored(name, weight, 4)
        writer.add_tensor(there, moved.contiguous().numpy())
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()
    return path


def test_a_file_computes_what_the_model_does(model, file):
    base = load_base(file)
    ids = torch.tensor([[3, 8, 20, 5]])
    with torch.inference_mode():
        torch.testing.assert_close(base.model(ids).logits, model(ids).logits, atol=1e-5, rtol=0)
    assert base.identity["name"] == "tiny.gguf" and base.tokenizer.eos_token_id == 2
    assert base.tokenizer.encode("abc", add_special_tokens=False)


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"GGUF\0")
    with pytest.raises(PtuningError, match=r"无法读取 .*x\.gguf"):
        load_base(tmp_path / "x.gguf")
