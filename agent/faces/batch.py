"""Batch mode: a file of questions in, a JSON line for every answer out, in the same order. Killed and started again it continues."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jsonlines

from agent.conversation import Conversation
from agent.errors import CaibaoError, DatabaseError, DatabaseUnavailable
from agent.files import alone, read_text
from agent.pipeline import Pipeline
from agent.records import Question
from agent.telling.trace import as_json

CHUNK = 256  # questions that share the model's batches, and that a kill can cost at most
WAITS = (
    1,
    2,
    4,
    8,
    15,
    30,
    60,
)  # seconds before each new try while the database is away: a restart takes less than two minutes


@dataclass(frozen=True)
class Dialogue:
    """Turns that are asked one after another; text: the first, by which the file is recognised again."""

    id: int | str
    turns: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.turns[0]


@dataclass
class QuestionFile:
    """The readable questions of a file, and one sentence for each row that is not."""

    questions: list[Question | Dialogue] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def _rows(text: str, name: str) -> Iterator[tuple[str, object]]:
    """(where it stands, row) of a JSON array or of JSON lines; a line that is no JSON is yielded as its error."""
    if text.lstrip().startswith("["):
        try:
            array = json.loads(text)
        except json.JSONDecodeError as error:
            raise CaibaoError(
                f"{name} 第{error.lineno}行第{error.colno}列不是合法的JSON（{error.msg}），请改正后重试。"
            ) from None
        except (ValueError, RecursionError):
            raise CaibaoError(f"{name} 里的数太长或者嵌套太深，不能读取，请改正后重试。") from None
        for number, row in enumerate(array, 1):
            yield f"第{number}题", row
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"第{number}行", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"第{number}行", error


def _can_be_written(value: object) -> bool:
    """Half of a character cannot be, and NaN would not be found again when a run is continued."""
    try:
        return bool(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8"))
    except (ValueError, RecursionError):
        return False


def _turns(row: dict) -> tuple[str, ...]:
    """The turns of {"turns": ["…", {"question": "…"}, {"Q": "…"}]}; none where the row is no dialogue of readable texts."""
    turns = row.get("turns")
    given = turns if isinstance(turns, list) else []
    texts = [t if isinstance(t, str) else t.get("question", t.get("Q")) if isinstance(t, dict) else None for t in given]
    sound = all(isinstance(text, str) and text.strip() and _can_be_written(text) for text in texts)
    return tuple(texts) if sound and _can_be_written(row.get("id")) else ()  # type: ignore[arg-type]


def read_questions(path: Path) -> QuestionFile:
    """Reads rows {"id", "question"}, or dialogues {"id", "turns": ["…", …]}; JSON array or JSON lines under either name.

    Raises:
        CaibaoError: no such file, no readable text, a broken JSON array, or not one good row.
    """
    found = QuestionFile()
    for where, row in _rows(read_text(path), str(path)):
        if isinstance(row, Exception):
            found.bad.append(f"{path} {where}不是合法的JSON（{getattr(row, 'msg', '数太长或者嵌套太深')}），已跳过。")
        elif isinstance(row, dict) and (turns := _turns(row)):
            found.questions.append(Dialogue(row.get("id", len(found.questions)), turns))
        elif isinstance(row, dict) and "turns" in row:
            found.bad.append(f"{path} {where}的“turns”不是一轮轮可用的文字，已跳过。")
        elif not isinstance(row, dict) or not isinstance(row.get("question"), str):
            found.bad.append(f"{path} {where}没有文字字段“question”，已跳过。")
        elif not row["question"].strip():
            found.bad.append(f"{path} {where}的问题是空的，已跳过。")
        elif not _can_be_written([row.get("id"), row["question"]]):
            found.bad.append(f"{path} {where}里有残缺的字符或NaN，不能写进答案文件，已跳过。")
        else:
            found.questions.append(Question(row.get("id", len(found.questions)), row["question"]))
    if not found.questions:
        raise CaibaoError(
            f'{path} 里没有可用的问题{"：" + found.bad[0].removesuffix("，已跳过。") if found.bad else ""}，每行应为 {{"id": 0, "question": "…"}}。'
        )
    return found


def _done(path: Path, questions: Sequence[Question | Dialogue]) -> int:
    """How many answers `path` already holds; a half-written last line is cut off.

    Raises:
        CaibaoError: the file answers other questions.
    """
    if not path.exists():
        return 0
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    lines = whole.decode("utf-8", errors="replace").split("\n")[:-1]
    for number, (line, question) in enumerate(zip(lines, questions), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            row = {}
        asked = _first(row) if isinstance(row, dict) else None
        if not isinstance(row, dict) or (row.get("id"), asked) != (question.id, question.text):
            raise CaibaoError(f"{path} 第{number}行不是这个问题文件的答案，请换一个 -o 文件名，或先删除它。")
    if len(lines) > len(questions):
        raise CaibaoError(f"{path} 有{len(lines)}个答案，多于{len(questions)}个问题，请换一个 -o 文件名，或先删除它。")
    return len(lines)


def _first(row: dict) -> object:
    """The question of an answered row, of a dialogue its first turn."""
    turns = row.get("turns")
    return (
        turns[0].get("question")
        if isinstance(turns, list) and turns and isinstance(turns[0], dict)
        else row.get("question")
    )


def _talked(pipeline: Pipeline, dialogue: Dialogue) -> dict:
    """The row of a dialogue: each turn as asked, the whole question in words, the answer, and how sure."""
    conversation = Conversation(pipeline)
    rows = []
    for text in dialogue.turns:
        trace = conversation.ask(text)
        row = as_json(trace, steps=False)
        rows.append(
            {
                "question": text,
                "resolved": trace.question.text,
                **{k: v for k, v in row.items() if k not in ("id", "question")},
            }
        )
    return {"id": dialogue.id, "turns": rows}


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _answered(
    pipeline: Pipeline, asked: list[Question | Dialogue], with_trace: bool, tell: Callable[[str], None]
) -> list[dict]:
    """The rows of a chunk, asked again while the database is away (the model remembers what it has written).

    Raises:
        DatabaseError: it stayed away.
    """
    for tried in range(len(WAITS) + 1):
        try:
            plain = [question for question in asked if isinstance(question, Question)]
            traces = iter(pipeline.answer(plain))
            return [
                as_json(next(traces), with_trace) if isinstance(q, Question) else _talked(pipeline, q) for q in asked
            ]
        except DatabaseUnavailable as error:
            away = str(error).removesuffix("。")
        if tried < len(WAITS):
            tell(f"{away}；{WAITS[tried]}秒后重试（第{tried + 1}次，共{len(WAITS)}次）。")
            time.sleep(WAITS[tried])
    raise DatabaseError(f"{away}；{sum(WAITS)}秒里重试了{len(WAITS)}次，已有的答案都在文件里，再运行一次会接着做。")


def run(
    pipeline: Pipeline,
    source: QuestionFile,
    output: Path,
    with_trace: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    tell: Callable[[str], None] = _tell,
) -> int:
    """Answers what `output` does not hold yet; returns how many answers were there before.

    tell: is given a sentence whenever the database is away and asked again.

    Raises:
        DatabaseError: the database stayed away; the answers so far are in `output`.
        CaibaoError: `output` cannot be continued, cannot be written, or another run writes it just now.
    """
    total = len(source.questions)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("a", encoding="utf-8") as file, alone(file, output), jsonlines.Writer(file) as lines:
            before = done = _done(output, source.questions)
            progress(done, total)
            while done < total:
                rows = _answered(pipeline, source.questions[done : done + CHUNK], with_trace, tell)
                lines.write_all(rows)
                file.flush()
                os.fsync(file.fileno())
                done += len(rows)
                progress(done, total)
    except OSError as error:
        raise CaibaoError(f"不能写入 {output}：{error.strerror}，请换一个位置。") from None
    return before
