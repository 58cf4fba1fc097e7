"""Training of a small GLM on texts of one's own, and then on questions with answers (ptuning.pretrain --text, --sft).

Nothing is cut: a text goes on in the next window, and every token is learnt once. What is kept is the checkpoint with the least
loss on what was held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transformers import GlmConfig, GlmForCausalLM

from ptuning.answering.generate import generate
from ptuning.base.models import load_base
from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.errors import PtuningError
from ptuning.files import write_text
from ptuning.training.from_scratch import Encoded, Run, held_out_loss, train_pieces
from ptuning.training.metrics import rouge_l
from ptuning.training.plots import loss_curve
from ptuning.training.readers import read_rows, text_of

HELD_OUT = 20  # of so many documents (or windows of a single one) the last is held out
SHOWN, JUDGED = 5, 40  # held-out questions shown before and after in the report, and judged by ROUGE-L
LINE = 1_000  # characters of a line that a tokenizer is trained on
OVERLAP = 32  # tokens of an answer that its next window repeats, without loss
Pair = tuple[str, str]


def read_texts(paths: Sequence[str]) -> list[str]:
    """A text file is one document; of JSON lines, csv and the like each row's `text` is one.

    Raises:
        PtuningError: a file that cannot be read, a row without text, nothing at all.
    """
    found: list[str] = []
    for name in paths:
        path = Path(name)
        if path.suffix.lower() in (".txt", ".md", ""):
            found.append(text_of(path))
            continue
        for where, row in read_rows(path):
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise PtuningError(f"数据文件 {path} {where}没有文字的字段“text”，请改正。")
            found.append(row["text"])
    texts = [text for text in found if text.strip()]
    if not texts:
        raise PtuningError(f"{'、'.join(paths)} 里没有文字，请检查文件。")
    return texts


def read_pairs(path: str) -> list[Pair]:
    """(question, answer) of the rows. Raises PtuningError."""
    found = []
    for where, row in read_rows(Path(path)):
        for name in ("question", "answer"):
            if not isinstance(row, dict) or not isinstance(row.get(name), str) or not row[name].strip():
                raise PtuningError(
                    f'数据文件 {path} {where}没有文字的字段“{name}”，每条应为 {{"question": …, "answer": …}}。'
                )
        found.append((row["question"], row["answer"]))
    if len(found) < HELD_OUT:
        raise PtuningError(f"数据文件 {path} 只有{len(found)}条，至少要{HELD_OUT}条（其中二十分之一留作验证）。")
    return found


def packed(documents: Sequence[list[int]], end: int, length: int) -> list[Encoded]:
    """Windows of `length` labels over all documents one behind the other, an end token behind each. A window begins with the
    last token of the one before it, so every token but the very first is a label once."""
    stream = [token for document in documents for token in (*document, end)]
    return [(stream[at : at + length + 1], 1) for at in range(0, len(stream) - 1, length)]


def answered(tokenizer: GlmTokenizer, pair: Pair, length: int, number: int, split: bool) -> list[Encoded]:
    """A question with its answer: the loss is on the answer. What is longer than `length` becomes several windows, each with
    the question and OVERLAP tokens of the answer so far in front (split).

    Raises:
        PtuningError: it is longer and not to be split, or the question leaves no room; the row's number is named.
    """
    prompt = tokenizer.encode(pair[0])
    answer = [*tokenizer.encode(pair[1], add_special_tokens=False), tokenizer.eos_token_id]
    room = length - len(prompt) - OVERLAP
    if len(prompt) + len(answer) <= length:
        return [([*prompt, *answer], len(prompt))]
    if not split or room < 1:
        raise PtuningError(
            f"第{number}条有{len(prompt) + len(answer)}个词元（问题{len(prompt)}个），超过 --max_length {length}，"
            + ("请缩短问题。" if split else "请加 --long_answers windows 分段，或调大 --max_length。")
        )
    windows = []
    for at in range(0, len(answer), room):
        before = answer[max(0, at - OVERLAP) : at]
        windows.append(([*prompt, *before, *answer[at : at + room]], len(prompt) + len(before)))
    return windows


class TextRun(Run):
    """A Run on texts (options.text) or on questions with answers (options.sft), which start from options.begin."""

    def __init__(self, options: Any) -> None:
        """Raises PtuningError: --sft without --begin, or a base that is no GLM of ours."""
        if options.sft and not options.begin:
            raise PtuningError("--sft 需要 --begin（先用 --text 训练好的模型文件夹）。")
        self._begun = load_base(options.begin) if options.begin else None
        if self._begun and not (
            isinstance(self._begun.tokenizer, GlmTokenizer) and isinstance(self._begun.model, GlmForCausalLM)
        ):
            raise PtuningError(
                f"{options.begin} 不是这里训练的模型（GLM），请用 python -m ptuning.main --method full 接着训练它。"
            )
        self._pairs: list[Pair] = read_pairs(options.sft) if options.sft else []
        self._texts = [] if options.sft else read_texts(options.text)
        self._history: list[dict[str, Any]] = []
        super().__init__(options)
        self._best = min((entry["eval_loss"] for entry in self._logged() if "eval_loss" in entry), default=math.inf)

    def _tokenizer(self) -> GlmTokenizer:
        if self._begun:
            self._begun.tokenizer.save_pretrained(self.output)
        elif not (self.output / "tokenizer.model").exists():
            train_pieces(_lines(self._texts), self.output, self.options.vocab_size, hard_vocab_limit=False)
        return GlmTokenizer.from_pretrained(self.output)

    def _config(self) -> GlmConfig:
        return self._begun.model.config if self._begun else super()._config()  # type: ignore[return-value]

    def _begin(self) -> GlmForCausalLM:
        """A copy of the begun one's weights: it answers the questions of the report as it was."""
        model = super()._begin()
        if self._begun:
            model.load_state_dict(self._begun.model.state_dict())
        return model.float()

    def _documents(self) -> tuple[list[Encoded], list[Encoded]]:
        length = self.options.max_length
        if self._pairs:
            split = self.options.long_answers == "windows"
            rows = [answered(self.tokenizer, pair, length, n, split) for n, pair in enumerate(self._pairs, 1)]
            parts = _held(rows)
            return tuple([window for row in part for window in row] for part in parts)  # type: ignore[return-value]
        ids = [self.tokenizer.encode(text, add_special_tokens=False) for text in self._texts]
        if len(ids) >= HELD_OUT:
            train, held = (packed(part, self.tokenizer.eos_token_id, length) for part in _held(ids))
            return train, held
        return _held(packed(ids, self.tokenizer.eos_token_id, length), self._texts)

    def _logged(self) -> Iterator[dict[str, Any]]:
        """What the log says, in the names of a trainer's history."""
        path = self.output / "pretrain_log.jsonl"
        names = {"loss": "loss", "held_out_loss": "eval_loss"}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            entry = json.loads(line)
            for name, known in names.items():
                if name in entry:
                    yield {"step": entry["step"], known: entry[name]}

    def _report(self, held: list[Encoded]) -> None:
        """The model folder is that of the least held-out loss; the state is the last one, to go on from."""
        value = held_out_loss(self.model, held, self.tokenizer.pad_token_id, self.options.bf16)
        self.log(held_out_loss=value, held_out_perplexity=math.exp(value))
        self._save_state()
        if value < self._best:
            self._best = value
            self._save_model()

    def train(self) -> None:
        """Also writes report.md and loss.png. Raises PtuningError as Run, and for rows that are too long."""
        super().train()
        history = list(self._logged())
        loss_curve(history, self.output / "loss.png", self.output.name)
        best = min((e for e in history if "eval_loss" in e), key=lambda e: e["eval_loss"])
        lines = [
            f"# {self.output.name}",
            "",
            f"- 参数 {sum(p.numel() for p in self.model.parameters()):,} 个；{self.step} 步，{self.seconds / 60:.1f} 分钟。",
            f"- 最好的检查点：第 {best['step']} 步，验证损失 {best['eval_loss']:.4f}，"
            f"困惑度 {math.exp(best['eval_loss']):.2f}（每个词元）；曲线见 loss.png。",
        ]
        if self._pairs:
            lines += self._judged()
        write_text(self.output / "report.md", "\n".join(lines) + "\n")

    def _judged(self) -> list[str]:
        """Answers to held-out questions before and after."""
        assert self._begun is not None  # `__init__` has seen to it
        pairs = _held(self._pairs)[1][:JUDGED]
        questions, most = [question for question, _ in pairs], self.options.max_length
        after = load_base(self.output)
        told = [generate(base.model, base.tokenizer, questions, most) for base in (self._begun, after)]
        scores = [sum(rouge_l(list(a), list(w)) for a, (_, w) in zip(texts, pairs)) / len(pairs) for texts in told]
        longest = max(len(text) for text in told[1])
        lines = [
            f"- {len(pairs)} 个没有训练过的问题：ROUGE-L（按字）{100 * scores[0]:.1f} → {100 * scores[1]:.1f}；最长的回答 {longest} 字。"
        ]
        lines += ["", "| 问 | 应答 | 之前 | 之后 |", "|---|---|---|---|"]
        for (question, wanted), before, now in list(zip(pairs, *told))[:SHOWN]:
            cells = (text.replace("\n", " ").replace("|", "／")[:120] for text in (question, wanted, before, now))
            lines.append("| " + " | ".join(cells) + " |")
        return lines


def _lines(texts: Sequence[str]) -> Iterator[str]:
    """For a tokenizer: SentencePiece passes over lines longer than some thousand bytes."""
    for text in texts:
        for line in text.split("\n"):
            yield from (line[at : at + LINE] for at in range(0, len(line), LINE) if line[at : at + LINE].strip())


def _held(rows: Sequence[Any], texts: Sequence[str] = ("",)) -> tuple[list[Any], list[Any]]:
    """(to train on, held out): every HELD_OUT-th is held out.

    Raises:
        PtuningError: there are too few to hold one out.
    """
    held = list(rows[HELD_OUT - 1 :: HELD_OUT])
    if not held:
        raise PtuningError(
            f"文字太少（{sum(map(len, texts))}字，{len(rows)}段），至少要{HELD_OUT}段才能留出验证，请加些文字或减小 --max_length。"
        )
    return [row for at, row in enumerate(rows) if at % HELD_OUT != HELD_OUT - 1], held
