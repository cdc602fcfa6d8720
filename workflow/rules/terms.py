"""What a 期 is held by: its half-days, place, people, timetable and money; as planned, as asked, as it is.

The second gate compares them (D2-28). Everything of :class:`RunTerms` goes to JSON and comes back: it is
the content of a RunRequest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, Final

from workflow.models.run import day_of, half_day
from workflow.states import Half

if TYPE_CHECKING:
    from workflow.models import ClassPlan, ClassRun

CENT: Final = Decimal("0.01")
TENTH: Final = Decimal("0.1")
ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class Span:
    """起止: from a half of one day to a half of another, both included."""

    first: date
    first_half: int
    last: date
    last_half: int

    @property
    def numbers(self) -> range:
        """Its half-days by number (workflow.models.run.half_day); empty where it ends before it begins."""
        return range(half_day(self.first, self.first_half), half_day(self.last, self.last_half) + 1)

    @property
    def text(self) -> str:
        """2027年6月8日上午至6月9日下午; one half-day as 2027年6月8日上午."""
        begins = f"{self.first.year}年{_day_text(self.first)}{Half(self.first_half).label}"
        if len(self.numbers) == 1:
            return begins
        year = f"{self.last.year}年" if self.last.year != self.first.year else ""
        day = _day_text(self.last) if self.last != self.first else ""
        return f"{begins}至{year}{day}{Half(self.last_half).label}"


@dataclass(frozen=True)
class LessonTerms:
    """One line of the timetable. ``lecturer_title`` and ``module`` are codes of the book."""

    day: date
    half: int
    topic: str
    hours: Decimal
    module: str = ""
    lecturer: str = ""
    lecturer_unit: str = ""
    lecturer_title: str = ""

    @property
    def number(self) -> int:
        return half_day(self.day, self.half)

    @property
    def text(self) -> str:
        """6月8日上午 信息写作（某某，4 学时）."""
        who = f"{self.lecturer}，" if self.lecturer else ""
        return (
            f"{_day_text(self.day)}{Half(self.half).label} {self.topic}"
            f"（{who}{Decimal(self.hours).normalize():f} 学时）"
        )


@dataclass(frozen=True)
class RunTerms:
    """Everything the second gate approves of a 期. ``costs``: cost item → yuan of this 期."""

    stretches: tuple[Span, ...] = ()
    venue: str = ""
    address: str = ""
    implementer: str = ""
    residential: bool = False
    trainees: int = 0
    staff: int = 0
    hours: Decimal = Decimal("0.0")
    owner_name: str = ""
    owner_phone: str = ""
    class_teacher: str = ""
    check_in: str = ""
    note: str = ""
    lessons: tuple[LessonTerms, ...] = ()
    costs: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def half_days(self) -> list[tuple[date, Half]]:
        """Every half-day in order, each once."""
        return [day_of(number) for number in sorted({n for span in self.stretches for n in span.numbers})]

    @property
    def days(self) -> list[date]:
        """The days, each once."""
        return list(dict.fromkeys(day for day, _ in self.half_days))

    @property
    def period(self) -> str:
        """The stretches in words; the empty string where there are none."""
        return "，".join(span.text for span in self.stretches)

    @property
    def total(self) -> Decimal:
        """Yuan of all cost lines."""
        return sum(self.costs.values(), ZERO)

    def as_json(self) -> dict[str, Any]:
        """The content of a RunRequest: dates as ISO text, hours and money as text with their decimals."""
        content: dict[str, Any] = {name: getattr(self, name) for name in PLAIN}
        content["stretches"] = [
            [span.first.isoformat(), span.first_half, span.last.isoformat(), span.last_half]
            for span in self.stretches
        ]
        content["hours"] = str(self.hours.quantize(TENTH))
        content["lessons"] = [
            {
                "day": lesson.day.isoformat(),
                "half": lesson.half,
                "topic": lesson.topic,
                "module": lesson.module,
                "lecturer": lesson.lecturer,
                "lecturer_unit": lesson.lecturer_unit,
                "lecturer_title": lesson.lecturer_title,
                "hours": str(lesson.hours.quantize(TENTH)),
            }
            for lesson in self.lessons
        ]
        content["costs"] = [
            {"item": item, "amount": str(amount.quantize(CENT))} for item, amount in self.costs.items()
        ]
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> RunTerms:
        """The terms again; what is missing is empty. An unknown key is an error of the program."""
        unknown = set(content) - {one.name for one in fields(cls)}
        if unknown:
            raise ValueError(f"not terms of a run: {sorted(unknown)}")
        return cls(
            stretches=tuple(
                Span(date.fromisoformat(first), first_half, date.fromisoformat(last), last_half)
                for first, first_half, last, last_half in content.get("stretches", ())
            ),
            hours=Decimal(content.get("hours", "0.0")),
            lessons=tuple(_lesson(row) for row in content.get("lessons", ())),
            costs={row["item"]: Decimal(row["amount"]) for row in content.get("costs", ())},
            **{name: content[name] for name in PLAIN if name in content},
        )


#: The fields that are JSON as they are.
PLAIN: Final = (
    "venue",
    "address",
    "implementer",
    "residential",
    "trainees",
    "staff",
    "owner_name",
    "owner_phone",
    "class_teacher",
    "check_in",
    "note",
)


def _lesson(row: Mapping[str, Any]) -> LessonTerms:
    return LessonTerms(
        day=date.fromisoformat(row["day"]),
        half=row["half"],
        topic=row["topic"],
        hours=Decimal(row["hours"]),
        module=row.get("module", ""),
        lecturer=row.get("lecturer", ""),
        lecturer_unit=row.get("lecturer_unit", ""),
        lecturer_title=row.get("lecturer_title", ""),
    )


def _day_text(day: date) -> str:
    return f"{day.month}月{day.day}日"


def planned_terms(plan: ClassPlan, session_no: int) -> RunTerms:
    """What the approved plan says of one 期: no days yet, and its share of the money. One query."""
    return RunTerms(
        venue=plan.place,
        implementer=plan.implementer,
        residential=plan.residential,
        trainees=plan.trainees,
        staff=plan.staff,
        hours=plan.hours,
        owner_name=plan.owner_name,
        owner_phone=plan.owner_phone,
        costs={
            cost.item: planned_share(cost.amount, plan.sessions, session_no)
            for cost in plan.costs.all()
            if cost.amount
        },
    )


def planned_share(amount: Decimal, sessions: int, session_no: int) -> Decimal:
    """What 期 ``session_no`` has of a cost line, yuan for all 期; the last one takes the odd cents."""
    share = (amount / sessions).quantize(CENT, ROUND_DOWN)
    return share if session_no < sessions else amount - share * (sessions - 1)


def terms_of(run: ClassRun) -> RunTerms:
    """What a 期 that passed the second gate is held by; without days before. Two queries."""
    stretches = []
    for part in run.stretches:
        first, first_half = day_of(part.lower)
        last, last_half = day_of(part.upper - 1)
        stretches.append(Span(first, int(first_half), last, int(last_half)))
    return RunTerms(
        stretches=tuple(stretches),
        hours=run.hours,
        lessons=tuple(
            LessonTerms(
                day=lesson.day,
                half=lesson.half,
                topic=lesson.topic,
                hours=lesson.hours,
                module=lesson.module,
                lecturer=lesson.lecturer,
                lecturer_unit=lesson.lecturer_unit,
                lecturer_title=lesson.lecturer_title,
            )
            for lesson in run.lessons.all()
        ),
        costs={cost.item: cost.amount for cost in run.costs.all()},
        **{name: getattr(run, name) for name in PLAIN},
    )


def holds_now(run: ClassRun) -> RunTerms:
    """What counts as approved for a 期: its own terms behind the second gate, the plan's before it."""
    return terms_of(run) if run.is_opened else planned_terms(run.plan, run.session_no)


def moved(terms: RunTerms, by: timedelta) -> RunTerms:
    """The same class so much later, timetable and all: what a postponement begins from."""
    spans = (replace(span, first=span.first + by, last=span.last + by) for span in terms.stretches)
    lessons = (replace(lesson, day=lesson.day + by) for lesson in terms.lessons)
    return replace(terms, stretches=tuple(spans), lessons=tuple(lessons))
