"""How our way grows: rows in a pass, prefixes, prompt length, model size; and decoding against memory bandwidth.

Every request writes the same number of tokens (no end tokens), so that the figures do not depend on what is written.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from rich import box
from rich.table import Table

from benchmarks.answering import Plan, compare, questions, quiet, ranged, spread
from benchmarks.training import synchronize
from benchmarks.ways import PREFIX_LENGTH, Setup, generate
from ptuning.answering.engine import Engine
from ptuning.answering.requests import Request
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel

Rows = list[dict[str, Any]]
TAIL = 16  # tokens of a prompt that its neighbours do not share


@dataclass(frozen=True)
class Sizes:
    """How much each table measures. Shapes: name → (plan's rounds, questions at once, questions in the loop)."""

    rounds: int = 3
    slots: tuple[int, ...] = (1, 4, 16, 64, 256)
    prefixes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    prompts: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    shapes: tuple[tuple[str, int, int, int], ...] = (("6m", 3, 32, 2), ("50m", 3, 96, 1), ("300m", 1, 8, 1))
    batches: tuple[int, ...] = (1, 8, 32, 128)
    new_tokens: int = 24


QUICK = Sizes(1, (1, 16, 64), (1, 8, 64), (32, 256), (("6m", 1, 8, 1), ("50m", 1, 4, 1)), (1, 8), 8)


def seconds(work: Callable[[], object]) -> float:
    synchronize()
    started = time.perf_counter()
    work()
    synchronize()
    return time.perf_counter() - started


def in_turns(rounds: int, works: dict[Any, Callable[[], object]]) -> dict[Any, list[float]]:
    """Seconds of each work in each round, taking turns."""
    found: dict[Any, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds(work))
    return found


def endless(setup: Setup, prefixes: dict[str, PrefixEncoder], graphs: bool = False) -> Engine:
    """An engine that writes until max_new_tokens; graphs: with recorded passes."""
    engine = Engine(setup.base.model, (), setup.base.tokenizer.pad_token_id, kept_answers=0, graphs=graphs)
    for name, encoder in prefixes.items():
        engine.add_prefix(name, encoder)
    return engine


def run(engine: Engine, requests: Sequence[Request]) -> None:
    """Raises: ValueError where a request has an error."""
    for result in engine.run(requests):
        if result.error:
            raise ValueError(result.error)


def mixed(setup: Setup, count: int, new_tokens: int) -> list[Request]:
    """Questions for the tasks in turn."""
    names = list(setup.encoders)
    tasks = [names[number % len(names)] for number in range(count)]
    return [Request(setup.prompt(t, text), t, new_tokens) for t, text in zip(tasks, questions(count))]


def slots(setup: Setup, sizes: Sizes) -> Rows:
    """Requests per second by the number of rows that share a pass; three times as many requests, at most 256."""
    engine = endless(setup, setup.encoders)
    counts = {rows: max(rows, min(3 * rows, 256)) for rows in sizes.slots}
    asked = mixed(setup, max(counts.values()), sizes.new_tokens)

    def work(rows: int) -> None:
        with patch("ptuning.answering.engine.MAX_SLOTS", rows):
            run(engine, asked[: counts[rows]])

    work(1)
    found = in_turns(sizes.rounds, {rows: partial(work, rows) for rows in sizes.slots})
    return [
        {
            "rows": rows,
            "requests_per_second": spread([counts[rows] / s for s in times]),
            "tokens_per_second": counts[rows] * sizes.new_tokens / statistics.median(times),
        }
        for rows, times in found.items()
    ]


def random_prefixes(setup: Setup, count: int) -> dict[str, PrefixEncoder]:
    """Prefixes of one length."""
    torch.manual_seed(0)
    config = PrefixConfig.for_model(setup.base.model, PREFIX_LENGTH)
    return {f"prefix {number}": PrefixEncoder(config).to(setup.base.model.device) for number in range(count)}


def prefixes(setup: Setup, sizes: Sizes) -> Rows:
    """Time per request by the number of prefixes among the same prompts; beside it transformers, one prefix a batch."""
    encoders = random_prefixes(setup, max(sizes.prefixes))
    engine, names = endless(setup, encoders), list(encoders)
    rows = [setup.prompt("nl2sql", text) for text in questions(max(sizes.prefixes))]

    def apart(count: int) -> None:
        for number in range(count):
            model = PrefixModel(setup.base.model, encoders[names[number]])
            generate(setup.base.model, rows[number::count], sizes.new_tokens, sizes.new_tokens, model)

    def together(count: int) -> None:
        run(engine, [Request(row, names[i % count], sizes.new_tokens) for i, row in enumerate(rows)])

    works: dict[Any, Callable[[], object]] = {}
    for count in sizes.prefixes:
        works["ours", count] = partial(together, count)
        works["batched", count] = partial(apart, count)
    together(1)
    found = in_turns(sizes.rounds, works)
    one = {way: found[way, sizes.prefixes[0]] for way in ("ours", "batched")}
    return [
        {
            "prefixes": count,
            "ms_per_request": statistics.median(found["ours", count]) * 1000 / len(rows),
            "relative_to_one": spread([s / first for s, first in zip(found["ours", count], one["ours"])]),
            "batched_ms_per_request": statistics.median(found["batched", count]) * 1000 / len(rows),
            "batched_relative_to_one": spread([s / f for s, f in zip(found["batched", count], one["batched"])]),
        }
        for count in sizes.prefixes
    ]


def prompts(setup: Setup, sizes: Sizes) -> Rows:
    """Requests per second by prompt length: 16 prompts that differ from the start, and 16 with all but their last tokens in common."""
    tokenizer = setup.base.tokenizer
    text = [id for question in questions(200) for id in tokenizer.encode(question, add_special_tokens=False)]
    name = next(iter(setup.encoders))

    def work(length: int, shared: bool) -> Callable[[], None]:
        needed = [text[at * TAIL :][:length] for at in range(16)]
        if shared:
            needed = [[*text[: length - TAIL], *row[:TAIL]] for row in needed]
        asked = [Request(row, name, sizes.new_tokens) for row in needed]
        return lambda: run(endless(setup, {name: setup.encoders[name]}), asked)  # an old one remembers beginnings

    lengths = [n for n in sizes.prompts if n <= min(len(text) // 2, setup.base.model.config.max_position_embeddings)]
    found = in_turns(sizes.rounds, {(n, shared): work(n, shared) for n in lengths for shared in (False, True)})
    return [
        {
            "prompt_tokens": length,
            "requests_per_second": spread([16 / s for s in found[length, False]]),
            "prompt_tokens_per_second": 16 * length / statistics.median(found[length, False]),
            "shared_requests_per_second": spread([16 / s for s in found[length, True]]),
        }
        for length in lengths
    ]


def shapes(setup: Setup, sizes: Sizes) -> Rows:
    """The tutorial's loop, batches and ours on random weights of growing size, where `setup` is."""
    rows = []
    for shape, rounds, at_once, looped in sizes.shapes:
        plan = Plan(rounds, at_once, looped, 0, 1, ("resident", "batched", "ours"), memory=False)
        results = compare(replace(setup.source, shape=shape), plan)
        rows.append({"shape": shape} | {way: found for way, found in results.items() if "failed" not in found})
    return rows


def bandwidth(setup: Setup, sizes: Sizes) -> Rows:
    """Decoding steps against memory: each reads all weights once. Beside it what copying reads and writes in a second, and on
    CUDA the same with recorded passes (ptuning.answering.recorded)."""
    model: Any = setup.base.model
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    weights = sum(p.numel() * p.element_size() for p in {*model.parameters(), *model.buffers()})
    if embedding.weight is not head.weight:
        weights -= embedding.weight.numel() * embedding.weight.element_size()  # looked up, not read
    copied = copy_bandwidth(model.device)
    engines = {"": endless(setup, setup.encoders)}
    if model.device.type == "cuda":
        engines["CUDA 图"] = endless(setup, setup.encoders, graphs=True)
    rows, steps = [], 4 * sizes.new_tokens
    for batch in sizes.batches:
        asked = mixed(setup, batch, 1)
        long = [replace(request, max_new_tokens=1 + steps) for request in asked]
        works = {}
        for name, engine in engines.items():
            run(engine, long)
            works |= {(name, 1): partial(run, engine, asked), (name, steps): partial(run, engine, long)}
        found = in_turns(sizes.rounds, works)
        for name in engines:
            a_step = [(every - one) / steps for one, every in zip(found[name, 1], found[name, steps])]
            rows.append(
                {
                    "batch": batch,
                    "engine": name,
                    "tokens_per_second": spread([batch / s for s in a_step]),
                    "weights_gb_per_second": spread([weights / s / 1e9 for s in a_step]),
                    "share_of_copy": weights / statistics.median(a_step) / copied,
                }
            )
    return rows


def copy_bandwidth(device: torch.device) -> float:
    """Bytes read and written in a second by copying 256 MB (CUDA: 2 GB); the best of five."""
    source = torch.empty(2**31 if device.type == "cuda" else 2**28, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    return 2 * source.numel() / min(seconds(lambda: target.copy_(source)) for _ in range(5))


TABLES: dict[str, tuple[Callable[[Setup, Sizes], Rows], str]] = {
    "slots": (slots, "一次处理多少行"),
    "prefixes": (prefixes, "同时用多少个前缀"),
    "prompts": (prompts, "问题多长"),
    "shapes": (shapes, "模型多大（随机权重，题/秒）"),
    "bandwidth": (bandwidth, "生成速度与内存带宽"),
}
HEADINGS = {
    "rows": "行", "requests_per_second": "请求/秒", "tokens_per_second": "词元/秒", "prefixes": "前缀",
    "ms_per_request": "毫秒/请求", "relative_to_one": "比一个前缀",
    "batched_ms_per_request": "一批一个：毫秒/请求", "batched_relative_to_one": "倍",
    "prompt_tokens": "词元", "prompt_tokens_per_second": "读的词元/秒", "shared_requests_per_second": "开头相同时请求/秒",
    "batch": "行", "engine": "引擎", "weights_gb_per_second": "读权重 GB/秒", "share_of_copy": "占复制带宽",
    "shape": "大小", "resident": "a 循环", "batched": "b 成批", "ours": "d 引擎",
}  # fmt: skip


def measure(name: str, setup: Setup, sizes: Sizes) -> Rows:
    quiet()
    return TABLES[name][0](setup, sizes)


def table(name: str, rows: Rows) -> Table:
    made = Table(title=TABLES[name][1], box=box.SIMPLE_HEAD)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    for key in keys:
        made.add_column(HEADINGS[key], justify="right")
    for row in rows:
        made.add_row(*(shown(key, row.get(key)) for key in keys))
    return made


def shown(key: str, value: Any) -> str:
    """A figure for reading."""
    if value is None:
        return "内存不足"
    if isinstance(value, dict) and "ours_is_faster" in value:
        faster = "" if key == "ours" else f" (d 快 {value['ours_is_faster']['median']:.1f} 倍)"
        return ranged(value["questions_per_second"], 2) + faster
    if isinstance(value, dict):
        return ranged(value, 2)
    if key == "share_of_copy":
        return f"{value:.0%}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
