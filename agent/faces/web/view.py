"""What a page looks like: templates over plain data, in the language and colours that the browser's cookies name."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from agent.faces.web.words import ENGLISH

LANGUAGES = {"zh": "中文", "en": "English"}
THEMES = ("auto", "light", "dark")
# htmx may neither evaluate text nor write styles (the page's policy forbids both); errors are shown in their own place.
HTMX = (
    '{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"responseHandling":'
    '[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"[45]..","swap":true,"error":true,"target":"#problem","swapOverride":"innerHTML"}]}'
)


def _grouped(cell: str | None, figure: bool) -> str:
    """A cell as people read it: 1234567.5 as 1,234,567.5."""
    if cell is None or not figure:
        return cell or ""
    return f"{Decimal(cell):,f}"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters |= {"grouped": _grouped, "when": _when}
_TEMPLATES.globals["htmx_config"] = Markup(HTMX)


def language(request: Request) -> str:
    """The cookie's, else what the browser asks for first, else Chinese."""
    chosen = request.cookies.get("lang", "")
    wanted = request.headers.get("accept-language", "zh").lower()
    return chosen if chosen in LANGUAGES else "en" if wanted.startswith("en") else "zh"


def theme(request: Request) -> str:
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def text_of(request: Request, template: str, **data: Any) -> str:
    """A template filled in. It says t("中文") for every word of its own."""
    spoken = language(request)

    def said(words: str) -> str:
        return words if spoken == "zh" else ENGLISH[words]

    return _TEMPLATES.get_template(template).render(
        t=said, lang=spoken, theme=theme(request), path=request.url.path, **data
    )


def page(request: Request, template: str, status: int = 200, **data: Any) -> HTMLResponse:
    return HTMLResponse(text_of(request, template, **data), status)


def is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"
