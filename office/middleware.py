"""What may happen to any request that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError
from django.shortcuts import render  # noqa: TID251 - a middleware is HTTP's
from psycopg.errors import DeadlockDetected, LockNotAvailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse  # noqa: TID251

BUSY = "他人正在办理同一事项，本次操作没有生效，什么也没有改变。请稍候再试。"


class BusyMiddleware:
    """Somebody held a row for longer than ``lock_timeout``: an answer in words, not an error page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The 409 page for a lock not had in time; anything else stays what it is."""
        cause = exception.__cause__ if isinstance(exception, OperationalError) else None
        if not isinstance(cause, LockNotAvailable | DeadlockDetected):
            return None
        return render(request, "409.html", {"message": BUSY, "back_url": request.path}, status=409)
