"""Which of the GLM tokenizers a folder has."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ptuning.base.tokenizers.glm import MODEL_FILE, ChatGlm3Tokenizer, GlmTokenizer
from ptuning.base.tokenizers.glm4 import Glm4Tokenizer, is_rank_file
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError

CODE = "tokenization_chatglm.py"  # read as text, never run
ABOUT = ("tokenizer_config.json", "special_tokens_map.json", CODE)
OF_CHATGLM3 = ("<|user|>", "encode_special_tokens")  # a role, and an option that its tokenizer alone has
NAMES = {"config.json": "_name_or_path", "tokenizer_config.json": "name_or_path"}  # what a folder was made from
PIECES = 64789  # of the tokenizer.model that ChatGLM2 and ChatGLM3 share; other pieces are of neither


def glm_tokenizer(folder: Path, sure: bool = False) -> Tokenizer:
    """GLM-4's, ChatGLM3's or ChatGLM2's, by the folder's tokenizer.model and what is written beside it.

    sure: of an original folder without its code, the names in it tell ChatGLM3 from ChatGLM2, and it is refused where none
    does; else such a folder is ChatGLM2's.

    Raises:
        PtuningError: tokenizer.model is missing or damaged, or nothing says whose it is.
    """
    file = folder / MODEL_FILE
    if is_rank_file(file):
        return Glm4Tokenizer(file, _prompt_breaks(folder))
    roles = _has_roles(folder)
    if roles:
        return ChatGlm3Tokenizer(file)
    tokenizer = GlmTokenizer(file)
    if not sure or roles is not None or tokenizer.vocab_size - len(tokenizer.special_tokens) != PIECES:
        return tokenizer
    third = _named_third(folder)
    if third is None:
        raise PtuningError(
            f"看不出 {folder} 是ChatGLM2还是ChatGLM3（两者的权重和词表形状相同，问答格式不同），"
            f"请把原模型的 {CODE} 或 tokenizer_config.json 放进去（代码只当文字看，不会执行）。"
        )
    return ChatGlm3Tokenizer(file) if third else tokenizer


def _has_roles(folder: Path) -> bool | None:
    """Whether the tokenizer's own files have tokens for roles, as ChatGLM3's do; None where they do not say."""
    texts = {name: text for name in ABOUT if (text := _text(folder / name))}
    if any(mark in text for text in texts.values() for mark in OF_CHATGLM3):
        return True
    return False if CODE in texts else None


def _named_third(folder: Path) -> bool | None:
    """Whether a folder, or what it was made from, is called ChatGLM3; None where no name says."""
    names = [folder.resolve().name, *(_setting(folder / file, key) for file, key in NAMES.items())]
    told = re.search(r"chatglm(2|3)|codegeex(2)", " ".join(reversed(names)).lower())
    return told[1] == "3" if told else None


def _prompt_breaks(folder: Path) -> bool:
    """Whether the folder's chat template puts a line break behind the last <|assistant|>, as GLM-4-0414's does."""
    template = _text(folder / "chat_template.jinja") or _setting(folder / "tokenizer_config.json", "chat_template")
    if not template:
        return False
    messages = [{"role": "user", "content": "?"}]
    try:
        made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(template)
        return made.render(messages=messages, add_generation_prompt=True).endswith("<|assistant|>\n")
    except (TemplateError, TypeError):  # a template with functions of transformers' own
        return False


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _setting(path: Path, key: str) -> str:
    """A text of a JSON file; empty where there is none."""
    try:
        found = json.loads(_text(path) or "{}")
    except json.JSONDecodeError:
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
