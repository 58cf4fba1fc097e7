"""Labels that cannot all be right, and classes that come in other shares than before; each with its rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from agent.labelling.records import Draft, Label
from agent.labelling.state import Labelled, State
from agent.prompts import LABELS
from agent.writing.memory import meaning_of

DRIFT = 0.15  # of the rows: a class share that moved by more between rounds is told


@dataclass(frozen=True)
class Contradiction:
    """kind: disputed (two people), same question (asked the same, labelled differently), loss (the model disagrees);
    rows: question ids; words: what is wrong."""

    kind: str
    words: str
    rows: tuple[str, ...]


def meaning(text: str, label: Label) -> Hashable:
    """What a question means apart from its names: masked; an open question as it stands."""
    return meaning_of(label.masked or text)


def said(label: Label) -> tuple[str, str]:
    """What two labels of the same question must have in common."""
    return label.label, label.sql.replace(" ", "")


def same_question(state: State) -> list[Contradiction]:
    """Questions that ask the same, apart from names and polite words, with different classes or statements."""
    by_meaning: dict[Hashable, list[Labelled]] = defaultdict(list)
    for found in state.labelled.values():
        by_meaning[meaning(found.asked.masked, found.label)].append(found)
    clashes = []
    for rows in by_meaning.values():
        counts = Counter(said(row.label) for row in rows)
        if len(counts) > 1:
            classes = sorted({label for label, _ in counts})
            what = f"类别不同（{'、'.join(classes)}）" if len(classes) > 1 else "语句不同"
            names = tuple(r.asked.id for r in sorted(rows, key=lambda r: (counts[said(r.label)], r.asked.id)))
            clashes.append(Contradiction("same question", f"问的是同一件事，{what}：{rows[0].asked.question}", names))
    return clashes


def disputed(state: State) -> list[Contradiction]:
    """Questions that two people labelled differently."""
    return [
        Contradiction(
            "disputed", f"{'、'.join(d.by for d in made)} 标得不同：{state.questions[name].question}", (name,)
        )
        for name, made in state.disputed.items()
    ]


def find(state: State) -> list[Contradiction]:
    """Everything that a person should settle, disputes first; rarer labels first within one."""
    return [*disputed(state), *same_question(state)]


def clashing(state: State, drafts: Mapping[str, Draft]) -> set[str]:
    """Questions whose draft says something else than a person did of one that asks the same, or of which people said two things."""
    known: dict[Hashable, set[tuple[str, str]]] = defaultdict(set)
    for found in state.labelled.values():
        if found.seen:
            known[meaning(found.asked.masked, found.label)].add(said(found.label))
    found_clashes = set()
    for name, draft in drafts.items():
        label = draft.label_of()
        people = known.get(meaning(state.questions[name].masked, label)) if name in state.questions else None
        if people and people != {said(label)}:
            found_clashes.add(name)
    return found_clashes


def missing_classes(state: State) -> list[str]:
    """Classes that no label has."""
    return [label for label in LABELS if not any(f.label.label == label for f in state.labelled.values())]


def drifts(earlier: Sequence[Labelled], later: Sequence[Labelled]) -> list[str]:
    """Classes whose share moved by more than DRIFT, in words."""
    if not earlier or not later:
        return []
    before, after = (Counter(f.label.label for f in rows) for rows in (earlier, later))
    moved = [(label, before[label] / len(earlier), after[label] / len(later)) for label in LABELS]
    return [f"{label} 从 {a:.0%} 到 {b:.0%}" for label, a, b in moved if abs(a - b) > DRIFT]
