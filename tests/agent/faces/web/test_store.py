"""What has been written is there after a kill; every row belongs to one user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.faces.web.store import TITLE, NotThere, Store

TOLD = {"answer": "是1元"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "chats.sqlite3")


def test_a_chat_keeps_its_turns_in_order(store: Store) -> None:
    chat = store.begin("anna", "题目")
    for said in ("一", "二"):
        turn = store.add_turn("anna", chat.id, said, f"{said}?")
        store.tell(chat.id, turn.number, TOLD | {"of": said})
    store.add_turn("anna", chat.id, "三", "三", 2)
    turns = store.turns("anna", chat.id)
    assert [(t.number, t.said, t.asked, t.picked) for t in turns] == [
        (1, "一", "一?", None),
        (2, "二", "二?", None),
        (3, "三", "三", 2),
    ]
    assert [t.told and t.told["of"] for t in turns] == ["一", "二", None]


def test_the_chat_that_was_spoken_in_last_comes_first(store: Store) -> None:
    first, second = store.begin("anna", "一"), store.begin("anna", "二")
    store.add_turn("anna", first.id, "x", "x")
    assert [chat.id for chat in store.chats("anna")] == [first.id, second.id]


def test_nothing_of_another_user_can_be_read_or_changed(store: Store) -> None:
    chat, job = store.begin("anna", "题目"), store.add_job("anna", 3)
    store.add_turn("anna", chat.id, "x", "x")
    for act in (
        lambda: store.chat("ben", chat.id),
        lambda: store.turns("ben", chat.id),
        lambda: store.turn("ben", chat.id, 1),
        lambda: store.rename("ben", chat.id, "y"),
        lambda: store.delete("ben", chat.id),
        lambda: store.add_turn("ben", chat.id, "y", "y"),
        lambda: store.job("ben", job.id),
        lambda: store.drop_job("ben", job.id),
    ):
        with pytest.raises(NotThere):
            act()
    assert not store.chats("ben") and not store.jobs("ben") and len(store.turns("anna", chat.id)) == 1


def test_a_deleted_chat_takes_its_turns_with_it_and_a_late_answer_finds_no_place(store: Store) -> None:
    chat = store.begin("anna", "题目")
    store.add_turn("anna", chat.id, "x", "x")
    store.delete("anna", chat.id)
    store.tell(chat.id, 1, TOLD)
    with pytest.raises(NotThere):
        store.turns("anna", chat.id)
    assert store._rows("SELECT COUNT(*) FROM turns") == [(0,)]


def test_a_title_is_one_short_line(store: Store) -> None:
    assert store.begin("anna", "一\n二\x00" + "三" * 100).title == ("一 二 " + "三" * 100)[:TITLE]


@pytest.mark.parametrize("text", ["'; DROP TABLE chats; --", '" OR 1=1', "\x00", "%s ? :x"])
def test_texts_are_never_read_as_sql(store: Store, text: str) -> None:
    chat = store.begin(text, text)
    turn = store.add_turn(text, chat.id, text, text)
    assert store.turn(text, chat.id, turn.number).said == text and len(store.chats(text)) == 1
    with pytest.raises(NotThere):
        store.chat("anna", text)


def test_unfinished_jobs_are_known_at_the_next_start(store: Store, tmp_path: Path) -> None:
    jobs = [store.add_job("anna", 5) for _ in range(3)]
    store.report(jobs[0].id, "done", 5)
    store.report(jobs[1].id, "running", 2)
    store.close()
    again = Store(tmp_path / "chats.sqlite3")
    assert again.unfinished() == [jobs[1].id, jobs[2].id] and again.job("anna", jobs[1].id).done == 2


def test_a_kill_loses_nothing_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    code = (
        "import sys; from pathlib import Path; from agent.faces.web.store import Store\n"
        "store = Store(Path(sys.argv[1])); chat = store.begin('anna', 'x')\n"
        "while True:\n"
        "    turn = store.add_turn('anna', chat.id, 'x', 'x'); store.tell(chat.id, turn.number, {'n': turn.number})\n"
        "    print(turn.number, flush=True)\n"
    )
    root = Path(__file__).resolve().parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as writer:
        assert writer.stdout is not None
        seen = 0
        while seen < 20:
            seen = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        seen = max([seen, *(int(line) for line in writer.stdout.read().split())])
    store = Store(path)
    turns = store.turns("anna", store.chats("anna")[0].id)
    assert [t.told for t in turns[:seen]] == [{"n": n} for n in range(1, seen + 1)]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CaibaoError, match="--folder"):
        Store(tmp_path / "file" / "chats.sqlite3")
