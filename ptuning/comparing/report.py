"""The results of a comparison as a table, a plot and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from ptuning.comparing.config import UNTUNED, Comparison
from ptuning.files import write_text

CLOSE = 2.0  # points within which a way counts as good as the best
Result = Mapping[str, Any]


def spread(values: Sequence[float]) -> str:
    """Mean, and standard deviation over seeds where there are several."""
    if not values:
        return "–"
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def chosen(results: Sequence[Result], task: str, entry: str) -> list[Result]:
    """The runs of the setting that was kept, one a seed."""
    return [r for r in results if r["task"] == task and r["entry"] == entry and r.get("chosen")]


def table(comparison: Comparison, results: Sequence[Result]) -> str:
    """Markdown: a row a task and method; test scores after each number of epochs."""
    epochs = [str(epoch) for epoch in comparison.epochs]
    heads = [
        "任务",
        "方法",
        "设置",
        "可训练的数",
        "分钟",
        "毫秒/题：单独",
        "八个一批",
        *(f"{epoch}轮" for epoch in epochs),
        "种子",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for task in comparison.tasks:
        bare = next((r for r in results if r["task"] == task and r["entry"] == UNTUNED), None)
        if bare:
            score = f"{bare['epochs']['0']['test']:.1f}" if bare["epochs"] else bare["error"]
            lines.append(f"| {task} | 未调的基座 |  | 0 | 0 |  |  | {' | '.join([score] * len(epochs))} |  |")
        for entry in comparison.methods:
            lines.append(_row(task, entry, chosen(results, task, entry), epochs))
    return "\n".join(lines) + "\n"


def _row(task: str, entry: str, runs: Sequence[Result], epochs: Sequence[str]) -> str:
    sound = [run for run in runs if run["epochs"]]
    if not sound:
        said = runs[0]["error"] if runs else "没有运行"
        return f"| {task} | {entry} | {said} |" + "  |" * (len(epochs) + 5)
    settings = " ".join(f"{name}={value}" for name, value in sound[0]["settings"].items() if name != "method")
    scores = [spread([run["epochs"][epoch]["test"] for run in sound if epoch in run["epochs"]]) for epoch in epochs]
    costs = [
        spread([mean(run[name] for run in sound)]) if name in sound[0] else "–" for name in ("alone_ms", "together_ms")
    ]
    minutes = mean(run["minutes"] for run in sound)
    cells = [task, entry, settings, f"{sound[0]['numbers']:,}", f"{minutes:.1f}", *costs, *scores, str(len(sound))]
    return "| " + " | ".join(cells) + " |"


def last(run: Result) -> Mapping[str, float]:
    """The scores after the most epochs."""
    return run["epochs"][max(run["epochs"], key=int)]


def advice(comparison: Comparison, results: Sequence[Result]) -> str:
    """For each task: the best on validation, and the one with the fewest numbers that is within CLOSE points of it."""
    lines = []
    for task in comparison.tasks:
        found = {}
        for entry in comparison.methods:
            runs = [run for run in chosen(results, task, entry) if run["epochs"]]
            if runs:
                epochs = sorted({epoch for run in runs for epoch in run["epochs"]}, key=int)
                means = {e: mean(run["epochs"][e]["validation"] for run in runs if e in run["epochs"]) for e in epochs}
                best = max(means, key=lambda epoch: means[epoch])
                found[entry] = (means[best], best, runs[0])
        if not found:
            continue
        top = max(found, key=lambda entry: found[entry][0])
        near = [entry for entry in found if found[entry][0] >= found[top][0] - CLOSE]
        least = min(near, key=lambda entry: found[entry][2]["numbers"])
        lines.append(
            f"- {task}：验证集上最好的是 {_said(top, *found[top])}；{CLOSE:g} 分以内最省的是 {_said(least, *found[least])}。"
        )
    return "\n".join(lines) + "\n"


def _said(entry: str, score: float, epoch: str, run: Result) -> str:
    settings = "，".join(f"{name}={value}" for name, value in run["settings"].items() if name != "method")
    return f"{entry}（{settings + '，' if settings else ''}{epoch}轮，{run['numbers']:,} 个数，{score:.1f}）"


def plot(comparison: Comparison, results: Sequence[Result], path: Path) -> None:
    """Test score against numbers that train, and against minutes; a panel row a task."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(comparison.tasks), 2, figsize=(10, 3.6 * len(comparison.tasks)), dpi=110, squeeze=False
    )
    for (numbers, minutes), task in zip(axes, comparison.tasks):
        for entry in comparison.methods:
            runs = [run for run in chosen(results, task, entry) if run["epochs"]]
            if runs:
                score = mean(last(run)["test"] for run in runs)
                for axis, x in ((numbers, runs[0]["numbers"]), (minutes, mean(run["minutes"] for run in runs))):
                    axis.scatter([x], [score], label=entry)
                    axis.annotate(entry, (x, score), fontsize=8, xytext=(4, 4), textcoords="offset points")
        numbers.set_xscale("log")
        numbers.set_xlabel("trained numbers"), minutes.set_xlabel("minutes")
        for axis in (numbers, minutes):
            axis.set_ylabel(f"{comparison.scores[task]} (%)"), axis.grid(alpha=0.3)
        numbers.set_title(task if task.isascii() else "")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def write(comparison: Comparison, results: Sequence[Result]) -> str:
    """compare.md and compare.png into the output folder; returns the text."""
    text = table(comparison, results) + "\n" + advice(comparison, results)
    write_text(comparison.output / "compare.md", text)
    plot(comparison, results, comparison.output / "compare.png")
    return text
