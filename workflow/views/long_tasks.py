"""后台事项: what one asked for that takes long, how far it is, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from office.models import StoredFile
from office.refusals import Refused
from org.models import LongTask
from org.services import long_tasks as services
from workflow.views.common import DeskRequest, attachment, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.urls import URLPattern

#: How states look (parts/state.html).
TONES = {
    LongTask.State.WAITING: "wait",
    LongTask.State.RUNNING: "go",
    LongTask.State.DONE: "ok",
    LongTask.State.FAILED: "back",
    LongTask.State.CANCELLED: "off",
}


def _own(request: DeskRequest) -> QuerySet[LongTask]:
    return LongTask.objects.filter(created_by=request.user)


def with_tones(tasks: Iterable[LongTask]) -> list[tuple[LongTask, str]]:
    """Each with the look of its state."""
    return [(task, TONES[LongTask.State(task.state)]) for task in tasks]


@require_safe
def long_tasks(request: DeskRequest) -> HttpResponse:
    """One's own, the latest first."""
    page = page_of(request, _own(request))
    context = {"page": page, "rows": with_tones(page)}
    return render(request, "workflow/long_tasks/list.html", context)


@require_safe
def long_task(request: DeskRequest, pk: int) -> HttpResponse:
    """How far it is; asked again by the page every two seconds (only the card) until it is over."""
    task = get_object_or_404(_own(request), pk=pk)
    context = {
        "task": task,
        "tone": TONES[LongTask.State(task.state)],
        "percent": min(100, task.done * 100 // task.total) if task.total else None,
    }
    name = "_card.html" if request.htmx else "page.html"
    response = render(request, f"workflow/long_tasks/{name}", context)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


@require_POST
def long_task_cancel(request: DeskRequest, pk: int) -> HttpResponse:
    """Take it back."""
    if not _own(request).filter(pk=pk).exists():
        raise Http404
    try:
        task = services.cancel(task_id=pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已取消。" if task.is_over else "已要求取消，处理到的这一批结束后停止。")
    return redirect("workflow:long_task", pk)


@require_safe
def long_task_file(request: DeskRequest, pk: int) -> HttpResponse:
    """The file a task made, for whoever asked for it."""
    task = get_object_or_404(_own(request), pk=pk)
    file = get_object_or_404(StoredFile, pk=task.result.get("file_id"))
    with file.file.open() as content:
        return attachment(content.read(), file.name, file.mime)


urlpatterns: list[URLPattern] = [
    path("tasks/", long_tasks, name="long_tasks"),
    path("tasks/<int:pk>/", long_task, name="long_task"),
    path("tasks/<int:pk>/cancel/", long_task_cancel, name="long_task_cancel"),
    path("tasks/<int:pk>/file/", long_task_file, name="long_task_file"),
]
