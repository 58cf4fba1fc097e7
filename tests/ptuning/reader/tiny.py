"""A reader so small that a test can train it: a tokenizer of single characters, a few symbols, an encoder of one layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from ptuning.reader.model import END, PAD, START, Network, Shape, network

TINY = Shape(layers=1, decoder_layers=1, hidden=24, heads=2, feed_forward=32)
SYMBOLS = [PAD, START, END, "SELECT", "M1", "C1", "@Y1", "公司", "WHERE", "=", "ORDER BY", "DESC"]
MARKS = {"[C1]": "公司", "[M1m]": "净利润"}


def tokenizer(marks: Iterable[str]) -> Tokenizer:
    """Of single characters, its first four tokens those of the encoder."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"净利润是多少年的公司哪家最高"]
    made = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    made.add_special_tokens(list(marks))
    return made


def begin(
    shape: Shape, corpus: Iterable[str], marks: Mapping[str, str], symbols: Collection[str]
) -> tuple[Network, Tokenizer]:
    """An untrained network, its encoder random."""
    tokens = tokenizer(marks)
    return network(shape, tokens.get_vocab_size(), len(symbols)), tokens
