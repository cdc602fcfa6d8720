"""Settings of every way to run: production, demo, tests. One file, read from the environment.

Without any variable the site runs as in production: no debugging, cookies over https only, strict headers.
`GUIKOU_DEMO=1` (set by `make demo`) allows plain http on this machine. deploy/README.md explains them all.
"""

from __future__ import annotations

import os
import secrets
import warnings
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import embedded

# django-fsm 3.0.1 is pinned on purpose (docs/decisions/0003-dependencies.md); its notice isn't news.
warnings.filterwarnings("ignore", "The 'django-fsm' package has been integrated", UserWarning)

BASE_DIR = Path(__file__).resolve().parent.parent


# ---- typed readers of the environment


def env_text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks, or `default` when unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_flag(name: str) -> bool:
    """True for 1, false for 0 or unset; anything else is refused rather than guessed."""
    value = env_text(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"环境变量 {name} 只能是 0 或 1，现在是 {value!r}。")
    return value == "1"


def env_int(name: str, default: int, *, least: int = 0) -> int:
    """A whole number not below `least`."""
    value = env_text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"环境变量 {name} 应为不小于 {least} 的整数，现在是 {value!r}。")
    return int(value)


def env_list(name: str) -> list[str]:
    """Comma-separated values."""
    return [item.strip() for item in env_text(name).split(",") if item.strip()]


def database_from_url(url: str) -> dict[str, object]:
    """Django's settings of a `postgresql://user:password@host:port/name?sslmode=…` address, no other."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL 只支持 PostgreSQL：postgresql://用户:密码@主机:端口/库名")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ImproperlyConfigured("DATABASE_URL 缺少库名：postgresql://用户:密码@主机:端口/库名")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL 的端口不是数字。") from None
    options: dict[str, object] = dict(parse_qsl(parts.query, keep_blank_values=True))
    # A folder as host is a Unix socket; it may stand in the query, as libpq writes it.
    host = options.pop("host", None) or unquote(parts.hostname or "")
    return {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def kept_secret(path: Path) -> str:
    """A key of this installation's own: made once, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text().strip()


# ---- how it is run

TESTING = "PYTEST_VERSION" in os.environ
DEMO = TESTING or env_flag("GUIKOU_DEMO")
DEBUG = env_flag("GUIKOU_DEBUG")
VAR_DIR = Path(env_text("GUIKOU_VAR", str(BASE_DIR / "var"))).expanduser().resolve()

DATABASE_URL = env_text("DATABASE_URL")
# The data of the embedded server, or None when DATABASE_URL names another one. `config.embedded` starts it.
EMBEDDED_DATA: Path | None = None if DATABASE_URL else embedded.data_dir(VAR_DIR)

SECRET_KEY = env_text("GUIKOU_SECRET_KEY")
if not SECRET_KEY:
    if DATABASE_URL and not DEMO:
        raise ImproperlyConfigured("请设置 GUIKOU_SECRET_KEY（至少 50 个随机字符），见 deploy/README.md。")
    SECRET_KEY = kept_secret(VAR_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("GUIKOU_SECRET_KEY_FALLBACKS")

# What identity numbers are sealed with: the current key, then those of before (docs/decisions/0020).
IDENTITY_KEYS = env_list("GUIKOU_IDENTITY_KEYS")
if not IDENTITY_KEYS:
    if DATABASE_URL and not DEMO:
        raise ImproperlyConfigured("请设置 GUIKOU_IDENTITY_KEYS（至少 50 个随机字符），见 deploy/README.md。")
    IDENTITY_KEYS = [kept_secret(VAR_DIR / "identity_key")]
if any(len(key) < 50 for key in IDENTITY_KEYS):
    raise ImproperlyConfigured("环境变量 GUIKOU_IDENTITY_KEYS 里的每个密钥都应至少 50 个随机字符。")

ALLOWED_HOSTS = env_list("GUIKOU_ALLOWED_HOSTS")
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("GUIKOU_ALLOWED_HOSTS 不能是 *，请写出访问本系统的域名。")
if DEMO:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]

