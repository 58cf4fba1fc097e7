"""Answering compared with the tutorial's loop, transformers and PEFT, and how it grows.

python -m benchmarks                                              # all tables, the embedded base, ten minutes on 2 cores
python -m benchmarks --quick                                      # a try, under a minute
python -m benchmarks --only answering --shape 50m                 # one table, random weights of another size
python -m benchmarks --device cuda --shape 6b --only answering bandwidth       # ChatGLM2-6B's shape on a GPU, bfloat16
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers
from rich.console import Console

from benchmarks import ROOT, answering, growth
from benchmarks.training import MINI, SHAPES
from benchmarks.ways import Setup, Source

FULL = answering.Plan(rounds=3, batched=128, looped=8, reloaded=2, alone=10)
QUICK = answering.Plan(rounds=1, batched=16, looped=1, reloaded=1, alone=2)
NAMES = ("answering", *growth.TABLES)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--model", type=Path, default=MINI, help="基座文件夹，里面有 prefix/{classify,keywords,nl2sql}")
    made.add_argument("--shape", choices=SHAPES, help="不读基座，用这种大小的随机权重；每个回答一样长")
    made.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"只要这几张表：{'、'.join(NAMES)}")
    made.add_argument("--quick", action="store_true", help="少问几题，试一试")
    made.add_argument("--rounds", type=int, help="每种做法轮流几次，默认3（--quick 时1）")
    made.add_argument("--questions", type=int, help="成批的做法每轮几题，默认128（--quick 时16）")
    made.add_argument("--device", default="cpu")
    made.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="默认：CPU float32，CUDA bfloat16")
    made.add_argument(
        "--output", type=Path, default=ROOT / "output" / "benchmarks" / "answering.json", help="JSON 写到哪里"
    )
    return made


def machine(device: str) -> dict[str, Any]:
    """What the figures depend on."""
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else platform.machine()
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    return {"device": name, "cores": os.cpu_count(), "threads": torch.get_num_threads(), **versions}


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    answering.quiet()
    on_cuda = options.device.startswith("cuda")
    source = Source(
        options.model, options.shape, options.device, options.dtype or ("bfloat16" if on_cuda else "float32")
    )
    plan, sizes = (QUICK, growth.QUICK) if options.quick else (FULL, growth.Sizes())
    if options.rounds:
        plan, sizes = replace(plan, rounds=options.rounds), replace(sizes, rounds=options.rounds)
    plan = replace(plan, batched=options.questions or plan.batched)
    default = NAMES if on_cuda else [name for name in NAMES if name != "bandwidth"]
    title = f"{options.shape or source.folder.name}，{options.device} {source.dtype}"
    figures: dict[str, Any] = {"machine": machine(options.device), "base": title}
    setup = None
    for name in options.only or default:
        if name == "answering":
            figures[name] = answering.compare(source, plan)
            made = answering.table(figures[name], f"回答一个问题（分类、关键词、SQL），{title}")
        else:
            setup = setup or Setup.load(source)
            figures[name] = growth.measure(name, setup, sizes)
            made = growth.table(name, figures[name])
        Console(width=max(Console().width, 110)).print(made)  # rows of figures are not to be broken
        if name == "answering":
            print(answering.LEGEND)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"数字在 {options.output}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
