"""Decisions come to labels: people before the program, later before earlier, nothing twice."""

from __future__ import annotations

from agent.labelling.records import Asked, Decision, Label, as_row, decision_of
from agent.labelling.state import SETTLED, State, fold

QUESTIONS = {n: Asked(n, f"问题{n}", f"问题{n}", "train", n) for n in "abc"} | {
    "t": Asked("t", "测", "测", "test", "t")
}
COUNT, LIST = Label("E", ("净利润",), "m", "SELECT COUNT(*)"), Label("E", ("净利润",), "m", "SELECT 公司全称")


class Log:
    """Decisions in order."""

    def __init__(self) -> None:
        self.made: list[Decision] = []

    def add(self, action: str, question: str, label: Label | None = None, by: str = "甲", **more: object) -> Decision:
        number = len(self.made)
        made = Decision(f"d{number}", f"2026-01-01T00:{number:02}", by, action, question, label, **more)  # type: ignore[arg-type]
        self.made.append(made)
        return made

    @property
    def state(self) -> State:
        return fold(QUESTIONS, self.made)


def test_a_person_stands_against_the_program_whatever_it_decides_later() -> None:
    log = Log()
    log.add("edit", "a", COUNT)
    log.add("auto", "a", LIST, by="程序")
    assert log.state.labelled["a"].label == COUNT and log.state.labelled["a"].seen


def test_what_was_taken_back_is_as_if_never_made() -> None:
    log = Log()
    first = log.add("accept", "a", COUNT)
    log.add("undo", "a", undone=first.id)
    assert "a" not in log.state.labelled and "a" in [q.id for q in log.state.open()]


def test_undoing_an_edit_brings_the_earlier_label_back() -> None:
    log = Log()
    log.add("accept", "a", COUNT)
    second = log.add("edit", "a", LIST)
    log.add("undo", "a", undone=second.id)
    assert log.state.labelled["a"].label == COUNT


def test_revoked_acceptance_is_open_again() -> None:
    log = Log()
    log.add("auto", "a", COUNT, by="程序")
    log.add("revoke", "a", by="程序")
    assert "a" not in log.state.labelled


def test_two_people_who_differ_are_disputed_and_not_learned_until_it_is_settled() -> None:
    log = Log()
    log.add("accept", "a", COUNT, by="甲")
    log.add("edit", "a", LIST, by="乙")
    assert set(log.state.disputed) == {"a"} and not log.state.learned("train")
    log.add("edit", "a", LIST, by="甲", note=SETTLED)
    assert not log.state.disputed and log.state.learned("train")[0].label == LIST


def test_one_person_who_changes_her_mind_disputes_nothing() -> None:
    log = Log()
    log.add("accept", "a", COUNT)
    log.add("edit", "a", LIST)
    assert not log.state.disputed and log.state.labelled["a"].origin == "edited"


def test_of_the_test_only_what_a_person_has_seen_counts() -> None:
    log = Log()
    log.add("auto", "t", COUNT, by="程序")
    assert not log.state.learned("test")
    log.add("accept", "t", COUNT)
    assert len(log.state.learned("test")) == 1 and not log.state.learned("train")


def test_skipped_and_flagged_are_set_aside_and_counted_as_looked_at() -> None:
    log = Log()
    log.add("skip", "a", seconds=30.0)
    log.add("flag", "b", seconds=30.0, note="问的是季度")
    assert set(log.state.set_aside) == {"a", "b"} and log.state.minutes == 1.0
    assert [q.id for q in log.state.open()] == ["c"]


def test_a_decision_is_the_same_after_it_was_written_and_read() -> None:
    made = Decision("d", "2026", "甲", "audit", "a", COUNT, 1.5, "m", 0.5, "E/count", False)
    assert decision_of(as_row(made), "这里") == made
