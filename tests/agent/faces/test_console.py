"""The interactive console: over a scripted model, and once over the one that ships."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from agent.faces.console import Chat, show_answer, show_sources
from agent.model import DEFAULT_BASE, PrefixTunedGlm
from agent.pipeline import Pipeline
from agent.records import Answer, Source
from agent.writing.memory import Memory
from tests.agent.scripted import CSV, ScriptedModel, make_database

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"


@pytest.fixture
def chat(tmp_path: Path) -> Chat:
    return Chat(
        Pipeline(ScriptedModel("C", "净利润", ONE), make_database(tmp_path)), Console(file=io.StringIO(), width=200)
    )


def shown(chat: Chat) -> str:
    return chat.console.file.getvalue()  # type: ignore[attr-defined]


def test_steps_evidence_and_answer_are_shown(chat: Chat) -> None:
    chat.ask("华兴科技2020年的净利润是多少?")
    text = shown(chat)
    assert all(part in text for part in ("分类", "关键词", "SQL", "依据（1行）", "2020年华兴科技的净利润是150元"))


def test_trace_sql_history_and_help_answer_slash_commands(chat: Chat) -> None:
    chat.ask("华兴科技2020年的净利润是多少?")
    for command, part in (
        ("/trace", "decided_by: model"),
        ("/sql", ":v1 = 江苏华兴科技股份有限公司"),
        ("/history", "1. 华兴科技2020年"),
        ("/help", "/quit"),
        ("/what", "没有命令 /what"),
    ):
        assert chat._command(command)
        assert part in shown(chat)
    assert not chat._command("/quit")


def test_a_report_that_is_silent_and_the_pages_of_figures_are_shown(chat: Chat) -> None:
    show_answer(chat.console, Answer("甲年报没有披露“乙”。", "not_disclosed"))
    show_sources(chat.console, Answer("5元。", sources=(Source("甲.pdf", 56, "合并资产负债表“货币资金 [5]”"),)))
    assert "没有披露 " in shown(chat) and "甲.pdf 第56页 合并资产负债表“货币资金 [5]”" in shown(chat)


def test_commands_before_any_question_say_so(chat: Chat) -> None:
    chat._command("/trace")
    assert "还没有问过问题" in shown(chat)


def test_ctrl_c_cancels_the_question_not_the_session(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(chat.pipeline.model, "write", interrupted)
        chat.ask("华兴科技2020年的净利润是多少?")
    assert "已取消" in shown(chat) and not chat.conversation.traces
    chat.ask("华兴科技2020年的净利润是多少?")
    assert len(chat.conversation.traces) == 1


def talking(folder: Path, *typed: str, csv: str = CSV, keywords: str = "净利润", sql: str = ONE) -> Chat:
    """A chat whose choices are answered by `typed`, one after the other."""
    answers: Iterator[str] = iter(typed)
    pipeline = Pipeline(ScriptedModel("C", keywords, sql), make_database(folder, csv))
    return Chat(pipeline, Console(file=io.StringIO(), width=200), ask_back=lambda prompt: next(answers))


def test_a_follow_up_is_shown_as_the_whole_question_that_it_means(tmp_path: Path) -> None:
    chat = talking(tmp_path)
    chat.ask("华兴科技2020年的净利润是多少?")
    chat.ask("那2019年呢")
    assert "理解为：华兴科技2019年的净利润是多少?" in shown(chat) and "2019年华兴科技的净利润是100元" in shown(chat)
    question = chat.conversation.traces[-1].question
    assert (question.original, question.text) == ("那2019年呢", "华兴科技2019年的净利润是多少?")
    chat._command("/history")
    assert "2. 那2019年呢（理解为：华兴科技2019年的净利润是多少?）" in shown(chat)
    chat._command("/trace")
    assert "那2019年呢" in shown(chat).rsplit("理解为", 1)[0].rsplit("问题", 1)[1]


def test_new_forgets_what_was_asked_before(tmp_path: Path) -> None:
    chat = talking(tmp_path)
    chat.ask("华兴科技2020年的净利润是多少?")
    chat._command("/new")
    chat.ask("它的净利润呢")
    assert "前面没有提到公司" in shown(chat) and len(chat.conversation.traces) == 1


def test_thanks_between_two_questions_do_not_break_the_thread(tmp_path: Path) -> None:
    chat = talking(tmp_path)
    chat.ask("华兴科技2020年的净利润是多少?")
    chat.pipeline.model = ScriptedModel("F")
    chat.ask("谢谢")
    chat.pipeline.model = ScriptedModel("C", "净利润", ONE)
    chat.ask("瑞达银行呢")
    assert "2020年瑞达银行的净利润是900元" in shown(chat)


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        (["2"], "营业收入"),
        (["9", "/sql", "2"], "营业收入"),
        ([""], "净利润"),
        (["营业收入"], "营业收入"),
        (["２、"], "营业收入"),
    ],
)
def test_a_bare_word_is_asked_about_and_answered_by_number_name_or_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str], column: str
) -> None:
    monkeypatch.setitem(__import__("agent.reading.ambiguity", fromlist=["WORDS"]).WORDS, "利润", ("净利润", "营业收入"))
    chat = talking(tmp_path, *typed)
    chat.ask("华兴科技2020年的利润是多少?")
    assert "1. 净利润（默认）" in shown(chat) and f"理解为：华兴科技2020年的{column}是多少?" in shown(chat)
    assert f"2020年华兴科技的{column}是" in shown(chat) and "没有说是哪一种" not in shown(chat)


def test_another_question_may_be_typed_instead_of_a_choice(tmp_path: Path) -> None:
    chat = talking(tmp_path, "瑞达银行2020年的净利润是多少?")
    chat.ask("华兴科技的净利润是多少?")
    assert "没有说是哪一年" in shown(chat) and "2020年瑞达银行的净利润是900元" in shown(chat)
    assert [t.question.text for t in chat.conversation.traces] == ["瑞达银行2020年的净利润是多少?"]


def test_a_missing_year_is_asked_for_and_enter_takes_the_latest(tmp_path: Path) -> None:
    chat = talking(tmp_path, "", "2019")
    chat.ask("华兴科技的净利润是多少?")
    chat.ask("瑞达银行的净利润是多少?")
    assert "2021年华兴科技的净利润是-30元" in shown(chat)
    assert chat.conversation.traces[-1].question.text == "2019年瑞达银行的净利润是多少?"


def test_a_name_that_two_companies_share_is_asked_about_and_without_a_choice_refused(tmp_path: Path) -> None:
    csv = CSV.replace("瑞达银行,", "华兴科技,")
    chat = talking(tmp_path, "2", "", csv=csv)
    chat.ask("华兴科技2020年的净利润是多少?")
    assert "1. 杭州瑞达银行股份有限公司" in shown(chat)
    assert "2020年江苏华兴科技股份有限公司的净利润是150元" in shown(chat)
    chat.ask("华兴科技2020年的净利润是多少?")
    assert (
        chat.conversation.traces[-1].answer.kind == "refusal"
        and "瑞达银行股份有限公司" in chat.conversation.traces[-1].answer.text
    )


def test_nobody_to_ask_takes_the_default_and_says_so(chat: Chat) -> None:
    chat.ask("华兴科技的利润是多少?")
    answer = chat.conversation.traces[-1].answer.text
    assert "“利润”没有说是哪一种，按净利润回答" in answer and "按最新的2021年回答" in answer and "是-30元" in answer


def test_ctrl_c_at_a_choice_cancels_the_question(tmp_path: Path) -> None:
    def interrupted(prompt: str) -> str:
        raise KeyboardInterrupt

    chat = talking(tmp_path)
    chat.ask_back = interrupted
    chat.ask("华兴科技的净利润是多少?")
    assert "已取消" in shown(chat) and not chat.conversation.traces


def test_evidence_shows_statement_rows_keys_and_the_formula_with_its_values(tmp_path: Path) -> None:
    chat = talking(tmp_path, keywords="毛利率")
    chat.ask("华兴科技2020年的毛利率是多少?")
    chat._command("/evidence")
    text = shown(chat)
    assert "2020年江苏华兴科技股份有限公司：毛利率 = (营业收入-营业成本)/营业收入 = (1200-900)/1200 = 25.00%" in text
    assert "来源行（1行）" in text and "SELECT" in text and ":v1 = " in text


def test_evidence_of_a_count_lists_the_rows_that_were_counted(tmp_path: Path) -> None:
    sql = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"
    chat = talking(tmp_path, sql=sql)
    chat.pipeline.model = ScriptedModel("E", "净利润", sql)
    chat.ask("2020年净利润大于100元的公司有几家?")
    before = len(shown(chat))
    chat._command("/evidence")
    text = shown(chat)[before:]
    assert "来源行（2行）" in text and "江苏华兴科技股份有限公司" in text and "博士眼镜" not in text


@pytest.mark.parametrize(
    "typed", ["[red]华兴科技[/red]2020年的净利润", "[/]", "[link=x]", "[bold", "\\[/dim]", ":smile:"]
)
def test_markup_in_a_question_is_printed_as_it_is(chat: Chat, typed: str) -> None:
    chat.ask(typed)
    for command in ("/trace", "/history", "/sql", "/evidence"):
        assert chat._command(command)
    assert typed in shown(chat)


def test_a_conversation_with_the_shipped_model(tmp_path: Path) -> None:
    model = PrefixTunedGlm(DEFAULT_BASE, DEFAULT_BASE / "prefix")
    answers = iter(["2020", "1"])
    chat = Chat(
        Pipeline(model, make_database(tmp_path)),
        Console(file=io.StringIO(), width=200),
        ask_back=lambda prompt: next(answers),
    )
    for said in (
        "2020年净利润最高的公司是哪家?",
        "它的法定代表人是谁",
        "那华兴科技呢",
        "毛利率呢",
        "2021年呢",
        "瑞达银行的利润是多少",
    ):
        chat.ask(said)
    told = [trace.answer.text for trace in chat.conversation.traces]
    assert "杭州瑞达银行股份有限公司" in told[0] and "张丽" in told[1] and "王伟" in told[2]
    assert "25.00%" in told[3] and "2021年华兴科技的毛利率是20.00%" in told[4] and "900元" in told[5]


@pytest.mark.parametrize(("said", "kept"), [("是", True), ("yes", True), ("否", False), ("", False), ("是吗", False)])
def test_a_statement_is_remembered_only_after_it_was_shown_and_approved(tmp_path: Path, said: str, kept: bool) -> None:
    chat = talking(tmp_path, said)
    chat.pipeline.memory = Memory(tmp_path / "approved.jsonl")
    assert chat._command("/approve") and "还没有问过问题" in shown(chat)
    chat.ask("华兴科技2020年的净利润是多少?")
    chat._command("/approve")
    assert f"问题：甲公司2020年的货币资金是多少?\n语句：{ONE}" in shown(chat)
    assert ("已记在" in shown(chat)) == kept == (tmp_path / "approved.jsonl").exists()
    assert ("没有记住" in shown(chat)) != kept


def test_what_cannot_be_remembered_is_said_in_a_sentence(tmp_path: Path) -> None:
    chat = talking(tmp_path)
    chat.pipeline.model = ScriptedModel("F")
    chat.ask("什么是存货周转率?")
    chat._command("/approve")
    assert "没有执行成功的语句" in shown(chat) and "语句对吗" not in shown(chat)


def test_the_trace_says_which_statement_ran_and_how_sure_the_model_was(tmp_path: Path) -> None:
    dropped = "SELECT COUNT(*) FROM company_table WHERE 年份=2020"
    chat = talking(tmp_path)
    chat.pipeline.model = ScriptedModel("E", "净利润", (dropped, f"{dropped} AND 货币资金>100"))
    chat.ask("2020年净利润大于100元的公司有几家?")
    chat._command("/trace")
    assert "decided_by: model，第2个写法，把握37%" in shown(chat)  # exp(-1)
    assert "第1个写法没有通过检查：缺少" in shown(chat)
