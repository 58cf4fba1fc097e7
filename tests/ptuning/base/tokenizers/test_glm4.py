"""A small rank file stands for GLM-4's: the 256 bytes, and tokens merged from them."""

import base64
import json

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from ptuning.base.tokenizers.glm4 import PATTERN, SPECIAL_TOKENS, Glm4Tokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.errors import PtuningError

MERGED = ["SE", "LE", "CT", "SELE", "SELECT", "净", "利", "润", "净利", "净利润", " 1", "\n\n"]
HALVES = [word.encode()[:2] for word in ("净", "利", "润")]


def write_ranks(folder, tokens):
    lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))
    (folder / "tokenizer.model").write_bytes(b"".join(lines))
    return folder


TOKENS = [bytes([i]) for i in range(256)] + HALVES + [word.encode() for word in MERGED]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return glm_tokenizer(write_ranks(tmp_path_factory.mktemp("glm-4"), TOKENS))


def test_a_rank_file_is_recognised(tokenizer):
    assert isinstance(tokenizer, Glm4Tokenizer)
    assert tokenizer.vocab_size == len(TOKENS) + 14


def test_special_tokens_stand_behind_the_ranks(tokenizer):
    first = len(TOKENS)  # 151329 in GLM-4
    assert [tokenizer.id_to_piece(first + i) for i in range(14)] == list(SPECIAL_TOKENS)
    assert tokenizer.eos_token_id == tokenizer.pad_token_id == first
    assert tokenizer.end_token_ids == {first, first + 7, first + 9}  # <|endoftext|> <|user|> <|observation|>
    assert tokenizer.encode("")[:2] == [first + 2, first + 4]  # [gMASK] <sop>


def test_ids_are_tiktokens(tokenizer):
    reference = tiktoken.Encoding(
        "reference", pat_str=PATTERN, mergeable_ranks={t: i for i, t in enumerate(TOKENS)}, special_tokens={}
    )
    for text in ("SELECT 净利润 1", "2020年净利润是多少？\n\n1234567", " don't  ", ""):
        assert tokenizer.encode(text, add_special_tokens=False) == reference.encode(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_survives(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text == b"".join(map(tokenizer.id_to_bytes, ids)).decode()
    assert tokenizer(text) == ids[2:]


def test_special_tokens_are_left_out_or_shown(tokenizer):
    ids = [*tokenizer.encode("净利润"), tokenizer.eos_token_id, tokenizer.vocab_size + 5]
    assert tokenizer.decode(ids) == "净利润"
    assert tokenizer.decode(ids, skip_special_tokens=False) == "[gMASK]<sop>净利润<|endoftext|>"


def test_a_chat_is_roles_line_breaks_and_contents(tokenizer):
    chat = tokenizer.encode_chat("<|user|>", [("净利润", "SELECT 1")])
    assert tokenizer.decode(chat.ids, skip_special_tokens=False) == (
        "[gMASK]<sop><|user|>\n净利润<|assistant|>\nSELECT 1<|user|>\n<|user|><|assistant|>"
    )
    special = [tokenizer.id_to_piece(i) for i in chat.ids if i >= len(TOKENS)]
    assert special == ["[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|user|>", "<|assistant|>"]
    ((start, end),) = chat.answered
    assert tokenizer.decode(chat.ids[start:end], skip_special_tokens=False) == "\nSELECT 1<|user|>"


def test_the_line_break_belongs_to_the_answer_and_the_next_role_ends_it(tokenizer):
    ids = [*tokenizer.encode_chat("净利润").ids, *tokenizer.answer_ids("SELECT 1"), tokenizer.answer_end_id]
    again = tokenizer.encode_chat("", [("净利润", "SELECT 1")]).ids
    assert ids == again[: len(ids)] and tokenizer.answer_end_id in tokenizer.end_token_ids


def test_system_tools_calls_and_observations_are_written_as_glm_4_does(tokenizer):
    tool = {"name": "f", "x": "净"}
    history = [
        {"role": "system", "content": "S", "tools": [{"type": "function", "function": tool}]},
        {"role": "user", "content": "净"},
        {"role": "assistant", "metadata": "f", "content": "{}"},
    ]
    said = tokenizer.decode(tokenizer.encode_chat("1", history, "observation").ids, skip_special_tokens=False)
    assert said == (
        '[gMASK]<sop><|system|>\nS\n\n## f\n\n{\n    "name": "f",\n    "x": "净"\n}\n'
        "在调用上述函数时，请使用 Json 格式表示调用的参数。"
        "<|user|>\n净<|assistant|>f\n{}<|observation|>\n1<|assistant|>"
    )
    assert tokenizer.decode(tokenizer.answer_ids("{}", "f")) == "f\n{}"


TEMPLATE = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}{% if add_generation_prompt %}"


@pytest.mark.parametrize("place", ["tokenizer_config.json", "chat_template.jinja"])
@pytest.mark.parametrize(("end", "breaks"), [("<|assistant|>\n", True), ("<|assistant|>", False), ("{{ raise() }}", False)])
def test_where_the_prompt_ends_is_told_by_the_folders_template(tmp_path, place, end, breaks):
    """GLM-4-0414 has the line break in the prompt, GLM-4 in the answer."""
    template = TEMPLATE + end + "{% endif %}"
    text = json.dumps({"chat_template": template}) if place.endswith("json") else template
    (tmp_path / place).write_text(text)
    found = glm_tokenizer(write_ranks(tmp_path, TOKENS))
    prompt, answer = found.encode_chat("净").ids, found.answer_ids("利")
    assert found.decode(prompt).endswith("净\n") == breaks
    assert found.decode([*prompt, *answer]) == "\n净\n利"


def test_a_grammar_holds_what_the_tokenizer_writes(tokenizer):
    guidance = pytest.importorskip("llguidance")
    held = guidance.LLTokenizer(guidance.TokenizerWrapper(tokenizer), eos_token=list(tokenizer.end_token_ids))
    ids = tokenizer("SELECT 净利润")
    assert held.tokenize_str("SELECT 净利润") == ids
    matcher = guidance.LLMatcher(held, 'start: "SELECT " ("净利润" | "年份")', log_level=0)
    assert matcher.consume_tokens(ids) and matcher.is_accepting()


def test_a_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "new")
    again = Glm4Tokenizer.from_pretrained(tmp_path / "new")
    assert again.encode("SELECT 净利润") == tokenizer.encode("SELECT 净利润")


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-2] + lines[-1:],  # a rank is missing
        lambda lines: lines[1:],  # a byte has no token
        lambda lines: [*lines, b"!!!! 271"],
        lambda lines: [*lines, b"QUJD"],
    ],
)
def test_a_damaged_rank_file_is_one_sentence_that_names_it(tmp_path, change):
    write_ranks(tmp_path, TOKENS)
    path = tmp_path / "tokenizer.model"
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    with pytest.raises(PtuningError, match=r"tokenizer\.model.*tiktoken"):
        glm_tokenizer(tmp_path)
