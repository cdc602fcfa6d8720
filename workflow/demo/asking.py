"""What the demo's departments ask about their money: one request waits, one was agreed to, one came back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from budgets.services import Shift
from org.selectors import holder_of
from workflow.demo.clock import at_work
from workflow.demo.held import run_of
from workflow.demo.houses import acting
from workflow.models import MoneyRequest, WorkTask
from workflow.rules.money_terms import MoneyTerms, lines_of
from workflow.services import money_requests
from workflow.states import DecisionAction, MoneyKind

if TYPE_CHECKING:
    from datetime import date, datetime

    from budgets.models import Project
    from workflow.demo.houses import Built
    from workflow.rules.money_terms import Line

#: Whose 调剂 waits, whose 预算调整 was agreed to, whose 调剂 came back: three classes, as a project has one
#: request under way.
ASKED: Final[dict[str, tuple[str, str, str]]] = {
    "binhai": ("社会化工会工作者能力提升班", "街镇工会主席履职专题班", "集体协商指导员实训班"),
    "mianyang": ("集体协商业务实训班", "工会干部履职能力专题班", "工会财务经审实务班"),
}
_AGREED: Final = "按报名情况核减，同意。"
_RETURNED: Final = "请写明增印资料的种类和册数，附报价后再报。"


def ask_for_money(built: Built, today: date) -> None:
    """The three requests of a union, drawn up and decided on the last working days."""
    waiting, agreed, returned = (_project(built, name) for name in ASKED[built.house.code])
    came_back = _ask(
        built,
        MoneyKind.TRANSFER,
        returned,
        MoneyTerms(shifts=(_to_venue(returned, 60),)),
        "增印学习资料，场地资料费不足，从伙食费节余中调剂。",
        at_work(today, -3, 10),
    )
    _decide(came_back, DecisionAction.RETURN, _RETURNED, at_work(today, -2, 9))
    meals = _lines(agreed)["meals"]
    fewer = _ask(
        built,
        MoneyKind.BUDGET,
        agreed,
        MoneyTerms(lines={"meals": meals.budget - 200}),
        "报名人数少于计划，核减伙食费 200 元，退回年度专项。",
        at_work(today, -3, 14),
    )
    moment = at_work(today, -2, 14)
    while WorkTask.objects.filter(money=fewer, is_open=True).exists():
        _decide(fewer, DecisionAction.AGREE, _AGREED, moment)
        moment += timedelta(minutes=40)
    _ask(
        built,
        MoneyKind.TRANSFER,
        waiting,
        MoneyTerms(shifts=(_to_venue(waiting, 100),)),
        "结业汇报须加订场地设备，从伙食费节余中调剂。",
        at_work(today, -1, 16),
    )


def _project(built: Built, name: str) -> Project:
    project = run_of(built, name)[1].plan.project
    if project is None:
        raise RuntimeError(f"{name} has no project")
    return project


def _lines(project: Project) -> dict[str, Line]:
    return {line.item: line for line in lines_of([project.pk])}


def _to_venue(project: Project, amount: int) -> Shift:
    lines = _lines(project)
    return Shift(lines["meals"].pk, lines["venue"].pk, Decimal(amount))


def _ask(
    built: Built, kind: MoneyKind, project: Project, terms: MoneyTerms, reason: str, at: datetime
) -> MoneyRequest:
    with acting(built.people[f"{project.department.code}-staff"]) as clerk:
        request = money_requests.save_draft(
            kind=kind, fund=project.fund, project=project, terms=terms, reason=reason, actor=clerk, at=at
        )
        money_requests.submit(request_id=request.pk, actor=clerk, at=at)
    return request


def _decide(request: MoneyRequest, action: DecisionAction, opinion: str, at: datetime) -> None:
    """Whoever holds the post it waits at."""
    task = WorkTask.objects.select_related("post").get(money=request, is_open=True)
    holder = holder_of(task.post, timezone.localdate(at)) if task.post is not None else None
    if holder is None:
        raise RuntimeError(f"nobody holds the post of {task}")
    with acting(holder):
        money_requests.decide(
            request_id=request.pk, task_id=task.pk, action=action, actor=holder, at=at, opinion=opinion
        )
