"""The interactive console over a scripted model."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from agent.console import Chat
from agent.pipeline import Pipeline
from tests.agent.scripted import ScriptedModel, make_database

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


def test_commands_before_any_question_say_so(chat: Chat) -> None:
    chat._command("/trace")
    assert "还没有问过问题" in shown(chat)


def test_ctrl_c_cancels_the_question_not_the_session(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(chat.pipeline.model, "write", interrupted)
        chat.ask("华兴科技2020年的净利润是多少?")
    assert "已取消" in shown(chat) and not chat.traces
    chat.ask("华兴科技2020年的净利润是多少?")
    assert len(chat.traces) == 1
