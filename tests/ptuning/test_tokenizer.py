import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptuning.errors import PtuningError
from ptuning.tokenizer import SPECIAL_TOKENS, GlmTokenizer


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
