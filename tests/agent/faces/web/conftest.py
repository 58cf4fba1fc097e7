"""A service over the small table, whose reader is scripted: by itself, called in this process, and listened to on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from agent.faces.web.access import Service
from agent.faces.web.app import close_service, create, open_service
from agent.faces.web.settings import Settings
from agent.pipeline import Pipeline
from agent.table.database import Database
from agent.writing.memory import Memory
from tests.agent.scripted import ScriptedModel, make_database
from tests.agent.understood import FIGURE, Says, understanding_of, unsure

ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
SAYS: dict[str, Says] = {
    "最高": "SELECT 公司 ORDER BY M1@Y1 DESC LIMIT K1",
    "怎么样": (unsure("SELECT 注册地址@Y1 WHERE 公司=C1"), unsure("SELECT 法定代表人@Y1 WHERE 公司=C1")),
    "那[Y2]": "SELECT M1@Y2 WHERE 公司=C1",
    "那[Y3]": "SELECT M1@Y3 WHERE 公司=C1",
    "什么是": "NONE",
    "": FIGURE,
}
UNCLEAR = "华兴科技2020年怎么样"  # may ask for the address or for the legal representative
PROFIT = "华兴科技2020年的净利润是多少?"


def pipeline_over(database: Database, memory: Memory | None = None) -> Pipeline:
    understanding = understanding_of(database, SAYS)
    memory = memory or Memory()
    understanding.approved = memory.statement
    return Pipeline(ScriptedModel({"什么是": "F", "": "C"}, "净利润", ONE), database, None, memory, understanding)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "kept", port=0)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return pipeline_over(make_database(tmp_path), Memory(tmp_path / "approved.jsonl"))


@pytest.fixture
def service_of(pipeline: Pipeline) -> Iterator[Callable[[Settings], Service]]:
    """Opens services, and closes them again where no application has."""
    opened: list[Service] = []

    def renewed() -> Pipeline:
        return pipeline_over(Database(pipeline.database.url.render_as_string(), pipeline.database.table))

    def open_(settings: Settings) -> Service:
        opened.append(open_service(pipeline, settings, renewed))
        return opened[-1]

    yield open_
    for service in opened:
        close_service(service)


@pytest.fixture
def service(service_of: Callable[[Settings], Service], settings: Settings) -> Service:
    return service_of(settings)


@pytest.fixture
def client(service: Service) -> TestClient:
    return client_of(service)


def client_of(service: Service, **headers: str) -> TestClient:
    """A caller; the application's end is not the service's here."""
    return TestClient(create(service), base_url="http://127.0.0.1", headers=headers, follow_redirects=False)


class Listening:
    """A server in a thread of its own."""

    def __init__(self, service: Service, **more: Any) -> None:
        config = uvicorn.Config(create(service), "127.0.0.1", 0, log_level="warning", lifespan="off", **more)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture
def server(service: Service) -> Iterator[Listening]:
    listening = Listening(service)
    yield listening
    listening.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.02)


def settings_with(settings: Settings, **changes: object) -> Settings:
    return replace(settings, **changes)  # type: ignore[arg-type]
