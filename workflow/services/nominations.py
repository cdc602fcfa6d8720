"""Units send people; organisers name them, enter them, exchange them, add them on site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from office.refusals import Refused
from org.models import Cadre, Union
from rulebook.severity import Severity
from workflow.models import Seat
from workflow.rules.findings import ordered
from workflow.rules.on_site import over_class
from workflow.rules.passed_over import passed_over
from workflow.rules.people import Candidate, examine
from workflow.rules.run_gate import RunAct
from workflow.services.confirmations import confirm_locked
from workflow.services.runs import locked_run
from workflow.services.seating import (
    Desk,
    Nominated,
    Nominee,
    Result,
    desk,
    lock_people,
    locked_seats,
    move,
    next_position,
    offer_vacancies,
    places,
    record,
    written,
)
from workflow.states import SeatRank, SeatSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from org.models import User
    from workflow.models import RosterUpload
    from workflow.rules.findings import Finding
    from workflow.rules.people import Checked

_ACTS: Final = {
    SeatSource.PAGE: (RunAct.NOMINATE, "nominate"),
    SeatSource.ROSTER: (RunAct.NOMINATE, "nominate"),
    SeatSource.ENTERED: (RunAct.ENTER, "enter"),
    SeatSource.NAMED: (RunAct.NAME, "name"),
}


@transaction.atomic
def nominate(
    *,
    run_id: int,
    unit_id: int,
    people: Sequence[Nominee],
    source: SeatSource,
    actor: User,
    at: datetime,
    upload: RosterUpload | None = None,
    late_ok: bool = False,
    reason: str = "",
) -> Nominated:
    """Sends people of a unit to a class: 正式 up to its quota in the order given, 候补 beyond it.

    ``block`` leaves somebody without a seat, as does a warning nobody explained; who is held has his seat
    and waits for an exemption. ``late_ok``: after the deadline the list is taken as 逾期报名, of which the
    organiser decides; without it :class:`Refused`. ``reason``: recorded with each, as with 点名调训.
    A constant number of queries.
    """
    run = locked_run(run_id)
    unit = Union.objects.get(pk=unit_id)
    act, line = _ACTS[source]
    place = desk(act, run, actor=actor, at=at, unit=unit)
    if not people:
        raise Refused("名单是空的，请至少选一人。")
    if source == SeatSource.NAMED and not reason.strip():
        raise Refused("点名调训须写明理由。")
    candidates = [
        Candidate(row=one.row or number, cadre_id=one.cadre_id, name=one.name, unit_id=unit.pk)
        for number, one in enumerate(people, 1)
    ]
    checked = examine(run, candidates, at=at, book=place.book, unit=unit)
    late = _lateness(checked, late_ok=late_ok)
    results = _seated(place, unit, people, checked, source, upload, late=late)
    record(place, [result.seat for result in results if result.seat is not None], line, reason)
    tried = [one.cadre_id for one in people]
    return Nominated(results, passed_over(run, unit, place.book, also=tried))


def _lateness(checked: Checked, *, late_ok: bool) -> bool:
    late = [finding for line in checked.findings for finding in line if finding.code == "after_deadline"]
    if not late:
        return False
    if not late_ok or late[0].stops:
        raise Refused(f"{late[0].message}确需补报的，请选“逾期报名”并说明原因，由主办部门决定是否接收。")
    return True


def _seated(
    place: Desk,
    unit: Union,
    people: Sequence[Nominee],
    checked: Checked,
    source: SeatSource,
    upload: RosterUpload | None,
    *,
    late: bool,
) -> list[Result]:
    """Seats for those nothing stops. Who is turned away takes no seat of the quota."""
    cadres = Cadre.objects.select_related("unit").in_bulk([one.cadre_id for one in people])
    there = places(place.run)
    free = there.free(unit.pk) + (there.spare if source == SeatSource.NAMED else 0)
    position = next_position(place.run, unit.pk)
    results: list[Result] = []
    seats: list[Seat] = []
    for one, findings in zip(people, checked.findings, strict=True):
        formal = len([seat for seat in seats if seat.rank == SeatRank.FORMAL]) < free
        said = [finding for finding in findings if not (formal and finding.code == "over_quota")]
        if why := _turned_away(one, said):
            results.append(Result(one, None, said, why))
            continue
        seat = written(
            place,
            one,
            cadres[one.cadre_id],
            unit,
            rank=SeatRank.FORMAL if formal else SeatRank.RESERVE,
            position=position + len(seats),
            source=source,
            findings=[finding.as_json() for finding in said],
            upload=upload,
            late=late,
        )
        seats.append(seat)
        results.append(Result(one, seat, said))
    Seat.objects.bulk_create(seats)
    return results


#: What is dealt with by itself: 候补 wait their turn, and of who comes late the organiser decides.
_UNEXPLAINED: Final = frozenset({"over_quota"})
#: How the reason begins where nothing but the unit's own word is missing.
LACKS_A_WORD: Final = "须填写说明："


def _turned_away(one: Nominee, findings: Sequence[Finding]) -> str:
    """Why somebody gets no seat; the empty string where he gets one."""
    if stops := [finding for finding in findings if finding.stops]:
        return "".join(f"{finding.message}{finding.mend}" for finding in stops)
    warned = [
        finding
        for finding in findings
        if finding.severity == Severity.WARN and finding.code not in _UNEXPLAINED
    ]
    if warned and not one.explanation.strip():
        return LACKS_A_WORD + "".join(finding.message for finding in warned)
    return ""


def name(
    *, run_id: int, unit_id: int, people: Sequence[Nominee], reason: str, actor: User, at: datetime
) -> Nominated:
    """点名调训: the organiser names people of a unit, out of its quota or out of the 机动名额 (D2-26)."""
    explained = [
        one if one.explanation.strip() else Nominee(**vars(one) | {"explanation": reason.strip()})
        for one in people
    ]
    return nominate(
        run_id=run_id,
        unit_id=unit_id,
        people=explained,
        source=SeatSource.NAMED,
        actor=actor,
        at=at,
        late_ok=True,
        reason=reason,
    )


@transaction.atomic
def replace(*, seat_id: int, by: Nominee, reason: str, actor: User, at: datetime) -> Seat:
    """调换: another person of the unit comes instead, with the rank and the turn of the one he replaces.

    He has to be confirmed anew. Raises :class:`Refused` where he may not come.
    """
    run = locked_run(Seat.objects.values_list("run", flat=True).get(pk=seat_id))
    [old] = locked_seats([seat_id])
    place = desk(RunAct.REPLACE, run, actor=actor, at=at, unit=old.unit)
    if not reason.strip():
        raise Refused("调换须写明原因。")
    if not old.is_live:
        raise Refused(f"{old.name}现为“{old.get_state_display()}”，不能调换。")
    person = Candidate(row=1, cadre_id=by.cadre_id, name=by.name, unit_id=old.unit_id)
    [findings] = examine(run, [person], at=at, book=place.book, unit=old.unit).findings
    findings = [finding for finding in findings if finding.code != "over_quota"]
    if not by.explanation.strip():
        by = Nominee(**vars(by) | {"explanation": reason.strip()})
    if why := _turned_away(by, findings):
        raise Refused(why)
    rank, late = old.rank, any(finding.code == "after_deadline" for finding in findings)
    cadre = Cadre.objects.select_related("unit").get(pk=by.cadre_id)
    move(place, [old], "replace", f"{cadre.name}：{reason.strip()}")
    new = written(
        place,
        by,
        cadre,
        old.unit,
        rank=rank,
        position=old.position,
        source=old.source,
        findings=[finding.as_json() for finding in findings],
        replaces=old,
        late=late,
    )
    new.save()
    record(place, [new], "nominate", f"调换{old.name}：{reason.strip()}")
    offer_vacancies(place, old.unit_id)
    return new


#: Of somebody who stands before the door the list's own order isn't asked.
_OF_LISTS: Final = frozenset({"over_quota", "after_deadline"})


@transaction.atomic
def add_on_site(
    *, run_id: int, unit_id: int, nominee: Nominee, confirmation: str, actor: User, at: datetime
) -> Result:
    """计划外学员 (S25): somebody who wasn't on the list is taken in on the spot.

    ``confirmation``: who of his unit agreed, and how; required. He is confirmed at once and counts against no
    quota. That the class grows beyond its number, and what that means for its money, is said of the class
    (:func:`workflow.rules.on_site.over_class`): it is among the findings, and not kept with the seat.
    Somebody whom a rule holds has a seat, and is confirmed when his exemption is approved.
    """
    lock_people([nominee.cadre_id])
    run = locked_run(run_id)
    unit = Union.objects.get(pk=unit_id)
    place = desk(RunAct.ON_SITE, run, actor=actor, at=at, unit=unit)
    if not confirmation.strip():
        raise Refused("计划外学员须经选送单位同意：请写明单位何人、以何种方式同意。")
    nominee = Nominee(**vars(nominee) | {"explanation": nominee.explanation.strip() or confirmation.strip()})
    person = Candidate(row=1, cadre_id=nominee.cadre_id, name=nominee.name, unit_id=unit.pk)
    [findings] = examine(run, [person], at=at, book=place.book, unit=unit).findings
    findings = [finding for finding in findings if finding.code not in _OF_LISTS]
    if why := _turned_away(nominee, findings):
        return Result(nominee, None, findings, why)
    is_held = any(finding.severity == Severity.HOLD for finding in findings)
    cadre = Cadre.objects.select_related("unit").get(pk=nominee.cadre_id)
    seat = written(
        place,
        nominee,
        cadre,
        unit,
        rank=SeatRank.FORMAL,
        position=next_position(run, unit.pk),
        source=SeatSource.ON_SITE,
        findings=[finding.as_json() for finding in findings],
    )
    seat.save()
    record(place, [seat], "on_site", confirmation.strip())
    of_class = over_class(run, place.book)
    if not is_held:
        confirm_locked(place, [seat])
    return Result(nominee, seat, ordered([*findings, *of_class]))
