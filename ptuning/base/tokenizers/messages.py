"""The messages of a chat, in the shapes in which people write them: [question, answer] pairs, or role/content objects.

Roles and what they may hold are ChatGLM3's and GLM-4's (build_chat_input of their tokenization_chatglm.py): `metadata` names the
tool that an assistant calls, `tools` stand beside a system's content, an observation is what a tool gave back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ptuning.errors import PtuningError

ROLES = ("system", "user", "assistant", "observation")
ALIASES = {"human": "user", "gpt": "assistant", "tool": "observation", "function": "observation"}
AFTER: dict[str, set[str | None]] = {  # a role, and those that it may follow; None: it may stand first
    "system": {None},
    "user": {None, "system", "assistant"},
    "assistant": {"user", "observation", "assistant"},
    "observation": {"assistant"},
}


class Message(NamedTuple):
    """role: one of ROLES. metadata: the tool that an assistant calls. tools: what a system offers, as JSON values."""

    role: str
    content: str
    metadata: str = ""
    tools: Sequence[Any] | None = None


Item = Message | dict[str, Any] | Sequence[str]
History = Sequence[Item]  # [question, answer] pairs, or role/content objects; see `messages_of`


def messages_of(history: Any, where: str = "history ") -> list[Message]:
    """A chat as messages. where: what stands before “第2条” in an error.

    Raises:
        PtuningError: another shape than [[question, answer], …] or [{"role", "content"}, …], or an order that no chat has.
    """
    if history is None:
        return []
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise PtuningError(f"{where}应是 [[问, 答], …] 或 [{{role, content}}, …] 的列表，请改正。")
    if all(isinstance(item, Message) for item in history):
        return list(history)
    if all(isinstance(item, dict) for item in history):
        return in_order([_object(item, f"{where}第{i}条") for i, item in enumerate(history, 1)], where)
    messages: list[Message] = []
    for i, item in enumerate(history, 1):
        pair = list(item) if isinstance(item, list | tuple) else []
        if len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise PtuningError(
                f"{where}第{i}条不是 [问, 答] 两段文字（整个列表也可以全是 {{role, content}} 对象，不能混用），请改正。"
            )
        messages += [Message("user", pair[0]), Message("assistant", pair[1])]
    return messages


def in_order(messages: list[Message], where: str = "history ") -> list[Message]:
    """The messages themselves.

    Raises:
        PtuningError: a message stands behind one that it cannot answer: two questions in a row, say.
    """
    before = None
    for i, message in enumerate(messages, 1):
        if before not in AFTER[message.role]:
            place = f"紧跟在 {before} 后面" if before else "在最前面"
            raise PtuningError(
                f"{where}第{i}条的 {message.role} 不能{place}：对话应是（system，）user、assistant 轮流，请补上缺的那一条。"
            )
        before = message.role
    return messages


def _object(item: dict[str, Any], where: str) -> Message:
    """A message of {"role", "content"} or ShareGPT's {"from", "value"}."""
    said, text = ("from", "value") if "from" in item and "role" not in item else ("role", "content")
    named = item.get(said)
    role = ALIASES.get(named, named) if isinstance(named, str) else ""
    if role not in ROLES:
        raise PtuningError(
            f"{where}的 {said} 是“{named}”，只能是 {'、'.join(ROLES)}（或 {'、'.join(ALIASES)}），请改正。"
        )
    if item.get("tool_calls"):
        raise PtuningError(f"{where}的 tool_calls 不支持，请把工具名写进 metadata、参数写进 content。")
    content = item.get(text)
    if not isinstance(content, str):
        raise PtuningError(f"{where}的 {text} 不是文字（是{type(content).__name__}），请改成字符串。")
    metadata = item.get("metadata") or ""
    if not isinstance(metadata, str) or (metadata and role != "assistant"):
        raise PtuningError(f"{where}的 metadata 应是 assistant 要调用的工具名，请改正。")
    tools = tools_of(item.get("tools"), where) if role == "system" else None
    return Message(role, content, metadata, tools)


def tools_of(value: Any, where: str) -> Sequence[Any] | None:
    """The tools that a system message offers, a list or JSON of one; None for none. Raises PtuningError for anything else."""
    try:
        tools = json.loads(value) if isinstance(value, str) and value.strip() else value or None
    except (json.JSONDecodeError, RecursionError):
        tools = value
    if tools is not None and not (isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools)):
        raise PtuningError(f"{where}的 tools 应是工具对象的列表，请改正。")
    return tools


def rounds_of(messages: Sequence[Message]) -> tuple[list[tuple[str, str]], str]:
    """(earlier rounds, the last question): a chat for a model that knows rounds only. The last message is a question.

    Raises:
        PtuningError: a system or tools, or an order that is none of rounds.
    """
    if messages[0].role == "system" and not messages[0].tools:
        raise PtuningError("这个基座（ChatGLM2的格式）没有 system，请把它写在第一个问题的开头，或换用ChatGLM3、GLM-4。")
    if any(message.tools or message.metadata or message.role == "observation" for message in messages):
        raise PtuningError(
            "这个基座（ChatGLM2的格式）没有工具，请去掉 tools、metadata 和 observation，或换用ChatGLM3、GLM-4。"
        )
    *earlier, last = messages
    roles = [message.role for message in earlier]
    if roles != ["user", "assistant"] * (len(roles) // 2):
        raise PtuningError("这个基座（ChatGLM2的格式）的对话应一问一答，请把连着的几条 assistant 合成一条。")
    texts = [message.content for message in earlier]
    return list(zip(texts[::2], texts[1::2])), last.content


def system_asked(messages: Sequence[Message]) -> list[Message]:
    """The same chat for a model without a system: its text begins the first question, a blank line behind it."""
    if messages[0].role != "system" or messages[0].tools:
        return list(messages)
    system, first, *others = messages
    return [first._replace(content=f"{system.content}\n\n{first.content}"), *others]
