"""Signing in without javascript, refusals in Chinese, and pages that need nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template, render_to_string
from django.test import Client, RequestFactory, override_settings
from django.urls import path, reverse

from config.urls import urlpatterns as real_urls

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

PASSWORD = "Xuan-chuan-2027"
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
OWN_STATIC = sorted(p for p in (settings.BASE_DIR / "static").rglob("*.*") if p.is_file())


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def _forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [*real_urls, path("broken/", _broken), path("forbidden/", _forbidden)]


class Words(HTMLParser):
    """The text and the visible attributes a reader meets, without scripts and titles of other languages."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        read_aloud = {"placeholder", "aria-label", "title", "alt"}
        self.words += [value or "" for name, value in attrs if name in read_aloud]


def english(html: str) -> list[str]:
    """Words in Latin letters a reader would meet; the licence's own name and what he typed apart."""
    words = re.findall(r"[A-Za-z]{2,}", " ".join(Words(html).words).replace("AGPL-3.0-or-later", ""))
    return [word for word in words if word not in {"linxf", "Cookie"}]


@pytest.fixture
def clerk(db: None) -> object:
    return get_user_model().objects.create_user(username="linxf", password=PASSWORD, name="林晓峰")


def sign_in(client: Client, password: str, **extra: str) -> Answer:
    """As a browser without javascript does: read the form, send its fields and nothing else."""
    page = client.get(reverse("login"))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    return client.post(
        reverse("login"),
        {"csrfmiddlewaretoken": token[1], "username": "linxf", "password": password, **extra},
    )


def test_signing_in_and_out_takes_plain_forms_alone(clerk: object) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, PASSWORD, next="/password/")
    assert (answer.status_code, answer["Location"]) == (302, "/password/")
    page = client.get("/password/").content.decode()
    assert "林晓峰" in page
    assert "退出登录" in page
    token = re.search(r'action="/logout/">\s*<input type="hidden" name="\w+" value="(\w+)"', page)
    assert token
    assert client.post("/logout/", {"csrfmiddlewaretoken": token[1]})["Location"] == "/login/"
    assert client.get("/password/").status_code == 302


def test_signing_in_leads_to_no_other_site(clerk: object) -> None:
    assert sign_in(Client(enforce_csrf_checks=True), PASSWORD, next="https://example.org/")["Location"] == "/"


def test_wrong_password_says_what_to_do(clerk: object) -> None:
    page = sign_in(Client(), "wrong").content.decode()
    assert "用户名或密码不正确" in page
    assert 'role="alert"' in page
    assert english(page) == []


def test_empty_form_asks_for_both(db: None) -> None:
    page = Client().post("/login/", {"username": "", "password": ""}).content.decode()
    assert "请填写用户名和密码" in page


