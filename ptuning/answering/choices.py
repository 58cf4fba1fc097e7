"""Given answers scored in one pass: their tokens stand side by side behind the prompt, and each sees the prompt and its own
answer only (a tree of tokens, Miao et al. 2023, arXiv 2305.09781)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Tree:
    """Choices side by side: all their tokens but the last of each, which nothing follows."""

    def __init__(self, choices: Sequence[Sequence[int]], device: torch.device) -> None:
        self.choices = choices
        inner = [(number, depth) for number, choice in enumerate(choices) for depth in range(len(choice) - 1)]
        self.size = len(inner)
        self.ids = torch.tensor([[choices[n][d] for n, d in inner]], dtype=torch.long, device=device)
        self.depth = torch.tensor([[d for _, d in inner]], dtype=torch.long, device=device)
        sees = [[a == c and b >= d for c, d in inner] for a, b in inner]
        self._sees = torch.tensor(sees, dtype=torch.bool, device=device).view(self.size, self.size)
        at = {place: i + 1 for i, place in enumerate(inner)}  # 0 is the end of the prompt
        asked = [(n, at[n, d - 1] if d else 0, choices[n][d]) for n, c in enumerate(choices) for d in range(len(c))]
        self._asked = torch.tensor(asked, device=device).unbind(1)

    def allowed(self, filled: Tensor, lengths: Tensor, longest: int, width: int) -> Tensor:
        """Which columns the prompt's and the tree's tokens see, [rows, longest + size, width]."""
        new = torch.arange(width, device=filled.device) - filled[:, None]  # columns counted from the first new token
        prompt = new[:, None] <= torch.arange(longest, device=filled.device)[None, :, None]
        before = (new < lengths[:, None])[:, None].expand(-1, self.size, -1)
        if not self.size:
            return prompt
        inside = (new - longest).clamp(0, self.size - 1)
        own = self._sees[:, inside].permute(1, 0, 2) & ((new >= longest) & (new < longest + self.size))[:, None]
        return torch.cat((prompt, before | own), 1)

    def scores(self, logprobs: Tensor) -> Tensor:
        """Sum over each choice's tokens. Shape: [rows, 1 + size, vocabulary] → [rows, choices]."""
        number, after, token = self._asked
        found = logprobs[:, after, token]
        return found.new_zeros(len(found), len(self.choices)).index_add_(1, number, found)
