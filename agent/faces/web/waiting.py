"""Between the server's event loop and conversations, which are plain code in threads: a result, or steps as they happen.

Whoever goes away sets `gone`: what still waits is then not answered.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fastapi import Request

from agent.faces.web.desk import Busy
from agent.pipeline import OnStep

T = TypeVar("T")
LOOK_AFTER = 0.5  # seconds between looks whether the one who asked is still there
BEAT_AFTER = 15.0  # seconds of silence after which a stream says that it lives
Work = Callable[[OnStep, threading.Event], T]  # is given whom to tell of steps, and what is set when it need not go on
Step = tuple[str, str]


class Talkers:
    """The threads in which conversations are held, each waiting for the desk most of its time."""

    def __init__(self, most: int) -> None:
        """most: conversations at once; others are refused."""
        self.most, self.busy = most, 0
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="talk")

    def stop(self) -> None:
        self._threads.shutdown(wait=True)

    def _start(self, work: Work[T], on_step: OnStep, gone: threading.Event) -> asyncio.Future[T]:
        if self.busy >= self.most:
            raise Busy(f"现在有{self.busy}个问题在回答或等待，请稍后再问。")
        self.busy += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, on_step, gone)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, future: asyncio.Future[T]) -> None:
        self.busy -= 1
        if not future.cancelled():
            future.exception()  # looked at, where nobody waits for it any more

    async def result(self, request: Request, work: Work[T]) -> T:
        """What the work comes to. Raises what it raises, and Busy."""
        gone = threading.Event()
        future = self._start(work, lambda name, found: None, gone)
        try:
            while not future.done():
                await asyncio.wait({future}, timeout=LOOK_AFTER)
                if not future.done() and await request.is_disconnected():
                    gone.set()
            return future.result()
        finally:
            gone.set()

    async def steps(self, work: Work[T]) -> AsyncIterator[Step | T | None]:
        """Each step as it happens, None where there has been none for long, and the result at last. Raises as `result`."""
        gone, loop = threading.Event(), asyncio.get_running_loop()
        told: asyncio.Queue[Step] = asyncio.Queue()

        def tell(name: str, found: str) -> None:
            loop.call_soon_threadsafe(told.put_nowait, (name, found))

        future = self._start(work, tell, gone)
        try:
            silent = 0.0
            while not (future.done() and told.empty()):
                getting = asyncio.ensure_future(told.get())
                both: set[asyncio.Future[Any]] = {future, getting}
                await asyncio.wait(both, timeout=LOOK_AFTER, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    silent = 0.0
                    yield getting.result()
                    continue
                getting.cancel()
                silent += LOOK_AFTER
                if silent >= BEAT_AFTER and not future.done():
                    silent = 0.0
                    yield None
            yield future.result()
        finally:
            gone.set()
