"""A sitting in a scripted terminal: every key, what is shown, and what is on the disk afterwards."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agent.faces.review import Review
from agent.faces.settling import settle
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop
from agent.labelling.project import Project
from agent.labelling.records import Decision, Label
from agent.labelling.state import fold
from tests.agent.labelling.conftest import desk, drafter, loop

__all__ = ["desk", "drafter", "loop"]


class Terminal:
    """Types the given lines; a check is asked about each of them, as while they are typed."""

    def __init__(self, *lines: str) -> None:
        self.lines, self.prompts, self.faults = iter(lines), [], []  # type: ignore[var-annotated]

    def __call__(self, prompt: str, check: Callable[[str], str] | None = None) -> str:
        self.prompts.append(prompt)
        line = next(self.lines, None)
        if line is None:
            raise EOFError
        if check:
            self.faults.append(check(line))
        return line


class Sitting:
    """A review of the drafted questions."""

    def __init__(self, loop: Loop, terminal: Terminal, audit: bool = False) -> None:
        ticks: Iterator[float] = iter(range(0, 10_000, 4))
        self.text = io.StringIO()
        console = Console(file=self.text, width=100, color_system=None)
        self.queue = sorted(loop.queue(10), key=lambda a: a.question)
        self.review = Review(loop.project, loop.desk, loop.drafts, console, terminal, audit, lambda: next(ticks))
        self.done = self.review.run(self.queue)

    @property
    def shown(self) -> str:
        return self.text.getvalue()


@pytest.fixture
def drafted(loop: Loop, drafter: Drafter) -> Loop:
    loop.draft(10, drafter)
    return loop


def decisions(loop: Loop) -> list[Decision]:
    """As another process reads them."""
    return Project(loop.project.folder).decisions


def test_the_answer_and_its_rows_stand_above_the_statement(drafted: Loop) -> None:
    shown = Sitting(drafted, Terminal("s")).shown
    answer, rows, statement = shown.index("2家"), shown.index("COUNT"), shown.index("SELECT")
    assert answer < statement and rows <= statement and "类别 E" in shown and "回车/1 接受" in shown


def test_one_key_accepts_and_the_decision_is_on_the_disk_at_once(drafted: Loop) -> None:
    found = Sitting(drafted, Terminal("", "1", "s", "q"))
    assert [d.action for d in decisions(drafted)] == ["accept", "accept", "skip"] and found.done.decided == 3
    assert decisions(drafted)[0].ok is True and decisions(drafted)[0].seconds == 4.0 and found.done.seconds == 12.0


def test_the_end_of_input_in_the_middle_loses_nothing(drafted: Loop) -> None:
    Sitting(drafted, Terminal("", ""))
    assert len(decisions(drafted)) == 2 and len(Sitting(drafted, Terminal()).queue) == 4


def test_back_takes_the_last_decision_back_and_shows_that_question_again(drafted: Loop) -> None:
    found = Sitting(drafted, Terminal("b", "", "b", "s"))
    state = fold(drafted.project.questions, decisions(drafted))
    assert not state.labelled and set(state.set_aside) == {found.queue[0].id} and "没有这次标的题" in found.shown


def test_an_edit_is_checked_and_asked_again_until_it_passes(drafted: Loop) -> None:
    right = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>=100"
    terminal = Terminal(
        "e", "Z", "E", "没有的词", "净利润", "DROP TABLE company_table", right.replace("=2020", "=2019"), right, "q"
    )
    Sitting(drafted, terminal)
    (made,) = decisions(drafted)
    assert made.action == "edit" and made.label is not None and made.label.sql == right
    assert made.ok is True  # the question says 大于, so both return the same
    assert [bool(fault) for fault in terminal.faults] == [True, False, True, False, True, True, False]


def test_what_cannot_be_accepted_says_why_and_comes_again(drafted: Loop) -> None:
    name = next(n for n, a in drafted.project.questions.items() if "什么是" in a.question)
    from dataclasses import replace

    broken = replace(drafted.drafts[name], label="C")
    drafted.project.drafts[broken.model, name] = broken
    found = Sitting(drafted, Terminal(*["s"] * 3, "", "7", "s", "s", "s"))
    assert "查表的问题要有语句" in found.shown or "没有这个键" in found.shown


def test_a_flag_keeps_what_was_said(drafted: Loop) -> None:
    Sitting(drafted, Terminal("f", "问的是季度", "q"))
    assert decisions(drafted)[0].note == "问的是季度" and decisions(drafted)[0].action == "flag"


def test_an_audit_hides_what_the_program_thought(drafted: Loop) -> None:
    Sitting(drafted, Terminal("", "q"), audit=True)
    assert decisions(drafted)[0].action == "audit" and decisions(drafted)[0].ok is True


def test_progress_speed_and_time_left_are_shown(drafted: Loop) -> None:
    assert "2/6，每题4秒，还要约1分钟" in Sitting(drafted, Terminal("", "q")).shown


def test_another_result_is_chosen_by_its_number(drafted: Loop) -> None:
    from dataclasses import replace

    for key, draft in list(drafted.project.drafts.items()):
        if draft.proposals:
            other = replace(draft.proposals[0], told="另一个结果", sql=draft.proposals[0].sql.replace(">", ">="))
            drafted.project.drafts[key] = replace(draft, proposals=(*draft.proposals, other))
    Sitting(drafted, Terminal("2", "q"))
    assert decisions(drafted)[0].action == "choose" and ">=" in (decisions(drafted)[0].label or Label("F")).sql


@pytest.mark.parametrize(("key", "first", "second"), [("", "E", "C"), ("1", "E", "E"), ("2", "C", "C")])
def test_a_contradiction_is_told_on_entry_and_one_key_settles_it(
    drafted: Loop, key: str, first: str, second: str
) -> None:
    both = [a for a in sorted(drafted.queue(10), key=lambda a: a.question) if "几家" in a.question]
    terminal = Terminal("", "e", "C", "", "", key, "q")
    found = Sitting(drafted, terminal)
    assert found.queue[:2] == both and "矛盾" in found.shown
    labels = drafted.state.labelled
    assert [labels[a.id].label.label for a in both] == [first, second]


def test_a_contradiction_is_settled_with_one_key(drafted: Loop) -> None:
    a, b = [n for n, q in drafted.project.questions.items() if "几家" in q.question]
    label = drafted.drafts[a].label_of()
    wrong = Label("C", label.keywords, label.masked, label.sql)
    for name, made in ((a, label), (b, wrong)):
        drafted.project.decide([Decision("", "", "", "accept", name, made)])
    text = io.StringIO()
    settled = settle(drafted, Console(file=text, width=100, color_system=None), Terminal("1"))
    state: Any = drafted.state
    assert settled == 1 and "类别不同" in text.getvalue()
    assert state.labelled[a].label.label == state.labelled[b].label.label


def test_what_a_question_holds_is_never_markup(drafted: Loop, tmp_path: Path) -> None:
    from dataclasses import replace

    name = sorted(drafted.queue(10), key=lambda a: a.question)[0].id
    drafted.project.questions[name] = replace(
        drafted.project.questions[name], question="2020[red]\x1b[31m净利润大于100元的公司有几家?"
    )
    shown = Sitting(drafted, Terminal("q")).shown
    assert "[red]" in shown and "\x1b" not in shown
