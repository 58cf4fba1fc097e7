"""python -m agent label: every command of docs/labelling.md on a few questions with the base and prefixes that ship."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import __main__ as command_line
from agent.labelling.project import Project
from agent.labelling.state import fold
from agent.model import ROOT
from tests.agent.scripted import make_database

QUESTIONS = """华兴科技2020年净利润是多少?
瑞达银行2021年的营业收入是多少元?
博士眼镜2020年货币资金是多少
2021年净利润大于50元的公司有几家?
2020年营业收入最高的前两家公司是哪些?
请问华兴科技2021年的法定代表人是谁?
"""


class Shell:
    """Runs commands in this process, with lines that are typed."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.patch, self.capture = folder, patch, capture
        database = make_database(folder)
        patch.setenv("CAIBAO_DATABASE", database.url.render_as_string())
        (folder / "我的问题.txt").write_text(QUESTIONS, encoding="utf-8")
        self.project = folder / "项目"

    def __call__(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        self.patch.setattr(sys, "argv", ["agent", "label", *map(str, arguments)])
        self.patch.setattr(sys, "stdin", io.StringIO(typed))
        assert command_line.main() == code, self.capture.readouterr()
        out = self.capture.readouterr()
        return out.out + out.err

    def start(self) -> str:
        return self(
            "start",
            str(self.project),
            str(self.folder / "我的问题.txt"),
            "--test-size",
            "1",
            "--writer",
            "甲",
            "--seed",
            "1",
        )


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    yield Shell(tmp_path, monkeypatch, capsys)


def corrected(path: Path) -> None:
    """What a person mends in the file: a prefix may have drafted key words that the question has not."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows, names = list(reader), list(reader.fieldnames or ())
    for row in rows:
        row["keywords"] = "、".join(word for word in row["keywords"].split("、") if word in row["question"])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def test_the_chapters_commands_in_their_order(shell: Shell) -> None:
    project = str(shell.project)
    assert "新加 6 个问题" in shell.start()
    assert "新加 0 个问题" in shell.start()  # again: nothing twice
    assert "起草了" in shell("draft", project, "--writer", "甲")
    assert "没有要起草的题了" in shell("draft", project)
    assert "这次看了 1 题" in shell("review", project, "--test", "--writer", "甲", typed="\n")
    shown = shell("review", project, "--writer", "甲", typed="\ns\n\n")
    assert "结果（前缀1" in shown and "这次看了" in shown
    assert "门槛" in shell("accept", project)
    assert "没有要看的题了" in shell("audit", project)
    assert "问题 6 个，有标注" in shell("status", project)
    assert "收回了 1 个决定" in shell("undo", project, "--writer", "甲")
    assert "写了" in shell("export", project, str(shell.folder / "out.csv"))
    corrected(shell.folder / "out.csv")
    assert "导入了" in shell("import", project, str(shell.folder / "out.csv"), "--writer", "乙")
    assert "report.html" in shell("report", project)
    page = (shell.project / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page and "http://" not in page.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "")
    assert 'name="viewport"' in page and "<script" not in page and (shell.project / "report.md").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("draft", "{folder}/none"), "不是标注项目"),
        (("start", "{folder}/p", "{folder}/none.txt"), "不存在"),
        (("start", "{folder}/p", "{folder}/我的问题.txt", "--target", "3"), "--target"),
        (("start", "{folder}", "{folder}/我的问题.txt"), "不是空的"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    told = shell(*(a.format(folder=shell.folder) for a in arguments), code=1)
    assert words in told and len(told.strip().splitlines()) == 1 and not (shell.folder / "p").exists()


def test_training_without_labels_says_so(shell: Shell) -> None:
    shell.start()
    assert "还没有可以训练的标注" in shell("train", str(shell.project), code=1)


def run(*arguments: str | Path, database: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "CAIBAO_DATABASE": database, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "agent", "label", *map(str, arguments)], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip


def kill_when(process: subprocess.Popen[str], there: Path, seconds: float = 300) -> None:
    """SIGKILL to the whole group once a file is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None and not there.exists():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_killed_while_drafting_it_goes_on(shell: Shell) -> None:
    shell.start()
    database = os.environ["CAIBAO_DATABASE"]
    kill_when(run("draft", shell.project, database=database), shell.project / ".draft.lock")
    assert len(Project(shell.project).drafts) <= 6
    shell("draft", str(shell.project))
    assert len({q for _, q in Project(shell.project).drafts}) >= 5


@pytest.mark.slow
def test_killed_while_training_it_goes_on_and_the_round_is_there_once(shell: Shell) -> None:
    shell.start()
    project = str(shell.project)
    shell("draft", project)
    shell("review", project, typed="\n" * 6)
    database = os.environ["CAIBAO_DATABASE"]
    arguments = ("train", project, "--steps", "2", "--replay", "0")
    grown = shell.project / "prefix"
    kill_when(run(*arguments, database=database), grown)
    assert not Project(shell.project).rounds
    shell(*arguments)
    (made,) = Project(shell.project).rounds
    assert made.number == 1 and made.data and made.prefix and made.losses["nl2sql"]
    rows = json.loads((shell.project / "grown" / made.id / "classify" / "train.json").read_text(encoding="utf-8"))
    assert rows and {"id", "question_prompt", "question", "query", "origin"} <= rows[0].keys()
    assert "收回了第1轮" in shell("undo", project, "--round") and not Project(shell.project).rounds
    assert grown.exists()


def test_two_people_on_copies_merge(shell: Shell) -> None:
    import shutil

    shell.start()
    copy = shell.folder / "copy"
    shutil.copytree(shell.project, copy)
    shell("export", str(copy), str(shell.folder / "x.csv"))
    assert "合并了 0 问题" in shell("merge", str(shell.project), str(copy))
    project = Project(shell.project)
    assert not fold(project.questions, project.decisions).labelled


@pytest.mark.parametrize(
    "name",
    [
        "start",
        "draft",
        "accept",
        "review",
        "audit",
        "train",
        "status",
        "undo",
        "grow",
        "report",
        "export",
        "import",
        "merge",
    ],
)
def test_every_command_has_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["agent", "label", name, "--help"])
    with pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 0 and "项目文件夹" in capsys.readouterr().out
