"""A minimal stock viewflow project on the same server, with the same session settings as the product."""

from __future__ import annotations

import os

os.environ.setdefault("GUIKOU_DEMO", "1")
os.environ.setdefault("GUIKOU_STATEMENT_SECONDS", "0")

from config.settings import DATABASES, DEFAULT_AUTO_FIELD, LANGUAGE_CODE, TIME_ZONE  # noqa: F401

DATABASES["default"]["NAME"] = os.environ["BENCH_STOCK_DATABASE"]
SECRET_KEY = "bench"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "bench.stock.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "viewflow",
    "viewflow.workflow",
    "bench.stock",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
