"""What is kept between starts, in one SQLite file: chats, their turns, batch jobs. Every row belongs to a user."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import CaibaoError

_TABLES = """
CREATE TABLE IF NOT EXISTS chats (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL);
CREATE INDEX IF NOT EXISTS chats_of ON chats (owner, changed);
CREATE TABLE IF NOT EXISTS turns (
    chat TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE, number INTEGER NOT NULL, said TEXT NOT NULL,
    asked TEXT NOT NULL, picked INTEGER, told TEXT, created REAL NOT NULL, PRIMARY KEY (chat, number));
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, total INTEGER NOT NULL, done INTEGER NOT NULL,
    state TEXT NOT NULL, problem TEXT NOT NULL);
"""
TITLE = 60  # characters


class NotThere(CaibaoError):
    """No such chat, turn or job, or it is another user's: the two are told alike."""


@dataclass(frozen=True)
class Chat:
    """A chat without its turns."""

    id: str
    title: str
    created: float
    changed: float


@dataclass(frozen=True)
class Turn:
    """said: as typed; asked: the same with the choices that were made; picked: which reading of the turn before, where one was
    picked; told: the answer as `turns.as_told` makes it, None until it is there."""

    number: int
    said: str
    asked: str
    picked: int | None
    told: dict[str, Any] | None
    created: float


@dataclass(frozen=True)
class Job:
    """state: waiting, running, done, failed (problem says why)."""

    id: str
    created: float
    total: int
    done: int
    state: str
    problem: str


class Store:
    """Safe to be used by several threads; what a method has written survives the end of the process."""

    def __init__(self, path: Path) -> None:
        """Raises CaibaoError where the file cannot be opened or written."""
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = 1")
            self._connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise CaibaoError(f"不能在 {path} 保存聊天记录：{error}，请用 --folder 换一个位置。") from None

    def close(self) -> None:
        """Nothing may be asked of it afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def chats(self, owner: str, most: int = 200) -> list[Chat]:
        """The latest first."""
        query = "SELECT id, title, created, changed FROM chats WHERE owner = ? ORDER BY changed DESC LIMIT ?"
        return [Chat(*row) for row in self._rows(query, owner, most)]

    def chat(self, owner: str, id_: str) -> Chat:
        """Raises NotThere."""
        rows = self._rows("SELECT id, title, created, changed FROM chats WHERE owner = ? AND id = ?", owner, id_)
        if not rows:
            raise NotThere("没有这段对话，它可能已经删除。")
        return Chat(*rows[0])

    def begin(self, owner: str, title: str) -> Chat:
        """A new chat without turns."""
        id_, now = secrets.token_urlsafe(12), time.time()
        with self._writing() as connection:
            connection.execute("INSERT INTO chats VALUES (?, ?, ?, ?, ?)", (id_, owner, _title(title), now, now))
        return Chat(id_, _title(title), now, now)

    def rename(self, owner: str, id_: str, title: str) -> Chat:
        """Raises NotThere; CaibaoError for an empty title."""
        self.chat(owner, id_)
        if not _title(title):
            raise CaibaoError("名称是空的，请输入名称。")
        with self._writing() as connection:
            connection.execute("UPDATE chats SET title = ? WHERE id = ?", (_title(title), id_))
        return self.chat(owner, id_)

    def delete(self, owner: str, id_: str) -> None:
        """With its turns. Raises NotThere."""
        self.chat(owner, id_)
        with self._writing() as connection:
            connection.execute("DELETE FROM chats WHERE id = ?", (id_,))

    def turns(self, owner: str, id_: str) -> list[Turn]:
        """In order. Raises NotThere."""
        self.chat(owner, id_)
        query = "SELECT number, said, asked, picked, told, created FROM turns WHERE chat = ? ORDER BY number"
        return [_turn(row) for row in self._rows(query, id_)]

    def turn(self, owner: str, id_: str, number: int) -> Turn:
        """Raises NotThere."""
        self.chat(owner, id_)
        query = "SELECT number, said, asked, picked, told, created FROM turns WHERE chat = ? AND number = ?"
        rows = self._rows(query, id_, number)
        if not rows:
            raise NotThere("这段对话里没有这一轮。")
        return _turn(rows[0])

    def add_turn(self, owner: str, id_: str, said: str, asked: str, picked: int | None = None) -> Turn:
        """A question that is not answered yet. Raises NotThere."""
        self.chat(owner, id_)
        now = time.time()
        with self._writing() as connection:
            ((last,),) = connection.execute("SELECT COALESCE(MAX(number), 0) FROM turns WHERE chat = ?", (id_,))
            row = (id_, last + 1, said, asked, picked, None, now)
            connection.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("UPDATE chats SET changed = ? WHERE id = ?", (now, id_))
        return Turn(last + 1, said, asked, picked, None, now)

    def tell(self, id_: str, number: int, told: dict[str, Any]) -> None:
        """Keeps the answer of a turn; nothing where its chat has been deleted meanwhile."""
        with self._writing() as connection:
            text = json.dumps(told, ensure_ascii=False)
            connection.execute("UPDATE turns SET told = ? WHERE chat = ? AND number = ?", (text, id_, number))

    def add_job(self, owner: str, total: int) -> Job:
        job = Job(secrets.token_urlsafe(12), time.time(), total, 0, "waiting", "")
        with self._writing() as connection:
            values = (job.id, owner, job.created, job.total, job.done, job.state, job.problem)
            connection.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return job

    def job(self, owner: str, id_: str) -> Job:
        """Raises NotThere."""
        query = "SELECT id, created, total, done, state, problem FROM jobs WHERE owner = ? AND id = ?"
        rows = self._rows(query, owner, id_)
        if not rows:
            raise NotThere("没有这个批量任务。")
        return Job(*rows[0])

    def jobs(self, owner: str, most: int = 100) -> list[Job]:
        """The latest first."""
        query = (
            "SELECT id, created, total, done, state, problem FROM jobs WHERE owner = ? ORDER BY created DESC LIMIT ?"
        )
        return [Job(*row) for row in self._rows(query, owner, most)]

    def unfinished(self) -> list[str]:
        """The jobs of all users that are to be gone on with, the oldest first."""
        return [
            id_ for (id_,) in self._rows("SELECT id FROM jobs WHERE state IN ('waiting', 'running') ORDER BY created")
        ]

    def report(self, id_: str, state: str, done: int | None = None, problem: str = "") -> None:
        """How far a job is."""
        with self._writing() as connection:
            query = "UPDATE jobs SET state = ?, done = COALESCE(?, done), problem = ? WHERE id = ?"
            connection.execute(query, (state, done, problem, id_))

    def drop_job(self, owner: str, id_: str) -> None:
        """Raises NotThere."""
        self.job(owner, id_)
        with self._writing() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (id_,))


def _title(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:TITLE]


def _turn(row: tuple[Any, ...]) -> Turn:
    number, said, asked, picked, told, created = row
    return Turn(number, said, asked, picked, json.loads(told) if told else None, created)
