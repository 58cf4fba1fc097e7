"""The page around the chats: start, signing in, language and colours, the API's description, errors."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agent.faces.web import chat_pages, table_pages
from agent.faces.web.access import COOKIE, Of, User, address, limited
from agent.faces.web.chat_pages import shell
from agent.faces.web.keys import COOKIE_SECONDS, LOCAL
from agent.faces.web.view import LANGUAGES, THEMES, is_htmx, page

EXAMPLES = ("2020年净利润最高的前五家公司是哪些？", "2021年资产总计最高的公司是哪家？", "什么是毛利率？")
_PATHS = ("/chats", "/tables", "/login", "/logout", "/look", "/docs")
_YEAR = 365 * 24 * 3600
router = APIRouter(include_in_schema=False)
router.include_router(chat_pages.router)
router.include_router(table_pages.router)


def is_page(request: Request) -> bool:
    """Asked for by the page or a person, not by a program."""
    path = request.url.path
    return path == "/" or path.startswith(_PATHS)


def error_page(request: Request, status: int, sentence: str, headers: dict[str, str]) -> Response:
    """The sentence in its place of the page; without a key, the way to the place where it is asked for."""
    if status == 401:
        return Response(status_code=204, headers={"hx-redirect": "/login"}) if is_htmx(request) else _to_login(request)
    template = "problem.html" if is_htmx(request) else "problem_page.html"
    response = page(request, template, status, sentence=sentence)
    response.headers.update({name: value for name, value in headers.items() if name.lower() != "content-length"})
    return response


def _to_login(request: Request) -> Response:
    return RedirectResponse(f"/login?to={quote(request.url.path)}", 303)


@router.get("/")
def start(request: Request, of: Of, user: User) -> HTMLResponse:
    return page(request, "chat.html", **shell(of, user), chat=None, turns=[], examples=EXAMPLES)


@router.get("/login")
def login(request: Request, of: Of, to: str = "/") -> Response:
    if not of.settings.keys:
        return RedirectResponse("/", 303)
    return page(request, "login.html", to=_own_path(to), wrong=False)


@router.post("/login")
def sign_in(
    request: Request, of: Of, key: Annotated[str, Form(max_length=200)], to: Annotated[str, Form()] = "/"
) -> Response:
    user = of.settings.keys.user_of_key(key.strip())
    if user is None:
        limited(of.wrong_keys, address(request))
        return page(request, "login.html", 403, to=_own_path(to), wrong=True)
    response = RedirectResponse(_own_path(to), 303)
    secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    response.set_cookie(
        COOKIE, of.settings.keys.cookie(user), COOKIE_SECONDS, httponly=True, samesite="strict", secure=secure
    )
    return response


@router.post("/logout")
def sign_out() -> Response:
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


def _own_path(path: str) -> str:
    """A path of this server, whatever was asked for."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and path.isascii()
    return path if plain else "/"


@router.post("/look")
def look(lang: Annotated[str, Form(max_length=10)] = "", theme: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Language and colours, kept in the browser."""
    response = Response(status_code=204, headers={"hx-refresh": "true"})
    for name, value, known in (("lang", lang, LANGUAGES), ("theme", theme, THEMES)):
        if value in known:
            response.set_cookie(name, value, _YEAR, samesite="strict", httponly=True)
    return response


@router.get("/docs")
def described(request: Request, of: Of, user: User) -> HTMLResponse:
    """The OpenAPI file as a page."""
    described = request.app.openapi()
    return page(request, "docs.html", **shell(of, user), api=described, local=user == LOCAL)
