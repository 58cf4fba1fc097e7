"""Which of the GLM tokenizers a folder has."""

from __future__ import annotations

from pathlib import Path

from ptuning.base.tokenizers.glm import MODEL_FILE, ChatGlm3Tokenizer, GlmTokenizer
from ptuning.base.tokenizers.glm4 import Glm4Tokenizer, is_rank_file
from ptuning.base.tokenizers.tokenizer import Tokenizer


def glm_tokenizer(folder: Path) -> Tokenizer:
    """GLM-4's, ChatGLM3's or ChatGLM2's, by the folder's tokenizer.model and what is written beside it.

    Raises:
        PtuningError: tokenizer.model is missing or damaged.
    """
    file = folder / MODEL_FILE
    if is_rank_file(file):
        return Glm4Tokenizer(file)
    about = (folder / name for name in ("tokenizer_config.json", "tokenization_chatglm.py"))
    roles = any("<|user|>" in path.read_text(encoding="utf-8", errors="replace") for path in about if path.is_file())
    return (ChatGlm3Tokenizer if roles else GlmTokenizer)(file)
