"""A round of tuning: accepted labels become FinTrain rows, every seed gets its three prefixes, figures go into the manifest.

What is trained lies in folders named after the hash of all that decides it: the same command after a kill goes on from the last
checkpoint, and no round overwrites another.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import prompts
from agent.errors import CaibaoError
from agent.files import replaced
from agent.labelling import journal
from agent.labelling.desk import Desk
from agent.labelling.records import Label, Split
from agent.labelling.state import Labelled
from agent.model import DEFAULT_BASE, ROOT, find_prefixes
from agent.scoring.evaluate import load_rows

Row = dict[str, Any]
Tell = Callable[[str], None]
FINTRAIN = ROOT / "FinTrain"
_LENGTHS = {
    "classify": (96, 8),
    "keywords": (96, 64),
    "nl2sql": (160, 160),
}  # longest prompt and answer, as train.sh has them


@dataclass(frozen=True)
class Recipe:
    """How a round trains. seeds: one set of prefixes each; steps: of 16 rows, for each task; replay: rows of the base's own
    training data per grown row, so that what it could it still can; fresh: new prefixes instead of going on from the project's."""

    seeds: tuple[int, ...] = (7,)
    steps: int = 300
    learning_rate: float = 0.1
    replay: float = 1.0
    replayed: Path = FINTRAIN
    fresh: bool = False
    prefix_length: int = 32


def rows_of(task: str, name: str, question: str, label: Label, more: Row) -> Row | None:
    """The FinTrain row of one label; None where it says nothing for this task. question: as the models read it."""
    if task == "nl2sql":
        text, query = label.masked, label.sql
    elif task == "keywords":
        text, query = question, prompts.join_terms(label.keywords)
    else:
        text, query = question, prompts.LABEL_WORDS[label.label]
    if not text or not query:
        return None
    return {"id": name, "question_prompt": prompts.render(task, text), "question": text, "query": query, **more}


def fintrain(
    folder: Path,
    labelled: Mapping[Split, Sequence[Labelled]],
    children: Sequence[tuple[str, str, Label]],
    desk: Desk,
    recipe: Recipe,
) -> dict[str, int]:
    """Writes {task}/{split}.json; returns how many rows of each. children: (parent's id, question, label), to train on.

    Raises:
        CaibaoError: the folder cannot be written.
    """
    counts = {}
    for task in prompts.TASKS:
        for split, found in labelled.items():
            made: dict[tuple[str, str], Row] = {}
            for each in found:
                text = desk.read(each.asked.question).text
                row = rows_of(task, each.asked.id, text, each.label, {"origin": each.origin})
                if row:
                    made.setdefault((row["question"], row["query"]), row)
            if split == "train":
                for parent, question, label in children:
                    row = rows_of(
                        task, f"{parent}+", desk.read(question).text, label, {"origin": "child", "parent": parent}
                    )
                    if row:
                        made.setdefault((row["question"], row["query"]), row)
            counts[f"{task}/{split}"] = len(made)
            rows = [*made.values(), *(_replayed(task, len(made), recipe) if split == "train" else ())]
            _write(folder / task / f"{split}.json", rows)
    return counts


def _replayed(task: str, grown: int, recipe: Recipe) -> list[Row]:
    path = recipe.replayed / task / "train.json"
    if recipe.replay <= 0 or not path.exists():
        return []
    rows = load_rows(path)
    chosen = random.Random(f"{task} replay").sample(rows, min(len(rows), round(grown * recipe.replay)))
    return [{**row, "origin": "base"} for row in chosen]


def _write(path: Path, rows: Sequence[Row]) -> None:
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
    try:
        with replaced(path) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaibaoError(journal.unwritable(path, error)) from None


def data_hash(folder: Path) -> str:
    return journal.digest_of_files(sorted(folder.glob("*/*.json")))


