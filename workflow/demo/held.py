"""The classes being held while next year's are planned: approved a year ago, opened 期 by 期.

Their days follow the day of loading, so that a class is always about to begin, another under way.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import cycle, pairwise
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from org.selectors import holder_of
from workflow.demo.clock import Clock, at_work, working_day
from workflow.demo.houses import STEPS, Built, acting
from workflow.demo.lists import Topic, topics
from workflow.models import ClassRun, RunRequest, WorkTask
from workflow.rules.terms import LessonTerms, RunTerms, Span, planned_terms
from workflow.services import requests
from workflow.states import DecisionAction, Half, RequestKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from org.models import User
    from rulebook.schema import Book

#: Days a year's planning of the past took, from the opening of its window on.
_PLANNED: Final = timedelta(days=40)
#: A class of the first weeks of a year is still one of last year's plan.
_REACHES_OVER: Final = timedelta(days=31)
_TITLES: Final = {"副高": "associate", "正高": "senior"}

#: What is taught, by module where the book has one of that code; made-up lecturers take turns.
_TAUGHT: Final = {
    "theory": ("形势任务与理论学习", "工会重要论述专题辅导"),
    "party": ("党性教育与现场教学", "先进典型报告"),
    "ability": ("实务操作讲解", "案例研讨", "分组演练", "经验交流"),
    "knowledge": ("相关法律法规新变化", "制度解读"),
    "political": ("形势任务与理论学习", "工会重要论述专题辅导"),
    "advanced": ("先进典型报告", "工会业务前沿"),
    "mass": ("联系服务职工的做法", "分组交流"),
}
_LECTURERS: Final = (
    ("方授之", "区委党校教研室"),
    ("简明哲", "工会干部学校"),
    ("路知行", "市工会干部院校"),
    ("南宫朗", "政法学院"),
)


def held(built: Built, now: datetime) -> Built:
    """The same union with the year whose classes are being held in hand, before anything was planned."""
    today = timezone.localdate(now)
    year = (today - _REACHES_OVER).year
    opens, _ = built.book.window.bounds(year)
    ended = timezone.make_aware(datetime.combine(opens + _PLANNED, time(17)))
    clock = Clock(built.book.window, year, ended, steps=STEPS)
    chosen = {
        department: tuple(replace(topic, when=_when(topic, today, year)) for topic in rows)
        for department, rows in topics(f"{built.house.code}-held").items()
    }
    return replace(built, year=year, clock=clock, topics=chosen, plans=[])


def _when(topic: Topic, today: date, year: int) -> str:
    """The months its days lie in, or the quarters where the months were more than the 期; days of the next
    January were planned for December."""
    days = [day for begins in topic.begins for day in days_of(topic, today, begins)]
    months = sorted({day.month if day.year == year else 12 for day in days})
    if len(months) <= topic.sessions:
        return "、".join(map(str, months)) + "月"
    quarters = sorted({(month - 1) // 3 for month in months})
    return "、".join(f"{'一二三四'[quarter]}季度" for quarter in quarters[: topic.sessions])


def days_of(topic: Topic, today: date, begins: int) -> list[date]:
    """The working days a 期 of it takes."""
    first = working_day(today, begins)
    count = math.ceil(Decimal(topic.days))
    return [first, *(working_day(first, number) for number in range(1, count))]


def terms(run: ClassRun, topic: Topic, today: date, book: Book) -> RunTerms:
    """The plan's own terms with real days, a place that is settled and a timetable."""
    days = days_of(topic, today, topic.begins[run.session_no - 1])
    planned = planned_terms(run.plan, run.session_no)
    return replace(
        planned,
        stretches=tuple(_spans(days)),
        address="滨河路 1 号" if planned.venue.endswith("党校") else "机关二楼",
        class_teacher=planned.owner_name,
        check_in=f"{days[0].month}月{days[0].day}日 8:30 前，{planned.venue}一楼大厅",
        lessons=tuple(_lessons(days, topic, book)),
    )


def _spans(days: Sequence[date]) -> Iterator[Span]:
    """Whole days on end are one stretch; over a weekend another begins."""
    first = days[0]
    for one, other in pairwise(days):
        if (other - one).days > 1:
            yield Span(first, Half.MORNING, one, Half.AFTERNOON)
            first = other
    yield Span(first, Half.MORNING, days[-1], Half.AFTERNOON)


def _lessons(days: Sequence[date], topic: Topic, book: Book) -> Iterator[LessonTerms]:
    """A lesson of four hours each half-day; the modules' hours say how many each module gets."""
    modules = [
        module.code
        for module, hours in zip(book.modules, topic.modules, strict=True)
        for _ in range(round(hours / book.max_hours_per_half_day))
    ]
    title, paid = topic.lecture
    taught = {code: cycle(_TAUGHT.get(code, _TAUGHT["ability"])) for code in modules}
    lecturers = cycle(_LECTURERS)
    for number, (day, half) in enumerate((day, half) for day in days for half in Half):
        code = modules[number % len(modules)]
        name, unit = next(lecturers)
        by_us = number * book.max_hours_per_half_day >= paid
        yield LessonTerms(
            day=day,
            half=half,
            topic=next(taught[code]),
            hours=Decimal(book.max_hours_per_half_day),
            module=code,
            lecturer="" if by_us else name,
            lecturer_unit="" if by_us else unit,
            lecturer_title="" if by_us else _TITLES[title],
        )


def ask(
    run: ClassRun,
    kind: RequestKind,
    wanted: RunTerms,
    *,
    actor: User,
    at: datetime,
    reason: str = "",
) -> RunRequest:
    """Draws a request up and hands it in."""
    with acting(actor):
        request = requests.save_draft(
            run_id=run.pk, kind=kind, content=wanted.as_json(), reason=reason, actor=actor, at=at
        )
        requests.submit(request_id=request.pk, actor=actor, at=at)
    return request


def agree(request: RunRequest, at: datetime) -> None:
    """Every step of its chain agrees, minutes apart."""
    while True:
        task = WorkTask.objects.select_related("post").filter(request=request, is_open=True).first()
        if task is None:
            return
        holder = holder_of(task.post, timezone.localdate(at)) if task.post else None
        if holder is None:
            raise RuntimeError(f"nobody holds the post of {task}")
        with acting(holder):
            requests.decide(
                request_id=request.pk,
                task_id=task.pk,
                action=DecisionAction.AGREE,
                actor=holder,
                at=at,
                opinion="按计划办班，同意。",
            )
        at += timedelta(minutes=20)


def open_run(built: Built, topic: Topic, run: ClassRun, *, now: datetime, asked: int) -> ClassRun:
    """Takes the 期 through the second gate: asked ``asked`` working days from today, agreed to a day on."""
    today = timezone.localdate(now)
    wanted = terms(run, topic, today, built.book)
    request = ask(
        run,
        RequestKind.OPEN,
        wanted,
        actor=run.plan.created_by,
        at=at_work(today, asked, 10),
        reason="按年度计划开班。",
    )
    agree(request, at_work(today, asked + 1, 9, 20))
    return fresh(run)


def fresh(run: ClassRun) -> ClassRun:
    """The 期 as it stands in the database now."""
    found = ClassRun.objects.select_related("plan__department", "plan__union", "plan__created_by")
    return found.get(pk=run.pk)


def run_of(built: Built, name: str, session_no: int = 1) -> tuple[Topic, ClassRun]:
    """A 期 of the class of that name with what the demo knows of it."""
    topic, plan = next((topic, plan) for topic, plan in built.plans if topic.name == name)
    return topic, fresh(ClassRun.objects.get(plan=plan, session_no=session_no))
