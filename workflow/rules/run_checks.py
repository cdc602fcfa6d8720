"""What the book says of a 期 as it is asked for: days, timetable, people, lecturers, money.

Reads only. ``block`` stops a request from being handed in, ``hold`` and ``warn`` ask for a reason the
reviewers see. What a plan is checked for is checked by the same functions, on the figures of this 期.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from office.wording import chinese_date, yuan
from office.workdays import is_workday
from rulebook import rates
from rulebook.severity import Severity
from workflow.costs import LECTURE
from workflow.models import CallUp, ClassPlan, PlanCost, Quota, Seat, SeatSpan
from workflow.rules import money
from workflow.rules.differences import comparison
from workflow.rules.facts import ZERO, Facts, fault, fine, plain
from workflow.rules.findings import Finding, ordered
from workflow.rules.travel import travel
from workflow.states import Half, RequestKind, RunState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.terms import LessonTerms, RunTerms

#: What a postponement leaves as it is; its lines of :func:`differences.comparison` may not differ.
_POSTPONABLE = frozenset({"时间", "课程表", "报到时间和地点", "备注"})

#: As many names as a message holds.
NAMED = 8


@dataclass(frozen=True)
class Asked:
    """A request's terms with what they are held against. ``before``: what is approved now."""

    run: ClassRun
    kind: str
    before: RunTerms
    terms: RunTerms
    book: Book
    at: datetime

    @property
    def day(self) -> date:
        return timezone.localdate(self.at)

    @property
    def facts(self) -> Facts:
        """The 期 as a plan of one, for the checks that plans have; until it has days, it lasts as planned."""
        plan, terms = self.run.plan, self.terms
        one = ClassPlan(
            year=plan.year,
            name=plan.name,
            category=plan.category,
            sessions=1,
            half_days=len(terms.half_days) or plan.half_days,
            hours=terms.hours,
            residential=terms.residential,
            trainees=terms.trainees,
            staff=terms.staff,
            rate_class=plan.rate_class,
        )
        return Facts(
            plan=one,
            costs=[PlanCost(item=item, amount=amount) for item, amount in terms.costs.items()],
            book=self.book,
            department_code=plan.department.code,
            duties=frozenset(),
            has_survey_file=True,
            handed_in=self.at,
        )


def findings_of_terms(asked: Asked) -> list[Finding]:
    """All findings of what is asked, worst first; what was in order is said too.

    At most three queries, and only for a 期 whose people are called up already.
    """
    found = [
        *_stretches(asked),
        *_essentials(asked),
        *_timetable(asked),
        *travel(asked.facts, asked.terms),
        *money.ceilings(asked.facts),
        *_lecturers(asked),
        *money.staff(asked.facts),
        *_kept_to_its_kind(asked),
        *_called_already(asked),
    ]
    return ordered(finding for finding in found if finding.severity != Severity.OFF)


def _own(asked: Asked, code: str, title: str, message: str, mend: str, severity: Severity) -> Finding:
    """A finding no rule of the book speaks of: the second gate itself asks for it."""
    return Finding(code, str(severity.value), title, message, asked.book.launch.clause, mend)


def _stop(asked: Asked, code: str, title: str, message: str, mend: str) -> Finding:
    return _own(asked, code, title, message, mend, Severity.BLOCK)


def _stretches(asked: Asked) -> Iterator[Finding]:
    """Dates and half-days: there, in order, apart, and not in the past."""
    terms, title = asked.terms, "起止时间"
    if not terms.stretches:
        yield _stop(asked, "run_dates", title, "没有填写起止时间。", "请填写开班和结束的日期、上午或下午。")
        return
    if bad := [span for span in terms.stretches if not span.numbers]:
        where = "、".join(
            f"{chinese_date(s.first)}{Half(s.first_half).label}至{chinese_date(s.last)}{Half(s.last_half).label}"
            for s in bad
        )
        yield _stop(asked, "run_dates", title, f"{where}：结束早于开始。", "请核对起止日期和上、下午。")
        return
    for one, other in pairwise(terms.stretches):
        if other.numbers.start < one.numbers.stop:
            yield _stop(
                asked,
                "run_dates",
                title,
                f"“{one.text}”与“{other.text}”重叠或次序颠倒。",
                "请按时间先后填写，各段不要重叠。",
            )
            return
    if asked.before.stretches == terms.stretches:
        return
    if idle := rest_days(terms):
        days = "、".join(f"{day.month}月{day.day}日" for day in idle)
        yield _stop(
            asked,
            "run_dates",
            title,
            f"{days}是休息日，没有课程，不能连在起止时间里。",
            "请按「增加一段」把起止时间分段填写；当天确有安排的，写进课程安排。",
        )
        return
    first, last = terms.days[0], terms.days[-1]
    late = last if asked.run.state == RunState.RUNNING else first
    if late < asked.day:
        yield _stop(
            asked,
            "run_dates",
            title,
            f"{chinese_date(late)}已经过去。",
            f"请改为 {chinese_date(asked.day)}及以后的日期。",
        )
    else:
        yield Finding("run_dates", "pass", title, f"{terms.period}。", asked.book.launch.clause)


