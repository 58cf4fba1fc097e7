"""What every request has to pass before anything reads it, and what every response says to browsers.

Plain ASGI: bodies are limited while they arrive, streams go through as they are written.
"""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.faces.web.settings import Settings

UPLOADS = "/tables"  # the paths that take large bodies
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def error_body(message: str, status: int) -> dict[str, object]:
    """An error as OpenAI's clients read it; all of the API tells errors so."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


class Guard:
    """Foreign names and origins, large and slow bodies are refused; headers are added."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)
                given.setdefault("cache-control", "no-store")
            await send(message)

        if refused:
            await _tell(with_headers, *refused)
        else:
            await self.app(scope, self._limited(scope, receive), with_headers)

    def _refused(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Status and sentence of a request that goes no further."""
        host = headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        known = self.settings.callable_as
        if known is not None and name.lower() not in known:
            return 421, "这个地址不是本服务的名字；经过代理时请用 --allowed_host 写明域名。"
        if scope["method"] not in _SAFE and not _is_own(headers, host):
            return 403, "请求来自别的网站，已拒绝。"
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal():
            return 400, "Content-Length 不是一个数。"
        if len(length) > 15 or int(length) > self._most(scope):
            return 413, self._too_large(scope)
        return None

    def _most(self, scope: Scope) -> int:
        return self.settings.upload if scope["path"].startswith(UPLOADS) else self.settings.body

    def _too_large(self, scope: Scope) -> str:
        return f"请求超过{self._most(scope) / 2**20:g} MB的上限。"

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """The body, as long as it is neither too large nor too slow."""
        got, whole = 0, False
        deadline = asyncio.get_running_loop().time() + self.settings.body_seconds

        async def limited() -> Message:
            nonlocal got, whole
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), deadline - asyncio.get_running_loop().time())
            except (asyncio.TimeoutError, TimeoutError):  # two until Python 3.11
                raise HTTPException(408, f"请求在{self.settings.body_seconds:g}秒里没有发完。") from None
            got += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if got > self._most(scope):
                raise HTTPException(413, self._too_large(scope))
            return message

        return limited


def _is_own(headers: Headers, host: str) -> bool:
    """Sent by our own page, or by no browser."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


async def _tell(send: Send, status: int, sentence: str) -> None:
    body = json.dumps(error_body(sentence, status), ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
