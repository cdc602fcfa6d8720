"""Rows of the lists in the words a page and a workbook share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from office.wording import days_text, lasting
from workflow.rules.brief import brief
from workflow.rules.money_terms import MoneyTerms
from workflow.rules.route import NOBODY, Limit, limit
from workflow.rules.terms import RunTerms
from workflow.states import (
    AUTHOR,
    DecisionAction,
    MoneyKind,
    PlanState,
    RequestKind,
    RequestState,
    StepKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from org.models import User
    from rulebook.schema import Book
    from workflow.models import ClassPlan, Decision, MoneyRequest, RunRequest, WorkTask

    Books = Mapping[int, Book]


@dataclass(frozen=True)
class PlanWords:
    """The columns every list has of a plan; ``total`` in yuan for all 期, ``sub`` the grey second line.

    ``total`` None: it isn't about a class's size and money, which are left out. A request about money has
    its project's name, its own amount, and neither people nor days.
    """

    pk: int
    name: str
    number: str
    category: str
    department: str
    trainees: int
    staff: int
    sessions: int
    days: str
    total: Decimal | None
    residential: bool
    state: str
    state_label: str
    submission: int
    #: What stands in the second line instead, of a request.
    note: str = ""

    @property
    def people(self) -> str:
        """80＋3, with ×3 for three 期; nothing where it isn't about a class's size."""
        if self.total is None or not self.sessions:
            return ""
        return f"{self.trainees}＋{self.staff}" + (f" ×{self.sessions}" if self.sessions > 1 else "")

    @property
    def sub(self) -> str:
        if self.note:
            return self.note
        parts = [
            f"申报 {self.number}" if self.number else "",
            self.category,
            "住宿" if self.residential else "走读",
            f"第 {self.submission} 次报送" if self.submission > 1 else "",
        ]
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class WaitingRow:
    """One thing to do. ``can_agree``: of a kind a bulk 同意 may take."""

    task: int
    kind: str
    step: str
    post: str
    plan: PlanWords
    found: dict[str, Any]
    arrived_at: datetime | None
    limit: Limit
    can_agree: bool
    #: The request it is about, where it isn't the plan itself: about one of its 期, or about money.
    request: int | None = None
    money: int | None = None


@dataclass(frozen=True)
class DoneRow:
    """One thing done, with where the plan stands now."""

    plan: PlanWords
    step: str
    result: str
    tone: str
    opinion: str
    post: str
    at: datetime
    spent: str
    request: int | None = None
    money: int | None = None


@dataclass(frozen=True)
class PlanRow:
    """A plan and where it lies."""

    plan: PlanWords
    found: dict[str, Any]
    place: str
    holder: str
    limit: Limit
    updated_at: datetime
    said: str = field(default="")


def words(plan: ClassPlan, total: Decimal, books: Books) -> PlanWords:
    """``plan`` with department and version loaded; a draft's category stays a code where no book is known."""
    version = plan.version
    book = books.get(version.book_id) if version is not None else next(iter(books.values()), None)
    return PlanWords(
        pk=plan.pk,
        name=plan.name,
        number=plan.declaration_number,
        category=book.titles([plan.category])[0] if book is not None and plan.category else "",
        department=plan.department.name,
        trainees=plan.trainees,
        staff=plan.staff,
        sessions=plan.sessions,
        days=days_text(plan.half_days),
        total=total,
        residential=plan.residential,
        state=plan.state,
        state_label=str(PlanState(plan.state).label),
        # What the meeting changed is a version too, but nobody handed it in.
        submission=version.number - version.by_meeting if version is not None else 0,
    )


