import json

import pytest

from agent.model import DEFAULT_BASE
from benchmarks import workload
from benchmarks.handwritten import sample_database
from benchmarks.ways import Setup, Source

QUESTIONS = [
    "2020年资产总计最高的前三家公司是哪些？", "2021年资产总计最高的前三家公司是哪些？", "什么是存货周转率？", "2020年注册在苏州的公司有几家？",
]  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    file = tmp_path_factory.mktemp("questions") / "questions.json"
    file.write_text(json.dumps([{"id": i, "question": q} for i, q in enumerate(QUESTIONS)]), encoding="utf-8")
    with sample_database() as url:
        return workload.record(file, url, DEFAULT_BASE, DEFAULT_BASE / "prefix")


def test_the_calls_of_a_file_are_noted_as_the_pipeline_makes_them(calls):
    by_task = {call.task: list(call.texts) for call in calls}
    assert by_task["classify"] == [text.replace("？", "?") for text in QUESTIONS]
    assert len(by_task["keywords"]) == 3, "a concept needs none"
    first, second, count = by_task["nl2sql"]
    assert first == second != count, "masked, the two rankings are one request"


def test_both_ways_give_the_same_answers_and_alike_requests_are_counted(calls):
    found = workload.compare(Setup.load(Source()), calls, rounds=1)
    assert found["same_answers"] == 1.0
    assert (found["requests"], found["different"]) == (10, 9)
    assert found["engine_is_faster"]["median"] > 0
    assert workload.table(found, "").row_count == 1