def rest_days(terms: RunTerms) -> list[date]:
    """Days off without a lesson, in the middle of a stretch: people are free on them, and nobody is paid for.

    Before the first lesson of a stretch and after its last one people travel, on a Sunday as well.
    """
    taught = {lesson.day for lesson in terms.lessons}
    idle: list[date] = []
    for span in terms.stretches:
        days = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
        held = [day for day in days if day in taught]
        idle += [
            day
            for day in days
            if held and held[0] < day < held[-1] and day not in taught and not is_workday(day)
        ]
    return idle


def _essentials(asked: Asked) -> Iterator[Finding]:
    """Place, people and whoever answers for the class."""
    terms, facts = asked.terms, asked.facts
    if not terms.venue:
        yield fault(facts, "place_missing", "没有填写地点。", "请填写确定的办班地点。")
    if terms.trainees <= 0:
        yield _stop(asked, "run_people", "学员人数", "没有填写学员人数。", "请填写本期学员人数。")
    lacking = [
        label
        for label, text in (("项目负责人", terms.owner_name), ("联系电话", terms.owner_phone))
        if not text
    ]
    if lacking:
        yield fault(
            facts, "owner_missing", f"没有填写{'和'.join(lacking)}。", f"请补填{'和'.join(lacking)}。"
        )


def _timetable(asked: Asked) -> Iterator[Finding]:
    """Lessons lie within the class, each half-day holds what it can, and the hours add up."""
    terms, book, facts = asked.terms, asked.book, asked.facts
    title = "课程安排"
    if not terms.lessons:
        yield _stop(
            asked,
            "run_timetable",
            title,
            "没有填写课程安排。",
            "请按半天填写授课内容、学时和授课人。",
        )
        return
    held = {number for span in terms.stretches for number in span.numbers}
    outside = [lesson.text for lesson in terms.lessons if lesson.number not in held]
    if outside and held:
        yield _stop(
            asked,
            "run_timetable",
            title,
            f"不在办班时间内：{'；'.join(outside)}。",
            "请核对课程的日期和上、下午。",
        )
    taught: defaultdict[int, list[LessonTerms]] = defaultdict(list)
    for lesson in terms.lessons:
        taught[lesson.number].append(lesson)
    most = book.max_hours_per_half_day
    for lessons in taught.values():
        hours = sum((lesson.hours for lesson in lessons), Decimal(0))
        if hours > most:
            what = "；".join(lesson.text for lesson in lessons)
            yield fault(
                facts,
                "hours_fit",
                f"同一半天安排了 {plain(hours)} 学时，超过 {most} 学时：{what}。",
                "请核对课程是否排重，或调到其他半天。",
            )
    free = [number for number in sorted(held) if number not in taught]
    if free:
        yield _own(
            asked,
            "run_timetable",
            title,
            f"{len(free)} 个半天没有课程。",
            "报到、自学和离会的半天可以不排课；其余请补填。",
            Severity.WARN,
        )
    yield from _hours(asked, facts)


def _hours(asked: Asked, facts: Facts) -> Iterator[Finding]:
    terms, book = asked.terms, asked.book
    half_days = len(terms.half_days)
    if not half_days:
        return
    sum_of = sum((lesson.hours for lesson in terms.lessons), Decimal(0))
    most = book.max_hours_per_half_day * half_days
    figures = {"学时": plain(terms.hours), "课程合计": plain(sum_of), "半天": str(half_days)}
    if terms.hours <= 0:
        yield fault(
            facts, "hours_fit", "没有填写学时。", f"{half_days} 个半天，最多 {most} 学时。", figures=figures
        )
    elif terms.hours > most:
        yield fault(
            facts,
            "hours_fit",
            f"{plain(terms.hours)} 学时超过 {half_days} 个半天的上限 {most} 学时。",
            f"请核减学时或增加半天（每半天不超过 {book.max_hours_per_half_day} 学时）。",
            figures=figures,
        )
    elif sum_of != terms.hours:
        yield fault(
            facts,
            "hours_fit",
            f"课程合计 {plain(sum_of)} 学时，与学时 {plain(terms.hours)} 不一致。",
            "请核对每门课的学时。",
            figures=figures,
        )
    else:
        yield fine(facts, "hours_fit", f"{plain(terms.hours)} 学时，{half_days} 个半天。", figures=figures)


def lecture_ceiling(terms: RunTerms, book: Book) -> Decimal:
    """What the timetable's lecturers may be paid before tax: hours at the rate of each title (X1 art. 10)."""
    card = book.rate_card
    known = {rate.code for rate in card.lecture}
    if not card.enabled:
        return ZERO
    hours: defaultdict[str, Decimal] = defaultdict(Decimal)
    for lesson in terms.lessons:
        if lesson.lecturer and lesson.lecturer_title in known:
            hours[lesson.lecturer_title] += lesson.hours
    return sum(
        (rates.lecture_ceiling(card, title_code=title, hours=count) for title, count in hours.items()), ZERO
    )


