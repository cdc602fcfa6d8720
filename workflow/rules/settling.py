"""决算 of a 期: what was given and spent, held against who really came (X1 art. 9 and 17, S23, S24)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q, Sum
from django.utils import timezone

from budgets import rules as ledger
from budgets.models import BudgetLine, Commitment, Entry, Payment
from budgets.selectors import class_totals
from budgets.states import EntryKind
from office.wording import yuan
from org.selectors import standing as standing_on
from rulebook import rates
from rulebook.severity import Severity
from workflow.models import Attendance, ClassRun, RunRequest, Seat
from workflow.rules import person_findings as say
from workflow.rules.findings import Finding, ordered
from workflow.rules.money import class_code_of
from workflow.rules.terms import planned_terms, terms_of
from workflow.selectors.settlements import SettlementSheet, SheetRow
from workflow.states import FIRM_SEATS, Presence, RequestKind, RequestState, RunState, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from org.models import User
    from rulebook.schema import Book

ZERO: Final = Decimal("0.00")
#: Seats that took part, whether they finished or not.
SAT: Final = (*sorted(FIRM_SEATS), SeatState.UNFINISHED)
#: Nothing more is spent or settled for these.
ENDED: Final = (RunState.SETTLED, RunState.ARCHIVED, RunState.CANCELLED)
_CLAUSE: Final = "财行〔2016〕540号 第十七条"


@dataclass(frozen=True)
class Figures:
    """What a 期 is settled by, and by which book: the one its plan was judged by, as its payments are.

    ``sheet``: the 决算表 as it stands. ``quota``: the rate card on those who came, every item of it.
    ``person_half_days``: half-days attended, all trainees together. ``last``: no other 期 of the class is
    still to be settled, so what was paid for the class as a whole counts here.
    """

    run: ClassRun
    book: Book
    sheet: SettlementSheet
    quota: tuple[rates.CeilingLine, ...]
    person_half_days: int
    last: bool

    def as_json(self) -> dict[str, Any]:
        """What is kept with the settlement beside its lines; ``kept_sheet`` reads it back."""
        sheet = self.sheet
        return {
            "confirmed": sheet.confirmed,
            "person_half_days": self.person_half_days,
            "planned_trainees": sheet.planned,
            "ceiling": None if sheet.ceiling is None else str(sheet.ceiling),
            "last": self.last,
            "lines": {
                str(row.line_id): {"ceiling": str(row.ceiling), "working": row.working}
                for row in sheet.rows
                if row.ceiling is not None
            },
        }


def refusal(run: ClassRun, *, actor: User, at: datetime) -> str | None:
    """Why the money of ``run`` can't be settled by ``actor`` now; None if it can."""
    if run.state in ENDED:
        return f"《{run.title}》{run.get_state_display()}，不需要再办决算。"
    if run.state != RunState.SETTLING:
        return f"《{run.title}》现为“{run.get_state_display()}”，结束考勤后才能办理决算。"
    project = run.plan.project_now
    if project is not None and (closed := ledger.closed(project.fund)):
        return f"{closed}本班还有款项须在下一年支付的，请由财务负责人反结账后申请结转。"
    return ledger.refusal("settle", run.plan.union, actor, at)


def held_refusal(run: ClassRun, findings: Iterable[Finding], *, actor: User, at: datetime) -> str | None:
    """Why ``actor`` can't settle what the book holds: an exception (超综合定额, 工作人员超比例) is decided by
    the head of finance (S23). None if nothing is held, or it is he."""
    held = dict.fromkeys(each.title for each in findings if each.severity == Severity.HOLD)
    if not held:
        return None
    post = ledger.finance_post(run.plan.union, actor, at)
    if post is not None and ledger.finance_head(post):
        return None
    return f"{'、'.join(held)}须经批准：请财务部门负责人核准并办结决算。"


def archive_refusal(run: ClassRun, *, actor: User, at: datetime) -> str | None:
    """Why ``run`` can't be put on file by ``actor`` now; None if it can."""
    if run.state != RunState.SETTLED:
        return f"《{run.title}》现为“{run.get_state_display()}”，办结决算后才能归档。"
    seen = standing_on(actor, timezone.localdate(at), to_act=True)
    if run.plan.union_id not in seen.authority_union_ids:
        return f"归档由归口管理部门办理，{actor.name}不在该部门任职。"
    return None


