"""Questions that people wrote (data/handwritten.jsonl), answered by the whole pipeline and scored against gold SQL.

python -m benchmarks.handwritten                                  # the sample table in a temporary SQLite, under a minute
python -m benchmarks.handwritten --family kth growth --failures   # two families, and what went wrong

A question is right where the kind is right (answer, refusal, open), every cell of the gold SQL stands in the answer as it is
to be printed, no company stands there that the gold does not have (where it names companies), ranked names come in order,
and every word of `expect` is there ("a|b": one of them). The questions came in four rounds, each written without looking at
the program; after each the program was mended where it was wrong, so only a round's first figure, before that, tells how it
does on questions that it has not seen (README). Nothing is to be trained on them.
Covered: linking, class, columns, SQL, execution, the sentence. Not covered: whether a value stands beside the right name.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy
from rich.console import Console
from rich.table import Table

from agent.building import Options, build
from agent.faces.batch import CHUNK
from agent.model import DEFAULT_BASE
from agent.pipeline import Pipeline
from agent.reading.report_text import NO_REPORT_TEXT
from agent.records import Question
from agent.scoring.evaluate import load_rows, score
from agent.table.importer import import_table
from agent.telling.trace import as_json
from benchmarks import ROOT

QUESTIONS = ROOT / "data" / "handwritten.jsonl"
SAMPLE = ROOT / "data" / "company_table.csv"
KINDS = ("answer", "refusal", "open")
STYLES, ROUNDS = ("plain", "colloquial"), (1, 2, 3, 4)
FAMILIES = (
    "field_money", "fields_several", "field_text", "headcount", "ratio", "per_share", "growth", "change_between_years",
    "several_years_one_company", "sum_or_average_over_years_one_company", "same_person", "compare_companies",
    "top_bottom_k", "kth", "ranking_of_computed", "ranking_with_place", "ranking_with_threshold", "attribute_of_kth",
    "count_threshold", "count_place", "count_combined", "list_filter", "average_sum", "ranking_over_years",
    "intersection_years", "union_years", "relative_years", "units_rounding", "refusal", "open",
)  # fmt: skip
MAGNITUDE = ("change_between_years", "compare_companies")  # a difference may be told as 减少5 or as -5
LOOSEST = Decimal("0.005")  # what is rounded to 18.20 comes from the database as 18.2

Row = dict[str, Any]
Cells = Sequence[Sequence[Any]]
_NUMBER = re.compile(r"(?<![\d.])-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Gold:
    """What an answer must hold. others: companies that it may not name."""

    rows: Cells
    ranked: bool = False
    counted: bool = False
    magnitude: bool = False
    others: tuple[str, ...] = ()


def plain(text: object) -> str:
    """NFKC, without white space and thousands separators."""
    text = unicodedata.normalize("NFKC", str(text)).replace("−", "-")
    return re.sub(r"\s+|(?<=\d),(?=\d{3}(?!\d))", "", text)


def numbers(text: str) -> list[Decimal]:
    """Number tokens of a plain text; in 2019-2021 nothing is negative."""
    return [Decimal(found) for found in _NUMBER.findall(re.sub(r"(?<=\d)-(?=\d)", " ", text))]


def tolerance(value: Decimal) -> Decimal:
    """Half a unit of the last printed digit, at most half a cent."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return min(Decimal(5).scaleb(exponent - 1), LOOSEST)


def number_stands_in(value: Decimal, answer: str, magnitude: bool = False) -> bool:
    """Some number of the answer is the value; magnitude: with either sign."""
    found = numbers(answer)
    if magnitude:
        value, found = abs(value), [abs(number) for number in found]
    return any(abs(number - value) <= tolerance(value) for number in found)


def text_at(text: str, answer: str, start: int = 0) -> int:
    """Where a text ends in the answer, -1 where it does not stand; digits of a code are never part of longer digits."""
    before, after = r"(?<!\d)" if text[:1].isdigit() else "", r"(?!\d)" if text[-1:].isdigit() else ""
    found = re.compile(before + re.escape(text) + after).search(answer, start)
    return found.end() if found else -1


def word_stands_in(word: str, answer: str) -> bool:
    """One of the alternatives of an expected word, and not its negation: 相同 is not in 不相同."""
    return any(re.search(f"(?<!不){re.escape(plain(choice))}", answer) for choice in word.split("|"))


def in_order(texts: Sequence[str], answer: str) -> bool:
    """Each text stands behind the one before."""
    end = 0
    for text in texts:
        end = text_at(text, answer, end)
        if end < 0:
            return False
    return True


def missing_cells(gold: Gold, answer: str) -> list[str]:
    """Cells that do not stand in the plain answer; a count must be followed by 家."""
    absent = []
    for cell in (cell for row in gold.rows for cell in row):
        if gold.counted:
            stands = text_at(f"{cell}家", answer) >= 0
        elif isinstance(cell, str):
            stands = text_at(plain(cell), answer) >= 0
        else:
            stands = number_stands_in(Decimal(str(cell)), answer, gold.magnitude)
        if not stands:
            absent.append(str(cell))
    return absent


def foreign(gold: Gold, answer: str) -> list[str]:
    """Companies in the answer that the gold does not have; a name inside a gold name is none."""
    for row in gold.rows:
        for cell in row:
            if isinstance(cell, str):
                answer = answer.replace(plain(cell), "")
    return [name for name in gold.others if plain(name) in answer]


