"""P-Tuning v2 (Liu et al. 2022, arXiv 2110.07602): a trained (key, value) of `pre_seq_len` positions before every layer of a frozen base.

Layout of the prefix is ChatGLM's: one row a position, [layers, key|value, kv heads, head_dim] flattened. The text's own positions start at 0
(PEFT counts them from pre_seq_len, so its weights are not interchangeable without converting).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from ptuning import chatglm
from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.models import Base

PREFIX_FILE, CONFIG_FILE = "prefix_encoder.safetensors", "prefix_config.json"


@dataclass(frozen=True)
class PrefixConfig:
    """Shape of a prefix; `prefix_hidden_size` is the width of the re-parameterising MLP (only with prefix_projection)."""

    pre_seq_len: int
    num_layers: int
    num_kv_heads: int
    head_dim: int
    prefix_projection: bool = False
    prefix_hidden_size: int = 0

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
        config = model.config
        heads = config.num_attention_heads
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
        groups = getattr(config, "num_key_value_heads", None) or heads
        return cls(pre_seq_len, config.num_hidden_layers, groups, head_dim, prefix_projection, config.hidden_size)


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


class PrefixModel(nn.Module):
    """A frozen base with a trained prefix before it."""

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

    def cache(self, rows: int) -> DynamicCache:
        """The prefix as past keys and values for `rows` rows, in the base's dtype."""
        keys_values = self.prefix_encoder.key_values().to(self.base_model.device, self.base_model.dtype)
        cache = DynamicCache()
        for layer, (key, value) in enumerate(keys_values):
            cache.update(key.expand(rows, -1, -1, -1), value.expand(rows, -1, -1, -1), layer)
        return cache

    def hidden_states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Last hidden states of the text. Shapes: [rows, length] each → [rows, length, hidden]."""
        ones = attention_mask.new_ones(len(input_ids), self.pre_seq_len)
        decoder = self.base_model.get_decoder()
        return decoder(
            input_ids=input_ids,
            attention_mask=torch.cat((ones, attention_mask), 1),
            position_ids=positions(attention_mask),
            past_key_values=self.cache(len(input_ids)),
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


def save_prefix(
    folder: str | Path, encoder: PrefixEncoder, base_identity: dict[str, str], meta: dict[str, Any] | None = None
) -> None:
    """Writes the checkpoint folder: weights (float32), shape and base identity together.

    Both files are written beside, then renamed, the configuration last: a folder that has it is whole, and
    a kill between the two renames leaves no configuration that speaks of other weights.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: p.detach().float().cpu().contiguous() for name, p in encoder.state_dict().items()}
    save_file(weights, folder / (PREFIX_FILE + ".tmp"), metadata={"format": "pt"})
    config = {**asdict(encoder.config), "base": base_identity, "meta": meta or {}}
    text = json.dumps(config, ensure_ascii=False, indent=1) + "\n"
    (folder / (CONFIG_FILE + ".tmp")).write_text(text, encoding="utf-8")
    (folder / CONFIG_FILE).unlink(missing_ok=True)
    for name in (PREFIX_FILE, CONFIG_FILE):
        os.replace(folder / (name + ".tmp"), folder / name)


def load_prefix(folder: str | Path, base: Base) -> PrefixEncoder:
    """The encoder of a checkpoint (ours, or one of ChatGLM's ptuning folder), on the base's device, float32.

    ChatGLM's own checkpoints do not say which base they belong to: there only the shape is compared.

    Raises:
        PtuningError: no checkpoint there, damaged, or trained on another base (both are named).
    """
    folder = Path(folder)
    if (folder / CONFIG_FILE).is_file():
        encoder, weights = _saved(folder, base)
    elif any(folder.glob("pytorch_model.bin*")):
        pre_seq_len, projection, weights = chatglm.read_prefix(folder)
        encoder = PrefixEncoder(PrefixConfig.for_model(base.model, pre_seq_len, projection))
    else:
        raise PtuningError(f"{folder} 不是前缀检查点：没有 {CONFIG_FILE}，请检查路径或重新训练。")
    try:
        encoder.load_state_dict(weights)
    except RuntimeError:
        found = {name: list(weight.shape) for name, weight in weights.items()}
        raise PtuningError(
            f"前缀 {folder} 的形状{found}与基座“{base.identity['name']}”不符，请换用它的基座，或重新训练。"
        ) from None
    return encoder.to(base.model.device)


def _saved(folder: Path, base: Base) -> tuple[PrefixEncoder, dict[str, Tensor]]:
    """An encoder of the shape that `folder` records, and its weights."""
    settings = read_json(folder / CONFIG_FILE)
    trained_on = settings.get("base", {})
    if trained_on.get("fingerprint") != base.identity["fingerprint"]:
        names = f"“{trained_on.get('name')}”（{trained_on.get('fingerprint')}）"
        loaded = f"“{base.identity['name']}”（{base.identity['fingerprint']}）"
        raise PtuningError(f"前缀 {folder} 是在基座{names}上训练的，不能用在{loaded}上，请换用它的基座，或重新训练。")
    path = folder / PREFIX_FILE
    try:
        config = PrefixConfig(**{field.name: settings[field.name] for field in fields(PrefixConfig)})
        return PrefixEncoder(config), load_file(path)
    except KeyError as error:
        raise PtuningError(f"{folder / CONFIG_FILE} 缺少 {error.args[0]}，检查点已损坏，请重新训练。") from None
    except (OSError, SafetensorError):
        raise PtuningError(f"无法读取前缀的权重 {path}（没有这个文件或已损坏），请重新训练。") from None
