"""A real browser before the live site: `page` for one person, `browse` for several, `day` for the demo.

Without a Chromium these tests are skipped, and fail with `GUIKOU_REQUIRE_BROWSER=1`. A page that logs an
error, breaks the content security policy, throws, asks another host for anything or can be pushed sideways
fails its test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from tests.browser import chromium
from tests.browser.day import NOON, Day, DemoCopies

HERE = Path(__file__).parent
DESKTOP: ViewportSize = {"width": 1366, "height": 900}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]

#: Said on every page once it stands: anything to push sideways, anything the policy held back.
WATCH = """
addEventListener("load", () => {
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) console.error(`${location.pathname}: ${page.scrollWidth} px wide`);
});
addEventListener("securitypolicyviolation", (event) => {
  console.error(`${location.pathname}: ${event.violatedDirective} holds back ${event.blockedURI}`);
});
"""

Browse = Callable[..., Page]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
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


@contextmanager
def _browsing(browser: Browser, address: str) -> Iterator[Browse]:
    contexts: list[BrowserContext] = []
    trouble: list[str] = []
    host = urlsplit(address).netloc

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            trouble.append(message.text)

    def at_home(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            trouble.append(f"asked a foreign host: {request.url}")

    def open_page(*, javascript: bool = True, viewport: ViewportSize | None = None) -> Page:
        context = browser.new_context(
            base_url=address,
            java_script_enabled=javascript,
            viewport=viewport or DESKTOP,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH)
        context.on("request", at_home)
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
def browse(browser: Browser, live_server: object) -> Iterator[Browse]:
    """`browse(javascript=True, viewport=DESKTOP)`: a page with cookies of its own; trouble fails the test.

    Addresses are relative to the live site: `page.goto("/login/")`. Expected answers 4xx aren't trouble.
    """
    with _browsing(browser, str(live_server)) as open_page:
        yield open_page


@pytest.fixture
def page(browse: Browse) -> Page:
    """One person's page."""
    return browse()


@pytest.fixture(scope="session")
def _demo(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[DemoCopies]:
    """The demo, loaded once. Makes the test database where no test of this run is marked to need it."""
    with django_db_blocker.unblock():
        made = None
        if not connection.settings_dict["NAME"].startswith("test_"):
            keep = request.config.getvalue("reuse_db")
            made = setup_databases(verbosity=0, interactive=False, keepdb=keep)
        with time_machine.travel(NOON):
            copies = DemoCopies.load()
    yield copies
    with django_db_blocker.unblock():
        copies.drop()
        if made is not None and not keep:
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def _site() -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def day(
    browser: Browser,
    _demo: DemoCopies,
    _site: LiveServer,
    django_db_blocker: DjangoDbBlocker,
    tmp_path: Path,
) -> Iterator[Day]:
    """A working day in the demo, in a database copied for this test, everybody signed in already.

    The copy is thrown away: no `django_db` mark is needed, whose flushing takes longer than the copying.
    """
    with (
        django_db_blocker.unblock(),
        _demo.copied(),
        time_machine.travel(NOON),
        _browsing(browser, _site.url) as open_page,
    ):
        yield Day(open_page, _demo.sessions, tmp_path)
