"""Given answers scored in one pass: their tokens stand side by side behind the prompt, and each sees the prompt and its own
answer only (a tree of tokens, Miao et al. 2023, arXiv 2305.09781)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ptuning.answering.passes import PASS_TOKENS, Passes
from ptuning.answering.rows import Row
from ptuning.answering.slots import padded


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
        at = {token: i + 1 for i, token in enumerate(inner)}  # 0 is the end of the prompt
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


def score(passes: Passes, rows: Sequence[Row], choices: Sequence[Sequence[int]], slots: int) -> None:
    """Puts the scores of the choices into every row's result; one pass a group of rows, at most `slots` of them."""
    tree = Tree(choices, passes.device)
    rows = sorted(rows, key=lambda row: -len(row.pending))
    pool, slots = passes.pool(rows, tree.size, slots)
    for group in groups(rows, slots):
        for slot, row in enumerate(group):
            pool.begin(slot, row.segment)
        tail, lengths = padded([row.pending for row in group], passes.pad, passes.device)
        filled = torch.tensor([row.filled for row in group], device=tail.device)
        position = torch.tensor([row.position for row in group], device=tail.device)
        longest = tail.shape[1]
        ids = torch.cat((tail, tree.ids.expand(len(group), -1)), 1)
        among = torch.arange(ids.shape[1], device=tail.device)
        positions = position[:, None] + torch.cat(
            (among[:longest].expand(len(group), -1), lengths[:, None] + tree.depth), 1
        )
        columns = filled[:, None] + among
        width = int(columns.max()) + 1
        pool.window(0, len(group), columns, width)
        hidden = passes.hidden(pool, ids, positions, tree.allowed(filled, lengths, longest, width))
        last = hidden[torch.arange(len(group)), lengths - 1]
        after = torch.cat((last[:, None], hidden[:, longest:]), 1)
        found = tree.scores(passes.logits(after, group).log_softmax(-1))
        for row, scores in zip(group, found.tolist()):
            row.result.scores = scores


def groups(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Batches of at most `size` rows and PASS_TOKENS tokens; rows come longest first."""
    at = 0
    while at < len(rows):
        count = max(1, min(size, PASS_TOKENS // len(rows[at].pending)))
        yield rows[at : at + count]
        at += count
