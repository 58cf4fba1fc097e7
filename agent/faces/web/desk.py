"""One engine for all who ask: what waits is answered together, in the order in which it came; batch jobs wait behind people.

`Desk` is the thread at the engine. `Queued` is the pipeline that a conversation is given: the same in all but `answer`, which
waits for its turn at the desk.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from agent.errors import CaibaoError, DatabaseUnavailable
from agent.figures.periods import USUAL, Slice
from agent.pipeline import OnStep, Pipeline
from agent.records import Question, Trace
from agent.understanding.understand import Talk

TOGETHER = 16  # questions that are answered in one go: as many as the reader takes
WAITING = 512  # questions of people that may wait


class Busy(CaibaoError):
    """More questions wait than the desk takes."""


class Gone(CaibaoError):
    """The one who asked has gone away, or the server stops."""


@dataclass(order=True)
class _Ticket:
    """A question that waits; late: behind all that are not."""

    late: bool
    number: int
    question: Question = field(compare=False)
    on_step: OnStep | None = field(compare=False)
    talk: Talk | None = field(compare=False)
    part: Slice = field(compare=False)
    gone: threading.Event = field(compare=False)
    result: Future[Trace] = field(compare=False, default_factory=Future)


class Desk:
    """The only one who uses the pipeline; `stop` finishes what has begun."""

    def __init__(self, pipeline: Pipeline, together: int = TOGETHER, waiting: int = WAITING) -> None:
        self.together, self.waiting = together, waiting
        self._numbers = itertools.count()
        self._line: list[_Ticket] = []
        self._changed = threading.Condition()
        self._stopped = False
        self.use(pipeline)
        self._thread = threading.Thread(target=self._serve, name="desk", daemon=True)
        self._thread.start()

    def use(self, pipeline: Pipeline) -> None:
        """Answers from now on with another pipeline (another table)."""
        _ = pipeline.linker, pipeline.columns, pipeline.years  # looked up once, here, and shared by all who ask
        self.pipeline = pipeline

    @property
    def length(self) -> int:
        """How many questions wait."""
        return len(self._line)

    def ask(
        self,
        questions: Sequence[Question],
        on_steps: Sequence[OnStep | None],
        talks: Sequence[Talk | None],
        part: Slice,
        gone: threading.Event,
        late: bool = False,
    ) -> list[Trace]:
        """The traces, in order, once they are there; see `Pipeline.answer`.

        Raises:
            Busy: too many wait already.
            Gone: `gone` was set, or the desk stopped, before their turn came.
            CaibaoError: model or database cannot be used.
        """
        tickets = [
            _Ticket(late, next(self._numbers), question, on_step, talk, part, gone)
            for question, on_step, talk in zip(questions, on_steps, talks)
        ]
        with self._changed:
            if self._stopped:
                raise Gone("服务正在停止，请稍后再问。")
            if not late and sum(not ticket.late for ticket in self._line) + len(tickets) > self.waiting:
                raise Busy(f"现在有{len(self._line)}个问题在等，请稍后再问。")
            for ticket in tickets:
                heapq.heappush(self._line, ticket)
            self._changed.notify()
        return [ticket.result.result() for ticket in tickets]

    def stop(self) -> None:
        """Finishes the questions that have begun; those that wait are told so."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _serve(self) -> None:
        while tickets := self._next():
            for part in dict.fromkeys(ticket.part for ticket in tickets):
                self._answer([ticket for ticket in tickets if ticket.part == part])
        for ticket in self._line:
            ticket.result.set_exception(Gone("服务正在停止，请稍后再问。"))

    def _next(self) -> list[_Ticket]:
        """Those whose turn it is; none once the desk has stopped."""
        with self._changed:
            while not self._stopped:
                taken: list[_Ticket] = []
                while self._line and len(taken) < self.together:
                    ticket = heapq.heappop(self._line)
                    if ticket.gone.is_set():
                        ticket.result.set_exception(Gone("提问的人已经离开。"))
                    else:
                        taken.append(ticket)
                if taken:
                    return taken
                self._changed.wait()
            return []

    def _answer(self, tickets: Sequence[_Ticket]) -> None:
        """Questions about one part of the table. One that cannot be answered takes no other with it: then each is asked by itself."""
        try:
            traces = self.pipeline.answer(
                [t.question for t in tickets],
                [t.on_step for t in tickets],
                [t.talk for t in tickets],
                tickets[0].part,
            )
        except Exception as error:  # whatever it is, it belongs to the one who asked
            if len(tickets) == 1 or isinstance(error, DatabaseUnavailable):
                for ticket in tickets:
                    ticket.result.set_exception(error)
                return
            for ticket in tickets:
                self._answer([ticket])
            return
        for ticket, trace in zip(tickets, traces):
            ticket.result.set_result(trace)


class Queued(Pipeline):
    """The desk's pipeline, as one conversation or job sees it. gone: set it, and what still waits is not answered."""

    def __init__(self, desk: Desk, late: bool = False) -> None:
        """late: waits behind all that are not."""
        vars(self).update(vars(desk.pipeline))  # with what was looked up once
        self.desk, self.late, self.gone = desk, late, threading.Event()

    def answer(
        self,
        questions: Sequence[Question],
        on_step: OnStep | Sequence[OnStep | None] | None = None,
        talks: Sequence[Talk | None] | None = None,
        part: Slice = USUAL,
    ) -> list[Trace]:
        """See `Desk.ask` for what it raises."""
        count = len(questions)
        watchers = on_step if isinstance(on_step, Sequence) else [on_step] * count
        return self.desk.ask(questions, watchers, talks or [None] * count, part, self.gone, self.late)
