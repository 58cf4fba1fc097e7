"""A table is read first and taken after a yes; names and contents of files do no harm."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.faces.web import uploads
from agent.faces.web.access import Service
from tests.agent.faces.web.conftest import PROFIT
from tests.agent.scripted import CSV

OTHER = CSV.replace("华兴科技", "新星科技").replace(",150.00,", ",777.00,")


def upload(client: TestClient, name: str, content: bytes) -> str:
    return client.post("/tables", files={"file": (name, content)}).text


def id_in(shown: str) -> str:
    return shown.split("/tables/")[1].split("/")[0]


def answer(client: TestClient, question: str) -> str:
    return client.post("/ask", json={"question": question}).json()["answer"]


def test_a_table_is_looked_at_first_and_nothing_has_changed(client: TestClient, service: Service) -> None:
    shown = upload(client, "新表.csv", OTHER.encode())
    assert "新表.csv" in shown and "导入7行" in shown and "新星科技" in shown and "什么都没有改" in shown
    assert "150元" in answer(client, PROFIT)
    client.post(f"/tables/{id_in(shown)}/drop")
    assert not list(service.uploads.folder.iterdir())


def test_after_a_yes_questions_are_asked_of_the_new_table(client: TestClient, service: Service) -> None:
    path = client.post("/chats", data={"said": PROFIT}).headers["hx-redirect"]
    client.get(f"{path}/turns/1/stream")
    shown = upload(client, "新表.csv.gz", gzip.compress(OTHER.encode()))
    assert "已换成" in client.post(f"/tables/{id_in(shown)}/take").text
    assert "777元" in answer(client, "新星科技2020年的净利润是多少?")
    assert "150元" in client.get(path).text  # what was answered stays as it was
    assert client.post(f"/tables/{id_in(shown)}/take").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.csv",
        "/etc/passwd.csv",
        "..\\..\\evil.csv",
        "a\x00b.csv",
        "%2e%2e%2fevil.csv",
        "x" * 300 + ".csv",
        ".csv",
    ],
)
def test_a_name_of_a_file_leads_nowhere(client: TestClient, service: Service, tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if "uploads" not in path.parts}
    upload(client, name, OTHER.encode())
    assert {path for path in tmp_path.rglob("*") if "uploads" not in path.parts} == before
    assert all(path.parent == service.uploads.folder for path in service.uploads.folder.rglob("*"))


@pytest.mark.parametrize(
    "name,content,reason",
    [
        ("a.exe", b"MZ", "只支持"),
        ("a.csv", b"", "是空的"),
        ("a.csv", b"\xff\xfe\x00", "编码"),
        ("a.csv", "公司全称,年份\n".encode(), "没有数据"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "没有字段"),
        ("a.csv", "公司全称,年份,净利润\n甲,2020,很多\n".encode(), "第2行的净利润"),
        ("a.xlsx", b"PK\x03\x04nothing", "损坏"),
        ("a.csv.gz", b"\x1f\x8bnothing", "损坏"),
    ],
)
def test_a_wrong_file_is_one_sentence_under_its_own_name(
    client: TestClient, service: Service, name: str, content: bytes, reason: str
) -> None:
    shown = upload(client, name, content)
    assert reason in shown and name in shown and str(service.uploads.folder) not in shown
    assert not list(service.uploads.folder.iterdir())


def test_a_small_file_that_holds_very_much_is_not_unpacked(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UNPACKED", 100_000)
    assert "上限" in upload(client, "a.csv.gz", gzip.compress(b"0" * 1_000_000))
    assert not list(service.uploads.folder.iterdir())


def test_what_a_table_holds_is_shown_and_never_read_as_html_or_sql(client: TestClient) -> None:
    evil = "<script>alert(1)</script>"
    rows = (
        f'公司全称,年份,股票简称,注册地址,净利润,"{evil}"',
        f'"{evil}",2020,"x\'; DROP TABLE company_table; --",=1+1,5,3',
        "乙股份有限公司,2020,乙股份,北京市,6,7",
    )
    table = "\n".join(rows)
    shown = upload(client, f"{evil}.csv", table.encode())
    assert "<script>alert" not in shown and "&lt;script&gt;" in shown
    assert "/take" in shown, shown
    client.post(f"/tables/{id_in(shown)}/take")
    assert "6元" in answer(client, "乙股份2020年的净利润是多少?")
    assert "<script>alert" not in client.get("/tables").text
