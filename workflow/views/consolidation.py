"""计划汇总: all departments' lines in one table, as declared and as approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from office.wording import chinese_date
from workflow.excel import consolidation as sheets
from workflow.forms.consolidation import LineFilter
from workflow.models import Meeting
from workflow.rules.duplicates import suspected
from workflow.selectors import consolidation as selectors
from workflow.selectors.meetings import DECIDABLE, candidates, upcoming
from workflow.selectors.years import asked_year
from workflow.services import meetings as services
from workflow.states import PlanState
from workflow.templatetags.amounts import money
from workflow.views.agenda import PREPARED_BY, prepares_meetings, tell
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.overseen import cleared, forbidden, overseen_union, overseen_unions
from workflow.views.year_plan import year_plan, year_plan_export, year_plan_print

if TYPE_CHECKING:
    from collections.abc import Sequence

    from org.models import Union
    from workflow.selectors.consolidation import FundLine, Line, Totals

#: One screen of a 汇总表: a year's lines are ticked and compared together, so a page of it is long.
PER_PAGE = 100

#: What nobody means to hold any more has no duplicate.
_ASIDE = (PlanState.EXCLUDED, PlanState.MERGED, PlanState.CANCELLED)


@dataclass(frozen=True)
class Pair:
    """Two lines suspected to be the same training. ``share``: percent of the smaller audience."""

    line: Line
    other: Line
    share: int
    units: str


@dataclass(frozen=True)
class Suspicion:
    """Lines of one business code that overlap, with every pair of them."""

    subject: str
    lines: list[Line]
    pairs: list[Pair]


@dataclass
class Desk:
    """A union's year as the desk shows it."""

    union: Union
    year: int
    lines: list[Line]
    suspicions: list[Suspicion]
    notes: dict[int, list[tuple[str, str]]]
    funds: list[FundLine]

    def words(self) -> dict[int, str]:
        """备注 as plain text by plan id."""
        return {pk: "；".join(text for text, _ in found) for pk, found in self.notes.items()}


def _desk(union: Union, year: int) -> Desk:
    lines = selectors.year_lines(union, year)
    suspicions = _suspicions(lines)
    notes = _notes(lines, suspicions)
    return Desk(union, year, lines, suspicions, notes, selectors.funds_of(union.pk, year))


def _suspicions(lines: Sequence[Line]) -> list[Suspicion]:
    """Suspected duplicates by business, each pair once; what is decided on both sides is past warning."""
    alive = [line for line in lines if line.plan.state not in _ASIDE]
    if not alive:
        return []
    book = max(alive, key=lambda line: line.plan.version_id or 0).book
    by_plan = {line.plan.pk: line for line in alive}
    pairs: dict[str, list[Pair]] = {}
    for index, duplicates in sorted(suspected([line.plan for line in alive], book).items()):
        line = alive[index]
        for duplicate in duplicates:
            other = by_plan.get(duplicate.plan.pk)
            if other is None or line.ordinal >= other.ordinal or not (line.pending or other.pending):
                continue
            units = "、".join(book.titles(duplicate.units))
            pairs.setdefault(line.plan.subject, []).append(
                Pair(line, other, round(duplicate.share * 100), units)
            )
    found = []
    for subject, group in pairs.items():
        members = {one.ordinal: one for pair in group for one in (pair.line, pair.other)}
        found.append(Suspicion("".join(book.titles([subject])), [members[n] for n in sorted(members)], group))
    return found


def _notes(lines: Sequence[Line], suspicions: Sequence[Suspicion]) -> dict[int, list[tuple[str, str]]]:
    """备注 of each line, (text, address) by plan id: what whoever cuts and merges has to know."""
    ids = [line.plan.pk for line in lines]
    notes: dict[int, list[tuple[str, str]]] = {pk: [] for pk in ids}
    advice, against = selectors.exclusion_advice(ids), selectors.latest_words(ids)
    agendas = selectors.open_agendas(ids)
    for line in lines:
        pk = line.plan.pk
        if line.off_plan:
            notes[pk].append(("计划外", ""))
        if line.pending:
            notes[pk] += [(f"建议不列入：{said.opinion}", "") for said in advice.get(pk, ())]
    for suspicion in suspicions:
        alike: dict[int, list[Line]] = {}
        for pair in suspicion.pairs:
            alike.setdefault(pair.line.plan.pk, []).append(pair.other)
            alike.setdefault(pair.other.plan.pk, []).append(pair.line)
        for pk, others in alike.items():
            numbers = "、".join(str(other.ordinal) for other in others)
            url = reverse("workflow:compare", args=[pk, others[0].plan.pk])
            notes[pk].append((f"与第 {numbers} 项疑似重复", url))
    for line in lines:
        pk, state = line.plan.pk, line.plan.state
        if item := agendas.get(pk):
            url = reverse("workflow:meeting", args=[item.meeting_id])
            notes[pk].append((f"已列入 {item.meeting}", url))
        words = against.get(pk)
        if words is not None and state in (PlanState.RETURNED, PlanState.DEFERRED, PlanState.EXCLUDED):
            notes[pk].append((f"{words.get_action_display()}：{words.opinion}", ""))
        if line.remark:
            notes[pk].append((line.remark, ""))
    return notes


