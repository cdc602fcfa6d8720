"""Writing a plan line: new, edit, the budget as one types, files, delete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from office.refusals import Refused
from office.wording import moment
from rulebook.selectors import book_for
from workflow.forms.plan import PlanForm, blank, copied, field_of, initial_of
from workflow.models import ClassPlan, PlanAttachment, PlanCost
from workflow.rules import content, gate
from workflow.rules.budget import budget_of
from workflow.rules.evaluate import findings_of
from workflow.rules.gate import Act
from workflow.selectors import declared, years
from workflow.services import drafts
from workflow.states import AttachmentKind, PlanState
from workflow.views.common import standing_of, visible_plan

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile
    from django.forms import BoundField
    from django.http import QueryDict

    from org.models import Department, User
    from rulebook.schema import Book
    from workflow.rules.budget import Budget, BudgetRow
    from workflow.rules.content import Change
    from workflow.rules.findings import Finding


@dataclass
class Sheet:
    """What the form stands on: the plan (unsaved when new), its costs as stored, the book, the department."""

    plan: ClassPlan
    costs: list[PlanCost]
    book: Book
    duties: frozenset[str]
    at: datetime
    departments: list[Department] = field(default_factory=list)
    source: ClassPlan | None = None

    def form(self, data: QueryDict | None = None) -> PlanForm:
        """The form, filled in from ``data`` or from the plan."""
        return PlanForm(
            data,
            book=self.book,
            department=self.plan.department,
            year=self.plan.year,
            duties=self.duties,
            items=[cost.item for cost in self.costs],
            initial=initial_of(self.plan, self.costs),
        )

    def as_written(self, form: PlanForm) -> tuple[ClassPlan, list[PlanCost]]:
        """The plan as the form says it now; unreadable inputs count as empty."""
        if not form.is_bound:
            return self.plan, self.costs
        form.full_clean()
        return form.unsaved(self.plan)


@dataclass(frozen=True)
class Live:
    """What stands beside the form and in its cost table while one types."""

    plan: ClassPlan
    budget: Budget
    findings: list[tuple[Finding, str]]
    unreadable: list[tuple[str, str, str]]
    outside: bool
    card: bool
    rows: list[tuple[BudgetRow, BoundField | None, BoundField | None]]

    @property
    def cells(self) -> str:
        """The worked-out cells of the cost table, as htmx's ``hx-select-oob``; inputs are never swapped."""
        ids = ["b-time", "b-days", "b-total", "b-words"]
        if self.card:
            ids += ["b-average"] + [f"b-quota-{part}" for part in ("most", "asked", "gap")]
            ids += [
                f"b-{row.item}-{part}" for row in self.budget.rows for part in ("std", "qty", "most", "gap")
            ]
        return ",".join(f"#{one}" for one in ids)

    @property
    def cells_and_amounts(self) -> str:
        """The same with the amounts, for 按标准填入."""
        return self.cells + "".join(f",#id_cost_{item}" for item in self.budget.standards())

    @property
    def tally(self) -> dict[str, int]:
        """How many findings of each weight."""
        found = [finding.severity for finding, _ in self.findings]
        return {level: found.count(level) for level in ("block", "hold", "warn", "pass")}


def live(sheet: Sheet, form: PlanForm) -> Live:
    """Budget and findings of what is written, saved or not, by the same rules as the submission's."""
    plan, costs = sheet.as_written(form)
    findings = findings_of(plan, sheet.book, at=sheet.at, costs=costs)
    unreadable = [
        (f"id_{name}", str(form.fields[name].label), str(error))
        for name, errors in (form.errors.items() if form.is_bound else ())
        for error in errors
        if name in form.fields and not form.has_error(name, "required")
    ]
    opens, closes = sheet.book.window.bounds(plan.year)
    budget = budget_of(plan, costs, sheet.book)
    return Live(
        plan=plan,
        budget=budget,
        findings=[(finding, f"#{field_of(finding, plan, sheet.book)}") for finding in findings],
        unreadable=unreadable,
        outside=not opens <= timezone.localdate(sheet.at) <= closes,
        card=sheet.book.rate_card.enabled,
        rows=_table(budget, form),
    )


