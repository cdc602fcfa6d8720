"""What is odd about a payment to lecturers: where it is taken from, its amount, who taught and when.

Held to the timetable the second gate approved and to the rate card (X1 art. 10). Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from budgets.models import BudgetLine, LectureFee, Payment, Project
from budgets.rules import lecture_beyond, lecture_faults
from office.wording import chinese_date, yuan
from rulebook.severity import Severity
from workflow.costs import COST_TITLES, LECTURE
from workflow.models import Decision, Lesson, RunRequest
from workflow.rules.claims import odd
from workflow.rules.facts import plain
from workflow.rules.lecture_exceptions import allowance
from workflow.states import CALLING, DecisionAction, RequestKind, RequestState

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Sequence

    from workflow.models import ClassRun
    from workflow.rules.claims import Claim
    from workflow.rules.findings import Finding
    from workflow.rules.spending import SpendingCase

LECTURE_OVER: Final = "lecture_over"
ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class _Taught:
    """What lecturers of some 期 teach by the timetable, and what they were paid for already."""

    lessons: Sequence[Lesson]
    paid: Sequence[LectureFee]

    def hours(self, name: str, until: datetime.date | None = None) -> Decimal:
        """学时 of a lecturer, up to and with that day where one is named."""
        mine = (each for each in self.lessons if _name(each.lecturer) == name)
        return sum((each.hours for each in mine if until is None or each.day <= until), ZERO)

    def before(self, name: str) -> Decimal:
        """学时 he was paid for already."""
        return sum((each.hours for each in self.paid if _name(each.lecturer) == name), ZERO)

    def titles(self, name: str) -> set[str]:
        """His 职称 by the timetable; without those left empty."""
        return {each.lecturer_title for each in self.lessons if _name(each.lecturer) == name} - {""}


def lecturers(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """What is odd about it; at most three queries, three more for a fee over its ceiling."""
    yield from _over_ceiling(case, claim)
    yield from _lectures(case, claim)


def fee_line(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """Fees come from 师资费 and nothing else does (X1 art. 10); one query.

    From another line a fee would be one beyond the ceiling that nobody decided: the second gate holds against
    it what stands as 师资费. And who took from there by another kind would name no lecturer and no 学时.
    """
    if not claim.lines:
        return
    lines = BudgetLine.objects.filter(pk__in=set(claim.lines)).order_by("ordinal", "id")
    fees = COST_TITLES[LECTURE]
    if claim.kind.lecture:
        for line in lines.exclude(item=LECTURE):
            yield odd(
                "lecture_line",
                Severity.BLOCK,
                "列支",
                f"{claim.kind.title}不能从“{line.title}”列支。",
                claim.kind.clause,
                f"请从“{fees}”列支；余额不够的，先办理调剂或预算调整。",
            )
    elif lines.filter(item=LECTURE).exists():
        yield odd(
            "lecture_line",
            Severity.BLOCK,
            "列支",
            f"“{fees}”须逐人登记授课人、职称和学时，不能按“{claim.kind.title}”支付。",
            claim.kind.clause,
            f"请改按“{_fee_kind(case)}”办理。",
        )


def _fee_kind(case: SpendingCase) -> str:
    """The book's name of payments to lecturers."""
    return next((kind.title for kind in case.book.money.kinds if kind.lecture), "讲课费")


