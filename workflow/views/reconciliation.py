"""The result of a 对账: every row and every payment of the month once; vouchers and payments from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods

from budgets import rules as ledger_rules
from budgets.models import Fund, Project
from budgets.states import PayMethod, Subject
from office.refusals import Refused
from office.wording import yuan
from rulebook.selectors import book_for
from workflow.excel.vouchers import VoucherSheet, read_vouchers
from workflow.rules.reconciling import DIFFERENT, Fit, Pair, Reconciled
from workflow.rules.taking_over import Wish
from workflow.selectors.reconciling import elsewhere, reconciliations
from workflow.services import reconciling as services
from workflow.services.reconciling import Defaults, Outcome
from workflow.views.common import DeskRequest, page_of, standing_of
from workflow.views.fund_frame import seen_fund
from workflow.views.spending_desk import shown as findings_shown

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from django.http import QueryDict
    from django.urls import URLPattern

    from office.models import StoredFile
    from org.models import LongTask
    from workflow.rules.reconciling import BookedRow
    from workflow.rules.taking_over import Stand

PER_PAGE: Final = 100
TONES: Final = {
    Fit.MATCHED: "ok",
    Fit.VOUCHER: "wait",
    Fit.AMOUNT: "back",
    Fit.CROSS: "wait",
    Fit.THEIRS: "back",
    Fit.OURS: "back",
    Fit.UNKNOWN: "back",
    Fit.UNREADABLE: "back",
    Fit.REVERSED: "off",
    Fit.OUTSIDE: "off",
}


def kept_task(fund: Fund, pk: int) -> LongTask:
    """A file that was handed in for the fund; 404 for any other."""
    return get_object_or_404(reconciliations(fund), pk=pk)


def sheet_of(file: StoredFile, fund: Fund) -> VoucherSheet:
    """The rows of a stored workbook. Raises `Refused` where it can't be read."""
    with file.file.open() as content:
        return read_vouchers(content.read(), file.name, today=timezone.localdate(), year=fund.year)


def reader(fund: Fund) -> Callable[[StoredFile], Sequence[BookedRow]]:
    """What the services read a stored workbook with."""
    return lambda file: sheet_of(file, fund).rows


def asked_whole(text: str) -> int | None:
    """A number typed or sent; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def projects_of(pairs: Sequence[Pair]) -> dict[int, Project]:
    """The projects the pairs are about."""
    return Project.objects.in_bulk({pair.project for pair in pairs if pair.project is not None})


def shown(pair: Pair, projects: Mapping[int, Project]) -> dict[str, Any]:
    """A pair as its row of the table."""
    return {
        "pair": pair,
        "row": pair.rows[0] if pair.rows else None,
        "project": projects.get(pair.project or 0),
        "vouchers": "、".join(pair.vouchers),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def fund_reconciliation(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """Every row of the file and every payment of the month, once; vouchers and payments from it."""
    fund, at = seen_fund(request, pk), timezone.now()
    kept = kept_task(fund, task)
    if request.method == "POST":
        return _act(request, fund, kept, at)
    return _page(request, fund, kept, at)


def _page(
    request: DeskRequest,
    fund: Fund,
    kept: LongTask,
    at: datetime.datetime,
    *,
    wishes: Mapping[int, Wish] | None = None,
    picked: Collection[int] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; ``wishes`` and ``picked`` as they were chosen on it, None before anything was."""
    try:
        sheet = sheet_of(services.file_of(kept), fund)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:fund_reconcile", fund.pk)
    found, _ = services.compared(fund, kept.params["month"], sheet.rows)
    tab = next((fit for fit in Fit if fit.value == request.GET.get("fit")), None) or _first_tab(found)
    if picked is not None:
        tab = Fit.THEIRS
    page = page_of(request, found.of(tab), per=PER_PAGE)
    refusal = services.refusal(fund, actor=request.user, at=at)
    closed = ledger_rules.closed(fund)
    projects = projects_of(found.pairs)
    rows = [shown(pair, projects) for pair in page]
    kinds = _kinds(fund, at)
    given = request.POST if picked is not None else {}
    importing = tab == Fit.THEIRS and refusal is None and closed is None and bool(rows)
    unsaid: list[dict[str, Any]] = []
    if importing:
        kind = given.get("payment_kind", kinds[0][0] if kinds else "")
        standing = services.judged(fund, found, wishes=wishes or {}, picked=picked, kind=kind, at=at)
        unsaid = _standing(rows, standing, picked)
    if tab == Fit.UNKNOWN:
        _other_funds(request, fund, rows)
    context = {
        "fund": fund,
        "task": kept,
        "month": kept.params["month"],
        "file_name": kept.params["name"],
        "refusal": refusal,
        "closed": closed,
        "sheet": sheet,
        "found": found,
        "tab": tab,
        "tabs": _tabs(found, tab),
        "tone": TONES[tab],
        "page": page,
        "rows": rows,
        "unsaid": unsaid,
        "sums": _sums(found),
        "projects": [(projects.get(row.project or 0), row) for row in found.sums if row.theirs or row.ours],
        "difference": found.theirs - found.ours,
        "vouchers": len(services.vouchers_to_write(found)),
        "importing": importing,
        "kinds": kinds,
        "subjects": Subject.choices,
        "methods": PayMethod.choices,
        "given": given,
        "acts": [
            act | {"moment": parse_datetime(act["at"])} for act in reversed(kept.result.get("acts", []))
        ],
    }
    return render(request, "workflow/money/reconciliation.html", context, status=status)


