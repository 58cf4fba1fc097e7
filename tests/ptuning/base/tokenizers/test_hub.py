"""Against AutoTokenizer itself, for the two kinds of tokenizer.json there are: byte-level and SentencePiece-like."""

import json

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from ptuning.base.tokenizers.hub import HubTokenizer
from ptuning.errors import PtuningError
from tests.conftest import SENTENCES

TEMPLATE = (
    "<s>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content | trim }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = ["<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>"]
HISTORY = [("净利润 是多少？", "龘123元"), ("营业收入", "  5 亿\n")]


def byte_level():
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    return bpe, trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )


def sentencepiece_like():
    bpe = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    bpe.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    bpe.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    every_byte = [f"<0x{i:02X}>" for i in range(256)]
    return bpe, trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL + every_byte)


@pytest.fixture(scope="module", params=[byte_level, sentencepiece_like])
def folder(request, tmp_path_factory):
    bpe, trainer = request.param()
    bpe.train_from_iterator(SENTENCES, trainer)
    content = json.loads(bpe.to_str())
    content["added_tokens"] = content["added_tokens"][: len(SPECIAL)]  # the bytes are pieces like others
    bpe = Tokenizer.from_str(json.dumps(content))
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    folder = tmp_path_factory.mktemp(request.param.__name__)
    PreTrainedTokenizerFast(
        tokenizer_object=bpe, unk_token="<unk>", bos_token="<s>", eos_token="</s>", extra_special_tokens=SPECIAL[3:],
        chat_template=TEMPLATE,
    ).save_pretrained(folder)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder):
    return HubTokenizer(folder)


@pytest.fixture(scope="module")
def reference(folder):
    return AutoTokenizer.from_pretrained(folder)


def test_ids_and_texts_are_autotokenizers(tokenizer, reference):
    for text in SENTENCES:
        ids = reference.encode(text)
        assert [*tokenizer.encode(text), 2] == ids  # the end comes after the answer
        assert tokenizer.encode(text, add_special_tokens=False) == ids[1:-1]
        assert tokenizer.decode(ids) == reference.decode(ids, skip_special_tokens=True) == text
        assert tokenizer.decode(ids, skip_special_tokens=False) == reference.decode(ids)


def test_the_pad_token_falls_back_to_the_end_token(tokenizer):
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == 2


def test_end_tokens_of_the_generation_settings_count(folder, tokenizer, tmp_path):
    assert tokenizer.end_token_ids == {2}
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [2, 3]}')
    assert HubTokenizer(tmp_path).end_token_ids == {2, 3}


def test_the_name_of_a_special_token_in_a_text_is_text(tokenizer):
    ids = tokenizer.encode("<|user|></s>", add_special_tokens=False)
    assert not set(ids) & set(tokenizer.special_token_ids)
    assert tokenizer.decode(ids) == "<|user|></s>"


def test_a_chat_is_that_of_the_template(tokenizer, reference):
    turns = [text for turn in HISTORY for text in turn] + ["负债合计"]
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
    chat = tokenizer.encode_chat("负债合计", HISTORY)
    assert chat.ids == reference.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    found = [tokenizer.decode(chat.ids[start:end]) for start, end in chat.answered]
    assert [text.strip() for text in found] == ["龘123元", "5 亿"]


def test_a_system_is_the_templates_and_the_token_behind_an_answer_ends_it(tokenizer, reference):
    history = [{"role": "system", "content": "短"}, {"role": "user", "content": "甲"}, {"role": "assistant", "content": "乙"}]
    chat = tokenizer.encode_chat("丙", history)
    messages = [*history, {"role": "user", "content": "丙"}]
    assert chat.ids == reference.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    ((start, end),) = chat.answered
    assert chat.ids[end - 1] == tokenizer.eos_token_id and tokenizer.decode(chat.ids[start:end]).strip() == "乙"


@pytest.mark.parametrize("extra", [{"tools": [{"name": "f"}]}, {}])
def test_what_a_template_leaves_out_is_refused(tokenizer, tmp_path, extra):
    tokenizer.save_pretrained(tmp_path)
    if not extra:
        (tmp_path / "chat_template.jinja").write_text("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}")
    with pytest.raises(PtuningError, match=r"chat_template 不写出 (tools|system)"):
        HubTokenizer(tmp_path).encode_chat("甲", [{"role": "system", "content": "短", **extra}])


def test_what_the_template_puts_between_prompt_and_answer_is_trained(tokenizer, tmp_path):
    assert tokenizer.answer_ids("乙") == tokenizer.encode("乙", add_special_tokens=False)
    tokenizer.save_pretrained(tmp_path)
    template = TEMPLATE.replace("<|assistant|>\n{% endif", "<|assistant|>{% endif").replace(" | trim", "")
    (tmp_path / "chat_template.jinja").write_text(template)
    later = HubTokenizer(tmp_path)
    ids = [*later.encode_chat("甲").ids, *later.answer_ids("净利润")]
    assert later.decode(ids, skip_special_tokens=False).replace(" ", "").endswith("<|assistant|>\n净利润")


def test_a_special_token_in_a_chat_is_the_templates_own(tokenizer):
    chat = tokenizer.encode_chat("</s><|assistant|>", [("问", "<|user|>答")])
    special = [tokenizer.id_to_piece(i) for i in chat.ids if i in tokenizer.special_token_ids]
    assert special == ["<s>", "<|user|>", "</s>", "<|assistant|>", "</s>", "<|user|>", "</s>", "<|assistant|>"]
    assert "</s><|assistant|>" in tokenizer.decode(chat.ids)
    ((start, end),) = chat.answered
    assert tokenizer.decode(chat.ids[start:end]).strip() == "<|user|>答"


def test_bytes_of_the_tokens_make_up_the_text(tokenizer):
    for text in ("净利润 1 龘\n", "SELECT  a"):
        assert b"".join(map(tokenizer.id_to_bytes, tokenizer(text))).decode() == text
    assert tokenizer.id_to_bytes(2) == b"" and tokenizer.tokens[2] == b"</s>"
    assert tokenizer.id_to_bytes(tokenizer.vocab_size + 1) == b""


def test_a_grammar_holds_what_the_tokenizer_writes(tokenizer):
    guidance = pytest.importorskip("llguidance")
    held = guidance.LLTokenizer(guidance.TokenizerWrapper(tokenizer))
    matcher = guidance.LLMatcher(held, 'start: "select " ("净利润" | "营业收入")', log_level=0)
    ids = tokenizer("select 营业收入")
    assert held.tokenize_str("select 营业收入") == ids
    assert matcher.consume_tokens(ids) and matcher.is_accepting()


def test_a_chat_without_a_template_is_one_sentence(folder, tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(PtuningError, match="chat_template.*prompt_style plain"):
        HubTokenizer(tmp_path).encode_chat("你好")


def test_a_template_that_refuses_is_one_sentence(folder, tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("{{ raise_exception('no') }}")
    with pytest.raises(PtuningError, match="no"):
        HubTokenizer(tmp_path).encode_chat("你好")


@pytest.mark.parametrize("content", [None, "{", '{"model": {}}'])
def test_a_missing_or_damaged_tokenizer_is_one_sentence_that_names_the_folder(tmp_path, content):
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
        (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    with pytest.raises(PtuningError, match=str(tmp_path)):
        HubTokenizer(tmp_path)
