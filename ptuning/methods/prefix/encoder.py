"""P-Tuning v2 (Liu et al. 2022, arXiv 2110.07602): a trained (key, value) of `pre_seq_len` positions before every layer of a frozen base.

Layout of the prefix is ChatGLM's and PEFT's: one row a position, [layers, key|value, kv heads, head_dim] flattened. The two
differ in where the text's own positions start (`PrefixConfig.text_start`); the other files of this folder read and write both.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from transformers import PreTrainedModel

from ptuning.base.shapes import KeyValueShape
from ptuning.errors import PtuningError
from ptuning.methods.method import Tuning

TITLE = "前缀"  # in messages
EMBEDDING = "embedding.weight"  # the name of the rows among the encoder's weights


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


class PrefixEncoder(Tuning):
    """pre_seq_len trained positions: an embedding, or an embedding behind a two-layer MLP (prefix_projection)."""

    def __init__(self, config: PrefixConfig, init_std: float = 1.0) -> None:
        super().__init__()
        self.config: PrefixConfig = config
        self.embedding = nn.Embedding(config.pre_seq_len, config.kv_size)
        nn.init.normal_(self.embedding.weight, std=init_std)
        if config.prefix_projection:
            width = config.prefix_hidden_size
            self.trans = nn.Sequential(nn.Linear(config.kv_size, width), nn.Tanh(), nn.Linear(width, config.kv_size))

    def forward(self) -> Tensor:
        """Shape: [pre_seq_len, layers * 2 * kv_heads * head_dim]."""
        rows = self.embedding.weight
        return self.trans(rows) if self.config.prefix_projection else rows

    @property
    def text_start(self) -> int:
        return self.config.text_start

    def key_values(self) -> Tensor:
        """Shape: [layers, 2, kv_heads, pre_seq_len, head_dim]."""
        c = self.config
        return self().view(c.pre_seq_len, c.num_layers, 2, c.num_kv_heads, c.head_dim).permute(1, 2, 3, 0, 4)