def figures_of(run: ClassRun) -> Figures:
    """The figures as they stand now; the run's plan and project loaded.

    Raises ValueError for a plan that was never handed in: it has no 期.
    """
    plan = run.plan
    if plan.version is None:
        raise ValueError("a 期 belongs to an approved plan, which has a version")
    book = plan.version.book.book
    last = not ClassRun.objects.filter(plan=plan).exclude(pk=run.pk).exclude(state__in=ENDED).exists()
    seats = Seat.objects.filter(run=run, state__in=SAT)
    marks = Attendance.objects.filter(
        seat__in=seats.values("pk"), presence__in=(Presence.PRESENT, Presence.LATE)
    )
    came = marks.order_by().values("seat").distinct().count()
    quota = _quota(run, book, came)
    sheet = SettlementSheet(
        rows=tuple(_rows(run, {line.item: line for line in quota}, last)),
        confirmed=seats.count(),
        trainees=came,
        planned=run.trainees,
        staff=run.staff,
        days=rates.days_of(len(run.half_days)),
        ceiling=rates.total(quota) if quota else None,
    )
    return Figures(run, book, sheet, quota, marks.count(), last)


def _quota(run: ClassRun, book: Book, came: int) -> tuple[rates.CeilingLine, ...]:
    card = book.rate_card
    if not card.enabled:
        return ()
    return rates.ceilings(
        card,
        class_code=class_code_of(run.plan, card),
        people=rates.counted_people(card, trainees=came, staff=run.staff),
        half_days=len(run.half_days),
        residential=run.residential,
    )


def _rows(run: ClassRun, quota: Mapping[str, rates.CeilingLine], last: bool) -> Iterator[SheetRow]:
    projects = [project.pk for project in run.plan.projects]
    if not projects:
        return
    planned, approved = planned_terms(run.plan, run.session_no).costs, terms_of(run).costs
    # A class of one 期 has the whole of its projects, 调剂 and 预算调整 included.
    held = class_totals(projects) if run.plan.sessions == 1 else None
    spent = actual_by_item(run, last=last)
    for line in _lines(projects):
        most = quota.get(line.item)
        adjusted = approved.get(line.item, ZERO) if held is None else held[line.item].appropriated
        actual, budget = spent.get(line.item, ZERO), planned.get(line.item, ZERO)
        if adjusted or actual or budget:
            yield SheetRow(
                line_id=line.pk,
                item=line.item,
                title=line.title,
                budget=budget,
                adjusted=adjusted,
                actual=actual,
                ceiling=most.amount if most is not None else None,
                working=most.working if most is not None else "",
            )


def _lines(projects: Sequence[int]) -> list[BudgetLine]:
    """One line a cost item, in the order of the first budget: of a class that was carried over the line its
    money is on now, or was on last."""
    year = {pk: ordinal for ordinal, pk in enumerate(projects)}
    found: dict[str, BudgetLine] = {}
    lines = BudgetLine.objects.filter(project__in=projects)
    for line in sorted(lines, key=lambda line: (year[line.project_id], line.ordinal)):
        found[line.item] = line
    return list(found.values())


def paid_for(run: ClassRun, *, last: bool) -> Q:
    """Which payments count for the 期, as a condition on :class:`Payment`: its own, and those for the class
    as a whole with the last 期 that is settled."""
    projects = [project.pk for project in run.plan.projects]
    own = Q(project__in=projects, session_no=run.session_no)
    return own | Q(project__in=projects, session_no=None) if last else own


def actual_by_item(run: ClassRun, *, last: bool) -> dict[str, Decimal]:
    """Yuan spent by cost item, in every year: paid, less what was refunded; reversed entries don't count."""
    payments = Payment.objects.filter(paid_for(run, last=last)).order_by().values("pk")
    entries = Entry.objects.filter(payment__in=payments, reversal=None).order_by()
    spent: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for kind, side, sign in (
        (EntryKind.PAY, "credit__line__item", 1),
        (EntryKind.REFUND, "debit__line__item", -1),
    ):
        for item, amount in entries.filter(kind=kind).values_list(side).annotate(Sum("amount")):
            spent[item] += sign * amount
    return dict(spent)


def findings_of(figures: Figures) -> list[Finding]:
    """What stands against settling, worst first."""
    return ordered([*_unfinished(figures), *_ceiling(figures), *_staff(figures), *_papers(figures)])


