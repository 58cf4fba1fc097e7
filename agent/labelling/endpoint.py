"""Growth by a large model: other wordings of accepted questions, from any OpenAI-compatible endpoint that the user names.

Off unless an address is given. Questions (with the names in them) are sent there, never rows of the table. What comes back is
checked like every child, joins the pool unlabelled, marked with where it came from, and is drafted and accepted like the rest.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from agent.errors import CaibaoError
from agent.labelling import journal
from agent.labelling.augmenting import checked
from agent.labelling.desk import Desk
from agent.labelling.records import Asked
from agent.labelling.state import Labelled

KEY = "CAIBAO_ENDPOINT_KEY"  # the environment variable that holds the key
_LONGEST = 1_000_000  # bytes of a reply that are read
_PROMPT = "把下面的问题换{count}种说法，意思不变，公司名、年份、地点、数字和单位原样保留，每行一种，不要编号，不要解释。\n问题：{question}"


@dataclass(frozen=True)
class Endpoint:
    """address: up to and including /v1; model: its name there."""

    address: str
    model: str
    seconds: float = 60.0

    def wordings(self, question: str, count: int) -> list[str]:
        """Up to `count` other wordings, as the model wrote them.

        Raises:
            CaibaoError: the endpoint cannot be reached, refuses, or answers something else.
        """
        content = _PROMPT.format(count=count, question=question)
        body = {"model": self.model, "messages": [{"role": "user", "content": content}], "temperature": 0.9, "seed": 7}
        lines = self._asked(body).split("\n")
        return [text for line in lines if (text := re.sub(r"^\s*(?:\d+[.、)]|[-*])\s*", "", line).strip())][:count]

    def _asked(self, body: dict[str, object]) -> str:
        if not self.address.startswith(("http://", "https://")):
            raise CaibaoError(f"--endpoint {self.address} 不是 http(s) 地址，例如 http://127.0.0.1:8000/v1。")
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY, ""):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(
            f"{self.address.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as reply:
                return str(json.loads(reply.read(_LONGEST))["choices"][0]["message"]["content"])
        except urllib.error.HTTPError as error:
            raise CaibaoError(
                f"{self.address} 拒绝了（HTTP {error.code}），请检查地址、模型名和环境变量 {KEY}。"
            ) from None
        except (OSError, urllib.error.URLError) as error:
            raise CaibaoError(f"连不上 {self.address}（{getattr(error, 'reason', error)}），请检查地址。") from None
        except (ValueError, KeyError, IndexError, TypeError):
            raise CaibaoError(f"{self.address} 的回复不是 OpenAI 格式的 chat/completions，请检查地址。") from None


def grown(parents: Sequence[Labelled], endpoint: Endpoint, desk: Desk, count: int) -> tuple[list[Asked], int]:
    """(questions for the pool in their parents' groups and splits, how many wordings did not pass).

    Raises:
        CaibaoError: the endpoint cannot be used.
    """
    made: list[Asked] = []
    failed = 0
    for parent in parents:
        for text in endpoint.wordings(parent.asked.question, count):
            child = checked(text, parent.label, parent.label, desk)
            if child is None or not _returns_the_same(parent, child[0], desk):
                failed += 1
                continue
            asked, name = parent.asked, journal.digest(text)
            over, source = desk.wording(text), f"endpoint:{endpoint.model}"
            made.append(Asked(name, text, over, asked.split, asked.group, asked.parent or asked.id, source))
    return made, failed


def _returns_the_same(parent: Labelled, text: str, desk: Desk) -> bool:
    if not parent.label.sql:
        return True
    before = desk.result_key(parent.asked.question, parent.label)
    return before is not None and before == desk.result_key(text, parent.label)