def faults(row: Row, gold: Gold, kind: str, answer: str) -> list[str]:
    """What is wrong with an answer, in words; nothing where it is right."""
    if kind != row["kind"] and not (row["kind"] == "open" and answer == NO_REPORT_TEXT):
        return [f"是{kind}，应是{row['kind']}"]
    text = plain(answer)
    found = [f"缺{cell}" for cell in missing_cells(gold, text)]
    found += [f"多{name}" for name in foreign(gold, text)]
    found += [f"缺“{word}”" for word in row.get("expect", ()) if not word_stands_in(word, text)]
    names = [plain(cells[0]) for cells in gold.rows if isinstance(cells[0], str)]
    if gold.ranked and not found and not in_order(names, text):
        found.append("次序不对")
    return found


def gold_of(row: Row, cells: Cells, companies: Sequence[str]) -> Gold:
    """What the cells of the gold SQL ask for: a statement that ends in LIMIT ranks, one of COUNT(*) counts."""
    sql = row["sql"] or ""
    named = {cell for line in cells for cell in line} & set(companies)
    return Gold(
        cells,
        bool(re.search(r"LIMIT \d+(?: OFFSET \d+)?$", sql)),
        sql.startswith("SELECT COUNT("),
        row["family"] in MAGNITUDE,
        tuple(name for name in companies if name not in named) if named else (),
    )


def gold_cells(url: str, rows: Sequence[Row]) -> list[Cells]:
    """The rows of each gold SQL, none where a question has none."""
    with sqlalchemy.create_engine(url).connect() as connection:
        return [
            [tuple(line) for line in connection.execute(sqlalchemy.text(row["sql"]))] if row["sql"] else []
            for row in rows
        ]


@contextmanager
def sample_database() -> Iterator[str]:
    """URL of a temporary SQLite with the sample table."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/sample.sqlite3"
        import_table(SAMPLE, url)
        yield url


def measure(pipeline: Pipeline, url: str, rows: Sequence[Row]) -> list[Row]:
    """Each question with its answer, its gold, its faults, and the trace of the pipeline."""
    companies = [full for full, _, _ in pipeline.database.companies()]
    found = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        traces = pipeline.answer([Question(row["id"], row["question"]) for row in part])
        for row, cells, trace in zip(part, gold_cells(url, part), traces):
            wrong = faults(row, gold_of(row, cells, companies), trace.answer.kind, trace.answer.text)
            trace_row = as_json(trace)
            trace_row.pop("evidence")
            trace_row["answer_kind"] = trace_row.pop("kind")
            found.append({**row, "gold": [list(map(str, line)) for line in cells], "faults": wrong, **trace_row})
    return found


def figures(found: Sequence[Row]) -> dict[str, Any]:
    """{total, family: {name}, style: {name}, round: {number}} as [right, questions]."""
    right = [not row["faults"] for row in found]
    parts = {part: score([str(row[part]) for row in found], right) for part in ("family", "style", "round")}
    return {"total": [sum(right), len(right)], **{part: dict(scored.by) for part, scored in parts.items()}}


def table(counts: dict[str, Any]) -> Table:
    made = Table("题型", "题数", "对", "%", title="手写问题，整个流程")
    order = [("round", f"{number}") for number in ROUNDS] + [("style", name) for name in STYLES]
    order += [("family", name) for name in FAMILIES]
    lines = [(f"第{n}轮" if part == "round" else n, counts[part][n]) for part, n in order if n in counts[part]]
    for name, (right, total) in [("全部", counts["total"]), *lines]:
        made.add_row(name, str(total), str(right), f"{100 * right / max(total, 1):.1f}")
    return made


def show_failures(screen: Console, found: Sequence[Row]) -> None:
    for row in found:
        if row["faults"]:
            gold = "；".join("，".join(line) for line in row["gold"]) or row["kind"]
            lines = (
                row["id"],
                row["question"],
                f"答：{row['answer']}",
                f"应：{gold}",
                f"错：{'，'.join(row['faults'])}",
            )
            screen.print("\n  ".join(lines), markup=False, highlight=False, soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.handwritten",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--model", type=Path, default=DEFAULT_BASE, help="基座文件夹")
    made.add_argument("--prefixes", type=Path, help="三个前缀的目录；默认是训练得到的，没有时是基座附带的")
    made.add_argument("--database", help="已导入样例表的数据库；默认导入到一个临时的SQLite")
    made.add_argument("--family", nargs="+", choices=FAMILIES, metavar="NAME", help="只要这几个题型")
    made.add_argument("--failures", action="store_true", help="列出答错的题：问题、答案、应有的值")
    made.add_argument("--output", type=Path, default=ROOT / "output" / "benchmarks" / "handwritten.json")
    return made


def run(options: argparse.Namespace, url: str) -> None:
    rows = [row for row in load_rows(QUESTIONS) if not options.family or row["family"] in options.family]
    found = measure(build(Options(options.model, options.prefixes, url)), url, rows)
    counts, screen = figures(found), Console()
    if options.failures:
        show_failures(screen, found)
    screen.print(table(counts))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    written = json.dumps({"figures": counts, "questions": found}, ensure_ascii=False, indent=1)
    options.output.write_text(written + "\n", encoding="utf-8")
    print(f"数字和每题的答案在 {options.output}。")


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    if options.database:
        run(options, options.database)
    else:
        with sample_database() as url:
            run(options, url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