def asked_words(request: RunRequest, books: Books) -> PlanWords:
    """The same columns of a request about a 期: its own people, days and money, where it proposes any."""
    run, plan = request.run, request.run.plan
    exempt = request.kind == RequestKind.EXEMPT
    terms = RunTerms.from_json(request.content) if "stretches" in request.content else None
    base = words(plan, terms.total if terms is not None else _total(request), books)
    chain = {"same": "与计划一致", "changed": "与计划不一致"}.get(request.chain, "")
    again = f"第 {request.number} 次报送" if request.number > 1 else ""
    return replace(
        base,
        name=run.title,
        number=run.code,
        department=_unit_of(request) or base.department,
        total=None if exempt else base.total,
        trainees=terms.trainees if terms is not None else run.trainees or plan.trainees,
        staff=terms.staff if terms is not None else run.staff or plan.staff,
        sessions=1,
        days="" if exempt else days_text(len(terms.half_days) if terms is not None else plan.half_days),
        residential=terms.residential if terms is not None else plan.residential,
        state=request.state,
        state_label=str(RequestState(request.state).label),
        note=" · ".join(
            part for part in (run.code, request.get_kind_display(), _people_of(request), chain, again) if part
        ),
    )


def _unit_of(request: RunRequest) -> str:
    """Whose people an exemption is asked for, where they are of one unit."""
    units = {line["unit"] for line in request.content.get("seats", ())}
    return units.pop() if len(units) == 1 else ""


def money_words(request: MoneyRequest) -> PlanWords:
    """The same columns of a request about money: what it is about, who asks, the amount that would move."""
    number = request.project.number if request.project is not None else ""
    again = f"第 {request.number} 次报送" if request.number > 1 else ""
    return PlanWords(
        pk=request.pk,
        name=request.title,
        number=request.code,
        category="",
        department=request.department.name,
        trainees=0,
        staff=0,
        sessions=0,
        days="",
        total=amount_asked(request),
        residential=False,
        state=request.state,
        state_label=str(RequestState(request.state).label),
        submission=request.number,
        note=" · ".join(part for part in (request.code, request.get_kind_display(), number, again) if part),
    )


def amount_asked(request: MoneyRequest) -> Decimal:
    """Yuan that move between lines (调剂) or years (结转, 追加), or a project is to have (预算调整)."""
    terms = MoneyTerms.from_json(request.content)
    if request.kind == MoneyKind.BUDGET:
        return sum(terms.lines.values(), Decimal("0.00"))
    return sum((shift.amount for shift in terms.shifts), terms.carried)


def _people_of(request: RunRequest) -> str:
    """Whom an exemption is asked for: 某某, or 某某等 3 人; the empty string of another request."""
    names = [line["name"] for line in request.content.get("seats", ())]
    return f"{names[0]}等 {len(names)} 人" if len(names) > 1 else "".join(names)


def _amiss_of(request: Any) -> list[dict[str, Any]]:
    """What isn't 符合 about a request; of an exemption that is what holds its people, each rule once."""
    held = {found["code"]: found for line in request.content.get("seats", ()) for found in line["findings"]}
    return [*request.amiss, *held.values()]


def _total(request: RunRequest) -> Decimal:
    """Yuan of the 期 a request without terms is about."""
    return sum((Decimal(row["amount"]) for row in request.before.get("costs", ())), Decimal("0.00"))


def waiting_rows(
    tasks: Iterable[WorkTask],
    books: Books,
    asked: Mapping[int, RunRequest],
    money: Mapping[int, MoneyRequest],
    *,
    at: datetime,
) -> list[WaitingRow]:
    """``tasks`` as ``selectors.worklist.waiting`` gives them, ``asked`` and ``money`` the requests among them
    by key."""
    rows = []
    for task in tasks:
        if task.money_id is not None:
            rows.append(_waiting_money(task, money[task.money_id], at))
            continue
        plan: Any = task.plan
        kind = str(StepKind(task.kind).label)
        request: Any = asked.get(task.request_id) if task.request_id is not None else None
        if request is not None and task.kind == StepKind.REQUEST:
            kind = request.get_kind_display()
        if task.kind == StepKind.REVIEW and plan.version.number > 1:
            kind = "修改后报送"
        rows.append(
            WaitingRow(
                task=task.pk,
                kind=kind,
                step=task.step_title if task.step != AUTHOR else "",
                post=task.post.full_title if task.post is not None else "",
                plan=words(plan, task.total, books) if request is None else asked_words(request, books),
                found=brief(task.amiss if request is None else _amiss_of(request)),
                arrived_at=task.arrived_at,
                limit=limit(task.due_at, at),
                can_agree=task.kind == StepKind.REVIEW,
                request=task.request_id,
            )
        )
    return rows


