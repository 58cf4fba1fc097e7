"""The words that a text is searched by: jieba's words, and every two Chinese characters side by side."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z][a-z0-9+&-]*|\d[\d,]*(?:\.\d+)?%?")


@lru_cache(maxsize=1)
def _jieba():  # type: ignore[no-untyped-def]
    import jieba  # half a second for its dictionary

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba


def plain(text: str) -> str:
    """NFKC, small letters."""
    return unicodedata.normalize("NFKC", text).lower()


def of(text: str) -> list[str]:
    """Words in the order of the text; a word of two characters stands once for itself and once as the pair that it is.

    >>> of("境内会计师 ONC201")
    ['境内', '会计师', '境内', '内会', '会计', '计师', 'onc201']
    """
    found: list[str] = []
    for run in _RUN.findall(plain(text)):
        if "\u3400" <= run[0] <= "\u9fff":
            found += [word for word in _jieba().cut(run) if len(word) > 1]
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(run.replace(",", ""))
    return found


def unify(text: str) -> str:
    """NFKC, as questions and reports are compared; the letters' case stays."""
    return unicodedata.normalize("NFKC", text)


def places(text: str) -> tuple[str, ...]:
    """The names of places among jieba's words."""
    _jieba()
    from jieba import posseg

    return tuple(word for word, flag in posseg.cut(text) if flag == "ns" and len(word) > 1)
