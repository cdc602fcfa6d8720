"""Units, cadres and nominations for tests: made-up people of made-up unions below the world's own."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange

from office import sealing
from org.models import Cadre, Membership, Post, PostKind, Tenure, Union, User
from org.states import CadreKind, IdentityKind, UnionLevel
from tests.workflow import runs
from tests.workflow.world import SINCE, World
from training.services import NewRecord, record_many
from workflow.models import ClassRun
from workflow.models.run import half_day

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


def on(run: ClassRun, first: date, half_days: int = 4, half: int = 0) -> ClassRun:
    """The same 期 as if it were held from ``first`` on; nothing is saved."""
    run = runs.fresh_run(run)
    lower = half_day(first, half)
    run.stretches = [NumericRange(lower, lower + half_days)]
    run.starts_on, run.ends_on = run.start()[0], run.end()[0]
    return run
