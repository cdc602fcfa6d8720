"""Writing a plan line: new, edit, the budget as one types, files, delete."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from office.refusals import Refused
from office.wording import moment
from workflow.models import ClassPlan, PlanAttachment
from workflow.rules import content, gate
from workflow.rules.gate import Act
from workflow.selectors import declared
from workflow.services import drafts
from workflow.states import AttachmentKind
from workflow.views.common import visible_plan
from workflow.views.plan_sheet import filled, live, new_sheet, stored_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from org.models import User
    from workflow.forms.plan import PlanForm
    from workflow.rules.content import Change
    from workflow.views.plan_sheet import Sheet


class Elsewhere(Refused):
    """It can't be done here; ``url`` is the page where it can, or where what stops it is mended."""

    def __init__(self, message: str, url: str, label: str) -> None:
        super().__init__(message)
        self.url = url
        self.label = label


def answers_refusals(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose :class:`Refused` becomes a page (no book in force, no department); what is gone, 404."""

    @wraps(view)
    def answered(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Elsewhere as refused:
            return no(request, str(refused), link=(refused.url, refused.label))
        except Refused as refused:
            return no(request, str(refused))
        except ObjectDoesNotExist:
            # Deleted by a colleague between our reading it and our locking it.
            raise Http404 from None

    return answered


def no(
    request: HttpRequest, message: str, plan: ClassPlan | None = None, link: tuple[str, str] | None = None
) -> HttpResponse:
    """Why he may look but not act; with the way to the plan he may look at, or to another page (address,
    words)."""
    context = {"message": message, "plan": plan, "link": link}
    return render(request, "workflow/declare/no.html", context, status=403)


def actor_of(request: HttpRequest) -> User:
    """The signed-in person."""
    return cast("User", request.user)


@answers_refusals
def plan_new(request: HttpRequest) -> HttpResponse:
    """A new line, empty or copied (``?copy=<plan>``); saved at the first 保存草稿."""
    at = timezone.now()
    sheet = new_sheet(request, at)
    if request.method != "POST":
        return page(request, sheet, sheet.form())
    form, answer = _answered(request, sheet)
    if answer is not None:
        return answer
    try:
        plan = drafts.create_draft(
            department=sheet.plan.department,
            year=sheet.plan.year,
            fields=form.content(),
            costs=form.costs(),
            actor=actor_of(request),
            at=at,
        )
    except Refused as refused:
        return page(request, sheet, form, refused=str(refused), status=409)
    return _saved(request, plan, at)


@answers_refusals
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes a line its department may still change."""
    at = timezone.now()
    if request.method == "POST" and not ClassPlan.objects.filter(pk=pk).exists():
        return _orphan(request, at)
    sheet = stored_sheet(request, pk, at)
    if request.method != "POST":
        if reason := gate.refusal(Act.EDIT, sheet.plan, actor=actor_of(request), at=at):
            return no(request, reason, sheet.plan)
        return page(request, sheet, sheet.form())
    form, answer = _answered(request, sheet)
    if answer is not None:
        return answer
    actor, revision = actor_of(request), request.POST.get("revision", "")
    try:
        if request.POST.get("action") == "copy":
            plan = drafts.create_draft(
                department=sheet.plan.department,
                year=sheet.plan.year,
                fields=form.content(),
                costs=form.costs(),
                actor=actor,
                at=at,
            )
        else:
            plan = drafts.edit_draft(
                plan_id=pk,
                revision=int(revision) if revision.isdigit() else -1,
                fields=form.content(),
                costs=form.costs(),
                actor=actor,
                at=at,
            )
    except drafts.StaleDraft as stale:
        return _stale(request, pk, form, at, str(stale))
    except Refused as refused:
        return page(request, sheet, form, refused=str(refused), status=409)
    return _saved(request, plan, at)


def _answered(request: HttpRequest, sheet: Sheet) -> tuple[PlanForm, HttpResponse | None]:
    """The posted form, and the page where it is only to be looked at: 重新计算, 按标准填入, or faults."""
    form, action = sheet.form(request.POST), request.POST.get("action", "")
    if action == "fill":
        form = filled(sheet, request.POST)
    if action in ("recompute", "fill"):
        return form, page(request, sheet, form)
    if not form.is_valid():
        return form, page(request, sheet, form, status=422)
    return form, None


def _saved(request: HttpRequest, plan: ClassPlan, at: datetime) -> HttpResponse:
    """After saving: the file that came along, then on to wherever the pressed button leads."""
    action = request.POST.get("action", "")
    upload = request.FILES.get("file")
    kept = upload is None or _attach(request, plan.pk, cast("UploadedFile[bytes]", upload), at)
    if action.startswith("detach:") and action[7:].isdigit():
        messages.success(request, "草稿已保存。")
        return redirect("workflow:file_delete", pk=int(action[7:]))
    if action == "attach" and upload is None:
        messages.error(request, "还没有选择要上传的文件。内容已保存，请选择文件后再按“保存并上传”。")
        return redirect(reverse("workflow:plan_edit", args=[plan.pk]) + "#files")
    if action == "submit" and kept:
        return redirect("workflow:plan_submit", pk=plan.pk)
    messages.success(request, f"《{plan.name}》已保存。")
    return redirect(reverse("workflow:plan_edit", args=[plan.pk]) + ("#files" if action == "attach" else ""))


def _attach(request: HttpRequest, pk: int, upload: UploadedFile[bytes], at: datetime) -> bool:
    kind = request.POST.get("kind", "")
    known = AttachmentKind(kind) if kind in AttachmentKind.values else AttachmentKind.SURVEY
    try:
        drafts.attach(plan_id=pk, upload=upload, kind=known, actor=actor_of(request), at=at)
    except Refused as refused:
        messages.error(request, f"附件没有上传：{refused}")
        return False
    return True


def _orphan(request: HttpRequest, at: datetime) -> HttpResponse:
    """Somebody deleted the draft meanwhile: what was typed becomes the form of a new one."""
    sheet = new_sheet(request, at)
    message = "您编辑期间，这份草稿已被他人删除。"
    return page(
        request,
        sheet,
        sheet.form(request.POST),
        refused=message,
        target=reverse("workflow:plan_new"),
        status=409,
    )


def _stale(request: HttpRequest, pk: int, form: PlanForm, at: datetime, message: str) -> HttpResponse:
    """Both texts side by side; the form keeps what was typed and may be saved over what it now stands on."""
    sheet = stored_sheet(request, pk, at)
    files = list(PlanAttachment.objects.filter(plan=pk).select_related("file"))
    plan, costs = form.unsaved(sheet.plan)
    theirs = content.snapshot(sheet.plan, sheet.costs, files)
    mine = content.snapshot(plan, costs, files)
    return page(
        request,
        sheet,
        form,
        conflict=content.differences(theirs, mine, sheet.book),
        refused=message,
        status=409,
    )


def page(
    request: HttpRequest,
    sheet: Sheet,
    form: PlanForm,
    *,
    conflict: list[Change] | None = None,
    refused: str = "",
    target: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form with its live part; ``conflict``: what somebody saved meanwhile beside what was typed here."""
    plan, at = sheet.plan, sheet.at
    files = PlanAttachment.objects.filter(plan=plan.pk).select_related("file") if plan.pk else ()
    lost = request.FILES.get("file") if request.method == "POST" else None
    context = {
        "plan": plan,
        "form": form,
        "book": sheet.book,
        "departments": sheet.departments,
        "source": sheet.source,
        "live": live(sheet, form),
        "modules": [form[f"module_{code}"] for code in form.module_codes],
        "files": files,
        "conflict": conflict,
        "refused": refused,
        "lost_file": lost.name if lost is not None else "",
        "target": target,
        "saved_at": moment(plan.updated_at, at) if plan.pk else "",
        "reason": declared.returns([plan]).get(plan.pk) if plan.pk else None,
    }
    return render(request, "workflow/declare/form.html", context, status=status)


@require_POST
@answers_refusals
def plan_budget(request: HttpRequest) -> HttpResponse:
    """The cost table and the findings of what is in the form, as one types (htmx); nothing is saved."""
    at = timezone.now()
    pk = request.POST.get("plan", "")
    sheet = stored_sheet(request, int(pk), at) if pk.isdigit() else new_sheet(request, at)
    form = filled(sheet, request.POST) if request.POST.get("action") == "fill" else sheet.form(request.POST)
    return render(
        request,
        "workflow/declare/_answer.html",
        {"form": form, "plan": sheet.plan, "book": sheet.book, "live": live(sheet, form)},
    )


@answers_refusals
def plan_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Deletes a draft that was never submitted, after asking."""
    at, plan = timezone.now(), visible_plan(request, pk)
    if reason := gate.refusal(Act.DELETE, plan, actor=actor_of(request), at=at):
        return no(request, reason, plan)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="删除草稿",
            text=f"《{plan.name}》还没有报送过，删除后不能恢复，附件一并删除。",
            label="删除",
            cancel=reverse("workflow:plan_edit", args=[pk]),
        )
    try:
        drafts.delete_draft(plan_id=pk, actor=actor_of(request), at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:plan_edit", pk=pk)
    messages.success(request, f"《{plan.name}》已删除。")
    return redirect(f"{reverse('workflow:declare')}?year={plan.year}&department={plan.department_id}")


@require_POST
@answers_refusals
def file_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Attaches one file to a plan its department may still change."""
    plan = visible_plan(request, pk)
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, "请先选择要上传的文件。")
    elif _attach(request, plan.pk, cast("UploadedFile[bytes]", upload), timezone.now()):
        messages.success(request, f"已上传 {upload.name}。")
    return redirect(reverse("workflow:plan_edit", args=[pk]) + "#files")


@answers_refusals
def file_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a file off, after asking; earlier submissions keep naming it."""
    at = timezone.now()
    attachment = get_object_or_404(PlanAttachment.objects.select_related("file"), pk=pk)
    plan = visible_plan(request, attachment.plan_id)
    if reason := gate.refusal(Act.EDIT, plan, actor=actor_of(request), at=at):
        return no(request, reason, plan)
    back = reverse("workflow:plan_edit", args=[plan.pk])
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="删除附件",
            text=f"从《{plan.name}》中删除附件“{attachment.file.name}”。",
            label="删除",
            cancel=f"{back}#files",
        )
    try:
        drafts.detach(attachment_id=pk, actor=actor_of(request), at=at)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"附件“{attachment.file.name}”已删除。")
    return redirect(f"{back}#files")


def ask(request: HttpRequest, **question: Any) -> HttpResponse:
    """A question as a page: title, text, label, cancel (where 取消 leads), hidden ([(name, value)])."""
    question |= {"action": request.path, "cancel_url": question["cancel"]}
    return render(request, "workflow/ask.html", {"ask": question})
