"""The model's calls that a file of questions makes, as it is: transformers' generate in batches against the engine.

python -m benchmarks.workload                                                  # the sample questions over the sample table
python -m benchmarks.workload questions.jsonl --database sqlite:///company.sqlite3       # your own

The pipeline answers the questions once and every call of the model is noted: task and texts, chunk by chunk. Both ways then
answer these calls in turns: (b) generate, one prefix a batch of 32; (d) the engine, which answers alike requests once, also
those of earlier calls. Greedy, without grammars, so that the answers are to be the same token for token; their share is told.
Questions are masked before the model reads them (another company, year or amount is the same question), so a file in which
people ask for the same things of many companies has far fewer different requests than requests.
Not covered: what agent does around the model, and asking again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from agent.building import Options, assemble, load_model, open_database
from agent.faces.batch import CHUNK, read_questions
from agent.model import DEFAULT_BASE, PrefixTunedGlm
from agent.records import Candidate
from benchmarks import ROOT
from benchmarks.answering import quiet, ranged, spread
from benchmarks.handwritten import sample_database
from benchmarks.ways import BATCH, Setup, Source, answer_of, generate, new_engine, request
from ptuning.methods.prefix.model import PrefixModel

SAMPLE_QUESTIONS = ROOT / "data" / "test_questions.json"


@dataclass(frozen=True)
class Call:
    task: str
    texts: tuple[str, ...]


@dataclass
class Recording:
    """A language model that notes what it is asked and lets another answer."""

    model: PrefixTunedGlm
    calls: list[Call] = field(default_factory=list)

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        self.calls.append(Call(task, tuple(texts)))
        return self.model.choose(task, texts, choices)

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        self.calls.append(Call(task, tuple(texts)))
        return self.model.write(task, texts, grammars)

    def candidates(
        self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
    ) -> list[list[Candidate]]:
        """Only the first answers are noted: further candidates are no part of what is compared."""
        if n == 1:
            self.calls.append(Call(task, tuple(texts)))
        return self.model.candidates(task, texts, grammars, n)

    def phrase(self, prompts: Sequence[str]) -> list[str]:
        return self.model.phrase(prompts)


def record(questions: Path, url: str, base: Path, prefixes: Path) -> list[Call]:
    """The calls of answering the questions, in their order.

    Raises:
        CaibaoError: the file has no questions, or the database cannot be read.
    """
    asked = read_questions(questions).questions
    wanted = Options(base, prefixes, url)
    recording = Recording(load_model(wanted))
    pipeline = assemble(recording, open_database(wanted))
    for at in range(0, len(asked), CHUNK):
        pipeline.answer(asked[at : at + CHUNK])
    return recording.calls


Ask = Callable[[Call], list[tuple[int, ...]]]


def engine(setup: Setup) -> Ask:
    """Call after call on one engine, which keeps answers as it does for the agent."""
    made = new_engine(setup, keep=True)

    def ask(call: Call) -> list[tuple[int, ...]]:
        asked = [request(setup, call.task, text) for text in call.texts]
        return [answer_of(one, result) for one, result in zip(asked, made.run(asked))]

    return ask


def batched(setup: Setup) -> Ask:
    """Call after call by generate, in the order of the texts."""
    models = {task: PrefixModel(setup.base.model, encoder) for task, encoder in setup.encoders.items()}

    def ask(call: Call) -> list[tuple[int, ...]]:
        rows = [setup.prompt(call.task, text) for text in call.texts]
        batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
        most, prefix = setup.limits[call.task], models[call.task]
        return [answer for batch in batches for answer in generate(setup.base.model, batch, most, prefix=prefix)]

    return ask


def compare(setup: Setup, calls: Sequence[Call], rounds: int) -> dict[str, Any]:
    """Seconds of each way in each round, the ratio, and what the calls are."""
    seconds: dict[str, list[float]] = {"batched": [], "engine": []}
    answers: dict[str, list[list[tuple[int, ...]]]] = {}
    for _ in range(rounds):
        for name, way in (("batched", batched), ("engine", engine)):
            ask = way(setup)  # anew: nothing is kept from the round before
            started = time.perf_counter()
            answers[name] = [ask(call) for call in calls]
            seconds[name].append(time.perf_counter() - started)
    same = [a == b for one, two in zip(answers["batched"], answers["engine"]) for a, b in zip(one, two)]
    every = [(call.task, text) for call in calls for text in call.texts]
    return {
        "requests": len(every),
        "different": len(set(every)),
        "seconds": {name: spread(times) for name, times in seconds.items()},
        "engine_is_faster": spread([b / d for b, d in zip(seconds["batched"], seconds["engine"])]),
        "same_answers": statistics.mean(same),
    }


def table(found: dict[str, Any], title: str) -> Table:
    made = Table(title=title, box=box.SIMPLE_HEAD)
    for heading in ("请求", "不同的请求", "b 成批 秒", "d 引擎 秒", "d 快几倍", "相同"):
        made.add_column(heading, justify="right")
    made.add_row(
        str(found["requests"]),
        str(found["different"]),
        ranged(found["seconds"]["batched"]),
        ranged(found["seconds"]["engine"]),
        ranged(found["engine_is_faster"]),
        f"{found['same_answers']:.2%}",
    )
    return made


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.workload", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("questions", type=Path, nargs="?", default=SAMPLE_QUESTIONS, help="题目文件，默认是样例题目")
    made.add_argument("--database", help="题目所问的数据库；默认导入样例表到一个临时的SQLite")
    made.add_argument("--model", type=Path, default=DEFAULT_BASE, help="基座文件夹，里面有 prefix/{classify,keywords,nl2sql}")
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--output", type=Path, default=ROOT / "output" / "benchmarks" / "workload.json")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    quiet()
    prefixes = options.model / "prefix"
    if options.database:
        calls = record(options.questions, options.database, options.model, prefixes)
    else:
        with sample_database() as url:
            calls = record(options.questions, url, options.model, prefixes)
    found = compare(Setup.load(Source(options.model)), calls, options.rounds)
    Console(width=max(Console().width, 110)).print(table(found, f"{options.questions.name} 的模型调用"))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"数字在 {options.output}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
