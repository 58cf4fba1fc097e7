import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptuning.base.tokenizers.glm import ROLES, SPECIAL_TOKENS, ChatGlm3Tokenizer, GlmTokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.errors import PtuningError


@pytest.fixture(scope="module")
def original(shared_dir):
    return GlmTokenizer.from_pretrained(shared_dir / "oracle" / "chatglm2-tiny")


@pytest.fixture(scope="module")
def expected(shared_dir):
    path = shared_dir / "oracle" / "chatglm2-tiny" / "tokens.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_ids_equal_those_of_the_original_tokenizer(original, expected):
    rows = [row for row in expected if "ids" in row]
    assert len(rows) > 200
    for row in rows:
        assert original.encode(row["text"], add_special_tokens=False) == row["ids"]


def test_prompts_with_and_without_history_equal_the_original(original, expected):
    for row in expected:
        history = [(asked, answered) for asked, answered in row.get("history", [])]
        assert original.encode(original.build_prompt(row["text"], history)) == row["prompt_ids"]


def test_decoded_text_equals_the_original(original, expected):
    for row in expected:
        if "ids" in row:
            assert original.decode(row["ids"]) == row["decoded"]


def test_bytes_of_the_tokens_make_up_the_text(original, expected):
    for row in expected:
        if "ids" in row:
            together = b"".join(map(original.id_to_bytes, row["ids"])).decode()
            assert together.removeprefix(" ") == row["decoded"]  # SentencePiece puts a blank in front


def test_special_tokens_stand_behind_the_pieces_as_in_chatglm2(original):
    assert original.prefix_token_ids == [64790, 64792]
    assert [original.piece_to_id(token) for token in SPECIAL_TOKENS] == list(range(64789, 64794))
    assert original.vocab_size == 64794
    assert (original.pad_token_id, original.bos_token_id, original.eos_token_id) == (0, 1, 2)


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=40))
def test_any_text_survives_in_its_normalised_form(tiny_tokenizer, text):
    once = tiny_tokenizer.decode(tiny_tokenizer.encode(text))
    assert tiny_tokenizer.decode(tiny_tokenizer.encode(once)) == once
    ids = tiny_tokenizer.encode(once, add_special_tokens=False)
    assert b"".join(map(tiny_tokenizer.id_to_bytes, ids)).decode() == once


def test_every_id_has_a_piece_and_goes_back(tiny_tokenizer):
    for token in range(tiny_tokenizer.vocab_size):
        assert tiny_tokenizer.piece_to_id(tiny_tokenizer.id_to_piece(token)) == token


def test_special_tokens_are_left_out_or_shown(tiny_tokenizer):
    ids = [*tiny_tokenizer.encode("净利润"), tiny_tokenizer.eos_token_id, tiny_tokenizer.pad_token_id]
    assert tiny_tokenizer.decode(ids) == "净利润"
    assert tiny_tokenizer.decode(ids, skip_special_tokens=False) == "[gMASK]sop净利润</s><unk>"


def test_the_name_of_a_special_token_in_a_text_is_text(tiny_tokenizer):
    ids = tiny_tokenizer.encode("[gMASK]sop</s>", add_special_tokens=False)
    assert not set(ids) & {0, 1, 2, *map(tiny_tokenizer.piece_to_id, SPECIAL_TOKENS)}


def test_rows_of_a_padded_vocabulary_decode_to_nothing(tiny_tokenizer):
    beyond = tiny_tokenizer.vocab_size + 3
    assert tiny_tokenizer.decode([beyond]) == tiny_tokenizer.decode([beyond], skip_special_tokens=False) == ""
    assert tiny_tokenizer.id_to_bytes(beyond) == b""


