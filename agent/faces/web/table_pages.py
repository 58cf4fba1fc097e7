"""Uploading a table on the page: what the file holds first, then, after a yes, the change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, UploadFile
from fastapi.responses import HTMLResponse

from agent.faces.web.access import Editor, Of
from agent.faces.web.chat_pages import shell
from agent.faces.web.view import page

router = APIRouter(prefix="/tables")
Id = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]


@router.get("")
def tables(request: Request, of: Of, user: Editor) -> HTMLResponse:
    pipeline = of.desk.pipeline
    companies = len(pipeline.database.companies())
    now = {"name": pipeline.database.table, "companies": companies, "years": pipeline.years}
    return page(request, "tables.html", **shell(of, user), now=now, most=of.settings.upload >> 20)


@router.post("")
def read(request: Request, of: Of, user: Editor, file: UploadFile) -> HTMLResponse:
    """Reads the file and changes nothing."""
    draft = of.uploads.read(user, file.filename or "", file.file)
    return page(request, "draft.html", draft=draft, taken=False)


@router.post("/{id}/take")
def take(request: Request, id: Id, of: Of, user: Editor) -> HTMLResponse:
    draft = of.uploads.take(user, id)
    return page(request, "draft.html", draft=draft, taken=True)


@router.post("/{id}/drop")
def drop(id: Id, of: Of, user: Editor) -> HTMLResponse:
    of.uploads.drop(user, id)
    return HTMLResponse("")
