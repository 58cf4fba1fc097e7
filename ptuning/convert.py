"""Writes a base as a transformers folder that any other tool reads without remote code.

    python -m ptuning.convert RawModels/chatglm2-6b RawModels/chatglm2-6b-hf

OUT holds config.json, generation_config.json, the weights as safetensors shards in their stored dtype, tokenizer.json and
tokenizer_config.json (AutoTokenizer), and tokenizer.model as it was. Fingerprint and token ids stay the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, decoders, normalizers, processors
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from transformers import GenerationConfig, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter, generate_merges
from transformers.utils import logging as transformers_logging

from ptuning.base.models import Base, load_base, locate, stored_dtype
from ptuning.base.tokenizers.glm import ChatGlm3Tokenizer, GlmTokenizer, Tokenizer
from ptuning.base.tokenizers.glm4 import PATTERN, SPECIAL_TOKENS, Glm4Tokenizer
from ptuning.errors import PtuningError
from ptuning.files import read_json

SHARD = "2GB"
UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4  # SentencePiece's types of pieces
# Names that no text holds by chance: transformers reads them in any text, and “sop” is within “philosophy”.
NAMES = {"[MASK]": "<|MASK|>", "[gMASK]": "<|gMASK|>", "[sMASK]": "<|sMASK|>", "sop": "<|sop|>", "eop": "<|eop|>"}
ROUNDS = (
    "<|gMASK|><|sop|>{% for m in messages %}{% if m.role == 'user' %}[Round {{ loop.index0 // 2 + 1 }}]\n\n"
    "问：{{ m.content }}\n\n答：{% else %}{{ m.content }}\n\n{% endif %}{% endfor %}"
)
ROLE_CHAT = (
    "HEAD{% for m in messages %}<|{{ m.role }}|>\nBLANK{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>LAST{% endif %}"
)


def fast_tokenizer(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The same tokenizer as transformers knows it; a text gets the same ids, the special head included.

    Raises:
        PtuningError: it is of no kind that ChatGLM has.
    """
    if isinstance(tokenizer, Glm4Tokenizer):
        backend, names = _from_ranks(tokenizer), {}
        template = ROLE_CHAT.replace("HEAD", "[gMASK]<sop>").replace("BLANK", "").replace("LAST", "\n")
    elif isinstance(tokenizer, GlmTokenizer):
        backend, names, template = _from_pieces(tokenizer), NAMES, ROUNDS
        if isinstance(tokenizer, ChatGlm3Tokenizer):  # each content is encoded by itself, with a blank in front
            template = ROLE_CHAT.replace("HEAD", "<|gMASK|><|sop|>").replace("BLANK", " ").replace("LAST", "")
    else:
        raise PtuningError(f"{type(tokenizer).__name__} 已是transformers的分词器，不用转换。")
    head = [names.get(name, name) for name in map(tokenizer.id_to_piece, tokenizer.prefix_token_ids)]
    backend.post_processor = processors.TemplateProcessing(
        single=[*head, "$A"], special_tokens=list(zip(head, tokenizer.prefix_token_ids))
    )
    special: dict[str, Any] = {"eos_token": tokenizer.eos_token_id, "pad_token": tokenizer.pad_token_id}
    if isinstance(tokenizer, GlmTokenizer):
        special |= {"bos_token": tokenizer.bos_token_id, "unk_token": 0}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **{role: tokenizer.id_to_piece(i) for role, i in special.items()},
        extra_special_tokens=[
            names.get(tokenizer.id_to_piece(i), tokenizer.id_to_piece(i)) for i in tokenizer.special_token_ids
        ],
        chat_template=template,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )


