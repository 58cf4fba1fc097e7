"""Training of a small GLM and its tokenizer on a folder of documents (ptuning.pretrain says of what kind)."""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from transformers import GlmConfig, GlmForCausalLM

from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.errors import PtuningError
from ptuning.files import beside

Encoded = tuple[list[int], int]  # token ids with the two leading and the end token; where the target starts


def train_tokenizer(corpus: Path, output: Path, vocab_size: int, sentences: int = 120_000) -> None:
    """On a corpus folder's first documents; its symbols stay whole, its characters are in the vocabulary."""

    def texts() -> Iterator[str]:
        with (corpus / "train.jsonl").open(encoding="utf-8") as file:
            for _, line in zip(range(sentences), file):
                doc = json.loads(line)
                yield from (doc["context"] + doc["target"]).split("\n")

    symbols = (corpus / "symbols.txt").read_text(encoding="utf-8").strip("\n").split("\n")
    characters = (corpus / "characters.txt").read_text(encoding="utf-8").strip()
    train_pieces(texts(), output, vocab_size, symbols, required_chars=characters)


def train_pieces(texts: Iterator[str], output: Path, vocab_size: int, symbols: Sequence[str] = (), **more: Any) -> None:
    """SentencePiece BPE (Kudo & Richardson 2018): NFKC, digits split, byte fallback; writes output/tokenizer.model."""
    import sentencepiece

    output.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=texts,
        model_prefix=str(output / "tokenizer"),
        vocab_size=vocab_size,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="nfkc",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        character_coverage=1.0,
        max_sentencepiece_length=10,
        user_defined_symbols=["\n", *(s.replace(" ", "\u2581") for s in symbols)],
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        minloglevel=2,
        **more,
    )
    (output / "tokenizer.vocab").unlink()


def encode(path: Path, tokenizer: GlmTokenizer, max_length: int) -> list[Encoded]:
    """Every document as ids; what is longer than `max_length` is left out.

    Raises:
        PtuningError: a line is not a document.
    """
    found: list[Encoded] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                doc = json.loads(line)
                context, target = doc["context"], doc["target"]
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise PtuningError(
                    f'{path} 第{number}行不是 {{"context", "target"}} 文档({error}),请重新生成语料。'
                ) from None
            start = tokenizer.encode(context)
            ids = [*start, *tokenizer.encode(target, add_special_tokens=False), tokenizer.eos_token_id]
            if len(ids) <= max_length:
                found.append((ids, len(start)))
    return found


def batches(docs: list[Encoded], tokens: int, seed: int) -> Iterator[list[Encoded]]:
    """Endless batches of at most `tokens` tokens, padding included, of documents of like length; the same for the same seed."""
    for epoch in range(10**6):
        rng = random.Random(f"{seed} {epoch}")
        order = sorted(range(len(docs)), key=lambda i: len(docs[i][0]) + rng.random() * 4)
        groups: list[list[int]] = [[]]
        for i in order:
            if (len(groups[-1]) + 1) * len(docs[i][0]) > tokens and groups[-1]:
                groups.append([])
            groups[-1].append(i)
        rng.shuffle(groups)
        for group in groups:
            yield [docs[i] for i in group]


