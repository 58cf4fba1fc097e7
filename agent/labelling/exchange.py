"""Labels in and out: CSV, xlsx and Label Studio's JSON, for teams that label with what they have.

What comes in is checked like what is typed; a file with a row that is wrong is taken in not at all.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import CaibaoError
from agent.files import read_text, replaced
from agent.labelling import journal
from agent.labelling.desk import Desk
from agent.labelling.records import Asked, Draft, Label
from agent.prompts import LABELS, join_terms, split_terms
from agent.scoring.evaluate import load_rows

HEADINGS = ("id", "question", "answer", "label", "keywords", "masked", "sql", "origin")
_FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would run
SUFFIXES = (".csv", ".xlsx", ".json")
# How Label Studio shows a task: the question, the answer, and what can be changed.
STUDIO_VIEW = f"""<View>
  <Header value="$question"/>
  <Text name="answer" value="$answer"/>
  <Choices name="label" toName="answer" choice="single">{"".join(f'<Choice value="{label}"/>' for label in LABELS)}</Choices>
  <TextArea name="keywords" toName="answer" value="$keywords" editable="true"/>
  <TextArea name="sql" toName="answer" value="$sql" editable="true"/>
</View>
"""


def read_questions(path: Path) -> list[str]:
    """Questions to label: a text file with one a line, JSON or JSON lines with "question", or a csv or xlsx column 问题/question.

    Raises:
        CaibaoError: the file cannot be read, or holds no question.
    """
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl"):
        rows: list[Any] = load_rows(path)
    elif suffix in (".csv", ".xlsx"):
        rows = _table(path)
    else:
        rows = [{"question": line} for line in read_text(path).split("\n")]
    found = []
    for number, row in enumerate(rows, 1):
        text = (
            row
            if isinstance(row, str)
            else (row.get("question") or row.get("问题") or "")
            if isinstance(row, dict)
            else None
        )
        if not isinstance(text, str):
            raise CaibaoError(f'{path} 第{number}条没有问题，每条应为 {{"question": "…"}} 或一行文字。')
        if text.strip():
            found.append(text.strip())
    if not found:
        raise CaibaoError(f"{path} 里没有问题（要有一列“问题”或 question），请检查文件。")
    return list(dict.fromkeys(found))


def read_labelled(path: Path, desk: Desk) -> list[tuple[str, Label]]:
    """Questions with labels, for a fixed test: rows of question, label, keywords and sql (over surrogates).

    Raises:
        CaibaoError: a row's label is none, or its statement does not pass.
    """
    rows = load_rows(path) if path.suffix.lower() in (".json", ".jsonl") else _table(path)
    return [(str(row.get("question", "")), _label(row, f"{path} 第{n}条", desk)) for n, row in enumerate(rows, 1)]


def _label(row: Mapping[str, Any], where: str, desk: Desk) -> Label:
    question, terms = str(row.get("question") or ""), row.get("keywords") or ()
    if not question:
        raise CaibaoError(f"{where}没有问题，请补上。")
    terms = split_terms(terms) if isinstance(terms, str) else terms
    given = Label.of({"label": row.get("label"), "keywords": terms, "sql": row.get("sql") or ""}, where)
    if fault := desk.fault(question, given):
        raise CaibaoError(f"{where}（{question}）：{fault}")
    return Label(
        given.label, given.keywords, desk.masked(question, given.keywords).text if given.sql else "", given.sql
    )


def write(path: Path, rows: Iterable[tuple[Asked, Draft | None, Label | None, str]]) -> int:
    """Writes questions with their labels (the draft's where they have none) and where those came from; returns how many.

    Raises:
        CaibaoError: the kind of file is not known, it is there already, or it cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CaibaoError(f"不知道 {path.name} 是什么文件，请用 {'、'.join(SUFFIXES)} 之一。")
    if path.exists():
        raise CaibaoError(f"{path} 已经存在，没有覆盖；请换一个名字。")
    made = [_exported(*row) for row in rows]
    raw = {".csv": _csv, ".xlsx": _xlsx, ".json": _studio}[path.suffix.lower()](made)
    try:
        with replaced(path) as beside:
            beside.write_bytes(raw)
    except OSError as error:
        raise CaibaoError(journal.unwritable(path, error)) from None
    return len(made)


def _exported(asked: Asked, draft: Draft | None, label: Label | None, origin: str) -> dict[str, str]:
    shown = label or (draft.label_of() if draft else Label("F"))
    told = draft.proposals[0].told if draft and draft.proposals else ""
    fields = (asked.id, asked.question, told, shown.label, join_terms(shown.keywords), shown.masked, shown.sql, origin)
    return dict(zip(HEADINGS, fields))


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for row in rows:
        writer.writerow([f"'{v}" if v.startswith(_FORMULA) else v for v in row.values()])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(rows: Sequence[Mapping[str, str]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADINGS))
    for row in rows:
        sheet.append(list(row.values()))
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.data_type = "s" if cell.value is not None else cell.data_type  # never a formula
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def _studio(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Tasks with the label as a prediction."""
    tasks = [
        {"data": dict(row), "predictions": [{"model_version": row["origin"] or "draft", "result": _results(row)}]}
        for row in rows
    ]
    return (json.dumps(tasks, ensure_ascii=False, indent=1) + "\n").encode()


def _results(row: Mapping[str, str]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"from_name": "label", "to_name": "answer", "type": "choices", "value": {"choices": [row["label"]]}}
    ]
    for name in ("keywords", "sql"):
        made.append({"from_name": name, "to_name": "answer", "type": "textarea", "value": {"text": [row[name]]}})
    return made


def read_labels(path: Path, questions: Mapping[str, Asked], desk: Desk) -> list[tuple[str, Label]]:
    """(question id, label) of every row of a file that `write` wrote and people changed.

    Raises:
        CaibaoError: names the first row that is wrong; then nothing should be taken in.
    """
    rows = _studio_rows(path) if path.suffix.lower() == ".json" else _table(path)
    made = []
    for number, row in enumerate(rows, 2 if path.suffix.lower() != ".json" else 1):
        where, name = f"{path} 第{number}行", str(row.get("id") or "")
        if name not in questions:
            raise CaibaoError(f"{where}的 id“{name}”不是项目里的问题，没有导入任何一行；请用 label export 写出的文件。")
        made.append((name, _label({**row, "question": questions[name].question}, where, desk)))
    return made


def _studio_rows(path: Path) -> list[dict[str, Any]]:
    """Annotated tasks; those without an annotation are left out."""
    rows = []
    for number, task in enumerate(load_rows(path), 1):
        try:
            row = dict(task["data"])
            results = [r for a in task.get("annotations", ()) if not a.get("was_cancelled") for r in a["result"]]
            for result in results:
                value = result["value"]
                row[result["from_name"]] = (value.get("choices") or value.get("text") or [""])[0]
        except (TypeError, KeyError, ValueError, AttributeError):
            raise CaibaoError(f"{path} 第{number}个任务不是 Label Studio 的JSON，请用它的“JSON”格式导出。") from None
        if results:
            rows.append(row)
    return rows


def _table(path: Path) -> list[dict[str, Any]]:
    """Rows of a csv or xlsx file under its heading line."""
    xlsx = path.suffix.lower() == ".xlsx"
    lines = _xlsx_lines(path) if xlsx else list(csv.reader(io.StringIO(read_text(path))))
    if not lines:
        raise CaibaoError(f"{path} 是空的，请检查文件。")
    headings = [str(h or "").strip() for h in lines[0]]
    rows = [dict(zip(headings, (_unescaped(v) for v in line))) for line in lines[1:] if any(line)]
    return rows


def _unescaped(value: Any) -> str:
    text = "" if value is None else str(value)
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _xlsx_lines(path: Path) -> list[list[Any]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError):
        raise CaibaoError(f"{path} 不是能读的xlsx文件，请另存后重试。") from None
    sheet = book.worksheets[0]
    return [list(line) for line in sheet.iter_rows(values_only=True)]
