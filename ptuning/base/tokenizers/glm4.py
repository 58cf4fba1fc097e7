"""The tokenizer of GLM-4: byte-level BPE, whose tokenizer.model is a tiktoken file, and fourteen special tokens behind it.

Format (tokenization_chatglm.py of THUDM/glm-4-9b): a line per token, its bytes in base64, a blank, its rank, which is its id.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tiktoken

from ptuning.base.tokenizers.glm import MODEL_FILE, ROLES, copy_model, role_chat
from ptuning.base.tokenizers.messages import Message
from ptuning.base.tokenizers.tokenizer import ChatIds, Tokenizer
from ptuning.errors import PtuningError

SPECIAL_TOKENS = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", *ROLES,
    "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
)  # fmt: skip
PATTERN = (  # how a text is cut before merging
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CALLING = "在调用上述函数时，请使用 Json 格式表示调用的参数。"


def is_rank_file(path: Path) -> bool:
    """Whether a tokenizer.model is a tiktoken file rather than a SentencePiece model."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return re.match(rb"[A-Za-z0-9+/]+={0,2} \d+\r?\n", file.read(400)) is not None


def read_ranks(path: Path) -> dict[bytes, int]:
    """The tokens of a tiktoken file, {bytes: id}. (tiktoken's own reader keeps a copy in the temporary folder.)

    Raises:
        PtuningError: a line of another form, a rank missing, or a byte without a token.
    """
    try:
        pairs = (line.split() for line in path.read_bytes().splitlines() if line)
        ranks = {base64.b64decode(token, validate=True): int(rank) for token, rank in pairs}
    except (ValueError, binascii.Error):
        ranks = {}
    if sorted(ranks.values()) != list(range(len(ranks))) or not all(bytes([i]) in ranks for i in range(256)):
        raise PtuningError(
            f"{path} 不是完整的tiktoken词表（每行应是base64与序号，序号从0连续，且有全部256个字节），请重新下载。"
        )
    return ranks


class Glm4Tokenizer(Tokenizer):
    """Encodes and decodes text; ids equal those of the original GLM-4 tokenizer."""

    def __init__(self, model_file: str | Path, prompt_breaks: bool = False) -> None:
        """prompt_breaks: a prompt ends in a line break behind <|assistant|> (GLM-4-0414); else the answer begins with it.
        Raises as read_ranks."""
        self.model_file, self.prompt_breaks = Path(model_file), prompt_breaks
        self.ranks = read_ranks(self.model_file)
        self._special = {token: len(self.ranks) + i for i, token in enumerate(SPECIAL_TOKENS)}
        self.vocab_size = len(self.ranks) + len(SPECIAL_TOKENS)
        self._bpe = tiktoken.Encoding(
            "glm-4", pat_str=PATTERN, mergeable_ranks=self.ranks, special_tokens=self._special
        )
        self.prefix_token_ids = [self._special["[gMASK]"], self._special["<sop>"]]

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Glm4Tokenizer:
        """Reads `folder`/tokenizer.model. Raises as read_ranks."""
        return cls(Path(folder) / MODEL_FILE)

    def save_pretrained(self, folder: str | Path) -> None:
        """Copies tokenizer.model into `folder`, which is made where it is not there."""
        copy_model(self.model_file, Path(folder))

    @property
    def pad_token_id(self) -> int:
        return self._special["<|endoftext|>"]

    @property
    def bos_token_id(self) -> None:
        return None

    @property
    def eos_token_id(self) -> int:
        return self._special["<|endoftext|>"]

    @property
    def answer_end_id(self) -> int:
        """The next role token, as in process_batch of GLM-4's finetune_demo."""
        return self._special["<|user|>"]

    @property
    def end_token_ids(self) -> frozenset[int]:
        return frozenset(self._special[token] for token in ("<|endoftext|>", "<|user|>", "<|observation|>"))

    @property
    def special_token_ids(self) -> list[int]:
        return list(self._special.values())

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        ids = self._bpe.encode_ordinary(text)
        return [*self.prefix_token_ids, *ids] if add_special_tokens else ids

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of `ids`; half a character at an end becomes U+FFFD."""
        shown = self.id_to_bytes if skip_special_tokens else self._shown
        return b"".join(shown(int(token)) for token in ids).decode(errors="replace")

    def _shown(self, token: int) -> bytes:
        return self.id_to_bytes(token) or self.id_to_piece(token).encode()

    def id_to_piece(self, token: int) -> str:
        """Bytes that are no text are shown as \\x…."""
        if token < len(self.ranks):
            return self.id_to_bytes(token).decode(errors="backslashreplace")
        return "".join(SPECIAL_TOKENS[token - len(self.ranks) :][:1])

    def id_to_bytes(self, token: int) -> bytes:
        return self._bpe.decode_single_token_bytes(token) if token < len(self.ranks) else b""

    def encode_messages(self, messages: Sequence[Message]) -> ChatIds:
        """[gMASK]<sop>, then <|role|>, a line break and the content of every message; <|assistant|> last."""
        chat = role_chat(self.prefix_token_ids, self._special, self._bpe.encode_ordinary, messages, _tools)
        return ChatIds([*chat.ids, *self._line_break], chat.answered)

    def answer_ids(self, text: str, metadata: str = "") -> list[int]:
        begin = f"{metadata}\n" if metadata or not self.prompt_breaks else ""
        return [*self._bpe.encode_ordinary(begin), *self._bpe.encode_ordinary(text)]

    @property
    def _line_break(self) -> list[int]:
        return self._bpe.encode_ordinary("\n") if self.prompt_breaks else []


def _tools(tools: Sequence[Any]) -> str:
    """As GLM-4's build_chat_input: a heading, the JSON and a sentence for each; a tool in OpenAI's form is unwrapped."""
    told = (tool.get("function", tool) for tool in tools)
    return "\n" + "".join(
        f"\n## {tool.get('name', '')}\n\n{json.dumps(tool, ensure_ascii=False, indent=4)}\n{CALLING}" for tool in told
    )
