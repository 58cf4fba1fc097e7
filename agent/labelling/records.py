"""What a labelling project holds: questions, drafts, decisions of people and of the program, labels.

Frozen, and the same in memory as in a JSON line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from agent.errors import CaibaoError
from agent.prompts import LABELS

Split = Literal["train", "validation", "test"]
Action = Literal["accept", "choose", "edit", "audit", "auto", "revoke", "skip", "flag", "undo"]
_ACTIONS: tuple[str, ...] = get_args(Action)
BY_PEOPLE = ("accept", "choose", "edit", "audit")  # decisions that give a label which a person has seen
Origin = Literal["accepted", "chosen", "edited", "audited", "auto"]


@dataclass(frozen=True)
class Asked:
    """A question of the pool. group: of questions that ask the same with other names (the smallest id in it);
    parent: the question that it was made of; source: where it came from."""

    id: str
    question: str
    masked: str
    split: Split
    group: str
    parent: str = ""
    source: str = ""


@dataclass(frozen=True)
class Label:
    """What the three models learn of a question.

    label: class A-F; keywords: as they stand in the question; masked: the question over surrogates, and sql: its statement over
    the same, both empty where no table answers it.
    """

    label: str
    keywords: tuple[str, ...] = ()
    masked: str = ""
    sql: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any], where: str) -> Label:
        """Raises CaibaoError where `row` is none."""
        label, keywords = row.get("label"), row.get("keywords", ())
        if label not in LABELS:
            raise CaibaoError(f"{where}的类别“{label}”不是{'、'.join(LABELS)}之一，请改正。")
        if not isinstance(keywords, (list, tuple)) or not all(isinstance(term, str) for term in keywords):
            raise CaibaoError(f"{where}的 keywords 不是文字的列表，请改正。")
        masked, sql = row.get("masked", ""), row.get("sql", "")
        if not isinstance(masked, str) or not isinstance(sql, str):
            raise CaibaoError(f"{where}的 masked 或 sql 不是文字，请改正。")
        return cls(str(label), tuple(keywords), masked, sql)


@dataclass(frozen=True)
class Proposal:
    """One possible result of a question and the statement that returns it.

    told: the answer in words; columns, rows: the first rows of its evidence; witnesses: who came to this result; sure: the
    likeliest statement's probability; sql and masked are empty where only the reader came to it (statement: in its own words).
    """

    told: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    witnesses: tuple[str, ...] = ()
    sure: float = 0.0
    masked: str = ""
    sql: str = ""
    statement: str = ""
    shape: str = ""


@dataclass(frozen=True)
class Draft:
    """What the program thinks of a question before a person does.

    proposals: different results, the likeliest first; failed: checks that did not pass, in words; sure: of the whole label, the
    least sure of its parts (0 to 1); doubt: how much a person's answer would tell (0 to 1); model: hash of the prefixes.
    """

    question: str
    model: str
    label: str
    keywords: tuple[str, ...]
    confidence: float
    proposals: tuple[Proposal, ...] = ()
    failed: tuple[str, ...] = ()
    sure: float = 0.0
    doubt: float = 1.0

    @property
    def kind(self) -> str:
        """Class and shape of the statement: what thresholds and quotas go by."""
        return f"{self.label}/{self.proposals[0].shape}" if self.proposals and self.proposals[0].shape else self.label

    def label_of(self, number: int = 0) -> Label:
        """The label with the numbered proposal's statement; without one where there are no proposals."""
        if number >= len(self.proposals):
            return Label(self.label, self.keywords)
        chosen = self.proposals[number]
        return Label(self.label, self.keywords, chosen.masked, chosen.sql)


@dataclass(frozen=True)
class Decision:
    """What somebody decided on a question. id: of the decision; at: UTC; seconds: that a person looked at it; model: of the
    draft that it was shown with; ok: an audited row's automatic label was right; undone: the decision that is taken back."""

    id: str
    at: str
    by: str
    action: Action
    question: str
    label: Label | None = None
    seconds: float = 0.0
    model: str = ""
    sure: float = 0.0
    kind: str = ""
    ok: bool | None = None
    undone: str = ""
    note: str = ""


def as_row(record: Any) -> dict[str, Any]:
    """A record as a JSON line holds it, without what is empty."""
    return {name: value for name, value in asdict(record).items() if value is not None and value != "" and value != ()}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _of(kind: type, row: Mapping[str, Any], where: str) -> Any:
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: _tuples(value) for name, value in row.items() if name in known})
    except TypeError:
        missing = "、".join(field.name for field in fields(kind) if field.name not in row)
        raise CaibaoError(f"{where}缺少字段（没有 {missing}），请从备份或git恢复。") from None


def asked_of(row: Mapping[str, Any], where: str) -> Asked:
    """Raises CaibaoError where fields are missing or the split is none."""
    if row.get("split", "train") not in get_args(Split):
        raise CaibaoError(f"{where}的 split“{row['split']}”不是{'、'.join(get_args(Split))}之一，请从备份或git恢复。")
    return _of(Asked, row, where)  # type: ignore[no-any-return]


def draft_of(row: Mapping[str, Any], where: str) -> Draft:
    """Raises CaibaoError where fields are missing."""
    proposals = [_of(Proposal, each, where) for each in row.get("proposals", ())]
    return _of(Draft, {"keywords": (), "confidence": 0.0, **row, "proposals": proposals}, where)  # type: ignore[no-any-return]


def decision_of(row: Mapping[str, Any], where: str) -> Decision:
    """Raises CaibaoError where fields are missing or the label is none."""
    if row.get("action", "") not in (*_ACTIONS, ""):
        raise CaibaoError(f"{where}的 action“{row['action']}”不是{'、'.join(_ACTIONS)}之一，请从备份或git恢复。")
    label = Label.of(row["label"], where) if isinstance(row.get("label"), dict) else None
    return _of(Decision, {**row, "label": label}, where)  # type: ignore[no-any-return]