def _table(budget: Budget, form: PlanForm) -> list[tuple[BudgetRow, BoundField | None, BoundField | None]]:
    """Lines with their inputs; the subtotal, which has none, between the quota and what stands apart."""

    def line(row: BudgetRow) -> tuple[BudgetRow, BoundField | None, BoundField | None]:
        return row, form[f"cost_{row.item}"], form[f"note_{row.item}"]

    subtotal = [(budget.subtotal, None, None)] if budget.subtotal is not None else []
    return [
        *(line(row) for row in budget.quota),
        *subtotal,
        line(budget.lecture),
        *(line(row) for row in budget.others),
    ]


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)


def _no(request: HttpRequest, message: str, status: int = 403) -> HttpResponse:
    return render(request, "403.html", {"message": message}, status=status)


def new_sheet(request: HttpRequest, at: datetime) -> Sheet:
    """The sheet of a line not yet saved, in the department and year asked for, or copied from another plan.

    Raises 404 for a plan he may not see, :class:`Refused` where he has no department or no book is in force.
    """
    asked = request.POST if request.method == "POST" else request.GET
    departments = declared.departments_of(standing_of(request))
    if not departments:
        raise Refused("您现在没有部门岗位，不能编制年度计划。岗位由系统管理员在“组织机构”中设置。")
    source = None
    if asked.get("copy", "").isdigit():
        source = visible_plan(request, int(asked["copy"]))
    wanted = asked.get("department") or (str(source.department_id) if source else "")
    department = next((d for d in departments if str(d.pk) == wanted), departments[0])
    year = years.asked_year(asked, at)
    book = book_for(department.union, timezone.localdate(at)).book
    costs: list[PlanCost] = []
    if source is None:
        plan = blank(department, book, year=year, owner=_actor(request))
    else:
        stored = PlanCost.objects.filter(plan=source)
        plan, costs = copied(source, stored, department=department, year=year)
    duties = declared.duties_of_department(department, timezone.localdate(at))
    return Sheet(plan, costs, book, duties, at, departments, source)


def stored_sheet(request: HttpRequest, pk: int, at: datetime) -> Sheet:
    """The sheet of a saved plan; 404 for whoever may not see it."""
    plan = visible_plan(request, pk)
    day = timezone.localdate(at)
    return Sheet(
        plan,
        list(PlanCost.objects.filter(plan=plan)),
        book_for(plan.union, day).book,
        declared.duties_of_department(plan.department, day),
        at,
    )


def plan_new(request: HttpRequest) -> HttpResponse:
    """A new line, empty or copied (``?copy=<plan>``); saved at the first 保存草稿."""
    at = timezone.now()
    try:
        sheet = new_sheet(request, at)
    except Refused as refused:
        return _no(request, str(refused))
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
            actor=_actor(request),
            at=at,
        )
    except Refused as refused:
        return page(request, sheet, form, refused=str(refused), status=409)
    return _saved(request, plan, at)


