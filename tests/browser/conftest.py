"""A real browser before the live site: `page` for one person, `browse` for several at once.

Without a Chromium these tests are skipped, and fail with `GUIKOU_REQUIRE_BROWSER=1`. A page that logs an
error, breaks the content security policy or throws fails its test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from tests.browser import chromium

HERE = Path(__file__).parent
DESKTOP: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]

Browse = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is marked `browser`, and one worker runs them all: one Chromium is enough."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    program = chromium.find()
    if program is None:
        if os.environ.get("GUIKOU_REQUIRE_BROWSER") == "1":
            pytest.fail(chromium.HINT)
        pytest.skip(chromium.HINT)
    # Playwright keeps an event loop in this thread; Django would refuse the ORM beside it.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browse(browser: Browser, live_server: object) -> Iterator[Browse]:
    """`browse(javascript=True, viewport=DESKTOP)`: a page with cookies of its own; trouble fails the test.

    Addresses are relative to the live site: `page.goto("/login/")`. Expected answers 4xx aren't trouble.
    """
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            trouble.append(message.text)

    def open_page(*, javascript: bool = True, viewport: ViewportSize | None = None) -> Page:
        context = browser.new_context(
            base_url=str(live_server),
            java_script_enabled=javascript,
            viewport=viewport or DESKTOP,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def page(browse: Browse) -> Page:
    """One person's page."""
    return browse()
