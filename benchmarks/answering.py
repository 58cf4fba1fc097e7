"""Answering questions several ways (benchmarks.ways) in turns: questions per second, positions computed, latency, memory.

Covered: the model's three calls for a question. A round asks each way in turn; rates are medians over the rounds with
[lowest, highest], ratios medians of the rounds' ratios. Positions are all that went through the base, padding included.
Latency is that of one question by itself. Memory is the peak above what one loaded base takes: on the CPU in a process of
its own, on CUDA what torch allocated. Answers must be those of our way.
Not covered: what agent does around the model (entities, guard, database), starting up.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich import box
from rich.table import Table
from transformers.utils import logging as transformers_logging

from agent.prompts import TASKS
from benchmarks.training import ROOT, resident, synchronize
from benchmarks.ways import WAYS, Answer, Ask, Setup, Source, ours

NAMES = {
    "reloaded": "a 每次加载",
    "resident": "a 三个常驻",
    "bare": "a 短提示词",
    "batched": "b 成批",
    "peft": "c PEFT",
    "ours": "d 引擎",
    "batched_roles": "b 长提示词",
    "ours_roles": "d 长提示词",
}
BEST = {"batched_roles": "ours_roles"}  # what a way is compared with; our way with bare prompts for all others
LEGEND = """a 教程的循环：每次调用重新加载／三个模型常驻／常驻且不带角色提示词；b transformers 成批生成，一批一个前缀；
c PEFT 切换适配器，成批生成；d 这里的引擎；长提示词：每题前面有教程的角色提示词（b 与 d 相比）。[最低, 最高]：各轮；位置：每题经过基座的位置，含补齐；
延迟：单独一题，p50 / p95；内存：峰值比载入一个基座多出的；相同：与 d 逐个词元相同的回答"""
ROLE_PROMPTS = ("reloaded", "resident", "batched_roles", "ours_roles")  # their answers are not compared
LOOPS = ("reloaded", "resident", "bare")  # always one question after the other


@dataclass(frozen=True)
class Plan:
    """How much is asked in a round: `batched` questions at once, `looped` by the loops, `reloaded` by the one that loads;
    `alone` one by one for latency, of the ways that take many at once."""

    rounds: int
    batched: int
    looped: int
    reloaded: int
    alone: int
    ways: tuple[str, ...] = tuple(WAYS)
    memory: bool = True

    def questions(self, way: str) -> int:
        return self.reloaded if way == "reloaded" else self.looped if way in LOOPS else self.batched


def questions(count: int) -> list[str]:
    """Questions of the NL2SQL test rows (names and amounts are stand-ins there), drawn by a fixed seed."""
    rows = json.loads((ROOT / "FinTrain" / "nl2sql" / "test.json").read_text(encoding="utf-8"))
    return random.Random(7).sample([row["question"] for row in rows], min(count, len(rows)))


def quiet() -> None:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def timed(ask: Ask, texts: Sequence[str]) -> tuple[float, list[Answer]]:
    """Seconds, and the answers."""
    synchronize()
    started = time.perf_counter()
    answers = ask(texts)
    synchronize()
    return time.perf_counter() - started, answers


@dataclass
class Measured:
    """One way over all rounds. seconds: of each round's `count` questions; alone: of single questions."""

    count: int
    seconds: list[float]
    alone: list[float]
    positions: float = 0.0
    answers: list[Answer] | None = None

    @property
    def rates(self) -> list[float]:
        """Questions per second, round by round."""
        return [self.count / seconds for seconds in self.seconds]


def one_round(way: str, ask: Ask, setup: Setup, texts: Sequence[str], alone: int, into: Measured) -> None:
    setup.tally.positions = 0
    if way in LOOPS:
        single = [timed(ask, [text]) for text in texts]
        seconds, into.answers = sum(s for s, _ in single), [answers[0] for _, answers in single]
    else:
        seconds, into.answers = timed(ask, texts)
    into.positions = setup.tally.positions / len(texts)
    into.seconds.append(seconds)
    into.alone += [s for s, _ in single] if way in LOOPS else [timed(ask, [text])[0] for text in texts[:alone]]


def lengths(setup: Setup, texts: Sequence[str]) -> None:
    """Notes how long each answer is, for the ways with role prompts."""
    for text, answer in zip(texts, ours(setup)(texts)):
        setup.lengths[text] = {task: min(len(answer[task]) + 1, setup.limits[task]) for task in TASKS}


