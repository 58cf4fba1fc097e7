"""One training step three ways on the same rows: padded as the original does, PEFT with transformers' Trainer, and ours.

python -m benchmarks.training                     # the embedded base, tutorial settings; 5 minutes on an idle core
python -m benchmarks.training --tasks keywords --pre_seq_len 16 --max_source_length 64 --steps 2 --rounds 1    # a try
python -m benchmarks.training --shape 50m --max_source_length 512 --batch_size 2                  # random weights
python -m benchmarks.training --device cuda --shape 6b                            # ChatGLM2-6B's shape, bfloat16
python -m benchmarks.training --device cuda --shape 6b --quantization_bit 4                      # with our kernels
python -m benchmarks.training --device cuda --shape 6b --quantization_bit 4 --kernels torch      # and without them

Covered: one epoch over the same rows of FinTrain with the same batch size, optimiser (the Trainer's AdamW) and start. The
ways take turns in every round (the padded one, far slower, only in the first) and make batches as each of them does (ours:
of like length). First the losses of a small batch must be equal: padded and ours as they are, PEFT and ours with its text
counted from pre_seq_len, as PEFT does. Samples per second are medians over the rounds with [lowest, highest], ratios are
medians of the rounds' ratios. Memory is the peak over two batches of the longest rows: on the CPU of a process of its own,
on CUDA what torch allocated. What padding costs depends on the rows: these are of 11 to 74 tokens.
Not covered: what is learned (see benchmarks.tuning), saving, evaluation, several GPUs, activation checkpointing.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from transformers import GlmConfig, GlmForCausalLM, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging as transformers_logging

from benchmarks import ROOT
from benchmarks.baselines import PaddedPrefixModel, peft_model, seq2seq_collator
from ptuning.base.models import Base, load_base
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from ptuning.training import dataset
from ptuning.training.arguments import PtuningArguments
from ptuning.training.examples import Columns, read_examples
from ptuning.training.trainer import TuningTrainer as PrefixTrainer

MINI = ROOT / "RawModels" / "caibao-mini"
WAYS = {"padded": "原做法：补齐", "peft": "PEFT", "ours": "这里"}
PRECISE = {
    torch.float32: 1e-4,
    torch.bfloat16: 3e-2,
    torch.float16: 1e-2,
}  # how far apart equal losses may be, relative


@dataclass(frozen=True)
class Setting:
    """pre_seq_len, max_source_length, max_target_length of a task, in positions and tokens."""

    prefix: int
    source: int
    target: int

    @property
    def padded(self) -> int:
        """Length every row gets in ChatGLM2's ptuning."""
        return self.source + self.target + 1


# The original tutorial's; its NL2SQL prompts carried the whole table definition, hence 2200.
TUTORIAL = {
    "classify": Setting(512, 512, 128),
    "keywords": Setting(256, 512, 128),
    "nl2sql": Setting(128, 2200, 128),
}

# layers, hidden, feed-forward, heads, key-value heads, vocabulary, tied output; 6b is ChatGLM2-6B
SHAPES = {
    "6m": (6, 256, 768, 8, 4, 6005, True),
    "50m": (8, 512, 1536, 8, 2, 65024, True),
    "300m": (16, 1024, 3072, 16, 2, 65024, True),
    "6b": (28, 4096, 13696, 32, 2, 65024, False),
}


def random_glm(shape: str, dtype: torch.dtype, device: str) -> GlmForCausalLM:
    """A GLM of a named shape with random weights, made where it will be used."""
    layers, hidden, feed_forward, heads, groups, vocabulary, tied = SHAPES[shape]
    config = GlmConfig(
        num_hidden_layers=layers, hidden_size=hidden, intermediate_size=feed_forward, num_attention_heads=heads,
        num_key_value_heads=groups, head_dim=hidden // heads, vocab_size=vocabulary, tie_word_embeddings=tied,
        attention_bias=True, max_position_embeddings=32768, pad_token_id=0, eos_token_id=2)  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        return GlmForCausalLM._from_config(config, dtype=dtype).requires_grad_(False).eval()


