"""The environment read: safe without any variable, clear about a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import settings as project
from tests.config import processes

PRODUCTION = {
    "DATABASE_URL": "postgresql://guikou:p%40ss@db.example:5433/guikou?sslmode=require",
    "GUIKOU_SECRET_KEY": "k3y-" * 20 + "abcdefgh",
    "GUIKOU_IDENTITY_KEYS": "s3al-" * 20 + "abcdefgh",
    "GUIKOU_ALLOWED_HOSTS": "peixun.example.org",
}
NAMES = (
    "DEBUG SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE ALLOWED_HOSTS "
    "CONTENT_SECURITY_POLICY SECURE_REFERRER_POLICY SECURE_CONTENT_TYPE_NOSNIFF X_FRAME_OPTIONS SECRET_KEY"
)


def read(var: Path, names: str = NAMES, **variables: str) -> dict[str, object]:
    """The values of settings in a process with these variables alone."""
    code = (
        "import json; from django.conf import settings as s;"
        f"print(json.dumps({{n: getattr(s, n, None) for n in {names.split()!r}}}))"
    )
    done = processes.run("-c", code, var=var, DJANGO_SETTINGS_MODULE="config.settings", **variables)
    assert done.returncode == 0, done.stderr
    values: dict[str, object] = json.loads(done.stdout)
    return values


def refusal(var: Path, **variables: str) -> str:
    """The last line of what a process says that refuses these variables."""
    code = "import config.settings"
    done = processes.run("-c", code, var=var, **variables)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


def test_the_deployment_check_is_clean_with_the_documented_variables(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('check', deploy=True, fail_level='DEBUG')"
    )
    done = processes.run(
        "-W", "error", "-c", code, var=tmp_path, DJANGO_SETTINGS_MODULE="config.settings", **PRODUCTION
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_without_any_variable_it_is_as_strict_as_in_production(tmp_path: Path) -> None:
    values = read(tmp_path)
    assert values["DEBUG"] is False
    assert values["ALLOWED_HOSTS"] == []
    assert values["SECURE_SSL_REDIRECT"] is True
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["CSRF_COOKIE_SECURE"] is True
    assert values["SECURE_HSTS_SECONDS"] == 31_536_000
    assert values["SECURE_CONTENT_TYPE_NOSNIFF"] is True
    assert values["SECURE_REFERRER_POLICY"] == "same-origin"
    assert values["X_FRAME_OPTIONS"] == "DENY"


def test_the_policy_allows_nothing_but_this_site(tmp_path: Path) -> None:
    assert read(tmp_path)["CONTENT_SECURITY_POLICY"] == {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "base-uri": ["'none'"],
            "object-src": ["'none'"],
            "frame-ancestors": ["'none'"],
            "form-action": ["'self'"],
        }
    }


def test_the_demo_answers_plain_http_on_this_machine_only(tmp_path: Path) -> None:
    values = read(tmp_path, GUIKOU_DEMO="1")
    assert values["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert values["SECURE_SSL_REDIRECT"] is False
    assert values["SESSION_COOKIE_SECURE"] is False
    assert values["SECURE_HSTS_SECONDS"] == 0
    assert values["DEBUG"] is False


def test_an_own_key_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first = read(tmp_path)["SECRET_KEY"]
    assert isinstance(first, str)
    assert len(first) > 50
    assert read(tmp_path)["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "file"), [("GUIKOU_SECRET_KEY", "secret_key"), ("GUIKOU_IDENTITY_KEYS", "identity_key")]
)
def test_beside_a_real_database_the_key_must_be_given(tmp_path: Path, name: str, file: str) -> None:
    assert name in refusal(tmp_path, **{key: value for key, value in PRODUCTION.items() if key != name})
    assert not (tmp_path / file).exists()


def test_forwarded_headers_are_believed_only_when_asked_for(tmp_path: Path) -> None:
    names = "SECURE_PROXY_SSL_HEADER AXES_CLIENT_IP_CALLABLE"
    assert read(tmp_path, names) == {"SECURE_PROXY_SSL_HEADER": None, "AXES_CLIENT_IP_CALLABLE": None}
    assert read(tmp_path, names, GUIKOU_BEHIND_PROXY="1") == {
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "AXES_CLIENT_IP_CALLABLE": "config.views.address_behind_proxy",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GUIKOU_ALLOWED_HOSTS", "*"),
        ("GUIKOU_IDENTITY_KEYS", "short"),
        ("GUIKOU_IDENTITY_KEYS", f"{'n3w-' * 20},short"),
        ("GUIKOU_DEBUG", "yes"),
        ("GUIKOU_DEMO", "true"),
        ("GUIKOU_UPLOAD_MB", "0"),
        ("GUIKOU_SESSION_HOURS", "-1"),
        ("GUIKOU_JOBS", "0"),
        ("DATABASE_URL", "mysql://a@b/c"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    keys = {key: PRODUCTION[key] for key in ("GUIKOU_SECRET_KEY", "GUIKOU_IDENTITY_KEYS")}
    line = refusal(tmp_path, **{**keys, name: value})
    assert "ImproperlyConfigured" in line
    assert name in line


def test_a_database_address_is_taken_apart() -> None:
    assert project.database_from_url(PRODUCTION["DATABASE_URL"]) == {
        "NAME": "guikou",
        "USER": "guikou",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_behind_a_socket_has_its_folder_in_the_query() -> None:
    assert project.database_from_url("postgres:///guikou?host=/run/postgresql") == {
        "NAME": "guikou",
        "USER": "",
        "PASSWORD": "",
        "HOST": "/run/postgresql",
        "PORT": "",
        "OPTIONS": {},
    }


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///db.sqlite3",
        "mysql://u:p@h/db",
        "guikou",
        "postgresql://host",
        "postgresql://host/",
        "postgresql://host/a/b",
        "postgresql://host:port/db",
    ],
)
def test_no_other_database_is_accepted(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        project.database_from_url(url)


def test_each_connection_has_its_limits(tmp_path: Path) -> None:
    databases = read(tmp_path, "DATABASES", **PRODUCTION)["DATABASES"]
    assert isinstance(databases, dict)
    default = databases["default"]
    assert default["OPTIONS"] == {
        "sslmode": "require",
        "options": "-c jit=off -c random_page_cost=1.1 -c lock_timeout=10s -c statement_timeout=30s "
        "-c idle_in_transaction_session_timeout=300s",
    }
    assert default["CONN_HEALTH_CHECKS"] is True


@pytest.mark.django_db
def test_the_limits_reach_the_server() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("off", "10s")