def _waiting_money(task: WorkTask, request: Any, at: datetime) -> WaitingRow:
    """A request about money; returned, its row says so as every request's does."""
    returned = task.kind == StepKind.AMEND
    return WaitingRow(
        task=task.pk,
        kind=str(StepKind(task.kind).label) if returned else request.get_kind_display(),
        step=task.step_title if task.step != AUTHOR else "",
        post=task.post.full_title if task.post is not None else "",
        plan=money_words(request),
        found=brief(request.amiss),
        arrived_at=task.arrived_at,
        limit=limit(task.due_at, at),
        can_agree=False,
        money=request.pk,
    )


_TONE = {
    DecisionAction.RETURN: "back",
    DecisionAction.ADVISE_EXCLUSION: "back",
    DecisionAction.EXCLUDE: "back",
    DecisionAction.REFUSE: "back",
    DecisionAction.DEFER: "wait",
    DecisionAction.WITHDRAW: "wait",
    DecisionAction.SUBMIT: "",
    DecisionAction.RESUME: "",
}


def done_rows(
    decisions: Iterable[Decision],
    books: Books,
    asked: Mapping[int, RunRequest],
    money: Mapping[int, MoneyRequest],
) -> list[DoneRow]:
    """``decisions`` as ``selectors.worklist.done_by`` gives them, the others as in :func:`waiting_rows`."""
    rows = []
    for decision in decisions:
        action = DecisionAction(decision.action)
        result = str(action.label)
        request = asked.get(decision.request_id) if decision.request_id is not None else None
        version = decision.version
        if action == DecisionAction.SUBMIT and request is None and version is not None:
            result = f"第 {version.number} 次报送"
        elif action == DecisionAction.RETURN:
            book = books.get(version.book_id) if version is not None else None
            steps = {step.key: step.title for step in book.steps} if book is not None else {}
            result = f"退回{steps.get(decision.return_to, '经办人')}"
        said = decision.opinion if decision.opinion != str(action.label) else ""
        rows.append(
            DoneRow(
                plan=_words_of(decision, request, money, books),
                step=decision.step_title,
                result=result,
                tone=_TONE.get(action, "ok"),
                opinion=said,
                post=decision.post_title,
                at=decision.at,
                spent=lasting(decision.spent) if decision.spent is not None else "",
                request=decision.request_id,
                money=decision.money_id,
            )
        )
    return rows


def _words_of(
    decision: Any, request: RunRequest | None, money: Mapping[int, MoneyRequest], books: Books
) -> PlanWords:
    if decision.money_id is not None:
        return money_words(money[decision.money_id])
    return words(decision.plan, decision.total, books) if request is None else asked_words(request, books)


def plan_rows(
    plans: Iterable[ClassPlan],
    books: Books,
    tasks: Mapping[int, WorkTask],
    holders: Mapping[int, User],
    *,
    at: datetime,
) -> list[PlanRow]:
    """``plans`` as ``selectors.worklist.plan_rows`` gives them, ``tasks`` by plan, ``holders`` by post."""
    rows = []
    for plan in plans:
        task = tasks.get(plan.pk)
        holder = holders.get(task.post_id) if task is not None and task.post_id is not None else None
        rows.append(
            PlanRow(
                plan=words(plan, plan.total, books),  # type: ignore[attr-defined]
                found=brief(plan.amiss) if plan.version is not None else {},  # type: ignore[attr-defined]
                place=task.step_title if task is not None else "",
                holder=(holder.name if holder is not None else NOBODY) if task is not None else "",
                limit=limit(task.due_at, at) if task is not None else Limit(),
                updated_at=plan.updated_at,
                said=getattr(plan, "said", None) or "",
            )
        )
    return rows
