"""Encoders (BERT and its kind) as a frozen base: they read a text from both sides and write nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from ptuning.base.folders import Folder, locate, open_folder
from ptuning.base.loading import fill, require_room
from ptuning.base.models import Base
from ptuning.base.quantization.models import memory_bytes
from ptuning.base.tokenizers.hub import HubTokenizer
from ptuning.base.weight_files import read_weights, shards
from ptuning.errors import PtuningError

WRITES = ("CausalLM", "LMHead", "ConditionalGeneration")  # in the name of an architecture


class EncoderTokenizer(HubTokenizer):
    """A transformers tokenizer whose texts stand between [CLS] and [SEP]."""

    def __init__(self, folder: str | Path) -> None:
        """Raises PtuningError: the folder has no tokenizer that can be read without running code of its own."""
        self.folder = Path(folder)
        try:
            self._backend: Any = AutoTokenizer.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # as HubTokenizer
            reason = str(error).strip().partition("\n")[0]
            raise PtuningError(
                f"无法读取 {self.folder} 的分词器（{reason}），请把 tokenizer.json 下载完整放到那里。"
            ) from None
        self.vocab_size = len(self._backend)

    @property
    def eos_token_id(self) -> int:
        return self._backend.sep_token_id if self._backend.eos_token_id is None else self._backend.eos_token_id

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        return self._backend.encode(text, add_special_tokens=add_special_tokens)


def is_encoder(folder: str | Path) -> bool:
    """Whether a model's folder holds an encoder. Raises PtuningError where there is none."""
    path = locate(folder)
    if path.is_file():
        return False
    opened = open_folder(path)
    architectures = opened.settings.get("architectures") or [""]
    writes = opened.settings.get("is_decoder") or any(name in architectures[0] for name in WRITES)
    return opened.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not writes


def load_encoder(folder: str | Path, dtype: torch.dtype | None = None, device: str = "cpu") -> Base:
    """A frozen encoder in evaluation mode; dtype: float32 unless given. No code of the folder is run.

    Raises:
        PtuningError: the folder is missing, incomplete, or too large for the device.
    """
    path = locate(folder)
    opened = open_folder(path)
    dtype = dtype or torch.float32
    model = _skeleton(opened)
    tokenizer = EncoderTokenizer(path)
    require_room(memory_bytes(model, 0, dtype), torch.device(device), path)
    fingerprint = fill(model, _weights(opened, model), dtype, device, path)
    identity = {"name": Path(folder).resolve().name, "fingerprint": fingerprint}
    return Base(model.requires_grad_(False).eval(), tokenizer, identity, False, path)


def _skeleton(folder: Folder) -> PreTrainedModel:
    """Without weights, and without the layer over [CLS] that some were pre-trained with."""
    settings = AutoConfig.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    with init_empty_weights(include_buffers=False):
        try:
            return AutoModel.from_config(settings, add_pooling_layer=False, trust_remote_code=False)
        except TypeError:  # kinds that never had one
            return AutoModel.from_config(settings, trust_remote_code=False)


def _weights(folder: Folder, model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    """Under the bare encoder's names; old files call a norm's weight and bias gamma and beta."""
    prefix = f"{model.base_model_prefix}."
    for shard in shards(folder.path):
        for name, tensor in read_weights(shard):
            plain = name.removeprefix(prefix).replace("LayerNorm.gamma", "LayerNorm.weight")
            yield plain.replace("LayerNorm.beta", "LayerNorm.bias"), tensor
