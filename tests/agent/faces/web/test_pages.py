"""The page without a browser: a chat from the first question to its end, whose it is, and what it never does with texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.faces.web.access import Service
from agent.faces.web.keys import Keys
from agent.faces.web.settings import Settings
from agent.faces.web.words import ENGLISH
from tests.agent.faces.web.conftest import PROFIT, UNCLEAR, client_of, settings_with

ANNA, BEN = "anna-key-0123456789", "ben-key-01234567890"
TEMPLATES = Path(__file__).resolve().parents[4] / "agent/faces/web/templates"
HX = {"hx-request": "true"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}${7*7}"


def begin(client: TestClient, said: str = PROFIT) -> str:
    """A chat with its first question answered; its address."""
    path = client.post("/chats", data={"said": said}, headers=HX).headers["hx-redirect"]
    client.get(f"{path}/turns/1/stream")
    return path


def ask(client: TestClient, path: str, said: str, number: int, **choices: str) -> str:
    """What is shown of another turn."""
    shown = client.post(f"{path}/turns", data={"said": said, **choices}, headers=HX).text
    assert f'sse-connect="{path}/turns/{number}/stream"' in shown
    return client.get(f"{path}/turns/{number}/stream").text


def test_a_question_begins_a_chat_that_is_listed_and_kept(client: TestClient, service: Service) -> None:
    path = begin(client)
    page = client.get(path).text
    assert "150元" in page and "理解为" in page and "华兴科技的2020年净利润" in page and "SELECT" in page
    assert f'href="{path}"' in client.get("/").text
    service.talks.forget()  # as after a new start
    assert "100元" in ask(client, path, "那2019年呢", 2)


def test_the_answer_comes_as_steps_and_a_whole_turn(client: TestClient) -> None:
    path = client.post("/chats", data={"said": PROFIT}, headers=HX).headers["hx-redirect"]
    told = client.get(f"{path}/turns/1/stream").text
    assert re.findall(r"^event: (\w+)$", told, re.M) == ["step", "answer", "end"] and "150元" in told
    again = client.get(f"{path}/turns/1/stream").text
    assert re.findall(r"^event: (\w+)$", again, re.M) == ["answer", "end"]


def test_what_is_open_is_asked_back_and_the_choice_is_asked(client: TestClient) -> None:
    path = begin(client)
    fresh = client.post("/chats", data={"said": "华兴科技的净利润是多少?"}, headers=HX)
    assert 'value="2019"' in fresh.text and "没有说是哪一年" in fresh.text and "hx-redirect" not in fresh.headers
    chosen = client.post(
        "/chats", data={"said": "华兴科技的净利润是多少?", "decided": "1", "choice0": "2019"}, headers=HX
    )
    other = chosen.headers["hx-redirect"]
    assert other != path and "100元" in client.get(f"{other}/turns/1/stream").text
    assert "华兴科技的净利润是多少?" in client.get(other).text


def test_a_choice_that_was_not_offered_is_not_taken(client: TestClient) -> None:
    data = {"said": "华兴科技的净利润是多少?", "decided": "1", "choice0": "1999年瑞达银行"}
    path = client.post("/chats", data=data, headers=HX).headers["hx-redirect"]
    assert "-30元" in client.get(f"{path}/turns/1/stream").text  # the default year, which the answer names


def test_a_reading_is_picked_once_and_only_while_it_is_offered(client: TestClient) -> None:
    path = begin(client, UNCLEAR)
    assert 'name="number" value="1"' in client.get(path).text
    assert client.post(f"{path}/pick", data={"number": "9", "of_turn": "1"}, headers=HX).status_code == 400
    assert client.post(f"{path}/pick", data={"number": "1", "of_turn": "1"}, headers=HX).status_code == 200
    assert "苏州市" in client.get(f"{path}/turns/2/stream").text
    assert client.post(f"{path}/pick", data={"number": "1", "of_turn": "1"}, headers=HX).status_code == 400


def test_a_chat_is_renamed_exported_and_deleted(client: TestClient) -> None:
    path = begin(client)
    assert "新名字" in client.post(f"{path}/rename", data={"title": "新名字"}, headers=HX).text
    assert client.post(f"{path}/rename", data={"title": "  "}, headers=HX).status_code == 400
    markdown = client.get(f"{path}/export.md")
    assert (
        "150元" in markdown.text
        and "新名字" in markdown.text
        and "attachment" in markdown.headers["content-disposition"]
    )
    assert client.get(f"{path}/export.xlsx").content[:2] == b"PK"
    assert client.get(f"{path}/turns/1/table.csv").content.decode("utf-8-sig").splitlines()[1].endswith(",150")
    assert client.get(f"{path}/turns/1/table.xlsx").content[:2] == b"PK"
    assert client.get(f"{path}/export.exe").status_code == 404
    assert client.delete(path, headers=HX).headers["hx-redirect"] == "/"
    assert client.get(path).status_code == 404


def test_a_statement_is_remembered_after_it_was_looked_at(client: TestClient, service: Service) -> None:
    path = begin(client)
    looked = client.get(f"{path}/turns/1/approve", headers=HX).text
    assert "[C1][Y1]年的[M1m]" in looked and not service.desk.pipeline.memory.pairs
    assert "已记住" in client.post(f"{path}/turns/1/approve", headers=HX).text
    assert len(service.desk.pipeline.memory.pairs) == 1
    assert "记住它" not in ask(client, path, "那2019年呢", 2)  # which means nothing by itself


@pytest.mark.parametrize("said", ["", "   ", "多" * 1001, "多" * 20001])
def test_what_is_no_question_is_told_in_its_place(client: TestClient, said: str) -> None:
    told = client.post("/chats", data={"said": said}, headers=HX)
    assert told.status_code in (400, 422) and 'class="problem"' in told.text and "<html" not in told.text


def test_texts_are_shown_and_never_read_as_html(client: TestClient) -> None:
    path = begin(client, f"华兴科技2020年的净利润{EVIL}是多少?")
    client.post(f"{path}/rename", data={"title": EVIL}, headers=HX)
    for page in (client.get(path).text, client.get(f"{path}/turns/1/stream").text, client.get("/").text):
        assert (
            "<script>alert" not in page
            and "<img src=x" not in page
            and "&lt;script&gt;" in page
            and "49" not in page.split("<main")[-1][:400]
        )


def test_lines_of_a_text_cannot_end_an_event(client: TestClient) -> None:
    path = client.post(
        "/chats", data={"said": "华兴科技2020年的净利润\n\nevent: end\n\n\rdata: x\u2028y?"}, headers=HX
    ).headers["hx-redirect"]
    told = client.get(f"{path}/turns/1/stream").text
    assert len(re.findall(r"^event: end$", told, re.M)) == 1


@pytest.fixture
def guarded(service_of: Callable[[Settings], Service], settings: Settings) -> Service:
    environment = {"CAIBAO_API_KEYS": f"anna:{ANNA},ben:{BEN}", "CAIBAO_EDITORS": "ben"}
    return service_of(settings_with(settings, keys=Keys.of_environment(environment)))


def signed_in(service: Service, key: str) -> TestClient:
    client = client_of(service)
    said = client.post("/login", data={"key": key, "to": "/"})
    cookie = said.headers["set-cookie"].lower()
    assert said.status_code == 303 and "httponly" in cookie and "samesite=strict" in cookie and key not in cookie
    return client


def test_without_a_key_there_is_only_the_place_to_give_one(guarded: Service) -> None:
    client = client_of(guarded)
    for path in ("/", "/chats/abc", "/tables", "/docs"):
        assert client.get(path).headers["location"].startswith("/login")
    assert client.post("/chats", data={"said": PROFIT}, headers=HX).headers["hx-redirect"] == "/login"
    assert client.post("/login", data={"key": "wrong-key-0123456789"}).status_code == 403


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\r\nb: c", ""]
)
def test_signing_in_leads_nowhere_else(guarded: Service, to: str) -> None:
    said = client_of(guarded).post("/login", data={"key": ANNA, "to": to})
    assert said.headers["location"] == "/"


def test_another_users_chat_is_as_if_it_were_not_there(guarded: Service) -> None:
    anna, ben = signed_in(guarded, ANNA), signed_in(guarded, BEN)
    path = begin(anna)
    for method, url in [
        ("GET", path), ("GET", f"{path}/turns/1"), ("GET", f"{path}/turns/1/stream"), ("GET", f"{path}/export.md"),
        ("GET", f"{path}/export.xlsx"), ("GET", f"{path}/turns/1/table.csv"), ("POST", f"{path}/turns"), ("DELETE", path),
        ("POST", f"{path}/rename"), ("POST", f"{path}/pick"), ("GET", f"{path}/turns/1/approve"), ("POST", f"{path}/turns/1/approve"),
    ]:  # fmt: skip
        told = ben.request(
            method,
            url,
            data={"said": "那2019年呢", "title": "x", "number": "1", "of_turn": "1"} if method == "POST" else None,
        )
        assert told.status_code == 404 and "150" not in told.text, (method, url)
    assert path not in ben.get("/").text and "150元" in anna.get(path).text


def test_only_editors_change_what_all_share(guarded: Service) -> None:
    anna, ben = signed_in(guarded, ANNA), signed_in(guarded, BEN)
    path = begin(anna)
    assert "记住它" not in anna.get(path).text and 'href="/tables"' not in anna.get("/").text
    assert anna.post(f"{path}/turns/1/approve", headers=HX).status_code == 403
    assert anna.post("/tables", files={"file": ("a.csv", b"x")}).status_code == 403
    assert 'href="/tables"' in ben.get("/").text


def test_the_page_speaks_english_where_it_is_wanted(client: TestClient) -> None:
    page = client.get("/", headers={"accept-language": "en-GB,en;q=0.9"}).text
    assert 'lang="en"' in page and "New chat" in page and "新对话" not in page
    said = client.post("/look", data={"lang": "zh", "theme": "dark"})
    assert said.headers["hx-refresh"] == "true"
    page = client.get("/", headers={"accept-language": "en"}).text
    assert "新对话" in page and 'data-theme="dark"' in page


def test_every_word_of_the_templates_has_its_english_and_no_english_is_left_over() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    said = {a or b for a, b in re.findall(r"""\bt\((?:"([^"]+)"|'([^']+)')\)""", texts)}
    said |= {word for given in re.findall(r"\bt\(\{(.*?)\}\[", texts) for word in re.findall(r': "([^"]+)"', given)}
    assert said == set(ENGLISH)


def test_the_api_is_described_on_a_page(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/v1/chat/completions" in page and "/batch/{id}/answers" in page and "openapi.json" in page


def test_nothing_of_the_page_comes_from_elsewhere() -> None:
    for path in [*TEMPLATES.glob("*.html"), *TEMPLATES.with_name("static").glob("*.*")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text and " style=" not in text and " onclick" not in text, (
            path
        )
