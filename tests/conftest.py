"""Fixtures of several folders: the external material where it is present, and a random GLM small enough for any test."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import GlmConfig, GlmForCausalLM

from ptuning.base.tokenizers.glm import GlmTokenizer

SENTENCES = [
    "2020年净利润是多少？",
    "请问营业收入和研发费用分别是多少元？",
    "负债合计大于5亿的上市公司有几家？",
    "根据年报，介绍公司的社会责任工作情况。",
    "select 公司全称 from company_table where 年份 = '2021' order by 净利润 desc limit 3",
]


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the oracle and the public questions; tests that use it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CAIBAO_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"没有外部对照数据 {folder}（环境变量 CAIBAO_SHARED 可指定）")
    return folder


@pytest.fixture(scope="session")
def tiny_base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers GLM folder in the layout of RawModels/caibao-mini: 2 layers, random float16 weights, own tokenizer."""
    folder = tmp_path_factory.mktemp("tiny-base")
    pieces = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20), model_writer=pieces, vocab_size=420, model_type="bpe",
        byte_fallback=True, split_digits=True, normalization_rule_name="nfkc", add_dummy_prefix=False,
        remove_extra_whitespaces=False, character_coverage=1.0, user_defined_symbols=["\n"],
        hard_vocab_limit=False, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2, num_threads=1)  # fmt: skip
    (folder / "tokenizer.model").write_bytes(pieces.getvalue())
    config = GlmConfig(
        vocab_size=GlmTokenizer.from_pretrained(folder).vocab_size, hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=512,
        tie_word_embeddings=True, attention_bias=False, pad_token_id=0, eos_token_id=2)  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        GlmForCausalLM(config).half().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny_base_folder: Path) -> GlmTokenizer:
    """The tokenizer of the tiny base."""
    return GlmTokenizer.from_pretrained(tiny_base_folder)
