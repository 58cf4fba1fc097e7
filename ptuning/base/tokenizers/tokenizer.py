"""What ptuning asks of a tokenizer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from ptuning.base.tokenizers.messages import History, Message, in_order, messages_of
from ptuning.errors import PtuningError


class ChatIds(NamedTuple):
    """A prompt ready for its answer; answered: [start, end) in ids of what a model would have written of it (the history's
    answers with the token that ends each, where there is one), for a loss over all rounds."""

    ids: list[int]
    answered: list[tuple[int, int]]


class Tokenizer(Protocol):
    """Text to ids and back. Names of special tokens within a text are text: a question cannot smuggle one in.

    With `tokens`, `special_token_ids`, `bos_token_id`, `eos_token_id` and a call it is what llguidance's TokenizerWrapper
    takes, so answers can be held to a grammar.
    """

    vocab_size: int  # ids there are; a model may have more rows
    has_system: bool = True  # whether the chat format has a system message

    @property
    def pad_token_id(self) -> int: ...
    @property
    def bos_token_id(self) -> int | None: ...
    @property
    def eos_token_id(self) -> int:
        """What training appends to an answer to a plain prompt."""

    @property
    def answer_end_id(self) -> int:
        """What training appends to an answer in a chat."""
        return self.eos_token_id

    @property
    def end_token_ids(self) -> frozenset[int]:
        """What ends an answer when a model writes it."""

    @property
    def special_token_ids(self) -> Collection[int]: ...

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Ids of `text`, the special head of a prompt first unless `add_special_tokens` is False."""

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str: ...
    def encode_chat(self, query: str, history: History = (), role: str = "user") -> ChatIds:
        """The whole prompt in the model's chat format, special head and history included.

        history: [question, answer] pairs or role/content objects. role: user, or observation for what a tool gave back.

        Raises:
            PtuningError: the history has another shape, or what the model's format does not have.
        """
        return self.encode_messages(in_order([*messages_of(history), Message(role, query)]))

    def encode_messages(self, messages: Sequence[Message]) -> ChatIds:
        """As `encode_chat`, of messages in order, of which the last is to be answered."""

    def answer_ids(self, text: str, metadata: str = "") -> list[int]:
        """What a model writes after `encode_chat`'s ids to answer with `text`, the token that ends it aside: its format may
        put a line break in front. metadata: the tool that it calls."""
        return self.encode(text, add_special_tokens=False)

    def id_to_piece(self, token: int) -> str:
        """A token as it is written in the vocabulary; empty behind it."""

    def id_to_bytes(self, token: int) -> bytes:
        """What a token adds to a text, in UTF-8; nothing for a special token."""

    def save_pretrained(self, folder: str | Path) -> object: ...

    @cached_property
    def tokens(self) -> list[bytes]:
        """The bytes of every id; the name of a special token."""
        special = set(self.special_token_ids)
        every = range(self.vocab_size)
        return [self.id_to_piece(i).encode() if i in special else self.id_to_bytes(i) for i in every]

    def __call__(self, text: str | bytes) -> list[int]:
        """Ids whose bytes are exactly `text`, as in the middle of a longer one: nothing put in front, nothing normalised."""
        wanted = text.encode() if isinstance(text, str) else text
        ids = self.encode("\n" + wanted.decode(), add_special_tokens=False)
        newline = self.encode("\n", add_special_tokens=False)
        ids = ids[len(newline) :] if ids[: len(newline)] == newline else []
        return ids if b"".join(map(self.id_to_bytes, ids)) == wanted else self._spelt(wanted)

    def _spelt(self, wanted: bytes) -> list[int]:
        """The longest tokens from left to right."""
        ids: list[int] = []
        while wanted:
            length = next((n for n in range(self._longest, 0, -1) if wanted[:n] in self._by_bytes), 0)
            if not length:
                raise PtuningError(
                    f"分词器没有能写出“{wanted.decode(errors='replace')[:20]}”的词元，请换一个分词器或去掉这段文字。"
                )
            ids.append(self._by_bytes[wanted[:length]])
            wanted = wanted[length:]
        return ids

    @cached_property
    def _by_bytes(self) -> dict[bytes, int]:
        special = set(self.special_token_ids)
        return {held: i for i, held in enumerate(self.tokens) if held and i not in special}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._by_bytes))
