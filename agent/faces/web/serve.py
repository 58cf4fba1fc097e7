"""Starts the server, and stops it: SIGTERM finishes what runs."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from agent.errors import CaibaoError
from agent.faces.web.access import Service
from agent.faces.web.app import create
from agent.faces.web.settings import Settings

IDLE = 30  # seconds that a connection is kept without a request
STOPPING = 60  # seconds that running requests are given at the end
HEAD = 30.0  # seconds after which the head of a request has to be there


class Patient(H11Protocol):
    """Closes a connection on which no request has begun since the last look: one that sends its head byte by byte holds no place."""

    def connection_made(self, transport) -> None:  # type: ignore[no-untyped-def,override]
        super().connection_made(transport)
        self._seen: object = None
        self._looking = self.loop.call_later(HEAD, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        running = self.cycle is not None and not self.cycle.response_complete
        if not running and self.cycle is self._seen:
            self.transport.close()
            return
        self._seen = self.cycle
        self._looking = self.loop.call_later(HEAD, self._look)


def listen(settings: Settings) -> socket.socket:
    """The address of the settings, taken before anything takes time; nobody can connect yet.

    Raises:
        CaibaoError: it cannot be had.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        listening.close()
        why = error.strerror if isinstance(error, OSError) else "没有这个端口"
        raise CaibaoError(
            f"不能在 {settings.host}:{settings.port} 上提供服务：{why}，请换一个 --host 或 --port。"
        ) from None
    return listening


def serve(of: Service, listening: socket.socket, tell: Callable[[str], None]) -> None:
    """Until it is told to stop."""
    host, port = listening.getsockname()[:2]
    tell(f"财报问答在 http://{f'[{host}]' if ':' in host else host}:{port}（按 Ctrl-C 停止）。")
    config = uvicorn.Config(
        create(of),
        http=Patient,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=STOPPING,
        limit_concurrency=of.settings.connections,
        h11_max_incomplete_event_size=64 << 10,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listening])
