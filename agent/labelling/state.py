"""What all decisions come to: each question's label, where it came from, and what is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.labelling.records import BY_PEOPLE, Asked, Decision, Label, Origin, Split

_ORIGINS: dict[str, Origin] = {
    "accept": "accepted",
    "choose": "chosen",
    "edit": "edited",
    "audit": "audited",
    "auto": "auto",
}


@dataclass(frozen=True)
class Labelled:
    """A question with its label. by: the decision that gave it; children have their parent's."""

    asked: Asked
    label: Label
    origin: Origin
    by: Decision

    @property
    def seen(self) -> bool:
        """A person has looked at it."""
        return self.origin != "auto"


@dataclass(frozen=True)
class State:
    """labelled: question id → its label; set_aside: skipped or flagged, with the decision; disputed: questions that two people
    labelled differently, with the decisions; judged: every decision of a person that stands."""

    questions: Mapping[str, Asked]
    labelled: Mapping[str, Labelled]
    set_aside: Mapping[str, Decision]
    disputed: Mapping[str, tuple[Decision, ...]]
    judged: tuple[Decision, ...]

    def open(self, splits: Iterable[Split] = ("train", "validation")) -> list[Asked]:
        """Questions that nobody has decided on."""
        wanted = set(splits)
        taken = self.labelled.keys() | self.set_aside.keys()
        return [a for a in self.questions.values() if a.split in wanted and a.id not in taken]

    def learned(self, split: Split) -> list[Labelled]:
        """Labels to train or measure on: disputed ones are left out, and of the test only what a person has seen."""
        return [
            found
            for name, found in self.labelled.items()
            if found.asked.split == split and name not in self.disputed and (split != "test" or found.seen)
        ]

    @property
    def origins(self) -> dict[str, int]:
        """How many labels came from where, and how many questions have none."""
        counts = Counter(found.origin for found in self.labelled.values())
        return dict(counts) | {"open": len(self.open(("train", "validation", "test")))}

    @property
    def minutes(self) -> float:
        """That people looked at questions."""
        return sum(d.seconds for d in self.judged) / 60


def fold(questions: Mapping[str, Asked], decisions: Sequence[Decision]) -> State:
    """The state after `decisions`, in the order in which they were made.

    A person's label stands whatever the program decides later; of two people's the later one stands, disputed where they differ.
    """
    undone = {d.undone for d in decisions if d.action == "undo"}
    by_question: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.action != "undo" and decision.id not in undone and decision.question in questions:
            by_question[decision.question].append(decision)
    labelled: dict[str, Labelled] = {}
    aside: dict[str, Decision] = {}
    disputed: dict[str, tuple[Decision, ...]] = {}
    for name, made in by_question.items():
        people = [d for d in made if d.action in (*BY_PEOPLE, "skip", "flag")]
        last = people[-1] if people else made[-1]
        if last.action in ("skip", "flag"):
            aside[name] = last
        elif last.label is not None and last.action != "revoke":
            labelled[name] = Labelled(questions[name], last.label, _ORIGINS[last.action], last)
            # Whoever settles a dispute sees both labels: what stood before is settled with it.
            rest = _unsettled([d for d in people if d.label is not None])
            if len({_said(d) for d in rest}) > 1:
                disputed[name] = tuple(rest)
    judged = tuple(d for made in by_question.values() for d in made if d.action in (*BY_PEOPLE, "skip", "flag"))
    return State(questions, labelled, aside, disputed, judged)


def _said(decision: Decision) -> tuple[object, ...]:
    label = decision.label
    assert label is not None
    return label.label, tuple(sorted(label.keywords)), label.sql.replace(" ", "")


def _unsettled(people: Sequence[Decision]) -> list[Decision]:
    """Each person's last label, from the last one that settled a dispute on."""
    settled = max((at for at, d in enumerate(people) if d.note == SETTLED), default=-1)
    last: dict[str, Decision] = {}
    for decision in people[max(settled, 0) :]:
        last[decision.by] = decision
    return list(last.values())


SETTLED = "settled"  # the note of a decision that settles a contradiction