def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes a line its department may still change."""
    at = timezone.now()
    sheet = stored_sheet(request, pk, at)
    if request.method != "POST":
        if reason := gate.refusal(Act.EDIT, sheet.plan, actor=_actor(request), at=at):
            return _no(request, reason)
        return page(request, sheet, sheet.form())
    form, answer = _answered(request, sheet)
    if answer is not None:
        return answer
    actor, revision = _actor(request), request.POST.get("revision", "")
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


def filled(sheet: Sheet, data: QueryDict) -> PlanForm:
    """The form with every amount set to what the rate card allows (按标准填入)."""
    plan, costs = sheet.as_written(sheet.form(data))
    data = data.copy()
    for item, amount in budget_of(plan, costs, sheet.book).standards().items():
        data[f"cost_{item}"] = f"{amount:.2f}"
    return sheet.form(data)


def _saved(request: HttpRequest, plan: ClassPlan, at: datetime) -> HttpResponse:
    """After saving: the file that came along, then on to wherever the pressed button leads."""
    action = request.POST.get("action", "")
    upload = request.FILES.get("file")
    kept = upload is None or _attach(request, plan.pk, cast("UploadedFile[bytes]", upload), at)
    if action.startswith("detach:") and action[7:].isdigit():
        messages.success(request, "草稿已保存。")
        return redirect("workflow:file_delete", pk=int(action[7:]))
    if action == "submit" and kept:
        return redirect("workflow:plan_submit", pk=plan.pk)
    messages.success(request, f"《{plan.name}》已保存。")
    return redirect(reverse("workflow:plan_edit", args=[plan.pk]) + ("#files" if action == "attach" else ""))


def _attach(request: HttpRequest, pk: int, upload: UploadedFile[bytes], at: datetime) -> bool:
    kind = request.POST.get("kind", "")
    known = AttachmentKind(kind) if kind in AttachmentKind.values else AttachmentKind.SURVEY
    try:
        drafts.attach(plan_id=pk, upload=upload, kind=known, actor=_actor(request), at=at)
    except Refused as refused:
        messages.error(request, f"附件没有上传：{refused}")
        return False
    return True


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
        "fresh": bool(plan.pk and not refused) or conflict is not None,
        "saved_at": moment(plan.updated_at, at) if plan.pk else "",
        "returned": plan.state == PlanState.RETURNED,
        "reason": declared.returns([plan]).get(plan.pk) if plan.pk else None,
    }
    return render(request, "workflow/declare/form.html", context, status=status)


@require_POST
def plan_budget(request: HttpRequest) -> HttpResponse:
    """The cost table and the findings of what is in the form, as one types (htmx); nothing is saved."""
    at = timezone.now()
    pk = request.POST.get("plan", "")
    try:
        sheet = stored_sheet(request, int(pk), at) if pk.isdigit() else new_sheet(request, at)
    except Refused as refused:
        return _no(request, str(refused))
    form = filled(sheet, request.POST) if request.POST.get("action") == "fill" else sheet.form(request.POST)
    return render(
        request,
        "workflow/declare/_answer.html",
        {"form": form, "plan": sheet.plan, "book": sheet.book, "live": live(sheet, form)},
    )


def plan_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Deletes a draft that was never submitted, after asking."""
    at, plan = timezone.now(), visible_plan(request, pk)
    if reason := gate.refusal(Act.DELETE, plan, actor=_actor(request), at=at):
        return _no(request, reason)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return _ask(
            request,
            title="删除草稿",
            text=f"《{plan.name}》还没有报送过，删除后不能恢复，附件一并删除。",
            label="删除",
            cancel=reverse("workflow:plan_edit", args=[pk]),
        )
    try:
        drafts.delete_draft(plan_id=pk, actor=_actor(request), at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:plan_edit", pk=pk)
    messages.success(request, f"《{plan.name}》已删除。")
    return redirect(f"{reverse('workflow:declare')}?year={plan.year}&department={plan.department_id}")


@require_POST
def file_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Attaches one file to a plan its department may still change."""
    plan = visible_plan(request, pk)
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, "请先选择要上传的文件。")
    elif _attach(request, plan.pk, cast("UploadedFile[bytes]", upload), timezone.now()):
        messages.success(request, f"已上传 {upload.name}。")
    return redirect(reverse("workflow:plan_edit", args=[pk]) + "#files")


def file_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a file off, after asking; earlier submissions keep naming it."""
    at = timezone.now()
    attachment = get_object_or_404(PlanAttachment.objects.select_related("file"), pk=pk)
    plan = visible_plan(request, attachment.plan_id)
    if reason := gate.refusal(Act.EDIT, plan, actor=_actor(request), at=at):
        return _no(request, reason)
    back = reverse("workflow:plan_edit", args=[plan.pk])
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return _ask(
            request,
            title="删除附件",
            text=f"从《{plan.name}》中删除附件“{attachment.file.name}”。",
            label="删除",
            cancel=f"{back}#files",
        )
    try:
        drafts.detach(attachment_id=pk, actor=_actor(request), at=at)
    except Refused as refused:
        messages.error(request, str(refused))
    except PlanAttachment.DoesNotExist:
        raise Http404 from None
    else:
        messages.success(request, f"附件“{attachment.file.name}”已删除。")
    return redirect(f"{back}#files")


def _ask(request: HttpRequest, **ask: Any) -> HttpResponse:
    question = {**ask, "action": request.path, "cancel_url": ask["cancel"]}
    return render(request, "workflow/declare/ask.html", {"ask": question})