def test_throttled_sign_in_is_told_in_chinese_and_holds_against_the_right_password(clerk: object) -> None:
    client = Client()
    answers = [sign_in(client, "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert [answer.status_code for answer in answers[:-1]] == [200] * (settings.AXES_FAILURE_LIMIT - 1)
    locked = sign_in(client, PASSWORD)
    page = locked.content.decode()
    assert locked.status_code == 429
    assert "登录已暂停" in page
    assert "15 分钟" in page
    assert "linxf" in page
    assert english(page) == []
    assert client.get("/password/").status_code == 302


def test_changing_ones_password(clerk: object) -> None:
    client = Client()
    sign_in(client, PASSWORD)
    wrong = client.post(
        "/password/", {"old_password": "no", "new_password1": "1", "new_password2": "2"}
    ).content.decode()
    assert "密码没有修改" in wrong
    assert english(wrong) == []
    new = {"old_password": PASSWORD, "new_password1": "Xin-mima-88-gh", "new_password2": "Xin-mima-88-gh"}
    done = client.post("/password/", new, follow=True)
    assert "密码已修改" in done.content.decode()
    assert sign_in(Client(), "Xin-mima-88-gh").status_code == 302


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("signed_in", [False, True])
def test_not_found_is_chinese_inside_and_outside(clerk: object, signed_in: bool) -> None:
    client = Client()
    if signed_in:
        sign_in(client, PASSWORD)
    answer = client.get("/no-such-page/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "没有找到这个页面" in page
    assert english(page) == []
    assert ("退出登录" in page) is signed_in


@override_settings(ROOT_URLCONF=__name__)
def test_forbidden_and_broken_are_chinese_and_show_no_trace(clerk: object) -> None:
    client = Client(raise_request_exception=False)
    sign_in(client, PASSWORD)
    forbidden = client.get("/forbidden/")
    broken = client.get("/broken/")
    assert (forbidden.status_code, broken.status_code) == (403, 500)
    assert "没有办理此事项的权限" in forbidden.content.decode()
    assert "系统出错了" in broken.content.decode()
    assert "RuntimeError" not in broken.content.decode()
    assert english(broken.content.decode()) == english(forbidden.content.decode()) == []


def test_stale_form_is_told_in_chinese(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/login/", {"username": "linxf", "password": PASSWORD})
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()
    assert english(answer.content.decode()) == []


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_pages_of_last_resort_need_no_request(name: str) -> None:
    page = get_template(name).render()
    assert "返回" in page
    assert english(page) == []


def test_conflict_and_too_large_say_what_happened(rf: RequestFactory, clerk: object) -> None:
    request = rf.get("/")
    request.user = clerk  # type: ignore[assignment]
    context = {"message": "孙莉已退回该计划。", "back_url": "/plans/1/"}
    conflict = render_to_string("409.html", context, request)
    large = render_to_string("413.html", {"limit": "20 MB"}, request)
    assert "孙莉已退回该计划。" in conflict
    assert 'href="/plans/1/"' in conflict
    assert "20 MB" in large


@pytest.mark.parametrize("file", [*TEMPLATES, *OWN_STATIC], ids=lambda file: file.name)
def test_nothing_is_fetched_from_elsewhere_and_nothing_is_inline(file: Path) -> None:
    text = file.read_text()
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", text)) <= {"http://www.w3.org/2000/svg"}
    if file.suffix == ".html":
        assert not re.search(r"\sstyle=|<style|\son\w+=|hx-on|javascript:|<script(?![^>]*\bsrc=)", text)


def test_a_page_loads_local_files_only_and_they_exist(client: Client, db: None) -> None:
    page = client.get("/login/").content.decode()
    links = re.findall(r'(?:<link[^>]*href|<script[^>]*src)="([^"]+)"', page)
    assert len(links) >= 5
    for link in links:
        assert link.startswith("/static/")
        assert finders.find(link.removeprefix("/static/")), link
    assert 'data-theme="light"' in page
    assert 'lang="zh-Hans"' in page


def test_footer_offers_the_source(client: Client, db: None) -> None:
    page = client.get("/login/").content.decode()
    assert f'href="{settings.SOURCE_URL}"' in page
    assert "AGPL-3.0-or-later" in page


HOSTILE = "<b>坏</b>&'\""
PARTS: dict[str, dict[str, object]] = {
    "state": {"state": "approved", "label": HOSTILE},
    "finding": {"level": "warn", "text": HOSTILE, "basis": HOSTILE, "clause": HOSTILE, "remedy": HOSTILE},
    "timeline": {"steps": [{"tone": "back", "title": "部门审签", "person": HOSTILE, "opinion": HOSTILE}]},
    "facts": {"facts": [("目的", HOSTILE), ("附件", HOSTILE, "/file/"), ("内容", HOSTILE, "", "all")]},
    "sums": {"sums": [{"label": HOSTILE, "value": "1.00", "note": HOSTILE, "bad": True}]},
    "bar": {"paid": 40, "held": 20, "label": HOSTILE},
    "empty": {"title": HOSTILE, "text": HOSTILE, "url": "/new/", "action": HOSTILE},
    "tabs": {"tabs": [{"title": HOSTILE, "url": "/", "count": 0, "current": True}], "label": HOSTILE},
    "confirm": {"ask": {"text": HOSTILE, "label": HOSTILE, "hidden": [("v", HOSTILE)]}},
    "upload": {"upload": {"label": HOSTILE, "help": HOSTILE, "error": HOSTILE, "choices": [("a", HOSTILE)]}},
    "decide_bar": {
        "bar": {
            "phrases": [HOSTILE],
            "opinion": HOSTILE,
            "error": HOSTILE,
            "buttons": [{"value": "agree", "label": HOSTILE, "primary": True, "confirm": HOSTILE}],
            "back": {"value": "return", "targets": [("author", HOSTILE)]},
            "more": [{"url": "/x/", "label": HOSTILE}],
        }
    },
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_show_what_people_typed_as_text(name: str) -> None:
    html = render_to_string(f"parts/{name}.html", PARTS[name])
    assert "坏" in html
    assert "<b>坏" not in html


def test_enter_in_the_opinion_presses_no_button() -> None:
    html = render_to_string("parts/decide_bar.html", PARTS["decide_bar"])
    buttons = re.findall(r"<button[^>]*>", html)
    submits = [button for button in buttons if 'type="button"' not in button]
    assert submits[0] == '<button type="submit" hidden disabled>'
    assert 'name="action" value="agree"' in submits[1]
