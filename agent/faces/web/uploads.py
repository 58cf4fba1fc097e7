"""A table that somebody uploads: first read into a table of its own, so that it can be looked at; then, if they say so, it
takes the place of the one that questions are asked of.

Files lie under names of our own; the uploader's name is only ever shown.
"""

from __future__ import annotations

import gzip
import secrets
import shutil
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent.errors import CaibaoError
from agent.faces.web.store import NotThere
from agent.faces.web.turns import table
from agent.records import QueryResult
from agent.table.database import Database
from agent.table.importer import How, import_table

KINDS = (".csv.gz", ".csv", ".xlsx")
UNPACKED = 512 << 20  # bytes of what a packed file holds
KEPT = 3600.0  # seconds that a draft waits for its yes
SHOWN = 5  # rows
REPLACING = How(replace=True)


@dataclass(frozen=True)
class Draft:
    """A table that has been read but not taken. report: what the import did, in lines; sample: see `turns.table`."""

    id: str
    owner: str
    name: str
    path: Path
    report: tuple[str, ...]
    companies: int
    years: tuple[int, ...]
    sample: dict | None
    created: float


class Uploads:
    """Drafts of this process; a new start forgets them."""

    def __init__(self, folder: Path, url: str, name: str, changed: Callable[[], None]) -> None:
        """url, name: the table that questions are asked of; changed: is called once it is another."""
        self.folder, self.url, self.name, self._changed = folder, url, name, changed
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._drafts: dict[str, Draft] = {}
        self._lock = threading.Lock()

    def read(self, owner: str, name: str, file: IO[bytes]) -> Draft:
        """Reads a file as the import would, and changes nothing.

        Raises:
            CaibaoError: what the import says of the file.
        """
        self._drop_old()
        shown = "".join(c if c.isprintable() else "\ufffd" for c in name)[-80:] or "（没有名字）"
        kind = next((kind for kind in KINDS if name.lower().endswith(kind)), None)
        if kind is None:
            raise CaibaoError(f"不能导入“{shown}”：只支持 .csv、.csv.gz 和 .xlsx。")
        id_ = secrets.token_urlsafe(12)
        path, trial = self.folder / f"{id_}{kind}", self.folder / f"{id_}.sqlite3"
        try:
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            _check_unpacked(path, kind)
            report = str(import_table(path, f"sqlite:///{trial}", self.name, REPLACING)).replace(str(path), shown)
            draft = self._looked_at(id_, owner, shown, path, trial, report)
        except CaibaoError as error:
            path.unlink(missing_ok=True)
            raise CaibaoError(str(error).replace(str(path), f"“{shown}”")) from None
        except OSError as error:
            path.unlink(missing_ok=True)
            raise CaibaoError(f"上传的文件不能保存：{error.strerror}。") from None
        finally:
            trial.unlink(missing_ok=True)
        with self._lock:
            self._drafts[id_] = draft
        return draft

    def _looked_at(self, id_: str, owner: str, shown: str, path: Path, trial: Path, report: str) -> Draft:
        database = Database(f"sqlite:///{trial}", self.name)
        columns = database.columns()
        names = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
        found = database.execute(f'SELECT {names} FROM "{self.name}" LIMIT {SHOWN}', {})
        sample = table(QueryResult(found.columns, found.rows))
        companies, years = len(database.companies()), database.years()
        return Draft(id_, owner, shown, path, tuple(report.split("\n")), companies, years, sample, time.time())

    def take(self, owner: str, id_: str) -> Draft:
        """Puts a draft in the place of the table.

        Raises:
            NotThere: no such draft of this user.
            CaibaoError: the database cannot be written.
        """
        with self._lock:
            draft = self._drafts.get(id_)
            if draft is None or draft.owner != owner:
                raise NotThere("这份上传的表已经不在了，请重新上传。")
            try:
                import_table(draft.path, self.url, self.name, REPLACING)
            except CaibaoError as error:
                raise CaibaoError(str(error).replace(str(draft.path), f"“{draft.name}”")) from None
            self._remove(draft)
            self._changed()
        return draft

    def drop(self, owner: str, id_: str) -> None:
        """Forgets a draft; nothing where it is not there or another user's."""
        with self._lock:
            draft = self._drafts.get(id_)
            if draft and draft.owner == owner:
                self._remove(draft)

    def _remove(self, draft: Draft) -> None:
        self._drafts.pop(draft.id, None)
        draft.path.unlink(missing_ok=True)

    def _drop_old(self) -> None:
        with self._lock:
            for draft in [d for d in self._drafts.values() if d.created < time.time() - KEPT]:
                self._remove(draft)


def _check_unpacked(path: Path, kind: str) -> None:
    """Raises CaibaoError for a small file that holds very much, or is damaged."""
    size = 0
    try:
        if kind == ".xlsx":
            with zipfile.ZipFile(path) as book:
                size = sum(part.file_size for part in book.infolist())
        elif kind == ".csv.gz":
            with gzip.open(path) as packed:
                while size <= UNPACKED and (chunk := packed.read(1 << 20)):
                    size += len(chunk)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError, NotImplementedError):
        raise CaibaoError(f"{path} 已经损坏或不是{kind}文件，请重新另存一次。") from None
    if size > UNPACKED:
        raise CaibaoError(f"{path} 展开后超过{UNPACKED >> 20} MB的上限，请分开或改用命令行 python -m agent import。")
