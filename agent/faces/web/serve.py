"""Starts the server, and stops it: SIGTERM finishes what runs."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from agent.errors import CaibaoError
from agent.faces.web.access import Service
from agent.faces.web.app import create

IDLE = 30  # seconds that a connection is kept without a request
STOPPING = 60  # seconds that running requests are given at the end


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
