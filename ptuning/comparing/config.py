"""What is compared: tasks, methods with their settings, epochs and seeds; and the runs that follow from it.

{"output": "output/compare", "epochs": [1, 5, 10], "seeds": [1, 2, 3],
 "common": {"model_name_or_path": "RawModels/caibao-mini", "max_source_length": 96},
 "tasks": {"classify": {"train_file": "…", "validation_file": "…", "test_file": "…", "score": "accuracy"}},
 "methods": {"lora": {"lora_r": [4, 8], "learning_rate": [0.002, 0.005]}, "full": {}}}

common, tasks and methods hold arguments of ptuning.main; a later one goes before an earlier one. A list in a method's
settings is tried, each of its values with each of the others', and what is best on the validation split is kept.
An entry of methods may name its method ("method": "lora"), so that one method may stand there several times.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError
from ptuning.files import read_json

UNTUNED = "untuned"
FILES = ("train_file", "validation_file", "test_file")


@dataclass(frozen=True)
class Cell:
    """One training run: a task, an entry of methods, one of its settings, a seed."""

    task: str
    entry: str
    settings: Mapping[str, Any]
    seed: int
    arguments: Mapping[str, Any]  # all of ptuning.main's

    @property
    def key(self) -> str:
        """A file name that changes with anything that changes the result."""
        text = json.dumps([self.arguments, self.seed], sort_keys=True, ensure_ascii=False)
        return f"{self.task}--{self.entry}--{self.seed}--{hashlib.sha256(text.encode()).hexdigest()[:10]}"


@dataclass(frozen=True)
class Comparison:
    """scores: task → the figure it is judged by."""

    output: Path
    epochs: tuple[int, ...]
    seeds: tuple[int, ...]
    common: Mapping[str, Any]
    tasks: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, str]

    def settings(self, entry: str) -> list[dict[str, Any]]:
        """All combinations of an entry's listed values."""
        given = self.methods[entry]
        listed = {name: value for name, value in given.items() if isinstance(value, list)}
        return [dict(given) | dict(zip(listed, chosen)) for chosen in itertools.product(*listed.values())]

    def cell(self, task: str, entry: str, settings: Mapping[str, Any], seed: int) -> Cell:
        arguments = {**self.common, **self.tasks[task], **settings, "num_train_epochs": max(self.epochs)}
        arguments.setdefault("method", entry)
        return Cell(task, entry, settings, seed, arguments)

    def untuned(self, task: str) -> Cell | None:
        """The base as it is; None for a head, which is nothing before it is trained."""
        arguments = {**self.common, **self.tasks[task]}
        if arguments.get("head", "lm") != "lm":
            return None
        return Cell(task, UNTUNED, {}, 0, arguments)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """(task, entry of methods)"""
        yield from itertools.product(self.tasks, self.methods)


def read_comparison(path: str | Path) -> Comparison:
    """Raises PtuningError: the file is missing or damaged; a part of it is missing or of the wrong kind."""
    path = Path(path)
    content = read_json(path)
    known = {"output", "epochs", "seeds", "common", "tasks", "methods"}
    if unknown := set(content) - known:
        raise PtuningError(f"{path} 里不认识“{'”“'.join(sorted(unknown))}”，可用的有 {'、'.join(sorted(known))}。")
    for name in ("tasks", "methods"):
        if not isinstance(content.get(name), dict) or not content[name]:
            raise PtuningError(f"{path} 的 {name} 应是 {{名字: {{参数: 值}}}}，至少一个。")
        for key, value in content[name].items():
            if not isinstance(value, dict):
                raise PtuningError(f"{path} 的 {name} 里“{key}”应是 {{参数: 值}}。")
    epochs, seeds = (_numbers(content.get(name, [1]), name, path) for name in ("epochs", "seeds"))
    tasks = {name: dict(task) for name, task in content["tasks"].items()}
    common = content.get("common", {})
    for name, task in tasks.items():
        if absent := [file for file in FILES if file not in {**common, **task}]:
            raise PtuningError(f"{path} 的任务“{name}”缺少 {'、'.join(absent)}，请补上。")
    scores = {name: str(task.pop("score", "exact_match")) for name, task in tasks.items()}
    output = Path(content.get("output", "output/compare"))
    return Comparison(output, epochs, seeds, common, tasks, content["methods"], scores)


def _numbers(value: Any, name: str, path: Path) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(n, int) and n > 0 for n in value):
        raise PtuningError(f"{path} 的 {name} 应是正整数的列表，例如 [1, 5, 10]。")
    return tuple(sorted(set(value)))