def _plain(code: str, severity: Severity, title: str, message: str, mend: str, **more: Any) -> Finding:
    return Finding(code, str(severity.value), title, message, _CLAUSE, mend, **more)


def _unfinished(figures: Figures) -> Iterator[Finding]:
    """What is under way would change the figures afterwards."""
    run, projects = figures.run, figures.run.plan.projects
    open_requests = RunRequest.objects.filter(
        run=run, state__in=(RequestState.REVIEWING, RequestState.RETURNED)
    ).exclude(kind=RequestKind.EXEMPT)
    for request in open_requests:
        yield _plain(
            "request_open",
            Severity.BLOCK,
            "未办结的申请",
            f"{request.get_kind_display()}还在“{request.get_state_display()}”。",
            "请先办结或撤回。",
            links=[{"url_name": "run_request", "pk": request.pk}],
        )
    waiting = Commitment.objects.open().filter(project__in=projects)
    if not figures.last:
        waiting = waiting.filter(session_no=run.session_no)
    for commitment in waiting.order_by("id"):
        yield _plain(
            "commitment_open",
            Severity.BLOCK,
            "未了的预占",
            f"预占 {commitment.number}“{commitment.title}”还有 {yuan(commitment.outstanding)} 元未支付。",
            "请支付或释放后再办决算。",
            links=[{"url_name": "commitment", "pk": commitment.pk}],
        )


def _ceiling(figures: Figures) -> Iterator[Finding]:
    """Each item a figure to explain, the total the limit: items may make up for each other."""
    book, sheet, limit = figures.book, figures.sheet, figures.sheet.ceiling
    items = {item.code for item in book.rate_card.items}
    quota = [row for row in sheet.rows if row.item in items]
    if limit is None or not quota:
        return
    spent = sum((row.actual for row in quota), ZERO)
    shown = {"实到学员": f"{sheet.trainees} 人", "工作人员": f"{sheet.staff} 人", "天数": sheet.days_text}
    if (rule := say.rule_of(book, "over_ceiling_line")) is not None:
        for row in quota:
            most = row.ceiling if row.ceiling is not None else ZERO
            if row.actual > most:
                yield say.finding(
                    rule,
                    f"{row.title}实际支出 {yuan(row.actual)} 元，按实到人数核定 {yuan(most)} 元"
                    f"{f'（{row.working}）' if row.working else ''}，超 {yuan(row.actual - most)} 元。",
                    "请在说明中写明由哪一项结余调剂；不应列支的，办理退款或冲销。",
                    figures=shown,
                )
    if (rule := say.rule_of(book, "over_ceiling_total")) is not None and spent > limit:
        yield say.finding(
            rule,
            f"综合定额内实际支出 {yuan(spent)} 元，按实到人数核定 {yuan(limit)} 元，"
            f"超 {yuan(spent - limit)} 元。",
            "超出部分不予报销：请办理退款或冲销，或按制度报批例外。",
            figures=shown,
        )


def _staff(figures: Figures) -> Iterator[Finding]:
    card, sheet = figures.book.rate_card, figures.sheet
    rule = say.rule_of(figures.book, "staff_over")
    if not card.enabled or rule is None:
        return
    limit = rates.staff_limit(card, sheet.trainees)
    if sheet.staff > limit:
        yield say.finding(
            rule,
            f"工作人员 {sheet.staff} 人，按实到学员 {sheet.trainees} 人最多 {limit} 人。",
            f"请按 {limit} 人核算食宿，或说明理由。",
            figures={"工作人员": str(sheet.staff), "实到学员": str(sheet.trainees), "上限": str(limit)},
        )


def _papers(figures: Figures) -> Iterator[Finding]:
    """Payments taken over from the finance software may lack what ours can't be made without (S24)."""
    money = figures.book.money
    payments = Payment.objects.filter(paid_for(figures.run, last=figures.last)).standing()
    for payment in payments.prefetch_related("papers").order_by("id"):
        kind = money.kind(payment.kind)
        if kind is None:
            continue
        missing = ledger.missing_papers(figures.book, kind, {paper.code for paper in payment.papers.all()})
        if missing:
            names = "、".join(f"“{paper.title}”" for paper in missing)
            yield _plain(
                "papers_missing",
                Severity.BLOCK,
                "报销材料不全",
                f"{payment.number}“{payment.title}”{yuan(payment.amount)} 元缺{names}。",
                "请补传材料。",
                links=[{"url_name": "payment", "pk": payment.pk}],
            )
