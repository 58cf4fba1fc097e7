"""Rows of task files become examples: by the columns that are named, or by the shape of a row.

Shapes: `conversations` (ShareGPT: from/value, ChatGLM3: role/content) and `messages` (OpenAI, GLM-4), and alpaca's `instruction`,
`input`, `output`. A row without question or answer is skipped and counted, as ChatGLM's ptuning/main.py does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptuning.base.tokenizers.messages import (
    ALIASES,
    ROLES,
    History,
    Message,
    in_order,
    messages_of,
    tools_of,
)
from ptuning.errors import PtuningError
from ptuning.training.readers import read_rows

CHATS = ("conversations", "messages")  # fields that hold a whole chat
EMPTY_ANSWERS = ("keywords",)  # tasks in which no word at all is an answer
NAMED = 3  # skipped rows that a notice names
A_QUESTION = Message("user", "")


@dataclass(frozen=True)
class Example:
    """prompt: as in the file; response: what the model should write; history: what was said before.

    asked: the message that `prompt` is the content of, where it is none of a user's (what a tool gave back); metadata: the
    tool that the response calls; every: the answers of the history count in the loss as well.
    """

    prompt: str
    response: str
    history: History = ()
    asked: Message = A_QUESTION
    metadata: str = ""
    every: bool = False

    @property
    def has_system(self) -> bool:
        return any(isinstance(item, Message) and item.role == "system" for item in self.history)

    def messages(self, source_prefix: str = "") -> list[Message]:
        """What is to be answered, as a chat; source_prefix stands before the prompt."""
        return [*messages_of(self.history), self.asked._replace(content=source_prefix + self.prompt)]


@dataclass(frozen=True)
class Columns:
    """The fields of a row that hold prompt, response and, where there is one, history. empty_answers: they are kept."""

    prompt: str
    response: str
    history: str | None = None
    empty_answers: bool = False

    @classmethod
    def of_task(cls, task: str, prompt: str, response: str, history: str | None = None) -> Columns:
        """As `task` treats empty answers."""
        return cls(prompt, response, history, task in EMPTY_ANSWERS)


def example_of(row: Any, columns: Columns, where: str) -> Example | None:
    """None for a row that has no question or no answer. where: file and place, for errors.

    Raises:
        PtuningError: a field is missing or of the wrong kind.
    """
    if not isinstance(row, dict):
        raise PtuningError(f"{where}不是JSON对象（是{type(row).__name__}），每条数据应为 {{字段: 值}}。")
    field = _chat_field(row, columns)
    if field:
        return _of_chat(row, field, where)
    if _is_alpaca(row, columns):
        return _of_alpaca(row, columns, where)
    for option, column in (("prompt_column", columns.prompt), ("response_column", columns.response)):
        if column not in row:
            raise PtuningError(
                f"{where}没有字段“{column}”（有：{'、'.join(map(str, row))}），请用 --{option} 指定正确的字段名。"
            )
    prompt, response = (_text(row, column, where) for column in (columns.prompt, columns.response))
    history = _history(row, columns.history, where)
    return _answered(Example(prompt or "", response or "", tuple(history)), columns, response is None)


def _answered(example: Example, columns: Columns, null: bool = False) -> Example | None:
    """The example where it has a question and an answer, which may be empty for some tasks, but never null."""
    kept = example.response or (columns.empty_answers and not null)
    return example if example.prompt and kept else None


def _text(row: dict[str, Any], column: str, where: str) -> str | None:
    """A field's text; None where it is null or missing."""
    text = row.get(column)
    if text is not None and not isinstance(text, str):
        raise PtuningError(f"{where}的字段“{column}”不是文字（是{type(text).__name__}），请改成字符串。")
    return text


def _history(row: dict[str, Any], column: str | None, where: str) -> list[Message]:
    """A missing one is empty; in csv it is written as JSON."""
    value = row.get(column) if column else None
    if isinstance(value, str) and value.strip():
        with suppress(json.JSONDecodeError, RecursionError):  # messages_of says what it should be
            value = json.loads(value)
    where = f"{where}的字段“{column}”"
    messages = messages_of(value or None, where)
    in_order([*messages, A_QUESTION], where)
    return messages


