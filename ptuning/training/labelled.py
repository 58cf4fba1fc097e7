"""Rows with a class, or with a tag for each word, from training files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError
from ptuning.heads.encoding import Labelled
from ptuning.training.readers import read_rows


@dataclass(frozen=True)
class LabelColumns:
    """The fields of a row: its text (or its words), the second text of a pair, and its label (or tags)."""

    text: str
    label: str
    second: str | None = None


def read_labelled(path: str | Path, columns: LabelColumns, kind: str) -> list[Labelled]:
    """Rows of a JSON array, JSON lines or csv file; csv has no lists, so no words.

    Raises:
        PtuningError: names the file, the row and the field that is missing or of the wrong kind.
    """
    path = Path(path)
    made = _words if kind == "token" else _text
    rows = [made(row, columns, f"数据文件 {path} {where}") for where, row in read_rows(path)]
    if not rows:
        raise PtuningError(f"数据文件 {path} 里没有数据，请检查文件。")
    return rows


def _field(row: Any, option: str, column: str, where: str) -> Any:
    if not isinstance(row, dict):
        raise PtuningError(f"{where}不是JSON对象（是{type(row).__name__}），每条数据应为 {{字段: 值}}。")
    if column not in row:
        raise PtuningError(f"{where}没有字段“{column}”（有：{'、'.join(row)}），请用 --{option} 指定正确的字段名。")
    return row[column]


def _text(row: Any, columns: LabelColumns, where: str) -> Labelled:
    asked = [("prompt_column", columns.text), ("second_column", columns.second)]
    parts = [(column, _field(row, option, column, where)) for option, column in asked if column]
    label = _field(row, "response_column", columns.label, where)
    for column, value in (*parts, (columns.label, label)):
        if not isinstance(value, str):
            raise PtuningError(f"{where}的字段“{column}”不是文字（是{type(value).__name__}），请改成字符串。")
    return Labelled(tuple(text for _, text in parts), label)


def _words(row: Any, columns: LabelColumns, where: str) -> Labelled:
    words = _field(row, "prompt_column", columns.text, where)
    tags = _field(row, "response_column", columns.label, where)
    for column, value in ((columns.text, words), (columns.label, tags)):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise PtuningError(f'{where}的字段“{column}”不是词的列表，请改成 ["…", …]。')
    if len(words) != len(tags):
        raise PtuningError(f"{where}有{len(words)}个词、{len(tags)}个标签，应当一样多。")
    if not words:
        raise PtuningError(f"{where}的字段“{columns.text}”是空的，请删去这一条。")
    wrong = next((tag for tag in tags if tag != "O" and tag[:2] not in ("B-", "I-")), None)
    if wrong is not None:
        raise PtuningError(f"{where}的标签“{wrong}”不是BIO标签，应为 O、B-类别 或 I-类别。")
    return Labelled(words=tuple(words), tags=tuple(tags))


def labels_of(rows: Sequence[Labelled], wanted: Sequence[str] | None, files: str) -> tuple[str, ...]:
    """The labels there are, `wanted`'s order where it is given.

    Raises:
        PtuningError: a row's label is none of `wanted`, one of `wanted` has no row, or there is a single one.
    """
    counts = Counter(tag for row in rows for tag in (row.tags if row.words else (row.label,)))
    if wanted is None:
        found = tuple(sorted(counts, key=lambda label: (label != "O", label)))
    else:
        require_known(rows, wanted, files)
        empty = [label for label in wanted if not counts[label]]
        if empty:
            raise PtuningError(f"--labels 里的“{'”“'.join(empty)}”在 {files} 里一条也没有，请补上数据或去掉这个类别。")
        found = tuple(dict.fromkeys(wanted))
    if len(found) < 2:
        raise PtuningError(f"{files} 里只有一个类别“{found[0]}”，没有什么可分的，请检查 --response_column。")
    return found


def require_known(rows: Sequence[Labelled], labels: Sequence[str], files: str) -> None:
    """Raises PtuningError where a row has a label that is none of `labels`; the row is named."""
    known = set(labels)
    for number, row in enumerate(rows, 1):
        for label in row.tags if row.words else (row.label,):
            if label not in known:
                raise PtuningError(
                    f"{files} 第{number}条的标签“{label}”不在 {'、'.join(labels)} 里，请改正数据或 --labels。"
                )
