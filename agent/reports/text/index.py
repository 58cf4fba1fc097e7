"""The passages of reports in the store, searched by FTS5 over their words; a report's go when the report goes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.reports.text import words
from agent.reports.text.passages import Passage
from agent.reports.text.reasons import Reason

_TABLES = (
    """CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    section INTEGER NOT NULL, page INTEGER NOT NULL, path TEXT NOT NULL, lines TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS passages_of_document ON passages (document, section)",
    """CREATE TABLE IF NOT EXISTS reasons (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page INTEGER NOT NULL, path TEXT NOT NULL, item TEXT NOT NULL, said TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS reasons_of_document ON reasons (document)",
    "CREATE VIRTUAL TABLE IF NOT EXISTS passage_words USING fts5 (title, body, tokenize = \"unicode61 tokenchars '.%+&-'\")",
    """CREATE TRIGGER IF NOT EXISTS passages_gone AFTER DELETE ON passages
    BEGIN DELETE FROM passage_words WHERE rowid = old.id; END""",
)


@dataclass(frozen=True)
class Found:
    """A passage of the store. words: of its titles and of its lines."""

    id: int
    passage: Passage
    title_words: tuple[str, ...]
    words: tuple[str, ...]


def prepare(connection: sqlite3.Connection) -> None:
    """Makes the tables where there are none."""
    for statement in _TABLES:
        connection.execute(statement)


def put(connection: sqlite3.Connection, document: int, passages: Iterable[Passage], reasons: Iterable[Reason]) -> None:
    """Writes the passages and the reasons of a report within a transaction."""
    prepare(connection)
    for passage in passages:
        row = (document, passage.section, passage.page, _json(passage.path), _json(passage.lines))
        found = connection.execute("INSERT INTO passages (document, section, page, path, lines) VALUES (?, ?, ?, ?, ?)", row)
        searched = (found.lastrowid, " ".join(words.of(" ".join(passage.path[-3:]))), " ".join(words.of(passage.text)))
        connection.execute("INSERT INTO passage_words (rowid, title, body) VALUES (?, ?, ?)", searched)
    connection.executemany(
        "INSERT INTO reasons (document, page, path, item, said) VALUES (?, ?, ?, ?, ?)",
        ((document, r.page, _json(r.path), r.item, r.said) for r in reasons),
    )


def holds(connection: sqlite3.Connection, document: int) -> bool:
    """Whether the words of a report are in the store."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'passages'").fetchone()
    return bool(known and connection.execute("SELECT 1 FROM passages WHERE document = ? LIMIT 1", (document,)).fetchone())


def passages(connection: sqlite3.Connection, document: int) -> list[Found]:
    """All passages of a report in its order."""
    rows = connection.execute(
        """SELECT passages.id, section, page, path, lines, title, body FROM passages JOIN passage_words ON passage_words.rowid = passages.id
        WHERE document = ? ORDER BY passages.id""",
        (document,),
    )
    return [
        Found(i, Passage(section, page, tuple(json.loads(path)), tuple(json.loads(lines))), tuple(title.split()), tuple(body.split()))
        for i, section, page, path, lines, title, body in rows
    ]


def reasons(connection: sqlite3.Connection, document: int) -> list[Reason]:
    """All reasons that a report gives for changes, in its order."""
    rows = connection.execute("SELECT page, path, item, said FROM reasons WHERE document = ? ORDER BY rowid", (document,))
    return [Reason(page, tuple(json.loads(path)), item, said) for page, path, item, said in rows]


def candidates(connection: sqlite3.Connection, document: int, asked: Sequence[str], most: int) -> list[int]:
    """Passages of a report that hold one of the words, the best by FTS5's own BM25 first (titles three times)."""
    query = " OR ".join(f'"{word}"' for word in dict.fromkeys(asked) if not re.search(r'["\s]', word))
    if not query:
        return []
    rows = connection.execute(
        """SELECT passages.id FROM passage_words JOIN passages ON passages.id = passage_words.rowid
        WHERE passage_words MATCH ? AND document = ? ORDER BY bm25(passage_words, 3.0, 1.0) LIMIT ?""",
        (query, document, most),
    )
    return [row[0] for row in rows]


def _json(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
