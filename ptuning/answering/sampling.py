"""How the next token is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ptuning.errors import PtuningError


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: the likeliest one, or drawn from the `top_k` likeliest (0: from all) that together
    reach `top_p` of the probability (Holtzman et al. 2020, arXiv 1904.09751), at a temperature.

    seed: every prompt has its own draws, so that they do not depend on its batch; without one torch's global state counts.
    """

    do_sample: bool = False
    top_p: float = 1.0
    top_k: int = 0
    temperature: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if not (0 < self.top_p <= 1 and self.top_k >= 0 and self.temperature > 0):
            raise PtuningError(
                f"采样参数不对：top_p 要在0到1之间（现在是{self.top_p}）、top_k 不小于0（现在是{self.top_k}）、"
                f"temperature 大于0（现在是{self.temperature}）。"
            )

    def draws(self, prompt: int) -> torch.Generator | None:
        """The source of random numbers for the prompt with this number."""
        return None if self.seed is None else torch.Generator().manual_seed(self.seed + prompt)

    def choose(self, logits: Tensor, draws: Sequence[torch.Generator | None]) -> Tensor:
        """The next token of each row. Shape: [rows, vocabulary] → [rows]."""
        if not self.do_sample:
            return logits.argmax(-1)
        scores, tokens = (logits / self.temperature).sort(-1, descending=True)
        if self.top_k:
            scores[:, self.top_k :] = -torch.inf
        chances = scores.softmax(-1)
        chances[chances.cumsum(-1) - chances >= self.top_p] = 0
        reached = chances.cumsum(-1)
        drawn = torch.stack([torch.rand(1, generator=source) for source in draws]).to(logits.device)
        return tokens.gather(-1, (reached < drawn * reached[:, -1:]).sum(-1, keepdim=True))[:, 0]


GREEDY = Sampling()
