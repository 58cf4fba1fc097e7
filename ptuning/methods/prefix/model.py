"""A frozen base with a prefix before it."""

from __future__ import annotations

from transformers import DynamicCache, PreTrainedModel

from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.prefix.encoder import PrefixEncoder


class PrefixModel(AdaptedModel):
    """An AdaptedModel whose tuning is known to be a prefix; other programs' ways of generating take it as a cache."""

    tuning: PrefixEncoder

    def __init__(self, base_model: PreTrainedModel, prefix_encoder: PrefixEncoder) -> None:
        super().__init__(base_model, prefix_encoder)

    @property
    def prefix_encoder(self) -> PrefixEncoder:
        return self.tuning

    @property
    def pre_seq_len(self) -> int:
        return self.tuning.config.pre_seq_len

    def cache(self, rows: int) -> DynamicCache:
        """The prefix as past keys and values for `rows` rows; it grows with what is read on."""
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(self._past(rows) or []):
            cache.update(keys, values, layer)
        return cache
