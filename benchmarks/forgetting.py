"""What a base still answers as before while a prefix is active, and what mixing its own answers into the training keeps.

python -m benchmarks.forgetting                      # about 4 minutes on 2 cores
python -m benchmarks.forgetting --steps 30           # a try

General prompts are texts that the embedded base was pre-trained on other than the task (fields, aliases, formulas, SQL …).
Its own greedy answers to some of them go into the training file of the task; on others, never trained on, the answers
with the prefix are compared with those without. With no prefix active nothing changes at all (a test shows it bit by bit).
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent.model import DEFAULT_BASE
from benchmarks import ROOT
from data.generator import corpus
from ptuning import main as ptuning_main
from ptuning.answering.generate import generate
from ptuning.base.models import Base, load_base
from ptuning.checkpoints import load_prefix
from ptuning.methods.prefix.model import PrefixModel
from ptuning.training.examples import Columns, read_examples

LONGEST = 96  # tokens of an answer
SEED = 99  # no seed of the generator's: other documents than the base was trained on


def general_prompts(count: int) -> list[str]:
    return list(dict.fromkeys(doc["context"] for doc in itertools.islice(corpus.documents(SEED, count), count)))


def equal(one: Sequence[str], two: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(one, two)) / len(one)


def train(task: str, folder: Path, mixed: Path, weight: float, steps: int) -> None:
    """A prefix on the task's rows, and on `weight` times the base's own answers."""
    files = [str(ROOT / "FinTrain" / task / "train.json"), str(mixed)][: 2 if weight else 1]
    weights = ["--train_weights", "1", str(weight)] if weight else []
    code = ptuning_main.main([
        "--do_train", "--model_name_or_path", str(DEFAULT_BASE), "--train_file", *files, *weights, "--pre_seq_len", "32",
        "--max_source_length", "160", "--max_target_length", str(LONGEST), "--max_steps", str(steps), "--adam_beta2", "0.95",
        "--seed", "7", "--save_strategy", "no", "--output_dir", str(folder),
    ])  # fmt: skip
    if code:
        raise SystemExit(code)


def scores(base: Base, folder: Path, task: str, prompts: Sequence[str], before: Sequence[str]) -> tuple[float, float]:
    """(share of the task's test answered exactly, share of the general prompts answered as without the prefix)."""
    model = PrefixModel(base.model, load_prefix(folder, base)).eval()
    rows = read_examples(ROOT / "FinTrain" / task / "test.json", Columns.of_task(task, "question_prompt", "query"))
    right = equal(generate(model, base.tokenizer, [row.prompt for row in rows], LONGEST), [row.response for row in rows])
    return right, equal(generate(model, base.tokenizer, prompts, LONGEST), before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="classify", choices=("classify", "keywords", "nl2sql"))
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 0.25, 1.0], help="混入几份基座自己的回答")
    options = parser.parse_args()
    base = load_base(DEFAULT_BASE)
    trained, held = (lambda prompts: (prompts[600:], prompts[:600]))(general_prompts(4800))
    before = generate(base.model, base.tokenizer, held, LONGEST)
    table = Table(title=f"{options.task}，{options.steps} 步")
    for heading in ("混入的份数", f"任务的测试题（{options.task}）", f"一般的提问与原来相同（{len(held)}题）"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as folder:
        mixed = Path(folder) / "own_answers.jsonl"
        own = generate(base.model, base.tokenizer, trained, LONGEST)
        lines = (json.dumps({"question_prompt": p, "query": a}, ensure_ascii=False) for p, a in zip(trained, own))
        mixed.write_text("\n".join(lines), encoding="utf-8")
        for weight in options.weights:
            train(options.task, Path(folder) / str(weight), mixed, weight, options.steps)
            task, kept = scores(base, Path(folder) / str(weight), options.task, held, before)
            table.add_row(f"{weight:g}", f"{task:.1%}", f"{kept:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
