"""What every answer of the site has, who may see it, and how often one may try a password."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from config import views

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Correct-horse-9"
# Open to strangers: they lead to sign-in, or are what it is drawn with.
OPEN = {"login/", "logout/", "admin/login/", "admin/jsi18n/"}


@pytest.fixture
def clerk(db: None):
    return get_user_model().objects.create_user(username="clerk", name="经办人", password=PASSWORD)


def paths(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
    """Every address without arguments."""
    found = []
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += paths(pattern.url_patterns, path)
        elif "<" not in path and "(" not in path and "?" not in path:
            found.append(path)
    return found


def test_a_stranger_is_led_to_sign_in_wherever_he_goes(client: Client, db: None) -> None:
    tried = [path for path in paths(get_resolver().url_patterns) if path not in OPEN]
    assert "source/" in tried
    let_in = []
    for path in tried:
        for answer in (client.get(f"/{path}"), client.post(f"/{path}")):
            if answer.status_code != 302 or "/login/" not in answer["Location"]:
                let_in.append(f"{path} {answer.status_code}")
    assert let_in == []


def test_every_answer_carries_the_policy_and_the_headers(client: Client, db: None) -> None:
    for path in ("/login/", "/nowhere/", "/admin/"):
        answer = client.get(path)
        policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
        assert policy == {
            "default-src 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        }
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"


def sign_in(client: Client, password: str, address: str = "10.0.0.1", name: str = "clerk") -> int:
    """Status of one try."""
    data = {"username": name, "password": password}
    status: int = client.post("/login/", data, REMOTE_ADDR=address).status_code
    return status


@pytest.mark.usefixtures("clerk")
def test_the_fifth_wrong_password_pauses_this_name_from_this_address_alone(client: Client) -> None:
    get_user_model().objects.create_user(username="other", name="另一人", password=PASSWORD)
    tries = [sign_in(client, "wrong") for _ in range(5)]
    assert tries == [200, 200, 200, 200, 429]
    assert sign_in(client, PASSWORD) == 429
    assert sign_in(client, PASSWORD, name="other") == 302
    assert sign_in(client, PASSWORD, address="10.0.0.2") == 302


@pytest.mark.usefixtures("clerk")
def test_the_pause_ends_after_a_quarter_of_an_hour(client: Client, time_machine) -> None:
    time_machine.move_to("2027-01-20T10:00:00+08:00", tick=False)
    for _ in range(5):
        sign_in(client, "wrong")
    time_machine.move_to("2027-01-20T10:14:00+08:00", tick=False)
    assert sign_in(client, PASSWORD) == 429
    time_machine.move_to("2027-01-20T10:16:00+08:00", tick=False)
    assert sign_in(client, PASSWORD) == 302


def test_a_client_cannot_write_its_own_address() -> None:
    request = RequestFactory().get(
        "/", headers={"x-forwarded-for": "1.1.1.1, 10.0.0.7"}, REMOTE_ADDR="127.0.0.1"
    )
    assert views.address_behind_proxy(request) == "10.0.0.7"
    assert views.address_behind_proxy(RequestFactory().get("/", REMOTE_ADDR="10.0.0.9")) == "10.0.0.9"


def test_the_source_is_whole_and_holds_nothing_else(client: Client, clerk) -> None:
    client.force_login(clerk)
    answer = client.get("/source/")
    assert answer["Content-Type"] == "application/gzip"
    assert "guikou.tar.gz" in answer["Content-Disposition"]
    with tarfile.open(fileobj=io.BytesIO(answer.getvalue())) as archive:
        names = {Path(name).relative_to("guikou") for name in archive.getnames()}
    for needed in ("manage.py", "LICENSE", "config/settings.py", "requirements.txt", "workflow/states.py"):
        assert Path(needed) in names
    assert {name.parts[0] for name in names if name.parts} <= set(views.SOURCE)
    assert [name for name in names if name.suffix in {".env", ".pyc"} or "__pycache__" in name.parts] == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only the repository knows what belongs to it")
def test_nothing_of_the_project_is_missing_from_its_source() -> None:
    tracked = subprocess.run(
        ["git", "-c", "core.quotePath=false", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split("/", 1)[0] for line in tracked.splitlines()} - set(views.SOURCE) == set()


def test_an_environment_file_left_beside_the_code_stays_there(
    tmp_path: Path, clerk, client: Client, settings
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "guikou.env").write_text("GUIKOU_SECRET_KEY=x")
    (tmp_path / "deploy" / "guikou.env.example").write_text("GUIKOU_SECRET_KEY=")
    (tmp_path / "deploy" / "link").symlink_to("/etc/hostname")
    settings.BASE_DIR = tmp_path
    client.force_login(clerk)
    with tarfile.open(fileobj=io.BytesIO(client.get("/source/").getvalue())) as archive:
        assert archive.getnames() == ["guikou/deploy", "guikou/deploy/guikou.env.example"]