def test_a_saved_tokenizer_is_the_same(tiny_tokenizer, tmp_path):
    tiny_tokenizer.save_pretrained(tmp_path / "new")
    again = GlmTokenizer.from_pretrained(tmp_path / "new")
    again.save_pretrained(tmp_path / "new")  # over itself
    assert again.encode("2020年净利润是多少？") == tiny_tokenizer.encode("2020年净利润是多少？")


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_missing_or_damaged_model_is_one_sentence_that_names_it(tmp_path, content):
    if content is not None:
        (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(PtuningError, match=r"tokenizer\.model"):
        GlmTokenizer.from_pretrained(tmp_path)


ROUNDS = [("2020年净利润？", "龘元，净利润"), ("营业收入", "㈱５亿\n多"), ("空", "")]


def test_a_chat_is_the_encoded_prompt(original, expected):
    for row in expected:
        history = [(asked, answered) for asked, answered in row.get("history", [])]
        assert original.encode_chat(row["text"], history).ids == row["prompt_ids"]


@pytest.mark.parametrize("which", ["original", "tiny_tokenizer"])
def test_answers_of_a_chat_are_found_in_its_ids(request, which):
    tokenizer = request.getfixturevalue(which)
    chat = tokenizer.encode_chat("负债合计？", ROUNDS)
    assert chat.ids == tokenizer.encode(tokenizer.build_prompt("负债合计？", ROUNDS))
    found = [b"".join(map(tokenizer.id_to_bytes, chat.ids[start:end])).decode() for start, end in chat.answered]
    wanted = [tokenizer.decode(tokenizer.encode(answer)) for _, answer in ROUNDS]  # in its normalised form
    assert found == wanted


@pytest.fixture(scope="module")
def third(shared_dir, tmp_path_factory):
    """ChatGLM3 has the pieces of ChatGLM2; its roles stand in tokenizer_config.json, or in its code."""
    folder = tmp_path_factory.mktemp("chatglm3")
    shutil.copy(shared_dir / "oracle" / "chatglm2-tiny" / "tokenizer.model", folder)
    (folder / "tokenization_chatglm.py").write_text('role_special_tokens = ["<|system|>", "<|user|>"]\n')
    return glm_tokenizer(folder)


def test_roles_stand_behind_the_special_tokens_as_in_chatglm3(third):
    assert isinstance(third, ChatGlm3Tokenizer)
    assert [third.piece_to_id(token) for token in SPECIAL_TOKENS + ROLES] == list(range(64789, 64798))
    assert third.end_token_ids == {2, 64795, 64797}
    assert third.vocab_size == 64798


def test_a_chat_of_chatglm3_is_roles_line_breaks_and_contents(third):
    assert third.encode_chat("你好").ids == [64790, 64792, 64795, 30910, 13, 36474, 54591, 64796]
    chat = third.encode_chat("净利润", [("你好", "你好")])
    assert chat.ids[:11] == [64790, 64792, 64795, 30910, 13, 36474, 54591, 64796, 30910, 13, 36474]
    assert chat.answered == [(8, 13)]  # from its line break to the role that ends it
    assert third.answer_ids("你好") == chat.ids[8:12] and third.answer_end_id == third.eos_token_id
    assert chat.ids[12:] == third.encode_chat("净利润").ids[2:]


def test_the_name_of_a_role_in_a_text_is_text(third):
    ids = third.encode_chat("<|assistant|>", [("<|user|>", "<|user|>")]).ids
    assert [token for token in ids if token >= 64789] == [64790, 64792, 64795, 64796, 64795, 64796]


def test_system_tools_calls_and_observations_are_messages_of_their_own(third):
    tool = {"name": "f", "x": "净"}
    history = [
        {"role": "system", "content": "S", "tools": [tool]},
        {"role": "user", "content": "净"},
        {"role": "assistant", "metadata": "f", "content": "{}"},
    ]
    said = third.decode(third.encode_chat("1", history, "observation").ids, skip_special_tokens=False)
    written = json.dumps([tool], indent=4, ensure_ascii=False)
    parts = ("system", "", f"S\n{written}"), ("user", "", "净"), ("assistant", "f", "{}"), ("observation", "", "1")
    pieces = [f"<|{role}|>{name}\n{content}" for role, name, content in parts]
    assert said.replace(" ", "") == ("[gMASK]sop" + "".join(pieces) + "<|assistant|>").replace(" ", "")


def test_what_chatglm2_does_not_have_is_refused(tiny_tokenizer):
    with pytest.raises(PtuningError, match="没有 system"):
        tiny_tokenizer.encode_chat("丙", [{"role": "system", "content": "答得短"}])
    with pytest.raises(PtuningError, match="没有工具"):
        tiny_tokenizer.encode_chat("丙", [("甲", "乙")], "observation")


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"tokenization_chatglm.py": 'roles = ["<|user|>"]'}, ChatGlm3Tokenizer),
        ({"tokenizer_config.json": '{"encode_special_tokens": false}'}, ChatGlm3Tokenizer),
        ({"tokenizer_config.json": '{"name_or_path": "THUDM/chatglm3-6b"}'}, ChatGlm3Tokenizer),
        ({"config.json": '{"_name_or_path": "/data/ChatGLM3-6B-32k"}'}, ChatGlm3Tokenizer),
        ({"config.json": '{"_name_or_path": "THUDM/chatglm2-6b-int4"}'}, GlmTokenizer),
        ({"config.json": '{"_name_or_path": "chatglm3"}', "tokenization_chatglm.py": "no roles"}, GlmTokenizer),
        ({"config.json": "torn"}, None),
        ({}, None),
    ],
)
def test_chatglm2_and_chatglm3_are_told_apart_by_what_stands_beside_the_pieces(shared_dir, tmp_path, files, kind):
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(shared_dir / "oracle" / "chatglm2-tiny" / "tokenizer.model", folder)
    for name, text in files.items():
        (folder / name).write_text(text)
    if kind:
        assert type(glm_tokenizer(folder, sure=True)) is kind
    else:
        assert type(glm_tokenizer(folder)) is GlmTokenizer
        with pytest.raises(PtuningError, match=r"ChatGLM2还是ChatGLM3.*tokenization_chatglm\.py"):
            glm_tokenizer(folder, sure=True)


