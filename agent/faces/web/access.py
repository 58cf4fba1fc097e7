"""Who a request is from, and whether they ask too often: what every route asks for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from agent.faces.web.desk import Desk
from agent.faces.web.jobs import Jobs
from agent.faces.web.keys import LOCAL
from agent.faces.web.settings import Settings
from agent.faces.web.store import Store
from agent.faces.web.talks import Talks
from agent.faces.web.uploads import Uploads
from agent.faces.web.waiting import Talkers

COOKIE = "caibao"
WRONG_KEYS = 20  # of one address a minute
_KNOWN = 10_000  # callers that are counted


class Rate:
    """So many a minute for each name, evenly: a bucket that fills up again."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float | None = None) -> float:
        """0, or the seconds after which to come again."""
        now = time.monotonic() if now is None else now
        with self._lock:
            left, since = self._left.pop(name, (float(self.a_minute), now))
            left = min(float(self.a_minute), left + (now - since) * self.a_minute / 60)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / self.a_minute
            self._left[name] = (left if wait else left - 1, now)
            while len(self._left) > _KNOWN:
                self._left.popitem(last=False)
        return wait


@dataclass
class Service:
    """Everything a route works with."""

    settings: Settings
    desk: Desk
    store: Store
    talks: Talks
    talkers: Talkers
    jobs: Jobs
    uploads: Uploads
    rate: Rate
    wrong_keys: Rate


def service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def _known_user(request: Request, of: Service) -> str | None:
    keys = of.settings.keys
    if not keys:
        return LOCAL
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return keys.user_of_key(given.strip())
    return keys.user_of_cookie(request.cookies.get(COOKIE, ""))


def limited(rate: Rate, name: str) -> None:
    """Raises HTTPException 429."""
    if wait := rate.take(name):
        raise HTTPException(429, "请求太频繁，请稍后再试。", {"retry-after": str(int(wait) + 1)})


def address(request: Request) -> str:
    return request.client.host if request.client else ""


def user(request: Request, of: Annotated[Service, Depends(service)]) -> str:
    """The user of a request.

    Raises:
        HTTPException: 401 without a valid key, 429 too often.
    """
    found = _known_user(request, of)
    if found is None:
        limited(of.wrong_keys, address(request))
        raise HTTPException(401, "需要有效的密钥：Authorization: Bearer 密钥。", {"www-authenticate": "Bearer"})
    limited(of.rate, found if found != LOCAL else f"{LOCAL} {address(request)}")
    return found


def editor(request: Request, of: Annotated[Service, Depends(service)]) -> str:
    """A user who may change what all share.

    Raises:
        HTTPException: as `user`, and 403.
    """
    found = user(request, of)
    if not of.settings.keys.may_edit(found):
        raise HTTPException(403, "没有权限：只有环境变量 CAIBAO_EDITORS 里的人可以确认语句或换表。")
    return found


User = Annotated[str, Depends(user)]
Editor = Annotated[str, Depends(editor)]
Of = Annotated[Service, Depends(service)]
