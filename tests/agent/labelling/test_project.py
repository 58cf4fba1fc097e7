"""A project's folder: splits that stay, copies that merge, damage that is named."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.labelling.project import Project, Settings, create, merge, pool
from agent.labelling.records import Asked, Decision, Label
from agent.labelling.starting import without_password
from agent.labelling.state import fold
from agent.labelling.undoing import undo_last
from agent.labelling.wordings import bare, groups, split_of

LABEL = Label("E", ("净利润",), "m", "SELECT COUNT(*)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path / "p", Settings("sqlite:///x", seed=3))
    Project(tmp_path / "p", "甲").add_questions([Asked(n, n, n, "train", n) for n in "abcd"])
    return tmp_path / "p"


def accept(project: Project, question: str, label: Label = LABEL) -> Decision:
    return project.decide([Decision("", "", "", "accept", question, label)])[0]


def test_what_one_process_writes_the_next_one_reads(folder: Path) -> None:
    made = accept(Project(folder, "甲"), "a")
    again = Project(folder, "乙")
    assert again.decisions == [made] and made.by == "甲" and set(again.questions) == set("abcd")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("x")
    with pytest.raises(CaibaoError, match="不是空的"):
        create(tmp_path / "p", Settings("sqlite:///x"))
    assert [f.name for f in (tmp_path / "p").iterdir()] == ["mine.txt"]


def test_two_people_on_copies_merge_and_nothing_is_lost(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    accept(Project(folder, "甲"), "a")
    other = Project(tmp_path / "copy", "乙")
    accept(other, "b")
    accept(other, "a", Label("C", ("净利润",), "m", "SELECT 净利润"))
    assert merge(Project(folder, "甲"), tmp_path / "copy")["log"] == 2
    project = Project(folder, "甲")
    state = fold(project.questions, project.decisions)
    assert set(state.labelled) == {"a", "b"} and set(state.disputed) == {"a"}
    assert merge(project, tmp_path / "copy") == {"questions": 0, "log": 0, "drafts": 0, "rounds": 0}


def test_a_copy_with_a_damaged_line_is_not_merged_at_all(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    accept(Project(tmp_path / "copy", "乙"), "b")
    with open(tmp_path / "copy" / "log" / "乙.jsonl", "a") as file:
        file.write("broken\n{}\n")
    with pytest.raises(CaibaoError, match="第2行"):
        merge(Project(folder, "甲"), tmp_path / "copy")
    assert not Project(folder, "甲").decisions


def test_another_project_is_no_copy(folder: Path, tmp_path: Path) -> None:
    create(tmp_path / "other", Settings("sqlite:///y"))
    with pytest.raises(CaibaoError, match="不是同一个项目"):
        merge(Project(folder, "甲"), tmp_path / "other")


def test_undo_takes_back_the_writers_own_last_decision_and_removes_no_line(folder: Path) -> None:
    project = Project(folder, "甲")
    accept(project, "a")
    accept(project, "b")
    accept(Project(folder, "乙"), "c")
    undo_last(Project(folder, "甲"))
    after = Project(folder, "甲")
    assert set(fold(after.questions, after.decisions).labelled) == {"a", "c"}
    assert len((folder / "log" / "甲.jsonl").read_text().splitlines()) == 3
    with pytest.raises(CaibaoError, match="没有可以收回"):
        undo_last(Project(folder, "丙"))


@pytest.mark.parametrize("text", ["{", '{"unknown": 1}', "[]"])
def test_damaged_settings_are_named(folder: Path, text: str) -> None:
    (folder / "project.json").write_text(text)
    with pytest.raises(CaibaoError, match="project.json"):
        Project(folder)


def test_a_line_without_its_fields_is_named(folder: Path) -> None:
    with open(
        folder / "log" / "丙.jsonl" if (folder / "log").exists() else folder / "questions" / "丙.jsonl", "w"
    ) as file:
        file.write(json.dumps({"text": "x"}) + "\n")
    with pytest.raises(CaibaoError, match="第1行缺少字段"):
        Project(folder)


def test_a_writers_name_is_no_path(folder: Path) -> None:
    assert Project(folder, "../../etc/x").writer == "etc-x"


def test_an_address_with_a_password_is_not_kept() -> None:
    assert without_password("mysql+pymysql://u:secret@host/db") == ""
    assert without_password("sqlite:///a.sqlite3") == "sqlite:///a.sqlite3"


def test_polite_words_numbers_and_punctuation_make_no_other_question() -> None:
    assert bare("请问2021年 甲公司的净利润？") == bare("2020年甲公司的净利润。")
    assert groups(["2020年净利润最高的公司", "请问2021年净利润最高的公司?", "甲公司的注册地址"]) == [0, 0, 1]


def test_questions_of_one_group_are_in_one_split_and_stay_there_as_the_pool_grows() -> None:
    texts = [
        f"问法{'甲乙丙丁戊己庚辛'[n % 8]}{'子丑寅卯辰巳午未申酉戌亥'[n % 12]}{'天地玄黄宇宙洪荒'[n // 12 % 8]}"
        for n in range(96)
    ]
    first = pool([(t, "") for t in texts[:40]], texts[:40], 7)
    more = pool([(t, "") for t in texts], texts, 7, first)
    assert not {a.id for a in first} & {a.id for a in more}
    by_group: dict[str, set[str]] = {}
    for asked in (*first, *more):
        by_group.setdefault(asked.group, set()).add(asked.split)
    assert all(len(splits) == 1 for splits in by_group.values())


def test_splits_come_in_70_15_15() -> None:
    counts = Counter(split_of(f"g{n}", 7) for n in range(4000))
    assert [round(counts[s] / 4000, 2) for s in ("train", "validation", "test")] == pytest.approx(
        [0.7, 0.15, 0.15], abs=0.02
    )