def test_a_folder_without_roles_is_chatglm2(shared_dir, original):
    folder = shared_dir / "oracle" / "chatglm2-tiny"
    assert type(glm_tokenizer(folder)) is GlmTokenizer


GRAMMAR = r"""
start: "SELECT " column " FROM company_table WHERE 年份=" YEAR
column: "净利润" | "AVG(营业收入)"
YEAR: /20[0-9][0-9]/
"""


@pytest.mark.parametrize("which", ["original", "third", "tiny_tokenizer"])
def test_a_grammar_holds_what_the_tokenizer_writes(request, which):
    guidance = pytest.importorskip("llguidance")
    tokenizer = request.getfixturevalue(which)
    held = guidance.LLTokenizer(guidance.TokenizerWrapper(tokenizer), eos_token=list(tokenizer.end_token_ids))
    assert held.vocab_size == tokenizer.vocab_size
    for text in (
        "SELECT 净利润 FROM company_table WHERE 年份=2021",
        "SELECT AVG(营业收入) FROM company_table WHERE 年份=2020",
    ):
        ids = tokenizer(text)
        assert held.tokenize_str(text) == ids and held.decode_str(ids) == text
        matcher = guidance.LLMatcher(held, GRAMMAR, log_level=0)
        assert matcher.consume_tokens(ids) and matcher.is_accepting() and not matcher.get_error()
        assert matcher.consume_token(tokenizer.eos_token_id) and matcher.is_stopped()
    matcher = guidance.LLMatcher(held, GRAMMAR, log_level=0)
    forced = matcher.compute_ff_tokens()
    assert forced == tokenizer("SELECT ")[: len(forced)]
    wrong = guidance.LLMatcher(held, GRAMMAR, log_level=0)
    assert not wrong.consume_tokens(tokenizer("DELETE")) and not wrong.is_accepting()


@pytest.mark.parametrize("which", ["original", "third", "tiny_tokenizer"])
@settings(deadline=None)  # the first text that has to be spelt makes a table of the vocabulary
@given(text=st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_call_writes_exactly_the_text(request, which, text):
    """Neither the blank in front nor NFKC, which `encode` has: ㈱ stays what it is."""
    tokenizer = request.getfixturevalue(which)
    for exact in (text, "㈱" + text, " " + text, "\n\n" + text):
        assert b"".join(map(tokenizer.id_to_bytes, tokenizer(exact))).decode() == exact


def test_a_call_is_what_stands_within_a_text(original):
    ids = original.encode("2020年SELECT 净利润", add_special_tokens=False)
    assert ids[-len(original("净利润")) :] == original("净利润")
    assert original("净利润") == original("净利润".encode())
