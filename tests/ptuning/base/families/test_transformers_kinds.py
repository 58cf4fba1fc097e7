"""Decoder-only families of transformers, tiny and random: what a prefix needs of each of them."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoConfig,
    GPTNeoXConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from ptuning.answering.generate import generate
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.methods.adapted import is_trained
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from tests.conftest import SENTENCES

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
GROUPED = SIZES | {"intermediate_size": 48, "num_key_value_heads": 2}
FAMILIES = {
    "llama": lambda **more: LlamaConfig(**GROUPED, **more),
    "qwen2": lambda **more: Qwen2Config(**GROUPED, tie_word_embeddings=True, **more),
    "gpt-neox": lambda **more: GPTNeoXConfig(**SIZES, intermediate_size=48, **more),
    "gpt-2": lambda **more: GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=128, **more),
    "gpt-neo": lambda **more: GPTNeoConfig(
        hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]], window_size=8,
        max_position_embeddings=128, **more),
}  # fmt: skip
CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content | trim }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer():
    """Byte-level BPE as GPT-2's, with an end token, a chat format and no token for padding."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=380, special_tokens=special, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|end|>", extra_special_tokens=special[1:], chat_template=CHAT
    )


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    ids = {
        "vocab_size": len(tokenizer) + 4,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.eos_token_id,
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(FAMILIES[request.param](**ids)).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base(folder):
    return load_base(folder)


@pytest.fixture
def prefixed(base):
    torch.manual_seed(1)
    return PrefixModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, 5)))


def test_a_base_computes_what_transformers_computes(folder, base):
    wanted = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([base.tokenizer.encode(SENTENCES[0])])
    with torch.inference_mode():
        torch.testing.assert_close(base.model(ids).logits, wanted(ids).logits, atol=0, rtol=0)
    assert not base.original and not any(parameter.requires_grad for parameter in base.model.parameters())


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing(base, prefixed, side):
    long, short = (torch.tensor(base.tokenizer.encode(text)) for text in (SENTENCES[1], SENTENCES[0]))
    room = len(long) - len(short)
    assert room > 0
    if side == "left" and base.model.config.model_type == "gpt_neo":
        pytest.skip(
            "GPT-Neo's local layers count columns: padding between prefix and text moves the prefix out of their window"
        )
    padding = (room, 0) if side == "left" else (0, room)
    ids = torch.stack((long, torch.nn.functional.pad(short, padding, value=base.tokenizer.pad_token_id)))
    mask = torch.stack((torch.ones_like(long), torch.nn.functional.pad(torch.ones_like(short), padding)))
    with torch.inference_mode():
        together = prefixed(ids, mask).logits[1, mask[1].bool()]
        alone = prefixed(short[None], torch.ones_like(short)[None]).logits[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_the_prefix_changes_what_the_model_computes(base, prefixed):
    ids = torch.tensor([base.tokenizer.encode(SENTENCES[0])])
    with torch.inference_mode():
        assert (prefixed(ids, torch.ones_like(ids)).logits - base.model(ids).logits).abs().max() > 1e-3


def test_a_training_step_changes_the_prefix_and_nothing_else(base, prefixed):
    before = {name: parameter.clone() for name, parameter in prefixed.named_parameters()}
    ids = torch.tensor([base.tokenizer.encode(SENTENCES[0])])
    optimizer = torch.optim.AdamW(p for p in prefixed.parameters() if p.requires_grad)
    prefixed(ids, torch.ones_like(ids), labels=ids).loss.backward()
    optimizer.step()
    changed = {name for name, parameter in prefixed.named_parameters() if not torch.equal(parameter, before[name])}
    assert changed == {name for name in before if is_trained(name)} != set()


def test_generated_text_is_that_of_transformers(base):
    prompts = [SENTENCES[0], SENTENCES[3]]
    wanted = []
    for prompt in prompts:
        ids = torch.tensor([base.tokenizer.encode(prompt)])
        out = base.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False, pad_token_id=0
        )
        wanted.append(base.tokenizer.decode(out[0, ids.shape[1] :].tolist()))
    assert generate(base.model, base.tokenizer, prompts, 6) == wanted


def test_a_prefix_generates(base, prefixed):
    written = generate(prefixed.eval(), base.tokenizer, SENTENCES[:2], 4)
    assert len(written) == 2 and all(isinstance(text, str) for text in written)


def test_a_quantised_base_keeps_its_identity_and_close_logits(request, folder, base):
    if folder.name.startswith("gpt-2"):
        with pytest.raises(PtuningError, match="量化"):  # its layers are no nn.Linear
            load_base(folder, quantization_bit=8)
        return
    quantised = load_base(folder, quantization_bit=8)
    assert quantised.identity == base.identity
    ids = torch.tensor([base.tokenizer.encode(SENTENCES[0])])
    with torch.inference_mode():
        error = (quantised.model(ids).logits - base.model(ids).logits).abs().max()
        assert 0 < error < 0.1 * base.model(ids).logits.std()


def test_an_encoder_decoder_is_refused(tmp_path):
    from transformers import T5Config

    T5Config(d_model=32, num_layers=1, vocab_size=99).save_pretrained(tmp_path)
    with pytest.raises(PtuningError, match=str(tmp_path)):
        load_base(tmp_path)