def frozen_base(options: argparse.Namespace) -> Base:
    """The base as the options say; random ones read with the embedded base's tokenizer."""
    dtype = getattr(torch, options.dtype)
    if options.kernels == "torch":
        from ptuning.base.quantization import integers as quantization

        setattr(quantization, "dequantize_on_cuda", lambda *_: None)  # noqa: B010  what it says where it can't
    if not options.shape:
        quantized = {"quantization_bit": options.quantization_bit} if options.quantization_bit else {}
        return load_base(options.model, dtype, options.device, **quantized)
    model = random_glm(options.shape, dtype, options.device)
    if options.quantization_bit:
        from ptuning.base.quantization.models import quantize_model

        quantize_model(model, options.quantization_bit)
    return dataclasses.replace(load_base(MINI), model=model)


def encoded(base: Base, task: str, setting: Setting, count: int) -> list[dataset.Encoded]:
    """`count` rows of the task's training data, drawn by a fixed seed."""
    columns = Columns.of_task(task, "question_prompt", "query")
    examples = read_examples(ROOT / "FinTrain" / task / "train.json", columns)
    drawn = random.Random(7).sample(examples, count)
    style = dataset.PromptStyle(chat=base.original)
    return [dataset.encode(base.tokenizer, style, example, setting.source, setting.target) for example in drawn]


def new_prefix(base: Base, setting: Setting, text_start: int = 0) -> PrefixEncoder:
    """The same random prefix each time."""
    torch.manual_seed(1)
    config = PrefixConfig.for_model(base.model, setting.prefix)
    return PrefixEncoder(dataclasses.replace(config, text_start=text_start)).to(base.model.device)


def build(way: str, base: Base, encoder: PrefixEncoder) -> nn.Module:
    return {"padded": PaddedPrefixModel, "peft": peft_model, "ours": PrefixModel}[way](base.model, encoder)


def collator(way: str, base: Base, setting: Setting) -> Any:
    pad = base.tokenizer.pad_token_id
    if way == "peft":
        return seq2seq_collator(pad)
    return dataset.Collator(pad, setting.padded if way == "padded" else None)


def trainer(way: str, base: Base, setting: Setting, rows: list[dataset.Encoded], batch: int, folder: str) -> Trainer:
    """A trainer that goes once through the rows; what is not said here is each way's own default."""
    common: dict[str, Any] = {
        "output_dir": folder, "num_train_epochs": 1, "per_device_train_batch_size": batch, "learning_rate": 2e-2,
        "warmup_steps": 0, "logging_strategy": "no", "save_strategy": "no", "report_to": "none", "disable_tqdm": True,
        "remove_unused_columns": False, "use_cpu": base.model.device.type == "cpu"}  # fmt: skip
    parts = {
        "model": build(way, base, new_prefix(base, setting)),
        "train_dataset": dataset.EncodedRows(rows),
        "data_collator": collator(way, base, setting),
    }
    if way == "ours":
        return PrefixTrainer(base=base, meta={}, args=PtuningArguments(**common), **parts)
    common["dataloader_pin_memory"] = base.model.device.type == "cuda"
    return Trainer(args=TrainingArguments(**common), **parts)


class Clock(TrainerCallback):
    """Seconds from the first batch to the end of the last step."""

    started = seconds = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        synchronize()
        self.started = time.perf_counter()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        synchronize()
        self.seconds = time.perf_counter() - self.started


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def run(way: str, base: Base, setting: Setting, rows: list[dataset.Encoded], batch: int) -> float | None:
    """Seconds that training once through the rows takes; None where memory does not suffice."""
    clock = Clock()
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = trainer(way, base, setting, rows, batch, folder)
            made.remove_callback(PrinterCallback)
            made.add_callback(clock)
            made.train()
    except torch.OutOfMemoryError:
        return None
    finally:
        gc.collect()  # a trainer and its callbacks refer to each other
    return clock.seconds


