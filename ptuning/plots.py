"""The loss curve of a run as a picture, with Chinese labels on every machine.

fonts/labels.otf is Noto Sans CJK SC (SIL Open Font License 1.1) reduced to the characters of our labels and ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FONT = Path(__file__).parent / "fonts" / "labels.otf"


def loss_curve(history: Sequence[Mapping[str, Any]], path: Path, task: str) -> None:
    """Writes a PNG of the logged losses; `task` is an ASCII name. Nothing is written where no loss was logged."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import font_manager, pyplot

    points = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    if not points:
        return
    font = font_manager.FontProperties(fname=str(FONT))
    figure, axes = pyplot.subplots(figsize=(6, 4), dpi=120)
    axes.plot(*zip(*points), linewidth=1.2)
    axes.set_xlabel("步数", fontproperties=font)
    axes.set_ylabel("损失", fontproperties=font)
    axes.set_title(f"{task} 训练损失曲线", fontproperties=font)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
