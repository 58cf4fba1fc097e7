"""The two other ways to train a prefix that benchmarks.training compares with, on the same transformers model.

padded: ChatGLM2's ptuning/main.py: every row padded to max_source_length + max_target_length + 1, the prefix looked up
for every row, logits and loss over every position. Its dropout of 0.1 on the prefix is left out, so that losses compare.
peft: what a user of PEFT writes: PrefixTuningConfig, transformers' Trainer, DataCollatorForSeq2Seq.
"""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer as FastTokenizer
from tokenizers.models import WordLevel
from torch import Tensor, nn
from transformers import DataCollatorForSeq2Seq, DynamicCache, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import CausalLMOutputWithPast

from ptuning.methods.prefix.encoder import PrefixEncoder
from ptuning.training.dataset import IGNORED


class PaddedPrefixModel(nn.Module):
    """A frozen base with a prefix, computed as ChatGLM2ForConditionalGeneration does with pre_seq_len."""

    def __init__(self, base_model: PreTrainedModel, prefix_encoder: PrefixEncoder) -> None:
        super().__init__()
        self.base_model, self.prefix_encoder = base_model.requires_grad_(False), prefix_encoder

    def _past(self, rows: int) -> DynamicCache:
        """Keys and values of the prefix, looked up anew for every row."""
        c = self.prefix_encoder.config
        tokens = torch.arange(c.pre_seq_len, device=self.base_model.device).expand(rows, -1)
        looked_up = self.prefix_encoder.embedding(tokens).to(self.base_model.dtype)
        layers = looked_up.view(rows, c.pre_seq_len, c.num_layers * 2, c.num_kv_heads, c.head_dim)
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(layers.permute(2, 0, 3, 1, 4).split(2)):
            cache.update(keys, values, layer)
        return cache

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> CausalLMOutputWithPast:
        """Shapes: [rows, length] each. Logits of every position in float32, loss over all but the ignored labels."""
        rows, length = input_ids.shape
        prefix_mask = attention_mask.new_ones(rows, self.prefix_encoder.config.pre_seq_len)
        logits = self.base_model(
            input_ids=input_ids,
            attention_mask=torch.cat((prefix_mask, attention_mask), 1),
            position_ids=torch.arange(length, device=input_ids.device).expand(rows, -1),
            past_key_values=self._past(rows),
            use_cache=True,
        ).logits.float()
        shifted = logits[:, :-1].contiguous()
        loss = nn.functional.cross_entropy(
            shifted.view(-1, shifted.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=IGNORED
        )
        return CausalLMOutputWithPast(loss=loss, logits=logits)


def peft_model(base_model: PreTrainedModel, prefix_encoder: PrefixEncoder) -> Any:
    """PEFT's prefix tuning of the base, from the same prefix (their layouts agree, their text starts at pre_seq_len)."""
    from peft import PrefixTuningConfig, TaskType, get_peft_model

    length = prefix_encoder.config.pre_seq_len
    model: Any = get_peft_model(base_model, PrefixTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=length))
    with torch.no_grad():
        model.prompt_encoder["default"].embedding.weight.copy_(prefix_encoder.embedding.weight)
    return model


def seq2seq_collator(pad: int) -> DataCollatorForSeq2Seq:
    """transformers' collator, padding to the longest row of a batch; all it needs of a tokenizer is the padding."""
    vocabulary = {f"<{number}>": number for number in range(pad + 1)}
    words = FastTokenizer(WordLevel(vocabulary, unk_token="<0>"))
    return DataCollatorForSeq2Seq(PreTrainedTokenizerFast(tokenizer_object=words, pad_token=f"<{pad}>"))
