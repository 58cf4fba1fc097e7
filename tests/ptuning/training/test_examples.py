import json

import pytest

from ptuning.base.tokenizers.messages import Message
from ptuning.errors import PtuningError
from ptuning.training.dataset import IGNORED, PromptStyle, encode
from ptuning.training.examples import Columns, Example, read_examples

COLUMNS = Columns("问", "答", "前文")
ASKED, ANSWERED = {"role": "user", "content": "存货"}, {"role": "assistant", "content": "三百"}
MORE = [{"role": "user", "content": "商誉"}, {"role": "assistant", "content": "五十"}]
SYSTEM = {"role": "system", "content": "答得短"}


def read(tmp_path, rows, columns=COLUMNS, tell=lambda text: None):
    path = tmp_path / "rows.json"
    text = rows if isinstance(rows, str) else "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text, encoding="utf-8")
    return read_examples(path, columns, tell)


def test_a_chat_is_read_by_its_shape_under_either_name(tmp_path):
    shared = [{"from": "human", "value": "存货"}, {"from": "gpt", "value": "三百"}]
    wanted = Example("存货", "三百", every=True)
    assert read(tmp_path, [{"conversations": shared}, {"messages": [ASKED, ANSWERED]}]) == [wanted, wanted]


def test_the_last_answer_is_the_response_and_what_stands_before_it_the_history(tmp_path):
    (found,) = read(tmp_path, [{"messages": [SYSTEM, ASKED, ANSWERED, *MORE]}])
    assert (found.prompt, found.response, found.every) == ("商誉", "五十", True)
    assert found.history == (Message("system", "答得短"), Message("user", "存货"), Message("assistant", "三百"))


def test_a_question_without_answer_at_the_end_is_left_out(tmp_path):
    ends = [MORE[:1], [MORE[0], {"role": "assistant", "content": ""}], [MORE[0], {"role": "assistant", "content": None}]]
    found = read(tmp_path, [{"messages": [ASKED, ANSWERED, *end]} for end in ends])
    assert found == [Example("存货", "三百", every=True)] * 3


def test_tools_beside_a_chat_belong_to_its_system(tmp_path):
    tool = {"name": "查表"}
    rows = [{"tools": [tool], "messages": [SYSTEM, ASKED, ANSWERED]}, {"tools": [tool], "system": "答得短", "messages": [ASKED, ANSWERED]}]
    assert [row.history for row in read(tmp_path, rows)] == [(Message("system", "答得短", tools=[tool]),)] * 2


def test_a_tools_call_and_what_it_gave_back(tmp_path):
    called = {"role": "assistant", "metadata": "查表", "content": "{}"}
    first, second = read(
        tmp_path, [{"messages": [ASKED, called]}, {"messages": [ASKED, called, {"role": "observation", "content": "3"}, ANSWERED]}]
    )
    assert (first.response, first.metadata) == ("{}", "查表")
    assert second.messages()[-1] == Message("observation", "3") and second.messages()[-2].metadata == "查表"


def test_alpaca_is_instruction_and_input_a_line_each(tmp_path):
    row = {"instruction": "报一个数", "input": "存货", "output": "三百"}
    found = read(tmp_path, [row, row | {"input": ""}, row | {"system": "答得短", "history": [["商誉", "五十"]]}], Columns("a", "b"))
    assert [e.prompt for e in found] == ["报一个数\n存货", "报一个数", "报一个数\n存货"]
    assert [m.role for m in found[2].history] == ["system", "user", "assistant"] and not found[2].every
    assert read(tmp_path, [row], Columns("instruction", "output"))[0].prompt == "报一个数\n存货"


def test_the_columns_that_are_named_come_first(tmp_path):
    row = {"问": "甲", "答": "乙", "messages": [ASKED, ANSWERED], "instruction": "丙", "output": "丁"}
    assert read(tmp_path, [row]) == [Example("甲", "乙")]
    assert read(tmp_path, [{"messages": [ASKED, ANSWERED], "id": 3}], Columns("messages", "答"))[0].response == "三百"


