"""Batch jobs: files of questions that are answered behind all that people ask, by the batch mode itself.

One job at a time. A job that a stop or a kill interrupts goes on at the next start, after the answers that its file holds.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.errors import CaibaoError
from agent.faces import batch
from agent.faces.web.desk import Desk, Gone, Queued
from agent.faces.web.store import Job, NotThere, Store

LARGEST = 10_000  # questions
STOPPING = 10.0  # seconds that a job is given to stop; it may just wait for a database to come back
Rows = Sequence[dict[str, object]]


class Jobs:
    """Works through the jobs of a store, in a thread; files: the folder of questions and answers."""

    def __init__(self, desk: Desk, store: Store, folder: Path) -> None:
        self.desk, self.store, self.folder = desk, store, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._gone = threading.Event()
        for id_ in store.unfinished():
            self._waiting.put(id_)
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def begin(self, owner: str, rows: Rows) -> Job:
        """rows: as of a question file.

        Raises:
            CaibaoError: not one good question, or too many.
        """
        if len(rows) > LARGEST:
            raise CaibaoError(f"一次最多{LARGEST}个问题，这里有{len(rows)}个，请分成几次。")
        job = self.store.add_job(owner, len(rows))
        try:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            self._questions(job.id).write_text(text, encoding="utf-8")
            total = len(batch.read_questions(self._questions(job.id)).questions)
        except (CaibaoError, UnicodeEncodeError) as error:
            self.drop(owner, job.id)
            said = str(error).replace(f"{self._questions(job.id)} ", "") if isinstance(error, CaibaoError) else ""
            raise CaibaoError(said or "问题里有残缺的字符，请改正后重试。") from None
        if total != len(rows):
            self.drop(owner, job.id)
            raise CaibaoError(f'{len(rows)}行里只有{total}行是问题，每行应为 {{"id": 0, "question": "…"}}。')
        self._waiting.put(job.id)
        return job

    def answers(self, owner: str, id_: str) -> Path:
        """The file of the answers so far. Raises NotThere."""
        self.store.job(owner, id_)
        path = self._answers(id_)
        if not path.exists():
            raise NotThere("这个批量任务还没有答案。")
        return path

    def drop(self, owner: str, id_: str) -> None:
        """Forgets a job and its files; one that runs stops after what it has begun. Raises NotThere."""
        self.store.drop_job(owner, id_)
        self._questions(id_).unlink(missing_ok=True)
        self._answers(id_).unlink(missing_ok=True)

    def stop(self) -> None:
        """Leaves the running job where it is; call `Desk.stop` after."""
        self._gone.set()
        self._waiting.put(None)
        self._thread.join(STOPPING)

    def _questions(self, id_: str) -> Path:
        return self.folder / f"{id_}.questions.jsonl"

    def _answers(self, id_: str) -> Path:
        return self.folder / f"{id_}.answers.jsonl"

    def _work(self) -> None:
        while (id_ := self._waiting.get()) is not None and not self._gone.is_set():
            try:
                self._run(id_)
            except (Gone, _Stopped):
                continue
            except CaibaoError as error:
                self.store.report(id_, "failed", problem=str(error))
            except Exception as error:  # the jobs behind it go on
                self.store.report(id_, "failed", problem=f"程序错误（{type(error).__name__}），请告诉维护的人。")

    def _run(self, id_: str) -> None:
        if not self._questions(id_).exists():  # dropped while it waited
            return
        source = batch.read_questions(self._questions(id_))
        pipeline = Queued(self.desk, late=True)
        pipeline.gone = self._gone

        def progress(done: int, total: int) -> None:
            self.store.report(id_, "running", done)
            if self._gone.is_set() or not self._questions(id_).exists():
                raise _Stopped

        batch.run(pipeline, source, self._answers(id_), True, progress, lambda sentence: None)
        self.store.report(id_, "done", len(source.questions))
        if not self._questions(id_).exists():  # dropped during the last answers
            self._answers(id_).unlink(missing_ok=True)


class _Stopped(Exception):
    """The job was dropped, or the server stops."""
