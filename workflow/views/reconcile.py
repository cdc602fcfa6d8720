"""对账: a month of a fund beside the finance software's own books, and what is done about the differences."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_safe

from budgets import rules as ledger_rules
from budgets.models import Fund, Project
from budgets.states import PayMethod, Subject
from office.refusals import Refused
from office.wording import yuan
from rulebook.selectors import book_for
from workflow.excel.fund_all import is_small, write_all
from workflow.excel.reconcile import difference_book
from workflow.excel.vouchers import VOUCHERS, VoucherSheet, read_vouchers
from workflow.rules.reconciling import DIFFERENT, Fit, Pair, Reconciled, takeover_refusal, tell
from workflow.selectors.reconciling import choices_of, reconciliations
from workflow.services import reconciling as services
from workflow.services.reconciling import Defaults, Outcome, begin_export
from workflow.views.common import DeskRequest, attachment, page_of, workbook_file
from workflow.views.fund_frame import seen_fund

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from django.http import QueryDict
    from django.urls import URLPattern

    from office.models import StoredFile
    from org.models import LongTask
    from workflow.rules.reconciling import BookedRow

PER_PAGE: Final = 100
SHOWN: Final = 24
TONES: Final = {
    Fit.MATCHED: "ok",
    Fit.AMOUNT: "back",
    Fit.CROSS: "wait",
    Fit.THEIRS: "back",
    Fit.OURS: "back",
    Fit.UNKNOWN: "back",
    Fit.UNREADABLE: "back",
    Fit.REVERSED: "off",
    Fit.OUTSIDE: "off",
}


def _task(fund: Fund, pk: int) -> LongTask:
    return get_object_or_404(reconciliations(fund), pk=pk)


def _sheet(file: StoredFile, fund: Fund) -> VoucherSheet:
    with file.file.open() as content:
        return read_vouchers(content.read(), file.name, today=timezone.localdate(), year=fund.year)


def _reader(fund: Fund) -> Callable[[StoredFile], Sequence[BookedRow]]:
    return lambda file: _sheet(file, fund).rows


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_http_methods(["GET", "HEAD", "POST"])
def fund_reconcile(request: DeskRequest, pk: int) -> HttpResponse:
    """Choose a month and the workbook; what was handed in before stands below."""
    fund, at = seen_fund(request, pk), timezone.now()
    refusal = services.refusal(fund, actor=request.user, at=at)
    error = ""
    if request.method == "POST":
        upload, month = request.FILES.get("file"), _whole(request.POST.get("kind", ""))
        if upload is None or month is None:
            error = "请选择文件。" if upload is None else "请选择月份。"
        else:
            try:
                task = services.receive(
                    fund=fund, month=month, upload=upload, read=_reader(fund), actor=request.user, at=at
                )
            except Refused as refused:
                error = str(refused)
            else:
                return redirect("workflow:fund_reconciliation", fund.pk, task.pk)
    today = timezone.localdate(at)
    last_month = (today.month + 10) % 12 + 1 if today.year == fund.year and today.month > 1 else 12
    months = [last_month, *(month for month in range(1, 13) if month != last_month)]
    context = {
        "fund": fund,
        "refusal": refusal,
        "closed": ledger_rules.closed(fund),
        "tasks": [(task, task.params) for task in reconciliations(fund)[:SHOWN]],
        "columns": [
            (field.title, field.required, "、".join(field.synonyms[:4]))
            for field in VOUCHERS.fields
            if field.name not in {"number", "month", "day"}
        ],
        "upload": {
            "action": request.path,
            "accept": ".xlsx,.xls,.ods,.csv",
            "label": "选择财务软件导出的明细账或支出明细，或把文件拖到这里",
            "help": "接收 .xlsx、.xls、.ods 和 .csv。先看核对结果，不会马上写入。",
            "button": "上传并核对",
            "primary": True,
            "choices": [(month, f"{fund.year} 年 {month} 月") for month in months],
            "error": error,
        },
    }
    return render(request, "workflow/money/reconcile.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def fund_reconciliation(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """Every row of the file and every payment of the month, once; vouchers and payments from it."""
    fund, at = seen_fund(request, pk), timezone.now()
    kept = _task(fund, task)
    if request.method == "POST":
        return _act(request, fund, kept, at)
    try:
        sheet = _sheet(services.file_of(kept), fund)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:fund_reconcile", fund.pk)
    found, _ = services.compared(fund, kept.params["month"], sheet.rows)
    tab = next((fit for fit in Fit if fit.value == request.GET.get("fit")), None) or _first_tab(found)
    page = page_of(request, found.of(tab), per=PER_PAGE)
    refusal = services.refusal(fund, actor=request.user, at=at) or ledger_rules.closed(fund)
    projects = _projects(found.pairs)
    lines = choices_of({pair.project for pair in page if pair.project}) if tab == Fit.THEIRS else {}
    context = {
        "fund": fund,
        "task": kept,
        "month": kept.params["month"],
        "file_name": kept.params["name"],
        "refusal": refusal,
        "sheet": sheet,
        "found": found,
        "tab": tab,
        "tabs": [
            {
                "title": fit.label,
                "count": len(found.of(fit)),
                "hot": fit in DIFFERENT and bool(found.of(fit)),
                "url": f"?fit={fit.value}",
                "current": fit == tab,
            }
            for fit in Fit
            if found.of(fit) or fit in (Fit.MATCHED, Fit.THEIRS, Fit.OURS)
        ],
        "tone": TONES[tab],
        "page": page,
        "rows": [_shown(pair, projects, lines.get(pair.project or 0, [])) for pair in page],
        "sums": _sums(found),
        "projects": [(projects.get(row.project or 0), row) for row in found.sums if row.theirs or row.ours],
        "difference": found.theirs - found.ours,
        "vouchers": len(services.vouchers_to_write(found)),
        "importing": tab == Fit.THEIRS and refusal is None and bool(found.of(tab)),
        "kinds": _kinds(fund, at),
        "subjects": Subject.choices,
        "methods": PayMethod.choices,
        "acts": [
            act | {"moment": parse_datetime(act["at"])} for act in reversed(kept.result.get("acts", []))
        ],
    }
    return render(request, "workflow/money/reconciliation.html", context)


def _first_tab(found: Reconciled) -> Fit:
    """What is to be done first: the differences in their order, else what agrees."""
    order = (Fit.UNREADABLE, Fit.UNKNOWN, Fit.THEIRS, Fit.AMOUNT, Fit.OURS, Fit.CROSS)
    return next((fit for fit in order if found.of(fit)), Fit.MATCHED)


def _projects(pairs: Sequence[Pair]) -> dict[int, Project]:
    return Project.objects.in_bulk({pair.project for pair in pairs if pair.project is not None})


def _shown(pair: Pair, projects: dict[int, Project], choices: list[Any]) -> dict[str, Any]:
    """A pair with what its row of the table needs; ``why``: why it can't be taken over as it stands."""
    row = pair.rows[0] if pair.rows else None
    shown: dict[str, Any] = {
        "pair": pair,
        "row": row,
        "project": projects.get(pair.project or 0),
        "vouchers": "、".join(pair.vouchers),
    }
    if row is not None and choices:
        told = tell(row, choices)
        shown["choices"] = choices
        shown["told"] = told.value if told is not None else ""
        shown["why"] = takeover_refusal(row, told)
        # Whatever another line can mend may be ticked; a refund or a missing payee can't.
        shown["may"] = shown["why"] is None or any(
            takeover_refusal(row, choice) is None for choice in choices
        )
        shown["ticked"] = shown["why"] is None and not pair.note
    return shown


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
    """Write vouchers or take rows over, then back to where one was; what came of each row is kept."""
    given = request.POST
    back = f"{reverse('workflow:fund_reconciliation', args=[fund.pk, kept.pk])}?fit={given.get('fit', '')}"
    common: dict[str, Any] = {
        "task_id": kept.pk,
        "fund": fund,
        "read": _reader(fund),
        "actor": request.user,
        "at": at,
    }
    try:
        match given.get("action"):
            case "vouchers":
                outcomes = services.write_vouchers(**common)
            case "import":
                numbers = [number for text in given.getlist("pick") if (number := _whole(text)) is not None]
                if not numbers:
                    raise Refused("请先勾选要导入的行。")
                outcomes = services.take_over(
                    numbers=numbers,
                    chosen={n: given[f"from-{n}"] for n in numbers if f"from-{n}" in given},
                    defaults=_defaults(given, fund, at),
                    **common,
                )
            case _:
                raise BadRequest
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    _tell(request, outcomes)
    return redirect(back)


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


