"""The figures as tables on the screen and in a JSON file, and the summary that training ends with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.model import LanguageModel
from agent.scoring import evaluate
from agent.scoring.evaluate import Score
from agent.table.database import Database

TASKS = ("classify", "keywords", "nl2sql", "answers")


@dataclass(frozen=True)
class Files:
    """What is scored. data: the folder with each task's test.json; answers of a batch, and gold: what they should be."""

    data: Path
    answers: Path
    gold: Path


def _as_json(score: Score) -> dict[str, Any]:
    return {
        "right": score.right,
        "total": score.total,
        "share": round(score.share, 4),
        "by": {part: list(pair) for part, pair in score.by.items()},
    }


def scores(tasks: Sequence[str], files: Files, model: LanguageModel, database: Database) -> dict[str, Score]:
    """Every asked figure by its printed name; no tasks: all, the answers where there are any."""
    found: dict[str, Score] = {}
    for task in tasks or [t for t in TASKS if t != "answers" or files.answers.exists()]:
        if task == "answers":
            found["批量答案 每个金标准值都在答案里"] = evaluate.score_answers(files.gold, files.answers)
            continue
        rows = evaluate.load_rows(files.data / task / "test.json")
        if task == "classify":
            found["classify 准确率（模型单独）"] = evaluate.classify_score(model, rows)
        elif task == "keywords":
            found["keywords 完全匹配（模型单独）"] = evaluate.keywords_score(model, rows)
        else:
            found["nl2sql 完全匹配（模型单独）"], found["nl2sql 执行准确率（模型单独）"] = evaluate.nl2sql_score(
                model, rows, database
            )
    return found


def show(console: Console, name: str, score: Score) -> None:
    """The total, and each part that is not perfect."""
    table = Table(title=f"{name}：{score.share:.1%}（{score.right}/{score.total}）", title_justify="left")
    for heading in ("部分", "对", "共", "比例"):
        table.add_column(heading, justify="left" if heading == "部分" else "right")
    for part, (right, total) in score.by.items():
        table.add_row(part, str(right), str(total), f"{right / total:.0%}", style=None if right == total else "yellow")
    console.print(table)


def _losses(folder: Path) -> Table:
    """What the training of each prefix has logged."""
    losses = Table(title="训练", title_justify="left")
    for heading in ("任务", "步数", "开始的损失", "最后的损失", "秒", "前缀"):
        losses.add_column(heading)
    for state_file in sorted(folder.glob("prefix/*/trainer_state.json")):
        history = json.loads(state_file.read_text(encoding="utf-8"))["log_history"]
        logged = [entry["loss"] for entry in history if "loss" in entry]
        seconds = next((entry["train_runtime"] for entry in history if "train_runtime" in entry), 0)
        losses.add_row(
            state_file.parent.name,
            str(history[-1]["step"]),
            *(f"{x:.4f}" for x in (logged[0], logged[-1])),
            f"{seconds:.0f}",
            str(state_file.parent),
        )
    return losses


def _totals(found: dict[str, Any]) -> Table:
    totals = Table(title="评测", title_justify="left")
    for heading in ("项目", "对", "共", "比例", "不满分的部分"):
        totals.add_column(heading)
    for name, figures in found.items():
        weak = "、".join(f"{part} {right}/{total}" for part, (right, total) in figures["by"].items() if right < total)
        totals.add_row(name, str(figures["right"]), str(figures["total"]), f"{figures['share']:.1%}", weak)
    return totals


def summary(folder: Path) -> int:
    """What train.sh ends with: losses, scores, where the files are, what to type next; 1 where nothing is there yet."""
    console = Console()
    console.print(_losses(folder))
    path = folder / "scores.json"
    if not path.exists():
        console.print("还没有评测，请运行 bash evaluate.sh。")
        return 1
    console.print(_totals(json.loads(path.read_text(encoding="utf-8"))))
    console.print(f"答案：{folder / 'answers.jsonl'}    损失曲线：{folder / 'prefix'}/*/loss.png    数字：{path}")
    console.print(
        '接下来：.venv/bin/python -m agent chat    或    .venv/bin/python -m agent ask "2020年资产总计最高的前三家公司是哪些？"',
        soft_wrap=True,
    )
    return 0


def run(tasks: Sequence[str], files: Files, output: Path, model: LanguageModel, database: Database) -> None:
    """Prints the tables and adds the figures to the file `output`."""
    console = Console()
    found = scores(tasks, files, model, database)
    for name, score in found.items():
        show(console, name, score)
    before = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(
        json.dumps(before | {name: _as_json(score) for name, score in found.items()}, ensure_ascii=False, indent=1),
        encoding="utf-8",
    )
    console.print(f"数字写到 {output}")
