"""The seam to the language model: what the steps ask of it, and the prefix-tuned GLM that answers.

Only this module imports ptuning, and only when a model is loaded, so that `--help` and refusals cost no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from agent import prompts
from agent.errors import CaibaoError

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_BASE = ROOT / "RawModels" / "caibao-mini"
TRAINED = ROOT / "output" / "prefix"
MAX_NEW_TOKENS = {"keywords": 48, "nl2sql": 160}


class LanguageModel(Protocol):
    """What a step may ask; every call is for a batch of texts of one task."""

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        """Log-probability of each choice for each text: [texts][choices]."""
        ...

    def write(self, task: str, texts: Sequence[str]) -> list[str]:
        """What the model writes for each text."""
        ...


def find_prefixes(base: Path, prefixes: Path | None = None) -> Path:
    """The folder with a prefix for each task: `prefixes`, else what train.sh has trained, else what ships with the base.

    Raises:
        CaibaoError: no folder holds all three.
    """
    places = [prefixes] if prefixes else [TRAINED, base / "prefix"]
    for place in places:
        if all((place / task / "prefix_config.json").exists() for task in prompts.TASKS):
            return place
    raise CaibaoError(
        f"在 {'、'.join(map(str, places))} 里没有找到 {'/'.join(prompts.TASKS)} 三个前缀,请先运行 bash train.sh,或用 --prefixes 指明目录。"
    )


class PrefixTunedGlm:
    """One frozen base in memory, a prefix for each task."""

    def __init__(self, base: Path = DEFAULT_BASE, prefixes: Path | None = None, batch_size: int = 64) -> None:
        import torch
        from transformers.utils import logging

        from ptuning.errors import PtuningError
        from ptuning.models import load_base
        from ptuning.prefix import PrefixModel, load_prefix

        logging.disable_progress_bar()  # a bar for 50 tensors tells nobody anything
        folder = find_prefixes(base, prefixes)
        try:
            self._base = load_base(base, device="cuda" if torch.cuda.is_available() else "cpu")
            self._models = {
                task: PrefixModel(self._base.model, load_prefix(folder / task, self._base)) for task in prompts.TASKS
            }
        except PtuningError as error:
            raise CaibaoError(str(error)) from None
        self._batch_size = batch_size

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        from ptuning.generate import score_choices

        return score_choices(
            self._models[task],
            self._base.tokenizer,
            self._render(task, texts),
            list(choices),
            batch_size=self._batch_size,
        )

    def write(self, task: str, texts: Sequence[str]) -> list[str]:
        from ptuning.generate import generate

        return generate(
            self._models[task],
            self._base.tokenizer,
            self._render(task, texts),
            max_new_tokens=MAX_NEW_TOKENS[task],
            batch_size=self._batch_size,
        )

    def _render(self, task: str, texts: Sequence[str]) -> list[str]:
        """The prompts, for an original ChatGLM in its 问/答 format, as ptuning.main trains it."""
        rendered = [prompts.render(task, text) for text in texts]
        return [self._base.tokenizer.build_prompt(prompt) for prompt in rendered] if self._base.original else rendered
