"""Answers with a trained head: classes of texts, tags of words.

>>> from ptuning.heads.classifier import load_classifier
>>> load_classifier("RawModels/caibao-mini", "output/sentiment").predict([Labelled(text=("订单大增",))])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ptuning.base.encoders import is_encoder, load_encoder
from ptuning.base.models import Base, load_base
from ptuning.heads.encoding import LabelCollator, LabelEncoder, Labelled
from ptuning.heads.model import HeadedModel
from ptuning.heads.task_head import load_head
from ptuning.methods.saving import load as load_tuning


class Prediction(NamedTuple):
    """A class and its probability; of words: the tags, O for words behind the length limit, and the least probability."""

    label: str | tuple[str, ...]
    probability: float


class Classifier:
    """A base with a tuning and a head."""

    def __init__(self, model: HeadedModel, base: Base, longest: int = 512) -> None:
        """longest: ids of a row that are read."""
        self.model = model.eval()
        self.labels = model.task_head.config.labels
        self._encode = LabelEncoder(base, self.labels, longest)
        self._collate = LabelCollator(base.tokenizer.pad_token_id, model.task_head.config.kind == "token")

    @torch.inference_mode()
    def predict(self, rows: Sequence[Labelled], batch: int = 64) -> list[Prediction]:
        """In the order of `rows`; rows of like length share a pass."""
        encoded = [self._encode(row) for row in rows]
        order = sorted(range(len(rows)), key=lambda i: len(encoded[i].input_ids))
        found: list[Any] = [None] * len(rows)
        for start in range(0, len(order), batch):
            among = order[start : start + batch]
            features = [{"input_ids": encoded[i].input_ids, "labels": encoded[i].labels} for i in among]
            inputs = {name: t.to(self.model.device) for name, t in self._collate(features).items() if name != "labels"}
            best = self.model(**inputs).logits.softmax(-1).max(-1)
            for i, values, numbers in zip(among, best.values, best.indices):
                found[i] = self._prediction(rows[i], encoded[i].firsts, values, numbers)
        return found

    def _prediction(self, row: Labelled, firsts: Sequence[int], values: Any, numbers: Any) -> Prediction:
        if not row.words:
            return Prediction(self.labels[int(numbers)], float(values))
        at = torch.tensor(firsts, dtype=torch.long, device=numbers.device)
        tags = [self.labels[number] for number in numbers[at].tolist()]
        left = ["O"] * (len(row.words) - len(tags))
        return Prediction((*tags, *left), float(values[at].min()) if firsts else 0.0)


def load_base_of_any_kind(
    folder: str | Path, dtype: torch.dtype | None = None, device: str = "cpu", **options: Any
) -> Base:
    """A decoder (options as load_base's) or an encoder. Raises PtuningError."""
    return load_encoder(folder, dtype, device) if is_encoder(folder) else load_base(folder, dtype, device, **options)


def load_classifier(model: str | Path, checkpoint: str | Path, device: str = "cpu") -> Classifier:
    """A base folder and a checkpoint that was trained with --head classification or token. Raises PtuningError."""
    base = load_base_of_any_kind(model, device=device)
    return Classifier(HeadedModel(base.model, load_tuning(checkpoint, base), load_head(checkpoint)), base)
