import pytest

from ptuning.base.tokenizers.messages import Message, in_order, messages_of, rounds_of, system_asked
from ptuning.errors import PtuningError

SYSTEM = {"role": "system", "content": "只用一句话回答"}
ASKED = {"role": "user", "content": "存货是多少"}
ANSWERED = {"role": "assistant", "content": "三百万元"}
TOOL = {"name": "查表", "parameters": {}}


def test_pairs_objects_and_sharegpt_are_the_same_messages():
    wanted = [Message("user", "存货是多少"), Message("assistant", "三百万元")]
    shared = [{"from": "human", "value": "存货是多少"}, {"from": "gpt", "value": "三百万元"}]
    for shape in ([["存货是多少", "三百万元"]], (("存货是多少", "三百万元"),), [ASKED, ANSWERED], shared, wanted):
        assert messages_of(shape) == wanted
    assert messages_of(None) == messages_of([]) == []


def test_tools_metadata_and_observations_are_kept():
    called = {"role": "assistant", "metadata": "查表", "content": "{}"}
    told = messages_of([SYSTEM | {"tools": [TOOL]}, ASKED, called, {"role": "tool", "content": "3"}])
    assert [m.role for m in told] == ["system", "user", "assistant", "observation"]
    assert told[0].tools == [TOOL] and told[2].metadata == "查表"
    assert messages_of([SYSTEM | {"tools": '[{"name": "查表", "parameters": {}}]'}])[0].tools == [TOOL]


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ("存货", "列表"),
        ({"role": "user"}, "列表"),
        (["存货", "三百万元"], "第1条"),
        ([["存货"]], "第1条"),
        ([["存货", "三百万元", "多"]], "第1条"),
        ([["存货", None]], "第1条"),
        ([["存货", "三百万元"], ASKED], "第2条"),
        ([ASKED, {"role": "bot", "content": "x"}], "第2条的 role 是“bot”"),
        ([ASKED, {"content": "x"}], "第2条的 role"),
        ([ASKED, {"role": "assistant"}], "第2条的 content 不是文字"),
        ([ASKED, {"role": "assistant", "content": ["x"]}], "list"),
        ([ASKED, {"role": ["assistant"], "content": "x"}], "第2条"),
        ([ASKED, {"role": "assistant", "content": "", "tool_calls": [TOOL]}], "tool_calls"),
        ([SYSTEM | {"tools": "查表"}], "tools"),
        ([ASKED | {"metadata": "查表"}], "metadata"),
        ([ASKED, ASKED], "第2条的 user 不能紧跟在 user"),
        ([ANSWERED], "第1条的 assistant 不能在最前面"),
        ([ASKED, ANSWERED, SYSTEM], "第3条的 system"),
        ([ASKED, {"role": "observation", "content": "3"}], "第2条的 observation"),
    ],
)
def test_another_shape_is_one_sentence_that_names_the_place(history, words):
    with pytest.raises(PtuningError) as caught:
        messages_of(history)
    assert words in str(caught.value) and str(caught.value).count("。") == 1


def test_a_question_behind_a_question_is_refused():
    with pytest.raises(PtuningError, match="第2条"):
        in_order([*messages_of([ASKED]), Message("user", "那去年呢")])


def test_rounds_are_pairs_and_a_question():
    chat = [*messages_of([ASKED, ANSWERED]), Message("user", "那去年呢")]
    assert rounds_of(chat) == ([("存货是多少", "三百万元")], "那去年呢")


def test_a_system_begins_the_first_question_where_there_is_no_place_for_it():
    chat = messages_of([SYSTEM, ASKED, ANSWERED])
    assert system_asked(chat)[0] == Message("user", "只用一句话回答\n\n存货是多少")
    assert system_asked(chat)[1:] == chat[2:] and system_asked(chat[1:]) == chat[1:]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ([SYSTEM], "没有 system"),
        ([SYSTEM | {"tools": [TOOL]}], "没有工具"),
        ([ASKED, ANSWERED | {"metadata": "查表"}], "没有工具"),
        ([ASKED, ANSWERED, ANSWERED], "一问一答"),
    ],
)
def test_what_a_model_of_rounds_does_not_have_is_refused(extra, words):
    with pytest.raises(PtuningError, match=words):
        rounds_of([*messages_of(extra), Message("user", "那去年呢")])