def compare(source: Source, plan: Plan) -> dict[str, Any]:
    """Figures of each way; a way that memory does not suffice for has {"failed": why}."""
    quiet()
    texts = questions(plan.batched)
    ways = [way for way in plan.ways if way != "reloaded" or source.shape is None]
    memory = {way: peak_apart(way, source, texts[: plan.questions(way)]) for way in ways} if plan.memory else {}
    setup, asks, failed = Setup.load(source), {}, {}
    lengths(setup, texts)
    for way in ways:
        try:
            asks[way] = WAYS[way](setup)
            asks[way](texts[:1])
        except torch.OutOfMemoryError:
            failed[way] = {"failed": "内存不足"}
    found = {way: Measured(plan.questions(way), [], []) for way in asks}
    for _ in range(plan.rounds):
        for way, ask in asks.items():
            one_round(way, ask, setup, texts[: plan.questions(way)], plan.alone, found[way])
    return {way: figures(way, found, setup.fixed) | {"memory_mb": memory.get(way)} for way in found} | failed


def figures(way: str, found: dict[str, Measured], fixed: bool) -> dict[str, Any]:
    """What is reported of one way."""
    one, best = found[way], found.get(BEST.get(way, "ours"), found[way])
    low, high = percentiles(one.alone)
    return {
        "questions": one.count,
        "questions_per_second": spread(one.rates),
        "ours_is_faster": spread([b / o for b, o in zip(best.rates, one.rates)]),
        "positions_per_question": one.positions,
        "latency_p50_s": low,
        "latency_p95_s": high,
        "same_answers": None if way in ROLE_PROMPTS else same(one.answers or [], best.answers or [], fixed),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th."""
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    return cuts[9], cuts[18]


def same(answers: Sequence[Answer], wanted: Sequence[Answer], fixed: bool) -> float:
    """Share of answers that are equal, token for token; a class that was written to a fixed length is not compared."""
    tasks = [task for task in TASKS if not (fixed and task == "classify")]
    return statistics.mean(a[task] == w[task] for a, w in zip(answers, wanted) for task in tasks)


# -- memory -----------------------------------------------------------------------------------------------------------


def peak(way: str, source: Source, texts: Sequence[str]) -> float:
    """MB at the peak of one round, above what one loaded base takes."""
    quiet()
    setup = Setup.load(source)
    lengths(setup, texts[:1])  # what a first pass leaves behind belongs to no way
    setup.lengths.update(dict.fromkeys(texts, setup.lengths[texts[0]]))
    gc.collect()
    if setup.base.model.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 2**20
        WAYS[way](setup)(texts)
        return torch.cuda.max_memory_allocated() / 2**20 - before
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far was loading
    before = resident("VmRSS")
    WAYS[way](setup)(texts)
    return resident("VmHWM") - before


def peak_apart(way: str, source: Source, texts: Sequence[str]) -> float | None:
    """`peak` in a process of its own; None where the system does not tell (no /proc) or there is too little."""
    if sys.platform != "linux":
        return None
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imported once, for all ways
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(peak, way, source, texts).result()
        except (OSError, BrokenExecutor, torch.OutOfMemoryError):
            return None


# -- table ------------------------------------------------------------------------------------------------------------


def ranged(values: dict[str, float], digits: int = 1) -> str:
    """The median, and [lowest, highest] where there is more than one value."""
    if values["lowest"] == values["highest"]:
        return f"{values['median']:.{digits}f}"
    return f"{values['median']:.{digits}f} [{values['lowest']:.{digits}f}, {values['highest']:.{digits}f}]"


def table(results: dict[str, Any], title: str) -> Table:
    made = Table(title=title, box=box.SIMPLE_HEAD)
    made.add_column("做法", no_wrap=True)
    for heading in ("题/秒", "d 快几倍", "位置", "延迟 毫秒", "内存 MB", "相同"):
        made.add_column(heading, justify="right")
    for way, found in results.items():
        if "failed" in found:
            made.add_row(NAMES[way], found["failed"])
            continue
        equal, memory = found["same_answers"], found["memory_mb"]
        made.add_row(
            NAMES[way],
            ranged(found["questions_per_second"], 2),
            ranged(found["ours_is_faster"]),
            f"{found['positions_per_question']:.0f}",
            f"{found['latency_p50_s'] * 1000:.0f} / {found['latency_p95_s'] * 1000:.0f}",
            "—" if memory is None else f"{memory:.0f}",
            "—" if equal is None else f"{equal:.1%}",
        )
    return made