def losses(base: Base, setting: Setting, rows: list[dataset.Encoded]) -> dict[str, float]:
    """The loss of one small batch each way; `ours_as_peft`: ours with the text counted from pre_seq_len.

    Raises:
        ValueError: two that should be equal are not.
    """
    features = [dataset.EncodedRows(rows)[number] for number in range(len(rows))]
    found = {}
    for name, way, start in (
        ("padded", "padded", 0),
        ("ours", "ours", 0),
        ("ours_as_peft", "ours", setting.prefix),
        ("peft", "peft", 0),
    ):
        model = build(way, base, new_prefix(base, setting, start)).eval()
        inputs = collator(way, base, setting)(features)
        with torch.no_grad():
            found[name] = model(**{key: value.to(base.model.device) for key, value in inputs.items()}).loss.item()
    for one, other in (("padded", "ours"), ("peft", "ours_as_peft")):
        if not abs(found[one] - found[other]) <= PRECISE[base.model.dtype] * max(1.0, abs(found[one])):
            raise ValueError(f"同一批的损失不相等：{one} {found[one]:.6f}，{other} {found[other]:.6f}。")
    return found


def resident(field: str) -> float:
    """VmRSS (now) or VmHWM (peak) of this process in MB; getrusage would count its parent's peak as well."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def peak(way: str, base: Base, setting: Setting, rows: list[dataset.Encoded], batch: int) -> dict[str, float] | None:
    """MB before training and at its peak, over two batches of the longest rows; None where there is too little."""
    longest = sorted(rows, key=lambda row: len(row.input_ids))[-2 * batch :]
    gc.collect()
    if base.model.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 2**20
        if run(way, base, setting, longest, batch) is None:
            return None
        return {"before": before, "peak": torch.cuda.max_memory_allocated() / 2**20}
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far was loading
    before = resident("VmRSS")
    run(way, base, setting, longest, batch)
    return {"before": before, "peak": resident("VmHWM")}


def peak_apart(way: str, task: str, arguments: Sequence[str]) -> dict[str, float] | None:
    """`peak` in a new process; None where the system does not tell (no /proc) or the process was ended."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    command = [sys.executable, "-m", "benchmarks.training", *arguments, "--tasks", task, "--memory_of", way]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(
    task: str, base: Base, setting: Setting, options: argparse.Namespace, arguments: Sequence[str]
) -> dict[str, Any]:
    """All figures of one task."""
    batch = options.batch_size
    rows = encoded(base, task, setting, options.steps * batch)
    figures: dict[str, Any] = {"setting": dataclasses.asdict(setting), "losses": losses(base, setting, rows[:2])}
    figures["tokens"] = {
        "median": statistics.median(lengths := [len(r.input_ids) for r in rows]),
        "longest": max(lengths),
    }
    for way in WAYS:
        run(way, base, setting, rows[:batch], batch)  # the first step of a way is not the usual one
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(options.rounds):
        for way, found in speeds.items():
            if way == "padded" and number >= options.padded_rounds:
                continue
            seconds = run(way, base, setting, rows, batch)
            found.append(len(rows) / seconds if seconds else 0.0)
    for way, found in speeds.items():
        on_cuda = base.model.device.type == "cuda"
        memory = peak(way, base, setting, rows, batch) if on_cuda else peak_apart(way, task, arguments)
        figures[way] = {"samples_per_second": statistics.median(found), "rounds": found, "memory_mb": memory}
    for way in ("padded", "peft"):
        ratios = [ours / other for ours, other in zip(speeds["ours"], speeds[way]) if other]
        figures[f"ours_over_{way}"] = statistics.median(ratios) if ratios else None
    return figures


