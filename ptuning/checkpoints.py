"""Checkpoints on disk, in layouts that turn into each other without loss. For a prefix:

- caibao: prefix_config.json (shape, base, meta) and prefix_encoder.safetensors.
- original: pytorch_model.bin with transformer.prefix_encoder.* and ChatGLM's config.json, as ChatGLM's ptuning folder has it.
- peft: adapter_config.json and adapter_model.safetensors of PEFT's PREFIX_TUNING.

    python -m ptuning.checkpoints output/prefix/classify --base RawModels/caibao-mini --to peft output/peft/classify

The names with `prefix` are those that other programs import; they take what any method trained.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from transformers.utils import logging as transformers_logging

from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.files import require_folder
from ptuning.methods.saving import export as export_prefix
from ptuning.methods.saving import layout_of, layouts
from ptuning.methods.saving import load as load_prefix
from ptuning.methods.saving import save as save_prefix

__all__ = ["export_prefix", "layout_of", "load_prefix", "main", "save_prefix"]


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m ptuning.checkpoints",
        description="把前缀检查点转换成另一种格式（读入的格式自动识别）。",
        epilog="例：python -m ptuning.checkpoints output/prefix/classify --base RawModels/caibao-mini --to peft output/peft",
    )
    parser.add_argument("source", metavar="IN", help="前缀检查点文件夹，三种格式都可以")
    parser.add_argument("target", metavar="OUT", type=Path, help="写到哪个文件夹")
    parser.add_argument("--base", required=True, metavar="MODEL", help="前缀的基座模型文件夹")
    about = "caibao；original：ChatGLM官方ptuning的格式；peft：PEFT的PREFIX_TUNING"
    parser.add_argument("--to", required=True, choices=layouts(), help=about)
    args = parser.parse_args(argv)
    transformers_logging.disable_progress_bar()
    try:
        require_folder(args.target, "输出文件夹")
        if layout_of(args.target) not in (None, args.to):
            raise PtuningError(f"{args.target} 里已有另一种格式的检查点或模型，请换一个文件夹。")
        base = load_base(args.base)
        export_prefix(args.target, load_prefix(args.source, base), base, args.to)
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"已写到 {args.target}（{args.to} 格式）。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
