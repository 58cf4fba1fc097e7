"""The application: routes over one service, errors as sentences, what is opened at the start and closed at the end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from agent.errors import CaibaoError, DatabaseError
from agent.faces.web import api, completions, pages
from agent.faces.web.access import WRONG_KEYS, Rate, Service
from agent.faces.web.desk import Busy, Desk, Gone
from agent.faces.web.guard import Guard, error_body
from agent.faces.web.jobs import Jobs
from agent.faces.web.settings import Settings
from agent.faces.web.store import NotThere, Store
from agent.faces.web.talks import Talks
from agent.faces.web.uploads import Uploads
from agent.faces.web.waiting import Talkers
from agent.pipeline import Pipeline

STATIC = Path(__file__).with_name("static")
ABOUT = """用中文问上市公司年报里的数，答案带 SQL、参数和来源行。密钥放在 `Authorization: Bearer …`（本机没有设密钥时不用）。
错误都是 `{"error": {"message": …}}`，一句话说明哪里不对。"""


def open_service(pipeline: Pipeline, settings: Settings, renewed: Callable[[], Pipeline]) -> Service:
    """renewed: the pipeline over the table as it is now, after an upload has changed it.

    Raises:
        CaibaoError: the folder cannot be written.
    """
    store = Store(settings.folder / "chats.sqlite3")
    desk = Desk(pipeline)
    talks = Talks(desk)

    def changed() -> None:
        desk.use(renewed())
        talks.forget()

    database = pipeline.database
    url = database.url.render_as_string(hide_password=False)
    return Service(
        settings,
        desk,
        store,
        talks,
        Talkers(settings.talking),
        Jobs(desk, store, settings.folder / "jobs"),
        Uploads(settings.folder / "uploads", url, database.table, changed),
        Rate(settings.rate),
        Rate(WRONG_KEYS),
    )


def close_service(of: Service) -> None:
    """Finishes what has begun."""
    of.jobs.stop()
    of.desk.stop()
    of.talkers.stop()
    of.store.close()


def create(of: Service) -> FastAPI:
    """The application over an open service, which it closes at its end."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        close_service(of)

    app = FastAPI(
        title="Caibao 财报问答", version="1", description=ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan
    )
    app.state.service = of
    app.add_middleware(Guard, settings=of.settings)
    for part in (api.router, completions.router, pages.router):
        app.include_router(part)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(CaibaoError, _told_error)
    app.add_exception_handler(HTTPException, _told_error)
    app.add_exception_handler(RequestValidationError, _told_error)
    return app


async def _told_error(request: Request, error: Exception) -> Response:
    """One sentence: as JSON for programs, as part of the page for it."""
    status, sentence, headers = _status(error)
    if pages.is_page(request):
        return pages.error_page(request, status, sentence, headers)
    return JSONResponse(error_body(sentence, status), status, headers)


def _status(error: Exception) -> tuple[int, str, dict[str, str]]:
    if isinstance(error, HTTPException):
        sentence = _HTTP.get(error.detail, error.detail)
        return error.status_code, sentence, dict(error.headers or {})
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")[:80]
        return 422, f"请求的{f'字段 {where} ' if where else '正文'}不合要求：{first['msg'][:200]}。", {}
    if isinstance(error, NotThere):
        return 404, str(error), {}
    if isinstance(error, Busy):
        return 429, str(error), {"retry-after": "2"}
    if isinstance(error, (Gone, DatabaseError)):
        return 503, str(error), {"retry-after": "5"}
    return 400, str(error), {}


# What the framework says in English.
_HTTP = {
    "Not Found": "没有这个地址。",
    "Method Not Allowed": "这个地址不支持这个方法。",
    "There was an error parsing the body": "请求的正文读不出来。",
}
