"""A base with named prefixes, and the calls of ChatGLM's own model class: chat and stream_chat.

>>> import ptuning
>>> model = ptuning.load("RawModels/chatglm2-6b", {"classify": "output/prefix/classify"})
>>> response, history = model.chat(None, "你好")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ptuning.answering.generate import Model, Prompt, generate, stream
from ptuning.answering.sampling import Sampling
from ptuning.base.models import Base, load_base
from ptuning.base.tokenizers.messages import History, Message, messages_of
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.saving import load as load_tuning
from ptuning.methods.saving import within

Rounds = list[tuple[str, str]] | list[dict[str, Any]]  # (query, response) of each round; or role/content objects


def load(
    model: str | Path,
    checkpoint: str | Path | Mapping[str, str | Path] | None = None,
    *,
    dtype: torch.dtype | None = None,
    device: str = "cpu",
    quantization_bit: int = 0,
) -> TunedModel:
    """A base folder with prefixes: none, one folder (named like it), or {name: folder}, of which the first is in use.

    A whole fine-tuned model (config.json with pre_seq_len) brings its prefix along, named like the folder.

    dtype: float32 on the CPU and float16 elsewhere unless given. quantization_bit: 0 (none), 4 or 8.

    Raises:
        PtuningError: base or checkpoint is missing, damaged, or they do not belong together.
    """
    options: dict[str, Any] = {"quantization_bit": quantization_bit} if quantization_bit else {}
    tuned = TunedModel(load_base(model, dtype, device, **options))
    if not isinstance(checkpoint, Mapping):
        checkpoint = checkpoint or within(tuned.base)
        checkpoint = {Path(checkpoint).resolve().name: checkpoint} if checkpoint else {}
    for name, folder in checkpoint.items():
        tuned.add_prefix(name, folder)
    tuned.use_prefix(next(iter(checkpoint), None))
    return tuned


class TunedModel:
    """One frozen base in memory; `use_prefix` says which of its prefixes, or none, answers."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._prefixed: dict[str, AdaptedModel] = {}
        self._model: Model = base.model

    @property
    def tokenizer(self) -> Tokenizer:
        return self.base.tokenizer

    @property
    def prefixes(self) -> list[str]:
        """Names of the prefixes there are."""
        return list(self._prefixed)

    @property
    def model(self) -> Model:
        """What answers now: the base with the prefix in use, or the bare base."""
        return self._model

    def add_prefix(self, name: str, folder: str | Path) -> None:
        """Loads a checkpoint of any layout under a name; one that already has it is replaced. Raises PtuningError."""
        replaced = self._prefixed.get(name)
        self._prefixed[name] = AdaptedModel(self.base.model, load_tuning(folder, self.base)).eval()
        if replaced is self._model:
            self.use_prefix(name)

    def use_prefix(self, name: str | None) -> None:
        """The prefix that answers from now on; None for the bare base, which computes what it did before any prefix.

        Raises:
            PtuningError: there is no prefix of this name.
        """
        if name is not None and name not in self._prefixed:
            known = "、".join(self._prefixed) or "（没有）"
            raise PtuningError(f"没有名为“{name}”的前缀，已载入的有：{known}；请换一个名字，或先用 add_prefix 载入。")
        self._model = self.base.model if name is None else self._prefixed[name]

    def generate_text(
        self,
        prompts: Sequence[Prompt],
        max_new_tokens: int = 64,
        sampling: Sampling | None = None,
    ) -> list[str]:
        """What the model writes after each prompt as it stands, without a chat format; greedily unless told otherwise."""
        return generate(self._model, self.tokenizer, prompts, max_new_tokens, sampling)

    def chat(
        self,
        tokenizer: Tokenizer | None,
        query: str,
        history: History | None = None,
        *more: Any,
        **options: Any,
    ) -> tuple[str, Rounds]:
        """One round: (response, history with this round at its end). Arguments as `stream_chat`; the given history stays."""
        *_, last = self.stream_chat(tokenizer, query, history, *more, **options)
        return last

    def stream_chat(
        self,
        tokenizer: Tokenizer | None,
        query: str,
        history: History | None = None,
        max_length: int = 8192,
        num_beams: int = 1,
        do_sample: bool = True,
        top_p: float = 0.8,
        temperature: float = 0.8,
        *,
        role: str = "user",
        max_new_tokens: int | None = None,
        top_k: int = 0,
        seed: int | None = None,
    ) -> Iterator[tuple[str, Rounds]]:
        """`chat` while it is written: (response so far, history with it), in ChatGLM's shape and with its defaults.

        tokenizer: None for the base's own. history: (query, response) pairs, or ChatGLM3's role/content objects; it comes back
        in the shape in which it was given. role: user, or observation where the query is what a tool gave back.
        max_length: tokens of prompt and response together; max_new_tokens: of the response alone. The base's chat
        format shows the history.

        Raises:
            PtuningError: the prompt leaves no room, the history has another shape, or an argument cannot be.
        """
        if num_beams != 1:
            raise PtuningError(f"num_beams 只能是1，现在是{num_beams}；请用采样，或用 do_sample=False 贪心。")
        if role not in ("user", "observation"):
            raise PtuningError(f"role 只能是 user 或 observation，现在是{role}。")
        sampling = Sampling(do_sample, top_p, top_k, temperature, seed) if do_sample else Sampling()
        tokenizer, past = tokenizer or self.tokenizer, [] if history is None else history
        ids = tokenizer.encode_chat(query, past, role).ids
        room = self._room(max_length, len(ids))
        for text in stream(self._model, tokenizer, ids, min(room, max_new_tokens or room), sampling):
            yield text.strip(), _longer(past, query, role, text)

    def _room(self, max_length: int, prompt: int) -> int:
        """Tokens a response may have after `prompt` tokens, at least 1."""
        start = self._model.text_start if isinstance(self._model, AdaptedModel) else 0
        longest = min(max_length, self.base.model.config.max_position_embeddings - start)
        if prompt >= longest:
            raise PtuningError(
                f"问题连同历史有{prompt}个词元，不短于上限{longest}（max_length={max_length}），请去掉一些历史或调大 max_length。"
            )
        return longest - prompt


def _longer(history: History, query: str, role: str, text: str) -> Rounds:
    """The history with a round at its end, as pairs or as objects. `text` is all that the model wrote: in ChatGLM3's format
    the line before the content names a tool."""
    pairs: list[Any] = list(history)
    if role == "user" and not any(isinstance(item, dict) for item in pairs):
        return [*pairs, (query, text.strip())]
    objects = [m._asdict() if isinstance(m, Message) else m for m in (messages_of(pairs) if role != "user" else pairs)]
    tool, line_break, content = text.partition("\n")
    called = tool.strip() if line_break and any(item.get("tools") for item in objects) else ""
    said = {"role": "assistant", "metadata": called, "content": (content if called else text).strip()}
    return [*objects, {"role": role, "content": query}, said]
