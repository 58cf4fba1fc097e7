"""What waits is answered together, people before jobs; who has gone is not answered; one bad question spoils no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agent.errors import CaibaoError
from agent.faces.web.desk import Busy, Desk, Gone, Queued
from agent.pipeline import Pipeline
from agent.records import Question, Trace
from tests.agent.faces.web.conftest import PROFIT, wait_for


class Held(Pipeline):
    """Answers nothing until it may; `together`: the questions of each call."""

    def __init__(self, inner: Pipeline) -> None:
        vars(self).update(vars(inner))
        self.may, self.together = threading.Event(), list[list[str]]()

    def answer(self, questions: Sequence[Question], *more: Any) -> list[Trace]:
        self.together.append([question.text for question in questions])
        assert self.may.wait(20)
        if any("坏" in question.text for question in questions):
            raise CaibaoError("读不了。")
        return super().answer(questions, *more)


@pytest.fixture
def held(pipeline: Pipeline) -> Held:
    return Held(pipeline)


def ask(desk: Desk, text: str, late: bool = False, gone: threading.Event | None = None) -> Trace:
    asking = Queued(desk, late)
    asking.gone = gone or threading.Event()
    return asking.ask(text)


def test_what_comes_meanwhile_is_answered_together_and_each_gets_its_own(held: Held) -> None:
    desk = Desk(held)
    with ThreadPoolExecutor(8) as people:
        first = people.submit(ask, desk, PROFIT)
        wait_for(lambda: len(held.together) == 1)
        names = ("华兴科技", "瑞达银行", "博士眼镜")
        others = [people.submit(ask, desk, f"{name}2020年的净利润?") for name in names]
        wait_for(lambda: desk.length == 3)
        held.may.set()
        assert [f.result().answer.text[:4] for f in others] == list(names) and "150元" in first.result().answer.text
    assert sorted(map(len, held.together)) == [1, 3]
    desk.stop()


def test_people_come_before_jobs(held: Held) -> None:
    desk = Desk(held, together=1)
    with ThreadPoolExecutor(8) as people:
        running = [people.submit(ask, desk, PROFIT)]
        wait_for(lambda: len(held.together) == 1)
        running.append(people.submit(ask, desk, "华兴科技2021年的净利润?", True))
        wait_for(lambda: desk.length == 1)
        running.append(people.submit(ask, desk, "华兴科技2019年的净利润?"))
        wait_for(lambda: desk.length == 2)
        held.may.set()
        for each in running:
            each.result()
    assert [text[4:8] for (text,) in held.together] == ["2020", "2019", "2021"]
    desk.stop()


def test_a_question_whose_asker_has_gone_is_never_answered(held: Held) -> None:
    desk, gone = Desk(held), threading.Event()
    with ThreadPoolExecutor(2) as people:
        first = people.submit(ask, desk, PROFIT)
        wait_for(lambda: len(held.together) == 1)
        second = people.submit(ask, desk, "瑞达银行2020年的净利润?", False, gone)
        wait_for(lambda: desk.length == 1)
        gone.set()
        held.may.set()
        with pytest.raises(Gone):
            second.result()
        first.result()
    assert held.together == [[PROFIT]]
    desk.stop()


def test_a_question_that_cannot_be_read_takes_no_other_with_it(held: Held) -> None:
    desk = Desk(held)
    held.may.set()
    asking = Queued(desk)
    with pytest.raises(CaibaoError, match="读不了"):
        asking.answer([Question(0, PROFIT), Question(1, "坏")])
    assert "150元" in ask(desk, PROFIT).answer.text and [PROFIT] in held.together
    desk.stop()


def test_too_many_that_wait_are_told_so(held: Held) -> None:
    desk = Desk(held, waiting=1)
    with ThreadPoolExecutor(2) as people:
        running = [people.submit(ask, desk, PROFIT)]
        wait_for(lambda: len(held.together) == 1)
        running.append(people.submit(ask, desk, PROFIT))
        wait_for(lambda: desk.length == 1)
        with pytest.raises(Busy):
            ask(desk, PROFIT)
        held.may.set()
        for each in running:
            each.result()
    desk.stop()


def test_a_stop_finishes_what_has_begun_and_tells_the_rest(held: Held) -> None:
    desk = Desk(held, together=1)
    with ThreadPoolExecutor(3) as people:
        first = people.submit(ask, desk, PROFIT)
        wait_for(lambda: len(held.together) == 1)
        second = people.submit(ask, desk, PROFIT)
        wait_for(lambda: desk.length == 1)
        stopping = people.submit(desk.stop)
        held.may.set()
        stopping.result()
        assert "150元" in first.result().answer.text
        with pytest.raises(Gone):
            second.result()
    with pytest.raises(Gone):
        ask(desk, PROFIT)
