"""Plots of a report as SVG text that needs no network: the reader's own fonts, colours that differ in grey as well."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from agent.labelling.project import Round

TASKS = {"classify": "类别", "keywords": "关键词", "nl2sql": "语句（按结果）"}
_COLOURS = {"classify": "#1b6ca8", "keywords": "#d1772b", "nl2sql": "#2f8f5b"}
SHARES = {"accepted": "看过并接受", "chosen": "看过并另选", "edited": "改过", "audited": "抽查过", "auto": "没有人看过"}
_SHADES = ("#2f8f5b", "#86c5a4", "#d1772b", "#1b6ca8", "#c9cdd2")


def _svg(draw: Any, width: float = 6.4, height: float = 3.4) -> str:
    """What `draw(axes)` draws, as an <svg> element."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with (
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "caibao", "font.size": 9}),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # the reader's browser has the Chinese letters, this machine may not
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        draw(axes)
        figure.tight_layout()
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def accuracy(rounds: Sequence[Round]) -> str:
    """By round and task, with the exact 95 % interval."""

    def draw(axes: Any) -> None:
        for offset, (task, name) in enumerate(TASKS.items()):
            found = [(r.number, r.figures[task]) for r in rounds if task in r.figures]
            if not found:
                continue
            xs = [number + (offset - 1) * 0.06 for number, _ in found]
            ys = [f["right"] / f["total"] * 100 for _, f in found]
            below = [y - f["low"] * 100 for y, (_, f) in zip(ys, found)]
            above = [f["high"] * 100 - y for y, (_, f) in zip(ys, found)]
            axes.errorbar(xs, ys, yerr=[below, above], marker="o", capsize=3, label=name, color=_COLOURS[task])
        axes.set_xticks([r.number for r in rounds])
        axes.set_xlabel("轮")
        axes.set_ylabel("测试集准确率（%）")
        axes.grid(alpha=0.3)
        if rounds:
            axes.legend()

    return _svg(draw)


def shares(rounds: Sequence[Round], today: Mapping[str, int]) -> str:
    """Rows by where their labels came from, at each round and now."""

    def draw(axes: Any) -> None:
        names = [*(f"第{r.number}轮" for r in rounds), "现在"]
        columns = [*(r.origins for r in rounds), today]
        bottom = [0] * len(columns)
        for (origin, name), shade in zip(SHARES.items(), _SHADES):
            heights = [column.get(origin, 0) for column in columns]
            axes.bar(names, heights, bottom=bottom, label=name, color=shade)
            bottom = [b + h for b, h in zip(bottom, heights)]
        axes.set_ylabel("标注数")
        axes.legend()

    return _svg(draw)


def losses(rounds: Sequence[Round], task: str) -> str:
    """Loss curves of all rounds over each other."""

    def draw(axes: Any) -> None:
        for at, each in enumerate(rounds):
            points = each.losses.get(task, [])
            if points:
                shade = str(0.75 - 0.75 * (at + 1) / (len(rounds) + 1))
                axes.plot(*zip(*points), label=f"第{each.number}轮", color=shade, linewidth=1 + at * 0.4)
        axes.set_title(TASKS[task])
        axes.set_xlabel("步")
        axes.set_ylabel("损失")
        axes.grid(alpha=0.3)
        if any(each.losses.get(task) for each in rounds):
            axes.legend()

    return _svg(draw, height=2.8)
