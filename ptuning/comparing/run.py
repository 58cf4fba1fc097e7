"""Runs what a comparison asks for; every finished run has a file, so one that was killed goes on with the next."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from ptuning.comparing.config import Cell, Comparison
from ptuning.comparing.serving import serving_cost
from ptuning.errors import PtuningError
from ptuning.files import read_json, write_text

Main = Callable[[list[str]], int]  # ptuning.main's
BASE = "RawModels/caibao-mini"  # as ptuning.main's
ABSENT = "没有叫“{name}”的分数（有：{known}），请改任务的 score。"


class Runner:
    """main: what a run is. say: is told what is being done."""

    def __init__(self, comparison: Comparison, main: Main, say: Callable[[str], None]) -> None:
        self._of, self._main, self._say = comparison, main, say
        self._cells = comparison.output / "cells"

    def run(self) -> list[dict[str, Any]]:
        """All results. With the first seed every setting is tried; the other seeds run the one that is best on validation."""
        results = [self._result(cell) for task in self._of.tasks if (cell := self._of.untuned(task))]
        for task, entry in self._of.pairs():
            first, *others = self._of.seeds
            tried = [self._result(self._of.cell(task, entry, s, first)) for s in self._of.settings(entry)]
            best = max(tried, key=lambda result: validation(result))
            best["chosen"] = True
            results += tried
            for seed in others:
                results.append(self._result(self._of.cell(task, entry, best["settings"], seed)) | {"chosen": True})
        return results

    def _result(self, cell: Cell) -> dict[str, Any]:
        path = self._cells / f"{cell.key}.json"
        if path.exists():
            return read_json(path)
        self._say(f"{cell.task}  {cell.entry}  {_short(cell.settings)}  种子{cell.seed}")
        result = self._measured(cell)
        write_text(path, json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        return result

    def _measured(self, cell: Cell) -> dict[str, Any]:
        """A run that fails is a result, too: what it said stands there instead of scores."""
        folder = self._cells / f"{cell.key}.{os.getpid()}"  # two comparisons at once do not meet
        shutil.rmtree(folder, ignore_errors=True)
        known: dict[str, Any] = {
            "task": cell.task,
            "entry": cell.entry,
            "settings": dict(cell.settings),
            "seed": cell.seed,
        }
        try:
            return known | (self._trained(cell, folder) if cell.seed else self._scored(cell, folder, None))
        except PtuningError as error:
            self._say(f"  没有完成：{error}")
            return known | {"error": str(error), "epochs": {}}
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _trained(self, cell: Cell, folder: Path) -> dict[str, Any]:
        started = time.monotonic()
        words = {"save_strategy": "epoch", "save_only_model": True, "seed": cell.seed, "logging_steps": 20}
        self._call({**words, **cell.arguments, "do_train": True, "output_dir": folder})
        minutes = (time.monotonic() - started) / 60
        trained = read_json(folder / "train_results.json")
        found: dict[str, Any] = {"minutes": minutes, "numbers": trained["trained_numbers"], "epochs": {}}
        saved = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        for epoch in self._of.epochs:
            if epoch <= len(saved):
                found["epochs"][str(epoch)] = self._scored(cell, folder / f"scores-{epoch}", saved[epoch - 1])[
                    "epochs"
                ]["0"]
        if saved and cell.arguments.get("head", "lm") == "lm" and "template" not in cell.arguments:
            found |= serving_cost({"model_name_or_path": BASE, **cell.arguments}, saved[-1])
        return found

    def _scored(self, cell: Cell, folder: Path, checkpoint: Path | None) -> dict[str, Any]:
        given = {name: value for name, value in cell.arguments.items() if name not in ("method", *cell.settings)}
        given.pop("num_train_epochs", None)
        bits = {name: value for name, value in cell.settings.items() if name.startswith("quantization")}
        more = {"ptuning_checkpoint": checkpoint} if checkpoint else {}
        self._call({**given, **bits, **more, "do_eval": True, "do_predict": True, "output_dir": folder})
        held, test = (read_json(folder / f"{split}_results.json") for split in ("eval", "predict"))
        name = self._of.scores[cell.task]
        if f"predict_{name}" not in test:
            known = "、".join(key.removeprefix("predict_") for key, value in test.items() if isinstance(value, float))
            raise PtuningError(f"任务“{cell.task}”" + ABSENT.format(name=name, known=known))
        scores = {"validation": held[f"eval_{name}"], "test": test[f"predict_{name}"]}
        return {"epochs": {"0": scores | {"ms": 1000 * test["predict_runtime"] / test["predict_samples"]}}}

    def _call(self, arguments: Mapping[str, Any]) -> None:
        errors = io.StringIO()
        with redirect_stderr(errors), redirect_stdout(io.StringIO()):
            code = self._main(words(arguments))
        if code == 130:
            raise KeyboardInterrupt
        if code:
            lines = errors.getvalue().strip().splitlines() or ["ptuning.main 没有说明原因"]
            raise PtuningError(lines[-1])


def words(arguments: Mapping[str, Any]) -> list[str]:
    """As ptuning.main's command line; true is a bare flag's value, a list several values."""
    found: list[str] = []
    for name, value in arguments.items():
        values: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
        found += [f"--{name}", *(str(item) for item in values)]
    return found


def validation(result: Mapping[str, Any]) -> float:
    """The best score on the validation split, whatever the epoch; below all for a run that failed."""
    return max((scores["validation"] for scores in result["epochs"].values()), default=-1.0)


def _short(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items() if name != "method")
