"""Statements that a person approved, over masked questions, one JSON object a line in a file that git can merge.

The same masked question again gets its statement without the model. A like one gets it as one more candidate where the
model's own fails. Either passes the guard and all checks anew.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import TypeGuard

from rapidfuzz.distance import Indel

from agent.errors import CaibaoError
from agent.files import read_text, replaced
from agent.records import Candidate, Trace
from agent.writing.surrogates import COMPANIES, NUMERIC, PLACES, TEXT, THEMSELVES

# Characters that a question can have more or less of and still ask the same. All others must be equal: 最高 and 最低, 注册 and
# 办公, 大于 and 不大于 are near in spelling only.
_NEUTRAL = frozenset(
    "请问您你好我想要需知道了解询查一下看帮忙麻烦有劳拜托谢急诶嗯哦啊呀呢吗吧的在里中之所是为公司企业家个上市数据根据按照年报地址点于位这那些样给出"
)
# Among the training rows of FinTrain/nl2sql, 45 of 900 validation questions and 54 of the test questions have a like one from
# here on, all with the same statement; at 0.6 one of 79 has another.
SIMILAR = 0.7
_SURROGATES = re.compile(
    "|".join((*sorted((*COMPANIES, *PLACES, *NUMERIC, *TEXT, *THEMSELVES), key=len, reverse=True), r"\d+"))
)


@dataclass(frozen=True)
class Approved:
    """A pair as the file holds it. question: masked; sql: over surrogates; asked: as the user put it; date: of the approval."""

    question: str
    sql: str
    asked: str
    date: str


class Memory:
    """The approved pairs of a file; without one there are none, and none can be added."""

    def __init__(self, path: Path | None = None) -> None:
        """A file that is not there yet holds none.

        Raises:
            CaibaoError: a line is no pair, or two lines give one question different statements.
        """
        self.path = path
        self._hold(_load(path) if path and path.exists() else {})

    @classmethod
    def of(cls, statements: Mapping[str, str]) -> Memory:
        """Of masked question → statement, without a file."""
        memory = cls()
        memory._hold({_normal(text): Approved(text, sql, text, "") for text, sql in statements.items()})
        return memory

    def _hold(self, pairs: dict[str, Approved]) -> None:
        self._pairs = pairs
        self._by_meaning: dict[Hashable, list[str]] = defaultdict(list)
        for text in pairs:
            self._by_meaning[_meaning(text)].append(text)

    def exact(self, masked: str) -> Candidate | None:
        """The statement that was approved for this masked question."""
        pair = self._pairs.get(_normal(masked))
        return Candidate(pair.sql, written_by="memory") if pair else None

    @property
    def pairs(self) -> Mapping[str, Approved]:
        return self._pairs

    def statement(self, slotted: str) -> str:
        """The statement that was approved for a slotted question; the question itself where there is none."""
        pair = self._pairs.get(_normal(slotted))
        return pair.sql if pair else slotted

    def similar(self, masked: str, least: float = SIMILAR) -> Candidate | None:
        """The statement of the most similar other question, where it is at least this similar (0 to 1)."""
        text = _normal(masked)
        scored = [
            (Indel.normalized_similarity(text, known), self._pairs[known].sql)
            for known in self._by_meaning.get(_meaning(text), ())
            if known != text
        ]
        score, sql = max(scored, default=(0.0, ""))
        return Candidate(sql, written_by="memory") if sql and score >= least else None

    def pair(self, trace: Trace) -> Approved:
        """What approving the answer to a question would remember.

        Raises:
            CaibaoError: its statement gave no answer, is remembered already, or means something only after what was said before.
        """
        if trace.sql is None or trace.masked is None or trace.answer.kind != "answer":
            raise CaibaoError("这个问题没有执行成功的语句，没有可以记住的；请先问一个查表的问题。")
        if trace.sql.written_by == "memory":
            raise CaibaoError("这个语句本来就是记住的，不用再确认。")
        if trace.understood and not _stands_alone(trace.masked, trace.sql.source.text):
            raise CaibaoError("这句话接着上文才有意思，不能单独记住；请把问题完整地问一遍，再确认。")
        asked = trace.question.original or trace.question.text
        return Approved(trace.masked, trace.sql.source.text, asked, date.today().isoformat())

    def approve(self, trace: Trace) -> Approved:
        """Remembers the statement that answered a question; the caller has shown `pair` to a person who said yes.

        Raises:
            CaibaoError: see `pair`; or the file cannot be written.
        """
        pair = self.pair(trace)
        if self.path is None:
            raise CaibaoError("没有指定记忆文件，不能记住语句；请用 python -m agent chat 打开交互问答。")
        pairs = self._pairs | {_normal(pair.question): pair}
        _save(self.path, pairs.values())
        self._hold(pairs)
        return pair


def _stands_alone(slotted: str, statement: str) -> bool:
    """Every company of the statement is one that the text names."""
    return "上述" not in statement and all(f"[{slot}" in slotted for slot in re.findall(r"(?<![A-Za-z])C\d+", statement))


def _normal(masked: str) -> str:
    """Without what does not change the question: widths, blanks, punctuation."""
    return re.sub(r"[\s,.?!:;、。]", "", unicodedata.normalize("NFKC", masked))


def meaning_of(masked: str) -> Hashable:
    """Masked questions with the same one ask the same, as far as spelling can tell."""
    return _meaning(_normal(masked))


def _meaning(text: str) -> Hashable:
    """What two normalised questions must have in common: their surrogates, and all characters that are not neutral."""
    rest = [character for character in _SURROGATES.sub("", text) if character not in _NEUTRAL]
    return tuple(sorted(_SURROGATES.findall(text))), tuple(sorted(rest))


def _load(path: Path) -> dict[str, Approved]:
    """Pairs by normalised question."""
    pairs: dict[str, Approved] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            row = None
        if not _is_pair(row):
            wanted = "、".join(field.name for field in fields(Approved))
            raise CaibaoError(f"{path} 第{number}行不是一个记住的语句（要有文字 {wanted}），请改正或删掉这一行。")
        pair = Approved(**row)
        if pairs.setdefault(_normal(pair.question), pair).sql != pair.sql:
            raise CaibaoError(f"{path} 第{number}行给同一个问题另一个语句，请只留一行。")
    return pairs


def _is_pair(row: object) -> TypeGuard[dict[str, str]]:
    names = {field.name for field in fields(Approved)}
    return isinstance(row, dict) and row.keys() == names and all(isinstance(v, str) and v.strip() for v in row.values())


def _save(path: Path, pairs: Iterable[Approved]) -> None:
    """In order, so that two people's approvals merge line by line; whole or not at all."""
    lines = sorted(json.dumps(asdict(pair), ensure_ascii=False) for pair in pairs)
    try:
        with replaced(path) as beside:
            beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise CaibaoError(f"不能写入 {path}：{error.strerror}，请检查权限或磁盘空间。") from None
