"""What never reaches a question: foreign names and origins, bodies that are too large or too slow. What browsers are told."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from agent.faces.web import serve
from agent.faces.web.access import Service
from agent.faces.web.settings import Settings
from tests.agent.faces.web.conftest import PROFIT, Listening, client_of, settings_with

PATHS = ("/", "/schema", "/static/page.js", "/nowhere", "/openapi.json")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::2]"])
def test_a_name_that_is_not_ours_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/schema", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machines_own_names_are_ours(client: TestClient, host: str) -> None:
    assert client.get("/schema", headers={"host": host}).status_code == 200


def test_a_proxys_name_is_ours_where_it_is_given(service_of: Callable[[Settings], Service], settings: Settings) -> None:
    client = client_of(service_of(settings_with(settings, hosts=("bao.example",))))
    assert client.get("/schema", headers={"host": "bao.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:9"},
    ],
)
def test_what_another_sites_page_sends_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/ask", json={"question": PROFIT}, headers=headers).status_code == 403
    assert client.post("/chats", data={"said": PROFIT}, headers=headers).status_code == 403


def test_our_own_page_may_send(client: TestClient) -> None:
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert client.post("/ask", json={"question": PROFIT}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_every_response_forbids_foreign_code_and_frames_and_opens_no_door(client: TestClient, path: str) -> None:
    said = client.get(path, headers={"origin": "http://evil.example"})
    policy = said.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "frame-ancestors 'none'" in policy and said.headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control") for name in said.headers)


@pytest.fixture
def small(service_of: Callable[[Settings], Service], settings: Settings) -> Service:
    return service_of(settings_with(settings, body=2000, upload=4000))


def test_a_large_body_is_refused_by_its_length_and_while_it_arrives(small: Service) -> None:
    client = client_of(small)
    question = {"question": "多" * 1000}
    assert client.post("/ask", json=question).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    assert client.post("/ask", content=pieces(), headers={"content-type": "application/json"}).status_code == 413
    assert (
        client.post(
            "/chats", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"}
        ).status_code
        == 413
    )
    assert client.post("/tables", files={"file": ("a.csv", b"x" * 5000)}).status_code == 413
    assert client.post("/ask", json={"question": PROFIT}).status_code == 200


def test_a_body_that_comes_slowly_is_given_up(service_of: Callable[[Settings], Service], settings: Settings) -> None:
    listening = Listening(service_of(settings_with(settings, body_seconds=0.5)))
    with socket.create_connection(("127.0.0.1", listening.port), timeout=10) as slow:
        slow.sendall(
            b"POST /ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        assert b"408" in slow.recv(1000).split(b"\r\n")[0]
    assert httpx.get(f"{listening.url}/schema").status_code == 200
    listening.stop()


def test_a_head_that_comes_slowly_is_given_up_and_a_caller_that_comes_again_is_not(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "HEAD", 1.5)
    listening = Listening(service, http=serve.Patient)
    with socket.create_connection(("127.0.0.1", listening.port), timeout=10) as slow:
        slow.sendall(b"GET /schema HTTP/1.1\r\nhost: 127.0")
        assert slow.recv(1000) == b""
    with httpx.Client(base_url=listening.url) as quick:
        for _ in range(5):
            assert quick.get("/static/icon.svg").status_code == 200
            time.sleep(0.5)
    listening.stop()


@pytest.mark.parametrize("length", ["-1", "1e9", "٣", "9" * 40])
def test_a_length_that_is_none_is_refused(client: TestClient, length: str) -> None:
    raw = length.encode()
    said = client.post("/ask", content=b"", headers=[(b"content-length", raw), (b"content-type", b"application/json")])
    assert said.status_code in (400, 413)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/vendor/"],
)
def test_no_file_outside_of_the_static_folder_is_given(client: TestClient, path: str) -> None:
    said = client.get(path)
    assert said.status_code in (404, 405) and "import" not in said.text
