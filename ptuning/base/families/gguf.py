"""A GGUF file (llama.cpp's format: weights, settings and tokenizer in one) as one of transformers' decoders.

Weights in fewer bits become floats again; `--quantization_bit` may quantise them anew. Needs the package gguf.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig

from ptuning.base.families.family import Family
from ptuning.base.folders import GGUF_END, Folder
from ptuning.base.tokenizers.hub import HubTokenizer
from ptuning.errors import PtuningError


class GgufTokenizer(HubTokenizer):
    """The tokenizer within a GGUF file."""

    def __init__(self, file: Path) -> None:
        """Raises PtuningError: transformers does not know its kind, or it has no end token."""
        self.folder = file.parent
        self._backend: Any = _from_file(AutoTokenizer.from_pretrained, file, split_special_tokens=True)
        if self._backend.eos_token_id is None:
            raise PtuningError(f"{file} 的分词器没有结束词元，请换一个文件。")
        self.vocab_size = len(self._backend)


def _from_file(read: Any, file: Path, **options: Any) -> Any:
    """What one of transformers' readers makes of a file.

    Raises:
        PtuningError: gguf is not installed, the file is damaged, or of an architecture that transformers does not know.
    """
    try:
        return read(file.parent, gguf_file=file.name, local_files_only=True, trust_remote_code=False, **options)
    except ImportError:
        raise PtuningError(f"读 {file} 需要 gguf，请运行 pip install -r requirements-tuning.txt。") from None
    except Exception as error:  # gguf and transformers raise many kinds for damaged files
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(f"无法读取 {file}（{reason}），请检查文件是否完整、架构是否为 transformers 所支持。") from None


def _config(folder: Folder) -> PreTrainedConfig:
    return _from_file(AutoConfig.from_pretrained, folder.path)


def _weights(folder: Folder) -> Iterator[tuple[str, Tensor]]:
    """All of them as floats, under transformers' names."""
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(_config(folder), trust_remote_code=False)
    try:
        found = load_gguf_checkpoint(str(folder.path), return_tensors=True, model_to_load=model)["tensors"]
    except Exception as error:  # as above
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(f"无法读取 {folder.path} 的权重（{reason}），请重新下载。") from None
    yield from found.items()


GGUF = Family(
    holds=lambda folder: folder.path.suffix == GGUF_END,
    config=_config,
    renamed=lambda name, tensor, folder: [(name, tensor)],
    tokenizer=lambda folder: GgufTokenizer(folder.path),
    stored_bits=lambda folder: 0,
    weights=_weights,
)
