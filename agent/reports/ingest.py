"""Adds files to the store: each is read in a process of its own with limits of time and memory, so that none can take the others along."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from agent.errors import CaibaoError
from agent.reports import document, store
from agent.reports.extract import extract
from agent.reports.store import About, Cell, Store
from agent.reports.text import index, passages, reasons, tables
from agent.reports.text.passages import Passage
from agent.reports.text.reasons import Reason

_MEMORY = 3 << 30  # bytes of address space for one file
_NAP = 1.0  # seconds between looks at the clock


@dataclass(frozen=True)
class Limits:
    """jobs: files read at once; seconds: of the clock and of the processor, for one file; ocr: pages without text are recognised."""

    jobs: int = 1
    seconds: int = 300
    ocr: bool = False


@dataclass(frozen=True)
class Reading:
    """What a file holds."""

    about: About
    cells: list[Cell]
    passages: list[Passage]
    reasons: list[Reason]


@dataclass
class Added:
    """What became of the files."""

    reports: list[About] = field(default_factory=list)
    known: list[Path] = field(default_factory=list)  # in the store already, byte for byte
    bad: list[str] = field(default_factory=list)  # a sentence a file


def add(paths: Sequence[Path], into: Store, limits: Limits, told: Callable[[Path, About | str], None]) -> Added:
    """Reads files and writes each that can be read into the store, whole or not at all; `told` hears of each.

    Raises:
        DatabaseError: the store cannot be written.
    """
    done = Added()
    digests = {about.digest for _, about in into.documents()}
    fresh = []
    for path in dict.fromkeys(paths):
        if _digest(path) in digests:
            done.known.append(path)
            told(path, "这份文件已在报告库里。")
        else:
            fresh.append(path)
    for path, found in _readings(fresh, limits):
        if isinstance(found, str):
            done.bad.append(found)
            told(path, found)
            continue
        with into.transaction() as connection:
            number = store.put(connection, found.about, found.cells)
            index.put(connection, number, found.passages, found.reasons)
        done.reports.append(found.about)
        told(path, found.about)
    return done


def _digest(path: Path) -> str:
    try:
        return document.digest(path)
    except CaibaoError:
        return ""  # said by the process that reads it


def read(path: Path, ocr: bool = False) -> Reading:
    """Reads one file here.

    Raises:
        CaibaoError: it cannot be read, or is no report.
    """
    found = document.read(path)
    if ocr and found.pictures:
        from agent.reports.ocr import recognised

        found = recognised(found)
    about, cells = extract(found)
    parts = passages.of(tables.whole_rows(found))
    return Reading(about, cells, parts, reasons.of(found, parts))


def _readings(paths: Sequence[Path], limits: Limits) -> Iterator[tuple[Path, Reading | str]]:
    """What each file holds, or the sentence about why it cannot be read, as they are done."""
    waiting = deque(paths)
    running: dict[Connection, tuple[Path, BaseProcess, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < max(limits.jobs, 1):
                connection, process = _started(waiting[0], limits)
                running[connection] = (waiting.popleft(), process, time.monotonic() + limits.seconds)
            ready = wait(list(running), timeout=_NAP)
            late = [c for c, (_, _, end) in running.items() if c not in ready and time.monotonic() > end]
            for connection in list(running):
                if connection not in ready and connection not in late:
                    continue
                path, process, _ = running.pop(connection)
                yield path, _late(path, limits) if connection in late else _received(connection, path)
                _stop(connection, process)
    finally:
        for connection, (_, process, _) in running.items():
            _stop(connection, process)


def _started(path: Path, limits: Limits) -> tuple[Connection, BaseProcess]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(path, limits, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _stop(connection: Connection, process: BaseProcess) -> None:
    connection.close()
    process.kill()
    process.join()


def _received(connection: Connection, path: Path) -> Reading | str:
    try:
        found = connection.recv()
    except EOFError:  # it died
        return f"{path} 读到一半就停止了（内存超出限制，或文件损坏），没有加入；请重新下载后重试。"
    assert isinstance(found, (Reading, str))
    return found


def _late(path: Path, limits: Limits) -> str:
    return f"{path} 在{limits.seconds}秒内没有读完，没有加入；请检查文件，或用 --seconds 加大时限。"


def _work(path: Path, limits: Limits, connection: Connection) -> None:
    """In the process of one file."""
    _limit(limits)
    try:
        found: Reading | str = read(path, limits.ocr)
    except CaibaoError as error:
        found = str(error)
    except MemoryError:
        found = f"{path} 需要的内存超出限制，没有加入。"
    connection.send(found)
    connection.close()


def _limit(limits: Limits) -> None:
    """Memory and processor time; where the system knows no such limits, the clock of the parent still does."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, limits.seconds)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
