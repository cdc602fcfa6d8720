"""名册: handed in, its columns named, checked row by row, and taken over as nominations."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from office.refusals import Conflict, Refused
from org.excel.layouts import ROSTER
from org.models import Union
from workflow.excel.roster_errors import error_book
from workflow.excel.roster_form import blank_form
from workflow.forms.callup import RosterForm, columns_asked
from workflow.models import ClassRun, RosterUpload
from workflow.rules.run_gate import RunAct, refusal
from workflow.selectors import seat_lists as select
from workflow.selectors.runs import sees_whole
from workflow.services import rosters as services
from workflow.states import CALLING
from workflow.views.callup_frame import called_run, unit_of
from workflow.views.common import DeskRequest, attachment, page_of, standing_of, workbook_file
from workflow.views.overseen import forbidden
from workflow.views.runs import address, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.urls import URLPattern

PER_PAGE = 50
#: Filters of the result: key, title, which rows.
VIEWS = (
    ("", "全部", ("accepted", "warned", "held", "rejected")),
    ("todo", "要修改", ("held", "rejected")),
    ("rejected", "不符合", ("rejected",)),
    ("warned", "提示", ("warned",)),
)
#: How a row's status looks and reads.
STATUSES = {
    "accepted": ("ok", "通过"),
    "warned": ("wait", "提示"),
    "held": ("back", "需处理"),
    "rejected": ("back", "不符合"),
}


def _asked_run(request: DeskRequest) -> ClassRun:
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("run", "")
    if not (key.isascii() and key.isdigit()):
        raise Http404
    return called_run(request, int(key))


@require_http_methods(["GET", "POST"])
def roster_new(request: DeskRequest) -> HttpResponse:
    """Hands in a roster: for one's own unit, or by the organiser for any (代为录入)."""
    run, at = _asked_run(request), timezone.now()
    standing = standing_of(request)
    whole = sees_whole(standing, run)
    given = request.POST if request.method == "POST" else request.GET
    units = _units(run, whole=whole, own=standing.union_ids)
    if not units and not whole:
        raise Http404
    entered = whole and given.get("entered") == "1"
    form = RosterForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        units=units,
        unit=given.get("unit", ""),
        entered=entered,
        whole=whole,
    )
    reason = _why_not(request, run, units, entered=entered, whole=whole)
    if request.method == "POST" and reason:
        return forbidden(request, reason)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            received = services.store(
                run_id=run.pk,
                unit_id=sent["unit"],
                upload=sent["file"],
                actor=request.user,
                at=at,
                entered=entered,
                source_note=sent.get("source_note", ""),
                receipt=sent.get("receipt"),
            )
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("workflow:roster", received.pk)
    context = {
        "run": run,
        "when": when(run),
        "form": form,
        "entered": entered,
        "whole": whole,
        "reason": reason,
        "back": _back(request, run, given.get("unit", ""), whole=whole),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/callup/roster_new.html", context, status=status)


def _units(run: ClassRun, *, whole: bool, own: frozenset[int]) -> list[tuple[int, str]]:
    """The units one may hand a roster in for."""
    return [(pk, name) for pk, name in select.units_of(run) if whole or pk in own]


def _why_not(
    request: DeskRequest, run: ClassRun, units: Sequence[tuple[int, str]], *, entered: bool, whole: bool
) -> str | None:
    act = RunAct.ENTER if entered or whole else RunAct.NOMINATE
    unit = Union.objects.get(pk=units[0][0]) if units and not whole else None
    return refusal(act, run, actor=request.user, at=timezone.now(), unit=unit)


def _back(request: DeskRequest, run: ClassRun, unit: str, *, whole: bool) -> str:
    if unit.isascii() and unit.isdigit():
        return reverse("workflow:nominate", args=[run.pk, int(unit)])
    return reverse("workflow:run_seats", args=[run.pk]) if whole else reverse("workflow:nominations")


def _received(request: DeskRequest, pk: int) -> RosterUpload:
    """An upload for the organiser and for people of its unit; 404 for anybody else."""
    found = (
        RosterUpload.objects.select_related(
            "run__plan__union", "run__plan__department", "unit", "file", "receipt", "uploaded_by", "task"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    standing = standing_of(request)
    own = found.unit_id is not None and found.unit_id in standing.union_ids
    if not own and not sees_whole(standing, found.run):
        raise Http404
    return found


@require_safe
def roster(request: DeskRequest, pk: int) -> HttpResponse:
    """What became of a roster: its columns to be named, the check under way, or each row's result."""
    return _page(request, _received(request, pk))


def _page(
    request: DeskRequest, received: RosterUpload, *, typed: dict[str, str] | None = None
) -> HttpResponse:
    """``typed``: title → field, a naming of columns that couldn't be taken."""
    run, now = received.run, timezone.now()
    result: dict[str, Any] = received.result or {}
    context: dict[str, Any] = {
        "received": received,
        "run": run,
        "when": when(run),
        "result": result,
        "done": services.already(received, now=now),
        "columns": columns_asked(result, typed),
        "naming": bool(result.get("missing")) or typed is not None or "columns" in request.GET,
        "sheets": result.get("sheets", []),
        "task_url": address("long_task", received.task_id) if received.task_id is not None else "",
        "open": run.state in CALLING and not result.get("error"),
        "back": _back(
            request,
            run,
            str(received.unit_id or ""),
            whole=sees_whole(standing_of(request), run),
        ),
    }
    if result and not result["missing"] and not result.get("error"):
        context |= _result(request, received, result)
    return render(request, "workflow/callup/roster.html", context, status=200 if typed is None else 422)


def _result(request: DeskRequest, received: RosterUpload, result: dict[str, Any]) -> dict[str, Any]:
    view = request.GET.get("view", "")
    statuses = next((shown for key, _, shown in VIEWS if key == view), VIEWS[0][2])
    rows = result["rows"]
    chosen = [row for row in rows if row["status"] in statuses]
    summary = result["summary"]
    going = [row for row in rows if row["goes_in"]]
    counts = {key: sum(summary[status] for status in shown) for key, _, shown in VIEWS}
    page = page_of(request, chosen, PER_PAGE)
    return {
        "page": page,
        "rows": [
            {**row, "tone": STATUSES[row["status"]][0], "word": STATUSES[row["status"]][1]} for row in page
        ],
        "views": [
            {
                "title": title,
                "url": f"?{urlencode({'view': key})}" if key else "?",
                "count": counts[key],
                "current": key == (view if view in counts else ""),
                "hot": key in ("todo", "rejected") and counts[key] > 0,
            }
            for key, title, _ in VIEWS
        ],
        "going": len(going),
        "reserve": sum(1 for row in going if row["reserve"]),
        "exempt": sum(1 for row in going if row["exempt"]),
        "asks": any(services.asks(row["findings"]) for row in going),
        "faulty": counts["todo"],
        "sums": _sums(summary, going),
    }


def _sums(summary: dict[str, int], going: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    reserve = sum(1 for row in going if row["reserve"])
    return [
        {"label": "共", "value": f"{summary['rows']} 行", "note": ""},
        {
            "label": "可以报名",
            "value": f"{len(going)} 人",
            "note": f"其中候补 {reserve} 人" if reserve else "",
        },
        {
            "label": "有提示",
            "value": f"{summary['warned']} 行",
            "note": "须说明" if any(services.asks(row["findings"]) for row in going) else "",
        },
        {
            "label": "需处理",
            "value": f"{summary['held']} 行",
            "note": "核对或报审批",
            "bad": bool(summary["held"]),
        },
        {
            "label": "不符合",
            "value": f"{summary['rejected']} 行",
            "note": "不会报名",
            "bad": bool(summary["rejected"]),
        },
    ]


@require_POST
def roster_columns(request: DeskRequest, pk: int) -> HttpResponse:
    """A person's word on which column is what; kept for the sender's next file of that form."""
    received = _received(request, pk)
    known = {field.name for field in ROSTER.fields}
    titles = (received.result or {}).get("header", {}).get("titles", [])
    mapping: dict[str, str] = {}
    for index, title in enumerate(titles):
        field = request.POST.get(f"column_{index}", "")
        if title and (field in known or field == ""):
            mapping[title] = field or mapping.get(title, "")  # two columns may bear one title
    same_sheet = request.POST.get("sheet", "") in ("", (received.result or {}).get("sheet"))
    if same_sheet and (fault := _fault(mapping)):
        messages.error(request, fault)
        return _page(request, received, typed=mapping)
    return _again(
        request,
        received,
        lambda: services.rename_columns(
            upload_id=received.pk,
            mapping=mapping,
            sheet=request.POST.get("sheet", ""),
            actor=request.user,
            at=timezone.now(),
        ),
    )


def _fault(mapping: dict[str, str]) -> str:
    """Why the columns can't be so; empty where they can."""
    chosen = Counter(field for field in mapping.values() if field)
    titles = {field.name: field.title for field in ROSTER.fields}
    if twice := [titles[name] for name, times in chosen.items() if times > 1]:
        return f"有两列都选了“{'”、“'.join(twice)}”，请只留一列。"
    if missing := [field.title for field in ROSTER.fields if field.required and field.name not in chosen]:
        return f"还没有指明哪一列是“{'”、“'.join(missing)}”，请选好再读取。"
    return ""


@require_POST
def roster_check(request: DeskRequest, pk: int) -> HttpResponse:
    """Checks the roster anew."""
    received = _received(request, pk)
    return _again(
        request,
        received,
        lambda: services.check_again(upload_id=received.pk, actor=request.user, at=timezone.now()),
    )


def _again(request: DeskRequest, received: RosterUpload, act: Any) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("workflow:roster", received.pk)


@require_POST
def roster_commit(request: DeskRequest, pk: int) -> HttpResponse:
    """Nominates the people of the roster, as its preview said."""
    received = _received(request, pk)
    try:
        taken = services.commit(
            upload_id=received.pk,
            digest=request.POST.get("digest", ""),
            explanation=request.POST.get("explanation", ""),
            actor=request.user,
            at=timezone.now(),
        )
    except Conflict as conflict:
        messages.warning(request, str(conflict))
        return redirect("workflow:roster", received.pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:roster", received.pk)
    reserve = sum(1 for seat in taken.seats if seat.rank == "reserve")
    more = f"，其中候补 {reserve} 人" if reserve else ""
    messages.success(request, f"已报名 {len(taken.seats)} 人{more}。")
    if taken.exempt:
        messages.warning(request, f"{taken.exempt} 人须报重复调训审批，批准后才能确认，请点姓名办理。")
    for notice in taken.notices:
        messages.warning(request, notice.message)
    whole = sees_whole(standing_of(request), received.run)
    return redirect(_back(request, received.run, str(received.unit_id or ""), whole=whole))


@require_safe
def roster_errors(request: DeskRequest, pk: int) -> HttpResponse:
    """The rows that need mending, in the columns they came in, each with what is wrong."""
    received = _received(request, pk)
    try:
        services.hand_out(received, what="待修改的行", actor=request.user, at=timezone.now())
        book = error_book(
            services.content_of(received.file),
            received.file.name,
            sheet=received.sheet,
            mapping=received.mapping,
            result=received.result or {},
            today=timezone.localdate(),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:roster", received.pk)
    stem = received.file.name.rpartition(".")[0]
    return workbook_file(book, f"{stem}（待修改）")


@require_safe
def roster_file(request: DeskRequest, pk: int, kind: str) -> HttpResponse:
    """The file as it was handed in, or the stamped receipt with it."""
    received = _received(request, pk)
    file = {"file": received.file, "receipt": received.receipt}.get(kind)
    if file is None:
        raise Http404
    try:
        services.hand_out(received, what=file.name, actor=request.user, at=timezone.now())
    except Refused as refused:
        return forbidden(request, str(refused))
    return attachment(services.content_of(file), file.name, file.mime)


@require_safe
def roster_form(request: DeskRequest) -> HttpResponse:
    """The empty 报名表 to fill in, with the unit's name where it is known."""
    run = _asked_run(request)
    key = request.GET.get("unit", "")
    unit = unit_of(request, run, int(key)) if key.isascii() and key.isdigit() else None
    name = f"{run.title}报名表{f'（{unit.name}）' if unit is not None else ''}.xlsx"
    return attachment(blank_form(run, unit.name if unit is not None else ""), name)


urlpatterns: list[URLPattern] = [
    path("rosters/new/", roster_new, name="roster_new"),
    path("rosters/form.xlsx", roster_form, name="roster_form"),
    path("rosters/<int:pk>/", roster, name="roster"),
    path("rosters/<int:pk>/columns/", roster_columns, name="roster_columns"),
    path("rosters/<int:pk>/check/", roster_check, name="roster_check"),
    path("rosters/<int:pk>/commit/", roster_commit, name="roster_commit"),
    path("rosters/<int:pk>/errors/", roster_errors, name="roster_errors"),
    path("rosters/<int:pk>/<str:kind>/", roster_file, name="roster_file"),
]