@require_GET
def desk(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at)
    found = _desk(union, year)
    filters = LineFilter(request.GET, lines=found.lines, year=year, unions=unions, union=union)
    lines = filters.of(found.lines)
    view, unit = request.GET.get("view", ""), request.GET.get("unit", "")
    page = page_of(request, lines, PER_PAGE)
    prepares = prepares_meetings(request, union.pk)
    on_agenda = {pk for pk, notes in found.notes.items() if any(n[0].startswith("已列入") for n in notes)}
    totals = selectors.add_up(found.lines)
    context = {
        "union": union,
        "year": year,
        "unit": unit,
        "view": view,
        "totals": totals,
        "sums": _sums(totals, found.funds, unit),
        "silent": selectors.silent_departments(union, found.lines, timezone.localdate(at)),
        "suspicions": found.suspicions,
        "filters": filters,
        "keep": [(k, request.GET[k]) for k in ("view", "unit") if request.GET.get(k)],
        "clear_url": cleared(request) if filters.words else "",
        "page": page,
        "rows": [
            {
                "line": line,
                "notes": found.notes[line.plan.pk],
                "tick": prepares and line.plan.state in DECIDABLE and line.plan.pk not in on_agenda,
            }
            for line in page
        ],
        "page_totals": selectors.add_up(page, "本页小计"),
        "all_totals": selectors.add_up(lines),
        "narrowed": bool(filters.words),
        "groups": _groups(view, lines),
        "prepares": prepares,
        "meetings": upcoming(union, year) if prepares else [],
        "ready": sum(line.plan.state in DECIDABLE and line.plan.pk not in on_agenda for line in found.lines),
        "departments": len({line.plan.department_id for line in found.lines}),
    }
    return render(request, "workflow/desk/desk.html", context)


def _groups(view: str, lines: Sequence[Line]) -> list[Totals]:
    match view:
        case "category":
            groups = selectors.by_category(lines)
        case "department":
            groups = selectors.by_department(lines)
        case _:
            return []
    return [totals for totals, _ in groups]


def _sums(totals: Totals, funds: Sequence[FundLine], unit: str) -> list[dict[str, Any]]:
    granted = sum((fund.totals.granted for fund in funds), selectors.ZERO)
    left = sum((fund.totals.available for fund in funds), selectors.ZERO)
    short = totals.pending > left
    return [
        {
            "label": "申报合计",
            "value": money(totals.declared, unit),
            "note": f"{totals.classes} 班 {totals.people:,} 人",
        },
        {
            "label": "核定合计",
            "value": money(totals.approved, unit),
            "note": f"{totals.approved_classes} 班，核减 {money(totals.cut, unit)}",
        },
        {
            "label": "尚未核定",
            "value": money(totals.pending, unit),
            "note": f"{totals.pending_classes} 班",
        },
        {
            "label": "年度专项预算",
            "value": money(granted, unit) if funds else "未设立",
            "note": "、".join(fund.fund.get_status_display() for fund in funds) or "请财务部门设立",
        },
        {
            "label": "可安排余额",
            "value": money(left, unit),
            "note": f"全部通过尚差 {money(totals.pending - left, unit)}" if short else "随核定即时变化",
            "bad": short,
        },
    ]


@require_GET
def desk_export(request: DeskRequest) -> HttpResponse:
    unions, at = overseen_unions(request), timezone.now()
    union = overseen_union(request, unions)
    year, on = asked_year(request.GET, at), timezone.localdate(at)
    found = _desk(union, year)
    filters = LineFilter(request.GET, lines=found.lines, year=year, unions=unions, union=union)
    note = f"{union.name}　{chinese_date(on)}"
    if filters.words:
        note += f"　范围：{filters.words}"
    title = f"{union.name}{year}年度培训计划汇总表"
    book = sheets.desk_sheet(
        title=title, note=note, lines=filters.of(found.lines), notes=found.words(), on=on
    )
    return workbook_file(book, title)


@require_POST
def desk_agenda(request: DeskRequest) -> HttpResponse:
    """提交上会: ticked lines onto a chosen agenda, or to the form of a new meeting."""
    unions = overseen_unions(request)
    union, year = overseen_union(request, unions), asked_year(request.GET, timezone.now())
    if not prepares_meetings(request, union.pk):
        return forbidden(request, PREPARED_BY)
    picks = {int(value) for value in request.POST.getlist("pick") if value.isascii() and value.isdigit()}
    offered = set(candidates(union.pk, year).values_list("pk", flat=True))
    address = {"union": union.code, "year": str(year)}
    if not picks & offered:
        messages.warning(request, "请先勾选待上会或缓议的班次；已在议程中的不能重复提交。")
        return redirect(f"{reverse('workflow:desk')}?{urlencode(address)}")
    chosen = request.POST.get("meeting", "")
    if not (chosen.isascii() and chosen.isdigit()):
        query = urlencode([*address.items(), *(("pick", pk) for pk in sorted(picks & offered))])
        return redirect(f"{reverse('workflow:meeting_new')}?{query}")
    meeting = get_object_or_404(
        Meeting.objects.visible_to(standing_of(request)).select_related("body"), pk=chosen, union=union
    )
    done = services.put_on_agenda(
        meeting_id=meeting.pk, plan_ids=picks & offered, actor=request.user, at=timezone.now()
    )
    tell(request, done, f"列入 {meeting} 议题")
    return redirect("workflow:meeting", meeting.pk)


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("desk/export/", desk_export, name="desk_export"),
    path("desk/agenda/", desk_agenda, name="desk_agenda"),
    path("year-plan/", year_plan, name="year_plan"),
    path("year-plan/print/", year_plan_print, name="year_plan_print"),
    path("year-plan/export/", year_plan_export, name="year_plan_export"),
]
