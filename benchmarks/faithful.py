"""How well the checker of conclusions tells false from true, and an independent audit of every number the templates print.

python -m benchmarks.faithful                                                  # the sample questions, a minute on 2 cores
python -m benchmarks.faithful --questions 问题.jsonl --table_file 数据.csv.gz      # other questions over another table
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.building import DEFAULT_DATABASE, Options, build
from agent.faces.batch import CHUNK, read_questions
from agent.model import DEFAULT_BASE
from agent.pipeline import Pipeline
from agent.records import Facts
from agent.table.importer import import_table
from agent.telling import faithful
from agent.telling.phrase import Wording, judge
from agent.telling.trace import as_json
from benchmarks import ROOT
from benchmarks.audit import audit
from benchmarks.rewordings import HONEST, WRONG, Change, Told

SHOWN = 5  # examples of each kind
Concluded = tuple[Facts, str]


@dataclass
class Score:
    """tried: how often a kind applied; checked, judged: how often the checker, and the checker with completeness, said no."""

    tried: int = 0
    checked: int = 0
    judged: int = 0
    surprises: list[str] = field(default_factory=list)


def conclusions(pipeline: Pipeline, questions: Path) -> tuple[list[Concluded], list[dict[str, Any]]]:
    """Facts and sentence of every answer that came from rows; and every answer as `batch --trace` prints it."""
    told: list[Concluded] = []

    def keep(found: Sequence[Concluded]) -> list[Wording]:
        told.extend(found)
        return [Wording(None, "")] * len(found)

    pipeline.reword = keep
    asked, rows = read_questions(questions).questions, []
    for start in range(0, len(asked), CHUNK):
        rows += [as_json(trace) for trace in pipeline.answer(asked[start : start + CHUNK])]
    return told, rows


def measure(
    told: Sequence[Concluded], changes: Mapping[str, Change], others: Sequence[str], true_text: bool
) -> dict[str, Score]:
    """Each kind of change on each sentence; a surprise is a false one that passes or a true one that does not."""
    scores = {name: Score() for name in changes}
    rng = random.Random(7)
    for facts, text in told:
        companies = [*{m.text for m in facts.entities.of("company")}, *map(str, faithful.Evidence(facts).row_companies)]
        known = Told(text, companies, rng.sample(others, 5))
        for name, change in changes.items():
            changed = change(known, rng)
            if changed is None or changed == text:
                continue
            score = scores[name]
            score.tried += 1
            stopped, refused = bool(faithful.unbacked(changed, facts)), judge(changed, text, facts).text is None
            score.checked += stopped
            score.judged += refused
            if refused == true_text:
                score.surprises.append(changed)
    return scores


def show(console: Console, title: str, scores: Mapping[str, Score]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("改法", "次数", "核对不通过", "连同完整性不采用"):
        table.add_column(heading, justify="left" if heading == "改法" else "right")
    total = Score(
        sum(s.tried for s in scores.values()),
        sum(s.checked for s in scores.values()),
        sum(s.judged for s in scores.values()),
    )
    for name, score in [*scores.items(), ("合计", total)]:
        if score.tried:
            shares = (f"{part / score.tried:.1%}" for part in (score.checked, score.judged))
            table.add_row(name, str(score.tried), *shares)
    console.print(table)
    for name, score in scores.items():
        for text in score.surprises[:SHOWN]:
            console.print(f"  出乎意料（{name}）：{text[:160]}", markup=False, soft_wrap=True)


def show_audit(console: Console, rows: Sequence[Mapping[str, Any]]) -> int:
    """Prints the audit; how many numbers were not found."""
    numbers, missed, kinds = 0, 0, Counter(row["kind"] for row in rows)
    audited = [row for row in rows if row["kind"] == "answer" and row["evidence"]]
    for row in audited:
        count, lost = audit(row)
        numbers += count
        missed += len(lost)
        if lost:
            console.print(
                f"  没有找到 {'、'.join(lost)}：{row['question']} → {row['answer'][:200]}", markup=False, soft_wrap=True
            )
    console.print(
        f"独立核对：{len(audited)}个答案里的{numbers}个数，{numbers - missed}个在依据里找到，{missed}个没有找到"
        f"（全部{len(rows)}题：答案{kinds['answer']}，拒答{kinds['refusal']}，概念{kinds['open']}）。"
    )
    return missed


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, default=ROOT / "data" / "test_questions.json")
    parser.add_argument("--database", default=DEFAULT_DATABASE)
    parser.add_argument("--table_file", type=Path, help="问题所问的表（csv、csv.gz、xlsx），导入一个临时数据库")
    parser.add_argument("--model", type=Path, default=DEFAULT_BASE)
    parser.add_argument("--audit_only", action="store_true", help="只做独立核对")
    options = parser.parse_args(argv)
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'table.sqlite3'}" if options.table_file else options.database
        if options.table_file:
            import_table(options.table_file, url)
        agent = build(Options(options.model, database=url))
        told, rows = conclusions(agent, options.questions)
        others = [full for full, *_ in agent.database.companies()]
        if not options.audit_only:
            unread = [(text, faithful.unbacked(text, facts)) for facts, text in told]
            unread = [(text, why) for text, why in unread if why]
            console.print(f"模板的{len(told)}个结论：{len(told) - len(unread)}个逐项核对通过，{len(unread)}个不通过。")
            for text, why in unread[:SHOWN]:
                console.print(f"  {'、'.join(why[:3])}：{text[:160]}", markup=False, soft_wrap=True)
            show(console, "改错的结论（应当不通过）", measure(told, WRONG, others, true_text=False))
            show(console, "换一种说法的结论（应当通过）", measure(told, HONEST, others, true_text=True))
        return 1 if show_audit(console, rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
