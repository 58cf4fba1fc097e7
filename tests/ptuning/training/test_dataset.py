import json

import pytest
import torch

from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.base.tokenizers.messages import messages_of
from ptuning.base.tokenizers.tokenizer import ChatIds
from ptuning.errors import PtuningError
from ptuning.training.dataset import (
    IGNORED,
    Collator,
    Encoded,
    EncodedRows,
    LengthGroups,
    PromptStyle,
    cut,
    encode,
    mix,
)
from ptuning.training.examples import Columns, Example, read_examples

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
        encoded = encode(tokenizer, CHAT, Example(row["question_prompt"], row["query"]), *limits, "right")
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
    whole, short = encode(tiny_tokenizer, PLAIN, example, 64, 64), encode(tiny_tokenizer, PLAIN, example, 4, 1, "right")
    assert not (whole.cut_prompt or whole.cut_answer)
    assert short.cut_prompt and short.cut_answer
    assert short.input_ids == [*whole.input_ids[:4], whole.input_ids[whole.start], tiny_tokenizer.eos_token_id]


def test_a_prompt_that_is_too_long_keeps_its_special_head_and_the_end_of_the_question(tiny_tokenizer):
    prompt = tiny_tokenizer.encode_chat("很长的说明。" * 40 + "净利润是多少？", [])
    short = cut(tiny_tokenizer, prompt, 30)
    assert len(short.ids) == 30
    assert short.ids[:2] == tiny_tokenizer.prefix_token_ids
    assert short.ids[2:] == prompt.ids[-28:]
    assert tiny_tokenizer.decode(short.ids).endswith(tiny_tokenizer.decode(tiny_tokenizer.encode("净利润是多少？\n\n答：")))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("longest", range(1, 14))
def test_answered_spans_move_with_the_cut(tiny_tokenizer, side, longest):
    ids = [*tiny_tokenizer.prefix_token_ids, *range(100, 110)]
    short = cut(tiny_tokenizer, ChatIds(ids, [(3, 6), (8, 11)]), longest, side)
    answers = {101, 102, 103, 106, 107, 108}
    assert {short.ids[i] for first, end in short.answered for i in range(first, end)} == answers & set(short.ids)
    assert len(short.ids) == min(longest, len(ids)) and all(first < end for first, end in short.answered)


def test_the_answers_of_earlier_rounds_count_only_when_asked(tiny_tokenizer):
    example = Example("第二问", "答二", (("第一问", "第一答"),))
    plain, whole = (encode(tiny_tokenizer, CHAT, example, 99, 9, history_loss=loss) for loss in (False, True))
    last = [*tiny_tokenizer.encode("答二", add_special_tokens=False), tiny_tokenizer.eos_token_id]
    assert [label for label in plain.labels if label != IGNORED] == last
    counted = [label for label in whole.labels if label != IGNORED]
    assert counted[-len(last) :] == last and tiny_tokenizer.decode(counted[: -len(last)]) == "第一答"
    assert whole.input_ids == plain.input_ids


def test_files_are_mixed_by_weight_and_seed():
    one, two = [Example(str(i), "") for i in range(10)], [Example(f"b{i}", "") for i in range(10)]
    mixed = mix([one, two], [2.5, 0.3], seed=1)
    assert sorted(mixed.count(row) for row in one) == [2] * 5 + [3] * 5
    assert sum(row in mixed for row in two) == 3
    assert mixed == mix([one, two], [2.5, 0.3], seed=1) != mix([one, two], [2.5, 0.3], seed=2)
    assert mix([one], [1.0], seed=1) == one


def test_only_the_chat_style_shows_rounds(tiny_tokenizer):
    example = Example("第二问", "答", (("第一问", "第一答"),))
    alone = PromptStyle(False, "请：").ids(tiny_tokenizer, Example("第二问", "答"))
    assert alone == (tiny_tokenizer.encode("请：第二问"), [])
    assert PromptStyle(True, "请：").ids(tiny_tokenizer, example).ids == tiny_tokenizer.encode(
        "[Round 1]\n\n问：第一问\n\n答：第一答\n\n[Round 2]\n\n问：请：第二问\n\n答："
    )


def test_array_lines_and_byte_order_mark_read_alike(tmp_path):
    rows = [{"question_prompt": "甲\u2028乙", "query": "A"}, {"question_prompt": "丙", "query": "B"}]
    array = json.dumps(rows, ensure_ascii=False)
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"
    found = [read_examples(write(tmp_path, text), COLUMNS) for text in (array, lines, "\ufeff" + array, lines.replace("\n", "\r\n"))]
    assert found == [[Example("甲\u2028乙", "A"), Example("丙", "B")]] * 4


def test_history_in_csv_is_json(tmp_path):
    path = write(tmp_path, 'q,a,h\n乙,B,"[[""甲"", ""A""]]"\n丙,C,\n', "rows.csv")
    assert [e.history for e in read_examples(path, Columns("q", "a", "h"))] == [tuple(messages_of([("甲", "A")])), ()]


def test_history_is_read_from_its_column(tmp_path):
    path = write(tmp_path, '{"q": "乙", "a": "B", "h": [["甲", "A"]]}\n{"q": "丙", "a": "C"}')
    assert [e.history for e in read_examples(path, Columns("q", "a", "h"))] == [tuple(messages_of([("甲", "A")])), ()]


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
        (b"\xff", ("UTF-8", "GBK", "第0字节")),
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
