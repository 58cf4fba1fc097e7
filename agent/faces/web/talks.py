"""The conversations that are being held: those of chats, and those that an API's messages tell anew with each call."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.conversation import Conversation, Heard
from agent.errors import CaibaoError
from agent.faces.web.desk import Desk, Queued
from agent.faces.web.store import NotThere, Turn
from agent.pipeline import OnStep
from agent.records import Trace

HELD = 300  # conversations in memory; another one is told again from what is kept
RETOLD = 8  # turns that a conversation is told again, at most
REMEMBERED = 20  # messages of a user before the last one that an API call is understood after


@dataclass
class _Held:
    """A chat's conversation. last: the turn it stands at; traces: of the turns since it was told."""

    conversation: Conversation
    last: int = 0
    traces: dict[int, Trace] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Talks:
    """Conversations over one desk; of each chat one question at a time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._lock = threading.Lock()
        self._chats: OrderedDict[str, _Held] = OrderedDict()
        self._told: OrderedDict[tuple[str, ...], Conversation] = OrderedDict()

    def forget(self) -> None:
        """All of them: the table has changed."""
        with self._lock:
            self._chats.clear()
            self._told.clear()

    def drop(self, chat: str) -> None:
        with self._lock:
            self._chats.pop(chat, None)

    def in_chat(
        self, chat: str, turns: Sequence[Turn], turn: Turn, on_step: OnStep | None, gone: threading.Event
    ) -> tuple[Trace, tuple[str, ...]]:
        """The answer to a turn of a chat, and the readings that it offers; turns: those before it.

        Raises:
            CaibaoError: see `Desk.ask`, `Conversation.pick`.
        """
        held = self._held(chat)
        with held.lock:
            self._catch_up(held, turns, gone)
            _of(held.conversation).gone = gone
            held.traces[turn.number] = trace = _turned(held.conversation, turn, on_step)
            held.last = turn.number
            return trace, held.conversation.readings()

    def listen(self, chat: str, turns: Sequence[Turn], text: str) -> tuple[Conversation, Heard]:
        """What a text that is about to be asked in a chat means so far."""
        held = self._held(chat)
        with held.lock:
            self._catch_up(held, turns, threading.Event())
            return held.conversation, held.conversation.hear(text)

    def trace(self, chat: str, turns: Sequence[Turn], number: int) -> Trace:
        """The trace of an answered turn. Raises NotThere where it is too long ago to be known any more."""
        held = self._held(chat)
        with held.lock:
            self._catch_up(held, turns, threading.Event())
            if number not in held.traces:
                raise NotThere("这一轮过去太久了，请把问题再问一次，然后确认新的回答。")
            return held.traces[number]

    def after(
        self, history: Sequence[str], text: str, on_step: OnStep | None, gone: threading.Event
    ) -> tuple[Conversation, Trace]:
        """The answer to a text after what its user said before, which nobody kept.

        Raises:
            CaibaoError: see `Desk.ask`.
        """
        said = tuple(history[-REMEMBERED:])
        conversation, known = self._longest(said)
        _of(conversation).gone = gone
        for earlier in said[known:]:
            conversation.reply(earlier)
        trace = conversation.reply(text, on_step)
        with self._lock:
            self._told[(*said, text)] = conversation
            while len(self._told) > HELD:
                self._told.popitem(last=False)
        return conversation, trace

    def _longest(self, said: tuple[str, ...]) -> tuple[Conversation, int]:
        """A conversation that has heard as many of the texts, from the first on, as one is known to have; and how many."""
        with self._lock:
            for count in range(len(said), 0, -1):
                if known := self._told.get(said[:count]):
                    self._told.move_to_end(said[:count])
                    return known.branch(Queued(self.desk)), count
        return Conversation(Queued(self.desk)), 0

    def _held(self, chat: str) -> _Held:
        with self._lock:
            held = self._chats.setdefault(chat, _Held(Conversation(Queued(self.desk))))
            self._chats.move_to_end(chat)
            while len(self._chats) > HELD:
                self._chats.popitem(last=False)
            return held

    def _catch_up(self, held: _Held, turns: Sequence[Turn], gone: threading.Event) -> None:
        """Tells a conversation the last answered turns of its chat that it has not heard (after a new start)."""
        _of(held.conversation).gone = gone
        unheard = [t for t in turns if t.number > held.last and t.told is not None]
        for turn in unheard[-RETOLD:]:
            try:
                held.traces[turn.number] = _turned(held.conversation, turn, None)
            except NotPickable:
                continue
            held.last = turn.number


class NotPickable(CaibaoError):
    """The reading that was picked is not offered any more."""


def _of(conversation: Conversation) -> Queued:
    assert isinstance(conversation.pipeline, Queued)
    return conversation.pipeline


def _turned(conversation: Conversation, turn: Turn, on_step: OnStep | None) -> Trace:
    if turn.picked is None:
        heard = conversation.hear(turn.said) if turn.asked == turn.said else Heard(turn.said, turn.asked)
        return conversation.answer(heard, on_step)
    if not 1 <= turn.picked <= len(conversation.readings()):
        raise NotPickable("这个意思已经不能选了，请把问题再问一次。")
    return conversation.pick(turn.picked)
