"""What the frame of every page shows besides the page itself."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest  # noqa: TID251
from django.utils import timezone


class Frame(TypedDict):
    """The variables ``base.html``, ``plain.html`` and ``parts/foot.html`` read."""

    source_url: str
    version: str
    today: date


@cache
def product_version() -> str:
    """The version ``pyproject.toml`` states: the project runs from its folder and isn't installed."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def frame(request: HttpRequest) -> Frame:
    """Context processor: where the source is (AGPL-3.0 §13), the version, today in Shanghai. No query."""
    return {
        "source_url": settings.SOURCE_URL,
        "version": product_version(),
        "today": timezone.localdate(),
    }
