"""Free questions and dialogues with their gold cells, answered by the whole agent: right, refused though answerable, silently wrong.

    python -m benchmarks.people data/round/single.jsonl --database sqlite:///table.sqlite3
    python -m benchmarks.people data/round/dialogues.jsonl --database … --careful 0   # every reading told: the reliability curve

A row is {"id", "question", "kind", "expect": answer|refuse, "must": cells} or {"id", "turns": [the same without id, …]}. Right: every
cell of `must` stands in the answer (numbers to half a cent, percentages to a hundredth, 亿 and 万 as printed); what has to be refused is
refused. precision: right among the answered. The curve tells, for bins of `sure`, how often the answer was right.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.building import DEFAULT_DATABASE, Options, build
from agent.conversation import Conversation
from agent.pipeline import Pipeline
from agent.records import Question, Trace

Row = dict[str, Any]
_UNIT = re.compile(r"(-?\d+(?:\.\d+)?)(%|亿|万|百万|千)?元?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.01)


@dataclass(frozen=True)
class Scored:
    """One question: what came of it, whether it was answered, and how sure the reading was."""

    row: Row
    outcome: str
    answered: bool
    sure: float
    answer: str


def _plain(text: object) -> str:
    return re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", str(text).replace("，", "、")))


def _holds(cell: object, answer: str) -> bool:
    numbers = [float(n) for n in _NUMBER.findall(re.sub(r"(?<=\d)-(?=\d)", " ", answer))]
    if isinstance(cell, (int, float)):
        return any(abs(n - cell) <= max(0.0051, 1e-11 * abs(cell)) for n in numbers)
    text = _plain(cell)
    if text == "相同":
        return re.search("(?<!不)相同", answer) is not None
    match = _UNIT.fullmatch(text)
    if match and match[2]:
        found = [float(n) for n in re.findall(rf"(-?\d+(?:\.\d+)?){match[2]}", answer)]
        near = 0.0101 if match[2] == "%" else 1e-9
        return any(abs(abs(n) - abs(float(match[1]))) < near for n in found)
    return text in answer


def score(row: Row, trace: Trace) -> Scored:
    """The outcome of one question: right, refused or wrong."""
    answer, refused = _plain(trace.answer.text), trace.answer.kind == "refusal"
    sure = trace.understood.sure if trace.understood else 0.0
    if row["expect"] != "answer":
        return Scored(row, "right" if refused else "wrong", False, sure, trace.answer.text)
    right = not refused and all(_holds(cell, answer) for cell in row["must"])
    if right and str(row["kind"]).startswith(("rank", "topk")):
        places = [answer.find(_plain(c)) for c in row["must"] if isinstance(c, str) and not re.match(r"[-\d]", c)]
        right = places == sorted(places)
    outcome = "right" if right else "refused" if refused else "wrong"
    return Scored(row, outcome, not refused, sure, trace.answer.text)


def run(pipeline: Pipeline, rows: Sequence[Row]) -> Iterator[Scored]:
    """Every question and every turn, scored."""
    single = [row for row in rows if "turns" not in row]
    for row, trace in zip(single, pipeline.answer([Question(r["id"], r["question"]) for r in single]) if single else []):
        yield score(row, trace)
    for row in rows:
        conversation = Conversation(pipeline)
        for turn in row.get("turns", ()):
            yield score({"id": row["id"], **turn}, conversation.ask(turn["question"]))


def report(found: Sequence[Scored], screen: Console) -> dict[str, float]:
    """Tables by kind and by sureness; returns the shares."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        kinds[str(each.row["kind"])][each.outcome] += 1
    table = Table("题型", "对", "拒答", "错")
    for kind, counts in sorted(kinds.items()):
        table.add_row(kind, *(str(counts[what]) for what in ("right", "refused", "wrong")))
    screen.print(table)
    curve = Table("把握", "回答", "其中对", title="把握与对的比例")
    for low, high in pairwise(BINS):
        inside = [each for each in found if each.answered and low <= each.sure < high]
        right = sum(each.outcome == "right" for each in inside)
        curve.add_row(f"{low:.2f}–{min(high, 1):.2f}", str(len(inside)), f"{right / len(inside):.1%}" if inside else "")
    screen.print(curve)
    counts, answered = Counter(each.outcome for each in found), [each for each in found if each.answered]
    shares = {what: round(counts[what] / max(1, len(found)), 4) for what in ("right", "refused", "wrong")}
    shares["precision"] = round(sum(e.outcome == "right" for e in answered) / max(1, len(answered)), 4)
    screen.print(f"n={len(found)} {shares}")
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--database", default=DEFAULT_DATABASE)
    parser.add_argument("--careful", type=float, default=None)
    parser.add_argument("--reader", type=Path, default=None)
    parser.add_argument("--failures", action="store_true", help="print what was not right")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.questions.read_text(encoding="utf-8").splitlines() if line]
    pipeline = build(Options(database=options.database, reader=options.reader, careful=options.careful))
    found = list(run(pipeline, rows))
    screen = Console(width=200)
    for each in found if options.failures else ():
        if each.outcome != "right":
            screen.print(each.outcome, each.row["id"], each.row["question"], f"{each.sure:.2f}", each.answer[:160], each.row["must"], markup=False)
    report(found, screen)


if __name__ == "__main__":
    main()