def _lecturers(asked: Asked) -> Iterator[Finding]:
    terms, book, facts = asked.terms, asked.book, asked.facts
    paid = terms.costs.get(LECTURE, ZERO)
    if not book.rate_card.enabled or not paid:
        return
    limit = lecture_ceiling(terms, book)
    figures = {"申报（税前）": yuan(paid), "上限（税前）": yuan(limit)}
    if paid > limit:
        why = "课程表中没有写明授课人和职称" if not limit else f"按职称和学时上限 {yuan(limit)} 元（税前）"
        yield fault(
            facts,
            "lecture_over",
            f"师资费 {yuan(paid)} 元，{why}，超 {yuan(paid - limit)} 元。",
            "请在课程表中写明授课人、职称和学时，或核减师资费。",
            figures=figures | {"超出": yuan(paid - limit)},
        )
    else:
        yield fine(facts, "lecture_over", f"师资费 {yuan(paid)} 元（税前）另计，未超标准。", figures=figures)


def _kept_to_its_kind(asked: Asked) -> Iterator[Finding]:
    """A change changes something; a postponement moves the days and nothing else."""
    if asked.kind not in (RequestKind.CHANGE, RequestKind.POSTPONE):
        return
    changed = [
        line for line in comparison(asked.before, asked.terms, asked.run.plan, asked.book) if line.differs
    ]
    if asked.before == asked.terms:
        yield _stop(asked, "run_unchanged", "变更内容", "没有任何改动。", "请先改动需要变更的内容。")
    if asked.kind != RequestKind.POSTPONE or not asked.terms.stretches:
        return
    if other := [line.label for line in changed if line.label not in _POSTPONABLE]:
        yield _stop(
            asked,
            "run_postponed",
            "延期内容",
            f"延期申请只改时间，还改动了{'、'.join(other)}。",
            "这些改动请另行办理变更申请。",
        )
    if asked.before.days and asked.terms.days and asked.terms.days[0] <= asked.before.days[0]:
        yield _stop(
            asked,
            "run_postponed",
            "延期内容",
            f"新的开班日期不晚于原定的 {chinese_date(asked.before.days[0])}。",
            "请填写更晚的日期；提前办班请办理变更申请。",
        )


def _called_already(asked: Asked) -> Iterator[Finding]:
    """Fewer trainees than seats are given out, or days on which somebody confirmed sits elsewhere."""
    if asked.run.state not in (RunState.ENROLLING, RunState.RUNNING):
        return
    if asked.terms.trainees < asked.before.trainees:
        given = seats_given(asked.run)
        if asked.terms.trainees < given:
            yield _stop(
                asked,
                "run_people",
                "学员人数",
                f"学员人数改为 {asked.terms.trainees} 人，名额已分配 {given} 人。",
                "请先调减各单位名额。",
            )
    if asked.before.stretches != asked.terms.stretches and all(
        span.numbers for span in asked.terms.stretches
    ):
        spans = [NumericRange(s.numbers.start, s.numbers.stop) for s in asked.terms.stretches]
        if text := clashes(asked.run, spans):
            yield fault(
                asked.facts,
                "overlap",
                f"改期后已确认的学员与其他班冲突：{text}。",
                "请另选日期，或先为其办理退出。",
            )


def seats_given(run: ClassRun) -> int:
    """名额 handed to units and those kept back as 机动名额: nobody has a seat beside them."""
    given: int | None = Quota.objects.filter(run=run).aggregate(s=Sum("seats"))["s"]
    kept = CallUp.objects.filter(run=run).values_list("reserve_seats", flat=True).first()
    return (given or 0) + (kept or 0)


def clashes(run: ClassRun, spans: list[NumericRange]) -> str:
    """Confirmed people of ``run`` who sit in another class during ``spans``: 张三（另一个班，6月8日…）.

    The empty string where there is nobody. One query.
    """
    if not spans:
        return ""
    during = Q()
    for span in spans:
        during |= Q(span__overlap=span)
    mine = SeatSpan.objects.filter(run=run, firm=True).order_by().values("cadre")
    elsewhere = SeatSpan.objects.filter(during, seat=OuterRef("pk"), firm=True, cadre__in=mine)
    found = Seat.objects.filter(Exists(elsewhere)).exclude(run=run)
    found = found.select_related("run__plan").order_by("name", "pk")
    rows = list(found[: NAMED + 1])
    names = [
        f"{row.name}（{row.run.title}，{chinese_date(row.run.starts_on)}起）"
        for row in rows[:NAMED]
        if row.run.starts_on is not None
    ]
    return "、".join(names) + ("等" if len(rows) > NAMED else "")
