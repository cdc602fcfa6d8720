"""May the money of a class be used now, and if not, why not; and which papers the system has itself.

Reads only. The ledger asks who may act, what is free and which papers a payment lacks; here stands what it
can't know: the minutes of the deciding meeting, the second gate, the notice, the timetable, the attendance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from budgets.models import Project
from office.wording import chinese_date, yuan
from rulebook.money import PaperSource
from rulebook.schema import FeePolicy, UnknownCode
from rulebook.severity import Severity
from workflow.models import Attendance, CallUp, ClassPlan, ClassRun, Decision, Lesson
from workflow.rules.findings import Finding
from workflow.states import DecisionAction, Presence, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from decimal import Decimal

    from django.db.models import QuerySet

    from budgets.models import Payment
    from rulebook.money import Paper, PaymentKind
    from rulebook.schema import Book
    from workflow.models import Meeting

#: What a supporting paper's evidence holds.
MOST_EVIDENCE: Final = 300

_APPROVING: Final = (DecisionAction.APPROVE, DecisionAction.APPROVE_CHANGED)
_CAME: Final = (Presence.PRESENT, Presence.LATE)
_OVER: Final = frozenset({RunState.SETTLED, RunState.ARCHIVED})


@dataclass(frozen=True)
class Known:
    """What the system has of a paper: ``text`` says where, ``why`` what is lacking; one of them is empty.

    ``page`` and ``pk``: the page of the process where it stands or can be mended.
    """

    text: str = ""
    why: str = ""
    page: str = ""
    pk: int = 0


@dataclass(frozen=True)
class NeededPaper:
    """A paper a kind of payment takes, and what the system has of it; None where it must be uploaded."""

    paper: Paper
    known: Known | None

    @property
    def at_hand(self) -> bool:
        """Whether nothing needs to be uploaded."""
        return self.known is not None and bool(self.known.text)


@dataclass(frozen=True)
class SpendingCase:
    """A class as spending sees it. What isn't at hand is read once, when an answer turns on it."""

    plan: ClassPlan

    @property
    def book(self) -> Book:
        """The book its submission was judged by."""
        if self.plan.version is None:
            raise ValueError(f"plan {self.plan.pk} has money and no version")
        return self.plan.version.book.book

    @cached_property
    def runs(self) -> list[ClassRun]:
        """Its 期 in order."""
        runs = list(ClassRun.objects.filter(plan=self.plan).order_by("session_no"))
        for run in runs:
            run.plan = self.plan
        return runs

    @cached_property
    def approval(self) -> Decision | None:
        """The meeting's decision on it."""
        return _approvals().filter(plan=self.plan).last()

    @property
    def meeting(self) -> Meeting | None:
        """The meeting that approved it."""
        return self.approval.meeting if self.approval is not None else None

    @cached_property
    def notices(self) -> dict[int, CallUp]:
        """The issued notices, by 期."""
        found = CallUp.objects.filter(run__plan=self.plan, issued_at__isnull=False)
        return {notice.run_id: notice for notice in found.order_by()}

    @cached_property
    def lessons(self) -> dict[int, int]:
        """How many lessons each 期 has."""
        rows = Lesson.objects.filter(run__plan=self.plan).order_by().values_list("run")
        return dict(rows.annotate(Count("pk")))

    @cached_property
    def present(self) -> dict[int, int]:
        """How many trainees came, by 期."""
        rows = Attendance.objects.filter(seat__run__plan=self.plan, presence__in=_CAME).order_by()
        return dict(rows.values_list("seat__run").annotate(Count("seat", distinct=True)))

    def run(self, session_no: int | None) -> ClassRun | None:
        """The 期 of that number."""
        return next((run for run in self.runs if run.session_no == session_no), None)

    def session(self, session_no: int | None) -> int | None:
        """The 期 money is booked for: a class of one 期 has no other."""
        return 1 if self.plan.sessions == 1 else session_no

    def scope(self, session_no: int | None) -> list[ClassRun]:
        """The 期 a payment speaks of: the one named, or for the class as a whole all that were opened."""
        if session_no is None:
            return [run for run in self.runs if run.is_opened]
        run = self.run(session_no)
        return [run] if run is not None else []


