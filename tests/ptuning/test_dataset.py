import json

import pytest
import torch

from ptuning.dataset import (
    IGNORED,
    Collator,
    Columns,
    Encoded,
    EncodedRows,
    Example,
    LengthGroups,
    PromptStyle,
    encode,
    read_examples,
)
from ptuning.errors import PtuningError
from ptuning.tokenizer import GlmTokenizer

COLUMNS = Columns("question_prompt", "query")
PLAIN, CHAT = PromptStyle(chat=False), PromptStyle(chat=True)


def write(tmp_path, text, name="rows.json"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_features_equal_those_of_the_original_code(shared_dir):
    folder = shared_dir / "oracle" / "chatglm2-tiny"
    tokenizer = GlmTokenizer.from_pretrained(folder)
    rows = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    assert rows
    for row in rows:
        limits = (row["max_source_length"], row["max_target_length"])
        encoded = encode(tokenizer, CHAT, Example(row["question_prompt"], row["query"]), *limits)
        features = Collator(tokenizer.pad_token_id, length=sum(limits) + 1)(EncodedRows([encoded]))
        assert features["input_ids"].tolist() == [row["input_ids"]]
        assert features["labels"].tolist() == [row["labels"]]


def test_labels_cover_the_answer_and_the_end_token_only(tiny_tokenizer):
    encoded = encode(tiny_tokenizer, PLAIN, Example("净利润是多少？", "营业收入"), 64, 64)
    answer = tiny_tokenizer.encode("营业收入", add_special_tokens=False)
    assert encoded.input_ids == [*tiny_tokenizer.encode("净利润是多少？"), *answer, tiny_tokenizer.eos_token_id]
    assert encoded.labels == [IGNORED] * encoded.start + [*answer, tiny_tokenizer.eos_token_id]


def test_limits_cut_prompt_and_answer_and_say_so(tiny_tokenizer):
    example = Example("净利润是多少？", "甲公司的营业收入，乙公司的净利润")
    whole, cut = encode(tiny_tokenizer, PLAIN, example, 64, 64), encode(tiny_tokenizer, PLAIN, example, 4, 1)
    assert not (whole.cut_prompt or whole.cut_answer)
    assert cut.cut_prompt and cut.cut_answer
    assert cut.input_ids == [*whole.input_ids[:4], whole.input_ids[whole.start], tiny_tokenizer.eos_token_id]


def test_only_the_chat_style_shows_rounds(tiny_tokenizer):
    example = Example("第二问", "答", (("第一问", "第一答"),))
    assert PromptStyle(False, "请：").render(tiny_tokenizer, example) == "请：第二问"
    assert PromptStyle(True, "请：").render(tiny_tokenizer, example) == (
        "请：[Round 1]\n\n问：第一问\n\n答：第一答\n\n[Round 2]\n\n问：第二问\n\n答："
    )


def test_array_lines_and_byte_order_mark_read_alike(tmp_path):
    rows = [{"question_prompt": "甲\u2028乙", "query": "A"}, {"question_prompt": "丙", "query": ""}]
    array = json.dumps(rows, ensure_ascii=False)
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"
    found = [read_examples(write(tmp_path, text), COLUMNS) for text in (array, lines, "\ufeff" + array, lines.replace("\n", "\r\n"))]
    assert found == [[Example("甲\u2028乙", "A"), Example("丙", "")]] * 4


def test_history_is_read_from_its_column(tmp_path):
    path = write(tmp_path, '{"q": "乙", "a": "B", "h": [["甲", "A"]]}\n{"q": "丙", "a": "C"}')
    assert [e.history for e in read_examples(path, Columns("q", "a", "h"))] == [(("甲", "A"),), ()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"question_prompt": "甲", "query": "A"}\n{"question_prompt": "乙", query}', ("第2行", "JSON")),
        ('[\n{"question_prompt": "甲",\n"query": A}]', ("第3行", "JSON")),
        ('{"question_prompt": "甲", "answer": "A"}', ("第1行", "query", "answer", "--response_column")),
        ('[{"query": "A"}]', ("第1项", "question_prompt", "--prompt_column")),
        ('[{"question_prompt": "甲", "query": 3}]', ("第1项", "query", "int")),
        ('["甲"]', ("第1项", "str")),
        ('[{"question_prompt": "甲", "query": "A", "history": "乙"}]', ("第1项", "history")),
        ("", ("没有数据",)),
        ("[]", ("没有数据",)),
        ("公司".encode("gbk"), ("UTF-8",)),
    ],
)
def test_bad_rows_are_named_by_file_place_and_field(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(PtuningError) as caught:
        read_examples(path, Columns("question_prompt", "query", "history"))
    assert all(word in str(caught.value) for word in (str(path), *words))


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(PtuningError, match="数据文件"):
            read_examples(path, COLUMNS)


def test_batches_are_padded_to_their_longest_row():
    rows = EncodedRows([Encoded([5, 6, 7, 2], 2), Encoded([5, 8, 2], 1)])
    batch = Collator(pad=0)([rows[0], rows[1]])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 2], [5, 8, 2, 0]]
    assert batch["labels"].tolist() == [[IGNORED, IGNORED, 7, 2], [IGNORED, 8, 2, IGNORED]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]


def test_batches_hold_rows_of_like_length_and_depend_on_seed_and_epoch_alone():
    lengths = torch.randint(5, 100, (640,), generator=torch.Generator().manual_seed(1)).tolist()
    sampler = LengthGroups(lengths, 16, seed=7)
    first = list(sampler)
    torch.rand(3)  # the global random state plays no part
    again, other_seed = list(LengthGroups(lengths, 16, seed=7)), list(LengthGroups(lengths, 16, seed=8))
    sampler.set_epoch(1)
    second = list(sampler)
    assert first == again and first != second and first != other_seed
    assert sorted(first) == sorted(second) == list(range(640)) and len(sampler) == 640
    padded = sum(16 * max(lengths[i] for i in first[at : at + 16]) for at in range(0, 640, 16))
    assert padded < 1.15 * sum(lengths)