def _first_tab(found: Reconciled) -> Fit:
    """What is to be done first: the differences in their order, else what agrees."""
    order = (Fit.UNREADABLE, Fit.UNKNOWN, Fit.THEIRS, Fit.AMOUNT, Fit.OURS, Fit.CROSS, Fit.VOUCHER)
    return next((fit for fit in order if found.of(fit)), Fit.MATCHED)


def _tabs(found: Reconciled, tab: Fit) -> list[dict[str, Any]]:
    return [
        {
            "title": fit.label,
            "count": len(found.of(fit)),
            "hot": fit in DIFFERENT and bool(found.of(fit)),
            "url": f"?fit={fit.value}",
            "current": fit == tab,
        }
        for fit in Fit
        if found.of(fit) or fit in (Fit.MATCHED, Fit.THEIRS, Fit.OURS)
    ]


def _standing(
    rows: Sequence[dict[str, Any]], standing: Mapping[int, Stand], picked: Collection[int] | None
) -> list[dict[str, Any]]:
    """Into each row how it stands; the classes of which several rows lack a 期, to choose it for all."""
    lacking: dict[int, list[Stand]] = {}
    for one in rows:
        stand = standing[one["row"].number]
        one["stand"] = stand
        one["against"] = findings_shown(list(stand.against))
        asked = not stand.doubtful if picked is None else stand.row.number in picked
        one["ticked"] = asked and not stand.against
        if stand.sessions and not stand.session:
            lacking.setdefault(stand.project, []).append(stand)
    projects = {one["pair"].project: one["project"] for one in rows}
    return [
        {"project": projects[project], "sessions": stands[0].sessions, "count": len(stands)}
        for project, stands in lacking.items()
        if len(stands) > 1
    ]


def _other_funds(request: DeskRequest, fund: Fund, rows: Iterable[dict[str, Any]]) -> None:
    """Into each row of no project of the fund the project of another one, where one may see it."""
    rows = list(rows)
    found = elsewhere(fund, standing_of(request), {one["row"].code for one in rows if one["row"].code})
    for one in rows:
        one["elsewhere"] = found.get(one["row"].code)


def _sums(found: Reconciled) -> list[dict[str, Any]]:
    difference = found.theirs - found.ours
    differing = len(found.of(*DIFFERENT))
    return [
        {"label": "财务账", "value": yuan(found.theirs), "note": "本月、看得懂的行"},
        {"label": "本系统", "value": yuan(found.ours), "note": "支出－退款－冲销"},
        {"label": "差额", "value": yuan(difference), "note": "财务账－本系统", "bad": bool(difference)},
        {"label": "有差异", "value": f"{differing} 处", "note": "", "bad": bool(differing)},
    ]


def _kinds(fund: Fund, at: datetime.datetime) -> list[tuple[str, str]]:
    """Kinds a payment may be taken over as: no refund; no 讲课费, which goes lecturer by lecturer."""
    try:
        money = book_for(fund.union, timezone.localdate(at)).book.money
    except Refused:
        return []
    kinds = [(kind.code, kind.title) for kind in money.kinds if not kind.refund and not kind.lecture]
    return sorted(kinds, key=lambda kind: kind[0] != "other")


