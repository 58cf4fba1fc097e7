"""Reads the command line of ptuning.main: official scripts of any transformers version, and a JSON file of arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import HfArgumentParser

from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.methods.registry import METHODS
from ptuning.training.arguments import QLORA, DataArguments, ModelArguments, PtuningArguments, inert_arguments

RENAMED = {  # an argument that transformers 5 no longer has: what it is called now
    "evaluation_strategy": "eval_strategy",
    "warmup_ratio": "warmup_steps",  # a number below 1 is a share of all steps
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "no_cuda": "use_cpu",
    "gradient_checkpointing": "activation_checkpointing",
    "gradient_checkpointing_kwargs": "activation_checkpointing_kwargs",
    "push_to_hub_token": "hub_token",
    "push_to_hub_model_id": "hub_model_id",
}
REMOVED = {  # an argument that transformers 5 no longer has, and why nothing is lost without it
    "fp16_opt_level": "apex 已不再使用",
    "fp16_backend": "半精度总是用 torch 的",
    "half_precision_backend": "半精度总是用 torch 的",
    "save_safetensors": "权重总是 safetensors",
    "group_by_length": "默认就是；见 --train_sampling_strategy",
    "use_mps_device": "设备自动选择",
    "use_ipex": "已不再支持",
    "jit_mode_eval": "已不再支持",
    "sharded_ddp": "请用 --fsdp 或 --deepspeed",
    "past_index": "已不再支持",
    "mp_parameters": "已不再支持",
    "tpu_num_cores": "已不再支持",
    "ray_scope": "已不再支持",
    "include_inputs_for_metrics": "指标只看预测",
    "dispatch_batches": "见 --accelerator_config",
    "split_batches": "见 --accelerator_config",
    "logging_dir": "日志目录用环境变量 TENSORBOARD_LOGGING_DIR 指定",
    "adafactor": "请用 --optim adafactor",
    "trust_remote_code": "从不执行模型文件夹里的代码",
}


def _name(argument: str) -> str:
    """`--warmup-ratio=0.1` → warmup_ratio; empty for what is no option (a negative number is a value)."""
    return argument[2:].split("=", 1)[0].replace("-", "_") if argument.startswith("--") else ""


def arguments_of_json(path: Path) -> list[str]:
    """A JSON object of arguments as command-line words; null leaves an argument at its default.

    Raises:
        PtuningError: the file is missing or is no JSON object.
    """
    words: list[str] = []
    for name, value in read_json(path).items():
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        words += [f"--{name}", *(json.dumps(v) if isinstance(v, dict) else str(v) for v in values)]
    return words


def translate(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the words under today's names, notices to print). Removed arguments go with their values."""
    known = inert_arguments()
    kept: list[str] = []
    notices: list[str] = []
    dropping = False
    for word in words:
        name = _name(word)
        if not name:
            if not dropping:
                kept.append(word)
            continue
        reason = REMOVED.get(name) or known.get(name)
        if reason:
            notices.append(f"提示：--{name} 不起作用（{reason}）。")
        dropping = name in REMOVED
        if not dropping:
            kept.append(f"--{RENAMED.get(name, name)}" + word[len(name) + 2 :])
    return kept, notices


class _Parser(HfArgumentParser):
    """argparse prints its whole usage before a mistake; one sentence says it."""

    def error(self, message: str) -> Any:
        raise PtuningError(f"参数不对：{message}，用 --help 查看全部参数。")


def parse(argv: Sequence[str] | None) -> tuple[ModelArguments, DataArguments, PtuningArguments, list[str]]:
    """The three groups of arguments, and what is to be said about arguments without effect.

    A first word that ends in .json is a file of arguments; what follows it goes before the file's.

    Raises:
        PtuningError: an unknown argument, or training arguments that contradict each other.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0].endswith(".json"):
        words = [*arguments_of_json(Path(words[0])), *words[1:]]
    kept, notices = translate(words)
    groups = [ModelArguments, DataArguments, PtuningArguments]
    parser = _Parser([*groups, *(method.options for method in METHODS)], allow_abbrev=False)  # type: ignore[list-item]
    parsed: Any
    try:
        *parsed, unknown = parser.parse_args_into_dataclasses(
            kept, return_remaining_strings=True, look_for_args_file=False
        )
    except (ValueError, ImportError) as error:
        raise PtuningError(f"参数不对：{error}") from None
    if unknown:
        raise PtuningError(f"不认识的参数：{' '.join(unknown)}，用 --help 查看全部参数。")
    model, data, training, *methods = parsed
    model.methods = tuple(methods)
    _fill(model, training, {_name(word) for word in kept})
    return model, data, training, notices


def _fill(model: ModelArguments, training: PtuningArguments, given: set[str]) -> None:
    """What a method's name stands for, where the command line does not say otherwise."""
    if model.method == "qlora" and not given & QLORA.keys():
        for name, value in QLORA.items():
            setattr(model, name, value)
    asked, model.rate_given = model.asked(), "learning_rate" in given
    if not model.rate_given and asked:
        training.learning_rate = asked[0][0].learning_rate
