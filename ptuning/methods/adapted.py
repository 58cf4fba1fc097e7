"""A frozen base and what a method trains on it, as one model that a trainer takes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import Cache, PreTrainedModel
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from ptuning.errors import PtuningError
from ptuning.methods.deltas import added
from ptuning.methods.method import Tuning


def is_trained(name: str) -> bool:
    """The one rule for what trains; a checkpoint holds exactly these (a test compares the names)."""
    return "tuning." in name or "task_head." in name


class _FixedLayer(DynamicLayer):
    """Past keys and values of one layer that stay as they are, [rows, kv_heads, length, head_dim] each."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self.keys: Tensor = keys
        self.values: Tensor = values

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """The past and the text after it, which is not stored."""
        return torch.cat((self.keys, key_states), -2), torch.cat((self.values, value_states), -2)


class PastCache(Cache):
    """Trained keys and values as the past of one pass over a text: the text is read once and never continued.

    A DynamicCache keeps what it is given, so a layer that runs again (gradient checkpointing) would see the text twice.
    """

    def __init__(self, keys_values: Sequence[tuple[Tensor, Tensor]]) -> None:
        super().__init__(layers=[_FixedLayer(keys, values) for keys, values in keys_values])


class AdaptedModel(nn.Module):
    """A frozen base with what a method trains on it."""

    supports_gradient_checkpointing = True

    def __init__(self, base_model: PreTrainedModel, tuning: Tuning) -> None:
        super().__init__()
        self.tuning = tuning  # first: a model of its own, which is the base then, is named as the tuning's
        self.base_model = tuning.model(base_model)
        still = self.tuning.frozen()
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(is_trained(name) and id(parameter) not in still)
        self.train()

    def train(self, mode: bool = True) -> AdaptedModel:
        """The base stays in evaluation mode: no dropout in frozen layers (nor in those that full tuning trains)."""
        super().train(mode)
        self.base_model.eval()
        return self

    @property
    def config(self) -> Any:
        return self.base_model.config

    @property
    def device(self) -> torch.device:
        return self.base_model.device

    @property
    def text_start(self) -> int:
        """Position id of the text's first token."""
        return self.tuning.text_start

    def numbers(self) -> tuple[int, int]:
        """(numbers that train, numbers of the base)."""
        trained = sum(p.numel() for p in self.parameters() if p.requires_grad)
        quantised = (t for t in self.base_model.buffers() if t.dtype in (torch.int8, torch.uint8))
        return trained, sum(t.numel() for t in (*self.base_model.parameters(), *quantised))

    def _past(self, rows: int) -> list[tuple[Tensor, Tensor]] | None:
        """(keys, values) of each layer in the base's dtype, [rows, kv_heads, length, head_dim] each; None without any."""
        key_values = self.tuning.key_values()
        if key_values is None:
            return None
        layers = key_values.to(self.base_model.device, self.base_model.dtype)
        return [(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)) for keys, values in layers]

    def _adding(self) -> AbstractContextManager[None]:
        """Within it the layers of the base add the tuning's deltas."""
        deltas = self.tuning.deltas()
        return added(self.base_model.get_decoder(), [(deltas, None)] if deltas else [])

    @staticmethod
    def counted(labels: Tensor) -> Tensor:
        """How many labels count in the loss."""
        return (labels[:, 1:] != -100).sum()

    def activation_checkpointing_enable(
        self,
        activation_checkpointing_kwargs: dict[str, Any] | None = None,
        every_n_layers: int = 1,
        offload: bool = False,
    ) -> None:
        """Keeps the input of every n-th decoder layer only and runs the layer again for its gradient: less memory, more time.

        transformers' own way drops past keys and values, which may be what trains. `use_reentrant` is taken and
        changes nothing: a re-entrant checkpoint carries no gradient to a past. `offload` is refused.
        """
        if offload:
            raise PtuningError("activation_checkpointing_kwargs 的 offload 在前缀训练里不支持，请去掉它。")
        self.activation_checkpointing_disable()
        options = {**(activation_checkpointing_kwargs or {}), "use_reentrant": False}
        drawn = any(isinstance(part, nn.Dropout) and part.p for part in self.tuning.modules())
        options.setdefault("preserve_rng_state", drawn)  # the base is in evaluation mode and draws nothing
        if self.tuning.deltas():  # they are added when a layer runs again, too
            options["context_fn"] = lambda: (nullcontext(), self._adding())
        for layer in self._decoder_layers()[::every_n_layers]:
            layer.forward = partial(checkpoint, layer.forward, **options)

    def activation_checkpointing_disable(self) -> None:
        """Undoes activation_checkpointing_enable, also another AdaptedModel's of the same base."""
        for layer in self._decoder_layers():
            if isinstance(layer.forward, partial) and layer.forward.func is checkpoint:
                layer.forward = layer.forward.args[0]

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: dict[str, Any] | None = None, **options: Any
    ) -> None:
        """activation_checkpointing_enable under the name of transformers 4."""
        self.activation_checkpointing_enable(gradient_checkpointing_kwargs, **options)

    def gradient_checkpointing_disable(self) -> None:
        """activation_checkpointing_disable under the name of transformers 4."""
        self.activation_checkpointing_disable()

    def _decoder_layers(self) -> nn.ModuleList:
        children = self.base_model.get_decoder().children()
        return next(child for child in children if isinstance(child, nn.ModuleList))

    def hidden_states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Last hidden states of the text. Shapes: [rows, length] each → [rows, length, hidden]."""
        rows, decoder = len(input_ids), self.base_model.get_decoder()
        past, first = self._past(rows), self.tuning.embeddings()
        length = past[0][0].shape[2] if past else 0
        places = self.text_start + positions(attention_mask)
        read: dict[str, Tensor] = {"input_ids": input_ids}
        if first is not None:
            text = decoder.get_input_embeddings()(input_ids)
            own = first.to(text.device, text.dtype).expand(rows, -1, -1)
            read, length = {"inputs_embeds": torch.cat((own, text), 1)}, len(first)
            places = torch.cat((torch.arange(length, device=places.device).expand(rows, -1), places), 1)
        mask = torch.cat((attention_mask.new_ones(rows, length), attention_mask), 1)
        with self._adding():
            hidden = decoder(
                **read,
                attention_mask=self._mask(mask, past),
                position_ids=places,
                past_key_values=PastCache(past) if past else None,
                use_cache=past is not None,
            ).last_hidden_state
        return hidden if first is None else hidden[:, length:]

    def _mask(self, mask: Tensor, past: Sequence[Any] | None) -> Tensor:
        """What an encoder sees, written out where there is a past: it reckons with none. Shape kept, or [rows, 1, 1, columns]."""
        if not past or is_decoder(self.base_model):
            return mask
        dtype = self.base_model.dtype
        return (1 - mask[:, None, None].to(dtype)) * torch.finfo(dtype).min

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> CausalLMOutputWithPast:
        """Logits [rows, length, vocabulary]; with labels, the mean loss over those that are not -100, and the logits of
        these positions only, [labels, vocabulary]: the vocabulary is the widest layer, and prompts need none of it."""
        hidden = self.hidden_states(input_ids, attention_mask)
        output = self.base_model.get_output_embeddings()
        head = self.tuning.head(output) or output
        if labels is None:
            return CausalLMOutputWithPast(logits=head(hidden))
        wanted = labels[:, 1:] != -100
        logits = head(hidden[:, :-1][wanted]).float()
        return CausalLMOutputWithPast(loss=nn.functional.cross_entropy(logits, labels[:, 1:][wanted]), logits=logits)


def is_decoder(model: PreTrainedModel) -> bool:
    """Whether a token sees only those before it: whether the model writes."""
    return model.get_output_embeddings() is not None


def positions(attention_mask: Tensor) -> Tensor:
    """Position ids that count real tokens from 0, wherever the padding is. Shape kept."""
    return (attention_mask.long().cumsum(1) - 1).clamp(min=0)
