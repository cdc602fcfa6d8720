"""A working day in the demo: who sits where, the plans they work on, the pictures the manual shows.

The demo is loaded once for all tests and copied for each inside PostgreSQL, which is quick. Pictures go to
the test's own folder; with `GUIKOU_SCREENSHOTS=1` into the manual.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Locator, Page, ViewportSize, expect

from org.models import User
from org.selectors import holder_of
from tests import databases
from tests.browser.pictures import with_palette
from workflow.demo.build import load
from workflow.demo.people import HOUSES, PASSWORD
from workflow.models import ClassPlan, Decision
from workflow.services import decisions
from workflow.states import DecisionAction

#: A Tuesday in the window in which departments hand in next year's plan.
NOON: Final = datetime(2026, 12, 8, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
MANUAL: Final = Path(__file__).resolve().parents[2] / "docs" / "使用手册"


class DemoCopies:
    """The loaded demo as a database of its own, and copies of it to work in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.master, self.copy = f"{name}_demo", f"{name}_day"
        self.sessions: dict[str, str] = {}

    @classmethod
    def load(cls) -> DemoCopies:
        """Loads the demo beside the test database and signs everybody in."""
        demo = cls(str(settings.DATABASES["default"]["NAME"]))
        demo._make(demo.master, of=demo.name)
        with databases.inside(demo.master):
            load(HOUSES, now=datetime.now(tz=NOON.tzinfo))
            for user in User.objects.all():
                client = Client()
                client.force_login(user)
                demo.sessions[user.username] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return demo

    @contextmanager
    def copied(self) -> Iterator[None]:
        """This process, the live site's threads included, works in a fresh copy meanwhile."""
        self._make(self.copy, of=self.master)
        with databases.inside(self.copy):
            yield

    def drop(self) -> None:
        for name in (self.copy, self.master):
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _make(self, name: str, *, of: str) -> None:
        connection.close()
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        # Threads of an earlier test's site may idle in the source; it can't be copied beside anybody.
        self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of}'")
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')

    def _run(self, statement: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)


@dataclass
class Day:
    """One test's day. ``sits("binhai-caiwu-head")`` is that person's browser, signed in."""

    open_page: Callable[..., Page]
    sessions: dict[str, str]
    folder: Path

    def sits(
        self, who: str, at: str = "/", *, javascript: bool = True, viewport: ViewportSize | None = None
    ) -> Page:
        """That person's browser, signed in, with the page ``at`` open."""
        page = self.open_page(javascript=javascript, viewport=viewport)
        # A page knows its host only once it has been somewhere; the sign-in page is the cheapest.
        page.goto("/login/")
        host = urlsplit(page.url).hostname
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": self.sessions[who],
                    "domain": host,
                    "path": "/",
                }
            ]
        )
        page.goto(at)
        return page

    def look(self, page: Page) -> None:
        """Nothing on the page has to be pushed sideways, on a phone nor where it is."""
        read_to = page.evaluate("scrollY")
        for size in (PHONE, page.viewport_size or PHONE):
            page.set_viewport_size(size)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{page.url} at {size}: {wide} px to push sideways"
        page.evaluate("y => scrollTo(0, y)", read_to)

    def picture(self, page: Page, name: str, *, mark: Locator | None = None) -> None:
        """Looks at the page and takes the manual's picture ``name``, with ``mark`` at its lower end."""
        self.look(page)
        if mark is not None:
            mark.evaluate("it => { it.scrollIntoView({block: 'end'}); scrollBy(0, 80); }")
        for_manual = os.environ.get("GUIKOU_SCREENSHOTS") == "1"
        folder = MANUAL / "图" if for_manual else self.folder
        folder.mkdir(parents=True, exist_ok=True)
        content = page.screenshot(animations="disabled", caret="hide")
        (folder / f"{name}.png").write_bytes(with_palette(content) if for_manual else content)


def sign_in(page: Page, who: str, password: str = PASSWORD) -> None:
    """By the form, as people do."""
    page.goto("/login/")
    page.get_by_label("用户名").fill(who)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def plan(name: str, **more: object) -> ClassPlan:
    """The class of that name as it stands in the database now."""
    return ClassPlan.objects.select_related("department", "version").get(name=name, **more)


def last(made: ClassPlan) -> Decision:
    """The latest line of a plan's approval record."""
    found = Decision.objects.filter(plan=made).order_by("-pk").first()
    assert found is not None
    return found


def says(page: Page, text: str) -> None:
    """What was just done, or refused, is read on the page."""
    expect(page.locator("#messages")).to_contain_text(text)


def confirm(page: Page) -> None:
    """Answers the question a button asks before it acts."""
    page.locator("dialog[open]").get_by_role("button", name="确定").click()


def give_back(page: Page) -> None:
    """退回…, then its button in the menu, which stays open while a reason is asked for."""
    button = page.get_by_role("button", name="确认退回")
    if not button.is_visible():
        page.locator(".decide summary", has_text="退回").click()
    button.click()


def pass_on(made: ClassPlan, *, to: str) -> None:
    """Everybody whose turn it is agrees, without a browser, until the class lies at the step named ``to``."""
    while (task := made.tasks.select_related("post").get(is_open=True)).step_title != to:
        assert task.post is not None
        at = timezone.now()
        holder = holder_of(task.post, timezone.localdate(at))
        assert holder is not None
        decisions.decide(
            plan_id=made.pk,
            task_id=task.pk,
            action=DecisionAction.AGREE,
            actor=holder,
            at=at,
            opinion="情况属实，同意。",
        )
