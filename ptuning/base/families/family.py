"""What a family of model folders is: how it names its settings and weights, and which tokenizer it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor
from transformers import GenerationConfig, PreTrainedConfig

from ptuning.base.folders import Folder
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.base.weight_files import read_weights, shards


@dataclass(frozen=True)
class Family:
    """Another program's format, read as one of transformers' decoders.

    holds: whether a folder is of this family; config: its settings as transformers'; renamed: one of its weights under
    transformers' names, as one or several; tokenizer: the folder's; stored_bits: bits in which its linear layers are
    stored (0: floats); original: chats are in ChatGLM's own format unless told otherwise; generation: its settings for
    generation, where a folder has any; weights: as they are stored. All of them raise PtuningError.
    """

    holds: Callable[[Folder], bool]
    config: Callable[[Folder], PreTrainedConfig]
    renamed: Callable[[str, Tensor, Folder], Iterable[tuple[str, Tensor]]]
    tokenizer: Callable[[Folder], Tokenizer]
    stored_bits: Callable[[Folder], int]
    original: bool = False
    generation: Callable[[Folder], GenerationConfig | None] = lambda folder: None
    weights: Callable[[Folder], Iterable[tuple[str, Tensor]]] = lambda folder: (
        each for shard in shards(folder.path) for each in read_weights(shard)
    )