def _over_ceiling(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """X1 art. 10. Where the book holds it, finance's own reason isn't enough: somebody must have decided the
    exception, with the opening of the 期 or a change of it."""
    over = lecture_faults(case.book, claim.fees, explained=False)
    if not over:
        return
    rule = case.book.rule(LECTURE_OVER)
    runs = case.scope(case.session(claim.session_no))
    severity, text, mend = rule.severity, "".join(over), "请按标准核减。"
    if severity == Severity.HOLD:
        granted, requests = _granted(runs)
        allowed = allowance(case.book, requests, _paid_with(case, case.session(claim.session_no)))
        more = lecture_beyond(case.book, claim.fees) - allowed.left
        if granted and more <= 0:
            severity, mend = Severity.WARN, ""
            text += f"超标准已经批准（{granted}），{allowed.text}。"
        else:
            severity = Severity.BLOCK
            if granted:
                text += f"{granted}{allowed.text}，本次还多 {yuan(more)} 元。"
            if any(run.state in CALLING for run in runs):
                mend = "请按标准核减；确需超标准的，由主办部门在变更申请中说明理由报批，批准后再支付。"
    run = next(iter(runs), None)
    link = ("run", run.pk, "打开班次") if run is not None else None
    yield odd(LECTURE_OVER, severity, "讲课费标准", text, rule.clause, mend, link)


def _granted(runs: list[ClassRun]) -> tuple[str, list[RunRequest]]:
    """Who let the fees of one of these 期 go over the ceiling, as it was approved last, empty if nobody; and
    the requests that were approved last, where the rule held them."""
    approved = RunRequest.objects.filter(run__in=[run.pk for run in runs], state=RequestState.APPROVED)
    approved = approved.exclude(kind__in=(RequestKind.CANCEL, RequestKind.EXEMPT))
    latest = approved.order_by("run_id", "-submitted_at", "-id").distinct("run_id").select_related("book")
    last = {request.pk: request for request in latest}
    held = [{"code": LECTURE_OVER, "severity": str(Severity.HOLD)}]
    said = Decision.objects.filter(
        request__in=list(last), action=DecisionAction.AGREE, findings__contains=held
    ).order_by("at", "id")
    decisions = list(said.defer("findings"))
    if not decisions:
        return "", []
    held_ones = {decision.request_id for decision in decisions}
    who = f"{decisions[-1].step_title}{decisions[-1].actor_name}，{chinese_date(decisions[-1].at)}"
    return who, [request for pk, request in last.items() if pk in held_ones]


def _paid_with(case: SpendingCase, session_no: int | None) -> list[LectureFee]:
    """What lecturers of a 期 were paid; what was paid for the class as a whole is a part of each 期."""
    paid = _paid(case)
    return [fee for fee in paid if session_no is None or fee.payment.session_no in (session_no, None)]


def _lectures(case: SpendingCase, claim: Claim) -> Iterator[Finding]:
    """By the approved timetable: who teaches, how long, as what, and whether he has taught already.

    While the timetable can be changed, that is the way out. Once the attendance is closed it can't be any
    more: then somebody may have stood in for another, but no more is paid than all of them taught.
    """
    session_no = case.session(claim.session_no)
    runs, every = case.scope(session_no), case.scope(None)
    lessons = list(Lesson.objects.filter(run__in=[run.pk for run in every]).exclude(lecturer=""))
    paid = _paid(case)
    whole, taught = _Taught(lessons, paid), _Taught(lessons, paid)
    if session_no is not None:
        ours = {run.pk for run in runs}
        taught = _Taught(
            [each for each in lessons if each.run_id in ours],
            [each for each in paid if each.payment.session_no == session_no],
        )
    if not claim.fees or not taught.lessons:
        return
    asked: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for fee in claim.fees:
        asked[_name(fee.lecturer)] += fee.hours
    found = [
        one for name, hours in asked.items() for one in _lecturer(case, claim, runs, taught, name, hours)
    ]
    if not found and whole != taught:
        # What was paid for the class as a whole is a part of some 期 as well.
        found = [
            one for name, hours in asked.items() for one in _lecturer(case, claim, every, whole, name, hours)
        ]
    yield from found
    yield from _titles(case, claim, runs, taught)
    everything = sum((each.hours for each in taught.lessons), ZERO)
    together = sum(asked.values(), ZERO) + sum((each.hours for each in taught.paid), ZERO)
    if together > everything and not any(one.stops for one in found):
        yield _timetable(
            case,
            runs,
            Severity.BLOCK,
            f"课程表共 {plain(everything)} 学时，连同已付合计 {plain(together)} 学时，"
            f"多 {plain(together - everything)} 学时。",
        )


def _lecturer(
    case: SpendingCase, claim: Claim, runs: list[ClassRun], taught: _Taught, name: str, hours: Decimal
) -> Iterator[Finding]:
    most, before = taught.hours(name), taught.before(name)
    severity = Severity.BLOCK if any(run.state in CALLING for run in runs) else Severity.WARN
    paid = f"，已付 {plain(before)} 学时" if before else ""
    if not most:
        yield _timetable(case, runs, severity, f"课程表中没有{name}，本次填写 {plain(hours)} 学时。")
    elif before + hours > most:
        text = f"{name}在课程表中 {plain(most)} 学时{paid}，本次填写 {plain(hours)} 学时，"
        over = f"多 {plain(before + hours - most)} 学时。"
        yield _timetable(case, runs, severity, text + over)
    elif claim.paid_on is not None and before + hours > taught.hours(name, claim.paid_on):
        yield odd(
            "lecture_early",
            Severity.WARN,
            "授课",
            f"{name}到支付日期 {chinese_date(claim.paid_on)}止授课 "
            f"{plain(taught.hours(name, claim.paid_on))} 学时{paid}，本次填写 {plain(hours)} 学时，"
            "其余的课还没有讲。",
            claim.kind.clause,
            "讲课费一般在授课后凭签收单支付。",
        )


def _titles(case: SpendingCase, claim: Claim, runs: list[ClassRun], taught: _Taught) -> Iterator[Finding]:
    """The rate goes by the 职称, so it is the timetable's."""
    words = {rate.code: rate.title for rate in case.book.rate_card.lecture}
    for fee in claim.fees:
        name = _name(fee.lecturer)
        known = taught.titles(name)
        if fee.title in known or not taught.hours(name):
            continue
        if known:
            severity = Severity.BLOCK if any(run.state in CALLING for run in runs) else Severity.WARN
            listed = "、".join(words.get(code, code) for code in sorted(known))
            text = f"{name}在课程表中是“{listed}”，本次填写“{words.get(fee.title, fee.title)}”。"
            yield _timetable(case, runs, severity, text)
        else:
            yield _timetable(case, runs, Severity.WARN, f"课程表中没有写明{name}的职称。")


def _timetable(case: SpendingCase, runs: list[ClassRun], severity: Severity, text: str) -> Finding:
    """Something the timetable doesn't bear out, with the way to put it right."""
    open_run = next((run for run in runs if run.state in CALLING), None)
    if open_run is not None:
        mend = "请先在课程表中更正：由主办部门办理变更，批准后再支付。"
    elif severity == Severity.BLOCK:
        mend = "考勤已结束，课程表不再变更；请按课程表填写。"
    else:
        mend = "考勤已结束，课程表不再变更；确由他人代课或调课的，请说明经过和凭据。"
    run = open_run or next(iter(runs), None)
    link = ("run", run.pk, "打开课程表") if run is not None else None
    clause = case.book.rate_card.clause if case.book.rate_card.enabled else case.book.launch.clause
    return odd("lecture_timetable", severity, "课程表", text, clause, mend, link)


def _paid(case: SpendingCase) -> list[LectureFee]:
    """What lecturers of the class were paid and wasn't reversed, the payment loaded."""
    if case.plan.project_id is None:
        return []
    projects = Project.objects.of_class(case.plan.project_id).order_by().values("pk")
    payments = Payment.objects.filter(project__in=projects).standing().order_by().values("pk")
    return list(LectureFee.objects.filter(payment__in=payments).select_related("payment").order_by("id"))


def _name(text: str) -> str:
    return "".join(text.split())
