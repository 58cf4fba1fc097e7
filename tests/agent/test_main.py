"""The command line: bad input is one sentence on stderr and an exit code, help has an example."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.model import ROOT

COMMANDS = ("ask", "chat", "batch", "import", "evaluate", "summary", "label")


def agent(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "agent", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
    )


def one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode not in (0, None) and "Traceback" not in done.stderr, done.stderr
    lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("Loading weights")]
    assert len(lines) == 1 and all(part in lines[0] for part in parts), done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = agent(command, "--help")
    assert done.returncode == 0 and f"python -m agent {command}" in done.stdout.split("例：")[1]


@pytest.mark.parametrize("command", ["ask", "chat", "batch"])
def test_who_words_the_answers_can_be_chosen_wherever_questions_are_answered(command: str) -> None:
    assert "--conclude {template,model}" in agent(command, "--help").stdout


def test_help_loads_no_model_library() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agent", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and time.monotonic() - started < 10
    assert not any(f"| {name}" in done.stderr.replace("|  ", "| ") for name in ("torch\n", "transformers\n", "jieba\n"))


def test_a_missing_question_file_is_named(tmp_path: Path) -> None:
    one_sentence(agent("batch", tmp_path / "none.json", "-o", tmp_path / "a.jsonl"), "none.json", "不存在")
    assert not (tmp_path / "a.jsonl").exists()


def test_an_empty_question_is_refused() -> None:
    one_sentence(agent("ask", "  "), "问题是空的")


def test_a_question_of_20000_characters_is_refused() -> None:
    one_sentence(agent("ask", "多少" * 10_000), "20000个字", "上限")


def test_a_database_that_is_not_there_is_named_and_not_created(tmp_path: Path) -> None:
    one_sentence(
        agent("ask", "2020年净利润最高的公司", "--database", f"sqlite:///{tmp_path / 'none.sqlite3'}"),
        "none.sqlite3",
        "不存在",
    )
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_missing_base_model_is_named(tmp_path: Path) -> None:
    done = agent("ask", "2020年净利润最高的公司", "--model", tmp_path / "nothing")
    assert done.returncode == 1 and "nothing" in done.stderr and "Traceback" not in done.stderr


def test_a_table_without_the_key_columns_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("名字,数\n甲,1\n", encoding="utf-8")
    one_sentence(agent("import", tmp_path / "t.csv", "--database", f"sqlite:///{tmp_path / 'd.sqlite3'}"), "公司全称")
    assert not (tmp_path / "d.sqlite3").exists()


def test_a_locked_database_is_one_sentence_and_keeps_its_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.sqlite3'}"
    (tmp_path / "t.csv").write_text("公司全称,年份,净利润\n甲股份有限公司,2020,1.5\n", encoding="utf-8")
    assert agent("import", tmp_path / "t.csv", "--database", url).returncode == 0
    with sqlite3.connect(tmp_path / "d.sqlite3") as connection:
        connection.execute("BEGIN EXCLUSIVE")
        one_sentence(agent("import", tmp_path / "t.csv", "--database", url), "锁")
        connection.rollback()
        assert connection.execute("SELECT 净利润 FROM company_table").fetchall() == [(1.5,)]


def test_a_password_never_shows_in_a_message() -> None:
    done = agent("ask", "2020年净利润最高的公司", "--database", "mysql+pymysql://user:geheim123@127.0.0.1:1/db")
    assert done.returncode == 1 and "geheim123" not in done.stdout + done.stderr and "连不上" in done.stderr


def test_a_careful_that_is_no_share_is_named() -> None:
    done = agent("ask", "2020年净利润最高的公司", "--careful", "7")
    assert done.returncode == 2 and "要0到1之间的数，这里是“7”" in done.stderr
