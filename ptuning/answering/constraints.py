"""Answers held to a grammar, by llguidance (github.com/guidance-ai/llguidance): a parser that knows the bytes of every token.

A mask says which tokens may come next; where the grammar leaves one way to go on, its tokens are forced, and the engine reads
them in one pass. Forced text is cut into tokens as the tokenizer cuts it, since that is what the model was trained on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import torch
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from torch import Tensor

from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError

WITHIN_CHARACTER = bytes(range(0x80, 0xC0))  # bytes that no character of UTF-8 begins with


@dataclass(frozen=True)
class Grammar:
    """What an answer may be: a `Constraint` of ptuning.answering.requests, shared by any number of requests.

    text: a grammar in llguidance's dialect of Lark, its first rule `start`, over the text as it is decoded. rows: of the
    model's vocabulary, which may be padded behind the tokenizer's; those rows are never allowed. Grammars of one text and one
    tokenizer are equal, and compiled once.

    Raises:
        PtuningError: the text is not a grammar, or no answer satisfies it.
    """

    text: str
    tokenizer: Tokenizer
    rows: int

    def __post_init__(self) -> None:
        _begun(self)

    def matcher(self) -> GrammarMatcher:
        """A fresh one for one answer."""
        return _begun(self).copy()


class GrammarMatcher:
    """How far one answer has come: a `Matcher` of ptuning.answering.requests."""

    def __init__(self, state: LLMatcher, tokenizer: Tokenizer, vocabulary: LLTokenizer, lengths: Tensor) -> None:
        """vocabulary: the tokenizer's, as llguidance knows it; lengths: bytes of every token, [rows]."""
        self._state, self._tokenizer, self._vocabulary, self._lengths = state, tokenizer, vocabulary, lengths
        self._allowed: Tensor | None = None  # of the state as it is

    def copy(self) -> GrammarMatcher:
        """Another, as far as this one."""
        return GrammarMatcher(self._state.deep_copy(), self._tokenizer, self._vocabulary, self._lengths)

    def allowed(self) -> Tensor:
        """Which tokens may come next; the end tokens among them once the answer is complete. bool, [rows].

        Raises:
            PtuningError: none may: the grammar led into a dead end.
        """
        if self._allowed is None:
            self._allowed = torch.frombuffer(bytearray(self._state.compute_logit_bias()), dtype=torch.uint8) > 0
            self._check("走到了没有出路的地方", "请改语法")
        return self._allowed

    def accept(self, token: int) -> None:
        """Raises PtuningError for a token that is not allowed."""
        self._allowed = None
        self._state.consume_token(token)
        self._check(f"不允许词元{token}", "请只接受 allowed() 允许的词元")

    def forced(self) -> list[int]:
        """Tokens that must come next, accepted already: the end token too, where nothing else is left.

        That a text must come is not enough: its last tokens are left to the model where a longer one may stand in their place
        (HAVING COUNT(*) before an operator, where there is a token HAVING COUNT(*)=).

        Raises:
            PtuningError: nothing can come next.
        """
        tokens: list[int] = []
        left = self._state.compute_ff_bytes()
        for token in self._tokens(left):
            if (self.allowed() & (self._lengths > len(left))).any():
                break
            self.accept(token)
            tokens.append(token)
            left = left[len(self._tokenizer.id_to_bytes(token)) :]
        self.allowed()
        return [*tokens, self._tokenizer.eos_token_id] if self._state.is_stopped() else tokens

    def _tokens(self, text: bytes) -> list[int]:
        """As the tokenizer writes it; bytes of a character that is begun already one by one, those of one not ended not at all."""
        whole = text.lstrip(WITHIN_CHARACTER)
        written = self._tokenizer(whole.decode(errors="ignore")) if whole else []
        return [*self._vocabulary.tokenize_bytes(text[: len(text) - len(whole)]), *written]

    def _check(self, wrong: str, advice: str) -> None:
        if self._state.is_error():
            raise PtuningError(f"答案的语法{wrong}（{_line(self._state.get_error())}），{advice}。")


class _Padded(TokenizerWrapper):
    """The tokens of a tokenizer, and rows of the model behind them that stand for nothing."""

    def __init__(self, tokenizer: Tokenizer, rows: int) -> None:
        super().__init__(tokenizer)
        self.tokens = [*tokenizer.tokens, *[b""] * (rows - tokenizer.vocab_size)]


@lru_cache(maxsize=256)
def _begun(grammar: Grammar) -> GrammarMatcher:
    """Before the first token. SentencePiece may begin every text with a blank that decoding drops; so does the grammar."""
    vocabulary, lengths = _vocabulary(grammar.tokenizer, grammar.rows)  # type: ignore[arg-type]  # tokenizers do hash
    # Else llguidance masks all but the tokens that it would force, which it finds looking back over four tokens only.
    text, blank = grammar.text + '\n%llguidance {"no_forcing": true}\n', opening(grammar.tokenizer)
    if blank:
        start = {"lark_grammar": f"start: {json.dumps(blank)} @answer"}
        text = json.dumps({"grammars": [start, {"name": "answer", "lark_grammar": text}]})
    state = LLMatcher(vocabulary, text, log_level=0)
    if state.is_error():
        raise PtuningError(f"答案的语法有误（{_line(state.get_error())}），请按llguidance的Lark写法改正。")
    matcher = GrammarMatcher(state, grammar.tokenizer, vocabulary, lengths)
    matcher.allowed()
    return matcher


@lru_cache(maxsize=8)
def _vocabulary(tokenizer: Tokenizer, rows: int) -> tuple[LLTokenizer, Tensor]:
    """What llguidance knows of the tokens, and how many bytes each has, [rows]."""
    lengths = torch.zeros(rows, dtype=torch.long)
    for token in range(tokenizer.vocab_size):
        lengths[token] = len(tokenizer.id_to_bytes(token))
    return LLTokenizer(_Padded(tokenizer, rows), eos_token=sorted(tokenizer.end_token_ids)), lengths


def opening(tokenizer: Tokenizer) -> str:
    """What the tokenizer writes before a text that has nothing in front: a blank, or nothing."""
    ids = tokenizer.encode("a", add_special_tokens=False)
    return b"".join(map(tokenizer.id_to_bytes, ids)).decode().removesuffix("a")


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
