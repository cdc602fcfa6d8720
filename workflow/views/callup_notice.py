"""通知: the 调训通知 of a 期, written, looked at, sent out; as a .docx and as text for WeChat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from office.refusals import Refused
from office.uploads import MIMES
from office.wording import moment
from workflow.forms.callup import NoticeForm, ProlongForm
from workflow.models import CallUp, ClassRun, Lesson, Quota
from workflow.prints.notice import notice_docx
from workflow.prints.notice_text import notice_text, wechat_text
from workflow.rules.run_gate import RunAct, refusal
from workflow.selectors.runs import sees_whole
from workflow.services.callup import issue, prolong, save_notice, why_not_issue
from workflow.views.callup_frame import ask, book_of, call_up_of, called_run, frame
from workflow.views.common import DeskRequest, attachment, standing_of
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from django import forms
    from django.urls import URLPattern

    from workflow.prints.notice_text import NoticeText


def _notice(run: ClassRun, call_up: CallUp) -> NoticeText:
    quotas = list(Quota.objects.filter(run=run).select_related("unit"))
    return notice_text(
        run=run, call_up=call_up, quotas=quotas, lessons=Lesson.objects.filter(run=run), book=book_of(run)
    )


@require_http_methods(["GET", "POST"])
def run_notice(request: DeskRequest, pk: int) -> HttpResponse:
    """The notice as it stands; the organiser writes it, a unit called up reads it once it has gone out."""
    run, at = called_run(request, pk), timezone.now()
    whole = sees_whole(standing_of(request), run)
    call_up = call_up_of(run)
    if not whole and call_up.issued_at is None:
        raise Http404
    reason = refusal(RunAct.NOTICE, run, actor=request.user, at=at)
    sent = call_up.issued_at is not None
    form = (ProlongForm if sent else NoticeForm)(
        request.POST if request.method == "POST" else None, call_up=call_up
    )
    if request.method == "POST":
        if reason:
            return forbidden(request, reason)
        if form.is_valid():
            response = _prolong(request, run, form) if sent else _save(request, run, form)
            if response is not None:
                return response
    notice = _notice(run, call_up)
    context: dict[str, Any] = {
        **frame(run, "run_notice"),
        "whole": whole,
        "form": form,
        "call_up": call_up,
        "reason": reason,
        "notice": notice,
        "wechat": wechat_text(notice, run=run, call_up=call_up),
    }
    if not whole:
        context["tabs"] = []
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/callup/notice.html", context, status=status)


def _prolong(request: DeskRequest, run: ClassRun, form: forms.Form) -> HttpResponse | None:
    """A later deadline; None where the form has to be shown again."""
    at = timezone.now()
    try:
        prolong(run_id=run.pk, deadline=form.cleaned_data["deadline"], actor=request.user, at=at)
    except Refused as refused:
        form.add_error("deadline", str(refused))
        return None
    messages.success(request, f"报名截止已延长到 {moment(form.cleaned_data['deadline'], now=at)}。")
    return redirect("workflow:run_notice", run.pk)


def _save(request: DeskRequest, run: ClassRun, form: forms.Form) -> HttpResponse | None:
    """Saves, and sends out where that was pressed; None where the form has to be shown again."""
    sending, at = request.POST.get("action") == "issue", timezone.now()
    try:
        given = dict(form.cleaned_data)
        deadline, issued_on = given.pop("deadline"), given.pop("issued_on")
        save_notice(
            run_id=run.pk,
            fields=given,
            deadline=deadline,
            issued_on=issued_on,
            actor=request.user,
            at=at,
        )
        if sending and request.POST.get("confirmed") != "1":
            return _before_sending(request, run, form)
        if sending:
            issue(run_id=run.pk, actor=request.user, at=at)
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    said = "调训通知已发出，各单位可以报名。" if sending else "通知已保存。"
    messages.success(request, said)
    return redirect("workflow:run_notice", run.pk)


def _before_sending(request: DeskRequest, run: ClassRun, form: forms.Form) -> HttpResponse | None:
    """Asks whether the notice, saved by now, is to go out; says what is missing first, and None then."""
    missing = why_not_issue(run_id=run.pk, actor=request.user, at=timezone.now())
    for text in missing:
        form.add_error(None, text)
    if missing:
        return None
    return ask(
        request,
        title="发出调训通知",
        text=f"发出《{run.title}》的调训通知后，各单位即可报名，通知内容不能再改。通知已保存，还没有发出。",
        label="发出通知",
        cancel_url=reverse("workflow:run_notice", args=[run.pk]),
    )


@require_safe
def run_notice_docx(request: DeskRequest, pk: int) -> HttpResponse:
    """The notice on red-headed paper, with both attachments."""
    run = called_run(request, pk)
    call_up = call_up_of(run)
    if call_up.issued_at is None and not sees_whole(standing_of(request), run):
        raise Http404
    notice = _notice(run, call_up)
    return attachment(notice_docx(notice), f"{notice.title}.docx", MIMES["docx"])


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/notice/", run_notice, name="run_notice"),
    path("runs/<int:pk>/notice.docx", run_notice_docx, name="run_notice_docx"),
]
