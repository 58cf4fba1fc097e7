"""/ask, /evidence, /schema, /batch: what they answer, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from agent.faces.web.access import Service
from agent.faces.web.keys import Keys
from agent.faces.web.settings import Settings
from tests.agent.faces.web.conftest import PROFIT, UNCLEAR, client_of, settings_with, wait_for

ANNA, BEN = "anna-key-0123456789", "ben-key-01234567890"


@pytest.fixture
def guarded(service_of: Callable[[Settings], Service], settings: Settings) -> Service:
    keys = Keys.of_environment({"CAIBAO_API_KEYS": f"anna:{ANNA},ben:{BEN}"})
    return service_of(settings_with(settings, keys=keys))


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_question_is_answered_exactly_and_plainly(client: TestClient) -> None:
    said = client.post("/ask", json={"question": PROFIT})
    row = said.json()
    assert said.status_code == 200 and row["kind"] == "answer" and "150元" in row["answer"] and row["sure"] > 0.5
    assert row["asked"] == PROFIT and row["question"] == "华兴科技的2020年净利润" and "sql" not in row


def test_a_trace_comes_where_it_is_asked_for(client: TestClient) -> None:
    row = client.post("/ask", json={"question": PROFIT, "trace": True}).json()
    assert "SELECT" in row["sql"] and row["parameters"] and row["evidence"]["rows"][0][-1] == "150"


def test_a_follow_up_is_read_after_its_history(client: TestClient) -> None:
    row = client.post("/ask", json={"question": "那2019年呢", "history": [PROFIT]}).json()
    assert "100元" in row["answer"] and row["question"] == "华兴科技的2019年净利润"
    assert client.post("/ask", json={"question": "那2019年呢"}).json()["kind"] == "refusal"


def test_the_same_history_again_is_not_read_again(client: TestClient, service: Service) -> None:
    asked = service.desk.pipeline.understanding.reader.asked  # type: ignore[union-attr]
    client.post("/ask", json={"question": PROFIT})
    client.post("/ask", json={"question": "那2019年呢", "history": [PROFIT]})
    before = len(asked)
    row = client.post("/ask", json={"question": "那2021年呢", "history": [PROFIT, "那2019年呢"]}).json()
    assert not any("是多少" in text for text, _ in asked[before:]) and "-30元" in row["answer"]


def test_two_talks_that_begin_alike_go_their_own_ways(client: TestClient) -> None:
    for question, figure in (("那2019年呢", "100元"), ("那2021年呢", "-30元"), ("那2019年呢", "100元")):
        assert figure in client.post("/ask", json={"question": question, "history": [PROFIT]}).json()["answer"]


def test_a_number_picks_one_of_the_readings(client: TestClient) -> None:
    row = client.post("/ask", json={"question": UNCLEAR}).json()
    assert row["kind"] == "refusal" and len(row["readings"]) == 2, row
    picked = client.post("/ask", json={"question": "1", "history": [UNCLEAR]}).json()
    assert picked["kind"] == "answer" and picked["question"] == row["readings"][0] and "苏州市" in picked["answer"]


@pytest.mark.parametrize("question", ["", " ", "多" * 2000])
def test_what_is_no_question_is_refused_in_a_sentence(client: TestClient, question: str) -> None:
    said = client.post("/ask", json={"question": question})
    assert said.status_code == 200 and said.json()["kind"] == "refusal" and len(said.json()["answer"]) > 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"question": 3}',
        b'{"question": "\\ud800"}',
        b'{"history": []}',
        b'{"question":"a","history":[3]}',
    ],
)
def test_a_wrong_body_is_one_sentence(client: TestClient, body: bytes) -> None:
    said = client.post("/ask", content=body, headers={"content-type": "application/json"})
    assert said.status_code == 422 and said.json()["error"]["message"].endswith("。")


def test_the_evidence_has_rows_with_their_key_statement_and_values(client: TestClient) -> None:
    row = client.post("/evidence", json={"question": PROFIT}).json()
    assert row["table"]["columns"] == ["公司全称", "年份", "字段", "值"]
    assert row["table"]["rows"] == [["江苏华兴科技股份有限公司", "2020", "净利润", "150"]]
    assert row["table"]["figures"] == [[False, False, False, True]] and "SELECT" in row["sql"] and row["parameters"]


def test_the_schema_names_columns_units_years_and_formulas(client: TestClient) -> None:
    row = client.get("/schema").json()
    assert {"name": "净利润", "unit": "money"} in row["columns"] and {"name": "研发机构数", "unit": None} in row[
        "columns"
    ]
    assert (row["years"], row["companies"], row["table"]) == ([2019, 2020, 2021], 3, "company_table")
    assert row["computed"]["毛利率"] == "(营业收入-营业成本)/营业收入"


def test_a_batch_is_answered_in_the_background_and_as_batch_mode_answers(client: TestClient) -> None:
    questions = [{"question": PROFIT}, {"id": "d", "turns": [PROFIT, "那2019年呢"]}]
    begun = client.post("/batch", json={"questions": questions})
    job = begun.json()
    assert begun.status_code == 202 and job["total"] == 2
    wait_for(lambda: client.get(f"/batch/{job['id']}").json()["state"] == "done")
    rows = [json.loads(line) for line in client.get(f"/batch/{job['id']}/answers").text.splitlines()]
    assert [row["id"] for row in rows] == [0, "d"] and "150元" in rows[0]["answer"] and "SELECT" in rows[0]["sql"]
    assert "100元" in rows[1]["turns"][1]["answer"] and client.get("/batch").json()[0]["done"] == 2
    assert client.delete(f"/batch/{job['id']}").status_code == 204
    assert client.get(f"/batch/{job['id']}").status_code == 404 and client.get("/batch").json() == []


@pytest.mark.parametrize("questions", [[], [{}], [{"question": ""}], [{"question": PROFIT}, {"turns": []}]])
def test_a_batch_with_what_is_no_question_is_refused_whole(client: TestClient, questions: list) -> None:
    said = client.post("/batch", json={"questions": questions})
    assert said.status_code in (400, 422) and "kept" not in said.text and client.get("/batch").json() == []


def test_without_a_valid_key_nothing_is_told(guarded: Service) -> None:
    client = client_of(guarded)
    for method, path in [
        ("GET", "/schema"),
        ("POST", "/ask"),
        ("GET", "/v1/models"),
        ("GET", "/batch"),
        ("POST", "/batch"),
    ]:
        for headers in (
            {},
            bearer("wrong-key-0123456789"),
            {"authorization": f"Basic {ANNA}"},
            {"cookie": "caibao=anna.1.x"},
        ):
            said = client.request(method, path, headers=headers, json={"question": PROFIT})
            assert said.status_code == 401 and said.json()["error"]["message"]


def test_a_key_opens_and_another_users_jobs_stay_closed(guarded: Service) -> None:
    client = client_of(guarded)
    job = client.post("/batch", json={"questions": [{"question": PROFIT}]}, headers=bearer(ANNA)).json()
    wait_for(lambda: client.get(f"/batch/{job['id']}", headers=bearer(ANNA)).json()["state"] == "done")
    for path in (f"/batch/{job['id']}", f"/batch/{job['id']}/answers"):
        assert client.get(path, headers=bearer(ANNA)).status_code == 200
        assert client.get(path, headers=bearer(BEN)).status_code == 404
    assert client.delete(f"/batch/{job['id']}", headers=bearer(BEN)).status_code == 404
    assert client.get("/batch", headers=bearer(BEN)).json() == []


def test_too_many_requests_of_one_user_wait_and_another_users_do_not(
    service_of: Callable[[Settings], Service], settings: Settings
) -> None:
    keys = Keys.of_environment({"CAIBAO_API_KEYS": f"anna:{ANNA},ben:{BEN}"})
    client = client_of(service_of(settings_with(settings, keys=keys, rate=3)))
    codes = [client.get("/v1/models", headers=bearer(ANNA)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429] and client.get("/v1/models", headers=bearer(BEN)).status_code == 200


def test_guessing_keys_is_slowed_down(guarded: Service) -> None:
    client = client_of(guarded)
    codes = [client.get("/v1/models", headers=bearer(f"guess-{n:016}")).status_code for n in range(25)]
    assert codes[:20] == [401] * 20 and 429 in codes[20:]
    assert client.get("/v1/models", headers=bearer(ANNA)).status_code == 200
