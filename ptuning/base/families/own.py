"""transformers' own layout: every decoder that AutoModelForCausalLM knows (Glm, Llama, Qwen, GPT-NeoX, GPT-2, …)."""

from __future__ import annotations

from transformers import AutoConfig, GenerationConfig

from ptuning.base.families.family import Family
from ptuning.base.folders import Folder
from ptuning.base.tokenizers.glm import MODEL_FILE
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.base.tokenizers.hub import HubTokenizer
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError


def _tokenizer(folder: Folder) -> Tokenizer:
    """A Glm that was converted from a ChatGLM has its tokenizer.model beside what transformers reads."""
    if folder.model_type == "glm" and (folder.path / MODEL_FILE).is_file():
        return glm_tokenizer(folder.path)
    return HubTokenizer(folder.path)


def _stored_bits(folder: Folder) -> int:
    if "quantization_config" in folder.settings:
        raise PtuningError(
            f"{folder.path} 是已量化的模型（quantization_config），请换用未量化的权重，再加 --quantization_bit。"
        )
    return 0


def _generation(folder: Folder) -> GenerationConfig | None:
    if not (folder.path / "generation_config.json").is_file():
        return None
    return GenerationConfig.from_pretrained(folder.path, local_files_only=True)


OWN = Family(
    holds=lambda folder: True,
    config=lambda folder: AutoConfig.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False),
    renamed=lambda name, tensor, folder: [(name, tensor)],
    tokenizer=_tokenizer,
    stored_bits=_stored_bits,
    generation=_generation,
)