# The address of the very source that runs, for the footer, as the AGPL asks. The site itself hands it out.
SOURCE_URL = env_text("GUIKOU_SOURCE_URL", "/source/")

# ---- applications

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "config.apps.StaticFiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "viewflow",
    "viewflow.workflow",
    "guardian",
    "pgtrigger",
    "pghistory",
    "treebeard",
    "bulma",
    "django_htmx",
    "axes",
    "csp",
    "procrastinate.contrib.django",
    "office",
    "org",
    "rulebook",
    "budgets",
    "training",
    "workflow",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "office.middleware.BusyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "office.context.frame",
                "workflow.context.navigation",
            ],
        },
    },
]

# ---- database

if EMBEDDED_DATA is None:
    _database = database_from_url(DATABASE_URL)
else:
    _database = {
        "NAME": embedded.DATABASE,
        "USER": embedded.USER,
        "PASSWORD": "",
        "HOST": str(embedded.socket_dir(VAR_DIR)),
        "PORT": str(embedded.PORT),
        "OPTIONS": {},
    }

# A page must not wait for ever: for a lock, for a query, or with a transaction left open. `manage.py` lifts
# the second. Compiling (jit) costs these short queries more than it gives. A page at random costs nearly what
# the next one does on today's disks; told otherwise the planner reads whole tables for a list of 10,000.
_session = {
    "jit": "off",
    "random_page_cost": "1.1",
    "lock_timeout": f"{env_int('GUIKOU_LOCK_SECONDS', 10)}s",
    "statement_timeout": f"{env_int('GUIKOU_STATEMENT_SECONDS', 30)}s",
    "idle_in_transaction_session_timeout": "300s",
}
if TESTING:
    _session["synchronous_commit"] = "off"
_options = dict(_database["OPTIONS"])  # type: ignore[call-overload]
_options["options"] = " ".join(
    [*(f"-c {name}={value}" for name, value in _session.items()), str(_options.get("options", ""))]
).strip()

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **_database,
        "OPTIONS": _options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- who signs in

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Five wrong passwords for one name from one address: a quarter of an hour's pause. Counted per pair, so that
# nobody can shut a colleague out and an office behind one address isn't locked by one clerk.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_VERBOSE = False
# Its admin pages are English; a lock ends by itself or by `manage.py axes_reset_username`.
AXES_ENABLE_ADMIN = False

# ---- history and workflow

PGHISTORY_APPEND_ONLY = True
# A GET changes nothing here; attaching who and where to every read would cost each query a round.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
# viewflow would add its own site and turbo middleware; our pages use neither.
VIEWFLOW = {"AUTOREGISTER": False}

# ---- language, time, files

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static",) if path.is_dir()]
MEDIA_ROOT = VAR_DIR / ("uploads-of-tests" if TESTING else "uploads")
# An upload has no address of its own: a view hands it to those who may read what it belongs to.
MEDIA_URL = ""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Tests and debugging read the files where they are written; otherwise `collectstatic` has gathered them.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TESTING or DEBUG

UPLOAD_MAX_BYTES = env_int("GUIKOU_UPLOAD_MB", 20, least=1) * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a whole year's lines are decided on one page
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# ---- long work (docs/decisions/0023)

# How many long tasks one worker does at a time: two, so that a check doesn't wait for a year's import.
JOBS_AT_ONCE = env_int("GUIKOU_JOBS", 2, least=1)

# ---- safety of the browser's side

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_AGE = env_int("GUIKOU_SESSION_HOURS", 10, least=1) * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not DEMO
CSRF_COOKIE_SECURE = not DEMO
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = env_list("GUIKOU_TRUSTED_ORIGINS")

SECURE_SSL_REDIRECT = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else env_int("GUIKOU_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_HSTS_PRELOAD = not DEMO

# Only a proxy that always sets or removes these headers may be believed.
if env_flag("GUIKOU_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_CLIENT_IP_CALLABLE = "config.views.address_behind_proxy"

# ---- log

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("GUIKOU_LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns of each HEAD request
    },
}
