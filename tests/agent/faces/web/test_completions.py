"""The real OpenAI client against a server that listens: models, answers, streams, refusals."""

from __future__ import annotations

import httpx
import openai
import pytest

from tests.agent.faces.web.conftest import PROFIT, UNCLEAR, Listening


@pytest.fixture
def openai_client(server: Listening) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def user(*texts: str) -> list:
    """The user's messages with answers between them."""
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "…"}] for text in texts]
    return [message for turn in turns for message in turn][:-1]


def test_there_is_one_model(openai_client: openai.OpenAI) -> None:
    assert [model.id for model in openai_client.models.list()] == ["caibao"]
    assert openai_client.models.retrieve("caibao").id == "caibao"
    with pytest.raises(openai.NotFoundError, match="没有模型"):
        openai_client.models.retrieve("gpt")


def test_an_answer_has_its_usage_its_end_and_its_trace(openai_client: openai.OpenAI) -> None:
    said = openai_client.chat.completions.create(model="caibao", messages=user(PROFIT), temperature=0.2, max_tokens=9)
    answer = said.choices[0].message.content or ""
    assert "150元" in answer and said.choices[0].finish_reason == "stop"
    assert said.usage is not None and said.usage.prompt_tokens == len(PROFIT)
    assert said.usage.total_tokens == len(PROFIT) + len(answer)
    assert "SELECT" in said.caibao["sql"] and said.caibao["kind"] == "answer"  # type: ignore[attr-defined]


def test_a_stream_tells_steps_then_the_answer_then_the_trace(openai_client: openai.OpenAI) -> None:
    chunks = list(
        openai_client.chat.completions.create(
            model="caibao", messages=user(PROFIT), stream=True, stream_options={"include_usage": True}
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    steps = [d.reasoning_content for d in deltas if getattr(d, "reasoning_content", None)]
    answer = "".join(d.content or "" for d in deltas)
    assert deltas[0].role == "assistant" and "读法：SELECT" in steps[0] and "150元" in answer
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-2].caibao["kind"] == "answer"  # type: ignore[attr-defined]
    assert not chunks[-1].choices and chunks[-1].usage and chunks[-1].usage.completion_tokens == len(answer)


def test_what_the_user_said_before_is_the_talk(openai_client: openai.OpenAI) -> None:
    messages = [{"role": "system", "content": "你是助手"}, *user(PROFIT, "那2019年呢")]
    said = openai_client.chat.completions.create(model="caibao", messages=messages)
    assert "100元" in (said.choices[0].message.content or "")


def test_a_message_in_parts_is_read_by_its_texts(openai_client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": PROFIT}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    said = openai_client.chat.completions.create(model="caibao", messages=[{"role": "user", "content": parts}])  # type: ignore[list-item,misc]
    assert "150元" in (said.choices[0].message.content or "")


def test_a_number_picks_a_reading_in_the_talk(openai_client: openai.OpenAI) -> None:
    said = openai_client.chat.completions.create(model="caibao", messages=user(UNCLEAR, "1"))
    assert "苏州市" in (said.choices[0].message.content or "")


def test_another_model_or_no_question_is_refused_as_openai_does(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        openai_client.chat.completions.create(model="gpt-4o", messages=user(PROFIT))
    for messages in (
        [],
        [{"role": "assistant", "content": "你好"}],
        [*user(PROFIT), {"role": "assistant", "content": "x"}],
    ):
        with pytest.raises((openai.BadRequestError, openai.UnprocessableEntityError)):
            openai_client.chat.completions.create(model="caibao", messages=messages)  # type: ignore[arg-type]


def test_the_end_of_a_stream_is_the_word_that_clients_wait_for(server: Listening) -> None:
    body = {"model": "caibao", "messages": user(PROFIT), "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body) as said:
        lines = [line for line in said.iter_lines() if line]
    assert said.headers["content-type"].startswith("text/event-stream") and lines[-1] == "data: [DONE]"
    assert said.headers["x-accel-buffering"] == "no"
