"""Entering a cadre, correcting what is known of him, moving him, taking him off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from office.refusals import Conflict, Refused
from org.models import Union, User
from org.selectors import reach, unit_matcher
from org.services import link_user, move_cadre, register_cadre, set_status, update_cadre
from workflow.forms.people import AccountForm, CadreForm, MoveForm, NewCadreForm, StatusForm
from workflow.selectors.people import units_seen
from workflow.views.common import DeskRequest, standing_of
from workflow.views.people_card import seen_cadre

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.urls import URLPattern

    from org.models import Cadre
    from org.selectors import Reach
    from org.unit_names import UnitMatch


def _names(request: DeskRequest) -> Callable[[str], UnitMatch]:
    return unit_matcher(None, standing_of(request).on)


def _known_units(able: Reach) -> list[Union]:
    """For the browser to complete from: where he may enter people. Whatever else is typed is matched too."""
    own = Union.objects.filter(path__in=able.own).order_by("path")
    return list(dict.fromkeys([*own, *units_seen(able.kept)]))


@require_http_methods(["GET", "POST"])
def cadre_new(request: DeskRequest) -> HttpResponse:
    """Enters somebody."""
    able = reach(standing_of(request))
    units = _known_units(able)
    if not units:
        raise Http404
    form = NewCadreForm(request.POST or None, names=_names(request), today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        unit = Union.objects.get(pk=said.pop("unit"))
        try:
            cadre = register_cadre(
                identity_kind=said.pop("identity_kind"),
                number=said.pop("number"),
                name=said.pop("name"),
                unit=unit,
                since=said.pop("since"),
                actor=request.user,
                at=timezone.now(),
                **said,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已登记{cadre.name}（{unit.name}）。")
            return redirect("workflow:cadre", cadre.pk)
    context = {"form": form, "units": units, "back": ".."}
    return _rendered(request, "workflow/people/new.html", context, form)


@require_http_methods(["GET", "POST"])
def cadre_edit(request: DeskRequest, pk: int) -> HttpResponse:
    """Corrects what is known; whoever was slower sees both texts."""
    cadre, able = seen_cadre(request, pk)
    if not able.keeps(cadre.unit_path):
        raise Http404
    form = CadreForm(request.POST or None, cadre=cadre)
    if request.method == "POST" and form.is_valid():
        revision = request.POST.get("revision", "")
        try:
            update_cadre(
                cadre=cadre,
                revision=int(revision) if revision.isdecimal() else -1,
                actor=request.user,
                at=timezone.now(),
                **_leading(form, cadre),
            )
        except Conflict as conflict:
            return _conflict(request, form, cadre.pk, conflict)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已保存{cadre.name}的信息。")
            return redirect("workflow:cadre", cadre.pk)
    context = {"form": form, "cadre": cadre, "revision": request.POST.get("revision", cadre.revision)}
    return _rendered(request, "workflow/people/edit.html", context, form)


def _leading(form: CadreForm, cadre: Cadre) -> dict[str, Any]:
    """What was typed. A changed title says anew whether he leads a union, unless that was changed too."""
    said = dict(form.cleaned_data)
    if said["leadership"] == cadre.leadership and said["post_title"] != cadre.post_title:
        said.pop("leadership")
    return said


def _conflict(request: DeskRequest, form: CadreForm, pk: int, conflict: Conflict) -> HttpResponse:
    """What was typed beside what somebody else has saved meanwhile."""
    cadre, _ = seen_cadre(request, pk)
    now = CadreForm(cadre=cadre)
    differing = [
        (form[name].label, _shown(form, name, form.cleaned_data[name]), _shown(now, name, now.initial[name]))
        for name in form.fields
        if (form.cleaned_data[name] or "") != (now.initial[name] or "")
    ]
    context = {
        "form": form,
        "cadre": cadre,
        # Sent again, what was typed is set against what is shown here.
        "revision": cadre.revision,
        "conflict": conflict.message,
        "differing": differing,
    }
    return render(request, "workflow/people/edit.html", context, status=409)


def _shown(form: forms.Form, name: str, value: Any) -> str:
    choices = dict(getattr(form.fields[name], "choices", ()) or ())
    if isinstance(value, list):
        return "、".join(str(choices.get(item, item)) for item in value)
    return str(choices.get(value, value) or "")


@require_http_methods(["GET", "POST"])
def cadre_change(request: DeskRequest, pk: int) -> HttpResponse:
    """调动、状态、登录账号: three small forms, one sent at a time."""
    cadre, able = seen_cadre(request, pk)
    if not able.keeps(cadre.unit_path):
        raise Http404
    action = request.POST.get("action", "")
    made: dict[str, forms.Form] = {
        "move": MoveForm(request.POST if action == "move" else None, names=_names(request)),
        "status": StatusForm(request.POST if action == "status" else _status_of(cadre)),
        "account": AccountForm(request.POST if action == "account" else _account_of(cadre)),
    }
    form = made.get(action)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            said = _ACTS[action](request, cadre, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, said)
            return redirect("workflow:cadre", cadre.pk)
    context = {**made, "cadre": cadre, "units": _known_units(able), "asked": form}
    return _rendered(request, "workflow/people/change.html", context, form)


def _status_of(cadre: Cadre) -> dict[str, str]:
    return {"status": cadre.status, "on": f"{timezone.localdate():%Y-%m-%d}"}


def _account_of(cadre: Cadre) -> dict[str, str]:
    return {"username": cadre.user.username if cadre.user else ""}


def _move(request: DeskRequest, cadre: Cadre, said: dict[str, Any]) -> str:
    unit = Union.objects.get(pk=said["unit"])
    move_cadre(
        cadre=cadre,
        unit=unit,
        since=said["since"],
        post_title=said["post_title"],
        actor=request.user,
        at=timezone.now(),
    )
    return f"{cadre.name}已调到{unit.name}。"


def _status(request: DeskRequest, cadre: Cadre, said: dict[str, Any]) -> str:
    changed = set_status(
        cadre=cadre, status=said["status"], on=said["on"], actor=request.user, at=timezone.now()
    )
    return f"{cadre.name}的状态已改为“{changed.get_status_display()}”。"


def _account(request: DeskRequest, cadre: Cadre, said: dict[str, Any]) -> str:
    username = said["username"]
    user = User.objects.filter(username=username, is_active=True).first() if username else None
    if username and user is None:
        raise Refused(f"没有登录账号“{username}”，请核对，或请系统管理员先建立账号。")
    link_user(cadre=cadre, user=user, actor=request.user, at=timezone.now())
    return f"{cadre.name}的登录账号已保存。"


_ACTS: dict[str, Callable[[DeskRequest, Cadre, dict[str, Any]], str]] = {
    "move": _move,
    "status": _status,
    "account": _account,
}


def _rendered(
    request: DeskRequest, template: str, context: dict[str, Any], form: forms.Form | None
) -> HttpResponse:
    wrong = form is not None and request.method == "POST" and bool(form.errors)
    return render(request, template, context, status=422 if wrong else 200)


urlpatterns: list[URLPattern] = [
    path("people/new/", cadre_new, name="cadre_new"),
    path("people/<int:pk>/edit/", cadre_edit, name="cadre_edit"),
    path("people/<int:pk>/change/", cadre_change, name="cadre_change"),
]
