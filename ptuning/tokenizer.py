"""The tokenizer of ChatGLM2/3 and of caibao-mini: a SentencePiece model and five special tokens behind its pieces.

Layout (ChatGLM2, tokenization_chatglm.py): ids 0..n-1 are the pieces (0 <unk>, also padding; 1 <s>; 2 </s>, the end
token), then [MASK] [gMASK] [sMASK] sop eop. A text is encoded as [gMASK] sop pieces….
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import sentencepiece

from ptuning.errors import PtuningError

SPECIAL_TOKENS = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop")


class GlmTokenizer:
    """Encodes and decodes text; ids equal those of the original ChatGLM2 tokenizer."""

    pad_token_id = 0
    bos_token_id = 1
    eos_token_id = 2

    def __init__(self, model_file: str | Path) -> None:
        self.model_file = Path(model_file)
        if not self.model_file.is_file():
            raise PtuningError(f"找不到分词模型 {self.model_file}，请把 tokenizer.model 放到这个文件夹里。")
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(self.model_file))
        except RuntimeError:
            raise PtuningError(f"{self.model_file} 不是SentencePiece的分词模型或已损坏，请重新下载。") from None
        self._first_special = self._pieces.vocab_size()
        self._special = {token: self._first_special + i for i, token in enumerate(SPECIAL_TOKENS)}
        self.prefix_token_ids = [self._special["[gMASK]"], self._special["sop"]]

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> GlmTokenizer:
        """Reads `folder`/tokenizer.model.

        Raises:
            PtuningError: the folder holds no tokenizer.model.
        """
        return cls(Path(folder) / "tokenizer.model")

    def save_pretrained(self, folder: str | Path) -> None:
        """Copies tokenizer.model into `folder`, which is made where it is not there."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        target = Path(folder) / "tokenizer.model"
        if target.resolve() != self.model_file.resolve():
            shutil.copyfile(self.model_file, target)

    @property
    def vocab_size(self) -> int:
        """Number of pieces and special tokens; a model may have more rows (ChatGLM2 pads to 65,024)."""
        return self._first_special + len(SPECIAL_TOKENS)

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Ids of `text`, [gMASK] sop first unless `add_special_tokens` is False.

        Names of special tokens within the text are text: a question cannot smuggle one in.
        """
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
        return "".join(SPECIAL_TOKENS[token - self._first_special :][:1])

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

    def build_prompt(self, query: str, history: Sequence[tuple[str, str]] = ()) -> str:
        """The chat format of ChatGLM2: numbered rounds of 问 and 答."""
        turns = [f"[Round {i}]\n\n问：{asked}\n\n答：{answered}\n\n" for i, (asked, answered) in enumerate(history, 1)]
        return "".join(turns) + f"[Round {len(history) + 1}]\n\n问：{query}\n\n答："
