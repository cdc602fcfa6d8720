"""What the pages of a called-up 期 share: the run one may see, its frame, and whose people one sees.

Whoever sees the class sees every seat; people of a unit see their own unit's and nothing of the others;
anybody else gets 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone

from org.models import Union
from rulebook.selectors import book_for
from workflow.models import CallUp, ClassRun
from workflow.rules.half_days import when_text
from workflow.selectors.runs import sees_whole
from workflow.states import OPENED
from workflow.views.common import standing_of
from workflow.views.runs import seen_run, tabs_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rulebook.schema import Book
    from workflow.views.common import DeskRequest


def called_run(request: DeskRequest, pk: int) -> ClassRun:
    """A 期 behind the second gate for whoever may look at it in any way; 404 otherwise."""
    run = seen_run(request, pk)
    if run.state not in OPENED:
        raise Http404
    return run


def organised_run(request: DeskRequest, pk: int) -> ClassRun:
    """:func:`called_run` for whoever sees all of its people; 404 for people of a unit."""
    run = called_run(request, pk)
    if not sees_whole(standing_of(request), run):
        raise Http404
    return run


def unit_of(request: DeskRequest, run: ClassRun, unit_id: int) -> Union:
    """A unit whose people of this run he may see: his own, or any where he sees the class; 404 otherwise."""
    standing = standing_of(request)
    found: Union | None = Union.objects.filter(pk=unit_id).first()
    if found is None or not (unit_id in standing.union_ids or sees_whole(standing, run)):
        raise Http404
    return found


def call_up_of(run: ClassRun) -> CallUp:
    """The run's notice; an unsaved one while nobody has written any."""
    found = CallUp.objects.filter(run=run).first()
    return found if found is not None else CallUp(run=run)


def book_of(run: ClassRun) -> Book:
    """The rule book the run's union goes by today."""
    return book_for(run.plan.union, timezone.localdate()).book


def frame(run: ClassRun, current: str) -> dict[str, Any]:
    """What ``_frame.html`` needs."""
    return {"run": run, "plan": run.plan, "tabs": tabs_of(run, current), "when": when_text(run)}


def ask(
    request: DeskRequest, *, title: str, text: str, label: str, cancel_url: str = "", revise: str = ""
) -> HttpResponse:
    """The question before what can't be taken back, as a page: what was sent is sent again with it.

    ``revise``: the label of the way back to a form with what was typed, which comes as ``revise=1``; without
    it 取消 leads to ``cancel_url``.
    """
    hidden = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed")
        for value in values
    ]
    question = {
        "title": title,
        "text": text,
        "action": request.get_full_path(),
        "label": label,
        "hidden": hidden,
        "cancel_url": cancel_url,
        "revise": revise,
    }
    return render(request, "workflow/ask.html", {"ask": question})
