"""People are called up to the demo's classes: quotas, notices, nominations, confirmations, attendance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from org.models import Cadre
from rulebook.severity import Severity
from workflow.demo.clock import at_work
from workflow.demo.held import ask, run_of, terms
from workflow.demo.houses import acting
from workflow.demo.units import UNITS
from workflow.models import Seat
from workflow.services import attendance, callup, seats
from workflow.services.seats import Nominee, Result
from workflow.states import Presence, RequestKind, SeatSource, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from org.models import Union, User
    from workflow.demo.houses import Built
    from workflow.models import ClassRun

_AGREED: Final = "已与有关部门沟通，本单位同意其参加。"
_ASKED: Final = "岗位刚作调整，工作急需，确需参加本次培训。"


@dataclass
class Call:
    """The call-up of one 期. ``today`` is the day the demo is loaded; moments count working days from it."""

    built: Built
    run: ClassRun
    today: date
    clerk: User = field(init=False)

    def __post_init__(self) -> None:
        self.clerk = self.run.plan.created_by

    def unit(self, code: str) -> Union:
        return self.built.units[code]

    def allot(self, quotas: Mapping[str, int], *, spare: int = 0, day: int) -> None:
        """The quota table, and ``spare`` seats the organiser keeps."""
        rows = [
            (self.unit(code).pk, number, 1 if number > 2 else 0, "")
            for code, number in quotas.items()
            if number
        ]
        with acting(self.clerk) as clerk:
            callup.set_quotas(
                run_id=self.run.pk,
                rows=rows,
                reserve_seats=spare,
                actor=clerk,
                at=at_work(self.today, day, 10, 30),
            )

    def notify(self, number: int, *, day: int, closes: int) -> None:
        """The notice goes out on working day ``day``; units may nominate until ``closes``."""
        at = at_work(self.today, day, 15)
        prefix = self.built.book.notice.prefix
        with acting(self.clerk) as clerk:
            callup.save_notice(
                run_id=self.run.pk,
                fields={
                    "document_number": f"{prefix}〔{at.year}〕{number}号",
                    "contact_name": clerk.name,
                    "contact_phone": clerk.phone,
                    "requirements": "请各单位优先选送多年没有参加培训的干部。",
                },
                issued_on=timezone.localdate(at),
                deadline=at_work(self.today, closes, 17),
                actor=clerk,
                at=at,
            )
            callup.issue(run_id=self.run.pk, actor=clerk, at=at + timedelta(minutes=10))

    def people(self, code: str, titles: Sequence[str], count: int) -> list[Cadre]:
        """The first so many people in office of a unit with one of these jobs, by job, then as entered; of
        those only who hasn't been to another 期 of this class."""
        there = Cadre.objects.active().filter(unit=self.unit(code), post_title__in=titles)
        fresh = there.exclude(seats__run__plan=self.run.plan).order_by("pk")
        return sorted(fresh, key=lambda cadre: titles.index(cadre.post_title))[:count]

    def send(self, code: str, people: Iterable[Cadre], *, day: int, hour: int = 10) -> list[Seat]:
        """The unit's contact nominates them; where something has to be explained, he does."""
        return self.nominate(code, people, at_work(self.today, day, hour))

    def nominate(self, code: str, people: Iterable[Cadre], at: datetime) -> list[Seat]:
        sent = [Nominee(cadre_id=cadre.pk, phone=cadre.phone) for cadre in people]
        done = self._sent(code, sent, at)
        again = [
            Nominee(cadre_id=one.nominee.cadre_id, phone=one.nominee.phone, explanation=_AGREED)
            for one in done
            if one.seat is None and one.findings and not any(finding.stops for finding in one.findings)
        ]
        if again:
            done += self._sent(code, again, at + timedelta(minutes=6))
        return [one.seat for one in done if one.seat is not None]

    def _sent(self, code: str, people: Sequence[Nominee], at: datetime) -> list[Result]:
        with acting(self.built.people[f"{code}-contact"]) as contact:
            return list(
                seats.nominate(
                    run_id=self.run.pk,
                    unit_id=self.unit(code).pk,
                    people=people,
                    source=SeatSource.PAGE,
                    actor=contact,
                    at=at,
                ).results
            )

    def excuse(self, code: str, held: Iterable[Seat], *, day: int, hour: int = 16) -> None:
        """The unit's contact asks for an exemption; it waits at the training authority."""
        with acting(self.built.people[f"{code}-contact"]) as contact:
            seats.ask_exemption(
                seat_ids=[seat.pk for seat in held],
                reason=_ASKED,
                actor=contact,
                at=at_work(self.today, day, hour),
            )

    def confirm(self, chosen: Iterable[Seat], *, day: int, hour: int = 9) -> None:
        """The organiser confirms those whom no rule holds, together."""
        ready = [seat.pk for seat in chosen if not self.is_held(seat)]
        with acting(self.clerk) as clerk:
            seats.confirm(seat_ids=ready, actor=clerk, at=at_work(self.today, day, hour))

    def waiting(self) -> list[Seat]:
        """Nominated people of the quota who wait for the organiser."""
        found = Seat.objects.filter(run=self.run, state=SeatState.NOMINATED, rank="formal")
        return list(found.order_by("pk"))

    def is_held(self, seat: Seat) -> bool:
        """Whether a rule holds the person until somebody has approved an exception."""
        return any(finding["severity"] == Severity.HOLD for finding in seat.findings)

    def withdraw(self, code: str, seat: Seat, reason: str, *, day: int) -> None:
        """The unit's contact takes somebody back; the first 候补 is offered his place."""
        with acting(self.built.people[f"{code}-contact"]) as contact:
            seats.withdraw(seat_id=seat.pk, reason=reason, actor=contact, at=at_work(self.today, day, 11))

    def name(self, code: str, people: Iterable[Cadre], reason: str, *, day: int) -> None:
        """点名调训, by the organiser."""
        with acting(self.clerk) as clerk:
            seats.name(
                run_id=self.run.pk,
                unit_id=self.unit(code).pk,
                people=[Nominee(cadre_id=cadre.pk, phone=cadre.phone) for cadre in people],
                reason=reason,
                actor=clerk,
                at=at_work(self.today, day, 14),
            )

    def add_on_site(self, code: str, cadre: Cadre) -> None:
        """计划外学员, on the first morning."""
        day, _ = self.run.start()
        with acting(self.clerk) as clerk:
            seats.add_on_site(
                run_id=self.run.pk,
                unit_id=self.unit(code).pk,
                nominee=Nominee(cadre_id=cadre.pk, phone=cadre.phone),
                confirmation=f"{self.unit(code).name}联络员来电同意，回执后补。",
                actor=clerk,
                at=_moment(day, 9, 10),
            )

    def ask_for_change(self, *, place: str, days: int, day: int) -> None:
        """变更申请 for another place and a day that many working days later; it waits for its first step."""
        topic, _ = run_of(self.built, self.run.plan.name, self.run.session_no)
        later = replace(topic, begins=tuple(begins + days for begins in topic.begins))
        wanted = replace(terms(self.run, later, self.today, self.built.book), venue=place)
        ask(
            self.run,
            RequestKind.CHANGE,
            wanted,
            actor=self.clerk,
            at=at_work(self.today, day, 15, 30),
            reason="原教室检修，另有三个单位当日有会，拟改地点并顺延。",
        )

    def begin(self) -> None:
        day, _ = self.run.start()
        with acting(self.clerk) as clerk:
            attendance.begin(run_id=self.run.pk, actor=clerk, at=_moment(day, 8, 40))

    def attend(self, until: datetime, missing: Mapping[int, tuple[Presence, ...]]) -> None:
        """Enters the half-days that are over by ``until``; ``missing``: what is said of the n-th person
        (by name of the list) on the first half-days, everybody else is there."""
        there = Seat.objects.filter(run=self.run, state=SeatState.CONFIRMED).order_by("pk")
        people = list(there)
        days: dict[date, list[int]] = {}
        for number, (day, half) in enumerate(self.run.half_days):
            if _moment(day, 12 if half == 0 else 17, 5) < until:
                days.setdefault(day, []).append(number)
        halves = self.run.half_days
        for day, numbers in days.items():
            marks = {}
            for number in numbers:
                for place, seat in enumerate(people):
                    said = missing.get(place, ())
                    presence = said[number] if number < len(said) else Presence.PRESENT
                    note = "单位公务" if presence == Presence.LEAVE else ""
                    marks[(seat.pk, *halves[number])] = (presence, note)
            last = halves[numbers[-1]][1]
            with acting(self.clerk) as clerk:
                attendance.enter(
                    run_id=self.run.pk,
                    marks=marks,
                    actor=clerk,
                    at=_moment(day, 12 if last == 0 else 17, 20),
                )

    def close(self) -> None:
        day, _ = self.run.end()
        with acting(self.clerk) as clerk:
            attendance.close(run_id=self.run.pk, actor=clerk, at=_moment(day, 17, 40))


def _moment(day: date, hour: int, minute: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def spread(house: str, seats_there: int) -> dict[str, int]:
    """The seats over all units as evenly as can be, the first ones getting what is over."""
    codes = [unit.code for unit in UNITS[house]]
    share, over = divmod(seats_there, len(codes))
    return {code: share + (number < over) for number, code in enumerate(codes)}
