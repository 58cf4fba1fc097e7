"""The network: BERT encoder, decoder with cross-attention over a closed vocabulary of symbols, beam search, and its folder on disk.

A folder holds config.json, tokenizer.json, symbols.json and model.safetensors: matrices in 8 bits with one scale a row, the rest in float16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ptuning.errors import PtuningError

PAD, START, END = "<pad>", "<s>", "</s>"
MAX_INPUT, MAX_OUTPUT = 150, 110
_FAR = 6.0  # log-probability by which the best reading leads when the search ends
_SCALE = ".scale"
_NOT_STORED = frozenset({"enc.embeddings.position_ids", "enc.embeddings.token_type_ids"})  # whole numbers, made anew
Cache = list[tuple[Tensor, Tensor]]


class Reading(NamedTuple):
    """What may have been meant: symbols, their log-probability, and that of the least sure symbol."""

    symbols: tuple[str, ...]
    logprob: float
    lowest: float


@dataclass(frozen=True)
class Shape:
    """Sizes of the network."""

    layers: int = 8
    decoder_layers: int = 2
    hidden: int = 384
    heads: int = 6
    feed_forward: int = 1024


class _DecoderLayer(nn.Module):
    """Pre-norm: causal self-attention, attention over the encoder's states, feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.hidden
        self.h = shape.heads
        self.n1, self.n2, self.n3 = nn.LayerNorm(d), nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.q, self.kv, self.co = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(d, d)
        self.f1, self.f2 = nn.Linear(d, shape.feed_forward), nn.Linear(shape.feed_forward, d)
        self.drop = nn.Dropout(0.1)

    def heads(self, x: Tensor) -> Tensor:
        """[rows, length, hidden] → [rows, heads, length, hidden / heads]"""
        return x.view(x.shape[0], x.shape[1], self.h, -1).transpose(1, 2)

    def memory(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the encoder's states, the same for every step."""
        k, v = self.kv(states).chunk(2, -1)
        return self.heads(k), self.heads(v)

    def forward(
        self, x: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        q, k, v = map(self.heads, self.qkv(self.n1(x)).chunk(3, -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=past is None and x.shape[1] > 1)
        x = x + self.drop(self.o(a.transpose(1, 2).flatten(2)))
        a = F.scaled_dot_product_attention(self.heads(self.q(self.n2(x))), *memory, attn_mask=mask)
        x = x + self.drop(self.co(a.transpose(1, 2).flatten(2)))
        return x + self.drop(self.f2(F.gelu(self.f1(self.n3(x))))), (k, v)


class Network(nn.Module):
    """[rows, length] token ids and a mask → logits over symbols."""

    def __init__(self, encoder: BertModel, symbols: int, shape: Shape) -> None:
        super().__init__()
        self.enc = encoder
        self.emb, self.pos = nn.Embedding(symbols, shape.hidden), nn.Embedding(160, shape.hidden)
        self.layers = nn.ModuleList(_DecoderLayer(shape) for _ in range(shape.decoder_layers))
        self.norm, self.head = nn.LayerNorm(shape.hidden), nn.Linear(shape.hidden, symbols)
        nn.init.normal_(self.emb.weight, std=0.05)
        nn.init.normal_(self.pos.weight, std=0.02)

    def encode(self, ids: Tensor, mask: Tensor) -> tuple[Cache, Tensor]:
        """Keys and values for each decoder layer, and the attention mask over them."""
        states = self.enc(input_ids=ids, attention_mask=mask).last_hidden_state
        return [cast(_DecoderLayer, layer).memory(states) for layer in self.layers], mask[:, None, None, :].bool()

    def decode(self, symbols: Tensor, at: int, memory: Cache, mask: Tensor, past: Cache | None) -> tuple[Tensor, Cache]:
        """Logits [rows, length, symbols] for the symbols that follow those at `at`, and the cache for the next step."""
        x = self.emb(symbols) + self.pos.weight[at : at + symbols.shape[1]]
        cache: Cache = []
        for number, layer in enumerate(self.layers):
            x, kv = layer(x, memory[number], mask, past[number] if past else None)
            cache.append(kv)
        return self.head(self.norm(x)), cache

    def forward(self, ids: Tensor, mask: Tensor, symbols: Tensor) -> Tensor:
        memory, attend = self.encode(ids, mask)
        return self.decode(symbols, 0, memory, attend, None)[0]


class _Beam(NamedTuple):
    total: float
    ids: tuple[int, ...]
    lowest: float


class _Search:
    """Beam search for one text."""

    def __init__(self, beams: int, end: int) -> None:
        self._beams, self._end = beams, end
        self.alive = [_Beam(0.0, (), 0.0)]
        self._done: list[_Beam] = []

    def grow(self, best: Sequence[tuple[list[float], list[int]]]) -> list[int]:
        """One symbol more, from (log-probabilities, symbols) of each beam that is alive; returns the parent of each that is now."""
        found = [
            (_Beam(beam.total + value, (*beam.ids, symbol), min(beam.lowest, value)), parent)
            for parent, (beam, (values, symbols)) in enumerate(zip(self.alive, best))
            for value, symbol in zip(values, symbols)
            if value > -math.inf
        ]
        found.sort(key=lambda pair: -pair[0].total)
        grown: list[tuple[_Beam, int]] = []
        for beam, parent in found:
            if beam.ids[-1] == self._end:
                self._done.append(beam._replace(ids=beam.ids[:-1]))
            else:
                grown.append((beam, parent))
            if len(grown) == self._beams:
                break
        self._done.sort(key=lambda beam: -beam.total)
        if self._is_over(grown[0][0].total if grown else -math.inf):
            grown = []
        self.alive = [beam for beam, _ in grown]
        return [parent for _, parent in grown]

    def _is_over(self, best: float) -> bool:
        """What is alive only gets less likely: enough is done that is likelier, or far likelier."""
        if len(self._done) >= self._beams and best < self._done[self._beams - 1].total:
            return True
        return bool(self._done) and best < self._done[0].total - _FAR

    def readings(self, symbols: Sequence[str]) -> list[Reading]:
        return [Reading(tuple(symbols[i] for i in b.ids), b.total, b.lowest) for b in self._done[: self._beams]]


class SymbolReader:
    """A trained network with its tokenizer and symbols."""

    def __init__(self, network: Network, tokenizer: Tokenizer, symbols: Sequence[str], shape: Shape) -> None:
        self.network, self.tokenizer, self.symbols, self.shape = network, tokenizer, tuple(symbols), shape
        self.index = {symbol: number for number, symbol in enumerate(self.symbols)}

    def encode(self, text: str) -> list[int]:
        """Token ids of a text without its white space, between the encoder's own marks."""
        return [0, *self.tokenizer.encode("".join(text.split()), add_special_tokens=False).ids[:MAX_INPUT], 2]

    def read(self, text: str, forbidden: Collection[str] = (), beams: int = 4) -> list[Reading]:
        """Up to `beams` readings by beam search, the likeliest first; `forbidden` symbols are never written."""
        return self.read_many([text], [forbidden], beams)[0]

    @torch.inference_mode()
    def read_many(
        self, texts: Sequence[str], forbidden: Sequence[Collection[str]], beams: int = 4
    ) -> list[list[Reading]]:
        """The same for several texts at once; each has symbols of its own that are never written."""
        self.network.eval()
        encoded = [self.encode(text) for text in texts]
        longest = max(map(len, encoded))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in encoded])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in encoded])
        memory, attend = self.network.encode(ids, mask)
        ban = torch.zeros(len(texts), len(self.symbols))
        for row, symbols in enumerate(forbidden):
            ban[row, [self.index[s] for s in symbols if s in self.index]] = -math.inf
        searches = [_Search(beams, self.index[END]) for _ in texts]
        owner = list(range(len(texts)))  # of each row that is alive, the text it belongs to
        last = torch.full((len(texts), 1), self.index[START])
        past: Cache | None = None
        for at in range(MAX_OUTPUT):
            of = torch.tensor(owner)
            wide = [(k[of], v[of]) for k, v in memory]
            logits, past = self.network.decode(last, at, wide, attend[of], past)
            best = torch.log_softmax(logits[:, -1] + ban[of], -1).topk(beams, -1)
            values, symbols = best.values.tolist(), best.indices.tolist()
            parents: list[int] = []
            owner_next: list[int] = []
            at_row = 0
            for text, search in enumerate(searches):
                rows = range(at_row, at_row + len(search.alive))
                at_row += len(rows)
                kept = search.grow([(values[row], symbols[row]) for row in rows])
                parents += [rows[parent] for parent in kept]
                owner_next += [text] * len(kept)
            if not parents:
                break
            keep = torch.tensor(parents)
            past, owner = [(k[keep], v[keep]) for k, v in past], owner_next
            last = torch.tensor([[beam.ids[-1]] for search in searches for beam in search.alive])
        return [search.readings(self.symbols) for search in searches]

    def save(self, folder: Path) -> None:
        """Writes the folder, 8 bits a weight."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {**self.shape.__dict__, "vocabulary": self.network.enc.config.vocab_size}
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        (folder / "symbols.json").write_text(
            json.dumps(list(self.symbols), ensure_ascii=False) + "\n", encoding="utf-8"
        )
        self.tokenizer.save(str(folder / "tokenizer.json"))
        save_file(_packed(self.network.state_dict()), folder / "model.safetensors")


def _packed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    packed: dict[str, Tensor] = {}
    for name, weight in state.items():
        if weight.dim() == 2 and weight.is_floating_point():
            scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
            packed[name] = (weight / scale).round().to(torch.int8)
            packed[name + _SCALE] = scale.to(torch.float16)
        elif weight.is_floating_point():
            packed[name] = weight.to(torch.float16)
    return packed


def _unpacked(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: weight.float() * packed[name + _SCALE].float() if weight.dtype == torch.int8 else weight.float()
        for name, weight in packed.items()
        if not name.endswith(_SCALE)
    }


def network(shape: Shape, vocabulary: int, symbols: int, encoder: BertModel | None = None) -> Network:
    """An untrained network; its encoder is `encoder` where one is given."""
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=12,
        intermediate_size=4 * shape.hidden, max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12,
    )  # fmt: skip
    return Network(encoder or BertModel(config, add_pooling_layer=False), symbols, shape)


def load(folder: Path | str) -> SymbolReader:
    """The reader that a folder holds.

    Raises:
        PtuningError: a file is missing or does not fit the others.
    """
    folder = Path(folder)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        symbols = json.loads((folder / "symbols.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        packed = load_file(folder / "model.safetensors")
        vocabulary = config.pop("vocabulary")
        shape = Shape(**config)
    except Exception as error:  # the tokenizers' own errors have no other class
        raise PtuningError(f"{folder} 不是阅读模型的文件夹：{_sentence(error)}") from None
    if tokenizer.get_vocab_size() > vocabulary or not {PAD, START, END} <= set(symbols):
        raise PtuningError(f"{folder} 的 tokenizer.json 或 symbols.json 与 config.json 不符。")
    try:
        made = network(shape, vocabulary, len(symbols))
        told = made.load_state_dict(_unpacked(packed), strict=False)
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        raise PtuningError(f"{folder} 的权重与 config.json 不符：{_sentence(error)}") from None
    if wrong := {*told.missing_keys, *told.unexpected_keys} - _NOT_STORED:
        raise PtuningError(f"{folder} 的权重与 config.json 不符：{min(wrong)}")
    return SymbolReader(made.eval(), tokenizer, symbols, shape)


def _sentence(error: Exception) -> str:
    """The last line of what a library says."""
    return (str(error).splitlines() or [type(error).__name__])[-1].strip()
