"""A cadre's page: who he is, what he was trained in, what he is called to; his whole number for a reason."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from office.refusals import Refused
from office.wording import chinese_date, mask_phone
from org.models import Cadre
from org.selectors import reach
from org.services import see_identity
from org.states import CadreStatus, Committee, Precision
from training.models import TrainingRecord
from training.selectors import training_file
from training.services import void
from workflow.forms.people import PurposeForm, VoidForm
from workflow.models import ClassRun
from workflow.selectors.people import seats_of
from workflow.views.common import DeskRequest, standing_of
from workflow.views.runs import address, when

if TYPE_CHECKING:
    from datetime import date

    from django.urls import URLPattern

    from org.selectors import Reach

_SHOWN = {
    Precision.DAY: "{0.year}年{0.month}月{0.day}日",
    Precision.MONTH: "{0.year}年{0.month}月",
    Precision.YEAR: "{0.year}年",
}


def seen_cadre(request: DeskRequest, pk: int) -> tuple[Cadre, Reach]:
    """The cadre with unit and account loaded, and what one may do; 404 for whoever doesn't look at him."""
    able = reach(standing_of(request))
    cadre = get_object_or_404(Cadre.objects.select_related("unit", "user"), pk=pk)
    if not able.sees(cadre.unit_path):
        raise Http404
    return cadre, able


@require_safe
def cadre(request: DeskRequest, pk: int) -> HttpResponse:
    """The training file."""
    person, able = seen_cadre(request, pk)
    years = training_file(person)
    keeps = able.keeps(person.unit_path)
    seats = list(seats_of(person))
    known = {seat.run_id for seat in seats}
    open_to_him = set(
        ClassRun.objects.visible_to(standing_of(request)).filter(pk__in=known).values_list("pk", flat=True)
    )
    context = {
        "cadre": person,
        "active": person.status == CadreStatus.ACTIVE,
        "facts": facts_of(person, whole_phone=keeps),
        "memberships": person.memberships.select_related("union").order_by("-period"),
        "years": years,
        "hours": sum((year.hours for year in years), Decimal(0)),
        "seats": [
            {
                "seat": seat,
                "when": when(seat.run),
                "url": address("run", seat.run_id) if seat.run_id in open_to_him else "",
            }
            for seat in seats
        ],
        "keeps": keeps,
        "governs": able.governs(person.unit_path),
        "may_see_number": request.user.has_perm("org.see_identity"),
    }
    return render(request, "workflow/people/cadre.html", context)


def facts_of(person: Cadre, *, whole_phone: bool) -> list[tuple[Any, ...]]:
    """What is known, the number masked; the phone too for whoever only looks."""
    status = person.get_status_display()
    if person.status_on:
        status += f"（{chinese_date(person.status_on)}起）"
    committees = [Committee(code).label for code in person.committees]
    return [
        ("单位", person.unit.name if person.unit else ""),
        ("职务", person.post_title),
        (person.get_identity_kind_display(), person.identity_masked),
        ("职级", person.rank),
        ("性别", person.get_gender_display()),
        ("专兼职", person.get_kind_display()),
        ("出生日期", _precise(person.born_on, person.born_precision)),
        ("任职日期", _precise(person.appointed_on, person.appointed_precision)),
        ("主席职务", person.get_leadership_display()),
        ("三委委员", "、".join(committees)),
        ("手机", person.phone if whole_phone else mask_phone(person.phone)),
        ("状态", status),
        ("曾用名", person.former_name),
        ("最近参训", chinese_date(person.last_trained) if person.last_trained else "从未参训"),
        ("登录账号", person.user.username if person.user else ""),
        ("备注", person.remark),
    ]


def _precise(day: date | None, precision: str) -> str:
    return _SHOWN[Precision(precision)].format(day) if day is not None else ""


@require_http_methods(["GET", "POST"])
def cadre_identity(request: DeskRequest, pk: int) -> HttpResponse:
    """Asks why, then shows the whole number once; it is on no other page and kept by no browser."""
    person, _ = seen_cadre(request, pk)
    form = PurposeForm(request.POST or None)
    number = ""
    if form.is_valid():
        try:
            number = see_identity(
                cadre=person, actor=request.user, at=timezone.now(), purpose=form.cleaned_data["purpose"]
            )
        except Refused as refused:
            form.add_error("purpose", str(refused))
    context = {"cadre": person, "form": form, "number": number}
    response = render(request, "workflow/people/identity.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def record_void(request: DeskRequest, pk: int) -> HttpResponse:
    """Asks why, then voids a training record."""
    record = get_object_or_404(TrainingRecord.objects.select_related("cadre"), pk=pk)
    person, able = seen_cadre(request, record.cadre_id)
    if not able.governs(person.unit_path):
        raise Http404
    back = reverse("workflow:cadre", args=[person.pk])
    form = VoidForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        try:
            void(
                record=record,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("reason", str(refused))
        else:
            messages.success(request, f"已作废{person.name}的培训记录“{record.class_name}”。")
            return redirect(back)
    ask = {
        "title": "作废培训记录",
        "text": f"{person.name}：{record.class_name}（{chinese_date(record.ends_on)}结束）。"
        "作废后不再计算，原记录和原因保留可查。",
        "action": request.path,
        "label": "作废",
        "cancel_url": back,
        "form": form,
    }
    return render(request, "workflow/ask.html", {"ask": ask}, status=422 if form.errors else 200)


urlpatterns: list[URLPattern] = [
    path("people/<int:pk>/", cadre, name="cadre"),
    path("people/<int:pk>/identity/", cadre_identity, name="cadre_identity"),
    path("people/records/<int:pk>/void/", record_void, name="record_void"),
]
