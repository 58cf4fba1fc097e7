"""Starts the server, and stops it: SIGTERM finishes what runs."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from agent.errors import CaibaoError
from agent.faces.web.access import Service
from agent.faces.web.app import create

IDLE = 30  # seconds that a connection is kept without a request
STOPPING = 60  # seconds that running requests are given at the end
HEAD = 30.0  # seconds after which the head of a request has to be there


class Patient(H11Protocol):
    """Closes a connection on which no request has begun since the last look: one that sends its head byte by byte holds no place."""

    def connection_made(self, transport) -> None:  # type: ignore[no-untyped-def,override]
        super().connection_made(transport)
        self._seen = None
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


def serve(of: Service, tell: Callable[[str], None]) -> None:
    """Until it is told to stop.

    Raises:
        CaibaoError: the address cannot be listened on.
    """
    settings = of.settings
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise CaibaoError(
            f"不能在 {settings.host}:{settings.port} 上提供服务：{error.strerror}，请换一个 --port。"
        ) from None
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
        limit_concurrency=settings.connections,
        h11_max_incomplete_event_size=64 << 10,
        forwarded_allow_ips="",
    )
    uvicorn.Server(config).run(sockets=[listening])
