"""What the pages share: the signed-in person, his standing, a plan he may see, a page of a list, a file."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from org.selectors import Standing, standing
from workflow.models import ClassPlan
from workflow.selectors.desk import Badges, badges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django_htmx.middleware import HtmxDetails
    from openpyxl import Workbook

    from org.models import User

PER_PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

T = TypeVar("T")


class DeskRequest(HttpRequest):
    """A request behind sign-in, for annotations: ``user`` is a person."""

    user: User
    htmx: HtmxDetails


def standing_of(request: HttpRequest) -> Standing:
    """The signed-in person's standing today: read once a request, shared by the frame and the page."""
    kept: Standing | None = getattr(request, "_standing", None)
    today = timezone.localdate()
    if kept is None or kept.user != request.user or kept.on != today:
        kept = standing(request.user, today)  # type: ignore[arg-type]
        request._standing = kept  # type: ignore[attr-defined]
    return kept


def badges_of(request: HttpRequest) -> Badges:
    """The badges of the frame, read once a request."""
    kept: Badges | None = getattr(request, "_badges", None)
    if kept is None:
        kept = badges(standing_of(request), timezone.now())
        request._badges = kept  # type: ignore[attr-defined]
    return kept


def visible_plan(request: HttpRequest, pk: int) -> ClassPlan:
    """The plan with union, department, version and book loaded; 404 for whoever may not see it."""
    plan = (
        ClassPlan.objects.visible_to(standing_of(request))
        .select_related("union", "department", "created_by", "version__book", "version__submitted_by")
        # The book's text is parsed once a process (RuleBook.book); a page needn't carry it.
        .defer("version__book__content", "version__book__source_text")
        .filter(pk=pk)
        .first()
    )
    if plan is None:
        raise Http404
    return plan


def page_of(
    request: HttpRequest,
    rows: QuerySet[Any, T] | Sequence[T],
    per: int = PER_PAGE,
    count: int | None = None,
) -> Page[T]:
    """The page the address asks for (``?page=2``), the nearest one where that is nonsense.

    ``count``: how many rows there are, where that is known already.
    """
    paginator = Paginator(rows, per)
    if count is not None:
        paginator.count = count  # Django's would be worked out by a query, once, and kept like this
    return paginator.get_page(request.GET.get("page"))


def attachment(content: bytes, name: str, mime: str = XLSX) -> HttpResponse:
    """A file to be kept, never shown in the browser; its Chinese name as RFC 5987 writes it."""
    response = HttpResponse(content, content_type=mime)
    response["Content-Disposition"] = disposition(name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def disposition(name: str) -> str:
    """``attachment`` with the name in UTF-8, and one in ASCII for what can't read it."""
    kept = "".join(char for char in name if char.isprintable() and char not in '\\/"')
    suffix = kept.rpartition(".")[2]
    plain = f"file.{suffix}" if suffix.isascii() and suffix.isalnum() and len(suffix) <= 5 else "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(kept, safe='')}"


def workbook_file(book: Workbook, name: str) -> HttpResponse:
    """A workbook as a download; ``name`` without its ending."""
    buffer = BytesIO()
    book.save(buffer)
    return attachment(buffer.getvalue(), f"{name}.xlsx")
