"""The GLM tokenizers as transformers knows them (tokenizer.json), for programs that do not know ours."""

from __future__ import annotations

from typing import Any

from tokenizers import AddedToken, decoders, normalizers, processors
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter, generate_merges

from ptuning.base.tokenizers.glm import ChatGlm3Tokenizer, GlmTokenizer
from ptuning.base.tokenizers.glm4 import CALLING, PATTERN, SPECIAL_TOKENS, Glm4Tokenizer
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError

UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4  # SentencePiece's types of pieces
# Names that no text holds by chance: transformers reads them in any text, and “sop” is within “philosophy”.
NAMES = {"[MASK]": "<|MASK|>", "[gMASK]": "<|gMASK|>", "[sMASK]": "<|sMASK|>", "sop": "<|sop|>", "eop": "<|eop|>"}
ROUNDS = (
    "<|gMASK|><|sop|>{% for m in messages %}{% if m.role == 'user' %}[Round {{ loop.index0 // 2 + 1 }}]\n\n"
    "问：{{ m.content }}\n\n答：{% else %}{{ m.content }}\n\n{% endif %}{% endfor %}"
)
CHATGLM3 = (  # each content is encoded by itself, with a blank in front
    "<|gMASK|><|sop|>{% for m in messages %}<|{{ m.role }}|>{{ m.metadata }}{{ '\\n ' }}{{ m.content }}"
    "{% if m.tools %}{{ '\\n' }}{{ m.tools | tojson(indent=4) }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
GLM4 = (  # as the original's own, which leaves empty messages out
    "[gMASK]<sop>{% for m in messages %}{% if m.content %}<|{{ m.role }}|>{{ m.metadata }}\n{{ m.content }}"
    "{% if m.tools %}{{ '\\n' }}{% for t in m.tools %}{% set f = t.function or t %}{{ '\\n' }}## {{ f.name }}\n\n{{ f | tojson(indent=4) }}\n"
    + CALLING
    + "{% endfor %}{% endif %}{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>LAST{% endif %}"
)


def fast_tokenizer(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The same tokenizer as transformers knows it; a text gets the same ids, the special head included.

    Raises:
        PtuningError: it is of no kind that ChatGLM has.
    """
    if isinstance(tokenizer, Glm4Tokenizer):
        backend, names = _from_ranks(tokenizer), {}
        template = GLM4.replace("LAST", "\n" if tokenizer.prompt_breaks else "")
    elif isinstance(tokenizer, GlmTokenizer):
        backend, names, template = _from_pieces(tokenizer), NAMES, ROUNDS
        if isinstance(tokenizer, ChatGlm3Tokenizer):
            template = CHATGLM3
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
