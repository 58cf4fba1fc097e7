"""A labelling project: one folder of append-only files, one of each kind a writer, so that copies merge line by line.

project.json                 what the project is of; written once
questions/{writer}.jsonl     the pool
log/{writer}.jsonl           decisions of people and of the program
drafts/{writer}.jsonl        drafts, with the hash of the prefixes that made them
rounds/{writer}.jsonl        the manifest: what was trained on what, and how well it does
grown/ID/, prefix/ID/        FinTrain rows and prefixes of a round (can be made again)
"""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.errors import CaibaoError
from agent.files import read_text, replaced
from agent.labelling import journal, wordings
from agent.labelling.records import Asked, Decision, Draft, as_row, asked_of, decision_of, draft_of

FILES = ("questions", "log", "drafts", "rounds")
PROGRAM = "程序"  # who decides what no person did
_NOT_IN_GIT = "prefix/\n.*.lock\n*.tmp\n"
_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Settings:
    """What a project is of. paths are as they were given; seed decides every draw."""

    database: str
    table: str = "company_table"
    model: str = ""
    prefixes: str = ""
    reader: str = ""
    seed: int = 7
    first: int = 100
    test: int = 60
    target: float = 0.985
    held_out: str = (
        ""  # a file of labelled questions that the figures are measured on; "" for the pool's own test split
    )


@dataclass(frozen=True)
class Round:
    """One training. id: of its inputs; number counts from 1; data, model, prefix: hashes; figures: on the fixed test."""

    id: str
    number: int
    at: str
    by: str
    seeds: tuple[int, ...]
    data: str
    model: str
    prefix: str
    rows: dict[str, int] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, list[list[float]]] = field(default_factory=dict)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


class Project:
    """The folder and what it holds; whatever is added is on the disk when a call returns."""

    def __init__(self, folder: Path, writer: str = "") -> None:
        """writer: who adds to it, the user's name unless given.

        Raises:
            CaibaoError: the folder is no project, or one of its lines is damaged.
        """
        self.folder = folder
        self.writer = _NAME.sub("-", writer or getpass.getuser()).strip("-.") or "someone"
        self.settings = _settings(folder)
        self.questions: dict[str, Asked] = {}
        for where, row in self._rows("questions"):
            asked = asked_of(row, where)
            self.questions.setdefault(asked.id, asked)
        self._decisions = {d.id: d for where, row in self._rows("log") for d in [decision_of(row, where)]}
        self.drafts: dict[tuple[str, str], Draft] = {}
        for where, row in self._rows("drafts"):
            draft = draft_of(row, where)
            self.drafts.setdefault((draft.model, draft.question), draft)

    def _rows(self, kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
        for path in sorted((self.folder / kind).glob("*.jsonl")):
            for number, row in enumerate(journal.read_lines(path), 1):
                yield f"{path} 第{number}行", row

    def _file(self, kind: str) -> Path:
        return self.folder / kind / f"{self.writer}.jsonl"

    @property
    def decisions(self) -> list[Decision]:
        """Every decision in the order in which they were made."""
        return sorted(self._decisions.values(), key=lambda d: (d.at, d.id))

    @cached_property
    def rounds(self) -> list[Round]:
        """Trained rounds in order, those that were taken back left out."""
        undone = {d.undone for d in self.decisions if d.action == "undo"}
        found = {row["id"]: _round(row, where) for where, row in self._rows("rounds")}
        return sorted((r for r in found.values() if r.id not in undone), key=lambda r: (r.number, r.at))

    def add_questions(self, asked: Sequence[Asked]) -> None:
        fresh = [a for a in asked if a.id not in self.questions]
        journal.append(self._file("questions"), map(as_row, fresh))
        self.questions |= {a.id: a for a in fresh}

    def add_drafts(self, drafts: Sequence[Draft]) -> None:
        journal.append(self._file("drafts"), map(as_row, drafts))
        self.drafts |= {(d.model, d.question): d for d in drafts}

    def decide(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Adds decisions; each gets its id, its time and who made it."""
        made = []
        for number, decision in enumerate(decisions):
            dated = replace(decision, at=now(), by=decision.by or self.writer)
            made.append(replace(dated, id=journal.digest([as_row(dated), number, len(self._decisions)])))
        journal.append(self._file("log"), map(as_row, made))
        self._decisions |= {d.id: d for d in made}
        self.__dict__.pop("rounds", None)
        return made

    def add_round(self, finished: Round) -> None:
        journal.append(self._file("rounds"), [asdict(finished)])
        self.__dict__.pop("rounds", None)

    def drafts_of(self, model: str) -> dict[str, Draft]:
        """Question → its draft by the prefixes of this hash."""
        return {question: draft for (made_by, question), draft in self.drafts.items() if made_by == model}

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)


def _round(row: dict[str, Any], where: str) -> Round:
    try:
        return Round(**{**row, "seeds": tuple(row["seeds"])})
    except (TypeError, KeyError):
        raise CaibaoError(f"{where}不是一轮的记录，请从备份或git恢复。") from None


def _settings(folder: Path) -> Settings:
    path = folder / "project.json"
    if not path.exists():
        raise CaibaoError(f"{folder} 不是标注项目（没有 project.json），请先运行 python -m agent label start。")
    try:
        return Settings(**json.loads(read_text(path)))
    except (json.JSONDecodeError, TypeError):
        raise CaibaoError(f"{path} 坏了，请从备份或git恢复。") from None


def create(folder: Path, settings: Settings) -> None:
    """A new, empty project; nothing that is there already is touched.

    Raises:
        CaibaoError: the folder holds something, or cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise CaibaoError(f"文件夹 {folder} 不是空的，没有动它；请换一个新的文件夹。")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text(_NOT_IN_GIT, encoding="utf-8")
        with replaced(folder / "project.json") as beside:
            beside.write_text(json.dumps(asdict(settings), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CaibaoError(journal.unwritable(folder, error)) from None


def pool(
    texts: Sequence[tuple[str, str]], masked: Sequence[str], seed: int, known: Iterable[Asked] = ()
) -> list[Asked]:
    """Questions for the pool. texts: (question, source); masked: the same over surrogates; known: what the pool holds."""
    names: dict[int, str] = {}
    leaders = list({a.group: wordings.bare(a.masked) for a in known if a.group == a.id}.items())
    for number, (group, _) in enumerate(leaders):
        names[number] = group
    seen, made = {a.id for a in known}, []
    for (text, source), over, number in zip(texts, masked, wordings.groups(masked, [text for _, text in leaders])):
        name = journal.digest(text.strip())
        group = names.setdefault(number, name)
        if name not in seen:
            made.append(Asked(name, text.strip(), over, wordings.split_of(group, seed), group, source=source))
            seen.add(name)
    return made


def merge(into: Project, other: Path) -> dict[str, int]:
    """Takes in the lines of another copy that this one has not; returns how many of each kind.

    Each writer's lines stay in that writer's file. Nothing here is changed.

    Raises:
        CaibaoError: the other folder is no copy of the same project, or one of its lines is damaged.
    """
    if _settings(other) != into.settings:
        raise CaibaoError(f"{other} 不是同一个项目的副本（project.json 不同），没有合并。")
    Project(other)  # every line is read before any is taken
    taken = dict.fromkeys(FILES, 0)
    for kind in FILES:
        for path in sorted((other / kind).glob("*.jsonl")):
            mine = into.path(kind, path.name)
            known = {journal.digest(row) for row in journal.read_lines(mine)}
            fresh = [row for row in journal.read_lines(path) if journal.digest(row) not in known]
            journal.append(mine, fresh)
            taken[kind] += len(fresh)
    return taken
