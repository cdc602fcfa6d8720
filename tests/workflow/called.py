"""Units, cadres and nominations for tests: made-up people of made-up unions below the world's own."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange

from office import sealing
from org.models import Cadre, Membership, Post, PostKind, Tenure, Union, User
from org.states import CadreKind, IdentityKind, UnionLevel
from tests.workflow import runs
from tests.workflow.world import SINCE, World, at
from training.services import NewRecord, record_many
from workflow.models import ClassRun, Seat
from workflow.models.run import half_day
from workflow.services import callup, seats
from workflow.services.seats import Nominated, Nominee
from workflow.states import SeatSource

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_serials = itertools.count(1)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸"


def number(serial: int, born: date = date(1985, 3, 7)) -> str:
    """A made-up identity number with a valid check digit."""
    digits = f"110105{born.replace(year=1950 + serial // 999):%Y%m%d}{serial % 999 + 1:03}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]


@dataclass
class Unit:
    """A union below the world's, the person who sends its people, and its cadres."""

    union: Union
    contact: User
    cadres: list[Cadre] = field(default_factory=list)


def unit(world: World, name: str = "", people: int = 0, parent: Union | None = None, **fields: Any) -> Unit:
    """A union below the world's, with a contact and ``people`` full-time cadres."""
    serial = next(_serials)
    name = name or f"{serial}号街道总工会"
    union = Union.objects.found(
        parent=Union.objects.get(pk=(parent or world.union).pk),
        code=f"u{serial}",
        name=name,
        short_name=name[:4],
        level=fields.pop("level", UnionLevel.TOWN),
        ordinal=serial,
    )
    post = Post.objects.create(union=union, code="contact", title="工会干事", kind=PostKind.STAFF)
    user = User.objects.create_user(f"contact-{serial}", password="guikou-test", name=f"联络员{serial}")
    Tenure.objects.create(post=post, user=user, period=SINCE)
    made = Unit(union, user)
    made.cadres = [cadre(union) for _ in range(people)]
    return made


def cadre(union: Union, name: str = "", since: date = date(2020, 1, 1), **fields: Any) -> Cadre:
    """A cadre of ``union``, straight into the tables."""
    serial = next(_serials)
    text = fields.pop("number", None) or number(serial)
    kind = IdentityKind.RESIDENT
    made = Cadre.objects.create(
        identity_kind=kind,
        identity_sealed=sealing.seal(text, about=kind),
        identity_digest=sealing.digest(text, about=kind),
        name=name or f"{SURNAMES[serial % 16]}{GIVEN[serial // 16 % 20]}{GIVEN[serial // 320 % 20]}",
        **{"kind": CadreKind.FULL_TIME, "post_title": "干事"} | fields,
    )
    Membership.objects.create(cadre=made, union=union, period=DateRange(since, None))
    return Cadre.objects.get(pk=made.pk)


def trained(who: Cadre, ends_on: date, subject: str = "YW-03", **fields: Any) -> None:
    """A training record of two days, the second of them ``ends_on``."""
    starts_on = fields.pop("starts_on", ends_on)
    row = NewRecord(
        key=uuid.uuid4(),
        cadre_id=who.pk,
        unit_id=who.unit_id,
        class_name=fields.pop("class_name", "工会宣传干部培训班"),
        starts_on=starts_on,
        ends_on=ends_on,
        hours=Decimal(16),
        subject=subject,
        organizer_name=fields.pop("organizer_name", "东江市总工会"),
        **{"source": "imported"} | fields,
    )
    assert record_many([row], at=datetime.fromisoformat("2027-01-02T09:00+08:00")) == 1


def opened(world: World, **fields: Any) -> ClassRun:
    """A 期 behind the second gate, for units whose level the register can't hold against anybody."""
    return runs.opened_run(world, **{"audience_units": ["system"]} | fields)


def organiser(world: World, run: ClassRun) -> User:
    """The staff of the department that holds the class."""
    return world.people[f"{run.plan.department.code}-staff"]


def call_up(
    world: World,
    run: ClassRun,
    quotas: Sequence[tuple[Unit, int]],
    *,
    deadline: datetime | None = None,
    keep: int | None = None,
) -> ClassRun:
    """Quotas and a notice that has gone out; what isn't given to units is kept back as 机动名额."""
    who, when = organiser(world, run), world.now()
    given = sum(seats for _, seats in quotas)
    callup.set_quotas(
        run_id=run.pk,
        rows=[(unit.union.pk, seats, 0, "") for unit, seats in quotas],
        reserve_seats=run.trainees - given if keep is None else keep,
        actor=who,
        at=when,
    )
    callup.save_notice(
        run_id=run.pk,
        fields={"contact_name": "林晓峰", "contact_phone": "13800001206"},
        deadline=deadline or at(5, 31, 17),
        issued_on=None,
        actor=who,
        at=when,
    )
    callup.issue(run_id=run.pk, actor=who, at=when)
    return runs.fresh_run(run)


def nominee(who: Cadre, explanation: str = "", **fields: Any) -> Nominee:
    return Nominee(cadre_id=who.pk, explanation=explanation, **fields)


def nominate(
    world: World, run: ClassRun, unit: Unit, people: Sequence[Cadre] | None = None, **more: Any
) -> Nominated:
    """The unit's contact sends these people, all of the unit's unless told otherwise."""
    explanation = more.pop("explanation", "")
    return seats.nominate(
        run_id=run.pk,
        unit_id=unit.union.pk,
        people=[nominee(who, explanation) for who in (unit.cadres if people is None else people)],
        source=more.pop("source", SeatSource.PAGE),
        actor=more.pop("actor", unit.contact),
        at=more.pop("when", None) or world.now(),
        **more,
    )


def seat(run: ClassRun, who: Cadre) -> Seat:
    """His latest seat in the class, as it stands now."""
    return Seat.objects.select_related("exemption", "unit", "run").filter(run=run, cadre=who).latest("pk")


def confirm(world: World, run: ClassRun, *people: Cadre, when: datetime | None = None) -> list[Seat]:
    """The organiser confirms these people."""
    ids = [seat(run, who).pk for who in people]
    return seats.confirm(seat_ids=ids, actor=organiser(world, run), at=when or world.now())


def acts_of(seat: Seat) -> list[tuple[str, str]]:
    """(办理, 姓名) of every line of the seat's record."""
    return list(seat.acts.values_list("title", "actor_name"))


def on(run: ClassRun, first: date, half_days: int = 4, half: int = 0) -> ClassRun:
    """The same 期 as if it were held from ``first`` on; nothing is saved."""
    run = runs.fresh_run(run)
    lower = half_day(first, half)
    run.stretches = [NumericRange(lower, lower + half_days)]
    run.starts_on, run.ends_on = run.start()[0], run.end()[0]
    return run