def table(results: dict[str, dict[str, Any]], title: str) -> Table:
    """A row for each task and way."""
    made = Table(title=title, caption="长度：前缀 / 补齐到 / 实际的中位数；内存：峰值比训练前多 / 峰值")
    for heading in ("任务", "做法", "条/秒 [范围]", "这里快", "内存 MB"):
        made.add_column(heading, justify="left" if heading in ("任务", "做法") else "right")
    for task, figures in results.items():
        setting = Setting(**figures["setting"])
        first = {"padded": task, "peft": f"{setting.prefix} / {setting.padded} / {figures['tokens']['median']:g}"}
        for way, name in WAYS.items():
            found, ratio, memory = figures[way], figures.get(f"ours_over_{way}"), figures[way]["memory_mb"]
            rate, low, high = found["samples_per_second"], min(found["rounds"]), max(found["rounds"])
            spread = f" [{low:.3g}, {high:.3g}]" if len(found["rounds"]) > 1 else ""
            made.add_row(
                first.get(way, ""),
                name,
                f"{rate:.3g}{spread}" if rate else "内存不足",
                f"{ratio:.1f} 倍" if ratio else "",
                f"{memory['peak'] - memory['before']:.0f} / {memory['peak']:.0f}" if memory else "—",
                end_section=way == "ours",
            )
    return made


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--model", default=str(MINI), help="基座文件夹")
    made.add_argument("--shape", choices=SHAPES, help="不读基座，用这种大小的随机权重")
    made.add_argument("--tasks", nargs="+", choices=TUTORIAL, default=list(TUTORIAL))
    made.add_argument("--pre_seq_len", type=int, help="代替教程的前缀长度")
    made.add_argument("--max_source_length", type=int, help="代替教程的 max_source_length")
    made.add_argument("--max_target_length", type=int, help="代替教程的 max_target_length")
    made.add_argument("--batch_size", type=int, default=4)
    made.add_argument("--steps", type=int, default=8, help="每轮每种做法的步数")
    made.add_argument("--rounds", type=int, default=6)
    made.add_argument("--padded_rounds", type=int, default=1, help="原做法只参加前几轮：它慢得多")
    made.add_argument("--device", default="cpu")
    made.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="默认：CPU float32，CUDA bfloat16")
    made.add_argument("--quantization_bit", type=int, choices=(4, 8), help="量化冻结的基座")
    made.add_argument("--kernels", choices=("torch", "cpm"), default="cpm", help="CUDA 上用什么解开量化的权重")
    made.add_argument("--output", default=str(ROOT / "output" / "benchmarks" / "training.json"), help="JSON 写到哪里")
    made.add_argument("--memory_of", choices=WAYS, help=argparse.SUPPRESS)  # in a process of its own
    return made


def task_setting(task: str, options: argparse.Namespace) -> Setting:
    given = {"prefix": options.pre_seq_len, "source": options.max_source_length, "target": options.max_target_length}
    return dataclasses.replace(TUTORIAL[task], **{name: value for name, value in given.items() if value})


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser().parse_args(arguments)
    options.dtype = options.dtype or ("float32" if options.device == "cpu" else "bfloat16")
    transformers_logging.set_verbosity_error()
    warnings.filterwarnings("ignore", category=FutureWarning)  # PEFT's and transformers' to each other
    transformers_logging.disable_progress_bar()
    base = frozen_base(options)
    if options.memory_of:
        (task,) = options.tasks
        setting = task_setting(task, options)
        rows = encoded(base, task, setting, options.steps * options.batch_size)
        print(json.dumps(peak(options.memory_of, base, setting, rows, options.batch_size)))
        return 0
    results = {task: compare(task, base, task_setting(task, options), options, arguments) for task in options.tasks}
    kernels = f"（{options.kernels}）" if options.device != "cpu" else ""
    bits = f"，{options.quantization_bit}位{kernels}" if options.quantization_bit else ""
    title = f"{options.shape or Path(options.model).name}，{options.device} {options.dtype}{bits}，每批{options.batch_size}条"
    Console().print(table(results, title))
    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"options": vars(options), "results": results}, ensure_ascii=False, indent=2) + "\n")
    print(f"数字在 {output}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
