"""A union's year of plans: handed in as workbooks, reviewed step by step, decided by a meeting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from budgets.models import Fund
from budgets.services import open_fund
from budgets.states import FundStatus
from org.selectors import holder_of
from workflow.demo.houses import (
    CALL,
    DRAFT,
    FINANCE,
    FUND,
    MINUTES,
    NEXT,
    REVIEW,
    SETTLE,
    SIGN,
    SUBMIT,
    Built,
    acting,
)
from workflow.demo.lists import Stage, Topic, cells, costs
from workflow.excel import preview as previews
from workflow.excel.template import Heading, filled
from workflow.models import AgendaItem, ClassPlan, PlanImport, WorkTask
from workflow.services import decisions, imports, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rulebook.schema import Book
    from workflow.demo.people import House, Office

#: What was done last before a plan came to lie where its stage says.
_LAST_ACT: Final = {Stage.HEAD: SUBMIT, Stage.AUTHORITY: SIGN, Stage.FINANCE: REVIEW}

_OPINIONS: Final = {
    SIGN: "同意报送。",
    REVIEW: "班次设置合理，同意，请按程序报审。",
    FINANCE: "经费测算符合标准，同意。",
}


def rows(topics: Sequence[Topic], office: Office, book: Book, phone: str) -> list[dict[str, Any]]:
    """The cells of a department's workbook."""
    modules = tuple(module.code for module in book.modules)
    source = book.sources[0].title
    return [
        cells(topic, modules=modules, source=source, owner=office.clerk, phone=phone)
        | {"subject": f"{topic.subject} {book.subject(topic.subject).title}"}
        for topic in topics
    ]


_made: Final[dict[tuple[str, str, int, str], bytes]] = {}


def workbook(house: House, office: Office, book: Book, year: int, phone: str = "13800001200") -> bytes:
    """A department's filled form for the year to come, made by the code that makes the empty one; once."""
    key = (house.code, office.code, year, phone)
    if key not in _made:
        _made[key] = _form(house, office, book, year, phone, house.topics[office.code])
    return _made[key]


def _form(house: House, office: Office, book: Book, year: int, phone: str, topics: Sequence[Topic]) -> bytes:
    return filled(book, Heading(house.name, office.name, year), rows(topics, office, book, phone))


def plan_year(built: Built) -> None:
    """Everything the plans of ``built.topics`` went through until they came to lie where they do."""
    _grant(built)
    _hand_in(built)
    _review(built)
    _meet(built)


def _grant(built: Built) -> None:
    """The year's fund, unless it is there already."""
    house, source = built.house, built.book.sources[0]
    if Fund.objects.filter(union=built.union, year=built.year, source=source.code).exists():
        return
    with acting(built.people[f"{house.finance}-head"]) as finance:
        open_fund(
            union=built.union,
            year=built.year,
            source=source.code,
            title=source.title,
            amount=Decimal(house.fund),
            status=FundStatus.APPROVED,
            basis=f"{built.year}年度工会经费预算（批复）",
            actor=finance,
            at=built.clock(FUND),
        )


def _hand_in(built: Built) -> None:
    """Each department uploads its workbook; what isn't left a draft is submitted."""
    for index, office in enumerate(built.house.offices):
        topics = built.topics.get(office.code, ())
        if not topics:
            continue
        with acting(built.people[f"{office.code}-staff"]) as clerk:
            at = built.clock(DRAFT, index)
            content = _content(built, office, clerk.phone, topics)
            received = imports.receive(
                department=built.departments[office.code],
                year=built.year,
                upload=SimpleUploadedFile(f"{office.name}{built.year}年度培训计划申报表.xlsx", content),
                check=partial(previews.check, at=at),
                actor=clerk,
                at=at,
            )
            found = previews.preview(received, at=at, judged=False)
            imports.commit(
                import_id=received.pk,
                read=partial(_batch, at=at),
                digest=found.batch.digest,
                actor=clerk,
                at=at,
            )
        made = ClassPlan.objects.filter(department=received.department, year=built.year)
        plans = {plan.name: plan for plan in made}
        built.plans += [(topic, plans[topic.name]) for topic in topics]
    for index, (topic, plan) in enumerate(built.plans):
        if topic.stage != Stage.DRAFT:
            with acting(plan.created_by) as clerk:
                submission.submit(plan_id=plan.pk, actor=clerk, at=_when(built, topic, SUBMIT, index))


def _content(built: Built, office: Office, phone: str, topics: Sequence[Topic]) -> bytes:
    """The workbook uploaded: of the year to come the one that is written for people to try, too."""
    if topics is built.house.topics[office.code]:
        return workbook(built.house, office, built.book, built.year, phone)
    return _form(built.house, office, built.book, built.year, phone, topics)


