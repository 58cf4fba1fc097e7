"""The page in a real browser: Debian's chromium through playwright. Skipped, with the reason, where either is missing.

axe-core looks for what people with other senses cannot use. CAIBAO_SHOTS names a folder that takes screenshots.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from agent.faces.web import turns
from agent.faces.web.access import Service
from tests.agent.faces.web.conftest import PROFIT, UNCLEAR, Listening
from tests.agent.scripted import CSV

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (requirements-dev.txt)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt-get install chromium)")
SHOTS = os.environ.get("CAIBAO_SHOTS")
CHART = {
    "title": "净利润（元）",
    "options": {
        "xAxis": {"data": ["2020"]},
        "yAxis": {},
        "series": [{"type": "bar", "data": [150], "label": {"show": True}}],
    },
}


class Watched:
    """A page, and everything it should not have done."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url, self.wrong = page, url, list[str]()
        page.set_default_timeout(120_000)
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else self.wrong.append(asked.url))

    def ask(self, text: str, number: int) -> Any:
        self.page.fill("#said", text)
        self.page.keyboard.press("Enter")
        return self.page.wait_for_selector(f"#turn-{number} .answer")

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))

    def accessible(self) -> None:
        """No serious findings of axe-core."""
        found = axe.Axe().run(self.page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert not serious, [(v["id"], [node["html"][:150] for node in v["nodes"]]) for v in serious]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def watched(browser: Any, server: Listening) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="zh-CN")
    context.set_default_timeout(120_000)
    page = Watched(context.new_page(), server.url)
    page.page.goto(server.url)
    yield page
    context.close()
    assert not page.wrong


def test_a_talk_from_the_first_question_to_its_files(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "chart", lambda trace: CHART)
    page = watched.page
    watched.accessible()
    watched.ask(PROFIT, 1)
    assert "/chats/" in page.url and "150元" in page.inner_text("#turn-1 .answer")
    page.wait_for_selector("#turn-1 .chart svg")
    assert page.get_attribute("#turn-1 .chart", "aria-label") == CHART["title"]
    watched.ask("那2019年呢", 2)
    assert "华兴科技的2019年净利润" in page.inner_text("#turn-2 .resolved") and page.input_value("#said") == ""
    page.click("#turn-2 summary:has-text('SQL')")
    assert "SELECT" in page.inner_text("#turn-2 pre")
    watched.accessible()
    watched.shot("talk")
    for kind, begins in (("CSV", b"\xef\xbb\xbf"), ("Excel", b"PK")):
        with page.expect_download() as download:
            page.click(f"#turn-1 a:has-text('{kind}')")
        assert Path(download.value.path()).read_bytes().startswith(begins)
    page.click(".entry.current summary")
    with page.expect_download() as download:
        page.click(".entry.current a:has-text('Excel')")
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert book["对话"]["B2"].value == PROFIT
    page.fill(".entry.current input[name=title]", "新名字")
    page.click(".entry.current button:has-text('改名')")
    page.wait_for_selector(".entry a:has-text('新名字')")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click(".entry summary")
    page.click(".entry button.danger")
    page.wait_for_selector(".none")


def test_choices_readings_and_approval(watched: Watched, service: Service) -> None:
    page = watched.page
    page.fill("#said", "华兴科技的净利润是多少?")
    page.keyboard.press("Enter")
    page.check(".choosing label:has-text('2019') input")
    watched.accessible()
    watched.shot("choices")
    page.click(".choosing button:has-text('就这样问')")
    page.wait_for_selector("#turn-1 .answer")
    assert "100元" in page.inner_text("#turn-1 .answer")
    page.goto(watched.url)
    watched.ask(UNCLEAR, 1)
    watched.shot("readings")
    page.click("#turn-1 .readings button >> nth=0")
    page.wait_for_selector("#turn-2 .answer")
    assert "苏州市" in page.inner_text("#turn-2 .answer")
    page.wait_for_selector(".readings", state="detached")
    page.click("#turn-2 .approval button")
    page.click("#turn-2 .approval button:has-text('对，记住')")
    page.wait_for_selector("#turn-2 .approval [role=status]")
    assert len(service.desk.pipeline.memory.pairs) == 1


def test_a_table_is_sorted_by_keyboard_and_copied_exactly(watched: Watched) -> None:
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    watched.ask("2020年营业收入最高的前3家公司", 1)
    column = "#turn-1 tbody td:last-child"
    assert page.locator(column).all_inner_texts() == ["5,000", "1,200", "700"]
    page.focus("#turn-1 th:last-child button")
    page.keyboard.press("Enter")
    assert page.locator(column).all_inner_texts() == ["700", "1,200", "5,000"]
    assert page.get_attribute("#turn-1 th:last-child", "aria-sort") == "ascending"
    page.click("#turn-1 .copy-table")
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].split("\t")[-1] == "值" and [line.split("\t")[-1] for line in lines[1:]] == ["700", "1200", "5000"]


def test_a_table_is_uploaded_after_it_was_looked_at(watched: Watched) -> None:
    page = watched.page
    page.goto(f"{watched.url}/tables")
    content = CSV.replace(",150.00,", ",777.00,").encode()
    page.set_input_files("input[type=file]", {"name": "新表.csv", "mimeType": "text/csv", "buffer": content})
    page.click("button:has-text('试读')")
    page.wait_for_selector(".draft table")
    watched.accessible()
    watched.shot("upload")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('换成这份表')")
    page.wait_for_selector(".draft [role=status]")
    page.goto(watched.url)
    watched.ask(PROFIT, 1)
    assert "777元" in page.inner_text("#turn-1 .answer")


def test_on_a_phone_in_the_dark_and_in_english(watched: Watched) -> None:
    page = watched.page
    page.set_viewport_size({"width": 375, "height": 720})
    assert not page.is_visible("nav")
    page.click("#menu")
    page.wait_for_selector("nav .new")
    page.select_option("select[name=theme]", "dark")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    page.wait_for_load_state()
    page.click("#menu")
    page.select_option("select[name=lang]", "en")
    page.wait_for_selector("html[lang=en]", state="attached")
    page.wait_for_load_state()
    watched.ask(PROFIT, 1)
    page.click("#turn-1 summary:has-text('SQL')")
    watched.accessible()
    watched.shot("phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"


def test_a_text_that_is_markup_does_nothing(watched: Watched) -> None:
    page = watched.page
    watched.ask("华兴科技2020年的净利润<img src=x onerror=\"document.title='hacked'\">是多少?", 1)
    page.reload()
    page.wait_for_selector("#turn-1 .answer")
    assert (
        "<img" in page.inner_text("#turn-1 .said")
        and page.title() != "hacked"
        and page.locator("main img").count() == 0
    )


def test_a_question_that_is_none_is_told_in_its_place(watched: Watched) -> None:
    page = watched.page
    page.fill("#said", "多" * 1000)
    page.evaluate("document.getElementById('said').removeAttribute('maxlength')")
    page.evaluate("document.getElementById('said').value += '多'")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem .problem")
    assert "1001个字" in page.inner_text("#problem")
    watched.wrong = [said for said in watched.wrong if "400" not in said]  # the browser's own line about the status
