"""The SentencePiece tokenizers: ChatGLM2's, ChatGLM3's and caibao-mini's.

Layout (tokenization_chatglm.py of THUDM/chatglm2-6b and chatglm3-6b): ids 0..n-1 are the pieces (0 <unk>, also padding; 1 <s>;
2 </s>, the end token), then [MASK] [gMASK] [sMASK] sop eop, and in ChatGLM3 <|system|> <|user|> <|assistant|>
<|observation|>. A text is encoded as [gMASK] sop pieces….
"""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sentencepiece

from ptuning.base.tokenizers.messages import History, Message, messages_of, rounds_of
from ptuning.base.tokenizers.tokenizer import ChatIds, Tokenizer
from ptuning.errors import PtuningError

SPECIAL_TOKENS = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop")
ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
MODEL_FILE = "tokenizer.model"


class GlmTokenizer(Tokenizer):
    """Encodes and decodes text; ids equal those of the original ChatGLM2 tokenizer."""

    special_tokens: tuple[str, ...] = SPECIAL_TOKENS
    has_system = False
    pad_token_id = 0
    bos_token_id = 1
    eos_token_id = 2
    end_token_ids = frozenset({2})

    def __init__(self, model_file: str | Path) -> None:
        self.model_file = Path(model_file)
        if not self.model_file.is_file():
            raise PtuningError(f"找不到分词模型 {self.model_file}，请把 tokenizer.model 放到这个文件夹里。")
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(self.model_file))
        except RuntimeError:
            raise PtuningError(f"{self.model_file} 不是SentencePiece的分词模型或已损坏，请重新下载。") from None
        self._first_special = self._pieces.vocab_size()
        self.vocab_size = self._first_special + len(
            self.special_tokens
        )  # ChatGLM2's embedding is padded to 65,024 rows
        self._special = {token: self._first_special + i for i, token in enumerate(self.special_tokens)}
        self.prefix_token_ids = [self._special["[gMASK]"], self._special["sop"]]

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> GlmTokenizer:
        """Reads `folder`/tokenizer.model.

        Raises:
            PtuningError: the folder holds no tokenizer.model.
        """
        return cls(Path(folder) / MODEL_FILE)

    def save_pretrained(self, folder: str | Path) -> None:
        """Copies tokenizer.model into `folder`, which is made where it is not there."""
        copy_model(self.model_file, Path(folder))

    @property
    def special_token_ids(self) -> list[int]:
        return [self.pad_token_id, self.bos_token_id, self.eos_token_id, *self._special.values()]

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        ids = self._pieces.encode(text)
        return [*self.prefix_token_ids, *ids] if add_special_tokens else ids

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of `ids`; special tokens, padding and end are left out unless told otherwise."""
        text = ""
        run: list[int] = []
        for token in map(int, ids):
            if self.eos_token_id < token < self._first_special:
                run.append(token)
            elif not skip_special_tokens:
                text += self._pieces.decode(run) + self.id_to_piece(token)
                run = []
        return text + self._pieces.decode(run)

    def id_to_piece(self, token: int) -> str:
        """The piece or special token of an id; empty for a padding row of the model, behind the vocabulary."""
        if token < self._first_special:
            return self._pieces.id_to_piece(token)
        return "".join(self.special_tokens[token - self._first_special :][:1])

    def piece_to_id(self, piece: str) -> int:
        """The id of a piece or special token; that of <unk> for any other string."""
        return self._special[piece] if piece in self._special else self._pieces.piece_to_id(piece)

    def id_to_bytes(self, token: int) -> bytes:
        """What a token adds to the text, in UTF-8: one byte of a character for a byte piece, nothing for a special token."""
        if not self.eos_token_id < token < self._first_special:
            return b""
        piece = self._pieces.id_to_piece(token)
        if self._pieces.is_byte(token):
            return bytes([int(piece[1:-1], 16)])  # <0xE4>
        return piece.replace("\u2581", " ").encode()

    def build_prompt(self, query: str, history: History = ()) -> str:
        """The chat format of ChatGLM2: numbered rounds of 问 and 答."""
        return "".join(_numbered(*rounds_of([*messages_of(history), Message("user", query)])))

    def encode_messages(self, messages: Sequence[Message]) -> ChatIds:
        """The ids of `build_prompt`, and where its answers are.

        Raises:
            PtuningError: a system or tools, which the format does not have, or an order that is none of rounds.
        """
        history, query = rounds_of(messages)
        *turns, last = _numbered(history, query)
        found = self._pieces.encode_as_offset_mapping("".join((*turns, last)))
        begins = [begin for begin, _ in found["offsets"]]  # bytes of one character all begin where it does
        head, offset, answered = len(self.prefix_token_ids), 0, []
        for turn, (_, answer) in zip(turns, history):
            offset += len(turn)
            end = offset - len("\n\n")
            answered.append((head + bisect_left(begins, end - len(answer)), head + bisect_left(begins, end)))
        return ChatIds([*self.prefix_token_ids, *found["ids"]], answered)


def _numbered(history: Sequence[tuple[str, str]], query: str) -> list[str]:
    """The text of every round; the last has no answer yet."""
    turns = [f"[Round {i}]\n\n问：{asked}\n\n答：{answered}\n\n" for i, (asked, answered) in enumerate(history, 1)]
    return [*turns, f"[Round {len(history) + 1}]\n\n问：{query}\n\n答："]


class ChatGlm3Tokenizer(GlmTokenizer):
    """ChatGLM3's: the same pieces, and special tokens for the roles of a chat."""

    special_tokens = SPECIAL_TOKENS + ROLES
    has_system = True

    @property
    def end_token_ids(self) -> frozenset[int]:  # type: ignore[override]
        return frozenset((self.eos_token_id, self._special["<|user|>"], self._special["<|observation|>"]))

    def encode_messages(self, messages: Sequence[Message]) -> ChatIds:
        """As the original's build_chat_input: every message is its role token, a line break (each text is encoded by itself,
        so SentencePiece puts a blank in front) and the content; last <|assistant|>, after which the model itself writes
        the line break."""
        return role_chat(self.prefix_token_ids, self._special, self._pieces.encode, messages, _tools)

    def answer_ids(self, text: str, metadata: str = "") -> list[int]:
        return [*self._pieces.encode(f"{metadata}\n"), *self._pieces.encode(text)]


def _tools(tools: Sequence[Any]) -> str:
    return "\n" + json.dumps(tools, indent=4, ensure_ascii=False)


def role_chat(
    head: Sequence[int],
    special: Mapping[str, int],
    encode: Callable[[str], list[int]],
    messages: Sequence[Message],
    tools: Callable[[Sequence[Any]], str],
) -> ChatIds:
    """The chat format of ChatGLM3 and GLM-4: head, then <|role|>, metadata with "\n", and content of every message, last
    <|assistant|>. tools: how they are written behind a system's content.

    An answer begins behind its <|assistant|>, and the role token behind it ends it (process_batch of their finetune_demo).
    """
    ids, answered = list(head), []
    for message in messages:
        start = len(ids) + 1
        content = message.content + (tools(message.tools) if message.tools else "")
        ids += [special[f"<|{message.role}|>"], *encode(f"{message.metadata}\n"), *encode(content)]
        if message.role == "assistant":
            answered.append((start, len(ids) + 1))
    return ChatIds([*ids, special["<|assistant|>"]], answered)


def copy_model(model_file: Path, folder: Path) -> None:
    """Copies tokenizer.model into `folder`, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / MODEL_FILE
    if target.resolve() != model_file.resolve():
        shutil.copyfile(model_file, target)
