"""A conversation: what a text means after what was said before, what it leaves open, the answer, and what was said.

Console, batches of dialogues, web page and API all go this way; this module knows no screen and no command line. One turn:

    heard = conversation.hear(text)                   # the whole question, or why there is none
    open_ = conversation.ambiguities(heard)           # what may be asked back
    heard = conversation.choose(heard, choices)
    trace = conversation.answer(heard)
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from agent.errors import CaibaoError, NotAnswerable
from agent.figures.periods import USUAL
from agent.pipeline import OnStep, Pipeline, unanswerable
from agent.reading import ambiguity, report_parts
from agent.reading.followup import FollowUps, Turn
from agent.records import Ambiguity, Answer, AnswerKind, Entities, Question, Trace
from agent.text import normalise
from agent.understanding.understand import Talk


@dataclass(frozen=True)
class Heard:
    """said: as it was typed; text: the whole question that it stands for; problem: why it stands for none, in a sentence."""

    said: str
    text: str
    problem: str | None = None


class Conversation:
    """The turns of one talk with one agent. traces: of every answered question; previous: what a follow-up leans on."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.traces: list[Trace] = []
        self.previous: Trace | None = None
        self._talk: Talk | None = None
        self._part = USUAL  # 报告期 and 口径 that the talk is about
        self._asked_after: Talk | None = None  # what the last question was read after

    @cached_property
    def _follow_ups(self) -> FollowUps:
        agent = self.pipeline
        return FollowUps(agent.linker, agent.columns, agent.latest_year)

    def hear(self, text: str) -> Heard:
        """The whole question that `text` stands for after the previous one."""
        if unanswerable(text) or self.pipeline.understanding:
            return Heard(text, text)  # the statement before explains it, see `answer`
        meant = self._follow_ups.resolve(text, self._turn(self.previous) if self.previous else None)
        return Heard(text, meant.text or text, meant.problem)

    def _turn(self, trace: Trace) -> Turn:
        entities = trace.entities or Entities("")
        columns = trace.keywords.columns if trace.keywords else self.pipeline.columns.link(entities, ()).columns
        return Turn.after(entities, columns, trace.answer.evidence)

    def ambiguities(self, heard: Heard) -> tuple[Ambiguity, ...]:
        """What in the question may mean several things; the spans are those of its normalised text, see `choose`."""
        follows = self.pipeline.understanding is not None and self._talk is not None
        return () if follows or unanswerable(heard.text) else self.pipeline.ambiguities(self.pipeline.link(heard.text))

    def choose(self, heard: Heard, choices: Sequence[tuple[Ambiguity, str]]) -> Heard:
        """The question with a choice made for each of its ambiguities."""
        if not choices:
            return heard
        return replace(heard, text=ambiguity.with_choices(self.pipeline.link(heard.text).text, choices))

    def answer(self, heard: Heard, on_step: OnStep | None = None) -> Trace:
        """The answer to the whole question; a later text may follow up on it.

        Raises:
            CaibaoError: model or database cannot be used.
        """
        question = Question(len(self.traces), heard.text, heard.said if heard.text != heard.said else None)
        if heard.problem:
            return Trace(question, Answer(heard.problem, "refusal"))
        trace = self._answered(self._in_part(question), on_step)
        self.traces.append(trace)
        if trace.entities and (trace.entities.mentions or trace.answer.kind != "refusal"):  # not 谢谢
            self.previous = trace
        return trace

    def _in_part(self, question: Question) -> Question:
        """那三季度呢 asks the last question of another part of the table; the part that was named is that of what follows, too."""
        try:
            asked = report_parts.part_of(question.text)
        except NotAnswerable:
            return question
        if asked.part is not None:
            self._part = asked.part
        elif self._talk is None:
            self._part = USUAL
        if not (asked.only and self.previous):
            return question
        self._talk = None
        return replace(question, text=self.previous.question.text, original=question.text)

    def _answered(self, question: Question, on_step: OnStep | None) -> Trace:
        """As a follow-up to what was said before; by itself where that is surer."""
        understanding = self.pipeline.understanding
        if understanding is None or self._talk is None:
            trace = self.pipeline.answer([question], on_step, part=self._part)[0]
        else:
            trace = self.pipeline.answer([question], on_step, [self._talk], self._part)[0]
            if (trace.understood and trace.understood.kind != "answer") or self._is_whole(trace):
                alone = self.pipeline.answer([question], on_step)[0]  # a whole question means the usual part
                surer = self._is_whole(alone) and alone.understood.sure > trace.understood.sure
                meaning = alone.answer.kind == "open" and ambiguity.asks_for_a_meaning(question.text)
                if surer or meaning:  # 什么是毛利率, in the middle of a talk
                    trace, self._part = alone, USUAL if report_parts.part_of(question.text).part is None else self._part
        if understanding and trace.understood and trace.answer.kind != "open":
            self._asked_after = self._talk
            if trace.answer.kind == "answer" or trace.understood.kind == "refusal":  # what was not understood explains nothing
                self._talk = Talk.after(trace.understood, understanding.years[-1], self._talk)
            trace = replace(
                trace,
                question=replace(
                    question,
                    original=question.original or question.text,
                    text=trace.understood.words(understanding.names),
                ),
            )
        return trace

    def readings(self) -> tuple[str, ...]:
        """What the last question may mean, where it was not clear enough to be answered."""
        read = self.traces[-1].understood if self.traces else None
        if read is None or read.kind != "unclear" or self.traces[-1].answer.kind != "refusal":
            return ()
        return read.readings

    def pick(self, number: int) -> Trace:
        """The answer to one of the `readings`, counted from 1.

        Raises:
            CaibaoError: there is no such reading, or the database cannot be used.
        """
        understanding, trace = self.pipeline.understanding, self.traces[-1]
        if understanding is None or not 1 <= number <= len(self.readings()):
            raise CaibaoError(f"请输入1到{len(self.readings())}的序号。")
        picked = understanding.picked(trace.understood, number, self._asked_after)
        kind: AnswerKind = "answer" if picked.kind == "answer" else "refusal"
        answer = Answer(picked.text, kind, picked.evidence)
        question = replace(trace.question, text=picked.words(understanding.names))
        made = replace(trace, question=question, answer=answer, understood=picked, sql=picked.sql, notes=())
        if picked.candidate:
            made = replace(made, masked=picked.slotted.text, model_sql=picked.candidate.text)
        self.traces.append(made)
        self._talk = Talk.after(picked, understanding.years[-1], self._asked_after)
        return made

    @staticmethod
    def _is_whole(trace: Trace) -> bool:
        """The text names a year and a company or a figure of its own, and was answered."""
        read = trace.understood
        own = (
            read is not None and "[Y" in read.slotted.text and ("[C" in read.slotted.text or "[M" in read.slotted.text)
        )
        return own and read.kind == "answer"

    def ask(self, text: str, on_step: OnStep | None = None) -> Trace:
        """One turn where nobody can be asked back: what is open takes its default, and the answer says so.

        Raises:
            CaibaoError: model or database cannot be used.
        """
        return self.answer(self.hear(text), on_step)

    def reply(self, text: str, on_step: OnStep | None = None) -> Trace:
        """One turn in writing: a bare number picks one of the `readings` that were just offered, any other text is asked.

        Raises:
            CaibaoError: model or database cannot be used.
        """
        number = normalise(text).strip().rstrip(".、)")
        if number.isdecimal() and 1 <= int(number[:9]) <= len(self.readings()):
            return self.pick(int(number))
        return self.ask(text, on_step)

    def branch(self, pipeline: Pipeline) -> Conversation:
        """The same talk so far, going on by itself and with a pipeline of its own."""
        other = copy(self)
        other.pipeline, other.traces = pipeline, list(self.traces)
        return other

    def forget(self) -> None:
        """What was said before no longer explains what is said next."""
        self.previous = None
        self._talk, self._part = None, USUAL


def chosen(asked: Ambiguity, reply: str) -> str | None:
    """What a reply picks, by number, by name, or the default where it is empty; None: as it stands. Any other text comes
    back as it is: another question was asked instead.

    Raises:
        CaibaoError: a number that none of the choices has.
    """
    if not reply:
        return asked.default
    bare = normalise(reply).removesuffix("年") if asked.kind == "year" else normalise(reply)
    if bare in asked.choices:
        return bare
    number = bare.rstrip(".、)")
    if not number.isdecimal():
        return reply
    if 1 <= int(number) <= len(asked.choices):
        return asked.choices[int(number) - 1]
    raise CaibaoError(f"请输入1到{len(asked.choices)}的序号。")