def _chat_field(row: dict[str, Any], columns: Columns) -> str | None:
    """The field that holds the whole chat: the prompt's column, or one of CHATS where there are none of the columns."""
    if _is_chat(row.get(columns.prompt)):
        return columns.prompt
    if columns.prompt in row or columns.response in row:
        return None
    return next((name for name in CHATS if isinstance(row.get(name), list)), None)


def _is_chat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _is_alpaca(row: dict[str, Any], columns: Columns) -> bool:
    """Whether a row is alpaca's, also where its columns are named: `input` belongs to the question."""
    named = (columns.prompt, columns.response) == ("instruction", "output")
    others = columns.prompt not in row and columns.response not in row
    return {"instruction", "output"} <= row.keys() and (named or others)


def _of_chat(row: dict[str, Any], field: str, where: str) -> Example | None:
    """The last answer of a chat is the response, the answers before it count as well; questions behind it are left out."""
    said = list(row[field])
    while said and _unanswered(said[-1]):
        said.pop()
    messages = [*_system(row, said, where), *messages_of(said, f"{where}的字段“{field}”")]
    in_order(messages, f"{where}的字段“{field}”")
    if len(messages) < 2 or not messages[-2].content:
        return None
    *history, asked, answer = messages
    return Example(
        asked.content, answer.content, tuple(history), asked._replace(content=""), answer.metadata, every=True
    )


def _unanswered(item: Any) -> bool:
    """Whether a last message of a chat is no answer, or an empty one."""
    if not isinstance(item, dict):
        return False
    role, content = item.get("role", item.get("from")), item.get("content", item.get("value"))
    return ALIASES.get(str(role), role) in ROLES and (ALIASES.get(str(role), role) != "assistant" or not content)


def _system(row: dict[str, Any], said: list[Any], where: str) -> list[Message]:
    """A system and tools that stand beside a chat."""
    system, tools = _text(row, "system", where), tools_of(row.get("tools"), where)
    if not (system or tools) or not said:
        return []
    if isinstance(said[0], dict) and said[0].get("role", said[0].get("from")) == "system":
        if system or said[0].get("tools"):
            raise PtuningError(f"{where}里里外外各有一个 system 或 tools，请只留一个。")
        said[0] = {**said[0], "tools": tools}
        return []
    return [Message("system", system or "", tools=tools)]


def _of_alpaca(row: dict[str, Any], columns: Columns, where: str) -> Example | None:
    """instruction and input, a line each, are the question."""
    instruction, more, output, system = (
        _text(row, name, where) for name in ("instruction", "input", "output", "system")
    )
    history = _history(row, columns.history or "history", where)
    if system:
        history = in_order([Message("system", system), *history], where)
    prompt = "\n".join(text for text in (instruction, more) if text)
    return _answered(Example(prompt, output or "", tuple(history)), columns, output is None)


def read_examples(
    path: str | Path, columns: Columns, tell: Callable[[str], object] = lambda text: None
) -> list[Example]:
    """Rows of a JSON array, JSON lines or csv file that have question and answer; a row without history has none.

    tell: takes a sentence about the rows that were skipped, or about the file's encoding.

    Raises:
        PtuningError: names the file, the row and the field that is missing or of the wrong kind.
    """
    path = Path(path)
    examples, skipped = [], []
    for where, row in read_rows(path, lambda row: _is_row(row, columns), tell):
        example = example_of(row, columns, f"数据文件 {path} {where}")
        if example is None:
            skipped.append(where)
        else:
            examples.append(example)
    if not examples:
        why = f"有问题又有答案的数据（{len(skipped)}条都缺）" if skipped else "数据"
        raise PtuningError(f"数据文件 {path} 里没有{why}，请检查文件。")
    if skipped:
        named = "、".join(skipped[:NAMED]) + (" 等" if len(skipped) > NAMED else "")
        tell(f"注意：{path} 有{len(skipped)}条没有问题或没有答案（{named}），已跳过，用其余的{len(examples)}条。")
    return examples


def _is_row(row: dict[str, Any], columns: Columns) -> bool:
    """Whether an object that stands alone in a file is a row rather than what holds the rows."""
    named = columns.prompt in row or columns.response in row
    return named or _is_alpaca(row, columns) or _chat_field(row, columns) is not None
