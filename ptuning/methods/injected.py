"""What peft puts into a decoder's layers, taken out again: the base stays as it is, and rows of several tunings share a pass."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.quantization.layers import QuantizedLinear
from ptuning.errors import PtuningError

ADAPTER = "default"  # peft's name of the only adapter


def injected(model: PreTrainedModel, config: Any) -> dict[str, Any]:
    """The layers that peft makes for `config` (a PeftConfig), under their names in the base's decoder.

    They are made on a stand-in for the decoder, so that nothing of the base is replaced, and quantised layers are as good
    as others: peft needs their widths only.

    Raises:
        PtuningError: the decoder has no layer of the names that `config` asks for.
    """
    from peft import inject_adapter_in_model
    from peft.tuners.tuners_utils import BaseTunerLayer

    stand_in = _stand_in(model.get_decoder())
    try:
        inject_adapter_in_model(config, stand_in, ADAPTER)
    except ValueError as error:
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(f"{type(model).__name__} 里没有要调整的层（{reason}），请检查 --*_targets。") from None
    return {name: layer for name, layer in stand_in.named_modules() if isinstance(layer, BaseTunerLayer)}


def _stand_in(decoder: nn.Module) -> nn.Module:
    """A copy with the same tensors; its quantised layers are float ones that hold a single number."""
    tensors = [*decoder.parameters(), *decoder.buffers()]
    known: dict[int, Any] = {id(tensor): tensor for tensor in tensors}
    for layer in decoder.modules():
        if isinstance(layer, QuantizedLinear):
            known[id(layer)] = _hollow(layer)
    return copy.deepcopy(decoder, known)


def _hollow(layer: QuantizedLinear) -> nn.Linear:
    linear = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None, device="meta")
    number = torch.zeros((), device=layer.weight.device)
    linear.weight = nn.Parameter(number.expand(layer.out_features, layer.in_features), requires_grad=False)
    if linear.bias is not None:
        linear.bias = nn.Parameter(number.expand(layer.out_features), requires_grad=False)
    return linear


def decoder_path(model: PreTrainedModel) -> str:
    """How the decoder's layers are called from the model that holds it: `model.`, `transformer.`, or nothing."""
    decoder = model.get_decoder()
    name = next(name for name, part in model.named_modules() if part is decoder)
    return f"{name}." if name else ""


def key(name: str) -> str:
    """A layer's name as a key of a module dictionary, which takes no dots."""
    return name.replace(".", "/")


def names(parts: Iterable[str]) -> list[str]:
    """The layers' names that `key` turned into keys."""
    return [name.replace("/", ".") for name in parts]


def weight_of(layer: nn.Module) -> Tensor:
    """A base layer's weight as a linear layer has it, [out, in]; GPT-2's Conv1D has it the other way round."""
    weight: Tensor = layer.weight  # type: ignore[assignment]
    return weight if isinstance(layer, nn.Linear) else weight.T
