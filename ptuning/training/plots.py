"""The loss curve of a run as a picture, with Chinese labels on every machine.

fonts/labels.otf is Noto Sans CJK SC (SIL Open Font License 1.1) reduced to the characters of our labels and ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FONT = Path(__file__).parents[1] / "fonts" / "labels.otf"


def drawable(text: str) -> str:
    """`text` without the characters that the font lacks: none is drawn as a box."""
    from matplotlib import font_manager

    known = font_manager.get_font(str(FONT)).get_charmap()
    return "".join(character for character in text if ord(character) in known)


def loss_curve(history: Sequence[Mapping[str, Any]], path: Path, task: str) -> bool:
    """Writes a PNG of the logged losses of training and, where there are any, of evaluation, its least one marked.

    history: trainer_state.json's log_history. Nothing is written (False) where no loss was logged.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import font_manager, pyplot

    curves = {
        label: [(entry["step"], entry[key]) for entry in history if key in entry]
        for key, label in (("loss", "训练"), ("eval_loss", "验证"))
    }
    if not curves["训练"]:
        return False
    font = font_manager.FontProperties(fname=str(FONT))
    figure, axes = pyplot.subplots(figsize=(6, 4), dpi=120)
    for label, points in curves.items():
        if points:
            axes.plot(*zip(*points), linewidth=1.2, marker="." if len(points) < 3 else None, label=label)
    if curves["验证"]:
        step, least = min(curves["验证"], key=lambda point: point[1])
        axes.plot([step], [least], marker="*", markersize=11, color="black")
        axes.annotate(f"{least:.3f}", (step, least), xytext=(5, 6), textcoords="offset points", fontsize=8)
    axes.set_xlabel("步数", fontproperties=font)
    axes.set_ylabel("损失", fontproperties=font)
    axes.set_title(drawable(f"{task} 训练损失曲线").strip(), fontproperties=font)
    if curves["验证"]:
        axes.legend(prop=font)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
    return True