@require_safe
def fund_reconciliation_print(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The 对账差异表 on paper."""
    fund = seen_fund(request, pk)
    kept = _task(fund, task)
    found = _compared(fund, kept)
    projects = _projects(found.pairs)
    context = {
        "fund": fund,
        "task": kept,
        "month": kept.params["month"],
        "found": found,
        "difference": found.theirs - found.ours,
        "projects": [(projects.get(row.project or 0), row) for row in found.sums if row.theirs or row.ours],
        "rows": [_shown(pair, projects, []) for pair in found.of(*DIFFERENT)],
        "unreadable": len(found.of(Fit.UNREADABLE)),
        "today": timezone.localdate(),
        "back_url": reverse("workflow:fund_reconciliation", args=[fund.pk, kept.pk]),
    }
    return render(request, "workflow/money/reconcile_print.html", context)


@require_safe
def fund_reconciliation_export(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The 对账差异表 as a workbook."""
    fund = seen_fund(request, pk)
    kept = _task(fund, task)
    found = _compared(fund, kept)
    book = difference_book(fund, found, _projects(found.pairs), on=timezone.localdate())
    return workbook_file(book, f"{fund.year}年{found.month}月{fund.title}对账差异表")


def _compared(fund: Fund, kept: LongTask) -> Reconciled:
    try:
        rows = _sheet(services.file_of(kept), fund).rows
    except Refused as refused:
        raise Http404 from refused
    return services.compared(fund, kept.params["month"], rows)[0]


@require_safe
def fund_reconciliation_file(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The workbook as it was handed in."""
    file = services.file_of(_task(seen_fund(request, pk), task))
    with file.file.open() as content:
        return attachment(content.read(), file.name, file.mime)


@require_safe
def fund_export_all(request: DeskRequest, pk: int) -> HttpResponse:
    """导出全部: entries, payments and commitments of the fund; a large ledger is written by the worker."""
    fund = seen_fund(request, pk)
    if not is_small(fund):
        task = begin_export(fund=fund, actor=request.user, at=timezone.now())
        return redirect("workflow:long_task", task.pk)
    buffer = BytesIO()
    write_all(fund, buffer)
    return attachment(buffer.getvalue(), f"{fund.year}年{fund.title}全部账目.xlsx")


urlpatterns: list[URLPattern] = [
    path("funds/<int:pk>/export-all/", fund_export_all, name="fund_export_all"),
    path("funds/<int:pk>/reconcile/", fund_reconcile, name="fund_reconcile"),
    path("funds/<int:pk>/reconcile/<int:task>/", fund_reconciliation, name="fund_reconciliation"),
    path(
        "funds/<int:pk>/reconcile/<int:task>/print/",
        fund_reconciliation_print,
        name="fund_reconciliation_print",
    ),
    path(
        "funds/<int:pk>/reconcile/<int:task>/export/",
        fund_reconciliation_export,
        name="fund_reconciliation_export",
    ),
    path(
        "funds/<int:pk>/reconcile/<int:task>/file/", fund_reconciliation_file, name="fund_reconciliation_file"
    ),
]