def test_a_history_of_pairs_and_one_of_objects_are_the_same_example(tmp_path):
    row = {"问": "商誉", "答": "五十"}
    pairs, objects = read(tmp_path, [row | {"前文": [["存货", "三百"]]}, row | {"前文": [ASKED, ANSWERED]}])
    assert pairs == objects and len(pairs.history) == 2


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("column", ["问", "答"])
def test_a_row_without_question_or_answer_is_skipped_and_counted(tmp_path, column, empty):
    told = []
    rows = [{"问": "甲", "答": "乙"}, {"问": "丙", "答": "丁"} | {column: empty}, {"messages": [ASKED]}, {"instruction": "x", "output": empty}]
    assert read(tmp_path, rows, tell=told.append) == [Example("甲", "乙")]
    assert len(told) == 1 and "3条" in told[0] and "第2行、第3行、第4行" in told[0] and "已跳过" in told[0]


def test_no_word_at_all_is_an_answer_where_key_words_are_asked_for(tmp_path):
    columns = Columns.of_task("keywords", "问", "答")
    assert read(tmp_path, [{"问": "甲", "答": ""}, {"问": "乙", "答": None}], columns) == [Example("甲", "")]


def test_a_file_of_nothing_but_skipped_rows_is_refused(tmp_path):
    with pytest.raises(PtuningError, match="2条都缺"):
        read(tmp_path, [{"问": "甲", "答": ""}, {"问": "乙", "答": None}])


def test_one_row_that_holds_a_list_of_objects_is_a_row(tmp_path):
    assert read(tmp_path, [{"问": "甲", "答": "乙", "标签": [{"名": "丙"}]}]) == [Example("甲", "乙")]
    assert len(read(tmp_path, [{"messages": [ASKED, ANSWERED]}])) == 1
    assert len(read(tmp_path, [{"版本": 2, "数据": [{"问": "甲", "答": "乙"}, {"问": "丙", "答": "丁"}]}])) == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"messages": [ANSWERED]}, "第1条的 assistant"),
        ({"messages": [ASKED, {"role": "bot", "content": "x"}, *MORE]}, "“bot”"),
        ({"messages": [ASKED, ASKED, ANSWERED]}, "第2条的 user"),
        ({"messages": [{"role": "user", "content": 3}, ANSWERED]}, "int"),
        ({"messages": [SYSTEM, ASKED, ANSWERED], "system": "另一个"}, "只留一个"),
        ({"messages": [ASKED, ANSWERED], "tools": "x"}, "tools"),
        ({"instruction": 3, "output": "x"}, "instruction"),
        ({"问": "甲", "答": "乙", "前文": [ASKED]}, "前文"),
        ({"问": "甲", "答": "乙", "前文": "早上"}, "前文"),
        ({"别的": "甲"}, "--prompt_column"),
    ],
)
def test_a_wrong_row_is_one_sentence_that_names_file_and_line(tmp_path, row, words):
    with pytest.raises(PtuningError) as caught:
        read(tmp_path, [{"问": "甲", "答": "乙"}, row])
    assert all(word in str(caught.value) for word in ("rows.json", "第2行", words))


def test_every_answer_of_a_chat_counts_and_only_the_last_of_a_history(tmp_path, tiny_tokenizer):
    chat, history = read(tmp_path, [{"messages": [ASKED, ANSWERED, *MORE]}, {"问": "商誉", "答": "五十", "前文": [["存货", "三百"]]}])
    found = [encode(tiny_tokenizer, PromptStyle(chat=True), example, 99, 9) for example in (chat, history)]
    assert found[0].input_ids == found[1].input_ids
    counted = [tiny_tokenizer.decode([i for i in e.labels if i != IGNORED]) for e in found]
    assert counted == ["三百五十", "五十"]


def test_a_history_is_refused_where_the_prompt_is_read_as_it_is(tmp_path, tiny_tokenizer):
    (found,) = read(tmp_path, [{"messages": [SYSTEM, ASKED, ANSWERED]}])
    with pytest.raises(PtuningError, match="--prompt_style chatglm"):
        encode(tiny_tokenizer, PromptStyle(chat=False), found, 99, 9)


def test_a_system_begins_the_first_question_of_a_base_without_one(tmp_path, tiny_tokenizer):
    (found,) = read(tmp_path, [{"messages": [SYSTEM, ASKED, ANSWERED, *MORE]}])
    ids = PromptStyle(chat=True).ids(tiny_tokenizer, found).ids
    assert found.has_system and ids == tiny_tokenizer.encode_chat("商誉", [("答得短\n\n存货", "三百")]).ids