def collate(batch: list[Encoded], pad: int, context_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
    """ids [rows, length], right-padded (causal attention never sees the padding), and the weight of each id as a label [rows, length]."""
    length = max(len(ids) for ids, _ in batch)
    ids = np.full((len(batch), length), pad, dtype=np.int64)
    weights = np.zeros((len(batch), length), dtype=np.float32)
    for row, (tokens, start) in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        weights[row, 2:start] = context_weight
        weights[row, start : len(tokens)] = 1.0
    return torch.from_numpy(ids), torch.from_numpy(weights)


def losses(model: GlmForCausalLM, ids: torch.Tensor, weights: torch.Tensor, bf16: bool) -> torch.Tensor:
    """Weighted mean cross-entropy of predicting ids[:, 1:]; scalar."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=bf16):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    each = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
    weight = weights[:, 1:].flatten()
    return (each * weight).sum() / weight.sum()


@torch.no_grad()
def held_out_loss(model: GlmForCausalLM, docs: list[Encoded], pad: int, bf16: bool) -> float:
    """Mean loss per target token (nats) over `docs`."""
    total, count = 0.0, 0
    for i in range(0, len(docs), 64):
        ids, weights = collate(docs[i : i + 64], pad, 0.0)
        n = int(weights[:, 1:].sum())
        total += float(losses(model, ids.to(model.device), weights.to(model.device), bf16)) * n
        count += n
    return total / count


class Optimisers:
    """Muon for two-dimensional layer weights, AdamW for the rest; one learning-rate factor for both."""

    def __init__(self, model: GlmForCausalLM, matrix_lr: float, lr: float) -> None:
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "layers." in n]
        rest = [p for n, p in model.named_parameters() if not (p.ndim == 2 and "layers." in n)]
        self._parts = (
            torch.optim.Muon(matrices, lr=matrix_lr, weight_decay=0.0, momentum=0.95),
            torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self._base = (matrix_lr, lr)

    def step(self, factor: float) -> None:
        for part, lr in zip(self._parts, self._base):
            for group in part.param_groups:
                group["lr"] = lr * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, states: list[dict]) -> None:
        for part, state in zip(self._parts, states):
            part.load_state_dict(state)


def factor_at(done: float, warm: float = 0.02, hold: float = 0.5) -> float:
    """Learning-rate factor after the share `done` of the run: warm-up, constant, linear decay to 0.02."""
    if done < warm:
        return max(done / warm, 0.02)
    return 1.0 if done < hold else max(0.02, (1 - done) / (1 - hold))


class Run:
    """One pre-training run: everything that a checkpoint holds."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.output = options, Path(options.output)
        torch.manual_seed(options.seed)
        self.tokenizer = self._tokenizer()
        self.config = self._config()
        self.model = self._begin().to(options.device)
        self.optimisers = Optimisers(self.model, options.matrix_learning_rate, options.learning_rate)
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.state = self.output / "pretrain_state.pt"
        if self.state.exists():
            self._load()

    def _tokenizer(self) -> GlmTokenizer:
        """Trained on the corpus where the output folder has none yet.

        Raises:
            PtuningError: there is no corpus.
        """
        corpus = Path(self.options.corpus)
        if not (corpus / "train.jsonl").exists():
            raise PtuningError(f"语料 {corpus}/train.jsonl 不存在,请先运行 python -m data.generator corpus。")
        if not (self.output / "tokenizer.model").exists():
            train_tokenizer(corpus, self.output, self.options.vocab_size)
        return GlmTokenizer.from_pretrained(self.output)

    def _documents(self) -> tuple[list[Encoded], list[Encoded]]:
        """(to train on, held out)"""
        corpus, length = Path(self.options.corpus), self.options.max_length
        return tuple(encode(corpus / f"{part}.jsonl", self.tokenizer, length) for part in ("train", "heldout"))  # type: ignore[return-value]

    def _begin(self) -> GlmForCausalLM:
        """What training starts from."""
        return GlmForCausalLM(self.config)

    def _config(self) -> GlmConfig:
        options, heads = self.options, self.options.hidden_size // 32
        return GlmConfig(
            hidden_size=options.hidden_size,
            num_hidden_layers=options.layers,
            intermediate_size=3 * options.hidden_size,
            num_attention_heads=heads,
            num_key_value_heads=max(1, heads // 2),
            head_dim=32,
            vocab_size=self.tokenizer.vocab_size,
            tie_word_embeddings=True,
            attention_bias=False,
            attention_dropout=0.0,
            rms_norm_eps=1e-5,
            max_position_embeddings=4096,
            pad_token_id=self.tokenizer.pad_token_id,
            eos_token_id=self.tokenizer.eos_token_id,
        )

    def _load(self) -> None:
        saved = torch.load(self.state, weights_only=True, map_location=self.options.device)
        self.model.load_state_dict(saved["model"])
        self.optimisers.load_state_dict(saved["optimisers"])
        self.step, self.tokens, self.seconds = saved["step"], saved["tokens"], saved["seconds"]
        print(f"从第 {self.step} 步继续", flush=True)

    def save(self) -> None:
        """Checkpoint and model folder."""
        self._save_state()
        self._save_model()

    def _save_state(self) -> None:
        """Written beside and renamed."""
        with beside(self.state) as written:
            torch.save(
                {
                    "model": self.model.state_dict(),
                    "optimisers": self.optimisers.state_dict(),
                    "step": self.step,
                    "tokens": self.tokens,
                    "seconds": self.seconds,
                },
                written,
            )

    def _save_model(self) -> None:
        half = GlmForCausalLM(self.config).half()
        half.load_state_dict(self.model.state_dict())
        half.save_pretrained(self.output)

    def log(self, **figures: float) -> None:
        line = {
            "step": self.step,
            "tokens": self.tokens,
            "minutes": round(self.seconds / 60, 1),
            **{k: round(v, 4) for k, v in figures.items()},
        }
        print(json.dumps(line), flush=True)
        with (self.output / "pretrain_log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def done(self) -> float:
        """Share of the run that is over."""
        return max(self.seconds / 60 / self.options.max_minutes, self.step / self.options.max_steps)

    def train(self) -> None:
        """Until max_minutes of training or max_steps.

        Raises:
            PtuningError: the loss is no number.
        """
        o = self.options
        train, held = self._documents()
        print(
            f"{len(train)} 篇文档,{sum(len(d[0]) for d in train)} 个词元,{sum(p.numel() for p in self.model.parameters()):,} 个参数",
            flush=True,
        )
        source = batches(train, o.tokens_per_step, o.seed)
        for _ in range(self.step):
            next(source)
        while self.done() < 1:
            started = time.monotonic()
            ids, weights = collate(next(source), self.tokenizer.pad_token_id, o.context_weight)
            loss = losses(self.model, ids.to(o.device), weights.to(o.device), o.bf16)
            if not math.isfinite(loss.item()):
                raise PtuningError(
                    f"第 {self.step} 步的损失不是数,请降低 --learning_rate 或 --matrix_learning_rate 后重新开始。"
                )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimisers.step(factor_at(self.done()))
            self.step, self.tokens = self.step + 1, self.tokens + ids.numel()
            self.seconds += time.monotonic() - started
            if self.step % 20 == 0:
                self.log(loss=loss.item())
            if self.step % o.save_steps == 0:
                self._report(held)
        self._report(held)

    def _report(self, held: list[Encoded]) -> None:
        value = held_out_loss(self.model, held, self.tokenizer.pad_token_id, self.options.bf16)
        self.log(held_out_loss=value, held_out_perplexity=math.exp(value))
        self.save()
