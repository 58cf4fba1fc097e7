"""The families there are, a line each; a folder is of the first that holds it."""

from __future__ import annotations

from ptuning.base.families.chatglm import CHATGLM
from ptuning.base.families.family import Family
from ptuning.base.families.gguf import GGUF
from ptuning.base.families.own import OWN
from ptuning.base.folders import Folder

FAMILIES: list[Family] = [
    GGUF,
    CHATGLM,
    OWN,
]


def family_of(folder: Folder) -> Family:
    """The family of a folder."""
    return next(family for family in FAMILIES if family.holds(folder))
