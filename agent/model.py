"""The seam to the language model: what the steps ask of it, and the prefix-tuned GLM that answers.

Only this module imports ptuning, and only when a model is loaded, so that `--help` and refusals cost no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

from agent import prompts
from agent.errors import CaibaoError

if TYPE_CHECKING:
    from ptuning.requests import Result

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_BASE = ROOT / "RawModels" / "caibao-mini"
TRAINED = ROOT / "output" / "prefix"
DTYPES = ("float32", "bfloat16", "float16")
MAX_NEW_TOKENS = {"keywords": 48, "nl2sql": 160}


class LanguageModel(Protocol):
    """What a step may ask; every call is for a batch of texts of one task."""

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        """Log-probability of each choice for each text: [texts][choices]."""
        ...

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        """What the model writes for each text; grammars: what each answer may be (llguidance's Lark)."""
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


class LoadingModel:
    """A language model that is loaded while something else goes on (somebody types a question); the first call waits."""

    def __init__(self, load: Callable[[], LanguageModel]) -> None:
        self._loaded: Future[LanguageModel] = Future()
        Thread(target=self._load, args=(load,), daemon=True).start()

    def _load(self, load: Callable[[], LanguageModel]) -> None:
        try:
            self._loaded.set_result(load())
        except BaseException as error:  # told to the one who asks
            self._loaded.set_exception(error)

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        """Raises CaibaoError where the model could not be loaded."""
        return self._loaded.result().choose(task, texts, choices)

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        """Raises CaibaoError where the model could not be loaded."""
        return self._loaded.result().write(task, texts, grammars)


class PrefixTunedGlm:
    """One frozen base in memory, a prefix for each task; all of them share the engine's batches."""

    def __init__(
        self,
        base: Path = DEFAULT_BASE,
        prefixes: Path | None = None,
        dtype: str | None = None,
        quantization_bit: int = 0,
    ) -> None:
        """dtype: float32, bfloat16 or float16; float32 on the CPU and float16 elsewhere unless given. quantization_bit: 8
        or 4 for a base that is too large otherwise.

        Raises:
            CaibaoError: base or prefixes are missing, damaged, or do not belong together.
        """
        import torch

        from ptuning.checkpoints import load_prefix
        from ptuning.engine import Engine, shared_beginning
        from ptuning.errors import PtuningError
        from ptuning.models import load_base

        folder = find_prefixes(base, prefixes)
        try:
            device = "cuda" if torch.cuda.is_available() else "cpu"
            self._base = load_base(base, getattr(torch, dtype) if dtype else None, device, quantization_bit)
            self._tokenizer = self._base.tokenizer
            self._engine = Engine(self._base.model, self._tokenizer.end_token_ids, self._tokenizer.pad_token_id)
            for task in prompts.TASKS:
                self._engine.add_prefix(task, load_prefix(folder / task, self._base))
                self._engine.remember(task, shared_beginning([self._ids(task, text) for text in ("甲", "2020年")]))
        except PtuningError as error:
            raise CaibaoError(str(error)) from None

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        wanted = tuple(tuple(self._tokenizer.encode(choice, add_special_tokens=False)) for choice in choices)
        return [result.scores for result in self._run(task, texts, [{"choices": wanted}] * len(texts))]

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        from ptuning.constraints import Grammar

        rows = self._base.model.config.vocab_size
        constraints = [Grammar(text, self._tokenizer, rows) for text in grammars] if grammars else [None] * len(texts)
        most = MAX_NEW_TOKENS[task]
        written = self._run(task, texts, [{"max_new_tokens": most, "constraint": c} for c in constraints])
        return [self._tokenizer.decode(result.ids) for result in written]

    def _run(self, task: str, texts: Sequence[str], options: Sequence[dict[str, Any]]) -> list[Result]:
        """Raises CaibaoError for a text that the base cannot read (too long)."""
        from ptuning.requests import Request

        results = self._engine.run([Request(self._ids(task, text), task, **more) for text, more in zip(texts, options)])
        for result in results:
            if result.error:
                raise CaibaoError(result.error)
        return results

    def _ids(self, task: str, text: str) -> list[int]:
        """The prompt, for an original ChatGLM in its chat format, as ptuning.main trains it."""
        prompt = prompts.render(task, text)
        return self._tokenizer.encode_chat(prompt).ids if self._base.original else self._tokenizer.encode(prompt)
