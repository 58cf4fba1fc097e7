"""Who asks: API keys from the environment, and the signed cookie that a browser has for one.

Without keys there is one user, whoever sits at this machine.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.errors import CaibaoError

VARIABLE = "CAIBAO_API_KEYS"
EDITORS = "CAIBAO_EDITORS"
LOCAL = "local"  # the user where there are no keys
SHORTEST = 16  # characters of a key
COOKIE_SECONDS = 30 * 24 * 3600
_NAME = re.compile(r"[\w.-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Keys:
    """names: user → key; editors: who may change what all users share (approved statements, the table)."""

    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    editors: frozenset[str] = frozenset()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Keys:
        """CAIBAO_API_KEYS=name:key,name:key (or keys alone), CAIBAO_EDITORS=name,name.

        Raises:
            CaibaoError: a name that is none, a key that is too short or given twice, an editor who has no key.
        """
        names: dict[str, str] = {}
        for number, entry in enumerate(filter(None, map(str.strip, environment.get(VARIABLE, "").split(","))), 1):
            name, colon, key = entry.partition(":")
            name, key = (name, key) if colon else (f"user{number}", entry)
            if not _NAME.fullmatch(name) or name == LOCAL:
                raise CaibaoError(
                    f"环境变量 {VARIABLE} 第{number}项的名字不能用：只能是字母、数字、点和横线，不能是 {LOCAL}。"
                )
            if len(key) < SHORTEST or not key.isascii() or not key.isprintable():
                raise CaibaoError(f"环境变量 {VARIABLE} 第{number}项的密钥要有至少{SHORTEST}个字母、数字或符号。")
            if name in names or key in names.values():
                raise CaibaoError(f"环境变量 {VARIABLE} 第{number}项的名字或密钥与前面的相同。")
            names[name] = key
        editors = frozenset(filter(None, map(str.strip, environment.get(EDITORS, "").split(","))))
        if strangers := editors - names.keys():
            raise CaibaoError(f"环境变量 {EDITORS} 里的 {sorted(strangers)[0]} 在 {VARIABLE} 里没有密钥。")
        return cls(names, editors)

    def __bool__(self) -> bool:
        return bool(self.names)

    def may_edit(self, user: str) -> bool:
        """Whether somebody may change what all users share."""
        return not self.names or user in self.editors

    def user_of_key(self, given: str) -> str | None:
        """Every key is compared, each in constant time."""
        found = None
        for name, key in self.names.items():
            if hmac.compare_digest(given.encode(), key.encode()):
                found = name
        return found

    def cookie(self, user: str, now: float | None = None) -> str:
        """What a browser keeps: worth nothing once the user's key is another."""
        until = int((time.time() if now is None else now) + COOKIE_SECONDS)
        return f"{user}.{until}.{self._signature(user, until)}"

    def user_of_cookie(self, cookie: str, now: float | None = None) -> str | None:
        """None where the cookie is forged, too old, or of a key that is gone."""
        user, until, signature = ["", "", *cookie.rsplit(".", 2)][-3:]
        if user not in self.names or not until.isascii() or not until.isdecimal() or len(until) > 12:
            return None
        sound = hmac.compare_digest(signature.encode(), self._signature(user, int(until)).encode())
        return user if sound and int(until) > (time.time() if now is None else now) else None

    def _signature(self, user: str, until: int) -> str:
        return hmac.new(self.names[user].encode(), f"{user}.{until}".encode(), hashlib.sha256).hexdigest()
