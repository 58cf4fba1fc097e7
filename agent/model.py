"""The seam to the language model: what the steps ask of it, and the prefix-tuned GLM that answers.

Only this module imports ptuning, and only when a model is loaded, so that `--help` and refusals cost no torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from agent import prompts
from agent.errors import CaibaoError
from agent.records import Candidate, Written
from agent.statements.symbols import SLOTS, YEARS, text_of

if TYPE_CHECKING:
    from ptuning import Request, Result

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_BASE = ROOT / "RawModels" / "caibao-mini"
DEFAULT_READER = ROOT / "RawModels" / "caibao-reader"
_READ_AT_ONCE = 16  # questions that a reader takes together
TRAINED = ROOT / "output" / "prefix"
DTYPES = ("float32", "bfloat16", "float16")
MAX_NEW_TOKENS = {"keywords": 48, "nl2sql": 160, "phrase": 256}


class LanguageModel(Protocol):
    """What a step may ask; every call is for a batch of texts of one task."""

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        """Log-probability of each choice for each text: [texts][choices]."""
        ...

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        """What the model writes for each text; grammars: what each answer may be (llguidance's Lark)."""
        ...

    def candidates(
        self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
    ) -> list[list[Candidate]]:
        """Up to `n` different answers to each text, the likeliest first; the one that `write` gives is among them."""
        ...

    def phrase(self, prompts: Sequence[str]) -> list[str]:
        """What the base, without any prefix, writes after each prompt; "" after one that it cannot read (too long)."""
        ...


def find_prefixes(base: Path, prefixes: Path | None = None) -> Path:
    """The folder with a prefix for each task: `prefixes`, else what train.sh has trained on this base, else what ships with
    the base.

    Raises:
        CaibaoError: no folder holds all three.
    """
    folders = [prefixes] if prefixes else [TRAINED, base / "prefix"]
    whole = [p for p in folders if all((p / task / "prefix_config.json").exists() for task in prompts.TASKS)]
    own = [folder for folder in whole if trained_on(folder) in ("", base.resolve().name)]
    if whole:
        return (own or whole)[0]
    raise CaibaoError(
        f"在 {'、'.join(map(str, folders))} 里没有找到 {'/'.join(prompts.TASKS)} 三个前缀,请先运行 bash train.sh,或用 --prefixes 指明目录。"
    )


def trained_on(prefixes: Path) -> str:
    """The name of the base that a folder of prefixes was trained on; "" where it does not say."""
    try:
        config = json.loads((prefixes / prompts.TASKS[0] / "prefix_config.json").read_text(encoding="utf-8"))
        return str(config["base"]["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


class LoadingModel:
    """A language model that is loaded while something else goes on (somebody types a question); the first call waits."""

    def __init__(self, load: Callable[[], LanguageModel]) -> None:
        import ptuning.reader  # noqa: F401  transformers hands out names that are not there yet where two threads import it first

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

    def candidates(
        self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
    ) -> list[list[Candidate]]:
        """Raises CaibaoError where the model could not be loaded."""
        return self._loaded.result().candidates(task, texts, grammars, n)

    def phrase(self, prompts: Sequence[str]) -> list[str]:
        """Raises CaibaoError where the model could not be loaded."""
        return self._loaded.result().phrase(prompts)


class PrefixTunedGlm:
    """One frozen base in memory, a prefix for each task; all of them share the engine's batches."""

    def __init__(
        self,
        base: Path = DEFAULT_BASE,
        prefixes: Path | None = None,
        dtype: str | None = None,
        quantization_bit: int = 0,
        graphs: bool = False,
    ) -> None:
        """dtype: float32, bfloat16 or float16; float32 on the CPU and float16 elsewhere unless given. quantization_bit: 8
        or 4 for a base that is too large otherwise. graphs: on CUDA short passes are recorded as graphs.

        Raises:
            CaibaoError: base or prefixes are missing, damaged, or do not belong together.
        """
        import torch

        from ptuning import Engine, PtuningError, load_base, load_prefix, shared_beginning

        folder = find_prefixes(base, prefixes)
        try:
            device = "cuda" if torch.cuda.is_available() else "cpu"
            self._base = load_base(base, getattr(torch, dtype) if dtype else None, device, quantization_bit)
            self._tokenizer = self._base.tokenizer
            ends, pad = self._tokenizer.end_token_ids, self._tokenizer.pad_token_id
            self._engine = Engine(self._base.model, ends, pad, graphs=graphs and device == "cuda")
            for task in prompts.TASKS:
                self._engine.add_prefix(task, load_prefix(folder / task, self._base))
                self._engine.remember(task, shared_beginning([self._ids(task, text) for text in ("甲", "2020年")]))
        except PtuningError as error:
            raise CaibaoError(str(error)) from None

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        from ptuning import Request

        wanted = tuple(tuple(self._tokenizer.encode(choice, add_special_tokens=False)) for choice in choices)
        asked = [Request(self._ids(task, text), task, choices=wanted) for text in texts]
        return [result.scores for result in _sound(self._engine.run(asked))]

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        written = _sound(self._engine.run(self._requests(task, texts, grammars)))
        return [self._tokenizer.decode(result.ids) for result in written]

    def candidates(
        self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
    ) -> list[list[Candidate]]:
        from ptuning import candidates

        found = candidates(self._engine, self._requests(task, texts, grammars), n - 1)
        return [self._different(_sound(results)) for results in found]

    def phrase(self, prompts: Sequence[str]) -> list[str]:
        from ptuning import Request

        asked = [Request(self._in_chat(prompt), None, MAX_NEW_TOKENS["phrase"]) for prompt in prompts]
        return ["" if result.error else self._tokenizer.decode(result.ids) for result in self._engine.run(asked)]

    def _different(self, results: Sequence[Result]) -> list[Candidate]:
        """Each text once, as likely as its likeliest spelling in tokens."""
        found: dict[str, Candidate] = {}
        for result in results:
            text = self._tokenizer.decode(result.ids)
            found.setdefault(text, Candidate(text, result.logprob, result.margin))
        return list(found.values())

    def _requests(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None) -> list[Request]:
        from ptuning import Grammar, Request

        rows, most = self._base.model.config.vocab_size, MAX_NEW_TOKENS[task]
        constraints = [Grammar(text, self._tokenizer, rows) for text in grammars] if grammars else [None] * len(texts)
        return [Request(self._ids(task, text), task, most, constraint=c) for text, c in zip(texts, constraints)]

    def _ids(self, task: str, text: str) -> list[int]:
        """The prompt, for an original ChatGLM in its chat format, as ptuning.main trains it."""
        return self._in_chat(prompts.render(task, text))

    def _in_chat(self, prompt: str) -> list[int]:
        """With the line break that ChatGLM3 and GLM-4 begin every answer with, so that a grammar holds the answer alone."""
        tokenizer = self._tokenizer
        if not self._base.original:
            return tokenizer.encode(prompt)
        return [*tokenizer.encode_chat(prompt).ids, *tokenizer.answer_ids("")]


class StatementReader:
    """The encoder-decoder that reads slotted questions (ptuning.reader), behind the seam of agent.understanding."""

    def __init__(self, folder: Path = DEFAULT_READER, beams: int = 5) -> None:
        """Raises CaibaoError where the folder is missing or damaged."""
        from ptuning import PtuningError
        from ptuning.reader import load

        try:
            self._reader = load(folder)
        except PtuningError as error:
            raise CaibaoError(str(error)) from None
        self._beams = beams
        self._slots = frozenset(s for s in self._reader.symbols if s in SLOTS or s in YEARS)

    def statements(self, texts: Sequence[str], slots: Sequence[frozenset[str]]) -> list[list[Written]]:
        """The likeliest statements for each text, over no other slots than its own."""
        found: list[list[Written]] = []
        for start in range(0, len(texts), _READ_AT_ONCE):
            some = slice(start, start + _READ_AT_ONCE)
            banned = [self._slots - own for own in slots[some]]
            for readings in self._reader.read_many(texts[some], banned, self._beams):
                found.append([Written(text_of(r.symbols), r.logprob, r.lowest) for r in readings])
        return found


def _sound(results: Sequence[Result]) -> Sequence[Result]:
    """Raises CaibaoError for a text that the base cannot read (too long)."""
    for result in results:
        if result.error:
            raise CaibaoError(result.error)
    return results
