"""The way of a plan or a request: who did what, whose turn it is, who acts after, what agreeing leads to.

Reads only. Steps to come are worked out as they would be today: post by duty, holder by tenure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from office.refusals import Refused
from office.wording import lasting, moment
from office.workdays import workdays_between
from org.models import Tenure
from org.selectors import holders_of
from workflow.models import Decision
from workflow.rules import chain
from workflow.states import AUTHOR, DecisionAction, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from org.models import User
    from rulebook.schema import Book
    from rulebook.steps import Step
    from workflow.models import ClassPlan, WorkTask

NOBODY = "暂无人任职"
UNCONFIRMED = "待确认：按现在的任职记录，办理当日该岗位不由此人担任。"

#: Results that sent the plan back or against it.
_BACK = frozenset(
    {
        DecisionAction.RETURN,
        DecisionAction.WITHDRAW,
        DecisionAction.ADVISE_EXCLUSION,
        DecisionAction.EXCLUDE,
        DecisionAction.DEFER,
        DecisionAction.REFUSE,
    }
)


@dataclass(frozen=True)
class Stage:
    """One line of the 审批记录. ``tone``: done, back, now or next."""

    tone: str
    title: str
    person: str = ""
    post: str = ""
    line: str = ""
    opinion: str = ""
    note: str = ""


@dataclass(frozen=True)
class Ahead:
    """A step to come: ``index`` in the book, its post and who holds it; ``problem`` where nobody can."""

    index: int
    title: str
    days: int
    post: str = ""
    holder: User | None = None
    stands_in: bool = False
    problem: str = ""
    #: The meeting's secretary keeps the last step; the meeting decides.
    meeting: bool = False

    @property
    def who(self) -> str:
        """财务资产部 部长 李想."""
        if self.problem:
            return self.problem
        return f"{self.post} {self.holder.name if self.holder else f'（{NOBODY}）'}"


@dataclass(frozen=True)
class Limit:
    """办理时限 by working days. ``tone`` is a colour of ``parts/state.html``; empty: nothing to hurry."""

    text: str = ""
    tone: str = ""
    overdue: bool = field(default=False)


def limit(due_at: datetime | None, at: datetime) -> Limit:
    """今日 / 剩 n 天 / 超期 n 天: working days from today to the day the limit ends."""
    if due_at is None:
        return Limit()
    today, last = timezone.localdate(at), timezone.localdate(due_at)
    if last == today:
        return Limit("今日", "back")
    left = workdays_between(today, last)
    if last < today:
        return Limit(f"超期 {max(-left, 1)} 天", "back", overdue=True)
    return Limit(f"剩 {left} 天", "wait" if left <= 1 else "")


def done(decisions: Sequence[Decision], *, at: datetime) -> list[Stage]:
    """The steps taken, the first one first, in one query."""
    unsure = unconfirmed(decisions)
    return [_taken(decision, at=at, unsure=decision.pk in unsure) for decision in decisions]


def unconfirmed(decisions: Iterable[Decision]) -> set[int]:
    """Decisions whose actor, by the tenures as they stand now, didn't hold the post that day (S4).

    A succession entered later with an earlier date doesn't undo what was decided; somebody has to confirm it.
    """
    rows = [decision for decision in decisions if decision.post_id is not None]
    tenures = Tenure.objects.filter(
        post__in={row.post_id for row in rows}, user__in={row.actor_id for row in rows}
    ).order_by()
    held: dict[tuple[int | None, int], list[Tenure]] = {}
    for tenure in tenures if rows else ():
        held.setdefault((tenure.post_id, tenure.user_id), []).append(tenure)
    return {
        row.pk
        for row in rows
        if not any(timezone.localdate(row.at) in one for one in held.get((row.post_id, row.actor_id), ()))
    }


def _taken(decision: Decision, *, at: datetime, unsure: bool) -> Stage:
    action = DecisionAction(decision.action)
    result, version = str(action.label), decision.version
    if (
        action == DecisionAction.SUBMIT
        and decision.request_id is None
        and version is not None
        and version.number > 1
    ):
        result = f"第 {version.number} 次报送"
    if action == DecisionAction.RETURN:
        result = f"退回{return_title(decision)}"
    line = f"{moment(decision.at, now=at)} {result}"
    person, post = decision.actor_name, decision.post_title
    if decision.meeting is not None:
        line += f"，{decision.meeting.number}"
        if action != DecisionAction.RESUME:  # the meeting decided; its secretary wrote it down
            person, post = "", f"{post} {person} 记录".strip()
    if decision.spent is not None and action != DecisionAction.SUBMIT:
        line += f"，办理用时 {lasting(decision.spent)}"
    said = decision.opinion if decision.opinion not in ("", str(action.label)) else ""
    return Stage(
        tone="back" if action in _BACK else "done",
        title=decision.step_title,
        person=person,
        post=post,
        line=line,
        opinion=said,
        note=UNCONFIRMED if unsure else "",
    )


def return_title(decision: Decision) -> str:
    """经办人, or the title of the step a plan was returned to."""
    if decision.return_to in ("", AUTHOR) or decision.version is None:
        return "经办人"
    book = decision.version.book.book
    return next((step.title for step in book.steps if step.key == decision.return_to), decision.return_to)


def current(
    task: WorkTask, holder: User | None, steps: Sequence[Step], *, at: datetime, note: str = ""
) -> Stage:
    """Whose turn it is, since when, and until when."""
    arrived = task.arrived_at
    line = ""
    if arrived is not None:
        waited = at - arrived
        line = f"{moment(arrived, now=at)} 收到"
        line += f"，已 {lasting(waited)}" if waited >= timedelta(minutes=1) else ""
    if task.due_at is not None:
        days = next((step.days for step in steps if step.key == task.step), None)
        line += f"，时限 {days} 个工作日" if days else ""
        left = limit(task.due_at, at)
        line += f"，{left.text}" if left.overdue else "，今日到期" if left.text == "今日" else ""
    return Stage(
        tone="now",
        note=note,
        title=task.step_title,
        person=holder.name if holder is not None else NOBODY,
        post=task.post.full_title if task.post is not None else "",
        line=line,
    )


def ahead(
    about: chain.About, steps: Sequence[Step], start: int, *, author_id: int, on: date, meeting: bool = True
) -> list[Ahead]:
    """Steps ``start`` … with the people who would act today; holders in one query.

    ``meeting``: whether the last of ``steps`` is the meeting's, as in the chain of a plan.
    """
    last = len(steps) - 1 if meeting else -1
    found: list[tuple[int, chain.Turn | None, str]] = []
    for index in range(start, len(steps)):
        try:
            turn = chain.turn(about, steps[index], on, author_id=author_id, meeting=index == last)
            found.append((index, turn, ""))
        except Refused as refused:
            found.append((index, None, str(refused)))
    holders = holders_of([turn.post.pk for _, turn, _ in found if turn is not None], on)
    return [
        Ahead(
            index=index,
            title=steps[index].title,
            days=steps[index].days,
            post=turn.post.full_title if turn is not None else "",
            holder=holders.get(turn.post.pk) if turn is not None else None,
            stands_in=turn.stands_in if turn is not None else False,
            problem=problem,
            meeting=index == last,
        )
        for index, turn, problem in found
    ]


def to_come(steps: Iterable[Ahead]) -> list[Stage]:
    """Steps to come, in grey."""
    stages = []
    for step in steps:
        if step.problem:
            stages.append(Stage("next", step.title, line=step.problem))
            continue
        name = step.holder.name if step.holder is not None else NOBODY
        if step.meeting:
            stages.append(Stage("next", step.title, post=f"会议秘书 {name}"))
        else:
            note = "原办理人为经办人或主办部门，由其代办" if step.stands_in else ""
            stages.append(Stage("next", step.title, name, step.post, note=note))
    return stages


def step_index(task: WorkTask, book: Book) -> int:
    """The index of the step a review or decide task stands at; 0 for a task at the author."""
    keys = [step.key for step in book.steps]
    return keys.index(task.step) if task.kind in (StepKind.REVIEW, StepKind.DECIDE) else 0


def record(plan: ClassPlan) -> list[Decision]:
    """The plan's whole approval record, oldest first, with what the lines need."""
    return list(
        Decision.objects.filter(plan=plan, request=None)
        .select_related("version__book", "meeting__body")
        .defer("version__content", "version__book__content", "version__book__source_text", "findings")
        .order_by("at", "id")
    )


__all__ = [
    "NOBODY",
    "Ahead",
    "Limit",
    "Stage",
    "ahead",
    "current",
    "done",
    "limit",
    "record",
    "return_title",
    "step_index",
    "to_come",
    "unconfirmed",
]
