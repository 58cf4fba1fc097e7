"""The command-line arguments with which a prefix is trained anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from ptuning.base.models import Base
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder

USUAL = 32  # positions, with --method ptuning-v2 alone


@dataclass
class PrefixOptions:
    pre_seq_len: int | None = field(default=None, metadata={"help": "前缀长度；带 ptuning_checkpoint 时以检查点为准"})
    prefix_projection: bool = field(default=False, metadata={"help": "前缀经过一个两层MLP再参数化"})
    prefix_init_std: float = field(default=1.0, metadata={"help": "前缀初始值的标准差"})

    @property
    def given(self) -> bool:
        return self.pre_seq_len is not None

    def wrong(self) -> list[str]:
        if self.pre_seq_len is not None and self.pre_seq_len < 1:
            return [f"--pre_seq_len 至少为1，现在是{self.pre_seq_len}"]
        return []

    def fresh(self, base: Base) -> PrefixEncoder:
        shape = PrefixConfig.for_model(base.model, self.pre_seq_len or USUAL, self.prefix_projection)
        return PrefixEncoder(shape, self.prefix_init_std)

    def differs(self, trained: PrefixEncoder, checkpoint: str) -> str | None:
        length = trained.config.pre_seq_len
        if self.pre_seq_len in (None, length):
            return None
        return f"提示：前缀长度以检查点 {checkpoint} 的 {length} 为准，--pre_seq_len {self.pre_seq_len} 不起作用。"
