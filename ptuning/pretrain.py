"""Trains a small GLM and its tokenizer from scratch on a folder of documents.

    python -m ptuning.pretrain --corpus output/corpus --output RawModels/caibao-mini
    python -m ptuning.pretrain --corpus output/corpus --output output/try --max_minutes 2 --hidden_size 64   # a try

    python -m ptuning.pretrain --text 小说.txt 新闻.jsonl --output output/own --max_minutes 30      # texts of one's own
    python -m ptuning.pretrain --sft 问答.jsonl --begin output/own --output output/own-chat        # then its answers

--text: text files (a document each) or rows with `text`; --begin goes on from a model of ours (RawModels/caibao-mini, say).
--sft: rows with `question` and `answer`, the loss on the answers only. Both write loss.png and report.md, and keep the model
whose held-out loss is least; nothing is cut: what is longer goes on in the next window, or is refused by its number.

corpus folder: train.jsonl and heldout.jsonl, a document {"context", "target"} a line; symbols.txt, pieces that stay whole (one a line);
characters.txt, characters that must be in the vocabulary. Killed and started again it goes on where the last checkpoint left off.

What is learned: the target at full weight, the context at --context_weight (names in it are noise that no model can predict).
Optimisers: Muon (Jordan et al. 2024) for the matrices of the layers, AdamW for embeddings and norms; linear warm-up and decay.
"""

from __future__ import annotations

import argparse

import torch

from ptuning.errors import PtuningError
from ptuning.training.from_scratch import Run
from ptuning.training.own_text import TextRun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--corpus", help="语料文件夹（data.generator corpus 写的）")
    what.add_argument("--text", nargs="+", help="自己的文字：.txt，或带 text 字段的 jsonl、csv")
    what.add_argument("--sft", help="问答：带 question、answer 的 jsonl、json、csv")
    add("--begin", help="从哪个模型文件夹接着训练（--text 可以，--sft 必须）")
    add(
        "--long_answers",
        choices=("refuse", "windows"),
        default="refuse",
        help="太长的问答：拒绝并说出第几条，或分成重叠的几段",
    )
    add("--output", required=True)
    add("--max_minutes", type=float, default=150.0, help="训练时间上限(分钟)")
    add("--max_steps", type=int, default=10**9)
    add("--hidden_size", type=int, default=256)
    add("--layers", type=int, default=6)
    add("--vocab_size", type=int, default=6000)
    add("--tokens_per_step", type=int, default=8192)
    add("--max_length", type=int, default=256)
    add("--context_weight", type=float, default=0.15)
    add("--matrix_learning_rate", type=float, default=0.02)
    add("--learning_rate", type=float, default=3e-3)
    add("--save_steps", type=int, default=200)
    add("--seed", type=int, default=1)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add(
        "--bf16",
        type=lambda s: s.lower() in ("1", "true", "yes"),
        default=True,
        help="矩阵乘法用 bfloat16(参数仍为 float32)",
    )
    try:
        options = parser.parse_args()
        run = Run(options) if options.corpus else TextRun(options)
        run.train()
    except PtuningError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
