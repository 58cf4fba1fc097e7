"""Tokenizers of other model families: a thin cover over transformers' AutoTokenizer (tokenizer.json and the like)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from ptuning.base.tokenizers.messages import Message
from ptuning.base.tokenizers.tokenizer import ChatIds, Tokenizer
from ptuning.errors import PtuningError
from ptuning.files import read_json

EDGE = "\u2003"  # an em space around a stand-in: gone where the template strips what a message says


class HubTokenizer(Tokenizer):
    """The tokenizer of a transformers folder."""

    def __init__(self, folder: str | Path) -> None:
        """Raises:
        PtuningError: the folder has no tokenizer that can be read without running code of its own.
        """
        self.folder = Path(folder)
        try:
            self._backend: Any = AutoTokenizer.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False, split_special_tokens=True
            )
        except Exception as error:  # tokenizers raises a bare Exception for a damaged tokenizer.json
            reason = str(error).strip().partition("\n")[0]
            raise PtuningError(
                f"无法读取 {self.folder} 的分词器（{reason}），请把 tokenizer.json 或 tokenizer.model 下载完整放到那里。"
            ) from None
        if not self._backend.is_fast:
            raise PtuningError(f"{self.folder} 的分词器没有 tokenizer.json，请用 transformers 把它转换后再试。")
        if self._backend.eos_token_id is None:
            raise PtuningError(f"{self.folder} 的分词器没有结束词元，请在 tokenizer_config.json 里写上 eos_token。")
        self.vocab_size = len(self._backend)

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes tokenizer.json and tokenizer_config.json."""
        self._backend.save_pretrained(folder)

    @property
    def pad_token_id(self) -> int:
        """The end token where there is none for padding: padding is masked anyway."""
        pad = self._backend.pad_token_id
        return self.eos_token_id if pad is None else pad

    @property
    def bos_token_id(self) -> int | None:
        return self._backend.bos_token_id

    @property
    def eos_token_id(self) -> int:
        return self._backend.eos_token_id

    @cached_property
    def end_token_ids(self) -> frozenset[int]:  # type: ignore[override]
        """The tokenizer's own, and those of generation_config.json: chat models have several."""
        path = self.folder / "generation_config.json"
        told = (read_json(path).get("eos_token_id") if path.is_file() else None) or []
        return frozenset([self.eos_token_id, *(told if isinstance(told, list) else [told])])

    @cached_property
    def special_token_ids(self) -> list[int]:  # type: ignore[override]
        return sorted(i for i, token in self._backend.added_tokens_decoder.items() if token.special)

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        ids = self._backend.encode(text, add_special_tokens=add_special_tokens)
        ends = add_special_tokens and ids[-1:] == [self.eos_token_id]
        return ids[:-1] if ends else ids  # some put the end token there, but the answer is yet to come

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        known = [token for token in map(int, ids) if token < self.vocab_size]
        return self._backend.decode(known, skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False)

    def id_to_piece(self, token: int) -> str:
        return self._backend.convert_ids_to_tokens(token) or "" if token < self.vocab_size else ""

    def id_to_bytes(self, token: int) -> bytes:
        if token in self._unspoken:
            return b""
        piece = self.id_to_piece(token)
        return piece.encode() if token in self._backend.added_tokens_decoder else self._piece_to_bytes(piece)

    @cached_property
    def _unspoken(self) -> frozenset[int]:
        return frozenset(self.special_token_ids)

    @cached_property
    def _piece_to_bytes(self) -> Callable[[str], bytes]:
        """As the decoder of tokenizer.json turns pieces into text: GPT-2's table of bytes, or SentencePiece's blanks."""
        if "ByteLevel" in json.dumps(json.loads(self._backend.backend_tokenizer.to_str())["decoder"]):
            table = {character: byte for byte, character in bytes_to_unicode().items()}
            return lambda piece: bytes(table[character] for character in piece)
        return _sentencepiece_bytes

    def encode_messages(self, messages: Sequence[Message]) -> ChatIds:
        """By the folder's chat template.

        Raises:
            PtuningError: there is no template, or it does not take such a chat, or leaves a part of it out.
        """
        marks = [f"\ue000{i}\ue001" for i in range(len(messages))]
        rendered = self._rendered([m._replace(content=f"{EDGE}{mark}{EDGE}") for m, mark in zip(messages, marks)], True)
        pattern = re.compile(f"({EDGE}?\ue000[0-9]+\ue001{EDGE}?)")
        text, spans, safe = "", {}, []
        for part in pattern.split(rendered):
            if not pattern.fullmatch(part):
                text += part
                safe.append((len(text) - len(part), len(text)))
                continue
            number = int(re.sub("[^0-9]", "", part))
            content = messages[number].content if part.startswith(EDGE) else messages[number].content.strip()
            spans[number] = (len(text), len(text) + len(content))
            text += content
        self._require_whole(messages, spans)
        ids, begins = self._tokenized(text, safe)
        answers = [spans[number] for number, message in enumerate(messages) if message.role == "assistant"]
        return ChatIds(ids, [self._answer(ids, _first(begins, start), _first(begins, end)) for start, end in answers])

    def _answer(self, ids: Sequence[int], start: int, end: int) -> tuple[int, int]:
        """An answer with the token that ends it, where one stands behind it."""
        return start, end + (end < len(ids) and ids[end] in self.end_token_ids)

    def _require_whole(self, messages: Sequence[Message], spans: Collection[int]) -> None:
        """Raises PtuningError where the template left out a message or what one says beside its content."""
        lost = [message.role for number, message in enumerate(messages) if number not in spans]
        for name in ("tools", "metadata"):
            if any(getattr(message, name) for message in messages) and name not in self._backend.chat_template:
                lost.append(name)
        if lost:
            raise PtuningError(
                f"{self.folder} 的 chat_template 不写出 {lost[0]}，请去掉它，或换一个有它的基座（或把它写进问题里）。"
            )

    def answer_ids(self, text: str, metadata: str = "") -> list[int]:
        """With what the template puts between its prompt and an answer (GLM-4's line break), if that is blank."""
        begin = f"{metadata}{self._opening}" if metadata else self._opening
        return [*self.encode(begin, add_special_tokens=False), *self.encode(text, add_special_tokens=False)]

    @cached_property
    def _opening(self) -> str:
        mark = "\ue000"
        asked, answered = Message("user", mark), Message("assistant", f"{mark}{mark}")
        prompt, whole = self._rendered([asked], True), self._rendered([asked, answered], False)
        between = whole[len(prompt) :].partition(f"{mark}{mark}")[0] if whole.startswith(prompt) else ""
        return "" if between.strip() else between

    def _rendered(self, messages: Sequence[Message], prompt: bool) -> str:
        """The text of messages; prompt: with the beginning of an answer behind them."""
        template = self._backend.chat_template
        if not template:
            raise PtuningError(f"{self.folder} 的分词器没有问答格式（chat_template），请用 --prompt_style plain。")
        told = "observation" if "observation" in template else "tool"
        items = [
            {"role": told if m.role == "observation" else m.role, "content": m.content}
            | ({"metadata": m.metadata} if m.metadata else {})
            for m in messages
        ]
        tools: Any = next((list(m.tools) for m in messages if m.tools), None)
        try:
            return self._backend.apply_chat_template(items, tools=tools, tokenize=False, add_generation_prompt=prompt)
        except TemplateError as error:
            raise PtuningError(
                f"{self.folder} 的 chat_template 不接受这样的对话（{error}），请用 --prompt_style plain。"
            ) from None

    def _tokenized(self, text: str, safe: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
        """Ids and where each begins in `text`; special tokens are read within the `safe` spans only, the template's own."""
        special = {self._backend.convert_ids_to_tokens(i): i for i in self.special_token_ids}
        names = re.compile("|".join(re.escape(name) for name in sorted(special, key=len, reverse=True)) or r"(?!)")
        found = list(names.finditer(text))
        own = [m for m in found if any(start <= m.start() and m.end() <= end for start, end in safe)]
        if len(own) == len(found):
            return self._run(text, 0, False)
        ids, begins, offset = [], [], 0
        for match in own:
            run = self._run(text[offset : match.start()], offset, True)
            ids += [*run[0], special[match.group()]]
            begins += [*run[1], match.start()]
            offset = match.end()
        run = self._run(text[offset:], offset, True)
        return ids + run[0], begins + run[1]

    def _run(self, text: str, offset: int, plain: bool) -> tuple[list[int], list[int]]:
        """Ids of a part of a text that starts at `offset`; plain: names of special tokens in it are text."""
        found = self._backend(text, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=plain)
        return found["input_ids"], [offset + begin for begin, _ in found["offset_mapping"]]


def _first(begins: Sequence[int], offset: int) -> int:
    """The first token that begins at `offset` or behind it."""
    return next((i for i, begin in enumerate(begins) if begin >= offset), len(begins))


def _sentencepiece_bytes(piece: str) -> bytes:
    byte = re.fullmatch("<0x([0-9A-F]{2})>", piece)
    return bytes.fromhex(byte[1]) if byte else piece.replace("\u2581", " ").encode()