def _from_pieces(tokenizer: GlmTokenizer) -> Backend:
    """SentencePiece BPE: pieces merge in the order of their scores, what is no piece becomes bytes."""
    from sentencepiece import sentencepiece_model_pb2 as formats  # needs protobuf, which nothing else here does

    proto = formats.ModelProto.FromString(tokenizer.model_file.read_bytes())  # type: ignore[attr-defined]
    if proto.trainer_spec.model_type != proto.trainer_spec.BPE:
        raise PtuningError(f"{tokenizer.model_file} 不是BPE的SentencePiece模型，不能转换，请直接使用原文件夹。")
    whole = [piece.piece for piece in proto.pieces if piece.type in (UNKNOWN, CONTROL, USER_DEFINED)]
    vocabulary = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    merges = generate_merges(vocabulary, {piece.piece: piece.score for piece in proto.pieces}, whole)
    backend = Backend(BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    backend.add_tokens(  # as they stand in a normalised text
        [
            AddedToken(piece.piece, normalized=True, special=False)
            for piece in proto.pieces
            if piece.type == USER_DEFINED
        ]
    )
    specials = [NAMES.get(name, name) for name in tokenizer.special_tokens]
    backend.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in specials])
    spec = proto.normalizer_spec
    steps: list[Any] = [normalizers.Precompiled(spec.precompiled_charsmap)] if spec.precompiled_charsmap else []
    steps += [normalizers.Prepend("▁")] if spec.add_dummy_prefix else []
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    back: list[Any] = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    back += [decoders.Strip(" ", 1, 0)] if spec.add_dummy_prefix else []
    backend.decoder = decoders.Sequence(back)
    return backend


def _from_ranks(tokenizer: Glm4Tokenizer) -> Backend:
    """GLM-4's byte-level BPE, whose ranks are tiktoken's."""
    converter = TikTokenConverter(str(tokenizer.model_file), PATTERN, extra_special_tokens=list(SPECIAL_TOKENS))
    converter.load_tiktoken_bpe = lambda _: tokenizer.ranks  # type: ignore[assignment,method-assign]  # read and checked already
    return converter.converted()


def write_tokenizer(base: Base, folder: Path) -> None:
    """tokenizer.json, tokenizer_config.json, and tokenizer.model where there is one."""
    if isinstance(base.tokenizer, GlmTokenizer | Glm4Tokenizer):
        fast_tokenizer(base.tokenizer).save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)


def convert(model: str, target: Path) -> None:
    """Writes the base `model` (a folder or a hub's name) into `target`, which is complete or not there at all.

    Raises:
        PtuningError: `target` holds something already, or the model is quantised.
    """
    if target.exists() and any(target.iterdir()):
        raise PtuningError(f"{target} 已存在且不是空文件夹，请换一个文件夹。")
    folder = locate(model)
    if (folder / "config.json").is_file() and read_json(folder / "config.json").get("quantization_bit"):
        raise PtuningError(f"{folder} 是已量化的模型，不能转换，请换用未量化的权重。")
    base = load_base(model, stored_dtype(folder) if folder.is_dir() else None)
    beside = target.with_name(target.name + ".tmp")
    shutil.rmtree(beside, ignore_errors=True)
    if base.original:
        base.model.generation_config = GenerationConfig(
            eos_token_id=sorted(base.tokenizer.end_token_ids), pad_token_id=base.tokenizer.pad_token_id
        )
    base.model.save_pretrained(beside, max_shard_size=SHARD)
    write_tokenizer(base, beside)
    if target.exists():
        target.rmdir()
    os.replace(beside, target)


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m ptuning.convert",
        description="把基座写成transformers的GLM文件夹：别的工具不需要 trust_remote_code 就能用。",
        epilog="例：python -m ptuning.convert RawModels/chatglm2-6b RawModels/chatglm2-6b-hf",
    )
    parser.add_argument("model", metavar="MODEL", help="基座模型文件夹，或模型库里的名字")
    parser.add_argument("target", metavar="OUT", type=Path, help="写到哪个文件夹（不存在或为空）")
    args = parser.parse_args(argv)
    transformers_logging.disable_progress_bar()
    try:
        convert(args.model, args.target)
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"已写到 {args.target}。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
