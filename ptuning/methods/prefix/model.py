"""P-Tuning v2 (Liu et al. 2022, arXiv 2110.07602): a trained (key, value) of `pre_seq_len` positions before every layer of a frozen base.

Layout of the prefix is ChatGLM's and PEFT's: one row a position, [layers, key|value, kv heads, head_dim] flattened. The two
differ in where the text's own positions start (`PrefixConfig.text_start`); ptuning.checkpoints reads and writes both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import Cache, DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from ptuning.base.shapes import KeyValueShape
from ptuning.errors import PtuningError


@dataclass(frozen=True)
class PrefixConfig:
    """Shape of a prefix; `prefix_hidden_size` is the width of the re-parameterising MLP (only with prefix_projection).

    text_start: position id of the text's first token. ChatGLM counts the text from 0, PEFT from pre_seq_len.
    """

    pre_seq_len: int
    num_layers: int
    num_kv_heads: int
    head_dim: int
    prefix_projection: bool = False
    prefix_hidden_size: int = 0
    text_start: int = 0

    def __post_init__(self) -> None:
        if self.pre_seq_len < 1:
            raise PtuningError(f"pre_seq_len 必须至少为1，现在是{self.pre_seq_len}。")

    @property
    def kv_size(self) -> int:
        """Numbers a prefix position holds: layers * 2 * kv heads * head_dim."""
        return self.num_layers * 2 * self.num_kv_heads * self.head_dim

    @classmethod
    def for_model(cls, model: PreTrainedModel, pre_seq_len: int, prefix_projection: bool = False) -> PrefixConfig:
        """The shape that fits a decoder-only transformers model."""
        return cls(pre_seq_len, *KeyValueShape.of(model), prefix_projection, model.config.hidden_size)


class PrefixEncoder(nn.Module):
    """pre_seq_len trained positions: an embedding, or an embedding behind a two-layer MLP (prefix_projection)."""

    def __init__(self, config: PrefixConfig, init_std: float = 1.0) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.pre_seq_len, config.kv_size)
        nn.init.normal_(self.embedding.weight, std=init_std)
        if config.prefix_projection:
            width = config.prefix_hidden_size
            self.trans = nn.Sequential(nn.Linear(config.kv_size, width), nn.Tanh(), nn.Linear(width, config.kv_size))

    def forward(self) -> Tensor:
        """Shape: [pre_seq_len, layers * 2 * kv_heads * head_dim]."""
        rows = self.embedding.weight
        return self.trans(rows) if self.config.prefix_projection else rows

    def key_values(self) -> Tensor:
        """Shape: [layers, 2, kv_heads, pre_seq_len, head_dim]."""
        c = self.config
        return self().view(c.pre_seq_len, c.num_layers, 2, c.num_kv_heads, c.head_dim).permute(1, 2, 3, 0, 4)


def is_prefix_parameter(name: str) -> bool:
    """The one rule for what trains; a checkpoint holds exactly these (a test compares the names)."""
    return "prefix_encoder." in name


class _FixedLayer(DynamicLayer):
    """Past keys and values of one layer that stay as they are, [rows, kv_heads, pre_seq_len, head_dim] each."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self.keys: Tensor = keys
        self.values: Tensor = values

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """The prefix and the text after it, which is not stored."""
        return torch.cat((self.keys, key_states), -2), torch.cat((self.values, value_states), -2)


class PrefixCache(Cache):
    """A prefix as the past of one pass over a text, for training: the text is read once and never continued.

    A DynamicCache keeps what it is given, so a layer that runs again (gradient checkpointing) would see the text twice.
    """

    def __init__(self, keys_values: Sequence[tuple[Tensor, Tensor]]) -> None:
        super().__init__(layers=[_FixedLayer(keys, values) for keys, values in keys_values])


class PrefixModel(nn.Module):
    """A frozen base with a trained prefix before it."""

    supports_gradient_checkpointing = True

    def __init__(self, base_model: PreTrainedModel, prefix_encoder: PrefixEncoder) -> None:
        super().__init__()
        self.base_model, self.prefix_encoder = base_model, prefix_encoder
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(is_prefix_parameter(name))
        self.train()

    def train(self, mode: bool = True) -> PrefixModel:
        """The base stays in evaluation mode: no dropout in frozen layers."""
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
    def pre_seq_len(self) -> int:
        return self.prefix_encoder.config.pre_seq_len

    @property
    def text_start(self) -> int:
        return self.prefix_encoder.config.text_start

    def _keys_values(self, rows: int) -> list[tuple[Tensor, Tensor]]:
        """(keys, values) of each layer in the base's dtype, [rows, kv_heads, pre_seq_len, head_dim] each."""
        layers = self.prefix_encoder.key_values().to(self.base_model.device, self.base_model.dtype)
        return [(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1)) for keys, values in layers]

    def cache(self, rows: int) -> DynamicCache:
        """The prefix as past keys and values for `rows` rows; it grows with what is read on."""
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(self._keys_values(rows)):
            cache.update(keys, values, layer)
        return cache

    def activation_checkpointing_enable(
        self,
        activation_checkpointing_kwargs: dict[str, Any] | None = None,
        every_n_layers: int = 1,
        offload: bool = False,
    ) -> None:
        """Keeps the input of every n-th decoder layer only and runs the layer again for its gradient: less memory, more time.

        transformers' own way drops past keys and values, which here are the prefix. `use_reentrant` is taken and
        changes nothing: a re-entrant checkpoint carries no gradient to the prefix. `offload` is refused.
        """
        if offload:
            raise PtuningError("activation_checkpointing_kwargs 的 offload 在前缀训练里不支持，请去掉它。")
        self.activation_checkpointing_disable()
        options = {**(activation_checkpointing_kwargs or {}), "use_reentrant": False}
        options.setdefault("preserve_rng_state", False)  # the base is in evaluation mode: nothing is drawn
        for layer in self._decoder_layers()[::every_n_layers]:
            layer.forward = partial(checkpoint, layer.forward, **options)

    def activation_checkpointing_disable(self) -> None:
        """Undoes activation_checkpointing_enable, also another PrefixModel's of the same base."""
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
        rows = len(input_ids)
        decoder = self.base_model.get_decoder()
        return decoder(
            input_ids=input_ids,
            attention_mask=torch.cat((attention_mask.new_ones(rows, self.pre_seq_len), attention_mask), 1),
            position_ids=self.text_start + positions(attention_mask),
            past_key_values=PrefixCache(self._keys_values(rows)),
            use_cache=True,
        ).last_hidden_state

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> CausalLMOutputWithPast:
        """Logits [rows, length, vocabulary]; with labels, the mean loss over those that are not -100, and the logits of
        these positions only, [labels, vocabulary]: the vocabulary is the widest layer, and prompts need none of it."""
        hidden = self.hidden_states(input_ids, attention_mask)
        head = self.base_model.get_output_embeddings()
        if labels is None:
            return CausalLMOutputWithPast(logits=head(hidden))
        wanted = labels[:, 1:] != -100
        logits = head(hidden[:, :-1][wanted]).float()
        return CausalLMOutputWithPast(loss=nn.functional.cross_entropy(logits, labels[:, 1:][wanted]), logits=logits)


def positions(attention_mask: Tensor) -> Tensor:
    """Position ids that count real tokens from 0, wherever the padding is. Shape kept."""
    return (attention_mask.long().cumsum(1) - 1).clamp(min=0)
