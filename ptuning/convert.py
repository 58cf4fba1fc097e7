"""Writes a base as a transformers folder that any other tool reads without remote code.

    python -m ptuning.convert RawModels/chatglm2-6b RawModels/chatglm2-6b-hf

OUT holds config.json, generation_config.json, the weights as safetensors shards in their stored dtype, tokenizer.json and
tokenizer_config.json (AutoTokenizer), and tokenizer.model as it was. Fingerprint and token ids stay the same.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from transformers import GenerationConfig
from transformers.utils import logging as transformers_logging

from ptuning.base.families.registry import family_of
from ptuning.base.folders import locate, open_folder
from ptuning.base.models import Base, load_base
from ptuning.base.tokenizers.fast import fast_tokenizer
from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.base.tokenizers.glm4 import Glm4Tokenizer
from ptuning.base.weight_files import stored_dtype
from ptuning.errors import PtuningError
from ptuning.files import beside, require_folder
from ptuning.methods.saving import within

SHARD = "2GB"


def write_tokenizer(base: Base, folder: Path) -> None:
    """tokenizer.json, tokenizer_config.json, and tokenizer.model where there is one."""
    if isinstance(base.tokenizer, GlmTokenizer | Glm4Tokenizer):
        fast_tokenizer(base.tokenizer).save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)


def convert(model: str, target: Path) -> Base:
    """Writes the base `model` (a folder or a hub's name) into `target`, which is complete or not there at all; returns it.

    A prefix that stands among its weights is left out: `ptuning.checkpoints` writes it.

    Raises:
        PtuningError: `target` holds something already, or the model is quantised.
    """
    require_folder(target, "输出文件夹")
    if target.exists() and any(target.iterdir()):
        raise PtuningError(f"{target} 已存在且不是空文件夹，请换一个文件夹。")
    folder = open_folder(locate(model))
    if family_of(folder).stored_bits(folder):
        raise PtuningError(f"{folder.path} 是已量化的模型，不能转换，请换用未量化的权重。")
    base = load_base(model, stored_dtype(folder.path))
    if base.original:
        base.model.generation_config = GenerationConfig(
            eos_token_id=sorted(base.tokenizer.end_token_ids), pad_token_id=base.tokenizer.pad_token_id
        )
    with beside(target) as written:
        shutil.rmtree(written, ignore_errors=True)
        base.model.save_pretrained(written, max_shard_size=SHARD)
        write_tokenizer(base, written)
        if target.exists():
            target.rmdir()
    return base


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m ptuning.convert",
        description="把基座写成transformers的GLM文件夹：别的工具不需要 trust_remote_code 就能用。",
        epilog="例：python -m ptuning.convert RawModels/chatglm2-6b RawModels/chatglm2-6b-hf",
    )
    parser.add_argument("model", metavar="MODEL", help="基座模型文件夹，或模型库里的名字")
    parser.add_argument("target", metavar="OUT", type=Path, help="写到哪个文件夹（不存在或为空）")
    args = parser.parse_args(argv)
    transformers_logging.disable_progress_bar()
    try:
        whole = within(convert(args.model, args.target))
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"已写到 {args.target}。")
    if whole:
        say = f"python -m ptuning.checkpoints {whole} --base {whole} --to caibao 新文件夹"
        print(f"注意：{whole} 的权重里还有一个前缀，没有写进去；要用它，请运行 {say}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