def case_of(project_id: int) -> SpendingCase | None:
    """The case of a project; None for one without a plan. One query.

    A project that continues one of an earlier year has the class that one was approved with.
    """
    first = Project.objects.filter(pk=project_id).order_by().values(first=Coalesce("origin", "pk"))
    plan = _plans().filter(project=Subquery(first)).first()
    return SpendingCase(plan) if plan is not None else None


def carried_refusal(project: Project) -> str | None:
    """Why a project uses no more money though its class does: it was carried over to the next year (S21)."""
    later = Project.objects.filter(continues=project).first()
    return carried_to(project, later.number) if later is not None else None


def carried_to(project: Project, number: str) -> str:
    """:func:`carried_refusal` where the number of the project it was carried over to is at hand."""
    closed = f"{project.fund.year} 年度已结账；" if project.fund.closed_on is not None else ""
    return f"{closed}本班结余已结转到 {number}，请在该项目办理。"


def cases_of(project_ids: Collection[int]) -> dict[int, SpendingCase]:
    """The cases of several projects, their 期 and the decisions on them at hand; three queries."""
    firsts = Project.objects.filter(pk__in=project_ids).order_by().values(first=Coalesce("origin", "pk"))
    later = Project.objects.filter(origin=OuterRef("project")).order_by().values("pk")
    plans = _plans().filter(project__in=firsts).annotate(later=ArraySubquery(later)).order_by()
    of_plan = {plan.pk: SpendingCase(plan) for plan in plans}
    cases: dict[int, SpendingCase] = {}
    for case in of_plan.values():
        own: list[int | None] = [case.plan.project_id, *case.plan.later]  # type: ignore[attr-defined]
        cases |= {pk: case for pk in project_ids if pk in own}
    for case in of_plan.values():
        # What `cached_property` would read of each by itself.
        vars(case).update(runs=[], approval=None)
    for run in ClassRun.objects.filter(plan__in=of_plan).order_by("session_no"):
        case = of_plan[run.plan_id]
        run.plan = case.plan
        case.runs.append(run)
    for decision in _approvals().filter(plan__in=of_plan):
        if decision.plan_id is not None:
            vars(of_plan[decision.plan_id])["approval"] = decision
    return cases


def _plans() -> QuerySet[ClassPlan]:
    plans = ClassPlan.objects.select_related("union", "department", "version__book").filter(
        version__isnull=False
    )
    return plans.defer("version__content", "version__book__content", "version__book__source_text")


def _approvals() -> QuerySet[Decision]:
    """The meetings' decisions on plans, the latest last."""
    approved = Decision.objects.filter(request=None, action__in=_APPROVING)
    return approved.select_related("meeting__body").defer("findings").order_by("at", "id")


def session_title(case: SpendingCase, session_no: int | None) -> str:
    """第 2 期; 全班共用 for the class as a whole; nothing where it has one 期 only."""
    if case.plan.sessions == 1:
        return ""
    return f"第 {session_no} 期" if session_no is not None else "全班共用"


def obstacles(case: SpendingCase, session_no: int | None, *, opened: bool = True) -> list[Finding]:
    """Why nothing can be committed or paid for that 期 now, each with the page to mend it; empty if it can.

    ``opened``: whether the second gate must be behind it (`PaymentKind.opened`). Each link is
    ``{"page", "pk", "text"}``.
    """
    found = []
    money = case.book.money
    meeting = case.meeting
    if money.minutes_first and (meeting is None or not meeting.minutes_number):
        found.append(
            _obstacle(
                "minutes_first",
                "纪要待补",
                f"{meeting or '审定会议'}的纪要编号还没有补录，不能用款。",
                money.clause,
                "请会议秘书在会议页面补录纪要编号。",
                ("meeting", meeting.pk, "打开会议") if meeting is not None else None,
            )
        )
    if opened:
        found += _not_open(case, session_no)
    return found