def _when(built: Built, topic: Topic, step: int, index: int) -> datetime:
    """The moment of a step; every other plan came to the desk it waits at lately: not all are late."""
    lately = _LAST_ACT.get(topic.stage) == step and index % 2 == 1
    return built.clock(NEXT if lately else step, index)


def _batch(received: PlanImport, *, at: datetime) -> imports.Batch:
    return previews.preview(received, at=at, judged=False).batch


def _review(built: Built) -> None:
    """Every step as far as the plan's stage; whoever holds the task's post decides."""
    waiting = [(topic, plan) for topic, plan in built.plans if topic.stage != Stage.DRAFT]
    for step, stops in ((SIGN, Stage.HEAD), (REVIEW, Stage.AUTHORITY), (FINANCE, Stage.FINANCE)):
        waiting = [(topic, plan) for topic, plan in waiting if topic.stage != stops]
        for index, (topic, plan) in enumerate(waiting):
            action, opinion = DecisionAction.AGREE, _OPINIONS[step]
            if step == REVIEW and topic.stage == Stage.RETURNED:
                action, opinion = (
                    DecisionAction.RETURN,
                    "请说明参训人数的依据，并与同类班次错开时间后再报。",
                )
            elif step == REVIEW and topic.stage == Stage.ADVISED:
                action, opinion = (
                    DecisionAction.ADVISE_EXCLUSION,
                    "该职业资格已不再由国家统一鉴定，建议不列入，改报业务班。",
                )
            _decide(plan, action, opinion, _when(built, topic, step, index))
        if step == REVIEW:
            waiting = [(topic, plan) for topic, plan in waiting if topic.stage != Stage.RETURNED]


def _decide(plan: ClassPlan, action: DecisionAction, opinion: str, at: datetime) -> None:
    task = WorkTask.objects.select_related("post").get(plan=plan, request=None, is_open=True)
    holder = holder_of(task.post, timezone.localdate(at)) if task.post else None
    if holder is None:
        raise RuntimeError(f"nobody holds the post of {task}")
    with acting(holder):
        decisions.decide(
            plan_id=plan.pk, task_id=task.pk, action=action, actor=holder, at=at, opinion=opinion
        )


def _meet(built: Built) -> None:
    """A meeting that was held, and one whose results wait for the secretary."""
    chair = built.house.leaders["principal"][1]
    with acting(built.people["secretary"]) as secretary:
        held = timezone.localdate(built.clock(SETTLE))
        first = held.month * 2 - 1
        call = partial(
            meetings.call_meeting, union=built.union, year=built.year, actor=secretary, chair=chair
        )
        meeting = call(
            number=f"{held.year}年第{first}次",
            held_on=held,
            attendees="领导班子成员；"
            + "、".join(office.name for office in built.house.offices)
            + "负责人列席",
            at=built.clock(CALL),
            plan_ids=_keys(built, Stage.APPROVED, Stage.CUT, Stage.DEFERRED),
        )
        results: dict[Stage, Callable[[Topic], dict[str, Any]]] = {
            Stage.APPROVED: lambda topic: {"outcome": MeetingOutcome.PASSED},
            Stage.CUT: _cut,
            Stage.DEFERRED: lambda topic: {
                "outcome": MeetingOutcome.DEFERRED,
                "opinion": "待与相关单位商定参训名额后再议。",
            },
        }
        items = {item.plan_id: item for item in AgendaItem.objects.filter(meeting=meeting)}
        for index, (topic, plan) in enumerate(built.plans):
            if plan.pk in items:
                meetings.settle(
                    item_id=items[plan.pk].pk,
                    actor=secretary,
                    at=built.clock(SETTLE, index),
                    **results[topic.stage](topic),
                )
        meetings.record_minutes(
            meeting_id=meeting.pk,
            minutes_number=f"〔{held.year}〕{first}号",
            chair=chair,
            attendees=meeting.attendees,
            actor=secretary,
            at=built.clock(MINUTES),
        )
        put_off = _keys(built, Stage.AGENDA)
        if not put_off:
            return
        coming = built.clock(NEXT)
        call(
            number=f"{timezone.localdate(coming).year}年第{first + 1}次",
            held_on=timezone.localdate(coming),
            at=coming,
            plan_ids=put_off,
        )


def _keys(built: Built, *stages: Stage) -> list[int]:
    return [plan.pk for topic, plan in built.plans if topic.stage in stages]


def _cut(topic: Topic) -> dict[str, Any]:
    fewer = replace(topic, trainees=topic.trainees - 5)
    return {
        "outcome": MeetingOutcome.PASSED_CHANGED,
        "opinion": f"参训人数核减为每期 {fewer.trainees} 人，经费相应核减。",
        "figures": {"trainees": fewer.trainees},
        "costs": costs(fewer),
    }