def prefix_hash(folders: Sequence[Path]) -> str:
    """Of the weights of all prefixes in these folders."""
    return journal.digest_of_files([f / task / "prefix_encoder.safetensors" for f in folders for task in prompts.TASKS])


def base_hash(base: Path) -> str:
    return journal.digest_of_files(p for p in (base / "config.json", base / "model.safetensors") if p.exists())


def train(data: Path, folder: Path, base: Path, start: Path | None, recipe: Recipe, tell: Tell) -> list[Path]:
    """Trains every task with every seed; returns the folder of each seed. start: prefixes to go on from, None for new ones.

    Raises:
        CaibaoError: a training failed; its last line says why.
    """
    for seed in recipe.seeds:
        for task in prompts.TASKS:
            output = folder / f"seed-{seed}" / task
            if (output / "done").exists():
                tell(f"训练 {task}（种子{seed}）：已完成，跳过")
                continue
            tell(f"训练 {task}（种子{seed}）…")
            _run(_command(task, data, output, base, start, recipe, seed), output)
            (output / "done").write_text("", encoding="utf-8")
    return [folder / f"seed-{seed}" for seed in recipe.seeds]


def _command(
    task: str, data: Path, output: Path, base: Path, start: Path | None, recipe: Recipe, seed: int
) -> dict[str, Any]:
    source, target = _LENGTHS[task]
    begun = {"ptuning_checkpoint": str(start / task)} if start else {"pre_seq_len": recipe.prefix_length}
    return begun | {
        "do_train": True, "task_name": task, "model_name_or_path": str(base),
        "train_file": str(data / task / "train.json"), "prompt_column": "question_prompt", "response_column": "query",
        "max_source_length": source, "max_target_length": target, "learning_rate": recipe.learning_rate,
        "max_steps": recipe.steps, "per_device_train_batch_size": 16, "adam_beta2": 0.95,
        "logging_steps": max(1, recipe.steps // 20), "save_steps": max(10, recipe.steps // 4), "save_total_limit": 2,
        "seed": seed, "output_dir": str(output), "resume_from_checkpoint": "auto",
    }  # fmt: skip


def _run(arguments: dict[str, Any], output: Path) -> None:
    """python -m ptuning.main with these arguments, its output kept beside the prefix."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / "arguments.json").write_text(json.dumps(arguments, ensure_ascii=False, indent=1), encoding="utf-8")
        with open(output / "log.txt", "ab") as log:
            done = subprocess.run(
                [sys.executable, "-m", "ptuning.main", str((output / "arguments.json").resolve())],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
            )
    except OSError as error:
        raise CaibaoError(journal.unwritable(output, error)) from None
    if done.returncode:
        lines = (output / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = lines[-1][:300] if lines else f"退出码{done.returncode}"
        raise CaibaoError(f"训练没有完成（{why}），全部输出在 {output / 'log.txt'}；改正后再运行同一条命令会接着做。")


def losses(folder: Path) -> list[list[float]]:
    """[step, loss] as one training logged them."""
    try:
        history = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    except (OSError, ValueError, KeyError):
        return []
    return [[entry["step"], round(entry["loss"], 5)] for entry in history if "loss" in entry]


def starting_prefixes(model: str, prefixes: str) -> tuple[Path, Path]:
    """(base, prefixes) that a project begins with.

    Raises:
        CaibaoError: there are none.
    """
    base = Path(model) if model else DEFAULT_BASE
    return base, find_prefixes(base, Path(prefixes) if prefixes else None)


def write_tests(data: Path, labelled: Sequence[tuple[str, Label]], desk: Desk) -> None:
    """Writes {task}/test.json of labelled questions that are no part of the pool.

    Raises:
        CaibaoError: the folder cannot be written.
    """
    for task in prompts.TASKS:
        made = [rows_of(task, f"held-out-{n}", desk.read(q).text, label, {}) for n, (q, label) in enumerate(labelled)]
        _write(data / task / "test.json", [row for row in made if row])