def ended(case: SpendingCase) -> str:
    """Why the class uses no more money for good: every 期 is settled or cancelled; empty while one isn't."""
    if not case.runs or not all(is_over(run) for run in case.runs):
        return ""
    if all(run.state == RunState.CANCELLED for run in case.runs):
        return "本班已取消办班，不再用款。"
    return "本班已办结决算，不再用款。"


def sends_back(case: SpendingCase, project: Project) -> bool:
    """Whether what comes back to the project goes on to its fund: the class uses no more money (S20), or uses
    the money of the next year's project (S21)."""
    return bool(ended(case) or carried_refusal(project))


def _not_open(case: SpendingCase, session_no: int | None) -> list[Finding]:
    session_no = case.session(session_no)
    clause = case.book.launch.clause
    if session_no is None:
        using = [run for run in case.runs if run.is_opened and run.state not in _OVER]
        if using:
            return []
        run = next((run for run in case.runs if run.state == RunState.PLANNED), None)
        over = all(is_over(run) for run in case.runs)
        return [_gate("各期都已决算或取消" if over else "各期都还没有批准开班", clause, run)]
    run = case.run(session_no)
    if run is None:
        return [_gate(f"本班没有第 {session_no} 期", clause, None)]
    if run.state in _OVER:
        return [_gate(f"《{run.title}》已办结决算，不再用款", clause, run)]
    if run.state == RunState.CANCELLED:
        return [_gate(f"《{run.title}》已取消办班，不再用款", clause, run)]
    if not run.is_opened:
        return [_gate(f"《{run.title}》{run.get_state_display()}，还没有批准开班", clause, run)]
    return []


def settled_refusal(case: SpendingCase, session_no: int | None) -> str | None:
    """Why a payment of that 期 can't be taken back: its 决算 is done and its figures stand."""
    run = case.run(case.session(session_no))
    if run is None or run.state not in _OVER:
        return None
    return f"《{run.title}》已办结决算，账目不再变动，不能退款或冲销。"


def refunded_refusal(payment: Payment) -> str | None:
    """Why a payment isn't reversed as a whole: part of it came back already."""
    if not payment.refunded_by.standing().exists():
        return None
    return f"{payment.number} 已有退款，请先冲销退款再冲销这笔支付。"


def is_over(run: ClassRun) -> bool:
    """Whether a 期 uses no more money for good: settled or cancelled."""
    return run.state in _OVER or run.state == RunState.CANCELLED


def _gate(what: str, clause: str, run: ClassRun | None) -> Finding:
    mend = ""
    if run is not None and not run.is_opened and run.state != RunState.CANCELLED:
        mend = "请主办部门申请开班，批准后再用款。"
    link = ("run", run.pk, "打开班次") if run is not None else None
    return _obstacle("not_opened", "开班审批", f"{what}，不能预占或支付。", clause, mend, link)


def _obstacle(
    code: str, title: str, message: str, clause: str, mend: str, link: tuple[str, int, str] | None
) -> Finding:
    links = [] if link is None else [{"page": link[0], "pk": link[1], "text": link[2]}]
    return Finding(code, Severity.BLOCK, title, message, clause, mend, links=links)


def in_words(found: Iterable[Finding]) -> str:
    """The obstacles as one refusal."""
    return "".join(f"{one.message}{one.mend}{f'（{one.clause}）' if one.clause else ''}" for one in found)


def needed_papers(case: SpendingCase, kind: PaymentKind, session_no: int | None) -> list[NeededPaper]:
    """The papers of that kind of payment in the book's order, each with what the system has of it."""
    return [
        NeededPaper(paper, known_of(case, paper.source, session_no))
        for paper in case.book.money.papers_of(kind)
    ]


