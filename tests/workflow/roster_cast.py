"""A class that calls people up: two units with a contact and cadres each, quotas, an issued notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from openpyxl import Workbook

from office import sealing
from org.models import Cadre, Membership, Union, User
from tests.org.numbers import resident
from tests.workflow import runs
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import CallUp, ClassRun, Quota

SINCE = DateRange(date(2020, 1, 1), None)
DEADLINE = at(6, 1, 17)
HEAD = ["序号", "单位", "姓名", "性别", "职务", "身份证号", "手机", "是否住宿", "备注"]
UNITS = (
    ("jia", "甲街道总工会", ("丁一鸣", "丁二妹", "丁三立", "丁四海", "丁五常")),
    ("yi", "乙街道总工会", ("范一舟", "范二梅", "范三江", "范四维", "范五岳")),
)


@dataclass
class Called:
    """``units`` and ``contacts`` by code (``jia``, ``yi``); ``cadres`` and ``numbers`` by name."""

    world: World
    run: ClassRun
    units: dict[str, Union] = field(default_factory=dict)
    contacts: dict[str, User] = field(default_factory=dict)
    cadres: dict[str, Cadre] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    @property
    def organiser(self) -> User:
        return self.world.people[f"{self.run.plan.department.code}-staff"]

    def line(self, name: str, **changes: Any) -> list[Any]:
        """A row of the receipt as the unit would fill it; ``changes`` by header (``身份证号="…"``)."""
        cadre = self.cadres.get(name)
        row = {
            "序号": "1",
            "单位": cadre.unit.name if cadre is not None else "",
            "姓名": name,
            "性别": cadre.get_gender_display() if cadre is not None else "",
            "职务": cadre.post_title if cadre is not None else "",
            "身份证号": self.numbers.get(name, ""),
            "手机": "13800001206",
            "是否住宿": "否",
            "备注": "",
        }
        return list((row | changes).values())

    def file(self, *names: str | list[Any]) -> bytes:
        """A roster of these people as .xlsx, or of rows as they are."""
        return workbook(HEAD, *(self.line(one) if isinstance(one, str) else one for one in names))


def workbook(*lines: list[Any]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def add_cadre(called: Called, name: str, unit: Union, **fields: Any) -> Cadre:
    """Somebody in office, a member of the unit since 2020, with a number of his own."""
    number = resident(len(called.numbers), born=date(1980, 6, 12))
    gender = "male" if int(number[16]) % 2 else "female"
    cadre = Cadre.objects.create(
        identity_kind="resident",
        identity_sealed=sealing.seal(number, about="resident"),
        identity_digest=sealing.digest(number, about="resident"),
        **{"name": name, "gender": gender, "kind": "full_time", "post_title": "干事"} | fields,
    )
    Membership.objects.create(cadre=cadre, union=unit, period=SINCE)
    cadre.refresh_from_db()
    called.cadres[name], called.numbers[name] = cadre, number
    return cadre


def call_up(world: World, run: ClassRun, *, deadline: datetime = DEADLINE, issued: bool = True) -> CallUp:
    """The notice of the run, gone out on 1 May unless ``issued`` is False."""
    sent = {"issued_at": at(5, 1), "issued_by": world.people["jiceng-head"]} if issued else {}
    return CallUp.objects.create(
        run=run,
        document_number="滨工发〔2027〕12号",
        issued_on=at(5, 1).date(),
        deadline=deadline,
        contact_name="吴桐",
        contact_phone="022-65300000",
        **sent,
    )


def build(world: World, *, seats: dict[str, int] | None = None, issued: bool = True, **fields: Any) -> Called:
    """An open class of 宣传网络部 with quotas for 甲街道 (2, 1 reserve) and 乙街道 (2), five cadres each."""
    small: dict[str, Any] = {"staff": 0, "costs": {"meals": "100.00"}}
    run = runs.opened_run(world, **small | fields)
    called = Called(world, run)
    for code, name, people in UNITS:
        made = worlds.found(code, name, {"zuzhi": "组织部"}, parent=Union.objects.get(pk=world.union.pk))
        called.units[code], called.contacts[code] = made.union, made.people["zuzhi-staff"]
        for person in people:
            add_cadre(called, person, made.union)
    for code, count in ({"jia": 2, "yi": 2} if seats is None else seats).items():
        Quota.objects.create(run=run, unit=called.units[code], seats=count, reserve=int(code == "jia"))
    call_up(world, run, issued=issued)
    return called
