"""How the server is set: address, keys, limits, the folder for what it keeps."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import CaibaoError
from agent.faces.web.keys import Keys

MODEL = "caibao"  # its name in the OpenAI-compatible API


@dataclass(frozen=True)
class Settings:
    """folder: keeps chats, jobs and uploads; hosts: names it may be called by besides its address (a proxy's name);
    body, upload: bytes of a request; body_seconds: until it has arrived; rate: requests of one user a minute;
    talking: questions that are worked on or wait; connections: open at once."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8000
    keys: Keys = field(default_factory=Keys)
    hosts: tuple[str, ...] = ()
    body: int = 1 << 20
    upload: int = 64 << 20
    body_seconds: float = 30.0
    rate: int = 600
    talking: int = 64
    connections: int = 512

    def __post_init__(self) -> None:
        """Raises CaibaoError for another address than this machine's own without a key."""
        if not is_loopback(self.host) and not self.keys:
            raise CaibaoError(
                f"不在本机以外的地址 {self.host} 上提供没有密钥的服务：请先设环境变量 CAIBAO_API_KEYS=名字:密钥，或用 --host 127.0.0.1。"
            )

    @property
    def callable_as(self) -> frozenset[str] | None:
        """The names in a request's Host that are ours; None for any. Without keys a foreign name is a page that rebinds its
        own to this machine."""
        if self.hosts:
            return frozenset({"localhost", "127.0.0.1", "[::1]", *self.hosts})
        return frozenset({"localhost", "127.0.0.1", "[::1]", self.host}) if is_loopback(self.host) else None


def is_loopback(host: str) -> bool:
    """An address that only this machine reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
