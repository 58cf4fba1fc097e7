"""Trained inputs before the text: prompt tuning (Lester et al. 2021, arXiv 2104.08691) and P-Tuning (Liu et al. 2021,
arXiv 2103.10385), whose inputs come out of an MLP or an LSTM; both are peft's modules.

No text changes what they leave behind in the layers, so a trained one is read once, and rows with it share passes with all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ptuning.base.models import Base
from ptuning.methods import peft_files
from ptuning.methods.method import Method, Tuning, Weights
from ptuning.methods.weights import misfit

ENCODERS = ("MLP", "LSTM")
ROWS = "prompt_embeddings"  # the name of the inputs in peft's files


@dataclass(frozen=True)
class PromptConfig:
    """tokens: trained inputs, each as wide as an embedding (width)."""

    tokens: int
    width: int


@dataclass(frozen=True)
class PTuningConfig(PromptConfig):
    """encoder: MLP or LSTM over trained inputs, `hidden` wide; empty: they are as they stand (from a file of peft's)."""

    encoder: str = "MLP"
    hidden: int = 0
    dropout: float = 0.0


class Prompt(Tuning):
    """Inputs that are trained themselves."""

    config: PromptConfig

    def __init__(self, config: PromptConfig) -> None:
        super().__init__()
        self.config = config
        self.inputs = nn.Parameter(torch.zeros(config.tokens, config.width))

    @property
    def text_start(self) -> int:
        return self.config.tokens

    def embeddings(self) -> Tensor:
        return self.inputs


class PTuning(Tuning):
    """Inputs behind peft's PromptEncoder."""

    config: PTuningConfig

    def __init__(self, config: PTuningConfig) -> None:
        super().__init__()
        from peft import PromptEncoder

        self.config = config
        self.encoder = PromptEncoder(self.peft()) if config.encoder else None
        if self.encoder is None:
            self.inputs = nn.Parameter(torch.zeros(config.tokens, config.width))

    def peft(self) -> Any:
        """As peft's PromptEncoderConfig."""
        from peft import PromptEncoderConfig

        c = self.config
        options: dict[str, Any] = {"encoder_dropout": c.dropout} if c.encoder == "LSTM" else {}
        return PromptEncoderConfig(
            num_virtual_tokens=c.tokens,
            token_dim=c.width,
            num_transformer_submodules=1,
            encoder_reparameterization_type=c.encoder or "MLP",
            encoder_hidden_size=c.hidden or c.width,
            **options,
        )

    @property
    def text_start(self) -> int:
        return self.config.tokens

    def embeddings(self) -> Tensor:
        if self.encoder is None:
            return self.inputs
        among = torch.arange(self.config.tokens, device=self.encoder.embedding.weight.device)
        return self.encoder(among[None])[0]


def _rows(folder: Path, base: Base, title: str) -> Tensor:
    _, weights = peft_files.read(folder, base)
    rows = weights.get(ROWS)
    if rows is None or rows.ndim != 2 or rows.shape[1] != base.model.get_input_embeddings().embedding_dim:
        raise misfit(title, folder, weights, base)
    return rows.float()


def _settings(config: PromptConfig, base: Base) -> dict[str, Any]:
    shape: Any = base.model.config
    return {"num_layers": shape.num_hidden_layers, "num_attention_heads": shape.num_attention_heads} | {
        "num_transformer_submodules": 1,
        "token_dim": config.width,
    }


def _write_prompt(folder: Path, tuning: Prompt, base: Base) -> None:
    from peft import PromptTuningConfig

    config = PromptTuningConfig(num_virtual_tokens=tuning.config.tokens)
    peft_files.write(folder, config, {ROWS: tuning.inputs}, base, _settings(tuning.config, base), outer="")


def _read_prompt(folder: Path, base: Base) -> tuple[PromptConfig, Weights]:
    rows = _rows(folder, base, "提示词元")
    return PromptConfig(*rows.shape), {"inputs": rows}


def _write_p_tuning(folder: Path, tuning: PTuning, base: Base) -> None:
    """What the encoder gives: peft keeps only that, too."""
    tuning.eval()
    rows = tuning.embeddings()
    peft_files.write(folder, tuning.peft(), {ROWS: rows}, base, _settings(tuning.config, base), outer="")


def _read_p_tuning(folder: Path, base: Base) -> tuple[PTuningConfig, Weights]:
    rows = _rows(folder, base, "P-Tuning")
    return PTuningConfig(len(rows), rows.shape[1], encoder=""), {"inputs": rows}


def _words(base: Base) -> Tensor:
    """The embeddings of the base's vocabulary, [vocabulary, hidden]."""
    embeddings: Any = base.model.get_input_embeddings()
    return embeddings.weight


@dataclass
class PromptOptions:
    prompt_tokens: int | None = field(default=None, metadata={"help": "prompt：多少个可训练的词元；默认16"})
    prompt_init: str = field(default="vocabulary", metadata={"help": "prompt 的初值：vocabulary（随机的词）或 random"})
    prompt_text: str | None = field(
        default=None, metadata={"help": "prompt 的初值取自这句话的词向量，长度随它或 prompt_tokens"}
    )

    @property
    def given(self) -> bool:
        return self.prompt_tokens is not None or self.prompt_text is not None

    def wrong(self) -> list[str]:
        found = []
        if self.prompt_tokens is not None and self.prompt_tokens < 1:
            found.append(f"--prompt_tokens 至少为1，现在是{self.prompt_tokens}")
        if self.prompt_init not in ("vocabulary", "random"):
            found.append(f"--prompt_init 只能是 vocabulary、random，现在是{self.prompt_init}")
        if self.prompt_text is not None and not self.prompt_text.strip():
            found.append("--prompt_text 是空的")
        return found

    def fresh(self, base: Base) -> Prompt:
        words = _words(base)
        ids = base.tokenizer.encode(self.prompt_text, add_special_tokens=False) if self.prompt_text else []
        count = self.prompt_tokens or len(ids) or 16
        tuning = Prompt(PromptConfig(count, words.shape[1]))
        with torch.no_grad():
            if ids:  # repeated or cut to the length, as peft does
                tuning.inputs.copy_(words[[ids[i % len(ids)] for i in range(count)]])
            elif self.prompt_init == "vocabulary":
                tuning.inputs.copy_(words[torch.randint(len(words), (count,))])
            else:
                nn.init.normal_(tuning.inputs, std=float(words.float().std()))
        return tuning

    def differs(self, trained: Prompt, checkpoint: str) -> str | None:
        length = trained.config.tokens
        if self.prompt_tokens in (None, length):
            return None
        return f"提示：词元数以检查点 {checkpoint} 的 {length} 为准，--prompt_tokens {self.prompt_tokens} 不起作用。"


@dataclass
class PTuningOptions:
    ptuning_tokens: int | None = field(default=None, metadata={"help": "ptuning：多少个可训练的词元；默认16"})
    ptuning_encoder: str = field(default="MLP", metadata={"help": "ptuning 的再参数化：MLP 或 LSTM"})
    ptuning_hidden_size: int | None = field(default=None, metadata={"help": "ptuning 再参数化的宽度；默认同词向量"})

    @property
    def given(self) -> bool:
        return self.ptuning_tokens is not None

    def wrong(self) -> list[str]:
        found = []
        for name in ("ptuning_tokens", "ptuning_hidden_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                found.append(f"--{name} 至少为1，现在是{value}")
        if self.ptuning_encoder.upper() not in ENCODERS:
            found.append(f"--ptuning_encoder 只能是 {'、'.join(ENCODERS)}，现在是{self.ptuning_encoder}")
        return found

    def fresh(self, base: Base) -> PTuning:
        width = _words(base).shape[1]
        hidden = self.ptuning_hidden_size or width
        return PTuning(PTuningConfig(self.ptuning_tokens or 16, width, self.ptuning_encoder.upper(), hidden))

    def differs(self, trained: PTuning, checkpoint: str) -> str | None:
        length = trained.config.tokens
        if self.ptuning_tokens in (None, length):
            return None
        return f"提示：词元数以检查点 {checkpoint} 的 {length} 为准，--ptuning_tokens {self.ptuning_tokens} 不起作用。"


PROMPT = Method(
    title="提示词元",
    tuning=Prompt,
    config=PromptConfig,
    options=PromptOptions,
    needs="",
    random="给了 --prompt_tokens 或 --prompt_text 而没有 --ptuning_checkpoint，词元还没有训练；请给出检查点",
    weights_file="prompt.safetensors",
    config_file="prompt_config.json",
    layouts={"peft": peft_files.layout("PROMPT_TUNING", _read_prompt, _write_prompt)},
    name="prompt",
    learning_rate=0.1,
)
P_TUNING = Method(
    title="P-Tuning",
    tuning=PTuning,
    config=PTuningConfig,
    options=PTuningOptions,
    needs="",
    random="给了 --ptuning_tokens 而没有 --ptuning_checkpoint，词元会是随机的；请给出检查点",
    weights_file="p_tuning.safetensors",
    config_file="p_tuning_config.json",
    layouts={"peft": peft_files.layout("P_TUNING", _read_p_tuning, _write_p_tuning)},
    name="ptuning",
    learning_rate=1e-2,
)
