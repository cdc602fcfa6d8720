"""The admin shows books and changes none."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from org.models import Union, User
from rulebook import loader
from rulebook.models import RuleBook
from tests.rulebook.conftest import BINHAI, COUNTY, LOADED_AT


@pytest.fixture
def manager(db: None) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("root", name="管理员", password="x"),
        "django.contrib.auth.backends.ModelBackend",
    )
    return client


def test_list_and_page_are_to_read(manager: Client, binhai: Union) -> None:
    row, _ = loader.load(BINHAI, at=LOADED_AT)
    page = manager.get("/admin/rulebook/rulebook/").content.decode()
    assert row.title in page
    assert "2018-01-01 起" in page
    page = manager.get(f"/admin/rulebook/rulebook/{row.pk}/change/").content.decode()
    assert "部门审签 → 归口审核 → 财务会审 → 主席办公会审定" in page
    assert "需求调研作为培训计划形成必经环节" in page
    assert 'name="_save"' not in page


def test_nothing_can_be_changed(manager: Client, county: Union) -> None:
    row, _ = loader.load(COUNTY, at=LOADED_AT)
    assert manager.get("/admin/rulebook/rulebook/add/").status_code == 403
    assert manager.post(f"/admin/rulebook/rulebook/{row.pk}/change/", {"title": "别的"}).status_code == 403
    assert manager.post(f"/admin/rulebook/rulebook/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RuleBook.objects.get().title == row.title


def test_the_list_is_as_cheap_with_many_books(manager: Client, binhai: Union, county: Union) -> None:
    loader.load(COUNTY, at=LOADED_AT)
    counts = []
    for path in (COUNTY, BINHAI):
        loader.load(path, at=LOADED_AT)
        with CaptureQueriesContext(connection) as queries:
            page = manager.get("/admin/rulebook/rulebook/").content.decode()
        counts.append(len(queries))
    assert "2024-03-01 至 2028-12-31" in page
    assert counts[0] == counts[1]
