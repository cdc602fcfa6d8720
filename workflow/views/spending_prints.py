"""报销附件清单 as a tick list, and 讲课费签收单 to be signed: pages to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rulebook.schema import UnknownCode
from workflow.rules import spending as rules
from workflow.rules.half_days import when_text
from workflow.selectors import runs as run_selectors
from workflow.selectors import spending as select
from workflow.views.common import DeskRequest, standing_of
from workflow.views.payments import kind_title, seen_payment
from workflow.views.runs import seen_run
from workflow.views.spending_desk import seen_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from django.urls import URLPattern

    from budgets.models import SupportingPaper
    from rulebook.schema import Book

#: Empty lines of a 签收单, for a lecturer the timetable doesn't name.
SPARE_LINES = 2


@require_safe
def payment_papers(request: DeskRequest, pk: int) -> HttpResponse:
    """报销附件清单 of one payment: what its kind takes, and what is there."""
    found = seen_payment(request, pk)
    case = rules.case_of(found.project_id)
    there: dict[str, list[SupportingPaper]] = {}
    for paper in found.papers.select_related("file").order_by("id"):
        there.setdefault(paper.code, []).append(paper)
    kind = case.book.money.kind(found.kind) if case is not None else None
    wanted = case.book.money.papers_of(kind) if case is not None and kind is not None else ()
    rows = [_row(paper.title, there.pop(paper.code, [])) for paper in wanted]
    rows += [_row(several[0].title, several) for several in there.values()]
    back = sum(select.refunded_by_line(found).values(), select.ZERO)
    context = {
        "project": found.project,
        "payment": found,
        "kind": kind_title(case.book if case is not None else None, found.kind),
        "clause": kind.clause if kind is not None else "",
        "session": rules.session_title(case, found.session_no) if case is not None else "",
        "rows": rows,
        "invoices": found.invoices.order_by("id"),
        "back": back,
        "net": found.amount - back,
        "today": timezone.localdate(),
        "back_url": reverse("workflow:payment", args=[pk]),
    }
    return render(request, "workflow/money/papers_print.html", context)


def _row(title: str, papers: list[SupportingPaper]) -> dict[str, Any]:
    names = [paper.file.name if paper.file is not None else paper.evidence for paper in papers]
    files = len({paper.file_id for paper in papers} - {None})
    what = "；".join(dict.fromkeys(names))
    return {"title": title, "there": bool(papers), "what": what, "source": "", "files": files or ""}


@require_safe
def project_papers(request: DeskRequest, pk: int) -> HttpResponse:
    """What each kind of payment of this class will take, before anybody claims it (``?kind=&session=``)."""
    project = seen_project(request, pk)
    case = rules.case_of(pk)
    if case is None:
        raise Http404
    chosen, session = request.GET.get("kind", ""), request.GET.get("session", "")
    session_no = case.session(int(session) if session.isdigit() and case.run(int(session)) else None)
    kinds = [kind for kind in case.book.money.kinds if not kind.refund]
    lying = select.promised_papers(project, session_no)
    sheets = []
    for kind in [kind for kind in kinds if kind.code == chosen] or kinds:
        needed = rules.needed_papers(case, kind, session_no)
        sheets.append({"kind": kind, "rows": [_needed_row(each, lying) for each in needed]})
    context = {
        "project": project,
        "case": case,
        "session": rules.session_title(case, session_no),
        "session_no": session_no or "",
        "sessions": [run.session_no for run in case.runs] if case.plan.sessions > 1 else [],
        "kinds": kinds,
        "chosen": chosen,
        "sheets": sheets,
        "today": timezone.localdate(),
        "back_url": reverse("workflow:project", args=[pk]),
    }
    return render(request, "workflow/money/needed_print.html", context)


def _needed_row(each: rules.NeededPaper, lying: Mapping[str, list[str]]) -> dict[str, Any]:
    """``lying``: the papers that lie with open commitments, by code."""
    there = lying.get(each.paper.code)
    if each.known is None and there:
        return {"title": each.paper.title, "there": True, "what": "；".join(there), "source": "已附在预占"}
    if each.known is None:
        return {"title": each.paper.title, "there": False, "what": "", "source": "提交原件或复印件"}
    return {
        "title": each.paper.title,
        "there": each.at_hand,
        "what": each.known.text or each.known.why,
        "source": "系统内已有" if each.at_hand else "待办",
    }


@require_safe
def lecture_slip(request: DeskRequest, pk: int) -> HttpResponse:
    """讲课费签收单 of a 期 from its timetable; who was paid already has his amounts, the rest is written."""
    run = seen_run(request, pk)
    if not run_selectors.sees_whole(standing_of(request), run) or run.plan.version is None:
        raise Http404
    book = run.plan.version.book.book
    paid = select.paid_lecturers(run.plan.project_id, run.session_no)
    project = run.plan.project_now
    back = reverse("workflow:project", args=[project.pk]) if project else reverse("workflow:run", args=[pk])
    context = {
        "run": run,
        "plan": run.plan,
        "when": when_text(run),
        "lecturers": [
            {
                "one": one,
                "title": _rank(book, one.title),
                "fee": paid.get(one.name),
                "ceiling": _ceiling(book, one.title, one.hours),
            }
            for one in select.lecturers([run.pk])
        ],
        "spare": range(SPARE_LINES),
        "card": book.rate_card if book.rate_card.enabled else None,
        "back_url": back,
    }
    return render(request, "workflow/money/slip_print.html", context)


def _rank(book: Book, code: str) -> str:
    return next((rate.title for rate in book.rate_card.lecture if rate.code == code), code)


def _ceiling(book: Book, code: str, hours: Decimal) -> Decimal | None:
    """Yuan after tax; None where the card is off or doesn't know the title."""
    if not book.rate_card.enabled:
        return None
    try:
        return book.rate_card.lecture_rate(code).after_tax * hours
    except UnknownCode:
        return None


urlpatterns: list[URLPattern] = [
    path("payments/<int:pk>/papers/", payment_papers, name="payment_papers"),
    path("projects/<int:pk>/papers/", project_papers, name="project_papers"),
    path("runs/<int:pk>/lecture-slip/", lecture_slip, name="lecture_slip"),
]