def _act(request: DeskRequest, fund: Fund, kept: LongTask, at: datetime.datetime) -> HttpResponse:
    """Look again, write vouchers or take rows over; what came of each row is kept.

    Rows are taken over as the page says: if anything is against one that is ticked, nothing is taken over
    and the page says what.
    """
    given = request.POST
    common: dict[str, Any] = {
        "task_id": kept.pk,
        "fund": fund,
        "read": reader(fund),
        "actor": request.user,
        "at": at,
    }
    try:
        match given.get("action"):
            case "vouchers":
                outcomes = services.write_vouchers(**common)
            case "check" | "import" as action:
                picked = _picked(given)
                if action == "check":
                    return _page(request, fund, kept, at, wishes=_wishes(given), picked=picked)
                if not picked:
                    raise Refused("请先勾选要导入的行。")
                wishes, defaults = _wishes(given), _defaults(given, fund, at)
                wanted = {number: wishes.get(number, Wish()) for number in picked}
                if against := _against(request, fund, kept, wanted, defaults, at):
                    messages.error(request, against)
                    return _page(request, fund, kept, at, wishes=wishes, picked=picked, status=422)
                outcomes = services.take_over(wishes=wanted, defaults=defaults, **common)
            case _:
                raise BadRequest
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        _tell(request, outcomes)
    back = reverse("workflow:fund_reconciliation", args=[fund.pk, kept.pk])
    return redirect(f"{back}?fit={given.get('fit', '')}")


def _against(
    request: DeskRequest,
    fund: Fund,
    kept: LongTask,
    wanted: Mapping[int, Wish],
    defaults: Defaults,
    at: datetime.datetime,
) -> str:
    """How many of the rows ticked can't be taken over as chosen, and which; empty where all can."""
    if services.refusal(fund, actor=request.user, at=at) or ledger_rules.closed(fund):
        return ""
    found, _ = services.compared(fund, kept.params["month"], reader(fund)(services.file_of(kept)))
    standing = services.judged(fund, found, wishes=wanted, picked=wanted.keys(), kind=defaults.kind, at=at)
    faulty = [number for number in wanted if number in standing and standing[number].against]
    if not faulty:
        return ""
    rows = "、".join(map(str, faulty[:10])) + (" 等" if len(faulty) > 10 else "")
    return (
        f"第 {rows} 行（共 {len(faulty)} 行）不能照所选导入，原因写在各行，已取消勾选；本次一行也没有导入。"
        "改好后重新勾选，或直接导入其余各行。"
    )


def _picked(given: QueryDict) -> list[int]:
    numbers = (asked_whole(text) for text in given.getlist("pick"))
    return list(dict.fromkeys(number for number in numbers if number is not None))


def _wishes(given: QueryDict) -> dict[int, Wish]:
    """What was chosen for each row on the page, ticked or not; a 期 chosen for a class fills its rows."""
    found = {}
    for text in given.getlist("row"):
        number, _, project = text.partition("-")
        if (row := asked_whole(number)) is not None:
            session = given.get(f"session-{row}")
            if session == "":
                session = given.get(f"class-{project}", "")
            found[row] = Wish(given.get(f"from-{row}"), session)
    return found


def _defaults(given: QueryDict, fund: Fund, at: datetime.datetime) -> Defaults:
    kind = given.get("payment_kind", "")
    if kind not in dict(_kinds(fund, at)):
        raise Refused("请选择支付类型。")
    subject, method = given.get("subject", ""), given.get("method", "")
    if subject not in Subject.values or method not in PayMethod.values:
        raise Refused("请选择预算科目和支付方式。")
    return Defaults(kind, Subject(subject), PayMethod(method))


def _tell(request: DeskRequest, outcomes: Sequence[Outcome]) -> None:
    done = [one for one in outcomes if one.done]
    refused = [one for one in outcomes if not one.done]
    if done:
        messages.success(request, f"办好 {len(done)} 行，明细见“办理记录”。")
    for one in refused[:5]:
        messages.error(request, f"第 {one.row} 行：{one.text}")
    if len(refused) > 5:
        messages.error(request, f"还有 {len(refused) - 5} 行没有办成，见“办理记录”。")
    if not outcomes:
        messages.info(request, "没有要补记的凭证号。")


urlpatterns: list[URLPattern] = [
    path("funds/<int:pk>/reconcile/<int:task>/", fund_reconciliation, name="fund_reconciliation"),
]
