"""The product exactly as it is set up for work, in a database of its own. Plain http, as on this machine."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("GUIKOU_DEMO", "1")
os.environ.setdefault("GUIKOU_STATEMENT_SECONDS", "0")

from config.settings import *  # noqa: F403
from config.settings import ALLOWED_HOSTS, DATABASES

warnings.filterwarnings("ignore", "No directory at", UserWarning)
ALLOWED_HOSTS += ["testserver"]
DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
# The clock is for the work, not for finding the files of a stylesheet that was never collected.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
