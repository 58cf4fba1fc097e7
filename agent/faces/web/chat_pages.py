"""Chats on the page: asking, choosing, the answer as it comes, history, files, approving."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from agent.conversation import Conversation, Heard
from agent.errors import CaibaoError
from agent.faces.web import export
from agent.faces.web.access import Editor, Of, Service, User
from agent.faces.web.desk import Queued
from agent.faces.web.keys import LOCAL
from agent.faces.web.store import Chat, NotThere, Turn
from agent.faces.web.turns import as_told
from agent.faces.web.view import page, text_of
from agent.pipeline import MAX_QUESTION, OnStep, unanswerable
from agent.records import Ambiguity

router = APIRouter(prefix="/chats")
Id = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
_approving = threading.Lock()  # the file of statements is written whole
Said = Annotated[str, Form(max_length=20_000)]


def shell(of: Service, user: str) -> dict[str, Any]:
    """What every whole page shows around its own."""
    return {
        "chats": of.store.chats(user),
        "user": "" if user == LOCAL else user,
        "may_edit": of.settings.keys.may_edit(user),
        "longest": MAX_QUESTION,
    }


def _turn_data(of: Service, user: str, chat: str, turn: Turn, last: bool) -> dict[str, Any]:
    return {"chat_id": chat, "turn": turn, "last": last, "may_edit": of.settings.keys.may_edit(user)}


@router.get("/{id}")
def chat(request: Request, id: Id, of: Of, user: User) -> HTMLResponse:
    found, turns = of.store.chat(user, id), of.store.turns(user, id)
    return page(request, "chat.html", **shell(of, user), chat=found, turns=turns, examples=())


@router.post("")
async def begin(request: Request, of: Of, user: User, said: Said) -> Response:
    """A first question: the chat begins with it, once it is clear what is meant."""
    return await _asked(request, of, user, None, said)


@router.post("/{id}/turns")
async def ask(request: Request, id: Id, of: Of, user: User, said: Said) -> Response:
    """The turn, or the choices that its question leaves open."""
    return await _asked(request, of, user, of.store.chat(user, id), said)


async def _asked(request: Request, of: Service, user: str, chat: Chat | None, said: str) -> Response:
    form = await request.form()
    if reason := unanswerable(said):
        raise CaibaoError(reason)
    chosen = {name: str(value) for name, value in form.items() if name.startswith("choice")}
    decided = "decided" in form

    def work(on_step: OnStep, gone: threading.Event) -> tuple[str, tuple[Ambiguity, ...]]:
        return _meant(of, user, chat, said, chosen, decided)

    asked, open_ = await of.talkers.result(request, work)
    if open_:
        return page(request, "choices.html", said=said, open=open_, to=f"/chats/{chat.id}/turns" if chat else "/chats")
    begun = chat or of.store.begin(user, said)
    turn = of.store.add_turn(user, begun.id, said, asked)
    if chat is None:
        return Response(status_code=204, headers={"hx-redirect": f"/chats/{begun.id}"})
    return page(request, "turn.html", **_turn_data(of, user, begun.id, turn, True))


def _meant(
    of: Service, user: str, chat: Chat | None, said: str, chosen: dict[str, str], decided: bool
) -> tuple[str, tuple[Ambiguity, ...]]:
    """The whole question, and what is still open in it."""
    if chat is None:
        conversation: Conversation = Conversation(Queued(of.desk))
        heard: Heard = conversation.hear(said)
    else:
        conversation, heard = of.talks.listen(chat.id, of.store.turns(user, chat.id), said)
    open_ = () if heard.problem else conversation.ambiguities(heard)
    if open_ and not decided:
        return said, open_
    choices = [
        (each, chosen[f"choice{at}"]) for at, each in enumerate(open_) if chosen.get(f"choice{at}") in each.choices
    ]
    return (conversation.choose(heard, choices).text, ()) if choices else (said, ())


@router.post("/{id}/pick")
def pick(
    request: Request,
    id: Id,
    of: Of,
    user: User,
    number: Annotated[int, Form(ge=1, le=20)],
    of_turn: Annotated[int, Form()],
) -> HTMLResponse:
    """A turn in which a reading of the turn before is picked."""
    turns = of.store.turns(user, id)
    before = turns[-1] if turns else None
    readings = before.told["readings"] if before and before.told else []
    if before is None or before.number != of_turn or number > len(readings):
        raise CaibaoError("这个意思已经不能选了，请把问题再问一次。")
    turn = of.store.add_turn(user, id, readings[number - 1], readings[number - 1], number)
    return page(request, "turn.html", **_turn_data(of, user, id, turn, True))


@router.get("/{id}/turns/{number}")
def turn(request: Request, id: Id, number: Number, of: Of, user: User) -> HTMLResponse:
    return page(request, "turn.html", **_turn_data(of, user, id, of.store.turn(user, id, number), True))


@router.get("/{id}/turns/{number}/stream")
async def stream(request: Request, id: Id, number: Number, of: Of, user: User) -> Response:
    """Server-sent events: the steps as they happen, then the turn as it is shown, then the end."""
    return StreamingResponse(
        _told(request, of, user, id, of.store.turn(user, id, number)),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def _told(request: Request, of: Service, user: str, id_: str, asked: Turn) -> AsyncIterator[str]:
    turn = asked
    try:
        if asked.told is None:
            async for item in of.talkers.steps(lambda on_step, gone: _answer(of, user, id_, asked, on_step, gone)):
                if item is None:
                    yield ": still here\n\n"
                elif isinstance(item, Turn):
                    turn = item
                elif item[1]:
                    yield _event("step", text_of(request, "step.html", name=item[0], found=item[1]))
        yield _event("answer", text_of(request, "turn.html", **_turn_data(of, user, id_, turn, True)))
    except CaibaoError as error:
        told = text_of(request, "failed.html", chat_id=id_, turn=turn, sentence=str(error))
        yield _event("answer", told)
    yield _event("end", "")


def _answer(of: Service, user: str, id_: str, turn: Turn, on_step: OnStep, gone: threading.Event) -> Turn:
    before = [other for other in of.store.turns(user, id_) if other.number < turn.number]
    trace, readings = of.talks.in_chat(id_, before, turn, on_step, gone)
    of.store.tell(id_, turn.number, as_told(trace, of.desk.pipeline.database, readings))
    return of.store.turn(user, id_, turn.number)


def _event(name: str, text: str) -> str:
    lines = "\n".join(f"data: {line}" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n\n"


@router.post("/{id}/rename")
def rename(request: Request, id: Id, of: Of, user: User, title: Annotated[str, Form(max_length=500)]) -> HTMLResponse:
    found = of.store.rename(user, id, title)
    current = request.headers.get("hx-current-url", "").endswith(f"/chats/{id}")
    return page(request, "entry.html", entry=found, current=current)


@router.delete("/{id}")
def delete(request: Request, id: Id, of: Of, user: User) -> Response:
    of.store.delete(user, id)
    of.talks.drop(id)
    return Response(status_code=204, headers={"hx-redirect": "/"})


@router.get("/{id}/turns/{number}/table.{kind}")
def table(id: Id, number: Number, kind: str, of: Of, user: User) -> Response:
    """The evidence as a file."""
    told = of.store.turn(user, id, number).told
    if not told or not told["table"] or kind not in ("csv", "xlsx"):
        raise NotThere("这一轮没有这样的表。")
    if kind == "csv":
        return _file(export.table_csv(told["table"]), "text/csv; charset=utf-8", f"依据{number}.csv")
    return _file(export.table_xlsx(told["table"]), export.XLSX, f"依据{number}.xlsx")


@router.get("/{id}/export.{kind}")
def exported(id: Id, kind: str, of: Of, user: User) -> Response:
    """The whole chat as a file."""
    found, turns = of.store.chat(user, id), of.store.turns(user, id)
    if kind == "md":
        text = export.chat_markdown(found.title, turns)
        return _file(text.encode("utf-8"), "text/markdown; charset=utf-8", f"{found.title}.md")
    if kind == "xlsx":
        return _file(export.chat_xlsx(found.title, turns), export.XLSX, f"{found.title}.xlsx")
    raise NotThere("只能导出为 md 或 xlsx。")


def _file(content: bytes, kind: str, name: str) -> Response:
    plain = "".join(c for c in name if c.isalnum() or c in " .-_") or "caibao"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(plain)}"}
    return Response(content, media_type=kind, headers=headers)


@router.get("/{id}/turns/{number}/approve")
def consider(request: Request, id: Id, number: Number, of: Of, user: Editor) -> HTMLResponse:
    """What approving would remember, to be looked at first."""
    trace = of.talks.trace(id, of.store.turns(user, id), number)
    pair = of.desk.pipeline.memory.pair(trace)
    return page(request, "approve.html", chat_id=id, number=number, pair=pair, done=False)


@router.post("/{id}/turns/{number}/approve")
def approve(request: Request, id: Id, number: Number, of: Of, user: Editor) -> HTMLResponse:
    """Remembers the statement, for all users."""
    trace = of.talks.trace(id, of.store.turns(user, id), number)
    with _approving:
        pair = of.desk.pipeline.memory.approve(trace)
    return page(request, "approve.html", chat_id=id, number=number, pair=pair, done=True)
