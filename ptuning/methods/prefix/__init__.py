"""P-Tuning v2: a trained prefix before every layer."""

from __future__ import annotations

from ptuning.methods.method import Method
from ptuning.methods.prefix.encoder import TITLE, PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.options import PrefixOptions
from ptuning.methods.prefix.original import ORIGINAL
from ptuning.methods.prefix.peft import PEFT

PREFIX = Method(
    title=TITLE,
    tuning=PrefixEncoder,
    config=PrefixConfig,
    options=PrefixOptions,
    needs="训练前缀需要 --pre_seq_len，例如128（官方脚本不给它时是全量微调：--method full）",
    random="给了 --pre_seq_len 而没有 --ptuning_checkpoint，前缀会是随机的；请给出检查点",
    weights_file="prefix_encoder.safetensors",
    config_file="prefix_config.json",
    layouts={"original": ORIGINAL, "peft": PEFT},
    name="ptuning-v2",
)