def known_of(case: SpendingCase, source: PaperSource, session_no: int | None) -> Known | None:
    """What the system has of a paper from that source; None where only a file will do."""
    match source:
        case PaperSource.APPROVAL:
            return _approval(case)
        case PaperSource.NOTICE:
            return _of_runs(case, session_no, "run_notice", _notice, "调训通知还没有发出")
        case PaperSource.TIMETABLE:
            return _of_runs(case, session_no, "run", _timetable, "还没有批准的课程表")
        case PaperSource.ATTENDANCE:
            return _of_runs(case, session_no, "run_attendance", _attendance, "考勤还没有结束，没有实际签到")
        case _:
            return None


def _approval(case: SpendingCase) -> Known:
    meeting = case.meeting
    if meeting is None:
        return Known(why="没有会议审定记录")
    if not meeting.minutes_number:
        return Known(why=f"{meeting}的纪要编号待补", page="meeting", pk=meeting.pk)
    text = f"{meeting}{chinese_date(meeting.held_on)}审定，纪要编号 {meeting.minutes_number}"
    if case.plan.off_plan_reason:
        # A class added during the year is claimed with the head's approval (X1 art. 6 and 17).
        text += f"；计划外班次，{case.plan.principal_approval}"
    return Known(text[:MOST_EVIDENCE], page="meeting", pk=meeting.pk)


def _notice(case: SpendingCase, run: ClassRun) -> str:
    notice = case.notices.get(run.pk)
    if notice is None:
        return ""
    day = f"，{chinese_date(notice.issued_on)}" if notice.issued_on is not None else ""
    return f"{notice.document_number or '调训通知'}{day}"


def _timetable(case: SpendingCase, run: ClassRun) -> str:
    count = case.lessons.get(run.pk, 0)
    return f"开班审批通过的课程表，{count} 次课" if count and run.is_opened else ""


def _attendance(case: SpendingCase, run: ClassRun) -> str:
    if run.closed_at is None:
        return ""
    return f"{chinese_date(run.closed_at)}结束考勤，实到学员 {case.present.get(run.pk, 0)} 人"


def _of_runs(
    case: SpendingCase,
    session_no: int | None,
    page: str,
    say: Callable[[SpendingCase, ClassRun], str],
    why: str,
) -> Known:
    session_no = case.session(session_no)
    runs = case.scope(session_no)
    parts = []
    for run in runs:
        text = say(case, run)
        prefix = "" if case.plan.sessions == 1 else f"第 {run.session_no} 期："
        if not text:
            return Known(why=f"{prefix}{why}", page=page if run.is_opened else "run", pk=run.pk)
        parts.append(f"{prefix}{text}")
    if not parts:
        # None was opened, so its own page says how to open the first.
        first = next((run for run in case.runs if not is_over(run)), None)
        return Known(why=why, page="run", pk=first.pk) if first is not None else Known(why=why)
    return Known("；".join(parts)[:MOST_EVIDENCE], page=page, pk=runs[0].pk)


def income_refusal(case: SpendingCase, amount: Decimal | None = None) -> str | None:
    """Why a fee can't be taken for this class (B-32, S22): never for a class whose category forbids it,
    otherwise only with the basis that was approved with its plan."""
    what = f"不能登记收入{f' {yuan(amount)} 元' if amount is not None else ''}"
    try:
        category = case.book.category(case.plan.category)
    except UnknownCode:
        return f"班次类别不在制度中，{what}。"
    if category.fee == FeePolicy.FORBIDDEN:
        return f"{category.title}不得向学员收费，{what}（{category.clause}）。"
    if not case.plan.fee or not case.plan.fee_basis:
        return f"《{case.plan.name}》审定的计划没有收费项目和依据，{what}（{category.clause}）。"
    return None
