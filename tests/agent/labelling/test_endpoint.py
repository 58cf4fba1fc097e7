"""Wordings from an endpoint: a server on loopback that speaks the protocol; what it says is checked, what it refuses is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agent.errors import CaibaoError
from agent.labelling.desk import Desk
from agent.labelling.endpoint import KEY, Endpoint, grown
from agent.labelling.records import Asked, Decision, Label
from agent.labelling.state import Labelled
from tests.agent.labelling.conftest import LOOKUP


class Server:
    """Answers chat/completions with `says`; `asked` holds (headers, body)."""

    def __init__(self) -> None:
        self.says: Any = ""
        self.status = 200
        self.asked: list[tuple[dict[str, str], dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((dict(self.headers), body))
                reply = outer.says
                if isinstance(reply, str):
                    reply = {"choices": [{"message": {"content": reply}}]}
                self.send_response(outer.status if self.path == "/v1/chat/completions" else 404)
                self.end_headers()
                self.wfile.write(json.dumps(reply).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def parent(desk: Desk) -> Labelled:
    question = "华兴科技2020年净利润是多少?"
    label = Label("C", ("净利润",), desk.masked(question, ("净利润",)).text, LOOKUP.replace("净利润", "货币资金"))
    asked = Asked("p", question, label.masked, "validation", "g")
    return Labelled(asked, label, "accepted", Decision("d", "", "甲", "accept", "p", label))


def test_only_wordings_that_return_the_same_join_the_pool_and_say_where_they_came_from(
    server: Server, desk: Desk, parent: Labelled
) -> None:
    server.says = (
        "1. 华兴科技在2020年的净利润有多少\n- 瑞达银行2020年净利润是多少?\n华兴科技2021年净利润是多少?\n今天天气如何?"
    )
    made, failed = grown([parent], Endpoint(server.address, "大模型"), desk, 10)
    assert [a.question for a in made] == ["华兴科技在2020年的净利润有多少"] and failed == 3
    assert made[0].split == "validation" and made[0].parent == "p" and made[0].group == "g"
    assert made[0].source == "endpoint:大模型"


def test_the_key_comes_from_the_environment_and_no_row_of_the_table_is_sent(
    server: Server, desk: Desk, parent: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "secret")
    grown([parent], Endpoint(server.address, "m"), desk, 2)
    headers, body = server.asked[0]
    assert headers["Authorization"] == "Bearer secret" and body["model"] == "m"
    assert "150" not in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("reply", [{"no": "choices"}, {"choices": []}, [1]])
def test_another_reply_is_one_sentence(server: Server, desk: Desk, parent: Labelled, reply: Any) -> None:
    server.says = reply
    with pytest.raises(CaibaoError, match="不是 OpenAI 格式"):
        grown([parent], Endpoint(server.address, "m"), desk, 2)


def test_a_refusal_and_a_dead_address_are_one_sentence(server: Server, desk: Desk, parent: Labelled) -> None:
    server.status = 401
    with pytest.raises(CaibaoError, match="HTTP 401"):
        grown([parent], Endpoint(server.address, "m"), desk, 2)
    with pytest.raises(CaibaoError, match="连不上"):
        grown([parent], Endpoint("http://127.0.0.1:9/v1", "m", 2.0), desk, 2)
    with pytest.raises(CaibaoError, match="不是 http"):
        grown([parent], Endpoint("file:///etc/passwd", "m"), desk, 2)
