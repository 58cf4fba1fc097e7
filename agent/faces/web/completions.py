"""The API that OpenAI's clients speak: /v1/models and /v1/chat/completions, streaming and not.

The user's messages are the talk; the last one is answered after those before it. Steps come as `reasoning_content`, which
clients show apart from the answer; the trace stands in the extra field `caibao`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from agent.conversation import Conversation
from agent.errors import CaibaoError
from agent.faces.web.access import Of, User
from agent.faces.web.api import MISSING, REFUSALS, answered
from agent.faces.web.guard import error_body
from agent.faces.web.settings import MODEL
from agent.records import Trace
from agent.telling.readable import with_round

STARTED = int(time.time())
router = APIRouter(prefix="/v1", responses=REFUSALS, tags=["OpenAI 兼容"])
Talked = tuple[Conversation, Trace]


class Part(BaseModel):
    """A part of a message; only texts are read."""

    model_config = {"extra": "allow"}

    type: str = "text"
    text: str | None = Field(default=None, max_length=100_000)


class Message(BaseModel):
    model_config = {"extra": "allow"}

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=100_000)] | list[Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    model_config = {"extra": "allow"}

    include_usage: bool | None = False


class Completion(BaseModel):
    """What a client sends; whatever else it sends (temperature, tools, …) changes nothing here."""

    model_config = {"extra": "allow"}

    model: str = Field(examples=[MODEL])
    messages: list[Message] = Field(min_length=1, max_length=400)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(default=1, ge=1, le=1, description="只有一个回答")


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


def _model() -> Model:
    return Model(id=MODEL, created=STARTED, owned_by="caibao")


@router.get("/models", response_model=Models, summary="模型列表")
def models(user: User) -> Models:
    """只有一个：caibao。"""
    return Models(data=[_model()])


@router.get("/models/{name}", response_model=Model, responses=MISSING, summary="一个模型")
def model(name: Annotated[str, Path(max_length=100)], user: User) -> Model:
    """caibao，其余的是 404。"""
    _check_model(name)
    return _model()


@router.post(
    "/chat/completions",
    responses={**MISSING, 200: {"description": "chat.completion，或 stream 时的一串 chat.completion.chunk"}},
    summary="对话",
)
async def completions(request: Request, body: Completion, of: Of, user: User) -> Any:
    """最后一条用户消息是问题，之前的用户消息是上文；`system` 等其他角色的消息不影响回答。

    `usage` 数的是字符：回答由语句和代码得出，没有可数的词元。不流式时 `caibao` 在最外层；流式时在带 `finish_reason` 的那一块里。
    """
    _check_model(body.model)
    said = [message.text for message in body.messages if message.role == "user"]
    if not said or body.messages[-1].role not in ("user", "system", "developer"):
        raise HTTPException(400, "messages 的最后一条要是用户的问题（role 为 user）。")
    *history, text = said

    def work(on_step: Any, gone: Any) -> Talked:
        return of.talks.after(history, text, on_step, gone)

    usage = _Usage(sum(map(len, said)))
    if body.stream:
        told = of.talkers.steps(work)
        first = await anext(told)  # what is refused at once has its own status
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(
            _streamed(first, told, text, usage, with_usage),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
        )
    conversation, trace = await of.talkers.result(request, work)
    answer = with_round(trace.answer.text)
    message = {"role": "assistant", "content": answer, "refusal": None}
    return _frame("chat.completion") | {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": usage.of(answer),
        "caibao": answered(text, trace, conversation.readings(), steps=True),
    }


class _Usage:
    """Characters of the question and what was said before it, and of the answer."""

    def __init__(self, asked: int) -> None:
        self.asked = asked

    def of(self, answer: str) -> dict[str, int]:
        return {
            "prompt_tokens": self.asked,
            "completion_tokens": len(answer),
            "total_tokens": self.asked + len(answer),
        }


def _check_model(name: str) -> None:
    if name != MODEL:
        raise HTTPException(404, f"没有模型“{name[:60]}”，这里只有 {MODEL}。")


def _frame(kind: str) -> dict[str, Any]:
    id_ = f"chatcmpl-{secrets.token_hex(12)}"
    return {"id": id_, "object": kind, "created": int(time.time()), "model": MODEL}


async def _streamed(
    first: Any, told: AsyncIterator[Any], text: str, usage: _Usage, with_usage: bool
) -> AsyncIterator[str]:
    """Server-sent events: a chunk for the role, one for each step, the answer, the end."""
    frame = _frame("chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event(frame | {"choices": [choice]} | ({"usage": None} if with_usage else {}) | more)

    yield chunk({"role": "assistant", "content": ""})
    try:
        async for item in _again(first, told):
            if item is None:
                yield ": still here\n\n"
            elif isinstance(item[1], str):
                name, found = item
                if found:
                    yield chunk({"reasoning_content": f"{name}：{found}\n"})
            else:
                conversation, trace = item
                answer = with_round(trace.answer.text)
                yield chunk({"content": answer})
                yield chunk({}, "stop", caibao=answered(text, trace, conversation.readings(), steps=True))
                if with_usage:
                    yield _event(frame | {"choices": [], "usage": usage.of(answer)})
    except CaibaoError as error:
        yield _event(error_body(str(error), 503))
    yield "data: [DONE]\n\n"


async def _again(first: Any, rest: AsyncIterator[Any]) -> AsyncIterator[Any]:
    yield first
    async for item in rest:
        yield item


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
